//! The rules of one run in the form that cell parsing wants them, and how a file's columns meet ours.
//!
//! Decides before any row is read: what is missing, what a constant fills, what is unknown.

use super::Grain;
use super::cells::Cells;
use super::column;
use super::heads;
use super::mapping::{COLUMNS, Mapping, MassUnit};
use super::number::Marks;
use super::text::Values;
use super::timestamp::Patterns;
use super::words::Words;
use crate::model::vocabulary::Vocabulary;
use std::sync::Arc;

/// Mapping and vocabulary with what can be prepared once per file.
pub(super) struct Rules {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The code words.
    pub vocabulary: Arc<Vocabulary>,
    /// Marks of numbers in text.
    pub marks: Marks,
    /// Marks of number literals (JSON).
    pub literal_marks: Marks,
    /// Sizes of the pieces in which rows are handed on.
    pub grain: Grain,
    patterns: [Patterns; 3],
}

impl Rules {
    /// Prepares the rules.
    pub(super) fn new(mapping: Arc<Mapping>, vocabulary: Arc<Vocabulary>, grain: Grain) -> Rules {
        let patterns = |column: usize| {
            let own = mapping.timestamp_by_column.get(COLUMNS[column]);
            Patterns::new(own.unwrap_or(&mapping.timestamp), mapping.zone.clone())
        };
        Rules {
            marks: Marks {
                decimal: mapping.decimal,
                thousands: mapping.thousands,
                exponents: mapping.reads_exponents,
            },
            literal_marks: Marks {
                exponents: mapping.reads_exponents,
                ..Marks::POINT
            },
            patterns: [
                patterns(column::DEPARTED_AT),
                patterns(column::ARRIVED_AT),
                patterns(column::RECORDED_AT),
            ],
            mapping,
            vocabulary,
            grain,
        }
    }

    /// The `[values]` of a column.
    pub(super) fn values(&self, column: usize) -> Option<&Values> {
        let ours = COLUMNS.get(column)?;
        self.mapping.values.get(*ours)
    }

    /// The timestamp patterns of a column.
    pub(super) fn patterns(&self, column: usize) -> &Patterns {
        match column {
            column::DEPARTED_AT => &self.patterns[0],
            column::ARRIVED_AT => &self.patterns[1],
            _ => &self.patterns[2],
        }
    }

    /// Decimals of a mass in the unit of the file.
    pub(super) fn mass_scale(&self) -> u32 {
        if self.mapping.mass_unit == MassUnit::Tonne {
            6
        } else {
            3
        }
    }
}

/// Where a column of ours comes from in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The file's column at this position.
    File(usize),
    /// The name of a folder that the file is in (`mode=sea/`), at this position of [`Layout::folders`].
    Folder(usize),
    /// `[constants]`.
    Constant,
    /// Nowhere.
    Lacking,
}

/// How the columns of one file meet ours.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// By column of ours, those that are carried behind the others.
    pub origins: Vec<Origin>,
    /// Names that mean nothing to us, in the order of the file.
    pub unknown: Vec<String>,
    /// What a reader of the figures should know of the names.
    pub warnings: Vec<String>,
    folders: Vec<String>,
}

impl Layout {
    /// Meets the names of a file's columns with ours, or says everything that is wrong with them.
    pub(super) fn new<S: AsRef<str>>(
        names: &[S],
        label: &str,
        mapping: &Mapping,
    ) -> Result<Layout, String> {
        let (layout, mut faults) = Layout::meet(names, label, mapping);
        // Without one of these every record but a cancellation is R001, so that nothing can be defaulted in silence: such a file
        // is one of cancellations, which need no more than four columns.
        let for_others = |i: &usize| !column::judged_when_cancelled(*i);
        let lacks = |i: usize| layout.origins[i] == Origin::Lacking;
        let of_cancellations = !lacks(column::RECORD_STATUS)
            && column::REQUIRED
                .iter()
                .filter(|i| for_others(i))
                .any(|&i| lacks(i));
        for (i, ours) in mapping.names().enumerate() {
            if matches!(layout.origins[i], Origin::File(_) | Origin::Folder(_))
                || (of_cancellations && for_others(&i))
            {
                continue;
            }
            if let Some(theirs) = mapping.said(ours) {
                let table = table_of(i);
                faults.push(format!(
                    "column {theirs:?} is missing, which {table} names for {ours}"
                ));
            } else if column::REQUIRED.contains(&i) && lacks(i) {
                let close = layout
                    .unknown
                    .iter()
                    .find(|head| heads::is_close(head, ours));
                let hint = close.map_or_else(String::new, |head| {
                    format!(" ([columns] {ours} = {head:?} would take the one that comes close)")
                });
                faults.push(format!("required column {ours:?} is missing{hint}"));
            }
        }
        if faults.is_empty() {
            return Ok(layout);
        }
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        // What is no UTF-8 was read as this.
        let hint = match names.iter().any(|name| name.contains('\u{fffd}')) {
            true => {
                "; they are not all text of the encoding, and [formats] encoding names another one"
            }
            false => "",
        };
        Err(format!(
            "{}; found columns: {}{hint}",
            faults.join("; "),
            names.join(", ")
        ))
    }

