//! What-if: other energy carriers, operations, provisions, loads, speeds, dwell times, closed passages. A scenario changes the
//! links and the factors that the same search and the same kernel then work with; it makes no figure of its own.

use super::Millihours;
use super::network::rounded;
use super::network::{Link, Network};
use crate::factors::document::{self, Keys, decimal, text};
use crate::factors::fault::{DataFile, Fault, Faults};
use crate::factors::library::transport_mode;
use crate::factors::{EmissionFactor, FactorSet};
use crate::geo::sea::Passages;
use crate::model::id::LocationCode;
use crate::model::mode::{Mode, Per};
use crate::model::unit::{DECIMAL18_MAX, ONE, SHARE_SCALE, div_half_even, short_decimal_text};
use std::sync::Arc;
use toml::de::DeValue;

/// Edition of a scenario's own energy rows; no library has it.
pub const EDITION: &str = "what-if/1";

/// Which links a change is for: all that are given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    mode: Option<Mode>,
    operation: Option<String>,
    service: Option<String>,
    origin: Option<LocationCode>,
    destination: Option<LocationCode>,
}

impl Scope {
    fn fits(&self, link: &Link, factors: &FactorSet) -> bool {
        let code = &factors.operations[link.operation as usize].code;
        self.mode.is_none_or(|m| m == link.mode)
            && self.operation.as_deref().is_none_or(|o| o == &**code)
            && self.service.as_deref().is_none_or(|s| s == link.service)
            && self.origin.is_none_or(|o| o == link.origin)
            && self.destination.is_none_or(|d| d == link.destination)
    }

    fn words(&self) -> String {
        let places = [("from", self.origin), ("to", self.destination)];
        let places = places
            .into_iter()
            .filter_map(|(word, place)| Some(format!("{word} {}", place?)));
        let names = [
            self.mode.map(|m| m.code().to_owned()),
            self.operation.clone(),
            self.service.clone(),
        ];
        names
            .into_iter()
            .flatten()
            .chain(places)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// An energy carrier's own operation and provision, as texts of `energy.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EnergyRow {
    energy_carrier: String,
    region: String,
    per: String,
    operation_g: String,
    provision_g: String,
    gwp_set: String,
    source_ref: String,
}

/// A change of links.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    EnergyCarrier(String),
    Operation(String),
    /// New speed over old, millionths.
    Speed(i64),
}

/// A scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// Title.
    pub title: String,
    /// Passages closed.
    pub closed: Passages,
    changes: Vec<(Scope, Change)>,
    /// New load factor over old, millionths, by mode or operation.
    load_factors: Vec<(Scope, i64)>,
    dwells: Vec<(LocationCode, Millihours)>,
    energy: Vec<EnergyRow>,
}

const KEYS: [&str; 8] = [
    "title",
    "closed",
    "energy_carrier",
    "operation",
    "energy",
    "load_factor",
    "speed",
    "dwell",
];
const SCOPE: [&str; 5] = ["mode", "operation", "service", "origin", "destination"];

impl Scenario {
    /// Reads a scenario; every fault with its line.
    pub fn parse(file: &DataFile) -> (Option<Scenario>, Vec<Fault>) {
        let mut faults = Faults::default();
        let scenario = document::read(file, &mut faults, |keys, faults| {
            let mut scenario = Scenario {
                title: keys
                    .need("title", "a title", faults, text)
                    .map(|t| t.value)
                    .unwrap_or_default(),
                ..Scenario::default()
            };
            let passage = |value: &DeValue| value.as_str().and_then(Passages::parse);
            let wanted = format!("one of {}", Passages::CODES.join(", "));
            for closed in keys
                .list("closed", &wanted, faults, passage)
                .unwrap_or_default()
            {
                scenario.closed = scenario.closed.with(closed.value);
            }
            scenario.read_changes(keys, faults);
            scenario.read_energy(keys, faults);
            keys.finish(&KEYS, faults);
            scenario
        });
        (scenario.filter(|_| !faults.has_error()), faults.list)
    }

