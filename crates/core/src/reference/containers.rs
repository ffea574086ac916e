//! Container types: TEU, tare, refrigerated. Codes are ISO 6346 size-types, patterns of them, or trade names.

use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::table::{self, layout};
use crate::model::unit::{MASS_SCALE, ONE, SHARE_SCALE};
use rustc_hash::FxHashMap;

/// What a container type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerType {
    /// TEU, millionths.
    pub teu: i64,
    /// Tare, g; `None`: not known.
    pub tare_g: Option<i64>,
    /// Whether boxes of this type are refrigerated.
    pub refrigerated: bool,
}

/// The types of `containers.csv`.
#[derive(Clone, Debug, Default)]
pub struct ContainerTypes {
    exact: FxHashMap<Vec<char>, ContainerType>,
    /// Codes with `?`, those with fewer first, then in file order.
    patterns: Vec<(usize, Vec<char>, ContainerType)>,
}

layout! {
    /// Columns of `containers.csv`.
    Cell { Code = "code" must, Teu = "teu" must, TareKg = "tare_kg", Refrigerated = "refrigerated" must, Title = "title" }
}

/// Names of the columns, and which of them every row fills.
pub(super) const COLUMNS: &[table::Column] = Cell::LAYOUT;

impl ContainerTypes {
    /// Reads `containers.csv`.
    pub fn parse(file: &DataFile) -> (ContainerTypes, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut types = ContainerTypes::default();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let code = upper(row.text(Cell::Code));
            let teu = row.decimal(
                Cell::Teu,
                SHARE_SCALE,
                1..=1000 * ONE,
                "TEU above 0, up to 1000, with at most 6 decimals",
            );
            let tare_g = row.decimal(
                Cell::TareKg,
                MASS_SCALE,
                1..=1_000_000_000,
                "kilograms above 0 with at most 3 decimals",
            );
            let refrigerated = row.yes_no(Cell::Refrigerated);
            let (Some(teu), Some(refrigerated), false) = (teu, refrigerated, row.failed) else {
                return;
            };
            let entry = ContainerType {
                teu,
                tare_g,
                refrigerated,
            };
            let unknown = code.iter().filter(|c| **c == '?').count();
            if types.exact.contains_key(&code) || types.patterns.iter().any(|p| p.1 == code) {
                row.warning(Cell::Code, "stands in an earlier row already, which wins");
            } else if unknown == 0 {
                types.exact.insert(code, entry);
            } else {
                types.patterns.push((unknown, code, entry));
            }
        });
        // Stable: rows with equally many `?` keep file order.
        types.patterns.sort_by_key(|p| p.0);
        (types, faults.list)
    }

    /// The type of a code as reported, compared in upper case: the row with the fewest `?`, then file order.
    ///
    /// ```
    /// use green_corridor_core::reference::{ContainerTypes, DataFile};
    /// let text = "code,teu,tare_kg,refrigerated,title\n45R?,2,4500,yes,\n4???,2,3900,no,\n";
    /// let (types, _) = ContainerTypes::parse(&DataFile::new("containers.csv", text));
    /// assert!(types.lookup("45r1").unwrap().refrigerated && !types.lookup("45G1").unwrap().refrigerated);
    /// ```
    pub fn lookup(&self, code: &str) -> Option<ContainerType> {
        let code = upper(code);
        let fits = |pattern: &[char]| {
            pattern.len() == code.len()
                && pattern.iter().zip(&code).all(|(p, c)| *p == '?' || p == c)
        };
        self.exact
            .get(&code)
            .copied()
            .or_else(|| self.patterns.iter().find(|p| fits(&p.1)).map(|p| p.2))
    }
}

fn upper(code: &str) -> Vec<char> {
    code.to_uppercase().chars().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewest_question_marks_win_then_file_order() {
        let text = "code,teu,tare_kg,refrigerated,title\n4???,2,3900,no,\n?5??,2.25,,no,\n45??,2.5,,no,\n45R1,2,4500,yes,\n40HC,2,3900,no,\n";
        let (types, faults) = ContainerTypes::parse(&DataFile::new("containers.csv", text));
        assert!(faults.is_empty(), "{faults:?}");
        let teu = |code: &str| types.lookup(code).map(|t| t.teu);
        assert_eq!(teu("45R1"), Some(2_000_000));
        assert_eq!(teu("45G1"), Some(2_500_000));
        assert_eq!(teu("42G1"), Some(2_000_000));
        assert_eq!(teu("95G1"), Some(2_250_000));
        assert_eq!(teu("40hc"), Some(2_000_000));
        assert_eq!((teu("22G1"), teu("45R12"), teu("")), (None, None, None));
        assert_eq!(types.lookup("45G1").unwrap().tare_g, None);
        assert_eq!(
            types.lookup("45r1").unwrap(),
            ContainerType {
                teu: 2_000_000,
                tare_g: Some(4_500_000),
                refrigerated: true
            }
        );
    }

    #[test]
    fn all_faults_are_found() {
        let text = "code,teu,tare_kg,refrigerated,title\n,1,1,no,\n22G1,0,-1,maybe,\n22G1,1,2200,no,\n22g1,1,2200,no,\n1,2\n";
        let (_, faults) = ContainerTypes::parse(&DataFile::new("containers.csv", text));
        let found: Vec<_> = faults.iter().map(|f| (f.line, f.column.as_str())).collect();
        assert_eq!(
            found,
            [
                (2, "code"),
                (3, "teu"),
                (3, "tare_kg"),
                (3, "refrigerated"),
                (5, "code"),
                (6, "")
            ]
        );
    }
}