    /// The same for keys of records, of which none has to be in the file: a record without one that is required is at fault,
    /// not the file. Two keys for one column are a fault of the file all the same.
    pub(super) fn of_keys<S: AsRef<str>>(
        names: &[S],
        label: &str,
        mapping: &Mapping,
    ) -> Result<Layout, String> {
        let (layout, faults) = Layout::meet(names, label, mapping);
        if faults.is_empty() {
            Ok(layout)
        } else {
            Err(faults.join("; "))
        }
    }

    fn meet<S: AsRef<str>>(names: &[S], label: &str, mapping: &Mapping) -> (Layout, Vec<String>) {
        let heads = Heads {
            names: names.iter().map(AsRef::as_ref).collect(),
            normal: names.iter().map(|n| heads::normal(n.as_ref())).collect(),
            mapping,
        };
        let mut faults = Vec::new();
        let theirs: Vec<&str> = mapping.names().map(|ours| mapping.theirs(ours)).collect();
        let folders = heads::folder_values(label, &theirs).unwrap_or_else(|fault| {
            faults.push(fault);
            Vec::new()
        });
        let mut known = vec![false; names.len()];
        let mut warnings = Vec::new();
        let mut origins = vec![Origin::Lacking; theirs.len()];
        for (i, ours) in mapping.names().enumerate() {
            let folder = folders.iter().position(|(column, _)| *column == i);
            let found = heads.find(i, ours).unwrap_or_else(|fault| {
                faults.push(fault);
                None
            });
            origins[i] = match (found, folder) {
                (Some(at), folder) => {
                    known[at] = true;
                    if let Some(folder) = folder {
                        warnings.push(format!(
                            "column {:?} of the file counts, not {:?} of its folder's name",
                            heads.names[at], folders[folder].1
                        ));
                    }
                    Origin::File(at)
                }
                (None, Some(folder)) => Origin::Folder(folder),
                (None, None) if mapping.constants.contains_key(ours) => Origin::Constant,
                (None, None) => Origin::Lacking,
            };
        }
        let unknown: Vec<String> = (heads.names.iter().zip(known))
            .filter(|(_, known)| !known)
            .map(|(name, _)| (*name).to_owned())
            .collect();
        warnings.extend(close_heads(&unknown, &origins, mapping));
        let folders = folders.into_iter().map(|(_, value)| value).collect();
        let layout = Layout {
            origins,
            unknown,
            warnings,
            folders,
        };
        (layout, faults)
    }

    /// The cells of a column that is not in the file itself.
    pub(super) fn outside<'a>(&'a self, ours: usize, mapping: &'a Mapping) -> Cells<'a> {
        match self.origins[ours] {
            Origin::Folder(at) => Cells::Folder(&self.folders[at]),
            Origin::Constant => Cells::Constant(&mapping.constants[COLUMNS[ours]]),
            Origin::File(_) | Origin::Lacking => Cells::Lacking,
        }
    }

    /// Whether rows of the file are ordered by time (Q21).
    pub(super) fn lacks_sequence(&self) -> bool {
        self.origins[column::SEQUENCE] == Origin::Lacking
    }
}

/// The table of the run file that says what a column is called.
const fn table_of(column: usize) -> &'static str {
    if column < column::COUNT {
        "[columns]"
    } else {
        "[carry]"
    }
}

/// The heads of a file, as they stand there and in normal form.
struct Heads<'a> {
    names: Vec<&'a str>,
    normal: Vec<String>,
    mapping: &'a Mapping,
}