    fn read_changes(&mut self, keys: &mut Keys, faults: &mut Faults) {
        let ratio = |value: &DeValue| decimal(value, SHARE_SCALE).filter(|r| *r > 0);
        for mut table in keys.tables("energy_carrier", faults) {
            let carrier = table.need("energy_carrier", "an energy carrier", faults, text);
            let scope = scope(&mut table, &["energy_carrier"], faults);
            self.changes
                .extend(carrier.map(|c| (scope, Change::EnergyCarrier(c.value))));
        }
        for mut table in keys.tables("operation", faults) {
            // The scope of this change has no operation of its own: `operation` is what the link becomes.
            let operation = table.need("operation", "an operation of operations.csv", faults, text);
            let scope = scope(&mut table, &["operation"], faults);
            self.changes
                .extend(operation.map(|o| (scope, Change::Operation(o.value))));
        }
        for mut table in keys.tables("speed", faults) {
            let speed = table.need(
                "ratio",
                "new speed over old, above 0, at most 6 decimals",
                faults,
                ratio,
            );
            let scope = scope(&mut table, &["ratio"], faults);
            self.changes
                .extend(speed.map(|s| (scope, Change::Speed(s.value))));
        }
        for mut table in keys.tables("load_factor", faults) {
            let line = table.line;
            let load = table.need(
                "ratio",
                "new load factor over old, above 0, at most 6 decimals",
                faults,
                ratio,
            );
            let scope = scope(&mut table, &["ratio"], faults);
            if scope.service.is_some() || scope.origin.is_some() || scope.destination.is_some() {
                table.error(
                    line,
                    "service",
                    "",
                    "expected a mode or an operation: a load factor belongs to factors",
                    faults,
                );
            }
            self.load_factors.extend(load.map(|l| (scope, l.value)));
        }
        for mut table in keys.tables("dwell", faults) {
            let place = |value: &DeValue| LocationCode::parse(value.as_str()?.as_bytes());
            let place = table.need("place", "a UN/LOCODE", faults, place);
            let hours =
                |value: &DeValue| decimal(value, 3).filter(|h| (0..=10_000_000).contains(h));
            let hours = table.need(
                "hours",
                "hours up to 10000 with at most 3 decimals",
                faults,
                hours,
            );
            table.finish(&["place", "hours"], faults);
            self.dwells
                .extend(place.zip(hours).map(|(p, h)| (p.value, h.value)));
        }
    }

    fn read_energy(&mut self, keys: &mut Keys, faults: &mut Faults) {
        for mut table in keys.tables("energy", faults) {
            let mut word = |key: &str, wanted: &str, faults: &mut Faults| {
                table
                    .need(key, wanted, faults, decimal_or_text)
                    .map(|t| t.value)
                    .unwrap_or_default()
            };
            let row = EnergyRow {
                energy_carrier: word("energy_carrier", "an energy carrier", faults),
                region: word("region", "a region", faults),
                per: word("per", "kg, l, kWh or MJ", faults),
                operation_g: word(
                    "operation_g",
                    "grams CO2e per unit; an unknown figure has no place here",
                    faults,
                ),
                provision_g: word(
                    "provision_g",
                    "grams CO2e per unit; an unknown figure has no place here",
                    faults,
                ),
                source_ref: word("source_ref", "where the figures are from", faults),
                gwp_set: table
                    .get("gwp_set", "a GWP set", faults, text)
                    .map_or("unstated".to_owned(), |t| t.value),
            };
            table.finish(
                &[
                    "energy_carrier",
                    "region",
                    "per",
                    "operation_g",
                    "provision_g",
                    "gwp_set",
                    "source_ref",
                ],
                faults,
            );
            self.energy.push(row);
        }
    }

    /// The library with the scenario's own energy rows as an edition of their own.
    pub fn library(&self, library: &[DataFile]) -> Vec<DataFile> {
        let mut files = library.to_vec();
        if self.energy.is_empty() {
            return files;
        }
        let mut energy = "energy_id,energy_carrier,region,per,operation_g,provision_g,valid_from,gwp_set,source_ref\n".to_owned();
        for (number, row) in self.energy.iter().enumerate() {
            let id = format!("{}-{}", row.energy_carrier, number + 1);
            let cells = [
                &id,
                &row.energy_carrier,
                &row.region,
                &row.per,
                &row.operation_g,
                &row.provision_g,
                "0001-01-01",
                &row.gwp_set,
                &row.source_ref,
            ];
            energy += &line(&cells);
        }
        files.push(DataFile::new(format!("{EDITION}/energy.csv"), energy));
        for file in files.iter_mut().filter(|f| f.path == "sources.csv") {
            let head = String::from_utf8_lossy(&file.bytes)
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            let cell = |name: &str| match name.trim_matches(['\u{feff}', '\r', ' ']) {
                "source" => "what-if",
                "edition" => "1",
                "title" => self.title.as_str(),
                "licence" => "the user's own",
                "redistributable" => "no",
                "gwp_set" => "unstated",
                _ => "",
            };
            if !file.bytes.ends_with(b"\n") {
                file.bytes.push(b'\n');
            }
            file.bytes
                .extend_from_slice(line(&head.split(',').map(cell).collect::<Vec<_>>()).as_bytes());
        }
        files
    }

