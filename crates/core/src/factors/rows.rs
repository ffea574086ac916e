//! The rows of `transport.csv`, `hub.csv` and `energy.csv`.

use super::factor::{EmissionFactor, GwpSet, Section, Text};
use super::fault::{DataFile, Faults};
use super::library::{GWP_SETS, Library, LibraryRow, Texts};
use super::region::RegionName;
use super::table::{self, Row, layout};
use crate::model::element::NOT_STATED;
use crate::model::index::index16;
use crate::model::index::index32;
use crate::model::mode::{Basis, DataCategory, EnergyUnit, Mode, Per, Temperature};
use crate::model::quantity::Intensity;
use crate::model::symbol::Symbols;
use crate::model::time::Day;
use crate::model::unit::{DECIMAL18_MAX, NANO_SCALE, ONE, SHARE_SCALE};
use rustc_hash::FxHashMap;

/// Decimals of an energy quantity per unit of activity.
pub const QUANTITY_SCALE: u32 = 12;

layout! {
    /// Columns of `transport.csv`.
    Transport {
        FactorId = "factor_id" must, Operation = "operation" must, EnergyCarrier = "energy_carrier", Region = "region" must, Carrier = "carrier",
        Temperature = "temperature" must, Per = "per" must, OperationG = "operation_g", ProvisionG = "provision_g",
        BiogenicG = "biogenic_co2_g", EnergyQuantity = "energy_quantity", EnergyUnit = "energy_unit", DistanceBasis = "distance_basis" must, LoadFactor = "load_factor",
        EmptyShare = "empty_share", ValidFrom = "valid_from" must, ValidTo = "valid_to", DataCategory = "data_category" must,
        GwpSet = "gwp_set", Licence = "licence", SourceRef = "source_ref", BasisNote = "basis_note", Note = "note",
        ReferenceFrom = "reference_from", ReferenceTo = "reference_to", BasisAssumed = "basis_assumed",
    }
}

layout! {
    /// Columns of `hub.csv`.
    Hub {
        FactorId = "factor_id" must, Operation = "operation" must, EnergyCarrier = "energy_carrier", Region = "region" must, Carrier = "carrier",
        Temperature = "temperature" must, Per = "per" must, OperationG = "operation_g", ProvisionG = "provision_g",
        BiogenicG = "biogenic_co2_g", EnergyQuantity = "energy_quantity", EnergyUnit = "energy_unit", ValidFrom = "valid_from" must, ValidTo = "valid_to",
        DataCategory = "data_category" must, GwpSet = "gwp_set", Licence = "licence", SourceRef = "source_ref", Note = "note",
        ReferenceFrom = "reference_from", ReferenceTo = "reference_to",
    }
}

layout! {
    /// Columns of `energy.csv`.
    Energy {
        EnergyId = "energy_id" must, EnergyCarrier = "energy_carrier" must, Region = "region" must, Per = "per" must, OperationG = "operation_g" must,
        ProvisionG = "provision_g" must, BiogenicG = "biogenic_co2_g", ValidFrom = "valid_from" must, ValidTo = "valid_to", GwpSet = "gwp_set", Licence = "licence",
        SourceRef = "source_ref", Note = "note",
    }
}

/// Columns of a table.
pub(super) fn layout(section: Section) -> &'static [table::Column] {
    match section {
        Section::Transport => Transport::LAYOUT,
        Section::Hub => Hub::LAYOUT,
        Section::Energy => Energy::LAYOUT,
    }
}

/// Which columns of a table hold what; `usize::MAX` where it has no such column.
struct Places {
    id: usize,
    region: usize,
    energy_carrier: usize,
    per: usize,
    operation_g: usize,
    provision_g: usize,
    biogenic_g: usize,
    valid: (usize, usize),
    gwp_set: usize,
    licence: usize,
    source_ref: usize,
    note: usize,
}

