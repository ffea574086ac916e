//! Whether a computed run may take the place of the one before: the bounds of the run file against what was counted.

use crate::error::{Error, Result};
use crate::escape::visible;
use crate::model::reject::RejectReason;
use crate::model::unit::{NANO_SCALE, parse_decimal, plural, short_decimal_text};
use crate::run::compute::Written;
use crate::run::ledger::Ledger;
use crate::run::plan::Plan;
use crate::run::tables::totals_text;
use crate::store::layout::Layout;
use crate::store::manifest::{InputEntry, Manifest, Totals};

/// Codes that a message names.
const CODES_NAMED: usize = 3;

/// An empty night must not replace a good one, nor one with too many rejects.
pub(crate) fn enough_rows(plan: &Plan, ledger: &Ledger, inputs: &[InputEntry]) -> Result<()> {
    let total = ledger.total();
    let limits = &plan.limits;
    let files = || -> Vec<&str> { inputs.iter().map(|entry| entry.file.as_str()).collect() };
    if total.rows == 0 && !plan.allow_empty {
        let named = if inputs.is_empty() {
            "no file was found".to_owned()
        } else {
            format!("{}: no row", files().join(", "))
        };
        return Err(Error::Input(format!(
            "{named}; --allow-empty publishes an empty run"
        )));
    }
    if total.rows < limits.min_rows {
        return Err(Error::Input(format!(
            "{} {} read, [limits] min_rows asks for {}",
            total.rows,
            plural(total.rows, "row"),
            limits.min_rows
        )));
    }
    let refused = |what: String, of: &[(RejectReason, u64)]| {
        Err(Error::TooManyRejects(format!(
            "{what}{}",
            examples(plan, ledger, &files(), of)
        )))
    };
    let by_reason = ledger.by_reason();
    if limits
        .max_reject_share
        .is_exceeded(ledger.gaps(), total.rows)
    {
        let gaps: Vec<_> = by_reason
            .into_iter()
            .filter(|(reason, _)| reason.leaves_gap())
            .collect();
        let what = format!(
            "{} of {} {} rejected, more than max_reject_share = {}",
            ledger.gaps(),
            total.rows,
            plural(total.rows, "row"),
            limits.max_reject_share.text()
        );
        return refused(what, &gaps);
    }
    for of_code in &by_reason {
        let (code, count) = (of_code.0.code(), of_code.1);
        if let Some(limit) = limits.codes.get(&code)
            && limit.is_exceeded(count, total.rows)
        {
            let what = format!(
                "{count} of {} {} rejected with {code}, more than [limits.codes] {code} = {}",
                total.rows,
                plural(total.rows, "row"),
                limit.text()
            );
            return refused(what, &[*of_code]);
        }
    }
    Ok(())
}

/// Refuses a run of which more distances are estimated than its bounds allow.
pub(crate) fn few_estimates(plan: &Plan, written: &Written) -> Result<()> {
    match plan.limits.max_estimated_share {
        Some(limit) if limit.is_exceeded(written.estimated, written.transports) => {
            Err(Error::TooManyRejects(format!(
                "{} of {} transport elements have an estimated distance (Q33), more than [limits] max_estimated_share = {}; \
                 report distance_km, or give them in a file of distances = [..]",
                written.estimated,
                written.transports,
                limit.text()
            )))
        }
        Some(_) | None => Ok(()),
    }
}

