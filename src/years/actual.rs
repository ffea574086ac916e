//! What a run comes to in each calendar year, as the metrics of a target need it. A shipment counts in the year of its period.

use crate::error::Result;
use crate::exact::Exact;
use crate::model::mode::Mode;
use crate::model::time::civil;
use crate::store::signal::Interrupt;
use crate::years::period::{Line, Opened, Places};
use std::collections::{BTreeMap, BTreeSet};

/// A figure that a target can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Emissions, kg.
    Kilograms,
    /// Grams per t.km, hubs in the numerator.
    PerTonneKilometre,
    /// Kilograms per TEU of shipments.
    PerTeu,
    /// Percent of the t.km that go by rail, sea or inland waterway: more is better.
    RailAndWater,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 4] = [
        Metric::Kilograms,
        Metric::PerTonneKilometre,
        Metric::PerTeu,
        Metric::RailAndWater,
    ];

    /// Its word in `targets.csv`.
    pub fn code(self) -> &'static str {
        match self {
            Metric::Kilograms => "kg",
            Metric::PerTonneKilometre => "g/t.km",
            Metric::PerTeu => "kg/TEU",
            Metric::RailAndWater => "share of rail and water",
        }
    }

    /// Its unit.
    pub fn unit(self) -> &'static str {
        match self {
            Metric::Kilograms | Metric::PerTonneKilometre | Metric::PerTeu => self.code(),
            Metric::RailAndWater => "%",
        }
    }

    /// Whether more is better.
    pub(super) fn rises(self) -> bool {
        self == Metric::RailAndWater
    }

    /// Whether it can converge to that of a sector.
    pub(super) fn is_intensity(self) -> bool {
        matches!(self, Metric::PerTonneKilometre | Metric::PerTeu)
    }
}

/// Sums of a calendar year.
#[derive(Clone, Debug, Default)]
pub(super) struct Year {
    pub ghg: i128,
    /// 10^-9 t.km.
    pub activity: i128,
    pub by_rail_and_water: i128,
    /// Millionths.
    pub teu: i128,
    pub months: BTreeSet<u32>,
    pub bases: BTreeSet<&'static str>,
    /// Rows of its run that are rejected, and all of them.
    pub rejected: u64,
    pub rows: u64,
}

impl Year {
    /// The metric; `None` where nothing was moved that it is measured by.
    pub(super) fn value(&self, metric: Metric) -> Option<Exact> {
        let over = |n: i128, d: i128| (d > 0).then(|| Exact::whole(n).times(&Exact::ratio(1, d)));
        match metric {
            Metric::Kilograms => over(self.ghg, 1_000_000_000),
            // Micrograms of kilograms are 10^-6 g, activity is 10^-9 t.km.
            Metric::PerTonneKilometre => over(self.ghg * 1_000, self.activity),
            Metric::PerTeu => over(self.ghg, self.teu).map(|e| e.times(&Exact::ratio(1, 1_000))),
            Metric::RailAndWater => over(self.by_rail_and_water * 100, self.activity),
        }
    }

    /// What an intensity is divided by.
    pub(super) fn measure(&self, metric: Metric) -> i128 {
        match metric {
            Metric::PerTeu => self.teu,
            Metric::Kilograms | Metric::PerTonneKilometre | Metric::RailAndWater => self.activity,
        }
    }
}

/// The years of a run.
pub(super) fn by_year(run: &Opened, interrupt: &Interrupt) -> Result<BTreeMap<i32, Year>> {
    let mut places = Places::new(run);
    let mut found: BTreeMap<i32, Year> = BTreeMap::new();
    let mut last = String::new();
    for line in run.lines::<Line>(interrupt)? {
        let line = line?;
        let head = places.head(&line.shipment_id)?;
        let (year, month, _) = civil(head.period);
        let own = found.entry(year).or_default();
        if line.shipment_id != last {
            own.teu += head.teu;
            own.months.insert(month);
            last.clone_from(&line.shipment_id);
        }
        own.ghg += i128::from(line.ghg);
        let activity = i128::from(line.activity);
        match line.mode {
            Mode::Hub => continue,
            Mode::Rail | Mode::Sea | Mode::InlandWaterway => own.by_rail_and_water += activity,
            Mode::Road | Mode::Air => {}
        }
        own.activity += activity;
        own.bases.insert(line.activity_basis.code());
    }
    Ok(found)
}
