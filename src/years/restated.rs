//! Restatement of the base: the same movements computed with the library of today for their own days, less what was published.
//!
//! Both runs are read side by side. That they hold the same movements is proved element by element; what differs is refused by name.

use crate::error::{Error, Result};
use crate::model::id::LocationCode;
use crate::output::elements::element;
use crate::published::row::row;
use crate::store::signal::Interrupt;
use crate::years::period::{Figures, Key, Line, Opened, Places, is_break};
use std::collections::BTreeMap;
use std::fmt::Debug;

row! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Beside of element {
        container_id: String,
        movement_id: String,
        load_status: String,
        teu: Option<i64>,
    }
}

/// Why a figure of the base is another one today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The row of the library has another value, or another edition of it applies on that day.
    Correction,
    /// The edition that applies today breaks with the method of the one before, by its title in `sources.csv`.
    MethodBreak,
    /// Another row of the library applies.
    FactorChoice,
    /// The factor is the same: profile, rounding or method revision.
    Method,
}

impl Cause {
    /// All of them, in the order of [`Restatement::causes`].
    pub const ALL: [Cause; 4] = [
        Cause::Correction,
        Cause::MethodBreak,
        Cause::FactorChoice,
        Cause::Method,
    ];

    /// Its name in tables and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Cause::Correction => "corrections",
            Cause::MethodBreak => "method_breaks",
            Cause::FactorChoice => "factor_choice",
            Cause::Method => "method",
        }
    }
}

/// What restatement does to a mode of a group, or to all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restatement {
    /// Emissions as published, micrograms.
    pub published: i128,
    /// Emissions as restated.
    pub restated: i128,
    /// The difference by cause.
    pub causes: [i128; 4],
}

impl Restatement {
    pub(super) fn add(&mut self, other: &Restatement) {
        self.published += other.published;
        self.restated += other.restated;
        for (sum, more) in self.causes.iter_mut().zip(other.causes) {
            *sum += more;
        }
    }
}

/// An element with all that pairs it.
type Both = (Line, Beside);

/// The restatement by the place where an element counts in the restated run.
pub(super) fn restatement(
    (base, base_figures): (&Opened, &Figures),
    (restated, restated_figures): (&Opened, &Figures),
    interrupt: &Interrupt,
) -> Result<BTreeMap<Key, Restatement>> {
    let breaks = restated.method_breaks()?;
    let value = |figures: &Figures| -> BTreeMap<String, (String, i128)> {
        let of = figures.factors.iter();
        of.map(|f| (f.id.clone(), (f.series.clone(), f.intensity)))
            .collect()
    };
    let (old, new) = (value(base_figures), value(restated_figures));
    let cause = |was: &str, is: &str| {
        let (before, after) = (old.get(was), new.get(is));
        match was == is {
            _ if before.map(|f| &f.0) != after.map(|f| &f.0) => Cause::FactorChoice,
            true if before == after => Cause::Method,
            true => Cause::Correction,
            false if is_break(&breaks, is) => Cause::MethodBreak,
            false => Cause::Correction,
        }
    };
    let mut places = Places::new(restated);
    let mut found: BTreeMap<Key, Restatement> = BTreeMap::new();
    let mut left = base.lines::<Both>(interrupt)?;
    let mut right = restated.lines::<Both>(interrupt)?;
    loop {
        let (was, is) = match (left.next().transpose()?, right.next().transpose()?) {
            (None, None) => return Ok(found),
            (Some(was), Some(is)) => (was, is),
            (one, other) => {
                let side = if one.is_some() { "base" } else { "restated" };
                let (line, beside) = one
                    .or(other)
                    .unwrap_or_else(|| unreachable!("one is there"));
                return Err(others(
                    &line,
                    &beside,
                    &format!("only the {side} run has it"),
                ));
            }
        };
        same(&was, &is)?;
        let (before, after) = (i128::from(was.0.ghg), i128::from(is.0.ghg));
        let mut own = Restatement {
            published: before,
            restated: after,
            causes: [0; 4],
        };
        if before != after {
            own.causes[cause(&was.0.factor_id, &is.0.factor_id) as usize] = after - before;
        }
        found.entry(places.key(&is.0)?).or_default().add(&own);
    }
}

/// Refuses two elements that are not of one movement with one activity.
fn same(was: &Both, is: &Both) -> Result<()> {
    fn place(code: LocationCode) -> String {
        String::from_utf8_lossy(&code.bytes()).into_owned()
    }
    let (a, b) = (&was.0, &is.0);
    let (c, d) = (&was.1, &is.1);
    let check = |name: &str, before: &dyn Debug, after: &dyn Debug| {
        let (before, after) = (format!("{before:?}"), format!("{after:?}"));
        match before == after {
            true => Ok(()),
            false => Err(others(
                a,
                c,
                &format!("{name} is {before} in the base run and {after} in the restated one"),
            )),
        }
    };
    check("shipment_id", &a.shipment_id, &b.shipment_id)?;
    check("container_id", &c.container_id, &d.container_id)?;
    check("element", &a.element, &b.element)?;
    check("movement_id", &c.movement_id, &d.movement_id)?;
    check("mode", &a.mode.code(), &b.mode.code())?;
    check("origin", &place(a.origin), &place(b.origin))?;
    check("destination", &place(a.destination), &place(b.destination))?;
    check("departed_at", &a.departed_at, &b.departed_at)?;
    check("load_status", &c.load_status, &d.load_status)?;
    check("cargo_mass_kg in grams", &a.mass, &b.mass)?;
    check("teu in millionths", &c.teu, &d.teu)?;
    let basis = (a.activity_basis.code(), b.activity_basis.code());
    check("activity_basis", &basis.0, &basis.1)?;
    check("transport_activity_tkm in 10^-9", &a.activity, &b.activity)
}

fn others(line: &Line, beside: &Beside, what: &str) -> Error {
    let movement = match beside.movement_id.as_str() {
        "" => "an inferred hub".to_owned(),
        id => format!("movement {id:?}"),
    };
    Error::Usage(format!(
        "the restated run is not of the movements of the base run: shipment {:?}, element {}, {movement}: {what}; expected the same records with the \
         library of today and nothing else changed (diff shows all that differs)",
        line.shipment_id, line.element
    ))
}
