//! The inputs of an element and how each was found: reported, from a type, from the profile, from the network.

use crate::audit::explain::sheet::Fact;
use crate::audit::explain::{Record, Subject};
use crate::calc::load::UNKNOWN_TEU;
use crate::model::flag::Flags;
use crate::model::mode::{Basis, DistanceSource, EnergyUnit, LoadStatus, Temperature};
use crate::model::time::{day_of, instant_text};
use crate::model::unit::{DISTANCE_SCALE, MASS_SCALE, ONE, SHARE_SCALE, decimal_text};
use crate::reference::Leg;

impl Subject<'_> {
    fn has(&self, flag: Flags) -> bool {
        self.element.flags.has(flag)
    }

    /// Ids, times and lineage.
    pub(crate) fn record(&self, record: &Record) -> Vec<Fact> {
        let inferred = self.has(Flags::HUB_INFERRED);
        let departed = if inferred {
            "arrival of the element before it, else departure of the next"
        } else {
            ""
        };
        let facts = vec![
            Fact::new("movement", record.movement_id.clone(), ""),
            Fact::new("record", record.source(), ""),
            Fact::new("departed", instant_text(self.element.departed_at), departed),
            Fact::new(
                "arrived",
                record.arrived_at.map_or(String::new(), instant_text),
                "",
            ),
            Fact::new("carrier", self.symbols.text(self.facts.carrier), ""),
            Fact::new("container type", record.container_type.clone(), ""),
            Fact::new("evidence", record.evidence_ref.clone(), ""),
        ];
        facts.into_iter().filter(|f| !f.value.is_empty()).collect()
    }

    /// What goes into the calculation.
    pub(crate) fn inputs(&self, record: &Record) -> Vec<Fact> {
        let e = self.element;
        let mut facts = Vec::new();
        if self.has(Flags::HUB_INFERRED) {
            facts.push(Fact::new(
                "hub",
                "inferred",
                "no record reports it; the profile's hub table has it for these modes",
            ));
        } else if self.has(Flags::OPERATION_DEFAULTED) {
            facts.push(Fact::new(
                "operation",
                self.operation_code(),
                "the profile's default for the mode",
            ));
        }
        facts.push(Fact::new(
            "cargo mass",
            format!("{} kg", decimal_text(e.mass_g.into(), MASS_SCALE)),
            self.mass_found(record),
        ));
        facts.push(match e.teu {
            UNKNOWN_TEU => Fact::new("TEU", "unknown", ""),
            teu => Fact::new(
                "TEU",
                decimal_text(teu.into(), SHARE_SCALE),
                self.teu_found(record),
            ),
        });
        let shared = if e.containers == ONE {
            ""
        } else {
            "share of the cargo in the container"
        };
        facts.push(Fact::new(
            "containers",
            decimal_text(e.containers.into(), SHARE_SCALE),
            shared,
        ));
        if e.load_status == LoadStatus::Empty {
            facts.push(Fact::new("load status", "empty", ""));
        }
        if e.temperature == Temperature::Refrigerated {
            let how = if self.has(Flags::REFRIGERATION_ASSUMED) {
                format!("assumed from container type {}", record.container_type)
            } else {
                String::new()
            };
            facts.push(Fact::new("temperature", "refrigerated", how));
        }
        let energy_carrier = self.symbols.text(self.facts.energy_carrier);
        if !energy_carrier.is_empty() {
            facts.push(Fact::new("energy carrier", energy_carrier, "reported"));
        }
        if self.facts.energy_unit != EnergyUnit::Absent && self.facts.energy_quantity > 0 {
            let quantity = decimal_text(self.facts.energy_quantity.into(), SHARE_SCALE);
            facts.push(Fact::new(
                "energy used",
                format!("{quantity} {}", self.facts.energy_unit.code()),
                "reported: primary data",
            ));
        }
        facts.extend(self.distance());
        facts
    }

    pub(crate) fn operation_code(&self) -> &str {
        &self.reference.factors.operations[self.element.operation as usize].code
    }

    fn mass_found(&self, record: &Record) -> String {
        let profile = &self.reference.profile;
        let per_teu = |grams: i64| {
            format!(
                "{} kg per TEU, the profile's default",
                decimal_text(grams.into(), MASS_SCALE)
            )
        };
        let of_type = self.reference.containers.lookup(&record.container_type);
        if self.has(Flags::HUB_INFERRED) {
            "of the neighbouring element".to_owned()
        } else if self.has(Flags::MASS_DEFAULTED) {
            per_teu(profile.default_mass_per_teu_g)
        } else if self.has(Flags::EMPTY_DEFAULT_MASS) {
            match of_type.and_then(|t| t.tare_g).filter(|grams| *grams > 0) {
                Some(_) => format!("tare of container type {}", record.container_type),
                None => per_teu(profile.empty_mass_per_teu_g),
            }
        } else {
            "reported".to_owned()
        }
    }

    fn teu_found(&self, record: &Record) -> String {
        let whole = if self.element.containers == ONE {
            ""
        } else {
            ", times the share"
        };
        if self.has(Flags::HUB_INFERRED) {
            "of the neighbouring element".to_owned()
        } else if self.has(Flags::TEU_FROM_TYPE) {
            format!("container type {}{whole}", record.container_type)
        } else {
            format!("reported{whole}")
        }
    }

    /// The distance as found; hubs have none.
    fn distance(&self) -> Option<Fact> {
        let e = self.element;
        let leg = || Leg {
            mode: e.mode,
            operation: e.operation,
            origin: e.origin,
            destination: e.destination,
            day: day_of(e.departed_at),
        };
        let how = match e.distance_source {
            DistanceSource::Absent => return None,
            DistanceSource::Reported if self.has(Flags::BASIS_ASSUMED) => {
                "reported; basis not stated, the profile's default".to_owned()
            }
            DistanceSource::Reported => "reported".to_owned(),
            DistanceSource::SeaGraph => {
                let network = self.reference.sea().map_or("", |sea| sea.network());
                let way = self.reference.sea_way(leg());
                let other = way
                    .filter(|w| w.depends_on_passages())
                    .and_then(|w| w.other_m);
                let other = other.map_or(String::new(), |metres| {
                    let passages = &self.reference.passages;
                    let state = passages.other_state(day_of(e.departed_at), e.operation);
                    format!("; {} km {state}", (metres + 500) / 1000)
                });
                format!("shortest way over the sea graph: {network}{other}")
            }
            DistanceSource::Estimate => {
                let leg = leg();
                let how = self.reference.explain_estimate(leg);
                format!("estimate: {}", how.unwrap_or_default())
            }
            DistanceSource::Network | DistanceSource::OwnFile => {
                let row = self
                    .reference
                    .distances
                    .get(e.mode, e.origin, e.destination);
                let file = match e.distance_source {
                    DistanceSource::OwnFile => "own distance file",
                    _ => "distances.csv",
                };
                match row.map(|d| &*d.source_ref).filter(|s| !s.is_empty()) {
                    Some(source) => format!("{file}: {source}"),
                    None => file.to_owned(),
                }
            }
            DistanceSource::GreatCircle => {
                "great circle between the places' coordinates".to_owned()
            }
        };
        let basis = if e.distance_basis == Basis::Absent {
            "no basis"
        } else {
            e.distance_basis.code()
        };
        Some(Fact::new(
            "distance",
            format!(
                "{} km {basis}",
                decimal_text(e.distance_m.into(), DISTANCE_SCALE)
            ),
            how,
        ))
    }
}
