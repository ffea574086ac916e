//! The factor of an element: where its figures stand, how they were made, and why no other factor was taken.

use crate::audit::explain::Subject;
use crate::audit::explain::sheet::{Candidate, Fact, FactorSheet, LibraryRow, Step};
use crate::error::{Error, Result};
use crate::factors::{
    self, Composed, EmissionFactor, EnergyQuery, FactorQuery, Verdict, conversion,
};
use crate::model::element::NOT_STATED;
use crate::model::flag::Flags;
use crate::model::mode::{Basis, EnergyUnit};
use crate::model::time::{NO_END, date_text, day_of};
use crate::model::unit::{NANO_SCALE, SHARE_SCALE, short_decimal_text};

impl Subject<'_> {
    /// The sheet of the factor; that the search for candidates ends with the published factor is checked.
    pub(crate) fn factor(&self) -> Result<FactorSheet> {
        let set = &self.reference.factors;
        let factor = &set.factors[self.element.factor as usize];
        let candidates = self.candidates();
        let mut sheet = FactorSheet {
            id: factor.id.to_string(),
            rows: self.rows(factor),
            made: self.made(factor),
            rank: Vec::new(),
            outranked: Vec::new(),
            excluded: Vec::new(),
        };
        for candidate in candidates {
            let id = set.factors[candidate.factor as usize].id.to_string();
            match candidate.verdict {
                Verdict::Chosen if candidate.factor != self.element.factor => {
                    return Err(Error::Internal(format!(
                        "the choice between the candidates is {id}, the run used {}",
                        factor.id
                    )));
                }
                Verdict::Chosen => {
                    sheet.rank = candidate
                        .rank
                        .into_iter()
                        .map(|(name, value)| Fact::new(name, value, ""))
                        .collect();
                }
                Verdict::Outranked(rule) => sheet.outranked.push(Candidate { id, rule }),
                Verdict::Excluded(rule) => sheet.excluded.push(Candidate { id, rule }),
            }
        }
        Ok(sheet)
    }

    fn candidates(&self) -> Vec<factors::Candidate> {
        let (e, set) = (self.element, &self.reference.factors);
        let energy_carrier = self.symbols.text(self.facts.energy_carrier);
        let day = day_of(e.departed_at);
        if self.facts.energy_quantity > 0 {
            let unit = self.facts.energy_unit;
            return set.energy_candidates(&EnergyQuery {
                energy_carrier,
                unit,
                origin: e.origin,
                destination: e.destination,
                day,
            });
        }
        set.candidates(&FactorQuery {
            operation: e.operation,
            carrier: self.symbols.text(self.facts.carrier),
            energy_carrier,
            origin: e.origin,
            destination: e.destination,
            temperature: e.temperature,
            day,
        })
    }

    /// The rows of the library that the factor stands on.
    fn rows(&self, factor: &EmissionFactor) -> Vec<LibraryRow> {
        let Some(composed) = &factor.composed else {
            return vec![self.row(factor, factor.id.to_string(), None)];
        };
        let energy = &self.reference.factors.factors[composed.energy as usize];
        let own = factor
            .id
            .strip_suffix(&*energy.id)
            .map_or(&*factor.id, |id| id.trim_end_matches('@'));
        vec![
            self.row(factor, own.to_owned(), Some(composed)),
            self.row(energy, energy.id.to_string(), None),
        ]
    }

    fn row(&self, f: &EmissionFactor, id: String, composed: Option<&Composed>) -> LibraryRow {
        let per = f.per.unit();
        let grams = |v: i64| format!("{} g CO2e/{per}", short_decimal_text(v.into(), NANO_SCALE));
        let stated = |v: i64| match v {
            NOT_STATED => String::new(),
            v => format!(
                "{} g CO2/{per}, in no total",
                short_decimal_text(v.into(), NANO_SCALE)
            ),
        };
        let mut figures = match composed {
            Some(c) => vec![Fact::new("energy use", energy_use(c, per), "")],
            None => vec![
                Fact::new("operation", grams(f.intensity.operation), ""),
                Fact::new("provision", grams(f.intensity.provision), ""),
                Fact::new("biogenic CO2", stated(f.intensity.biogenic), ""),
            ],
        };
        let basis = if f.distance_basis == Basis::Absent {
            ""
        } else {
            f.distance_basis.code()
        };
        let share =
            |v: Option<i64>| v.map_or(String::new(), |v| short_decimal_text(v.into(), SHARE_SCALE));
        let until = if f.valid_to == NO_END {
            String::new()
        } else {
            format!(" until before {}", date_text(f.valid_to))
        };
        figures.extend([
            Fact::new("distance basis", basis, &*f.basis_note),
            Fact::new("load factor", share(f.load_factor), ""),
            Fact::new("empty share", share(f.empty_share), ""),
            Fact::new(
                "region",
                composed.map_or(f.region.to_string(), |c| c.row_region.to_string()),
                "",
            ),
            Fact::new(
                "valid",
                format!("from {}{until}", date_text(f.valid_from)),
                "",
            ),
        ]);
        let source = self.reference.factors.source_of(f);
        let provenance = vec![
            Fact::new(
                "source",
                source.title.to_string(),
                source.publisher.to_string(),
            ),
            Fact::new(
                "edition",
                source.folder.to_string(),
                source.published_on.map_or(String::new(), date_text),
            ),
            Fact::new("table", f.source_ref.to_string(), ""),
            Fact::new("url", source.url.to_string(), ""),
            Fact::new("licence", f.licence.to_string(), ""),
            Fact::new("GWP set", f.gwp_set.code(), ""),
            Fact::new("note", f.note.to_string(), ""),
            Fact::new("row", format!("{}:{}", f.file, f.line), ""),
        ];
        let present =
            |facts: Vec<Fact>| facts.into_iter().filter(|f| !f.value.is_empty()).collect();
        LibraryRow {
            id,
            figures: present(figures),
            provenance: present(provenance),
        }
    }

    /// Composition and uplift, in this order.
    fn made(&self, factor: &EmissionFactor) -> Vec<Step> {
        let e = self.element;
        let mut made = Vec::new();
        let parts = [
            (
                "operation",
                factor.intensity.operation,
                e.intensity_operation,
            ),
            (
                "provision",
                factor.intensity.provision,
                e.intensity_provision,
            ),
        ];
        let grams = |v: i64| {
            format!(
                "{} g CO2e/{}",
                short_decimal_text(v.into(), NANO_SCALE),
                factor.per.unit()
            )
        };
        if let Some(c) = &factor.composed {
            let energy = &self.reference.factors.factors[c.energy as usize];
            let of = [energy.intensity.operation, energy.intensity.provision];
            for ((name, made_g, _), each) in parts.into_iter().zip(of) {
                let per = energy.per.unit();
                let conversion = match conversion(c.unit, energy.per) {
                    Some((n, d)) if n != d => format!(" x {n}/{d} {per}/{}", c.unit.code()),
                    Some(_) | None => String::new(),
                };
                let each = short_decimal_text(each.into(), NANO_SCALE);
                made.push(Step {
                    name,
                    formula: format!(
                        "{}{conversion} x {each} g CO2e/{per}",
                        energy_use(c, factor.per.unit())
                    ),
                    exact: String::new(),
                    result: grams(made_g),
                    rule: "half to even at 9 decimals".to_owned(),
                });
            }
        }
        if e.flags.has(Flags::REFRIGERATED_UPLIFT) {
            let uplift = self.reference.profile.refrigerated_uplift[e.mode].unwrap_or_default();
            for (name, ambient, applied) in parts {
                made.push(Step {
                    name,
                    formula: format!(
                        "{} x {}",
                        grams(ambient),
                        short_decimal_text(uplift.into(), SHARE_SCALE)
                    ),
                    exact: String::new(),
                    result: grams(applied),
                    rule: "the profile's refrigerated uplift, half to even at 9 decimals"
                        .to_owned(),
                });
            }
        }
        made
    }
}

fn energy_use(c: &Composed, per: &str) -> String {
    debug_assert!(c.unit != EnergyUnit::Absent);
    format!(
        "{} {}/{per}",
        short_decimal_text(c.quantity.into(), factors::QUANTITY_SCALE),
        c.unit.code()
    )
}