/// Only what the three tables share; the rest is read by its own column name.
macro_rules! places {
    ($table:ident, $id:ident) => {
        Places {
            id: $table::$id as usize,
            region: $table::Region as usize,
            energy_carrier: $table::EnergyCarrier as usize,
            per: $table::Per as usize,
            operation_g: $table::OperationG as usize,
            provision_g: $table::ProvisionG as usize,
            biogenic_g: $table::BiogenicG as usize,
            valid: ($table::ValidFrom as usize, $table::ValidTo as usize),
            gwp_set: $table::GwpSet as usize,
            licence: $table::Licence as usize,
            source_ref: $table::SourceRef as usize,
            note: $table::Note as usize,
        }
    };
}

/// What all rows of a file share.
struct Table {
    section: Section,
    source: u32,
    file: Text,
    places: Places,
}

/// Reads tables into a library, row by row.
pub(super) struct Reader<'l> {
    folders: FxHashMap<Text, u32>,
    operations: FxHashMap<Text, (u16, Mode)>,
    defaults: Vec<(GwpSet, Text)>,
    regions: FxHashMap<Text, u32>,
    region_names: FxHashMap<RegionName, u32>,
    ids: FxHashMap<Text, (Text, u64)>,
    id: String,
    rows: &'l mut Vec<LibraryRow>,
    region_list: &'l mut Vec<RegionName>,
    symbols: &'l mut Symbols,
    texts: &'l mut Texts,
    none: Text,
}

