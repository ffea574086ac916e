//! Which column of an export is which of ours: by normal form, else by the words that exports use. Where several could be meant, nothing is
//! chosen.

use super::table::{Column, Table};
use crate::input::mapping::COLUMNS;
use crate::input::normal_head;
use crate::input::survey::Held;
use crate::input::words::{DISTANCE_UNIT, MASS_UNIT, Words, ZONE, normal};
use crate::model::id::LocationCode;

/// Columns of ours that every run needs.
pub(super) const REQUIRED: [&str; 6] = [
    "movement_id",
    "shipment_id",
    "mode",
    "origin",
    "destination",
    "departed_at",
];

/// What is proposed for a column of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// This column of the export, with the unit that its head names, and others that were passed over with the reason.
    One {
        at: usize,
        unit: Option<String>,
        passed: Vec<(usize, &'static str)>,
    },
    /// One of these, with the units that their heads name.
    Several(Vec<(usize, Option<String>)>),
    /// None that is known.
    None,
}

/// What is proposed for all columns.
#[derive(Clone, Debug)]
pub(super) struct Assigned {
    /// By column of ours.
    pub choices: Vec<(&'static str, Choice)>,
    /// Columns that say the unit of masses and distances, and the zone of times.
    pub mass_unit: Option<usize>,
    pub distance_unit: Option<usize>,
    pub zone: Option<usize>,
}

impl Assigned {
    /// The column of the export for one of ours, with the unit of its head.
    pub(super) fn one(&self, ours: &str) -> Option<(usize, Option<&str>)> {
        self.choices
            .iter()
            .find_map(|(column, choice)| match choice {
                Choice::One { at, unit, .. } if *column == ours => Some((*at, unit.as_deref())),
                _ => None,
            })
    }

