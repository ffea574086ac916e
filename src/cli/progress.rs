//! Progress of long work: a bar on a terminal, one line per stage where lines are wanted, nothing elsewhere.

use green_corridor::process::{Console, log_json};
use green_corridor::{Level, LogMode, Progress, ProgressMode};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The reporter for this mode, this form of log, and this standard error.
pub(super) fn for_run(mode: ProgressMode, console: Console) -> Arc<dyn Progress> {
    let is_terminal = std::io::stderr().is_terminal();
    match (console.log, mode) {
        (LogMode::Json, _) => Arc::new(Lines::new(console, true)),
        (LogMode::Text, ProgressMode::Never) => Arc::new(Lines::new(console, false)),
        (LogMode::Text, ProgressMode::Auto | ProgressMode::Always) if is_terminal => {
            Arc::new(Bar::new(console))
        }
        (LogMode::Text, ProgressMode::Auto) => Arc::new(Lines::new(console, false)),
        (LogMode::Text, ProgressMode::Always) => Arc::new(Lines::new(console, true)),
    }
}

/// Warnings, and nothing else.
pub(super) fn quiet(console: Console) -> Arc<dyn Progress> {
    Arc::new(Lines::new(console, false))
}

/// A stage under way.
struct Stage {
    name: &'static str,
    since: Instant,
}

/// One line at the end of each stage, if wanted; messages in any case when they are warnings.
struct Lines {
    console: Console,
    is_wanted: bool,
    stage: Mutex<Option<Stage>>,
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Lines {
    fn new(console: Console, is_wanted: bool) -> Lines {
        Lines {
            console,
            is_wanted,
            stage: Mutex::new(None),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    /// Ends the stage under way and begins another.
    fn turn(&self, next: Option<Stage>) {
        let ended = std::mem::replace(
            &mut *self.stage.lock().unwrap_or_else(PoisonError::into_inner),
            next,
        );
        let (rows, bytes) = (
            self.rows.swap(0, Ordering::Relaxed),
            self.bytes.swap(0, Ordering::Relaxed),
        );
        let Some(stage) = ended.filter(|_| self.is_wanted) else {
            return;
        };
        let elapsed = stage.since.elapsed();
        let speed = per_second(rows, elapsed);
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.console.line(&match self.console.log {
            // Work that is counted by rows alone has no bytes to tell.
            LogMode::Text if bytes == 0 || bytes == rows => {
                format!(
                    "{}: {} rows in {:.1} s ({} rows/s)",
                    stage.name,
                    grouped(rows),
                    elapsed.as_secs_f64(),
                    grouped(speed)
                )
            }
            LogMode::Text => format!(
                "{}: {} rows, {} bytes in {:.1} s ({} rows/s)",
                stage.name,
                grouped(rows),
                grouped(bytes),
                elapsed.as_secs_f64(),
                grouped(speed)
            ),
            LogMode::Json => log_json(
                "info",
                "stage",
                &[
                    ("stage", stage.name.into()),
                    ("rows", rows.into()),
                    ("bytes", bytes.into()),
                    ("milliseconds", milliseconds.into()),
                    ("rows_per_second", speed.into()),
                ],
            ),
        });
    }
}

impl Progress for Lines {
    fn stage(&self, name: &'static str, _: Option<u64>) {
        self.turn(Some(Stage {
            name,
            since: Instant::now(),
        }));
    }

    fn advance(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn message(&self, level: Level, text: &str) {
        if self.is_wanted || level == Level::Warning {
            self.console.message(level, text);
        }
    }

    fn end(&self) {
        self.turn(None);
    }
}

/// A bar that names the stage, the rows and the speed, and leaves nothing behind.
struct Bar {
    console: Console,
    bar: ProgressBar,
    rows: Arc<AtomicU64>,
    total: AtomicU64,
}

impl Bar {
    fn new(console: Console) -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        Bar {
            console,
            bar,
            rows: Arc::new(AtomicU64::new(0)),
            total: AtomicU64::new(0),
        }
    }

    fn style(&self, template: &str) -> ProgressStyle {
        let rows = Arc::clone(&self.rows);
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        style.with_key("rows", move |state: &ProgressState, out: &mut dyn Write| {
            let rows = rows.load(Ordering::Relaxed);
            let _ = write!(
                out,
                "{} rows, {} rows/s",
                grouped(rows),
                grouped(per_second(rows, state.elapsed()))
            );
        })
    }
}

impl Progress for Bar {
    fn stage(&self, name: &'static str, bytes_total: Option<u64>) {
        self.rows.store(0, Ordering::Relaxed);
        self.total
            .store(bytes_total.unwrap_or(0), Ordering::Relaxed);
        match bytes_total {
            Some(total) if total > 0 => {
                self.bar.set_length(total);
                self.bar.set_style(
                    self.style("{msg:<12} [{bar:30}] {percent:>3} %  {rows}  {elapsed}"),
                );
            }
            _ => {
                self.bar.unset_length();
                self.bar
                    .set_style(self.style("{msg:<12} {spinner} {rows}  {elapsed}"));
            }
        }
        self.bar.reset();
        self.bar.set_message(name);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    fn advance(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bar.inc(bytes);
    }

    fn message(&self, level: Level, text: &str) {
        self.bar.suspend(|| self.console.message(level, text));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn per_second(count: u64, elapsed: Duration) -> u64 {
    let rate = u128::from(count) * 1000 / elapsed.as_millis().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_speeds_are_whole() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(per_second(10, Duration::from_millis(500)), 20);
        assert_eq!(per_second(10, Duration::ZERO), 10_000);
    }
}
