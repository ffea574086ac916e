//! Reading price levels and rate cards.

use super::price_rows::{PriceBasis, PriceRow, PriceRows, PriceUnit, Scope};
use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::library::transport_mode;
use crate::factors::table::{self, Row, layout};
use crate::model::id::LocationCode;
use crate::model::money::{Currency, PRICE_SCALE};
use crate::model::time::{Day, NO_END, parse_date};
use crate::model::unit::DECIMAL15_MAX;
use std::sync::Arc;

layout! {
    /// Columns of `price_levels.csv`.
    LevelCell {
        Kind = "kind" must, Mode = "mode" must, From = "from", To = "to", ShortestKm = "shortest_km", Refrigerated = "refrigerated" must,
        Per = "per" must, Low = "low" must, High = "high" must, Currency = "currency" must, ObservedFrom = "observed_from" must, ObservedTo = "observed_to" must,
        IsEstimate = "is_estimate" must, SourceRef = "source_ref" must, Licence = "licence" must, Note = "note",
    }
}

layout! {
    /// Columns of a rate card.
    CardCell {
        Kind = "kind" must, Mode = "mode" must, From = "from", To = "to", Refrigerated = "refrigerated", Per = "per" must, Low = "low" must,
        High = "high", Currency = "currency" must, ValidFrom = "valid_from", ValidTo = "valid_to", SourceRef = "source_ref", Note = "note",
    }
}

/// Columns that both have.
struct Shared {
    kind: usize,
    mode: usize,
    from: usize,
    to: usize,
    refrigerated: usize,
    per: usize,
    low: usize,
    high: usize,
    currency: usize,
}

macro_rules! shared {
    ($cell:ident) => {
        Shared {
            kind: $cell::Kind.into(),
            mode: $cell::Mode.into(),
            from: $cell::From.into(),
            to: $cell::To.into(),
            refrigerated: $cell::Refrigerated.into(),
            per: $cell::Per.into(),
            low: $cell::Low.into(),
            high: $cell::High.into(),
            currency: $cell::Currency.into(),
        }
    };
}

impl PriceRows {
    /// Reads `price_levels.csv`; `is_place`: whether somebody knows where a place is.
    pub fn parse_levels(
        file: &DataFile,
        is_place: &dyn Fn(LocationCode) -> bool,
    ) -> (PriceRows, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut list = Vec::new();
        table::read(file, LevelCell::LAYOUT, &mut faults, |row| {
            let read = common(row, &shared!(LevelCell), is_place);
            let date = "a date as YYYY-MM-DD";
            let first_day = row.value(LevelCell::ObservedFrom, parse_date, date);
            let last_day = row.value(LevelCell::ObservedTo, parse_date, date);
            let is_estimate = row.yes_no(LevelCell::IsEstimate);
            let wanted = "whole kilometres, up to 40000, or nothing for any way";
            let shortest_km = row.decimal(LevelCell::ShortestKm, 0, 0..=40_000, wanted);
            let (Some(read), Some(first_day), Some(last_day), Some(is_estimate), false) =
                (read, first_day, last_day, is_estimate, row.failed)
            else {
                return;
            };
            if read.is_handling && shortest_km.is_some() {
                return row.error(
                    LevelCell::ShortestKm,
                    "expected nothing: handling has no way",
                );
            }
            if read.high <= read.low {
                let wanted = "expected more than the lower end: one figure is no level of a market";
                return row.error(LevelCell::High, wanted);
            }
            if last_day < first_day {
                return row.error(
                    LevelCell::ObservedTo,
                    "expected no day before observed_from",
                );
            }
            let owned = |cell: LevelCell| row.text(cell).to_owned();
            list.push(Arc::new(PriceRow {
                basis: PriceBasis::Level,
                shortest_m: shortest_km.unwrap_or(0) * 1000,
                first_day,
                last_day,
                is_estimate,
                source_ref: owned(LevelCell::SourceRef),
                licence: owned(LevelCell::Licence),
                note: owned(LevelCell::Note),
                ..read
            }));
        });
        (PriceRows { list }, faults.list)
    }

    /// Reads a rate card; without an upper end the lower one is the price.
    pub fn parse_cards(
        file: &DataFile,
        is_place: &dyn Fn(LocationCode) -> bool,
    ) -> (PriceRows, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut list = Vec::new();
        table::read(file, CardCell::LAYOUT, &mut faults, |row| {
            let read = common(row, &shared!(CardCell), is_place);
            let valid = row.open_interval(CardCell::ValidFrom, CardCell::ValidTo);
            let (Some(read), Some((first_day, last_day)), false) = (read, valid, row.failed) else {
                return;
            };
            if read.high < read.low {
                return row.error(CardCell::High, "expected no less than the lower end");
            }
            list.push(Arc::new(PriceRow {
                basis: PriceBasis::RateCard,
                first_day,
                last_day,
                source_ref: row.text(CardCell::SourceRef).to_owned(),
                note: row.text(CardCell::Note).to_owned(),
                ..read
            }));
        });
        (PriceRows { list }, faults.list)
    }
}