impl<'l> Reader<'l> {
    /// A reader that appends to the library's rows.
    pub(super) fn new(library: &'l mut Library, texts: &'l mut Texts) -> Reader<'l> {
        Reader {
            folders: library
                .sources
                .iter()
                .enumerate()
                .map(|(i, s)| (s.folder.clone(), index32(i)))
                .collect(),
            operations: library
                .operations
                .iter()
                .enumerate()
                .map(|(i, o)| (o.code.clone(), (index16(i), o.mode)))
                .collect(),
            defaults: library
                .sources
                .iter()
                .map(|s| (s.gwp_set, s.licence.clone()))
                .collect(),
            regions: FxHashMap::default(),
            region_names: FxHashMap::default(),
            ids: FxHashMap::default(),
            id: String::new(),
            rows: &mut library.rows,
            region_list: &mut library.regions,
            symbols: &mut library.symbols,
            none: texts.share(""),
            texts,
        }
    }

    /// Index of the edition in this folder.
    pub(super) fn source(&self, folder: &str) -> Option<u32> {
        self.folders.get(folder).copied()
    }

    /// Reads a table of an edition.
    pub(super) fn read(
        &mut self,
        file: &DataFile,
        section: Section,
        source: u32,
        faults: &mut Faults,
    ) {
        let places = match section {
            Section::Transport => places!(Transport, FactorId),
            Section::Hub => places!(Hub, FactorId),
            Section::Energy => places!(Energy, EnergyId),
        };
        let folder = file
            .path
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let table = Table {
            section,
            source,
            file: self.texts.share(&file.path),
            places,
        };
        let lines = memchr::memchr_iter(b'\n', &file.bytes).count();
        self.rows.reserve(lines);
        self.ids.reserve(lines);
        table::read(file, layout(section), faults, |row| {
            self.id.clear();
            self.id.push_str(&folder);
            self.id.push(':');
            self.id.push_str(row.text(table.places.id));
            let factor = self.common(row, &table);
            let Some(mut factor) = factor else {
                return self.rest_for_faults(row, &table);
            };
            let energy = match section {
                Section::Transport => self.transport(row, &mut factor),
                Section::Hub => self.hub(row, &mut factor),
                Section::Energy => None,
            };
            if !row.failed {
                self.push(factor, energy);
            }
        });
    }

    fn push(&mut self, factor: EmissionFactor, energy: Option<(i64, EnergyUnit)>) {
        let region = self.regions[&factor.region];
        let carrier = self.symbols.intern(&factor.carrier);
        let energy_carrier = self.symbols.intern(&factor.energy_carrier);
        self.rows.push(LibraryRow {
            factor,
            energy,
            region,
            carrier,
            energy_carrier,
        });
    }

    /// A row that failed already is read on, so that its other faults are reported too.
    fn rest_for_faults(&mut self, row: &mut Row, table: &Table) {
        match table.section {
            Section::Transport => drop(self.transport(row, &mut self.blank(table, row.line))),
            Section::Hub => drop(self.hub(row, &mut self.blank(table, row.line))),
            Section::Energy => {}
        }
    }

    /// A text that hardly two rows share; looking for a copy would cost more than it saves.
    fn own(&self, text: &str) -> Text {
        if text.is_empty() {
            self.none.clone()
        } else {
            text.into()
        }
    }

    fn blank(&self, table: &Table, line: u64) -> EmissionFactor {
        EmissionFactor {
            id: self.none.clone(),
            section: table.section,
            operation: None,
            energy_carrier: self.none.clone(),
            region: self.none.clone(),
            carrier: self.none.clone(),
            temperature: Temperature::Absent,
            per: Per::Tkm,
            intensity: Intensity::default(),
            distance_basis: Basis::Absent,
            load_factor: None,
            empty_share: None,
            valid_from: 0,
            valid_to: 0,
            reference: None,
            basis_assumed: false,
            data_category: DataCategory::Primary,
            gwp_set: GwpSet::Unstated,
            licence: self.none.clone(),
            source_ref: self.none.clone(),
            basis_note: self.none.clone(),
            note: self.none.clone(),
            source: table.source,
            file: table.file.clone(),
            line,
            composed: None,
        }
    }

    /// What the three tables share; `None` when an error was found in it.
    fn common(&mut self, row: &mut Row, table: &Table) -> Option<EmissionFactor> {
        let at = &table.places;
        let id = self.identify(row, table);
        self.region(row, at.region);
        let (pers, wanted): (&[Per], _) = match table.section {
            Section::Transport => (&[Per::Tkm, Per::TeuKm], "tkm or teukm"),
            Section::Hub => (&[Per::T, Per::Teu, Per::Container], "t, teu or container"),
            Section::Energy => (
                &[Per::Kg, Per::Litre, Per::KWh, Per::Mj],
                "kg, l, kWh or MJ",
            ),
        };
        let per = row.value(
            at.per,
            |t| pers.iter().copied().find(|p| p.code() == t),
            wanted,
        );
        let valid = row.interval(at.valid.0, at.valid.1);
        let gwp_set = row.value(at.gwp_set, GwpSet::from_code, GWP_SETS);
        let wanted = "grams CO2e as digits with at most 9 decimals, not negative, below 10^9";
        let operation = row.decimal(at.operation_g, NANO_SCALE, 0..=DECIMAL18_MAX, wanted);
        let provision = row.decimal(at.provision_g, NANO_SCALE, 0..=DECIMAL18_MAX, wanted);
        let wanted = "grams CO2 as digits with at most 9 decimals, not negative, below 10^9; empty: not stated";
        let biogenic = row.decimal(at.biogenic_g, NANO_SCALE, 0..=DECIMAL18_MAX, wanted);
        if row.text(at.source_ref).is_empty() {
            row.warning(at.source_ref, "expected the table and cell of the source");
        }
        let (Some(id), Some(per), Some((valid_from, valid_to)), false) =
            (id, per, valid, row.failed)
        else {
            return None;
        };
        let (default_gwp_set, default_licence) = &self.defaults[table.source as usize];
        let licence = row.text(at.licence);
        Some(EmissionFactor {
            id,
            energy_carrier: self.texts.share(row.text(at.energy_carrier)),
            region: self.texts.share(row.text(at.region)),
            per,
            intensity: Intensity {
                operation: operation.unwrap_or(0),
                provision: provision.unwrap_or(0),
                biogenic: biogenic.unwrap_or(NOT_STATED),
            },
            valid_from,
            valid_to,
            gwp_set: gwp_set.unwrap_or(*default_gwp_set),
            licence: if licence.is_empty() {
                default_licence.clone()
            } else {
                self.texts.share(licence)
            },
            source_ref: self.own(row.text(at.source_ref)),
            note: self.own(row.text(at.note)),
            ..self.blank(table, row.line)
        })
    }

    /// Ids are unique within an edition over its three tables, because the full name does not say the table.
    fn identify(&mut self, row: &mut Row, table: &Table) -> Option<Text> {
        let at = table.places.id;
        let local = row.text(at);
        if local.is_empty() {
            return None;
        }
        if local.contains(['@', ':']) || local.chars().any(char::is_control) {
            row.error(at, "expected an id without @, : and control characters");
            return None;
        }
        let id = Text::from(self.id.as_str());
        match self.ids.get(&id) {
            Some((file, line)) => row.error(
                at,
                format!("expected each id once in an edition; it stands in {file}:{line} already"),
            ),
            None => drop(self.ids.insert(id.clone(), (table.file.clone(), row.line))),
        }
        Some(id)
    }

    fn region(&mut self, row: &mut Row, at: usize) {
        let text = row.text(at);
        if text.is_empty() || self.regions.contains_key(text) {
            return;
        }
        let Some(name) = row.value(
            at,
            RegionName::parse,
            "GLOBAL, a zone, a country, or a lane A>B or A<>B of these",
        ) else {
            return;
        };
        let next = index32(self.region_list.len());
        let index = *self.region_names.entry(name.clone()).or_insert(next);
        if index == next {
            self.region_list.push(name);
        }
        self.regions.insert(self.texts.share(text), index);
    }

    fn transport(
        &mut self,
        row: &mut Row,
        factor: &mut EmissionFactor,
    ) -> Option<(i64, EnergyUnit)> {
        use Transport as C;
        self.operation(row, C::Operation as usize, factor);
        factor.carrier = self.texts.share(row.text(C::Carrier));
        factor.temperature = row
            .value(
                C::Temperature,
                exact(Temperature::ALL, |t| t.code()),
                "ambient or refrigerated",
            )
            .unwrap_or_default();
        factor.distance_basis = row
            .value(
                C::DistanceBasis,
                exact(Basis::ALL, |b| b.code()),
                "sfd, gcd or actual",
            )
            .unwrap_or_default();
        factor.load_factor = row.decimal(
            C::LoadFactor,
            SHARE_SCALE,
            0..=ONE,
            "a share 0..1 with at most 6 decimals",
        );
        factor.empty_share = row.decimal(
            C::EmptyShare,
            SHARE_SCALE,
            0..=ONE,
            "a share 0..1 with at most 6 decimals",
        );
        factor.data_category = data_category(row, C::DataCategory as usize);
        factor.reference = reference(row, C::ReferenceFrom as usize, C::ReferenceTo as usize);
        factor.basis_assumed = row.yes_no(C::BasisAssumed) == Some(true);
        factor.basis_note = self.texts.share(row.text(C::BasisNote));
        figure(
            row,
            [
                C::OperationG,
                C::ProvisionG,
                C::BiogenicG,
                C::EnergyQuantity,
                C::EnergyUnit,
                C::EnergyCarrier,
            ]
            .map(|c| c as usize),
        )
    }

    fn hub(&mut self, row: &mut Row, factor: &mut EmissionFactor) -> Option<(i64, EnergyUnit)> {
        use Hub as C;
        self.operation(row, C::Operation as usize, factor);
        factor.carrier = self.texts.share(row.text(C::Carrier));
        factor.temperature = row
            .value(
                C::Temperature,
                exact(Temperature::ALL, |t| t.code()),
                "ambient or refrigerated",
            )
            .unwrap_or_default();
        factor.data_category = data_category(row, C::DataCategory as usize);
        factor.reference = reference(row, C::ReferenceFrom as usize, C::ReferenceTo as usize);
        figure(
            row,
            [
                C::OperationG,
                C::ProvisionG,
                C::BiogenicG,
                C::EnergyQuantity,
                C::EnergyUnit,
                C::EnergyCarrier,
            ]
            .map(|c| c as usize),
        )
    }

    fn operation(&mut self, row: &mut Row, at: usize, factor: &mut EmissionFactor) {
        let code = row.text(at);
        if code.is_empty() {
            return;
        }
        match self.operations.get(code) {
            None => row.error(at, "expected an operation of operations.csv"),
            Some((_, mode)) if (*mode == Mode::Hub) != (factor.section == Section::Hub) => row
                .error(
                    at,
                    format!(
                        "expected a {} operation",
                        if factor.section == Section::Hub {
                            "hub"
                        } else {
                            "transport"
                        }
                    ),
                ),
            Some((index, _)) => factor.operation = Some(*index),
        }
    }
}

