//! A factor library: sources, operations and the tables of every edition, parsed and checked, all faults in one go.
//!
//! What depends on a profile or on zones (regions, composition, GWP sets) is checked in `set`.

use super::factor::{EmissionFactor, GwpSet, Operation, Section, Source, Text};
use super::fault::{DataFile, Fault, Faults};
use super::region::RegionName;
use super::table::{self, layout};
use super::{intervals, rows};
use crate::model::mode::{EnergyUnit, Mode};
use crate::model::movement::OperationIndex;
use crate::model::symbol::{Symbol, Symbols};
use crate::model::time::parse_date;
use rustc_hash::{FxHashMap, FxHashSet};

/// A parsed library.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Editions in the order of `sources.csv`.
    pub sources: Vec<Source>,
    /// Operations in file order; the index is the [`OperationIndex`].
    pub operations: Vec<Operation>,
    /// Rows of all tables, by path of the file, then line.
    pub rows: Vec<LibraryRow>,
    /// Regions that rows name.
    pub regions: Vec<RegionName>,
    /// Carriers and energy carriers.
    pub symbols: Symbols,
}

/// A row of a table: the factor as far as it stands in the file.
#[derive(Clone, Debug)]
pub struct LibraryRow {
    /// The factor; intensities are 0 while `energy` is to be composed.
    pub factor: EmissionFactor,
    /// Energy per unit of activity, 10^-12 of the unit, instead of intensities.
    pub energy: Option<(i64, EnergyUnit)>,
    /// Index into the library's regions.
    pub region: u32,
    /// Carrier.
    pub carrier: Symbol,
    /// Energy carrier.
    pub energy_carrier: Symbol,
}

/// Texts that many rows share, each held once.
#[derive(Default)]
pub struct Texts(FxHashSet<Text>);

impl Texts {
    /// The shared copy of a text.
    pub fn share(&mut self, text: &str) -> Text {
        match self.0.get(text) {
            Some(known) => known.clone(),
            None => {
                let new = Text::from(text);
                self.0.insert(new.clone());
                new
            }
        }
    }
}

layout! {
    /// Columns of `sources.csv`.
    SourceCell {
        Source = "source" must, Edition = "edition" must, Title = "title" must, Publisher = "publisher", PublishedOn = "published_on", Url = "url",
        Licence = "licence" must, Redistributable = "redistributable" must, GwpSet = "gwp_set" must,
    }
}

layout! {
    /// Columns of `operations.csv`.
    OperationCell {
        Operation = "operation" must, Mode = "mode" must, Kind = "kind" must, EnergyCarrier = "energy_carrier", Title = "title" must,
        Description = "description",
    }
}

impl Library {
    /// Reads `sources.csv`, `operations.csv` and the tables of every edition; profiles and files that are not CSV are left alone.
    pub fn parse(files: &[DataFile]) -> (Library, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut library = Library::default();
        let mut texts = Texts::default();
        // The order of rows must not depend on how the files were listed.
        let mut files: Vec<&DataFile> = files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        match files.iter().find(|f| f.path == "sources.csv") {
            Some(file) => library.read_sources(file, &mut texts, &mut faults),
            None => faults.error("sources.csv", 0, "", "", "file is missing"),
        }
        match files.iter().find(|f| f.path == "operations.csv") {
            Some(file) => library.read_operations(file, &mut texts, &mut faults),
            None => faults.error("operations.csv", 0, "", "", "file is missing"),
        }
        library.read_editions(&files, &mut texts, &mut faults);
        intervals::overlaps(&library, &mut faults);
        (library, faults.list)
    }

    /// The operation with this code.
    pub fn operation(&self, code: &str) -> Option<OperationIndex> {
        self.operations
            .iter()
            .position(|o| &*o.code == code)
            .map(|i| i as OperationIndex)
    }

    fn read_sources(&mut self, file: &DataFile, texts: &mut Texts, faults: &mut Faults) {
        table::read(file, SourceCell::LAYOUT, faults, |row| {
            for column in [SourceCell::Source, SourceCell::Edition] {
                let name = row.text(column);
                if name.contains(['/', '@', ':', '\\'])
                    || name == "profiles"
                    || name == "."
                    || name == ".."
                {
                    row.error(column, "expected a folder name without / \\ @ and :");
                }
            }
            let (source, edition) = (row.text(SourceCell::Source), row.text(SourceCell::Edition));
            let folder = texts.share(&format!("{source}/{edition}"));
            if let Some(other) = self.sources.iter().find(|s| s.folder == folder) {
                row.error(
                    SourceCell::Edition,
                    format!(
                        "expected each edition once; {folder} stands in line {} already",
                        other.line
                    ),
                );
            }
            let published_on =
                row.value(SourceCell::PublishedOn, parse_date, "a date as YYYY-MM-DD");
            let redistributable = row.yes_no(SourceCell::Redistributable);
            let gwp_set = row.value(SourceCell::GwpSet, GwpSet::from_code, GWP_SETS);
            let (Some(redistributable), Some(gwp_set), false) =
                (redistributable, gwp_set, row.failed)
            else {
                return;
            };
            self.sources.push(Source {
                source: texts.share(source),
                edition: texts.share(edition),
                folder,
                title: texts.share(row.text(SourceCell::Title)),
                publisher: texts.share(row.text(SourceCell::Publisher)),
                published_on,
                url: texts.share(row.text(SourceCell::Url)),
                licence: texts.share(row.text(SourceCell::Licence)),
                redistributable,
                gwp_set,
                line: row.line,
            });
        });
    }

