//! The records of a factor library: sources, operations, emission factors. Data only; no rule lives here.

use crate::model::element::FactorIndex;
use crate::model::mode::{Basis, DataCategory, EnergyUnit, Mode, Per, Temperature};
use crate::model::movement::OperationIndex;
use crate::model::quantity::Intensity;
use crate::model::time::Day;
use std::sync::Arc;

/// A text that many rows share.
pub type Text = Arc<str>;

/// Which global warming potentials a figure was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GwpSet {
    /// IPCC fourth assessment report.
    Ar4,
    /// IPCC fifth assessment report.
    Ar5,
    /// IPCC sixth assessment report.
    Ar6,
    /// Carbon dioxide only.
    Co2,
    /// The source does not say.
    Unstated,
}

impl GwpSet {
    /// Every set.
    pub const ALL: [GwpSet; 5] = [
        GwpSet::Ar4,
        GwpSet::Ar5,
        GwpSet::Ar6,
        GwpSet::Co2,
        GwpSet::Unstated,
    ];

    /// The code word used in files.
    pub const fn code(self) -> &'static str {
        match self {
            GwpSet::Ar4 => "AR4",
            GwpSet::Ar5 => "AR5",
            GwpSet::Ar6 => "AR6",
            GwpSet::Co2 => "CO2",
            GwpSet::Unstated => "unstated",
        }
    }

    /// The set with exactly this code word.
    pub fn from_code(code: &str) -> Option<GwpSet> {
        GwpSet::ALL.into_iter().find(|g| g.code() == code)
    }

    /// Whether factors of this set are flagged Q19.
    pub const fn is_weak(self) -> bool {
        matches!(self, GwpSet::Co2 | GwpSet::Unstated)
    }
}

/// An edition of a source: a row of `sources.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Source, e.g. `desnz`.
    pub source: Text,
    /// Edition, e.g. `2025`.
    pub edition: Text,
    /// `source/edition`, the folder.
    pub folder: Text,
    /// Title.
    pub title: Text,
    /// Publisher.
    pub publisher: Text,
    /// Publication date, if known.
    pub published_on: Option<Day>,
    /// Address.
    pub url: Text,
    /// Licence.
    pub licence: Text,
    /// Whether the licence allows redistribution.
    pub redistributable: bool,
    /// GWP set of rows that state none.
    pub gwp_set: GwpSet,
    /// Line in `sources.csv`.
    pub line: u64,
}

/// An operation category (TOC or HOC): a row of `operations.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Code, `mode.class`.
    pub code: Text,
    /// Mode; `Hub` is kind `hub`.
    pub mode: Mode,
    /// Usual energy carrier; empty: none.
    pub energy_carrier: Text,
    /// Title.
    pub title: Text,
    /// Description.
    pub description: Text,
    /// Line in `operations.csv`.
    pub line: u64,
}

/// Table that a factor stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `transport.csv`.
    Transport,
    /// `hub.csv`.
    Hub,
    /// `energy.csv`.
    Energy,
}

impl Section {
    /// File name of the table.
    pub const fn file_name(self) -> &'static str {
        match self {
            Section::Transport => "transport.csv",
            Section::Hub => "hub.csv",
            Section::Energy => "energy.csv",
        }
    }
}

/// How a composed factor was made: energy per unit of activity x an energy row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The energy row in the same set.
    pub energy: FactorIndex,
    /// Energy per unit of activity, 10^-12 of `unit`.
    pub quantity: i64,
    /// Unit of the quantity.
    pub unit: EnergyUnit,
    /// Region that the transport or hub row names.
    pub row_region: Text,
    /// Region that the energy row names.
    pub energy_region: Text,
    /// GWP set of the energy row.
    pub energy_gwp_set: GwpSet,
}

/// A factor ready for use: an intensity with scope, validity and provenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmissionFactor {
    /// `source/edition:factor_id`, for a composed one followed by `@source/edition:energy_id`.
    pub id: Text,
    /// Table of the row (of the transport or hub row, if composed).
    pub section: Section,
    /// Operation; `None` for energy rows.
    pub operation: Option<OperationIndex>,
    /// Energy carrier; empty: not stated.
    pub energy_carrier: Text,
    /// Region as written (of a composed factor, the contained one).
    pub region: Text,
    /// Carrier that the figure belongs to; empty: any.
    pub carrier: Text,
    /// Temperature class; `Absent` for energy rows.
    pub temperature: Temperature,
    /// Unit of the intensities.
    pub per: Per,
    /// Its intensity.
    pub intensity: Intensity,
    /// Basis of the distance the figure is multiplied with; `Absent` for hubs and energy rows.
    pub distance_basis: Basis,
    /// Load factor inside the figure, millionths.
    pub load_factor: Option<i64>,
    /// Share of empty running inside the figure, millionths.
    pub empty_share: Option<i64>,
    /// First day of validity.
    pub valid_from: Day,
    /// First day after validity; [`crate::model::time::NO_END`]: until further notice.
    pub valid_to: Day,
    /// First day of the period that a carrier's figure was measured in, and the first day after it.
    pub reference: Option<(Day, Day)>,
    /// Whether the distance basis was assumed, because the carrier's document does not state it.
    pub basis_assumed: bool,
    /// Data category; energy rows: primary, since they only serve primary data on their own.
    pub data_category: DataCategory,
    /// GWP set of the row (the energy row's stands in `composed`).
    pub gwp_set: GwpSet,
    /// Licence.
    pub licence: Text,
    /// Table and cell in the source.
    pub source_ref: Text,
    /// Why this distance basis.
    pub basis_note: Text,
    /// Note.
    pub note: Text,
    /// Index into the set's sources.
    pub source: u32,
    /// File label.
    pub file: Text,
    /// Line in the file.
    pub line: u64,
    /// How it was composed, if it was.
    pub composed: Option<Composed>,
}

impl EmissionFactor {
    /// The GWP set behind its emissions: of a composed factor that of the energy row, since the other row only has an amount of
    /// energy.
    pub fn emissions_gwp_set(&self) -> GwpSet {
        let energy = self.composed.as_ref();
        energy.map_or(self.gwp_set, |composed| composed.energy_gwp_set)
    }
}
