//! What corridors and places are called, and the places that a shipment comes to: what people search by.

use crate::error::Result;
use crate::model::id::LocationCode;
use crate::output::elements::{Elements, element};
use crate::present::report::{Asked, Subject};
use crate::published::batches::Batches;
use crate::published::row::{Row, row};
use crate::published::sums::ShipmentRow;
use crate::reference::Reference;
use crate::store::signal::Interrupt;
use std::collections::{BTreeMap, HashMap};

row! {
    /// Where an element leads.
    struct Stop<'b> of element {
        shipment_id: &'b str,
        origin: LocationCode,
        destination: LocationCode,
    }
}

/// Titles of corridors and names of places, as the reference of the run has them.
#[derive(Default)]
pub(super) struct Names {
    corridors: BTreeMap<String, String>,
    /// Places that each listed shipment comes to, in the order of the list; empty: not asked for.
    pub ways: Vec<String>,
}

impl Names {
    /// Of the largest shipments that are listed.
    pub(super) fn read(
        subject: &Subject,
        reference: &Reference,
        listed: &[ShipmentRow],
        interrupt: &Interrupt,
    ) -> Result<Names> {
        let number: HashMap<&str, usize> = listed
            .iter()
            .enumerate()
            .map(|(at, row)| (row.shipment_id.as_str(), at))
            .collect();
        let mut stops: Vec<Vec<LocationCode>> = vec![Vec::new(); listed.len()];
        let (mut last, mut current) = (String::new(), None);
        let mut batches =
            Batches::<Elements>::of_run(subject.dir, subject.manifest, Stop::columns());
        while let Some(batch) = batches.next_kept()? {
            interrupt.check()?;
            for stop in batch.rows::<Stop>()? {
                let stop = stop?;
                // Elements of a shipment stand together.
                if stop.shipment_id != last {
                    stop.shipment_id.clone_into(&mut last);
                    current = number.get(stop.shipment_id).copied();
                }
                let Some(way) = current.and_then(|at| stops.get_mut(at)) else {
                    continue;
                };
                for place in [stop.origin, stop.destination] {
                    if !way.contains(&place) {
                        way.push(place);
                    }
                }
            }
        }
        let mut called: BTreeMap<LocationCode, String> = BTreeMap::new();
        let mut text = |way: &Vec<LocationCode>| {
            let places = way.iter().map(|place| {
                let name = called.entry(*place);
                name.or_insert_with(|| called_in(reference, *place)).clone()
            });
            places.collect::<Vec<_>>().join(", ")
        };
        let ways = stops.iter().map(&mut text).collect();
        let titles = reference.corridors.list.iter();
        Ok(Names {
            corridors: titles.map(|c| (c.id.clone(), c.title.clone())).collect(),
            ways,
        })
    }
}

impl Asked<'_> {
    /// What a corridor is called: its title with its id, or the lane.
    pub(super) fn corridor_title(&self, id: &str) -> String {
        match self.names.corridors.get(id) {
            Some(title) if title != id => format!("{title} ({id})"),
            _ => id.to_owned(),
        }
    }
}

/// Code and name of a place.
fn called_in(reference: &Reference, place: LocationCode) -> String {
    let own = reference
        .places
        .get(place)
        .map(|known| known.name.to_string());
    let named = own.filter(|name| !name.is_empty());
    let listed = || {
        reference
            .gazetteer
            .get(place)
            .map(|known| known.name.into_owned())
    };
    match named.or_else(listed) {
        Some(name) => format!("{place} {name}"),
        None => place.to_string(),
    }
}
