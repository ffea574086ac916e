//! How a run reports where it is: the trait that the pipeline talks to. What a terminal or a log shows is decided by `cli`.

/// When progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProgressMode {
    /// On a terminal only.
    #[default]
    Auto,
    /// Also where standard error is no terminal: one line per stage.
    Always,
    /// Never.
    Never,
}

impl ProgressMode {
    /// Every mode, in the order that help shows.
    pub const LIST: [ProgressMode; 3] = [
        ProgressMode::Auto,
        ProgressMode::Always,
        ProgressMode::Never,
    ];

    /// The word on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            ProgressMode::Auto => "auto",
            ProgressMode::Always => "always",
            ProgressMode::Never => "never",
        }
    }
}

/// Form of the lines on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogMode {
    /// Plain lines for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl LogMode {
    /// Every mode, in the order that help shows.
    pub const LIST: [LogMode; 2] = [LogMode::Text, LogMode::Json];

    /// The word on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            LogMode::Text => "text",
            LogMode::Json => "json",
        }
    }
}

/// Weight of a message beside the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing; shown in JSON logs and with progress.
    Info,
    /// Something an operator should look at; always shown.
    Warning,
}

/// Nobody is told anything.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &'static str, _: Option<u64>) {}
    fn advance(&self, _: u64, _: u64) {}
    fn message(&self, _: Level, _: &str) {}
    fn end(&self) {}
}

/// Receives the stages of a run, what they got through, and messages. Shared by all worker threads; calls are cheap, but one
/// per batch is meant, not one per row.
pub trait Progress: Send + Sync {
    /// A stage begins (and the one before it ends); `bytes_total` when the work ahead is known.
    fn stage(&self, name: &'static str, bytes_total: Option<u64>);

    /// The current stage got through more rows and bytes.
    fn advance(&self, rows: u64, bytes: u64);

    /// A message.
    fn message(&self, level: Level, text: &str);

    /// The last stage ends; nothing is drawn afterwards.
    fn end(&self);
}

/// A duration in whole milliseconds.
pub(crate) fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
