//! `year-over-year --base OUT [RUN] --new OUT [RUN]`: what changed from one period to another, for runs without a common shipment.

use super::args::{TableFormat, path, progress_mode};
use super::{Console, engine_at, progress};
use green_corridor::periods::{Cause, Drivers, Parts, Period, RunOf, Use, YearOrder, Years};
use green_corridor::quantity::{
    NANO_SCALE, date_text, decimal_text, div_half_even, grouped, parted,
};
use green_corridor::text::Table;
use green_corridor::{Error, ProgressMode, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `year-over-year`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Base period: output root, and run if not the current one
    #[arg(long, required = true, num_args = 1..=2, value_names = ["OUT", "RUN"])]
    pub base: Vec<String>,
    /// New period: output root, and run if not the current one
    #[arg(long, required = true, num_args = 1..=2, value_names = ["OUT", "RUN"])]
    pub new: Vec<String>,
    /// The records of the base period once more, with the library of today [default: restatement is unknown]
    #[arg(long, num_args = 1..=2, value_names = ["OUT", "RUN"])]
    pub restated: Vec<String>,
    /// Folder for the tables, Parquet and CSV [default: OUT/year-over-year/BASE-NEW of the new period]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    pub progress: Option<ProgressMode>,
}

fn run_of(words: &[String]) -> Option<RunOf> {
    let out = words.first()?;
    Some(RunOf {
        out: green_corridor::files::plain(out.as_ref()),
        run: words.get(1).cloned(),
    })
}