/// What both kinds of files say in the same way; the rest stands empty.
fn common(
    row: &mut Row,
    cells: &Shared,
    is_place: &dyn Fn(LocationCode) -> bool,
) -> Option<PriceRow> {
    let kind = |text: &str| match text {
        "freight" => Some(false),
        "handling" => Some(true),
        _ => None,
    };
    let is_handling = row.value(cells.kind, kind, "freight or handling");
    let modes = "road, rail, sea, inland_waterway or air";
    let mode = row.value(cells.mode, transport_mode, modes);
    let wanted =
        "countries (CN) and UN/LOCODEs (CNSHA) with spaces between, or nothing for everywhere";
    let from = row.value(cells.from, Scope::parse, wanted);
    let to = row.value(cells.to, Scope::parse, wanted);
    for (cell, scope) in [(cells.from, &from), (cells.to, &to)] {
        let mut places = scope.iter().flat_map(|scope| &scope.places);
        if let Some(place) = places.find(|place| !is_place(**place)) {
            row.warning(
                cell,
                format!("{place} is no known place: no way leads there"),
            );
        }
    }
    if is_handling == Some(true) && to.is_some() {
        row.error(cells.to, "expected nothing: handling is at one place");
    }
    let is_refrigerated = row.yes_no(cells.refrigerated);
    let units = PriceUnit::ALL.map(PriceUnit::code).join(", ");
    let per = row.value(cells.per, PriceUnit::parse, &units);
    let per_km = [PriceUnit::Tkm, PriceUnit::TeuKm, PriceUnit::ContainerKm];
    if is_handling == Some(true) && per.is_some_and(|per| per_km.contains(&per)) {
        row.error(
            cells.per,
            "expected no unit with kilometres: handling has no way",
        );
    }
    let wanted = "an amount with at most 6 decimals, not negative";
    let low = row.decimal(cells.low, PRICE_SCALE, 0..=DECIMAL15_MAX, wanted);
    let high = row.decimal(cells.high, PRICE_SCALE, 0..=DECIMAL15_MAX, wanted);
    let currency = row.value(cells.currency, Currency::parse, "an ISO 4217 code");
    Some(PriceRow {
        is_handling: is_handling?,
        mode: mode?,
        from: from.unwrap_or_default(),
        to: to.unwrap_or_default(),
        shortest_m: 0,
        is_refrigerated: is_refrigerated.unwrap_or(false),
        per: per?,
        low: low?,
        high: high.or(low)?,
        currency: currency?,
        basis: PriceBasis::Level,
        first_day: Day::MIN,
        last_day: NO_END,
        is_estimate: false,
        source_ref: String::new(),
        licence: String::new(),
        note: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Severity;

    const HEADER: &str = "kind,mode,from,to,refrigerated,per,low,high,currency,observed_from,observed_to,is_estimate,source_ref,licence,note\n";
    const CARD: &str =
        "kind,mode,from,to,refrigerated,per,low,high,currency,valid_from,valid_to,source_ref\n";

    fn levels(rows: &str) -> (PriceRows, Vec<Fault>) {
        let file = DataFile::new("price_levels.csv", format!("{HEADER}{rows}"));
        PriceRows::parse_levels(&file, &|_| true)
    }

    fn cards(rows: &str) -> (PriceRows, Vec<Fault>) {
        let file = DataFile::new("card.csv", format!("{CARD}{rows}"));
        PriceRows::parse_cards(&file, &|place| place.country().to_string() != "ZZ")
    }

    #[test]
    fn all_faults_are_found() {
        let (rows, faults) = levels(
            "price,ship,C1,N,maybe,mile,-1,x,usd,2025,2025-01-01,perhaps,a,b,\n\
             freight,sea,,,no,teu,5,5,USD,2025-01-01,2025-01-01,no,a,b,\n\
             freight,sea,,,no,teu,5,6,USD,2025-01-02,2025-01-01,no,a,b,\n\
             handling,sea,DE,NL,no,teukm,5,6,USD,2025-01-01,2025-01-01,no,a,b,\n",
        );
        let columns = |line| {
            let of_line = faults.iter().filter(|f| f.line == line);
            of_line.map(|f| f.column.as_str()).collect::<Vec<_>>()
        };
        let first = [
            "kind",
            "mode",
            "from",
            "to",
            "refrigerated",
            "per",
            "low",
            "high",
            "currency",
            "observed_from",
            "is_estimate",
        ];
        assert_eq!(columns(2), first);
        assert_eq!(
            (columns(3), columns(4), columns(5)),
            (vec!["high"], vec!["observed_to"], vec!["to", "per"])
        );
        assert_eq!(rows.iter().count(), 0);
        let (_, faults) = cards("freight,sea,,,,teu,5,4,USD,2025-01-01,2025-01-01,a\n");
        assert_eq!(
            faults.iter().map(|f| f.column.as_str()).collect::<Vec<_>>(),
            ["valid_to"]
        );
        let (rows, faults) = cards("freight,sea,CNSHA ZZAAA,,,teu,5,6,USD,,,a\n");
        assert_eq!((rows.iter().count(), faults.len()), (1, 1));
        assert_eq!(
            faults[0].severity,
            Severity::Warning,
            "it prices Shanghai still"
        );
    }
}