/// Either both intensities, or energy with its unit and carrier; never half of one, never both.
fn figure(
    row: &mut Row,
    [operation, provision, biogenic, quantity, unit, carrier]: [usize; 6],
) -> Option<(i64, EnergyUnit)> {
    let energy_unit = row.value(
        unit,
        exact(EnergyUnit::ALL, |u| u.code()),
        "kg, l, kWh or MJ",
    );
    let wanted =
        "energy per unit of activity as digits with at most 12 decimals, above 0, below 10^6";
    let energy = row.decimal(quantity, QUANTITY_SCALE, 1..=DECIMAL18_MAX, wanted);
    let direct = [operation, provision]
        .into_iter()
        .any(|c| !row.text(c).is_empty());
    let by_energy = [quantity, unit]
        .into_iter()
        .any(|c| !row.text(c).is_empty());
    match (direct, by_energy) {
        (true, true) => row.error(
            quantity,
            "expected operation_g and provision_g, or energy_quantity and energy_unit, not both",
        ),
        (false, false) => row.error(
            operation,
            "expected operation_g and provision_g, or energy_quantity and energy_unit",
        ),
        (true, false) => {
            for column in [operation, provision] {
                if row.text(column).is_empty() {
                    row.error(column, "expected grams CO2e; 0 where there are none");
                }
            }
        }
        (false, true) => {
            if !row.text(biogenic).is_empty() {
                row.error(
                    biogenic,
                    "expected none beside energy_quantity: the row of the energy states it",
                );
            }
            for (column, wanted) in [
                (quantity, "expected a quantity"),
                (unit, "expected kg, l, kWh or MJ"),
                (carrier, "expected the carrier of the energy"),
            ] {
                if row.text(column).is_empty() {
                    row.error(column, wanted);
                }
            }
        }
    }
    Some((energy?, energy_unit?))
}

/// The period of a carrier's figure: both days, or neither.
fn reference(row: &mut Row, from: usize, to: usize) -> Option<(Day, Day)> {
    if row.text(from).is_empty() && row.text(to).is_empty() {
        return None;
    }
    for column in [from, to] {
        if row.text(column).is_empty() {
            row.error(
                column,
                "expected both days of the reference period, or none",
            );
        }
    }
    row.interval(from, to)
}

fn data_category(row: &mut Row, at: usize) -> DataCategory {
    let value = row.value(
        at,
        exact(DataCategory::ALL, |d| d.code()),
        "primary, modelled or default",
    );
    value.unwrap_or(DataCategory::Default)
}

/// Code words of our own files are compared exactly; those of movement records are not.
fn exact<T: Copy>(
    all: &'static [T],
    code: impl Fn(T) -> &'static str,
) -> impl Fn(&str) -> Option<T> {
    move |text| {
        all.iter()
            .copied()
            .find(|v| code(*v) == text && !text.is_empty())
    }
}
