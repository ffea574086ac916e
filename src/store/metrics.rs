//! `metrics.prom`: the last execution in Prometheus' text format, for the textfile collector.
//!
//! Gauges only: each file describes one execution, and nothing here counts over the life of a process.

use super::status::Status;
use jiff::Timestamp;
use std::fmt::Write;

/// The whole file. Decimals are printed as they are published, without a detour over floats.
pub(crate) fn metrics_text(status: &Status) -> String {
    let mut text = Text(String::new());
    text.one("exit_code", "Exit code of the last run.", status.exit_code);
    text.one(
        "timestamp_seconds",
        "End of the last run.",
        seconds(status.ended.as_deref()),
    );
    text.one(
        "success_timestamp_seconds",
        "End of the last run that published.",
        seconds(status.last_success.as_deref()),
    );
    text.one(
        "duration_seconds",
        "Wall time.",
        Some(thousandths(status.duration_ms)),
    );
    text.one(
        "sync_seconds",
        "Wall time spent waiting for the disk.",
        Some(thousandths(status.sync_ms)),
    );
    text.one("rows_in", "Records read.", Some(status.rows_in));
    text.one(
        "accepted",
        "Records that became elements.",
        Some(status.accepted),
    );
    text.one("rejected", "Records that did not.", Some(status.rejected));
    text.by_code(status);
    text.one(
        "elements",
        "Published transport chain elements.",
        Some(status.elements),
    );
    text.one("shipments", "Published shipments.", Some(status.shipments));
    text.one(
        "corridors",
        "Published corridor rows.",
        Some(status.corridors),
    );
    text.one(
        "ghg_total_kg",
        "Published emissions in kg CO2e.",
        status.ghg_total_kg.as_deref(),
    );
    text.one(
        "missing_files",
        "Input files that the run went without.",
        Some(status.missing_files.len()),
    );
    text.one(
        "stale_stages_removed",
        "Stages of dead runs that were removed.",
        Some(status.stale_stages_removed),
    );
    text.0
}

struct Text(String);

impl Text {
    fn one(&mut self, name: &str, help: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            let name = self.head(name, help);
            self.line(format_args!("{name} {value}"));
        }
    }

    fn by_code(&mut self, status: &Status) {
        let name = self.head("rejected_by_code", "Records rejected, by code.");
        for (code, count) in &status.rejected_by_code {
            self.line(format_args!("{name}{{code=\"{}\"}} {count}", escape(code)));
        }
    }

    fn head(&mut self, name: &str, help: &str) -> String {
        let name = format!("green_corridor_last_run_{name}");
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} gauge"));
        name
    }

    fn line(&mut self, text: std::fmt::Arguments) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{text}");
    }
}

fn escape(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn thousandths(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn seconds(time: Option<&str>) -> Option<i64> {
    time.and_then(|t| t.parse::<Timestamp>().ok())
        .map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_prometheus() {
        let status = Status {
            exit_code: Some(4),
            ended: Some("1970-01-01T00:01:00.250Z".into()),
            duration_ms: 61_005,
            rejected_by_code: [("R001".into(), 2), ("a\"\\\n".into(), 1)].into(),
            ghg_total_kg: Some("12345678901234567890.123456789".into()),
            ..Status::default()
        };
        let text = metrics_text(&status);
        for line in [
            "# TYPE green_corridor_last_run_exit_code gauge",
            "green_corridor_last_run_exit_code 4",
            "green_corridor_last_run_timestamp_seconds 60",
            "green_corridor_last_run_duration_seconds 61.005",
            "green_corridor_last_run_rejected_by_code{code=\"R001\"} 2",
            "green_corridor_last_run_rejected_by_code{code=\"a\\\"\\\\\\n\"} 1",
            "green_corridor_last_run_ghg_total_kg 12345678901234567890.123456789",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(
            !text.contains("success_timestamp"),
            "no success yet, no figure"
        );
        assert!(text.ends_with('\n'));
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