/// Splits the change, writes the tables, prints the summary.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let order = YearOrder {
        base: run_of(&args.base).unwrap_or_default(),
        new: run_of(&args.new).unwrap_or_default(),
        restated: run_of(&args.restated),
        to: args.to.clone(),
    };
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    let years = engine_at(&order.new.out, &progress)?.year_over_year(&order);
    progress.end();
    let years = years?;
    match args.format {
        TableFormat::Table => console.print(&text(&years))?,
        TableFormat::Csv => console.print(&years.csv())?,
        TableFormat::Json => {
            let text = serde_json::to_string_pretty(&document(&years))
                .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
            console.print_json(&(text + "\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn kg(micrograms: i128) -> String {
    decimal_text(micrograms, NANO_SCALE)
}

/// Names of the parts, those of others behind them.
fn named(p: &Parts) -> [(&'static str, i128); 6] {
    [
        ("activity", p.activity),
        ("mode_mix", p.mix),
        ("intensity", p.intensity),
        ("of_which_factor_year", p.factor_year),
        ("of_which_method_break", p.method_break),
        ("without_activity", p.unsplit),
    ]
}

fn text(years: &Years) -> String {
    let mut out = String::new();
    let restated = years.restated.as_ref();
    let runs = [
        ("base", Some(&years.base)),
        ("restated", restated.map(|(period, _)| period)),
        ("new", Some(&years.new)),
    ];
    for (name, period) in runs {
        let _ = match period {
            Some(p) => writeln!(
                out,
                "{name:<26}run {}, {}, profile {}, method revision {}",
                p.run_id,
                days(p),
                p.profile,
                p.method_revision
            ),
            None => writeln!(out, "{name:<26}not given"),
        };
    }
    let mut line = |name: &str, micrograms: i128| {
        let _ = writeln!(out, "{name:<26}{:>24} kg CO2e", grouped(&kg(micrograms)));
    };
    line("base as published", years.base.total);
    if let Some((period, restatement)) = restated {
        line("  restatement", period.total - years.base.total);
        for (cause, part) in Cause::ALL.into_iter().zip(restatement.causes) {
            line(&format!("    {}", cause.code().replace('_', " ")), part);
        }
        line("base restated", period.total);
    }
    for (name, part) in named(&years.parts) {
        let indent = if name.starts_with("of_which") {
            "    "
        } else {
            "  "
        };
        line(&format!("{indent}{}", name.replace('_', " ")), part);
    }
    line("new period", years.new.total);
    line("difference", years.new.total - years.from().total);
    out.push('\n');
    out.push_str(&rows(&years.rows));
    let alike: Vec<&Drivers> = years.rows.iter().filter(|row| row.like.0 > 0).collect();
    if !alike.is_empty() {
        out.push_str("\nlanes of both periods\n");
        out.push_str(&lanes(&alike));
    }
    for note in &years.notes {
        let _ = writeln!(out, "\nnote: {note}");
    }
    let _ = writeln!(out, "\nevery figure in {}", years.to.display());
    out
}

fn days(period: &Period) -> String {
    match period.days {
        Some((first, last)) => format!("{} to {}", date_text(first), date_text(last)),
        None => "without a departure".to_owned(),
    }
}

const KILOGRAM: i128 = 1_000_000_000;

/// Whole kilograms of the base and of parts, which add up to those of the new period: what rounding leaves goes to the largest remainders.
fn shown(before: i128, after: i128, parts: [i128; 4]) -> Vec<i128> {
    let whole = |micrograms| div_half_even(micrograms, KILOGRAM);
    let difference = whole(after) - whole(before);
    let parts = parted(difference, KILOGRAM, &parts).unwrap_or_default();
    [whole(before)]
        .into_iter()
        .chain(parts)
        .chain([whole(after)])
        .collect()
}

fn place(row: &Drivers) -> Vec<String> {
    let basis = match row.group.activity_basis {
        "" => "-",
        basis => basis,
    };
    let texts = [&row.group.corridor, row.group.load_status, basis, row.mode];
    texts.map(str::to_owned).into()
}

fn thousands(figure: i128) -> String {
    grouped(&figure.to_string())
}

fn rows(rows: &[Drivers]) -> String {
    let heads = [
        "corridor",
        "status",
        "basis",
        "mode",
        ">t.km before",
        ">after",
        ">kg before",
        ">activity",
        ">mix",
        ">intensity",
        ">unsplit",
        ">kg after",
        ">factor year",
    ];
    let mut table = Table::new(&heads);
    for row in rows {
        let p = &row.parts;
        let mut cells = place(row);
        let activity = [row.before, row.after].map(|u| div_half_even(u.activity, KILOGRAM));
        let figures = shown(
            row.before.ghg,
            row.after.ghg,
            [p.activity, p.mix, p.intensity, p.unsplit],
        );
        cells.extend(activity.into_iter().chain(figures).map(thousands));
        cells.push(thousands(div_half_even(p.factor_year, KILOGRAM)));
        table.row(cells);
    }
    table.text()
}

/// Grams per unit of activity, three decimals.
fn intensity(of: Use) -> String {
    match of.activity {
        0 => String::new(),
        activity => grouped(&decimal_text(
            div_half_even(of.ghg * 1_000_000, activity),
            3,
        )),
    }
}

fn lanes(rows: &[&Drivers]) -> String {
    let heads = [
        "corridor",
        "status",
        "basis",
        "mode",
        ">lanes",
        ">t.km before",
        ">after",
        ">g/t.km before",
        ">after",
    ];
    let mut table = Table::new(&heads);
    for row in rows {
        let (count, before, after) = row.like;
        let mut cells = place(row);
        cells.push(count.to_string());
        cells.extend([before, after].map(|u| thousands(div_half_even(u.activity, KILOGRAM))));
        cells.extend([before, after].map(intensity));
        table.row(cells);
    }
    table.text()
}

fn document(years: &Years) -> Value {
    let period = |p: &Period| {
        json!({
            "run_id": p.run_id, "profile": p.profile, "method_revision": p.method_revision,
            "from": p.days.map(|d| date_text(d.0)), "to": p.days.map(|d| date_text(d.1)), "ghg_kg": kg(p.total),
        })
    };
    let parts = |p: &Parts| -> Value {
        let named = named(p).into_iter();
        named
            .map(|(name, part)| (format!("{name}_kg"), kg(part)))
            .collect()
    };
    let restatement = years.restated.as_ref().map(|(of, r)| {
        let causes = Cause::ALL.into_iter().zip(r.causes);
        let causes: Value = causes.map(|(c, part)| (c.code().to_owned(), kg(part))).collect();
        json!({"run": period(of), "restatement_kg": kg(of.total - years.base.total), "causes": causes})
    });
    let used = |u: Use| json!({"activity": kg(u.activity), "ghg_kg": kg(u.ghg)});
    let exact =
        |e: &[String; 3]| json!({"activity_kg": e[0], "mode_mix_kg": e[1], "intensity_kg": e[2]});
    let row = |d: &Drivers| {
        json!({
            "corridor_id": &*d.group.corridor, "load_status": d.group.load_status,
            "activity_basis": Some(d.group.activity_basis).filter(|basis| !basis.is_empty()), "mode": d.mode,
            "activity_unit": if d.mode == "hub" { "t" } else { "t.km" },
            "base": used(d.before), "new": used(d.after), "parts": parts(&d.parts),
            "exact": exact(&d.exact), "exact_of_group": exact(&d.exact_of_group),
            "lanes_of_both": {"count": d.like.0, "base": used(d.like.1), "new": used(d.like.2)},
        })
    };
    json!({
        "base": period(&years.base), "restated": restatement, "new": period(&years.new),
        "difference_kg": kg(years.new.total - years.from().total), "parts": parts(&years.parts),
        "rows": years.rows.iter().map(row).collect::<Vec<_>>(), "notes": years.notes, "tables": years.to.display().to_string(),
    })
}
