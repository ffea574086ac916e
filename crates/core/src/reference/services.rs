//! Services: what runs between two places, how often, how long, for how much. Read and checked here; only route options
//! use them.

use super::distances::basis;
use super::{DataFile, Fault};
use crate::factors::FactorSet;
use crate::factors::fault::Faults;
use crate::factors::library::transport_mode;
use crate::factors::table::{self, layout};
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, Mode, Per};
use crate::model::movement::OperationIndex;
use crate::model::time::Day;
use crate::model::unit::{DECIMAL15_MAX, DISTANCE_SCALE};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Name.
    pub service: String,
    /// Mode.
    pub mode: Mode,
    /// Operation.
    pub operation: OperationIndex,
    /// Carrier; empty: none.
    pub carrier: String,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// Distance in metres with its basis; `None`: that of the distance file.
    pub distance: Option<(u32, Basis)>,
    /// Transit time, thousandths of an hour.
    pub transit_hours: Option<i64>,
    /// Departures per week, thousandths.
    pub departures_per_week: Option<i64>,
    /// Weekdays of departure, bit 0 for Monday; 0: not known.
    pub departure_days: u8,
    /// How long before departure the box must be there, thousandths of an hour; 0: not known.
    pub cut_off_hours: i64,
    /// Cost.
    pub cost: Option<Cost>,
    /// First day of validity; `Day::MIN`: ever since.
    pub valid_from: Day,
    /// First day after validity; [`crate::model::time::NO_END`]: until further notice.
    pub valid_to: Day,
    /// Where it is from.
    pub source_ref: String,
    /// Note.
    pub note: String,
    /// Line in the file.
    pub line: u64,
}

/// A price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Millionths of the currency unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// TEU, tonne or container.
    pub per: Per,
}

/// The services of `services.csv`.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// In file order.
    pub list: Vec<Service>,
}

layout! {
    /// Columns of `services.csv`.
    Cell {
        Service = "service" must, Mode = "mode" must, Operation = "operation" must, Carrier = "carrier", Origin = "origin" must,
        Destination = "destination" must, DistanceKm = "distance_km", Basis = "basis", TransitHours = "transit_hours",
        DeparturesPerWeek = "departures_per_week", DepartureDays = "departure_days", CutOffHours = "cut_off_hours", Cost = "cost", Currency = "currency", CostPer = "cost_per",
        ValidFrom = "valid_from", ValidTo = "valid_to", SourceRef = "source_ref", Note = "note",
    }
}

impl Services {
    /// Reads `services.csv`; operations are those of the factor set.
    pub fn parse(file: &DataFile, factors: &FactorSet) -> (Services, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut list = Vec::new();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let mode = row.value(
                Cell::Mode,
                transport_mode,
                "road, rail, sea, inland_waterway or air",
            );
            let operation = row.value(
                Cell::Operation,
                |t| factors.operation(t),
                "an operation of operations.csv",
            );
            if let (Some(mode), Some(operation)) = (mode, operation)
                && factors.operations[operation as usize].mode != mode
            {
                row.error(
                    Cell::Operation,
                    format!("expected an operation of mode {}", mode.code()),
                );
            }
            let place = |t: &str| LocationCode::parse(t.as_bytes());
            let origin = row.value(Cell::Origin, place, "a UN/LOCODE");
            let destination = row.value(Cell::Destination, place, "a UN/LOCODE");
            let wanted = "kilometres above 0, up to 50000, with at most 3 decimals";
            let metres = row.decimal(Cell::DistanceKm, DISTANCE_SCALE, 1..=50_000_000, wanted);
            let metres = metres.and_then(|m| u32::try_from(m).ok());
            let basis = row.value(Cell::Basis, basis, "sfd, gcd or actual");
            together(row, &[Cell::DistanceKm, Cell::Basis]);
            let transit_hours = row.decimal(
                Cell::TransitHours,
                3,
                0..=10_000_000,
                "hours up to 10000 with at most 3 decimals",
            );
            let departures_per_week = row.decimal(
                Cell::DeparturesPerWeek,
                3,
                1..=10_000_000,
                "departures above 0, up to 10000, with at most 3 decimals",
            );
            let departure_days = row.value(
                Cell::DepartureDays,
                weekdays,
                "weekdays as digits in order, 1 for Monday, such as 135",
            );
            let cut_off_hours = row.decimal(
                Cell::CutOffHours,
                3,
                0..=1_000_000,
                "hours up to 1000 with at most 3 decimals",
            );
            let cost = cost(row);
            let valid = row.open_interval(Cell::ValidFrom, Cell::ValidTo);
            let (
                Some(mode),
                Some(operation),
                Some(origin),
                Some(destination),
                Some((valid_from, valid_to)),
                false,
            ) = (mode, operation, origin, destination, valid, row.failed)
            else {
                return;
            };
            let owned = |cell: Cell| row.text(cell).to_owned();
            list.push(Service {
                service: owned(Cell::Service),
                mode,
                operation,
                carrier: owned(Cell::Carrier),
                origin,
                destination,
                distance: metres.zip(basis),
                transit_hours,
                departures_per_week,
                departure_days: departure_days.unwrap_or(0),
                cut_off_hours: cut_off_hours.unwrap_or(0),
                cost,
                valid_from,
                valid_to,
                source_ref: owned(Cell::SourceRef),
                note: owned(Cell::Note),
                line: row.line,
            });
        });
        (Services { list }, faults.list)
    }

    /// Puts the services of another file on top: each replaces those that have its name.
    pub fn put_on_top(&mut self, mut own: Services) {
        self.list
            .retain(|s| !own.list.iter().any(|o| o.service == s.service));
        own.list.append(&mut self.list);
        self.list = own.list;
    }
}

