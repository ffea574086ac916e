//! Foreign words for modes, e.g. `TRUCK`. Data, so that an export's own vocabulary needs no release.

use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::library::{MODES, exact_mode};
use crate::factors::table::{self, layout};
use crate::model::mode::Mode;
use rustc_hash::FxHashMap;

/// Aliases of modes.
#[derive(Clone, Debug, Default)]
pub struct ModeAliases {
    /// Mode by alias in lower case; the code words themselves are not in it.
    pub modes: FxHashMap<String, Mode>,
}

layout! {
    /// Columns of `mode_aliases.csv`.
    Cell { Alias = "alias" must, Mode = "mode" must }
}

/// Names of the columns, and which of them every row fills.
pub(super) const COLUMNS: &[table::Column] = Cell::LAYOUT;

impl ModeAliases {
    /// Reads `mode_aliases.csv`.
    ///
    /// ```
    /// use green_corridor_core::{model::mode::Mode, reference::{DataFile, ModeAliases}};
    /// let (aliases, faults) = ModeAliases::parse(&DataFile::new("mode_aliases.csv", "alias,mode\nTRUCK,road\n"));
    /// assert!(faults.is_empty() && aliases.modes["truck"] == Mode::Road);
    /// ```
    pub fn parse(file: &DataFile) -> (ModeAliases, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut aliases = ModeAliases::default();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let alias = row.text(Cell::Alias).to_lowercase();
            let Some(mode) = row.value(Cell::Mode, exact_mode, MODES) else {
                return;
            };
            if alias.is_empty() {
                return;
            }
            if exact_mode(&alias).is_some_and(|own| own != mode) {
                return row.error(
                    Cell::Alias,
                    "expected another word than the code of a different mode",
                );
            }
            match aliases.modes.get(&alias) {
                Some(known) if *known != mode => row.error(
                    Cell::Alias,
                    format!(
                        "expected one mode for each alias; it stands for {} already",
                        known.code()
                    ),
                ),
                Some(_) => row.warning(Cell::Alias, "is listed already"),
                None => drop(aliases.modes.insert(alias, mode)),
            }
        });
        (aliases, faults.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_has_one_mode() {
        let text = "alias,mode\nVESSEL,sea\nvessel,rail\nVessel,sea\nroad,rail\nBARGE,boat\n";
        let (aliases, faults) = ModeAliases::parse(&DataFile::new("mode_aliases.csv", text));
        assert_eq!(aliases.modes["vessel"], Mode::Sea);
        let found: Vec<_> = faults.iter().map(|f| (f.line, f.severity)).collect();
        use super::super::Severity::*;
        assert_eq!(found, [(3, Error), (4, Warning), (5, Error), (6, Error)]);
    }
}
