//! `targets.csv`: what a firm wants to reach, and the cited curves that it may choose. None of them is a default.

use crate::error::{Error, Place, Result};
use crate::exact::Exact;
use crate::model::unit::parse_decimal;
use crate::store::files::read_file;
use crate::years::actual::Metric;
use crate::years::curve::{Curve, Points};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::Path;

/// No list of targets is larger.
const MOST_BYTES: u64 = 1 << 24;

/// Decimals of a figure of a target.
const SCALE: u32 = 9;

const COLUMNS: [&str; 15] = [
    "target",
    "metric",
    "base_year",
    "base_out",
    "base_run",
    "base_value",
    "restated_out",
    "restated_run",
    "structural_change",
    "threshold_percent",
    "uncertainty_percent",
    "curve",
    "until",
    "points",
    "sector_activity",
];

/// What somebody published, as it can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Cited {
    /// Its word in `curve`.
    pub code: &'static str,
    /// What it is of, and where it comes from.
    pub title: &'static str,
    metric: Metric,
    base_year: Option<i32>,
    /// Per mille of the base by year; empty: so many per mille less a year.
    points: &'static [(i32, i128)],
    yearly: i128,
    /// Whether it is for reading beside the figures only.
    is_context: bool,
}

/// The cited curves (docs/targets.md).
pub const CITED: [Cited; 6] = [
    Cited {
        code: "contraction_4.2",
        title: "absolute contraction, 4.2 % of the base a year (Science Based Targets initiative, 1.5 C, scope 1 and 2)",
        metric: Metric::Kilograms,
        base_year: None,
        points: &[],
        yearly: 42,
        is_context: false,
    },
    Cited {
        code: "contraction_2.5",
        title: "absolute contraction, 2.5 % of the base a year (Science Based Targets initiative, well below 2 C, scope 3)",
        metric: Metric::Kilograms,
        base_year: None,
        points: &[],
        yearly: 25,
        is_context: false,
    },
    Cited {
        code: "imo_2023",
        title: "IMO strategy of 2023, shipping as a sector, emissions against 2008: -20 % in 2030, -70 % in 2040, nothing about 2050",
        metric: Metric::Kilograms,
        base_year: Some(2008),
        points: &[(2030, 800), (2040, 300), (2050, 0)],
        yearly: 0,
        is_context: false,
    },
    Cited {
        code: "imo_2023_striving",
        title: "IMO strategy of 2023, striving, shipping as a sector, emissions against 2008: -30 % in 2030, -80 % in 2040, nothing about 2050",
        metric: Metric::Kilograms,
        base_year: Some(2008),
        points: &[(2030, 700), (2040, 200), (2050, 0)],
        yearly: 0,
        is_context: false,
    },
    Cited {
        code: "imo_2023_intensity",
        title: "IMO strategy of 2023, shipping as a sector, CO2 per transport work against 2008: -40 % in 2030",
        metric: Metric::PerTonneKilometre,
        base_year: Some(2008),
        points: &[(2030, 600)],
        yearly: 0,
        is_context: false,
    },
    Cited {
        code: "china_2030",
        title: "China, action plan of 2021, CO2 of operation per converted turnover, passengers in it, against 2020: about -9.5 % in 2030; context, no verdict",
        metric: Metric::PerTonneKilometre,
        base_year: Some(2020),
        points: &[(2030, 905)],
        yearly: 0,
        is_context: true,
    },
];

/// A point in the unit of the metric, or as a share of the base.
#[derive(Clone, Debug)]
struct Point {
    year: i32,
    value: Exact,
    is_share: bool,
}

/// Where a base comes from.
#[derive(Clone, Debug)]
pub(super) enum Base {
    /// A published run: output root as written (empty: that of the run tracked) and run.
    Run(String, String),
    /// A figure of the user's own.
    Value(Exact),
}

/// A row of `targets.csv`.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub id: String,
    pub metric: Metric,
    pub base_year: i32,
    pub base: Base,
    pub restated: Option<(String, String)>,
    pub structural: Exact,
    /// Percent.
    pub threshold: Exact,
    pub uncertainty: Option<Exact>,
    pub curve: String,
    pub cited: Option<&'static Cited>,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Through(Vec<Point>),
    Contraction(Exact, i32),
    Convergence(Points, Option<Points>),
}

impl Target {
    pub(super) fn is_context(&self) -> bool {
        self.cited.is_some_and(|cited| cited.is_context)
    }

    /// Whether a value is a share of more than all.
    pub(super) fn is_beyond(&self, value: &Exact) -> bool {
        is_beyond(self.metric, value)
    }