impl Heads<'_> {
    /// The head that is read for a column of ours. A name that `[columns]` gives by the letter is taken before its like.
    fn find(&self, column: usize, ours: &str) -> Result<Option<usize>, String> {
        let (said, theirs) = (self.mapping.said(ours), self.mapping.theirs(ours));
        let exact: Vec<usize> = self.those(|at| self.names[at] == theirs);
        if exact.len() > 1 {
            return Err(format!("column {theirs:?} stands in it more than once"));
        }
        if said.is_some() && exact.len() == 1 {
            return Ok(exact.first().copied());
        }
        let wanted = heads::normal(theirs);
        let like = self.those(|at| {
            self.normal[at] == wanted
                && (self.names[at] == theirs || said.is_some() || !self.is_said(at))
        });
        match like[..] {
            [] => Ok(None),
            [at] => Ok(Some(at)),
            _ => {
                let all: Vec<String> = like
                    .iter()
                    .map(|&at| format!("{:?}", self.names[at]))
                    .collect();
                let all = all.join(" and ");
                Err(format!(
                    "columns {all} both read as {ours}; {} {ours} = {:?} says which one counts",
                    table_of(column),
                    self.names[like[0]]
                ))
            }
        }
    }

    fn those(&self, is_one: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.names.len()).filter(|&at| is_one(at)).collect()
    }

    /// Whether `[columns]` means this head: then it is no column of ours but that one.
    fn is_said(&self, at: usize) -> bool {
        let said = &mut self.mapping.columns.values();
        said.any(|theirs| heads::normal(theirs) == self.normal[at])
    }
}

/// Columns without which figures rest on assumptions, while nothing is rejected.
const ASSUMED: [usize; 7] = [
    column::CARGO_MASS_KG,
    column::DISTANCE_KM,
    column::TEU,
    column::CONTAINER_TYPE,
    column::LOAD_STATUS,
    column::TEMPERATURE,
    column::CARRIER,
];

/// A warning for every head that is not read and comes close to a column that the file does not fill, or is a word that exports use for one
/// of those without which something is assumed.
fn close_heads<'a>(
    unknown: &'a [String],
    origins: &'a [Origin],
    mapping: &'a Mapping,
) -> impl Iterator<Item = String> + 'a {
    close(unknown, origins, mapping).map(|(head, ours, why)| {
        format!(
            "column {head:?} is not read, though it {why}; [columns] {ours} = {head:?} takes it"
        )
    })
}

/// The same for keys inside others (`cargo.mass_kg`), which nothing can take.
pub(super) fn close_inner_keys<'a>(
    inner: &'a [String],
    layout: &'a Layout,
    mapping: &'a Mapping,
) -> impl Iterator<Item = String> + 'a {
    close(inner, &layout.origins, mapping).map(|(key, _, why)| {
        format!("key {key:?} lies in an object and is not read, though it {why}; only keys of the record itself are")
    })
}