/// `135` for Monday, Wednesday and Friday as a set of bits.
fn weekdays(text: &str) -> Option<u8> {
    let mut days = 0;
    for digit in text.bytes() {
        let bit = 1 << digit.checked_sub(b'1').filter(|d| *d < 7)?;
        if days >= bit {
            return None;
        }
        days |= bit;
    }
    Some(days)
}

fn cost(row: &mut table::Row) -> Option<Cost> {
    let amount = row.decimal(
        Cell::Cost,
        6,
        0..=DECIMAL15_MAX,
        "an amount with at most 6 decimals, not negative",
    );
    let code =
        |t: &str| (t.len() == 3 && t.bytes().all(|b| b.is_ascii_uppercase())).then(|| t.to_owned());
    let currency = row.value(Cell::Currency, code, "an ISO 4217 code");
    let units = [Per::Teu, Per::T, Per::Container];
    let per = row.value(
        Cell::CostPer,
        |t| units.into_iter().find(|p| p.code() == t),
        "teu, t or container",
    );
    together(row, &[Cell::Cost, Cell::Currency, Cell::CostPer]);
    Some(Cost {
        amount: amount?,
        currency: currency?,
        per: per?,
    })
}

/// Cells that say something only together.
fn together(row: &mut table::Row, cells: &[Cell]) {
    if cells.iter().any(|c| !row.text(*c).is_empty()) {
        for cell in cells {
            if row.text(*cell).is_empty() {
                let names: Vec<_> = cells
                    .iter()
                    .map(|c| Cell::LAYOUT[usize::from(*c)].0)
                    .collect();
                row.error(
                    *cell,
                    format!("expected a value: {} belong together", names.join(", ")),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_digits_in_order() {
        let found = ["1", "135", "7", "1234567", "", "0", "8", "31", "11", "1,3"].map(weekdays);
        let want = [
            Some(1),
            Some(0b1_0101),
            Some(64),
            Some(127),
            Some(0),
            None,
            None,
            None,
            None,
            None,
        ];
        assert_eq!(found, want);
    }

    #[test]
    fn own_services_replace_those_of_their_name() {
        let service = |name: &str, note: &str| Service {
            service: name.into(),
            mode: Mode::Rail,
            operation: 0,
            carrier: String::new(),
            origin: LocationCode::default(),
            destination: LocationCode::default(),
            distance: None,
            transit_hours: None,
            departures_per_week: None,
            departure_days: 0,
            cut_off_hours: 0,
            cost: None,
            valid_from: Day::MIN,
            valid_to: crate::model::time::NO_END,
            source_ref: String::new(),
            note: note.into(),
            line: 1,
        };
        let mut services = Services {
            list: vec![service("a", "shipped"), service("b", "shipped")],
        };
        services.put_on_top(Services {
            list: vec![service("b", "own"), service("c", "own")],
        });
        let found: Vec<_> = services
            .list
            .iter()
            .map(|s| (s.service.as_str(), s.note.as_str()))
            .collect();
        assert_eq!(found, [("b", "own"), ("c", "own"), ("a", "shipped")]);
    }
}