    /// The curve from a base of this value.
    pub(super) fn curve_from(&self, base: &Exact) -> Curve {
        match &self.shape {
            Shape::Through(points) => {
                let of = |p: &Point| match p.is_share {
                    true => (p.year, p.value.times(base)),
                    false => (p.year, p.value.clone()),
                };
                Curve::Through(points.iter().map(of).collect())
            }
            Shape::Contraction(yearly, until) => Curve::Contraction {
                yearly: yearly.clone(),
                until: *until,
            },
            Shape::Convergence(intensity, activity) => Curve::Convergence {
                intensity: intensity.clone(),
                activity: activity.clone(),
            },
        }
    }
}

/// Reads a list of targets; the first fault ends it.
pub(super) fn targets(path: &Path) -> Result<Vec<Target>> {
    let bytes = read_file(path, MOST_BYTES)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let broken = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        fault(path, line, "", "", &e.to_string())
    };
    let heads: Vec<String> = reader
        .headers()
        .map_err(broken)?
        .iter()
        .map(str::to_owned)
        .collect();
    let mut seen = BTreeSet::new();
    for head in &heads {
        if !COLUMNS.contains(&head.as_str()) || !seen.insert(head) {
            let wanted = format!("each once of {}", COLUMNS.join(", "));
            return Err(fault(path, 1, "", head, &wanted));
        }
    }
    let (mut list, mut ids) = (Vec::new(), BTreeSet::new());
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let row = Row {
            path,
            line: record.position().map_or(0, csv::Position::line),
            cells: heads.iter().map(String::as_str).zip(&record).collect(),
        };
        let target = row.target()?;
        if !ids.insert(target.id.clone()) {
            return Err(row.fault("target", "each target once"));
        }
        list.push(target);
    }
    match list.is_empty() {
        true => Err(fault(path, 1, "", "nothing", "a target")),
        false => Ok(list),
    }
}

fn fault(path: &Path, line: u64, column: &str, found: &str, wanted: &str) -> Error {
    let column_text = match column {
        "" => String::new(),
        column => format!("{column} "),
    };
    let what = format!(
        "{}:{line}: {column_text}{found:?}: expected {wanted}",
        path.display()
    );
    let place = Place::path(path).line(line).column(column);
    Error::Usage(what).at(place.found(found).wanted(wanted))
}

struct Row<'r> {
    path: &'r Path,
    line: u64,
    cells: Vec<(&'r str, &'r str)>,
}

