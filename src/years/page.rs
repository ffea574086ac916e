//! Year over year and targets as pages: a waterfall of the drivers, the way of each target beside what was required.

use crate::exact::{Exact, Rounding};
use crate::model::time::date_text;
use crate::model::unit::{NANO_SCALE, decimal_text, grouped};
use crate::present::form::{
    Bar, Bars, BarsForm, Lines, Part, Report, Section, Series, Table, Tile, still_page,
};
use crate::years::track::{Figure, Tracked};
use crate::years::{Cause, Period, Years};

/// Decimals of a point of a chart.
const POINT: i128 = 1_000_000;

fn kg(micrograms: i128) -> String {
    decimal_text(micrograms, NANO_SCALE)
}

/// A bar from 0, or one that begins where the one before it ended.
fn bar(label: &str, from: i128, amount: i128, is_whole: bool) -> Bar {
    let class = match is_whole {
        true => "default",
        false if amount < 0 => "decrease",
        false => "increase",
    };
    Bar {
        label: label.to_owned(),
        value: kg(amount),
        // A decrease is drawn from where it ends.
        from: from.min(from + amount),
        parts: vec![(class, amount.abs())],
        ..Bar::default()
    }
}

/// From the base as published to the new period.
fn waterfall(years: &Years) -> Bars {
    let mut rows = vec![bar("base as published", 0, years.base.total, true)];
    let mut at = years.base.total;
    let mut step = |rows: &mut Vec<Bar>, label: &str, amount: i128| {
        if amount != 0 {
            rows.push(bar(label, at, amount, false));
            at += amount;
        }
    };
    if let Some((restated, restatement)) = &years.restated {
        for (cause, part) in Cause::ALL.into_iter().zip(restatement.causes) {
            let label = format!("restatement: {}", cause.code().replace('_', " "));
            step(&mut rows, &label, part);
        }
        rows.push(bar("base restated", 0, restated.total, true));
    }
    let parts = &years.parts;
    for (label, part) in [
        ("activity", parts.activity),
        ("mode mix", parts.mix),
        ("intensity", parts.intensity),
        ("without activity", parts.unsplit),
    ] {
        step(&mut rows, label, part);
    }
    rows.push(bar("new period", 0, years.new.total, true));
    Bars {
        title: "What the difference is made of".to_owned(),
        unit: "kg CO2e",
        form: BarsForm::Waterfall,
        rows,
        key: vec![("increase", "more"), ("decrease", "less")],
        note: "The parts add up to the difference exactly.".to_owned(),
    }
}

fn days(period: &Period) -> String {
    match period.days {
        Some((first, last)) => format!("{} to {}", date_text(first), date_text(last)),
        None => "without a departure".to_owned(),
    }
}

/// The page of a comparison.
pub(super) fn years_page(years: &Years) -> String {
    let tile = |name, period: &Period| Tile {
        name,
        value: kg(period.total),
        unit: "kg CO2e",
        note: format!("run {}, {}", period.run_id, days(period)),
    };
    let mut tiles = vec![tile("Base as published", &years.base)];
    if let Some((restated, _)) = &years.restated {
        tiles.push(tile("Base restated", restated));
    }
    tiles.push(tile("New period", &years.new));
    let mut table = Table::new(
        "By corridor and mode",
        &[
            "corridor",
            "load status",
            "basis",
            "mode",
            ">kg CO2e before",
            ">activity",
            ">mode mix",
            ">intensity",
            ">without activity",
            ">kg CO2e after",
            ">of which factor year",
        ],
    );
    for row in &years.rows {
        let (group, parts) = (&row.group, &row.parts);
        let words = [
            &group.corridor,
            group.load_status,
            group.activity_basis,
            row.mode,
        ];
        let figures = [
            row.before.ghg,
            parts.activity,
            parts.mix,
            parts.intensity,
            parts.unsplit,
            row.after.ghg,
            parts.factor_year,
        ];
        let words = words.map(|word| word.replace('_', " ")).into_iter();
        table.row(words.chain(figures.map(kg)));
    }
    let mut parts = vec![Part::Bars(waterfall(years)), Part::Table(table)];
    if !years.notes.is_empty() {
        parts.push(Part::List(years.notes.clone()));
    }
    still_page(&Report {
        title: "Year over year".to_owned(),
        subtitle: format!("{} against {}", days(&years.new), days(years.from())),
        run_id: years.new.run_id.clone(),
        tiles,
        sections: vec![Section {
            id: "totals",
            title: "Drivers",
            parts,
        }],
        ..Report::default()
    })
}