    /// The columns of the export that are, or may be, one of ours.
    pub(super) fn all(&self, ours: &str) -> Vec<(usize, Option<&str>)> {
        let choice = self.choices.iter().find(|(column, _)| *column == ours);
        match choice.map(|(_, choice)| choice) {
            Some(Choice::One { at, unit, .. }) => vec![(*at, unit.as_deref())],
            Some(Choice::Several(list)) => list
                .iter()
                .map(|(at, unit)| (*at, unit.as_deref()))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a column of the export is proposed, or asked about, for any of ours.
    pub(super) fn names(&self, at: usize) -> bool {
        let helps = [self.mass_unit, self.distance_unit, self.zone];
        helps.contains(&Some(at))
            || self.choices.iter().any(|(_, choice)| match choice {
                Choice::One {
                    at: one, passed, ..
                } => *one == at || passed.iter().any(|(other, _)| *other == at),
                Choice::Several(list) => list.iter().any(|(one, _)| *one == at),
                Choice::None => false,
            })
    }
}

/// A column of the export that could be one of ours.
#[derive(Clone, Debug)]
struct Candidate {
    at: usize,
    unit: Option<String>,
    is_exact: bool,
    /// Other columns of ours that it could be as well.
    others: Vec<String>,
}

/// Assigns the columns.
pub(super) fn assign(table: &Table, words: &Words) -> Assigned {
    let candidates = |ours: &str| -> Vec<Candidate> {
        let each = table.columns.iter().enumerate();
        each.filter_map(|(at, column)| candidate(ours, at, column, words))
            .collect()
    };
    let all: Vec<(&'static str, Vec<Candidate>)> = (COLUMNS.iter())
        .map(|ours| (*ours, candidates(ours)))
        .collect();
    let choices = all
        .iter()
        .map(|(ours, found)| (*ours, choose(found, &all, table)))
        .collect();
    let single = |ours: &str| match candidates(ours)[..] {
        [ref one] => Some(one.at),
        _ => None,
    };
    Assigned {
        choices,
        mass_unit: single(MASS_UNIT),
        distance_unit: single(DISTANCE_UNIT),
        zone: single(ZONE),
    }
}

fn candidate(ours: &str, at: usize, column: &Column, words: &Words) -> Option<Candidate> {
    // Lists and objects are no column, whatever they are called.
    if column.filled > 0 && !column.values.keys().any(|cell| cell.held != Held::Other) {
        return None;
    }
    if normal_head(&column.name) == normal_head(ours) {
        let unit = match ours {
            "cargo_mass_kg" | "container_cargo_mass_kg" => Some("kg"),
            "distance_km" => Some("km"),
            _ => None,
        };
        return Some(Candidate {
            at,
            unit: unit.map(str::to_owned),
            is_exact: true,
            others: Vec::new(),
        });
    }
    let known = words.head(&column.name)?;
    // A head that is the name of a column stands for that one only.
    let is_named = COLUMNS
        .iter()
        .any(|c| normal_head(c) == normal_head(&column.name));
    (!is_named && known.columns.iter().any(|c| c == ours)).then(|| Candidate {
        at,
        unit: known.unit,
        is_exact: false,
        others: known.columns.into_iter().filter(|c| c != ours).collect(),
    })
}

fn choose(found: &[Candidate], all: &[(&str, Vec<Candidate>)], table: &Table) -> Choice {
    let mut left: Vec<&Candidate> = found.iter().collect();
    let mut passed: Vec<(usize, &'static str)> = Vec::new();
    let mut pass = |left: &mut Vec<&Candidate>, why, keep: &dyn Fn(&Candidate) -> bool| {
        if left.len() > 1 && left.iter().any(|c| keep(c)) {
            passed.extend(left.iter().filter(|c| !keep(c)).map(|c| (c.at, why)));
            left.retain(|c| keep(c));
        }
    };
    pass(&mut left, "the other has the name of the column", &|c| {
        c.is_exact
    });
    pass(&mut left, "it is empty", &|c| {
        table.columns[c.at].filled > 0
    });
    // `Leg No` may be an id or an order; where the id has a column of its own, it is the order.
    let is_free = |c: &Candidate| {
        c.others.iter().all(|other| {
            let theirs = all.iter().find(|(ours, _)| ours == other);
            theirs.is_none_or(|(_, theirs)| theirs.iter().any(|t| t.at != c.at))
        })
    };
    pass(
        &mut left,
        "it can be another column, which nothing else is",
        &is_free,
    );
    // `Origin Code` and `Origin Name` are one place: a run needs the code.
    if is_one_place(&left, table) {
        pass(
            &mut left,
            "the other holds UN/LOCODEs of the same places",
            &|c| share_of_locodes(&table.columns[c.at]) == Some(true),
        );
    }
    match left[..] {
        [] => Choice::None,
        [one] => Choice::One {
            at: one.at,
            unit: one.unit.clone(),
            passed,
        },
        _ => Choice::Several(left.iter().map(|c| (c.at, c.unit.clone())).collect()),
    }
}

/// Whether these heads differ only in what they say of the place: its code or its name.
fn is_one_place(left: &[&Candidate], table: &Table) -> bool {
    let stem = |c: &&Candidate| {
        let name = normal(&table.columns[c.at].name);
        let ends = [
            "unlocode", "locode", "code", "name", "city", "town", "ort", "代码", "名称",
        ];
        let stem = ends
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .map(str::to_owned);
        stem.unwrap_or(name)
    };
    let mut stems: Vec<String> = left.iter().map(stem).collect();
    stems.dedup();
    stems.len() == 1 && !stems[0].is_empty()
}

/// Whether all cells of a column have the form of a UN/LOCODE; `None`: it holds nothing.
fn share_of_locodes(column: &Column) -> Option<bool> {
    let mut cells = column.values.keys().peekable();
    cells.peek()?;
    Some(cells.all(|cell| LocationCode::parse(cell.text.as_bytes()).is_some()))
}