    /// Whether the library has an edition of this scenario.
    pub fn has_energy(&self) -> bool {
        !self.energy.is_empty()
    }

    /// Intensities at the new load factors: the energy of a vehicle or train is taken as it is, spread over more or less cargo.
    /// `Err`: a rule that is for no factor, or a figure beyond what can be held.
    pub fn scale_factors(&self, set: &mut FactorSet) -> Result<(), String> {
        let codes: Vec<(Mode, String)> = set
            .operations
            .iter()
            .map(|o| (o.mode, o.code.to_string()))
            .collect();
        for (scope, ratio) in &self.load_factors {
            let fits = |f: &EmissionFactor| {
                f.per == Per::Tkm
                    && f.operation.is_some_and(|o| {
                        let (mode, code) = &codes[o as usize];
                        scope.mode.is_none_or(|m| m == *mode)
                            && scope.operation.as_ref().is_none_or(|s| s == code)
                    })
            };
            let mut is_met = false;
            for factor in set.factors.iter_mut().filter(|f| fits(f)) {
                is_met = true;
                let scaled = |value: i64| {
                    let scaled = div_half_even(value as i128 * ONE as i128, *ratio as i128);
                    i64::try_from(scaled).ok().filter(|v| *v <= DECIMAL18_MAX)
                };
                factor.intensity =
                    (factor.intensity.each(scaled)).ok_or("load_factor: too small a ratio")?;
            }
            if !is_met {
                return Err(format!(
                    "load_factor {}: no factor per t.km of it in the profile",
                    scope.words()
                ));
            }
        }
        Ok(())
    }

