//! `diff OUT RUN_A RUN_B`: what changed between two runs and why; on the terminal, and as Parquet beside the runs.

use super::args::path;
use super::args::progress_mode;
use super::table::Table;
use super::{Console, progress};
use crate::audit::diff::{CorridorChange, CorridorOf, Difference, Run, ShipmentChange, diff};
use crate::calc::restate::Effects;
use crate::error::{Error, Result};
use crate::model::time::date_text;
use crate::model::unit::grouped;
use crate::model::unit::{NANO_SCALE, decimal_text, div_half_even};
use crate::output::columns::PublishedTable;
use crate::output::differences::{ChangedCorridors, ChangedShipments, DifferencesWriter};
use crate::progress::ProgressMode;
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, finish_groups, folder_below};
use crate::store::layout::Layout;
use crate::store::signal::Interrupt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub struct Args {
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
pub enum DiffFormat {
    /// For people
    #[default]
    Table,
    /// For machines; decimals as texts
    Json,
}

/// Compares the runs, writes the tables, prints the summary.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let layout = Layout::new(&args.out);
    let before_run = layout.read_run(Some(&args.before))?;
    let after_run = layout.read_run(args.after.as_deref())?;
    let (before_id, after_id) = (before_run.id.clone(), after_run.id.clone());
    let (before, after) = (Run::open(&before_run.dir)?, Run::open(&after_run.dir)?);
    let to = match &args.to {
        Some(to) => to.clone(),
        None => folder_below(
            &RealDisk,
            layout.root(),
            &format!("diff/{before_id}-{after_id}"),
        )?,
    };
    let metadata = [
        ("run_before".to_owned(), before_id),
        ("run_after".to_owned(), after_id),
    ];

    let path = to.join("shipments.parquet");
    let mut table = create_table::<ChangedShipments>(&path, &metadata)?;
    let mut top = Top::new(args.top);
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    let difference = diff(
        &before,
        &after,
        progress.as_ref(),
        &Interrupt::install()?,
        &mut |change| {
            top.add(change);
            write_shipment(&mut table, change).map_err(|e| storage(&path, &e))
        },
    );
    progress.end();
    let difference = difference?;
    let shipments = table.finish().map_err(|e| storage(&path, &e))?;
    let corridors = write_corridors(&to.join("corridors.parquet"), &metadata, &difference)?;
    finish_groups(&RealDisk, [vec![shipments, corridors]])?;

    let answer = Answer {
        before: &before,
        after: &after,
        difference: &difference,
        top: top.rows,
        to: &to,
    };
    match args.format {
        DiffFormat::Table => console.print(&answer.text())?,
        DiffFormat::Json => console.print_json(&answer.json()?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn storage(path: &Path, error: &parquet::errors::ParquetError) -> Error {
    Error::Storage(format!("{}: cannot write: {error}", path.display()))
}

/// The changed shipments with the largest difference, largest first; of equal ones the lower id.
struct Top {
    most: usize,
    rows: Vec<ShipmentChange>,
}

impl Top {
    fn new(most: usize) -> Top {
        Top {
            most,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, change: &ShipmentChange) {
        let size = |c: &ShipmentChange| (c.after - c.before).unsigned_abs();
        let at = self.rows.partition_point(|row| size(row) >= size(change));
        if at < self.most {
            self.rows.insert(at, change.clone());
            self.rows.truncate(self.most);
        }
    }
}

type Out = DifferencesWriter<FileWriter<'static>>;

fn create_table<T: PublishedTable>(path: &Path, metadata: &[(String, String)]) -> Result<Out> {
    let out = FileWriter::create(&RealDisk, path)?;
    DifferencesWriter::new::<T>(out, metadata).map_err(|e| storage(path, &e))
}

fn write_shipment(table: &mut Out, change: &ShipmentChange) -> parquet::errors::Result<()> {
    let (was, is) = (
        change.corridor_before.as_ref(),
        change.corridor_after.as_ref(),
    );
    let corridor = |c: Option<&'_ CorridorOf>| c.map(|c| c.corridor.clone());
    let status = |c: Option<&'_ CorridorOf>| c.map(|c| c.load_status.clone());
    let texts = [
        Some(change.id.clone()),
        corridor(was),
        corridor(is),
        status(was),
        status(is),
    ];
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    let figures: Vec<i128> = [change.before, change.after, change.after - change.before]
        .into_iter()
        .chain(change.effects.0)
        .collect();
    table.row(
        &texts,
        &[was.map(|c| c.period), is.map(|c| c.period)],
        &figures,
    )
}

fn write_corridors(
    path: &Path,
    metadata: &[(String, String)],
    difference: &Difference,
) -> Result<FileWriter<'static>> {
    let fault = |e| storage(path, &e);
    let mut table = create_table::<ChangedCorridors>(path, metadata)?;
    for (of, change) in &difference.corridors {
        let figures: Vec<i128> = [
            change.before,
            change.after,
            change.after - change.before,
            change.moved,
        ]
        .into_iter()
        .chain(change.effects.0)
        .collect();
        table
            .row(
                &[Some(&of.corridor), Some(&of.load_status)],
                &[Some(of.period)],
                &figures,
            )
            .map_err(fault)?;
    }
    table.finish().map_err(fault)
}

/// What is printed.
struct Answer<'a> {
    before: &'a Run<'a>,
    after: &'a Run<'a>,
    difference: &'a Difference,
    top: Vec<ShipmentChange>,
    to: &'a Path,
}

impl Answer<'_> {
    fn text(&self) -> String {
        let d = self.difference;
        let mut out = String::new();
        for (name, run) in [("before", self.before), ("after", self.after)] {
            let _ = writeln!(
                out,
                "{name:<20}run {}, profile {}, method revision {}",
                run.manifest.run_id, run.manifest.profile, run.manifest.method_revision
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
        let count = |n: u64| grouped(&n.to_string());
        let _ = writeln!(
            out,
            "\n{} of {} shipments changed",
            count(d.changed),
            count(d.shipments)
        );
        let changed = d.corridors.iter().filter(|(_, c)| {
            c.before != c.after || c.moved != 0 || c.effects != Effects::default()
        });
        if d.changed > 0 {
            out.push_str(&self.corridors(changed));
        }
        if !self.top.is_empty() {
            let _ = writeln!(out, "\nlargest differences");
            out.push_str(&self.shipments());
        }
        let _ = writeln!(out, "\nevery figure in {}", self.to.display());
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
        for change in &self.top {
            let mut cells = vec![change.id.replace(char::is_control, " ")];
            cells.extend(figures(change.before, change.after, &change.effects));
            table.row(cells);
        }
        table.text()
    }

    fn json(&self) -> Result<String> {
        let d = self.difference;
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
        let run = |run: &Run| {
            let m = &run.manifest;
            serde_json::json!({"run_id": m.run_id, "profile": m.profile, "method_revision": m.method_revision})
        };
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
            row
        };
        let answer = serde_json::json!({
            "before": run(self.before), "after": run(self.after), "total": head(d.before, d.after, &d.effects),
            "shipments": d.shipments, "changed": d.changed,
            "corridors": d.corridors.iter().map(corridor).collect::<Vec<_>>(),
            "largest": self.top.iter().map(shipment).collect::<Vec<_>>(),
            "tables": self.to.display().to_string(),
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
