//! `track OUT [RUN ...] --targets FILE`: where targets stand against published runs.

use super::args::{TableFormat, path, progress_mode};
use super::{Console, engine_at, progress};
use green_corridor::files::{RealDisk, write_file};
use green_corridor::periods::{
    CITED, Figure, Metric, TrackOrder, Tracked, TrackedYear, targets_page,
};
use green_corridor::quantity::grouped;
use green_corridor::text::{Table, csv_cell};
use green_corridor::{Error, ProgressMode, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `track`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path(), required_unless_present = "curves")]
    pub out: Option<PathBuf>,
    /// Runs, each year in one of them [default: the current one]
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,
    /// List of targets
    #[arg(long, value_name = "FILE", value_parser = path(), required_unless_present = "curves")]
    pub targets: Option<PathBuf>,
    /// List the cited curves that a target may choose
    #[arg(long)]
    pub curves: bool,
    /// Write a page with the way of each target, targets.html in this folder
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    pub progress: Option<ProgressMode>,
}

/// Tracks the targets, prints where they stand.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    if args.curves {
        let mut table = Table::new(&["curve", "what it is"]);
        for cited in CITED {
            table.row(vec![cited.code.to_owned(), cited.title.to_owned()]);
        }
        console.print(&table.text())?;
        return Ok(ExitCode::SUCCESS);
    }
    let order = TrackOrder {
        runs: args.runs.clone(),
        targets: args.targets.clone().unwrap_or_default(),
    };
    let out = args.out.clone().unwrap_or_default();
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    let tracked = engine_at(&out, &progress)?.track(&order);
    progress.end();
    let tracked = tracked?;
    if let Some(to) = &args.to {
        write_file(
            &RealDisk,
            &to.join("targets.html"),
            targets_page(&tracked).as_bytes(),
        )?;
    }
    match args.format {
        TableFormat::Table => {
            let texts: Vec<String> = tracked.iter().map(text).collect();
            console.print(&texts.join("\n"))?;
        }
        TableFormat::Csv => console.print(&csv(&tracked))?,
        TableFormat::Json => {
            let list: Vec<Value> = tracked.iter().map(document).collect();
            let text = serde_json::to_string_pretty(&json!({ "targets": list }))
                .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
            console.print_json(&(text + "\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Decimals for people.
fn decimals(metric: Metric) -> u32 {
    match metric {
        Metric::Kilograms => 0,
        Metric::PerTonneKilometre | Metric::PerTeu | Metric::RailAndWater => 3,
    }
}

fn text(t: &Tracked) -> String {
    let shown = |figure: &Figure| grouped(&figure.rounded(decimals(t.metric)));
    let with_unit = |figure: &Figure| format!("{} {}", shown(figure), t.metric.unit());
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<22}{value}");
    };
    line(
        "target",
        &format!("{}: {}, {}", t.target, t.metric.code(), t.curve),
    );
    if let Some(cited) = t.cited {
        line("  curve", cited);
    }
    let run = match &t.base_run {
        Some(run) => format!("run {run}"),
        None => "own figure".to_owned(),
    };
    line(
        "  base",
        &format!("{}, {run}: {}", t.base_year, with_unit(&t.base)),
    );
    if let Some(today) = &t.base_today {
        let run = t.restated_run.as_ref();
        let run = run.map_or(String::new(), |run| format!(", run {run}"));
        line(
            "  base today",
            &format!("{}{run}: {}", t.base_year, with_unit(today)),
        );
    }
    if let Some(moved) = &t.moved {
        line("  base moves by", &format!("{} %", moved.rounded(3)));
    }
    if let Some(overshoot) = &t.overshoot {
        line("  overshoot so far", &with_unit(overshoot));
    }
    if let Some((year, value, required)) = &t.forecast {
        let what = format!("{} of {}", with_unit(value), with_unit(required));
        line(
            "  forecast",
            &format!("{year}: {what} required (a straight line, no promise)"),
        );
    }
    line("  verdict", t.verdict.text());
    for reason in &t.reasons {
        line("", reason);
    }
    if !t.years.is_empty() {
        let mut table = Table::new(&[
            "year",
            ">months",
            ">actual",
            ">required",
            ">gap",
            ">required, base today",
        ]);
        let cell = |figure: &Option<Figure>| figure.as_ref().map_or(String::new(), shown);
        for y in &t.years {
            table.row(vec![
                y.year.to_string(),
                y.months.to_string(),
                shown(&y.actual),
                cell(&y.required),
                cell(&y.gap),
                cell(&y.required_today),
            ]);
        }
        out.push_str(&table.text());
    }
    out
}

fn nine(figure: &Figure) -> String {
    figure.rounded(9)
}

fn csv(tracked: &[Tracked]) -> String {
    let mut out = "target,metric,curve,base_year,base,base_today,year,months,actual,required,gap,required_base_today,verdict\n".to_owned();
    let some = |figure: &Option<Figure>| figure.as_ref().map_or(String::new(), nine);
    for t in tracked {
        for y in &t.years {
            let cells = [
                csv_cell(&t.target).to_string(),
                t.metric.code().to_owned(),
                t.curve.clone(),
                t.base_year.to_string(),
                nine(&t.base),
                some(&t.base_today),
                y.year.to_string(),
                y.months.to_string(),
                nine(&y.actual),
                some(&y.required),
                some(&y.gap),
                some(&y.required_today),
                csv_cell(t.verdict.text()).to_string(),
            ];
            let _ = writeln!(out, "{}", cells.join(","));
        }
    }
    out
}

fn document(t: &Tracked) -> Value {
    let figure = |f: &Figure| json!({"value": nine(f), "exact": f.exact()});
    let some = |f: &Option<Figure>| f.as_ref().map(figure);
    let year = |y: &TrackedYear| {
        json!({
            "year": y.year, "months": y.months, "actual": figure(&y.actual), "required": some(&y.required), "gap": some(&y.gap),
            "required_base_today": some(&y.required_today),
        })
    };
    let forecast = t.forecast.as_ref().map(|(year, value, required)| {
        json!({"year": year, "value": figure(value), "required": figure(required), "basis": "straight line from the base through the latest year"})
    });
    json!({
        "target": t.target, "metric": t.metric.code(), "unit": t.metric.unit(), "curve": t.curve, "cited": t.cited,
        "base": {"year": t.base_year, "run_id": t.base_run, "value": figure(&t.base)},
        "base_today": {"run_id": t.restated_run, "value": some(&t.base_today)},
        "base_moves_by_percent": some(&t.moved), "base_must_be_restated": t.must_restate,
        "years": t.years.iter().map(year).collect::<Vec<_>>(), "overshoot": some(&t.overshoot), "forecast": forecast,
        "verdict": t.verdict.text(), "reasons": t.reasons,
    })
}