impl Row<'_> {
    fn cell(&self, column: &str) -> &str {
        let found = self.cells.iter().find(|(name, _)| *name == column);
        found.map_or("", |(_, cell)| cell)
    }

    fn fault(&self, column: &str, wanted: &str) -> Error {
        fault(self.path, self.line, column, self.cell(column), wanted)
    }

    fn must(&self, column: &str) -> Result<String> {
        match self.cell(column) {
            "" => Err(self.fault(column, "a value")),
            text => Ok(text.to_owned()),
        }
    }

    fn year(&self, column: &str) -> Result<i32> {
        let year = year_of(self.cell(column));
        year.ok_or_else(|| self.fault(column, "a year, e.g. 2030"))
    }

    fn number(&self, column: &str) -> Result<Option<Exact>> {
        let text = self.cell(column);
        if text.is_empty() {
            return Ok(None);
        }
        let number = exact(text).ok_or_else(|| self.fault(column, "a number, e.g. 12.5"))?;
        Ok(Some(number))
    }

    fn not_negative(&self, column: &str) -> Result<Option<Exact>> {
        let number = self.number(column)?;
        let is_negative = |n: &Exact| n.compared(&Exact::ZERO) == Ordering::Less;
        match number.as_ref().is_some_and(is_negative) {
            true => Err(self.fault(column, "a number of 0 or more")),
            false => Ok(number),
        }
    }

    fn points(&self, column: &str, allows_share: bool) -> Result<Vec<Point>> {
        let wanted = match allows_share {
            true => "years and values, e.g. 2030=70%;2040=35% or 2030=18.5",
            false => "years and values, e.g. 2025=50;2030=30",
        };
        let point = |text: &str| {
            let (year, value) = text.split_once('=')?;
            let share = value.trim().strip_suffix('%');
            if share.is_some() && !allows_share {
                return None;
            }
            let number = exact(share.unwrap_or(value).trim())?;
            if number.compared(&Exact::ZERO) == Ordering::Less {
                return None;
            }
            Some(Point {
                year: year_of(year.trim())?,
                value: match share {
                    Some(_) => number.times(&Exact::ratio(1, 100)),
                    None => number,
                },
                is_share: share.is_some(),
            })
        };
        let cell = self.cell(column);
        let points: Option<Vec<Point>> = cell.split(';').map(point).collect();
        let points = points.ok_or_else(|| self.fault(column, wanted))?;
        match points.windows(2).all(|pair| pair[0].year < pair[1].year) {
            true => Ok(points),
            false => Err(self.fault(column, "years that ascend")),
        }
    }

    fn target(&self) -> Result<Target> {
        let metric = self.must("metric")?;
        let metric = Metric::ALL.into_iter().find(|m| m.code() == metric);
        let words = Metric::ALL.map(Metric::code).join(", ");
        let metric = metric.ok_or_else(|| self.fault("metric", &format!("one of {words}")))?;
        let beyond = |value: &Exact| is_beyond(metric, value);
        if self
            .not_negative("base_value")?
            .as_ref()
            .is_some_and(beyond)
        {
            return Err(self.fault("base_value", "a share of 100 % at most"));
        }
        let base = match (self.cell("base_run"), self.not_negative("base_value")?) {
            ("", Some(value)) => Base::Value(value),
            ("", None) => return Err(self.fault("base_run", "a run, or a base_value")),
            (_, Some(_)) => return Err(self.fault("base_value", "nothing beside a base_run")),
            (run, None) => Base::Run(self.cell("base_out").to_owned(), run.to_owned()),
        };
        let restated = match (self.cell("restated_run"), &base) {
            ("", _) => None,
            (_, Base::Value(_)) => return Err(self.fault("restated_run", "a base_run beside it")),
            (run, Base::Run(..)) => Some((self.cell("restated_out").to_owned(), run.to_owned())),
        };
        let base_year = self.year("base_year")?;
        let (cited, shape) = self.shape(metric, base_year)?;
        Ok(Target {
            id: self.must("target")?,
            metric,
            base_year,
            base,
            restated,
            structural: self.number("structural_change")?.unwrap_or_default(),
            threshold: self
                .not_negative("threshold_percent")?
                .unwrap_or_else(|| Exact::whole(5)),
            uncertainty: self.not_negative("uncertainty_percent")?,
            curve: self.must("curve")?,
            cited,
            shape,
        })
    }

    fn shape(&self, metric: Metric, base_year: i32) -> Result<(Option<&'static Cited>, Shape)> {
        let code = self.must("curve")?;
        if let Some(cited) = CITED.iter().find(|cited| cited.code == code) {
            if cited.metric != metric {
                let wanted = format!("{}, which {code} is of", cited.metric.code());
                return Err(self.fault("metric", &wanted));
            }
            if let Some(year) = cited.base_year.filter(|year| *year != base_year) {
                let wanted = format!("{year}, the base of {code}");
                return Err(self.fault("base_year", &wanted));
            }
            return Ok((Some(cited), self.cited(cited, base_year)?));
        }
        let shape = match code.as_str() {
            "linear" | "tabulated" => {
                let points = self.points("points", true)?;
                if code == "linear" && points.len() != 1 {
                    return Err(self.fault("points", "one point, or the curve tabulated"));
                }
                if points
                    .iter()
                    .any(|p| !p.is_share && is_beyond(metric, &p.value))
                {
                    return Err(self.fault("points", "shares of 100 % at most"));
                }
                if points[0].year <= base_year {
                    return Err(self.fault("points", "years after the base year"));
                }
                Shape::Through(points)
            }
            "convergence" => {
                if !metric.is_intensity() {
                    return Err(self.fault("metric", "g/t.km or kg/TEU, which converge"));
                }
                let plain = |points: Vec<Point>| points.into_iter().map(|p| (p.year, p.value));
                let intensity = plain(self.points("points", false)?).collect();
                let activity = match self.cell("sector_activity") {
                    "" => None,
                    _ => Some(plain(self.points("sector_activity", false)?).collect()),
                };
                Shape::Convergence(intensity, activity)
            }
            _ => {
                let cited = CITED.map(|cited| cited.code).join(", ");
                let wanted = format!("linear, tabulated, convergence, {cited}");
                return Err(self.fault("curve", &wanted));
            }
        };
        Ok((None, shape))
    }

    fn cited(&self, cited: &Cited, base_year: i32) -> Result<Shape> {
        if cited.points.is_empty() {
            let until = self.year("until")?;
            return match until > base_year {
                true => Ok(Shape::Contraction(Exact::ratio(cited.yearly, 1000), until)),
                false => Err(self.fault("until", "a year after the base year")),
            };
        }
        let point = |(year, per_mille): &(i32, i128)| Point {
            year: *year,
            value: Exact::ratio(*per_mille, 1000),
            is_share: true,
        };
        Ok(Shape::Through(cited.points.iter().map(point).collect()))
    }
}

/// Whether a value of a metric is a share of more than all.
fn is_beyond(metric: Metric, value: &Exact) -> bool {
    metric == Metric::RailAndWater && value.compared(&Exact::whole(100)) == Ordering::Greater
}

fn year_of(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    (1990..=2100).contains(&year).then_some(year)
}

fn exact(text: &str) -> Option<Exact> {
    Some(Exact::scaled(parse_decimal(text, SCALE)?, SCALE))
}
