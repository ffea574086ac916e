//! Container types: TEU, tare, refrigerated. Codes are ISO 6346 size-types, patterns of them, or trade names.
//!
//! A pattern speaks for codes of the standard only: a word of trade that happens to have four characters (`1X40`, `MISC`) has a row of
//! its own or is unknown. A row describes one box, and so does a type: a count of one in front says nothing, any other is unknown.

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
            let code = normal(row.text(Cell::Code));
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
            } else if code.len() != 4 {
                row.warning(
                    Cell::Code,
                    "matches nothing: a pattern stands for size-types of ISO 6346, which have four characters",
                );
            } else {
                types.patterns.push((unknown, code, entry));
            }
        });
        // Stable: rows with equally many `?` keep file order.
        types.patterns.sort_by_key(|p| p.0);
        (types, faults.list)
    }

    /// The type of a code as reported, in its normal form: the row of the code itself, else, for a size-type of ISO 6346, the pattern
    /// with the fewest `?`, then file order. Without either, a count of one in front (`1X`) is left out.
    ///
    /// ```
    /// use green_corridor_core::reference::{ContainerTypes, DataFile};
    /// let text = "code,teu,tare_kg,refrigerated,title\n45R?,2,4500,yes,\n4???,2,3900,no,\n1???,0.5,1150,no,\n40HC,2,3900,no,\n";
    /// let (types, _) = ContainerTypes::parse(&DataFile::new("containers.csv", text));
    /// assert!(types.lookup("45r1").unwrap().refrigerated && !types.lookup("45G1").unwrap().refrigerated);
    /// assert!(types.lookup("1 x 40' HC") == types.lookup("40HC") && types.lookup("2x40HC").is_none());
    /// assert_eq!(types.lookup("1X40"), None, "no size-type, so no pattern speaks for it");
    /// ```
    pub fn lookup(&self, code: &str) -> Option<ContainerType> {
        let code = normal(code);
        self.of_normal(&code)
            .or_else(|| self.of_normal(code.strip_prefix(&['1', 'X'])?))
    }

    fn of_normal(&self, code: &[char]) -> Option<ContainerType> {
        let fits = |pattern: &[char]| pattern.iter().zip(code).all(|(p, c)| *p == '?' || p == c);
        self.exact.get(code).copied().or_else(|| {
            let mut patterns = self.patterns.iter().filter(|_| is_size_type(code));
            patterns.find(|p| fits(&p.1)).map(|p| p.2)
        })
    }
}

/// Upper case without spaces, hyphens and marks of feet or inches, `FT` behind leading digits among them; a multiplication sign is an X.
fn normal(code: &str) -> Vec<char> {
    let marks = |c: &char| {
        c.is_whitespace() || matches!(c, '-' | '\'' | '"' | '`' | '´' | '‘'..='”' | '′' | '″')
    };
    let mut code: Vec<char> = code.to_uppercase().chars().filter(|c| !marks(c)).collect();
    for c in &mut code {
        if matches!(c, '×' | '*') {
            *c = 'X';
        }
    }
    let count = if code.starts_with(&['1', 'X']) { 2 } else { 0 };
    let digits = code[count..].iter().take_while(|c| c.is_ascii_digit());
    let unit = count + digits.count();
    if unit > count && code[unit..].starts_with(&['F', 'T']) {
        code.drain(unit..unit + 2);
    }
    code
}