    fn read_operations(&mut self, file: &DataFile, texts: &mut Texts, faults: &mut Faults) {
        let mut seen: FxHashMap<Text, u64> = FxHashMap::default();
        table::read(file, OperationCell::LAYOUT, faults, |row| {
            let code = texts.share(row.text(OperationCell::Operation));
            let mode = row.value(OperationCell::Mode, exact_mode, MODES);
            let kind = row.value(
                OperationCell::Kind,
                |k| ["transport", "hub"].into_iter().find(|w| *w == k),
                "transport or hub",
            );
            if let Some(mode) = mode {
                if kind.is_some_and(|k| (k == "hub") != (mode == Mode::Hub)) {
                    row.error(
                        OperationCell::Kind,
                        format!("expected the kind of mode {}", mode.code()),
                    );
                }
                let class = code
                    .strip_prefix(mode.code())
                    .and_then(|rest| rest.strip_prefix('.'));
                if !code.is_empty() && class.is_none_or(str::is_empty) {
                    row.error(
                        OperationCell::Operation,
                        format!("expected {}.<class>", mode.code()),
                    );
                }
            }
            if let Some(line) = seen.insert(code.clone(), row.line)
                && !code.is_empty()
            {
                row.error(
                    OperationCell::Operation,
                    format!("expected each operation once; it stands in line {line} already"),
                );
            }
            let (Some(mode), Some(_), false) = (mode, kind, row.failed) else {
                return;
            };
            if self.operations.len() > OperationIndex::MAX as usize {
                return row.error(
                    OperationCell::Operation,
                    "expected at most 65536 operations",
                );
            }
            self.operations.push(Operation {
                code,
                mode,
                energy_carrier: texts.share(row.text(OperationCell::EnergyCarrier)),
                title: texts.share(row.text(OperationCell::Title)),
                description: texts.share(row.text(OperationCell::Description)),
                line: row.line,
            });
        });
    }

    fn read_editions(&mut self, files: &[&DataFile], texts: &mut Texts, faults: &mut Faults) {
        let mut reader = rows::Reader::new(self, texts);
        let mut folders: FxHashSet<&str> = FxHashSet::default();
        let mut homeless: FxHashSet<&str> = FxHashSet::default();
        for file in files {
            let mut parts = file.path.splitn(3, '/');
            let (first, second, name) = (parts.next().unwrap_or(""), parts.next(), parts.next());
            let Some(second) = second.filter(|_| first != "profiles") else {
                if first != "profiles"
                    && first.ends_with(".csv")
                    && first != "sources.csv"
                    && first != "operations.csv"
                {
                    faults.warning(
                        &file.path,
                        0,
                        "",
                        "",
                        "is not read; tables stand in <source>/<edition>/",
                    );
                }
                continue;
            };
            let Some(name) = name else {
                if second.ends_with(".csv") {
                    faults.warning(
                        &file.path,
                        0,
                        "",
                        "",
                        "is not read; tables stand in <source>/<edition>/",
                    );
                }
                continue;
            };
            let folder = &file.path[..first.len() + 1 + second.len()];
            folders.insert(folder);
            let Some(source) = reader.source(folder) else {
                if homeless.insert(folder) {
                    faults.error(folder, 0, "", "", "the folder has no row in sources.csv");
                }
                continue;
            };
            match [Section::Transport, Section::Hub, Section::Energy]
                .into_iter()
                .find(|s| s.file_name() == name)
            {
                Some(section) => reader.read(file, section, source, faults),
                None if name.ends_with(".csv") => faults.warning(
                    &file.path,
                    0,
                    "",
                    "",
                    "is not read; expected transport.csv, hub.csv or energy.csv",
                ),
                None => {}
            }
        }
        for source in &self.sources {
            if !folders.contains(&*source.folder) {
                faults.error(
                    "sources.csv",
                    source.line,
                    "edition",
                    &source.folder,
                    "there is no such folder",
                );
            }
        }
    }
}

/// Wanted wording for GWP sets.
pub const GWP_SETS: &str = "AR4, AR5, AR6, CO2 or unstated";
/// Wanted wording for modes.
pub const MODES: &str = "road, rail, sea, inland_waterway, air or hub";

/// The mode with exactly this code word; aliases and other cases are for movement records.
pub fn exact_mode(text: &str) -> Option<Mode> {
    Mode::ALL.into_iter().find(|m| m.code() == text)
}

/// As [`exact_mode`], without `hub`.
pub fn transport_mode(text: &str) -> Option<Mode> {
    exact_mode(text).filter(|m| *m != Mode::Hub)
}
