//! `diff OUT RUN_A RUN_B`: what changed between two runs and why; on the terminal, and as Parquet beside the runs.

use super::args::{SliceArgs, path, progress_mode};
use super::{Console, engine_at, progress};
use green_corridor::quantity::{
    NANO_SCALE, counted, date_text, decimal_text, div_half_even, grouped,
};
use green_corridor::runs::{
    CarriedChange, CorridorChange, CorridorOf, DiffOrder, Differences, Effects, Manifest,
    ShipmentChange,
};
use green_corridor::text::Table;
use green_corridor::{Error, ProgressMode, Result};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Earlier run
    #[arg(value_name = "RUN_A")]
    pub before: String,
    /// Later run [default: the current one]
    #[arg(value_name = "RUN_B")]
    pub after: Option<String>,
    /// Folder for the Parquet tables [default: OUT/diff/RUN_A-RUN_B]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Which shipments of both runs are compared.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Changed shipments to list, those with the largest difference first
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub top: usize,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: DiffFormat,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    pub progress: Option<ProgressMode>,
}

/// Form of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum DiffFormat {
    /// For people
    #[default]
    Table,
    /// For machines; decimals as texts
    Json,
}

/// Compares the runs, writes the tables, prints the summary.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    let engine = engine_at(&args.out, &progress)?;
    let differences = engine.diff(&DiffOrder {
        before: args.before.clone(),
        after: args.after.clone(),
        to: args.to.clone(),
        slice: args.slice.slice(),
        top: args.top,
    });
    progress.end();
    let answer = Answer(&differences?);
    match args.format {
        DiffFormat::Table => console.print(&answer.text())?,
        DiffFormat::Json => console.print_json(&answer.json()?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What is printed.
struct Answer<'a>(&'a Differences);

impl Answer<'_> {
    fn text(&self) -> String {
        let d = &self.0.difference;
        let mut out = String::new();
        for (name, run) in [("before", &self.0.before), ("after", &self.0.after)] {
            let _ = writeln!(
                out,
                "{name:<20}run {}, profile {}, method revision {}",
                run.run_id, run.profile, run.method_revision
            );
        }
        let mut line = |name: &str, micrograms: i128| {
            let _ = writeln!(out, "{name:<20}{:>24} kg CO2e", grouped(&kg(micrograms)));
        };
        line("total before", d.before);
        for (name, effect) in Effects::NAMES.into_iter().zip(d.effects.0) {
            line(&format!("  {}", name.replace('_', " ")), effect);
        }
        line("total after", d.after);
        line("difference", d.after - d.before);
        let _ = writeln!(
            out,
            "\n{} of {} changed",
            grouped(&d.changed.to_string()),
            counted(d.shipments, "shipment")
        );
        for (column, count) in d.carried.iter().filter(|(_, count)| **count > 0) {
            let _ = writeln!(out, "{} with another {column}", counted(*count, "shipment"));
        }
        let changed = d.corridors.iter().filter(|(_, c)| {
            c.before != c.after || c.moved != 0 || c.effects != Effects::default()
        });
        if d.changed > 0 {
            out.push_str(&self.corridors(changed));
        }
        if !self.0.top.is_empty() {
            let _ = writeln!(out, "\nlargest differences");
            out.push_str(&self.shipments());
        }
        let _ = writeln!(out, "\nevery figure in {}", self.0.to.display());
        out
    }

    fn corridors<'c>(
        &self,
        rows: impl Iterator<Item = (&'c CorridorOf, &'c CorridorChange)>,
    ) -> String {
        let heads = HEADS.map(|h| if h == "shipment" { "corridor" } else { h });
        let heads: Vec<&str> = ["corridor", "period", "status"]
            .into_iter()
            .chain(heads.into_iter().skip(1))
            .collect();
        let heads: Vec<&'static str> = heads.into_iter().chain([">moved"]).collect();
        let mut table = Table::new(&heads);
        for (of, change) in rows {
            let period = date_text(of.period);
            let mut cells = vec![
                of.corridor.clone(),
                period.get(..7).unwrap_or(&period).to_owned(),
                of.load_status.clone(),
            ];
            cells.extend(figures(change.before, change.after, &change.effects));
            cells.push(short(change.moved));
            table.row(cells);
        }
        table.text()
    }

    fn shipments(&self) -> String {
        let mut table = Table::new(&HEADS);
        for change in &self.0.top {
            let mut cells = vec![change.id.replace(char::is_control, " ")];
            cells.extend(figures(change.before, change.after, &change.effects));
            table.row(cells);
        }
        table.text()
    }

    fn json(&self) -> Result<String> {
        let d = &self.0.difference;
        let effects = |e: &Effects| -> serde_json::Map<String, serde_json::Value> {
            Effects::NAMES
                .into_iter()
                .zip(e.0)
                .map(|(name, value)| (name.to_owned(), kg(value).into()))
                .collect()
        };
        let head = |before: i128, after: i128, own: &Effects| {
            serde_json::json!({
                "ghg_before_kg": kg(before), "ghg_after_kg": kg(after), "difference_kg": kg(after - before), "effects": effects(own),
            })
        };
        let run = |m: &Manifest| serde_json::json!({"run_id": m.run_id, "profile": m.profile, "method_revision": m.method_revision});
        let corridor = |(of, c): (&CorridorOf, &CorridorChange)| {
            let mut row = head(c.before, c.after, &c.effects);
            row["corridor_id"] = of.corridor.as_str().into();
            row["period"] = date_text(of.period).into();
            row["load_status"] = of.load_status.as_str().into();
            row["moved"] = kg(c.moved).into();
            row
        };
        let shipment = |c: &ShipmentChange| {
            let mut row = head(c.before, c.after, &c.effects);
            row["shipment_id"] = c.id.as_str().into();
            if !c.carried.is_empty() {
                let change = |c: &CarriedChange| serde_json::json!({"column": c.column, "before": c.before, "after": c.after});
                row["carried_changed"] = c.carried.iter().map(change).collect();
            }
            row
        };
        let answer = serde_json::json!({
            "before": run(&self.0.before), "after": run(&self.0.after), "total": head(d.before, d.after, &d.effects),
            "shipments": d.shipments, "changed": d.changed, "carried_changed": d.carried,
            "corridors": d.corridors.iter().map(corridor).collect::<Vec<_>>(),
            "largest": self.0.top.iter().map(shipment).collect::<Vec<_>>(),
            "tables": self.0.to.display().to_string(),
        });
        let text = serde_json::to_string_pretty(&answer)
            .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        Ok(text + "\n")
    }
}

const HEADS: [&str; 11] = [
    "shipment",
    ">before",
    ">after",
    ">new",
    ">removed",
    ">corrected",
    ">activity",
    ">choice",
    ">value",
    ">method",
    ">complete",
];

fn figures(before: i128, after: i128, effects: &Effects) -> Vec<String> {
    [before, after]
        .into_iter()
        .chain(effects.0)
        .map(short)
        .collect()
}

fn kg(micrograms: i128) -> String {
    decimal_text(micrograms, NANO_SCALE)
}

/// Whole kilograms for people, half to even; a difference below one kilogram still shows.
fn short(micrograms: i128) -> String {
    const KILOGRAM: i128 = 1_000_000_000;
    match micrograms {
        0 => String::new(),
        small if small.abs() < KILOGRAM => kg(small).trim_end_matches('0').to_owned(),
        large => grouped(&div_half_even(large, KILOGRAM).to_string()),
    }
}
