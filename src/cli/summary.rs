//! The summary that a run prints at its end.

use super::table::Table;
use crate::model::reject::RejectReason;
use crate::model::unit::{decimal_text, grouped};
use crate::run::summary::Summary;
use std::fmt::Write;

/// Rows in, accepted, rejected by reason; totals; corridors; where the files are.
pub(super) fn text(summary: &Summary) -> String {
    let counts = &summary.counts;
    let count = |n: u64| grouped(&n.to_string());
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<16}{value}");
    };
    line("rows in", count(counts.rows_in));
    line("accepted", count(counts.accepted));
    line("rejected", count(counts.rejected));
    for (code, n) in &counts.rejected_by_code {
        let title = RejectReason::LIST
            .iter()
            .find(|(r, _)| r.code() == *code)
            .map_or("", |(_, title)| title);
        line(&format!("  {code}"), format!("{:>10}  {title}", count(*n)));
    }
    if !summary.missing.is_empty() {
        line("missing files", count(summary.missing.len() as u64));
        summary
            .missing
            .iter()
            .for_each(|file| line("", file.chars().flat_map(char::escape_debug).collect()));
    }
    line("elements", count(counts.elements));
    line("shipments", count(counts.shipments));
    if let Some(shipments) = &counts.in_input {
        line("", shipments.text());
    }
    line(
        "activity",
        format!("{} t.km", grouped(&summary.totals.transport_activity_tkm)),
    );
    line(
        "operation",
        format!("{} kg CO2e", grouped(&summary.totals.ghg_operation_kg)),
    );
    line(
        "provision",
        format!("{} kg CO2e", grouped(&summary.totals.ghg_provision_kg)),
    );
    line(
        "total",
        format!("{} kg CO2e", grouped(&summary.totals.ghg_total_kg)),
    );
    if !summary.corridors.is_empty() {
        out.push('\n');
        out.push_str(&corridors(summary));
    }
    out.push('\n');
    let seconds = format!(
        "{}.{:03} s",
        summary.duration_ms / 1000,
        summary.duration_ms % 1000
    );
    let _ = match (summary.dir.as_os_str().is_empty(), summary.is_old) {
        (true, _) => writeln!(
            out,
            "run {} computed in {seconds}; dry run, nothing published",
            summary.run_id
        ),
        (_, true) => writeln!(
            out,
            "run {} was there already and is current; checked in {seconds}",
            summary.run_id
        ),
        (_, false) => writeln!(out, "run {} published in {seconds}", summary.run_id),
    };
    if !summary.dir.as_os_str().is_empty() {
        let _ = writeln!(out, "files in {}", summary.dir.display());
    }
    out
}

fn corridors(summary: &Summary) -> String {
    let heads = [
        "corridor",
        "period",
        "status",
        ">shipments",
        ">incomplete",
        ">TEU",
        ">t.km",
        ">kg CO2e",
        ">g/t.km",
    ];
    let mut table = Table::new(&heads);
    for c in &summary.corridors {
        table.row(vec![
            c.corridor_id.clone(),
            c.period.get(..7).unwrap_or(&c.period).to_owned(),
            c.load_status.clone(),
            grouped(&c.shipments.to_string()),
            grouped(&c.incomplete.to_string()),
            grouped(&short(c.teu, 6, 1)),
            grouped(&short(c.activity, 9, 0)),
            grouped(&short(c.total, 9, 0)),
            c.intensity.map_or(String::new(), |i| short(i, 6, 2)),
        ]);
    }
    table.text()
}

/// A decimal with fewer places, half to even; for people, the table has them all.
fn short(mantissa: i128, scale: u32, places: u32) -> String {
    let unit = 10i128.pow(scale - places);
    decimal_text(crate::model::unit::div_half_even(mantissa, unit), places)
}
