//! Standard output and standard error. A closed pipe ends quietly, an unwritable standard error never stops a command.

use crate::error::{Error, Result};
use crate::escape::{visible, visible_json, visible_lines};
use crate::progress::{Level, LogMode};
use std::io::{self, Write};

/// Where a command prints its result and its log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Console {
    /// Form of log lines.
    pub log: LogMode,
    /// What the command line said about it.
    pub log_said: Option<LogMode>,
}

impl Console {
    /// A console with the form of log lines that the command line asked for.
    pub fn new(log_said: Option<LogMode>) -> Console {
        Console {
            log: log_said.unwrap_or_default(),
            log_said,
        }
    }

    /// Prints a result on standard output. Nothing in it, whoever wrote it, can move the cursor or hide.
    pub fn print(&self, text: &str) -> Result<()> {
        self.write(|out| out.write_all(visible_lines(text).as_bytes()))
    }

    /// Prints a JSON document; a program that reads it gets every character as it is.
    pub fn print_json(&self, json: &str) -> Result<()> {
        self.write(|out| out.write_all(visible_json(json).as_bytes()))
    }

    /// Lets `body` write a result to standard output, buffered; what it writes is visible already. When the reader went away `body` stops early and all is well;
    /// any other failure is a storage error.
    pub fn write(&self, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let written = body(&mut out).and_then(|()| out.flush());
        // What a failed write left in the buffer must not be tried again when it is dropped.
        let _ = out.into_parts();
        match written {
            Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::Storage(format!("standard output: {fault}")))
            }
            _ => Ok(()),
        }
    }

    /// One line about what stopped a command.
    pub fn error(&self, error: &Error) {
        let text = one_line(&error.to_string());
        self.line(&match self.log {
            LogMode::Text => format!("error: {}", visible(&text)),
            LogMode::Json => log_json(
                "error",
                "error",
                &[
                    ("kind", error.kind().code().into()),
                    ("exit_code", error.exit_code().into()),
                    ("message", text.into()),
                ],
            ),
        });
    }

    /// One line beside the result.
    pub fn message(&self, level: Level, text: &str) {
        let word = match level {
            Level::Info => "info",
            Level::Warning => "warning",
        };
        let text = one_line(text);
        self.line(&match self.log {
            LogMode::Text => format!("{word}: {}", visible(&text)),
            LogMode::Json => log_json(word, "message", &[("message", text.into())]),
        });
    }

    /// A line on standard error; whoever closed or filled it does not want it.
    pub fn line(&self, line: &str) {
        let _ = io::stderr()
            .lock()
            .write_all(format!("{line}\n").as_bytes());
    }
}

/// One JSON object: time, level, event, then `fields`.
pub fn log_json(level: &str, event: &str, fields: &[(&str, serde_json::Value)]) -> String {
    let now = jiff::Timestamp::now().to_string();
    let head = [
        ("time", now.into()),
        ("level", level.into()),
        ("event", event.into()),
    ];
    let pairs: Vec<String> = head
        .iter()
        .chain(fields)
        .map(|(key, value)| format!("{}:{value}", serde_json::Value::from(*key)))
        .collect();
    visible_json(&format!("{{{}}}", pairs.join(","))).into_owned()
}

/// A message on one line. Texts of inputs, names of files and words of a command line stand in it.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_is_one_json_object() {
        let line = log_json(
            "info",
            "stage",
            &[("stage", "read \"x\"\n".into()), ("rows", 3.into())],
        );
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (
                value["stage"].as_str(),
                value["rows"].as_u64(),
                line.contains('\n')
            ),
            (Some("read \"x\"\n"), Some(3), false)
        );
        let line = log_json(
            "info",
            "message",
            &[("message", "a\u{9b}2J\u{202e}".into())],
        );
        assert!(!line.contains(crate::escape::is_hidden), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["message"], "a\u{9b}2J\u{202e}");
    }
}
