//! The summary that a run prints at its end.

use green_corridor::Summary;
use green_corridor::code::{Flags, RejectReason};
use green_corridor::quantity::{counted, date_text, decimal_text, grouped, plural};
use green_corridor::text::Table;
use green_corridor::text::visible;
use std::fmt::Write;

/// Rows in, accepted, rejected by reason; totals; corridors; where the files are.
///
/// The last line says it all once more, for a log; a quiet run prints no other.
pub(super) fn text(summary: &Summary, is_quiet: bool) -> String {
    match is_quiet {
        true => last_line(summary),
        false => format!("{}{}", tables(summary), last_line(summary)),
    }
}

fn tables(summary: &Summary) -> String {
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
    if summary.blank_rows > 0 {
        line("blank rows", count(summary.blank_rows));
    }
    if !summary.missing.is_empty() {
        line("missing files", count(summary.missing.len() as u64));
        summary
            .missing
            .iter()
            .for_each(|file| line("", visible(file)));
    }
    line("elements", count(counts.elements));
    if counts.estimated_distances > 0 {
        let estimated = count(counts.estimated_distances);
        line(
            "  estimated",
            format!("{estimated:>10}  distance estimated (Q33)"),
        );
    }
    for (code, n) in counts.implausible.iter().flatten() {
        line(
            &format!("  {code}"),
            format!("{:>10}  {}", count(*n), title(code)),
        );
    }
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
    out
}

/// What a flag says.
fn title(code: &str) -> &'static str {
    let flag = Flags::LIST
        .iter()
        .find(|(n, _)| Flags(1 << n).text() == code);
    flag.map_or("", |(_, title)| title)
}

fn last_line(summary: &Summary) -> String {
    let seconds = format!(
        "{}.{:03} s",
        summary.duration_ms / 1000,
        summary.duration_ms % 1000
    );
    let is_dry = summary.dir.as_os_str().is_empty();
    let what = match (is_dry, summary.is_old) {
        (true, _) => format!("computed in {seconds}; dry run, nothing published"),
        (_, true) => format!("was there already and is current; checked in {seconds}"),
        (_, false) => format!("published in {seconds}"),
    };
    let counts = &summary.counts;
    let by_code: Vec<String> = counts
        .rejected_by_code
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    let mut line = format!(
        "run {} {what}: {} {} in, {} accepted, {} rejected",
        summary.run_id,
        counts.rows_in,
        plural(counts.rows_in, "row"),
        counts.accepted,
        counts.rejected
    );
    if !by_code.is_empty() {
        line += &format!(" ({})", by_code.join(", "));
    }
    let odd: Vec<String> = counts
        .implausible
        .iter()
        .flatten()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    if !odd.is_empty() {
        line += &format!(", implausible elements {}", odd.join(", "));
    }
    if !summary.missing.is_empty() {
        let missing = summary.missing.len() as u64;
        line += &format!(", {} missing", counted(missing, "file"));
    }
    line += &format!(
        ", {} {}, {} kg CO2e",
        counts.shipments,
        plural(counts.shipments, "shipment"),
        summary.totals.ghg_total_kg
    );
    if !is_dry {
        line += &format!(", files in {}", summary.dir.display());
    }
    visible(&line) + "\n"
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
            date_text(c.period)[..7].to_owned(),
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
    decimal_text(
        green_corridor::quantity::div_half_even(mantissa, unit),
        places,
    )
}
