//! What is counted, and the line of the log that every request has. Neither has a token, a query or a body in it.

use green_corridor::LogMode;
use green_corridor::process::{Console, log_json};
use green_corridor::text::visible;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the classes of times, ms.
const CLASSES: [u64; 8] = [1, 5, 20, 50, 100, 400, 2_000, 10_000];
/// Letters of a path that are logged.
const MOST_LOGGED: usize = 200;

/// How long requests of a route took.
#[derive(Default)]
struct Times {
    /// Those that took no longer than each class.
    classes: [u64; CLASSES.len()],
    micros: u64,
    count: u64,
}

/// Counters of this process.
#[derive(Default)]
pub(crate) struct Counted {
    /// By route and status.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    times: Mutex<BTreeMap<&'static str, Times>>,
    pub(crate) connections: AtomicU64,
    pub(crate) refused_connections: AtomicU64,
    pub(crate) panics: AtomicU64,
}

/// A request that was answered.
pub(crate) struct Line<'l> {
    pub(crate) ip: IpAddr,
    pub(crate) who: &'l str,
    pub(crate) method: &'l str,
    pub(crate) path: &'l str,
    pub(crate) route: &'static str,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) took: Duration,
}

impl Counted {
    pub(crate) fn note(&self, line: &Line, console: &Console) {
        let micros = u64::try_from(line.took.as_micros()).unwrap_or(u64::MAX);
        {
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            *requests.entry((line.route, line.status)).or_insert(0) += 1;
        }
        {
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = times.entry(line.route).or_default();
            for (class, most) in entry.classes.iter_mut().zip(CLASSES) {
                *class += u64::from(micros <= most * 1000);
            }
            entry.micros = entry.micros.saturating_add(micros);
            entry.count += 1;
        }
        let path: String = line.path.chars().take(MOST_LOGGED).collect();
        let millis = micros / 1000;
        console.line(&match console.log {
            LogMode::Text => format!(
                "{} {} {} {} {} {} B {millis} ms",
                line.ip,
                if line.who.is_empty() { "-" } else { line.who },
                line.method,
                visible(&path),
                line.status,
                line.bytes
            ),
            LogMode::Json => log_json(
                "info",
                "request",
                &[
                    ("ip", line.ip.to_string().into()),
                    ("client", line.who.into()),
                    ("method", line.method.into()),
                    ("path", path.into()),
                    ("route", line.route.into()),
                    ("status", line.status.into()),
                    ("bytes", line.bytes.into()),
                    ("ms", millis.into()),
                ],
            ),
        });
    }

    /// As Prometheus reads it.
    pub(crate) fn text(&self, exports: &[(&'static str, String, u64)]) -> String {
        let mut out = String::new();
        let name = "green_corridor_serve";
        let _ = writeln!(out, "# TYPE {name}_requests_total counter");
        for ((route, status), count) in self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            let _ = writeln!(
                out,
                "{name}_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        let _ = writeln!(out, "# TYPE {name}_seconds histogram");
        for (route, times) in self
            .times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            for (class, most) in times.classes.iter().zip(CLASSES) {
                let _ = writeln!(
                    out,
                    "{name}_seconds_bucket{{route=\"{route}\",le=\"{}.{:03}\"}} {class}",
                    most / 1000,
                    most % 1000
                );
            }
            let _ = writeln!(
                out,
                "{name}_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {}",
                times.count
            );
            let _ = writeln!(
                out,
                "{name}_seconds_sum{{route=\"{route}\"}} {}.{:06}",
                times.micros / 1_000_000,
                times.micros % 1_000_000
            );
            let _ = writeln!(
                out,
                "{name}_seconds_count{{route=\"{route}\"}} {}",
                times.count
            );
        }
        for (what, kind, value) in [
            ("connections", "gauge", &self.connections),
            (
                "refused_connections_total",
                "counter",
                &self.refused_connections,
            ),
            ("panics_total", "counter", &self.panics),
        ] {
            let _ = writeln!(
                out,
                "# TYPE {name}_{what} {kind}\n{name}_{what} {}",
                value.load(Ordering::Relaxed)
            );
        }
        let _ = writeln!(out, "# TYPE {name}_documents gauge");
        for (kind, run, count) in exports {
            let _ = writeln!(
                out,
                "{name}_documents{{kind=\"{kind}\",run=\"{run}\"}} {count}"
            );
        }
        out
    }
}