    /// Changes links and dwell times. `Err`: an operation that is not one, or is of another mode.
    pub fn change(&self, network: &mut Network, factors: &FactorSet) -> Result<(), String> {
        if !self.dwells.is_empty() {
            let estimates = Arc::make_mut(&mut network.estimates);
            estimates.own_dwells.extend(self.dwells.iter().copied());
        }
        for (scope, change) in &self.changes {
            for link in network.links.iter_mut().filter(|l| scope.fits(l, factors)) {
                let link = Arc::make_mut(link);
                match change {
                    Change::EnergyCarrier(carrier) => link.energy_carrier.clone_from(carrier),
                    Change::Operation(code) => {
                        let operation = factors
                            .operation(code)
                            .filter(|o| factors.operations[*o as usize].mode == link.mode);
                        let wanted = || {
                            format!(
                                "operation {code}: expected an operation of mode {}",
                                link.mode.code()
                            )
                        };
                        link.operation = operation.ok_or_else(wanted)?;
                    }
                    Change::Speed(ratio) => {
                        if let Some(transit) = &mut link.transit {
                            transit.value = rounded(
                                i128::from(transit.value) * i128::from(ONE),
                                i128::from(*ratio),
                            );
                            transit.is_estimate = true;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A change that fits no link of the network, in words.
    pub fn idle(&self, network: &Network, factors: &FactorSet) -> Option<String> {
        let scopes = self.changes.iter().map(|(scope, _)| scope);
        scopes
            .into_iter()
            .find(|s| !network.links.iter().any(|l| s.fits(l, factors)))
            .map(Scope::words)
    }

    /// What the scenario changes, a line each.
    pub fn words(&self) -> Vec<String> {
        let times = |ratio: i64| short_decimal_text(ratio as i128, SHARE_SCALE);
        let changes = self.changes.iter().map(|(scope, change)| match change {
            Change::EnergyCarrier(carrier) => {
                format!("{}: energy carrier {carrier}", scope.words())
            }
            Change::Operation(operation) => format!("{}: operation {operation}", scope.words()),
            Change::Speed(ratio) => format!("{}: speed x {}", scope.words(), times(*ratio)),
        });
        let loads = self
            .load_factors
            .iter()
            .map(|(s, r)| format!("{}: load factor x {}", s.words(), times(*r)));
        let hours = |h: Millihours| short_decimal_text(h as i128, 3);
        let dwells = self
            .dwells
            .iter()
            .map(|(place, h)| format!("{place}: {} h in the hub", hours(*h)));
        let energy = self.energy.iter().map(|e| {
            format!(
                "{} in {}: {} g operation and {} g provision per {} ({})",
                e.energy_carrier, e.region, e.operation_g, e.provision_g, e.per, e.source_ref
            )
        });
        let closed = self.closed.codes().map(|c| format!("{c}: closed"));
        changes
            .chain(loads)
            .chain(dwells)
            .chain(energy)
            .chain(closed)
            .collect()
    }
}

/// The links that a table is for; `also` are its other keys.
fn scope(table: &mut Keys, also: &[&str], faults: &mut Faults) -> Scope {
    let place = |value: &DeValue| LocationCode::parse(value.as_str()?.as_bytes());
    let mode = |value: &DeValue| value.as_str().and_then(transport_mode);
    let line = table.line;
    let scope = Scope {
        mode: table
            .get(
                "mode",
                "road, rail, sea, inland_waterway or air",
                faults,
                mode,
            )
            .map(|a| a.value),
        operation: table
            .get("operation", "an operation", faults, text)
            .map(|a| a.value),
        service: table
            .get("service", "a service", faults, text)
            .map(|a| a.value),
        origin: table
            .get("origin", "a UN/LOCODE", faults, place)
            .map(|a| a.value),
        destination: table
            .get("destination", "a UN/LOCODE", faults, place)
            .map(|a| a.value),
    };
    if scope == Scope::default() {
        table.error(
            line,
            "mode",
            "",
            format!("expected at least one of {}", SCOPE.join(", ")),
            faults,
        );
    }
    table.finish(&[&SCOPE[..], also].concat(), faults);
    scope
}

/// A text, or a number by its literal.
fn decimal_or_text(value: &DeValue) -> Option<String> {
    let shown = document::shown(value);
    (!shown.is_empty()
        && !matches!(
            value,
            DeValue::Array(_) | DeValue::Table(_) | DeValue::Boolean(_)
        ))
    .then_some(shown)
}

fn line(cells: &[&str]) -> String {
    let quoted = |cell: &&str| format!("\"{}\"", cell.replace('"', "\"\""));
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Option<Scenario>, Vec<String>) {
        let (scenario, faults) = Scenario::parse(&DataFile::new("what-if.toml", text));
        (
            scenario,
            faults
                .iter()
                .map(|f| format!("{} {}", f.line, f.column))
                .collect(),
        )
    }

    #[test]
    fn a_scenario_says_what_it_changes() {
        let (scenario, faults) = parse(
            "title = \"2030\"\nclosed = [\"suez\"]\n[[energy_carrier]]\nmode = \"road\"\nenergy_carrier = \"hvo\"\n\
             [[operation]]\nservice = \"x\"\noperation = \"rail.container_electric\"\n[[speed]]\nmode = \"sea\"\nratio = 0.8\n\
             [[load_factor]]\noperation = \"road.articulated\"\nratio = \"1.25\"\n[[dwell]]\nplace = \"CNSHA\"\nhours = 24\n\
             [[energy]]\nenergy_carrier = \"electricity\"\nregion = \"CN\"\nper = \"kWh\"\noperation_g = 0\nprovision_g = 300.5\nsource_ref = \"plan\"\n",
        );
        assert!(faults.is_empty(), "{faults:?}");
        let want = [
            "road: energy carrier hvo",
            "x: operation rail.container_electric",
            "sea: speed x 0.8",
            "road.articulated: load factor x 1.25",
            "CNSHA: 24 h in the hub",
            "electricity in CN: 0 g operation and 300.5 g provision per kWh (plan)",
            "suez: closed",
        ];
        assert_eq!(scenario.unwrap().words(), want);
    }

    #[test]
    fn an_energy_row_without_its_provision_is_a_fault() {
        let (scenario, faults) = parse(
            "title = \"t\"\n[[energy]]\nenergy_carrier = \"hydrogen\"\nregion = \"CN\"\nper = \"kg\"\noperation_g = 0\nsource_ref = \"x\"\n\
             [[speed]]\nratio = 0\ncolour = 1\n",
        );
        assert!(scenario.is_none());
        assert_eq!(
            faults,
            [
                "9 speed.ratio",
                "8 speed.mode",
                "10 speed.colour",
                "2 energy.provision_g"
            ]
        );
    }
}