impl Figure {
    fn point(&self) -> Option<i128> {
        let scaled = self.0.times(&Exact::whole(POINT));
        // A chart begins at 0.
        scaled
            .rounded(Rounding::HalfEven)
            .filter(|point| *point >= 0)
    }
}

/// Actual values beside those that were required, from the base to the end of the curve.
fn lines(target: &Tracked) -> Lines {
    let ends = target.years.iter().map(|year| year.year);
    let ends = ends.chain(target.way.iter().map(|(year, _)| *year));
    let last = ends.max().unwrap_or(target.base_year);
    let years: Vec<i32> = (target.base_year..=last).collect();
    let series = |name: &str, of: &dyn Fn(i32) -> Option<Figure>| {
        let found: Vec<Option<Figure>> = years.iter().map(|year| of(*year)).collect();
        Series {
            name: name.to_owned(),
            points: found.iter().map(|f| f.as_ref()?.point()).collect(),
            values: found
                .iter()
                .map(|f| f.as_ref().map_or(String::new(), |f| f.rounded(3)))
                .collect(),
        }
    };
    let year_of = |year: i32| target.years.iter().find(|one| one.year == year);
    let base = |year: i32| (year == target.base_year).then(|| target.base.clone());
    let actual = |year: i32| base(year).or_else(|| Some(year_of(year)?.actual.clone()));
    let required = |year: i32| {
        let on_the_way = target.way.iter().find(|(at, _)| *at == year);
        base(year)
            .or_else(|| year_of(year)?.required.clone())
            .or_else(|| on_the_way.map(|(_, required)| required.clone()))
    };
    let forecast = |year: i32| {
        let (until, value, _) = target.forecast.as_ref()?;
        (*until == year).then(|| value.clone())
    };
    let mut all = vec![series("actual", &actual), series("required", &required)];
    if target.forecast.is_some() {
        all.push(series("forecast, a straight line", &forecast));
    }
    Lines {
        title: target.target.clone(),
        unit: target.metric.unit(),
        months: years.iter().map(i32::to_string).collect(),
        series: all,
        note: "Years without a figure are gaps.".to_owned(),
    }
}

fn part(target: &Tracked) -> Part {
    let text = |figure: &Option<Figure>| figure.as_ref().map_or(String::new(), |f| f.rounded(3));
    let mut table = Table::new(
        "By year",
        &[
            "year",
            ">months",
            ">actual",
            ">required",
            ">gap",
            ">required, base today",
        ],
    );
    for year in &target.years {
        table.row([
            year.year.to_string(),
            year.months.to_string(),
            year.actual.rounded(3),
            text(&year.required),
            text(&year.gap),
            text(&year.required_today),
        ]);
    }
    let mut facts = vec![
        format!("Verdict: {}", target.verdict.text()),
        format!("Curve: {}", target.cited.unwrap_or(&target.curve)),
        format!(
            "Base {}: {} {}",
            target.base_year,
            grouped(&target.base.rounded(3)),
            target.metric.unit()
        ),
    ];
    if let Some(today) = &target.base_today {
        let unit = target.metric.unit();
        facts.push(format!("Base today: {} {unit}", grouped(&today.rounded(3))));
    }
    facts.extend(target.reasons.iter().cloned());
    let name = target.target.clone();
    Part::Details {
        summary: format!("{name}: {}", target.verdict.text()),
        value: String::new(),
        unit: "",
        is_open: true,
        parts: vec![
            Part::List(facts),
            Part::Lines(lines(target)),
            Part::Table(table),
        ],
    }
}

/// The page of tracked targets.
pub fn targets_page(targets: &[Tracked]) -> String {
    still_page(&Report {
        title: "Targets".to_owned(),
        subtitle:
            "What was required, what came of it; a forecast is a straight line and no promise"
                .to_owned(),
        sections: vec![Section {
            id: "totals",
            title: "Targets",
            parts: targets.iter().map(part).collect(),
        }],
        ..Report::default()
    })
}