/// Whether ISO 6346 has such a size-type: length, height and width, then a type with its digit, or the code of its group (`GP`, `RT`);
/// or the four digits of the coding of 1984.
fn is_size_type(code: &[char]) -> bool {
    let &[length, height, letter, last] = code else {
        return false;
    };
    if code.iter().all(char::is_ascii_digit) {
        return matches!(length, '1'..='4');
    }
    let is_size = matches!(length, '1'..='4' | 'A'..='H' | 'K'..='N' | 'P')
        && matches!(height, '0' | '2' | '4'..='6' | '8' | '9' | 'C'..='F' | 'L'..='N' | 'P');
    let is_type = match letter {
        'G' => last == 'P',
        'V' => last == 'H',
        'B' => matches!(last, 'U' | 'K'),
        'S' => last == 'N',
        'R' => matches!(last, 'E' | 'T' | 'S'),
        'H' => matches!(last, 'R' | 'I'),
        'U' => last == 'T',
        'P' => matches!(last, 'L' | 'F' | 'C' | 'S'),
        'T' => matches!(last, 'N' | 'D' | 'G'),
        'K' => last == 'L',
        'N' => matches!(last, 'H' | 'N' | 'P'),
        'A' => last == 'S',
        _ => return false,
    };
    is_size && (is_type || last.is_ascii_digit())
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
        assert_eq!(teu("L5G1"), Some(2_250_000));
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

    fn shipped() -> ContainerTypes {
        let file = DataFile::new(
            "containers.csv",
            include_str!("../../../../data/containers.csv"),
        );
        let (types, faults) = ContainerTypes::parse(&file);
        assert!(faults.is_empty(), "{faults:?}");
        types
    }

    #[test]
    fn trade_words_have_rows_of_their_own_or_are_unknown() {
        let types = shipped();
        let teu = |code: &str| types.lookup(code).map(|t| t.teu);
        for code in [
            "1X40",
            "1 x 40",
            "1FEU",
            "1 FEU",
            "40HQ",
            "40'HC",
            "1×40’ HC",
            "40 ft HC",
            "1*40ft",
            "40-HC",
        ] {
            assert_eq!(teu(code), Some(2_000_000), "{code}");
        }
        for code in ["1X20", "1TEU", "20GP", "1x20'GP", "1 x 22G1", "20FT", "20"] {
            assert_eq!(teu(code), Some(1_000_000), "{code}");
        }
        assert_eq!(teu("1X45"), Some(2_250_000));
        // Several boxes in one row, words of the trade that no row has, and sizes or types that the standard does not have.
        for code in [
            "2X40", "2x20GP", "2 FEU", "3X45", "MISC", "LOOS", "BULK", "1XLC", "LCL", "4 X 4",
            "2000KG", "1CBM", "40XX", "2XG1", "47G1", "42Q1", "42GX", "L510", "22G", "22G11", "",
        ] {
            assert_eq!(teu(code), None, "{code}");
        }
    }

    #[test]
    fn size_types_of_the_standard_match_patterns() {
        let types = shipped();
        let teu = |code: &str| types.lookup(code).map(|t| t.teu);
        for (code, want) in [
            ("12G0", 500_000),
            ("20V2", 1_000_000),
            ("28U1", 1_000_000),
            ("2CG1", 1_000_000),
            ("22GP", 1_000_000),
            ("22TN", 1_000_000),
            ("22K2", 1_000_000),
            ("22N1", 1_000_000),
            ("32B3", 1_500_000),
            ("42PL", 2_000_000),
            ("49P0", 2_000_000),
            ("4EG1", 2_000_000),
            ("45GP", 2_000_000),
            ("4310", 2_000_000),
            ("2200", 1_000_000),
            ("LEG1", 2_250_000),
            ("M5G1", 2_400_000),
        ] {
            assert_eq!(teu(code), Some(want), "{code}");
        }
    }

    #[test]
    fn which_types_are_refrigerated() {
        let types = shipped();
        let is_cold = |code: &str| types.lookup(code).unwrap().refrigerated;
        for size in ["12", "20", "22", "32", "42", "45", "4E", "L5", "M5"] {
            for kind in [
                "R0", "R1", "R2", "R3", "RE", "RT", "RS", "H0", "H1", "H2", "HR",
            ] {
                assert!(is_cold(&format!("{size}{kind}")), "{size}{kind}");
            }
            for kind in ["H5", "H6", "HI", "G1", "GP", "V3", "T3", "U1", "K3", "P3"] {
                assert!(!is_cold(&format!("{size}{kind}")), "{size}{kind}");
            }
        }
        for size in ["12", "22", "30", "43"] {
            for kind in ["30", "32", "40", "41", "42", "43"] {
                assert!(is_cold(&format!("{size}{kind}")), "{size}{kind}");
            }
            for kind in ["00", "10", "20", "22", "44", "45", "50", "70", "93"] {
                assert!(!is_cold(&format!("{size}{kind}")), "{size}{kind}");
            }
        }
    }

    #[test]
    fn all_faults_are_found() {
        let text = "code,teu,tare_kg,refrigerated,title\n,1,1,no,\n22G1,0,-1,maybe,\n22G1,1,2200,no,\n22g1,1,2200,no,\n1,2\n40H?C,2,,no,\n";
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
                (6, ""),
                (7, "code")
            ]
        );
    }
}