/// Heads that come close, the column that each comes close to, and how.
fn close<'a>(
    unknown: &'a [String],
    origins: &'a [Origin],
    mapping: &'a Mapping,
) -> impl Iterator<Item = (&'a String, &'static str, String)> + 'a {
    let open =
        (0..column::COUNT).filter(|&i| matches!(origins[i], Origin::Constant | Origin::Lacking));
    open.flat_map(move |i| {
        let ours = COLUMNS[i];
        let is_close = move |head: &String| {
            heads::is_close(head, ours) || heads::is_close(head, mapping.theirs(ours))
        };
        let is_word = move |head: &String| {
            // Of a constant it is said what the column holds.
            let is_assumed = ASSUMED.contains(&i) && origins[i] == Origin::Lacking;
            let known = is_assumed.then(|| Words::shipped().head(head)).flatten();
            known.is_some_and(|known| known.columns.iter().any(|column| column == ours))
        };
        unknown.iter().filter_map(move |head| {
            let why = match (is_close(head), is_word(head)) {
                (true, _) => format!("comes close to {ours}"),
                (_, true) => format!("is what exports call {ours}"),
                _ => return None,
            };
            Some((head, ours, why))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [&str; 6] = [
        "movement_id",
        "shipment_id",
        "mode",
        "origin",
        "destination",
        "departed_at",
    ];

    #[test]
    fn known_unknown_and_constant_columns() {
        let mut mapping = Mapping::default();
        mapping.columns.insert("origin".into(), "POL".into());
        mapping.constants.insert("mode".into(), "sea".into());
        mapping.constants.insert("carrier".into(), "X".into());
        let layout = Layout::new(
            &[
                "movement_id",
                "shipment_id",
                "POL",
                "origin",
                "destination",
                "departed_at",
                "carrier",
            ],
            "a.csv",
            &mapping,
        )
        .unwrap();
        assert_eq!(layout.origins[column::ORIGIN], Origin::File(2));
        assert_eq!(layout.origins[column::MODE], Origin::Constant);
        assert_eq!(
            layout.origins[column::CARRIER],
            Origin::File(6),
            "constants fill only what the file lacks"
        );
        assert_eq!(layout.origins[column::TEU], Origin::Lacking);
        assert_eq!(layout.unknown, ["origin"]);
        assert!(layout.lacks_sequence());
    }

    #[test]
    fn faults_are_named_all_at_once() {
        let mut mapping = Mapping::default();
        mapping.columns.insert("origin".into(), "POL".into());
        let fault = Layout::new(
            &["movement_id", "mode", "mode", "destination", "departed_at"],
            "a.csv",
            &mapping,
        )
        .unwrap_err();
        for part in [
            "\"mode\" stands in it more than once",
            "\"POL\" is missing",
            "required column \"shipment_id\" is missing",
        ] {
            assert!(fault.contains(part), "{fault}");
        }
        let twice = [&NEEDED[..], &["remark", "remark"]].concat();
        assert!(
            Layout::new(&twice, "a.csv", &Mapping::default()).is_ok(),
            "a column that is not read may stand there twice"
        );
    }

    fn layout(heads: &[&str], mapping: &Mapping) -> Result<Layout, String> {
        Layout::new(&[&NEEDED[..], heads].concat(), "a.csv", mapping)
    }

    #[test]
    fn heads_are_met_by_their_normal_form() {
        let mut mapping = Mapping::default();
        mapping
            .columns
            .insert("cargo_mass_kg".into(), "Gross Weight".into());
        let met = layout(
            &["DISTANCE_KM", "gross\u{a0}weight", "\u{feff}Load-Status"],
            &mapping,
        )
        .unwrap();
        assert_eq!(met.origins[column::DISTANCE_KM], Origin::File(6));
        assert_eq!(met.origins[column::CARGO_MASS_KG], Origin::File(7));
        assert_eq!(met.origins[column::LOAD_STATUS], Origin::File(8));
        assert!(met.unknown.is_empty() && met.warnings.is_empty());
    }

    #[test]
    fn two_heads_of_one_normal_form_are_named() {
        for heads in [["teu", "TEU"], ["Teu", "T_E_U"]] {
            let fault = layout(&heads, &Mapping::default()).unwrap_err();
            for head in heads {
                assert!(fault.contains(&format!("{head:?}")), "{fault}");
            }
            assert!(fault.contains("[columns] teu = "), "{fault}");
        }
        let mut said = Mapping::default();
        said.columns.insert("teu".into(), "TEU".into());
        let met = layout(&["teu", "TEU"], &said).unwrap();
        assert_eq!(met.origins[column::TEU], Origin::File(7));
        assert!(
            layout(&["Remark", "remark"], &Mapping::default()).is_ok(),
            "neither is taken"
        );
    }

    #[test]
    fn a_head_that_is_mapped_elsewhere_is_not_taken_for_its_like() {
        let mut mapping = Mapping::default();
        mapping.columns.insert("operation".into(), "Carrier".into());
        let met = layout(&["Carrier"], &mapping).unwrap();
        assert_eq!(met.origins[column::OPERATION], Origin::File(6));
        assert_eq!(met.origins[column::CARRIER], Origin::Lacking);
    }

    #[test]
    fn close_heads_are_told() {
        let met = layout(
            &["cargo_mass", "distance_km", "distance"],
            &Mapping::default(),
        )
        .unwrap();
        assert_eq!(met.warnings.len(), 1, "{:?}", met.warnings);
        assert!(met.warnings[0].contains("\"cargo_mass\" is not read"));
        let names = [
            "movement",
            "shipment_id",
            "mode",
            "origin",
            "destination",
            "departed_at",
        ];
        let fault = Layout::new(&names, "a.csv", &Mapping::default()).unwrap_err();
        assert!(
            fault.contains("[columns] movement_id = \"movement\""),
            "{fault}"
        );
    }

    #[test]
    fn folders_fill_what_the_file_lacks() {
        let mut mapping = Mapping::default();
        mapping.constants.insert("carrier".into(), "OWN".into());
        let names = [
            "movement_id",
            "shipment_id",
            "origin",
            "destination",
            "departed_at",
        ];
        let label = "in/mode=sea/carrier=MSCU/part-0.parquet";
        let met = Layout::new(&names, label, &mapping).unwrap();
        assert!(matches!(
            met.outside(column::MODE, &mapping),
            Cells::Folder("sea")
        ));
        assert!(matches!(
            met.outside(column::CARRIER, &mapping),
            Cells::Folder("MSCU")
        ));
        let met = Layout::new(&NEEDED, label, &mapping).unwrap();
        assert_eq!(met.origins[column::MODE], Origin::File(2));
        assert!(
            met.warnings[0].contains("\"mode\" of the file counts"),
            "{:?}",
            met.warnings
        );
    }

    #[test]
    fn cancellations_need_four_columns() {
        let names = ["movement_id", "shipment_id", "recorded_at", "record_status"];
        assert!(Layout::new(&names, "a.csv", &Mapping::default()).is_ok());
        assert!(Layout::new(&names[..3], "a.csv", &Mapping::default()).is_err());
        assert!(Layout::new(&names[1..], "a.csv", &Mapping::default()).is_err());
    }
}