/// The commonest codes, the first row of the commonest, and the command that shows more.
fn examples(plan: &Plan, ledger: &Ledger, files: &[&str], of: &[(RejectReason, u64)]) -> String {
    let mut commonest = of.to_vec();
    commonest.sort_by_key(|&(reason, count)| (std::cmp::Reverse(count), reason));
    let mut text = String::new();
    for (at, (reason, count)) in commonest.iter().take(CODES_NAMED).enumerate() {
        let mark = if at == 0 { ": " } else { ", " };
        text += &format!("{mark}{count} {} {}", reason.code(), reason.title());
    }
    if let Some(more) = commonest.get(CODES_NAMED..).filter(|m| !m.is_empty()) {
        let rows: u64 = more.iter().map(|(_, count)| count).sum();
        text += &format!(", {rows} of other codes");
    }
    if let Some(first) = commonest
        .first()
        .and_then(|(reason, _)| ledger.first(*reason))
    {
        let file = files.get(first.file as usize).copied().unwrap_or_default();
        let column = match first.reject.column {
            "" => String::new(),
            column => format!(" {column}"),
        };
        text += &visible(&format!(
            "; first {}: {file}:{}{column}: found \"{}\", wanted {}",
            first.reject.reason.code(),
            first.row,
            first.reject.value,
            first.reject.wanted
        ));
    }
    // A dry run leaves nothing to be shown.
    if !plan.dry_run {
        let out = plan.out.path.display().to_string();
        let out = match out.contains(char::is_whitespace) {
            true => format!("{out:?}"),
            false => out,
        };
        text += &format!("; green-corridor rejects {out} shows them");
    }
    text
}

/// What a night is measured by: name, and figure as a whole number of its last decimal.
type Measures = [(&'static str, i128, u32); 5];

fn measures(rows: u64, accepted: u64, shipments: u64, totals: &Totals) -> Option<Measures> {
    let exact = |text: &str| parse_decimal(text, NANO_SCALE);
    Some([
        ("rows_in", rows.into(), 0),
        ("accepted", accepted.into(), 0),
        ("shipments", shipments.into(), 0),
        (
            "transport_activity_tkm",
            exact(&totals.transport_activity_tkm)?,
            NANO_SCALE,
        ),
        ("ghg_total_kg", exact(&totals.ghg_total_kg)?, NANO_SCALE),
    ])
}

/// The same of a published run.
fn published(manifest: &Manifest) -> Option<Measures> {
    let counts = &manifest.counts;
    let totals = manifest.totals.get("elements")?;
    measures(counts.rows_in, counts.accepted, counts.shipments, totals)
}

/// Refuses a computed run that differs too much from the current one.
pub(crate) fn little_change(
    plan: &Plan,
    id: &str,
    ledger: &Ledger,
    written: &Written,
) -> Result<()> {
    let total = ledger.total();
    let totals = totals_text(&written.element_totals);
    let now = measures(total.rows, total.accepted, written.shipments, &totals);
    compare(plan, id, now)
}

/// The same for a run that is published already, and is about to become current again.
pub(crate) fn little_change_of(plan: &Plan, manifest: &Manifest) -> Result<()> {
    compare(plan, &manifest.run_id, published(manifest))
}

fn compare(plan: &Plan, id: &str, now: Option<Measures>) -> Result<()> {
    let Some(limit) = plan.limits.max_change else {
        return Ok(());
    };
    // Of the root that is named: that of a dry run is empty.
    let layout = Layout::new(&plan.out.path);
    let Some(current) = layout.current_run()?.filter(|current| current != id) else {
        return Ok(());
    };
    let before = Manifest::load(&layout.run(&current)).and_then(|manifest| {
        published(&manifest).ok_or_else(|| Error::Verification("its manifest has no totals".into()))
    });
    let before = before.map_err(|error| {
        Error::Verification(format!(
            "the change against the current run {current} cannot be judged: {error}; --max-change off publishes without"
        ))
    })?;
    let now = now.ok_or_else(|| Error::Internal("totals that are no decimals".into()))?;
    let too_much: Vec<String> = now
        .iter()
        .zip(&before)
        .filter(|(now, before)| limit.is_exceeded(now.1, before.1))
        .map(|((name, now, scale), (_, before, _))| {
            let text = |value| short_decimal_text(value, *scale);
            format!("{name} {} after {}", text(*now), text(*before))
        })
        .collect();
    if too_much.is_empty() {
        return Ok(());
    }
    Err(Error::TooMuchChange(format!(
        "{}: a change of more than [limits] max_change = {} against the current run {current}, which stays; if it is right, \
         --max-change off publishes it",
        too_much.join(", "),
        limit.text()
    )))
}
