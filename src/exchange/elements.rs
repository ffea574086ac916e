//! Transport chain elements of a shipment, as the bytes that its document has: iLEAP's ShipmentFootprint.
//!
//! A run has millions of elements, and a place or a category stands in many of them: what repeats is spelled once a thread.

use super::category::{Met, city};
use super::ileap::basis_word;
use super::json;
use crate::error::Result;
use crate::model::id::LocationCode;
use crate::model::unit::{DISTANCE_SCALE, MASS_SCALE, NANO_SCALE, SHARE_SCALE};
use crate::published::run::{Element, Head, Published};
use rustc_hash::FxHashMap;

/// Spells the elements that one thread has.
pub(crate) struct Spelling<'r> {
    run: &'r Published,
    /// What stands for a place.
    places: FxHashMap<LocationCode, Vec<u8>>,
    /// Ids of the shipment, its container, the element and the one before, without quotes.
    shipment: Vec<u8>,
    id: Vec<u8>,
    before: Vec<u8>,
}

impl<'r> Spelling<'r> {
    /// Nothing spelled yet.
    pub(crate) fn new(run: &'r Published) -> Spelling<'r> {
        Spelling {
            run,
            places: FxHashMap::default(),
            shipment: Vec::new(),
            id: Vec::new(),
            before: Vec::new(),
        }
    }

    /// The footprint of a shipment, chained container by container; `places` are those of its elements' categories in `met`.
    pub(crate) fn shipment(
        &mut self,
        out: &mut Vec<u8>,
        head: &Head,
        elements: &[Element],
        met: &Met,
        places: &[usize],
    ) -> Result<()> {
        self.shipment.clear();
        json::unquoted(&mut self.shipment, head.id);
        out.extend_from_slice(b"{\"mass\":");
        json::decimal(out, mass(head, elements), MASS_SCALE);
        out.extend_from_slice(b",\"shipmentId\":\"");
        out.extend_from_slice(&self.shipment);
        out.extend_from_slice(b"\",\"tces\":[");
        let mut container = None;
        for (element, place) in elements.iter().zip(places) {
            if container.is_some() {
                out.push(b',');
            }
            let is_next = container == Some(element.container_id);
            self.element(out, element, &met.known(*place).property, is_next);
            container = Some(element.container_id);
        }
        out.extend_from_slice(b"]}");
        Ok(())
    }

    fn element(&mut self, out: &mut Vec<u8>, e: &Element, category: &[u8], is_next: bool) {
        std::mem::swap(&mut self.id, &mut self.before);
        self.id.clear();
        self.id.extend_from_slice(&self.shipment);
        tce_id_end(&mut self.id, e);
        out.extend_from_slice(b"{\"tceId\":\"");
        out.extend_from_slice(&self.id);
        out.extend_from_slice(b"\",\"prevTceIds\":[");
        if is_next {
            out.push(b'"');
            out.extend_from_slice(&self.before);
            out.push(b'"');
        }
        out.extend_from_slice(b"],");
        out.extend_from_slice(category);
        out.extend_from_slice(b"\"shipmentId\":\"");
        out.extend_from_slice(&self.shipment);
        out.extend_from_slice(b"\",\"mass\":");
        json::decimal(out, e.mass, MASS_SCALE);
        if let Some(teu) = e.teu.filter(|teu| *teu > 0) {
            out.extend_from_slice(
                b",\"packagingOrTrEqType\":\"Container-TEU\",\"packagingOrTrEqAmount\":",
            );
            json::decimal(out, teu, SHARE_SCALE);
        }
        out.extend_from_slice(b",\"distance\":{\"");
        out.extend_from_slice(basis_word(e.activity_basis).as_bytes());
        out.extend_from_slice(b"\":");
        json::decimal(out, e.activity_distance, DISTANCE_SCALE);
        out.extend_from_slice(b"},\"origin\":");
        self.place(out, e.origin);
        out.extend_from_slice(b",\"destination\":");
        self.place(out, e.destination);
        out.extend_from_slice(b",\"transportActivity\":");
        json::decimal(out, e.activity, NANO_SCALE);
        out.extend_from_slice(b",\"departureAt\":");
        json::instant(out, e.departed_at);
        if let Some(arrived_at) = e.arrived_at {
            out.extend_from_slice(b",\"arrivalAt\":");
            json::instant(out, arrived_at);
        }
        out.extend_from_slice(b",\"co2eWTW\":");
        json::decimal(out, e.ghg_total, NANO_SCALE);
        out.extend_from_slice(b",\"co2eTTW\":");
        json::decimal(out, e.ghg_operation, NANO_SCALE);
        out.push(b'}');
    }

    /// A place: its name, or the UN/LOCODE where the run knows none, and its country.
    fn place(&mut self, out: &mut Vec<u8>, place: LocationCode) {
        let run = self.run;
        let spelled = self.places.entry(place).or_insert_with(|| {
            let mut spelled = b"{\"city\":".to_vec();
            json::text(&mut spelled, &city(run, place));
            for (key, text) in [
                ("country", place.country().to_string()),
                ("locode", place.to_string()),
            ] {
                spelled.extend_from_slice(format!(",\"{key}\":").as_bytes());
                json::text(&mut spelled, &text);
            }
            spelled.push(b'}');
            spelled
        });
        out.extend_from_slice(spelled);
    }
}

/// What follows the id of the shipment in that of an element: unique within the shipment, and the same whenever the same chain is
/// exported.
fn tce_id_end(id: &mut Vec<u8>, element: &Element) {
    id.push(b'/');
    match element.container_id {
        "" => id.push(b'-'),
        container => json::unquoted(id, container),
    }
    id.push(b'/');
    json::digits(id, element.number.unsigned_abs(), 1);
}

/// Cargo of a shipment in kg with 3 decimals. The published sum counts the first transport of each container; a shipment that
/// only passed through hubs has the mass of its first element in each.
pub(crate) fn mass(head: &Head, elements: &[Element]) -> i128 {
    if head.mass > 0 {
        return head.mass;
    }
    let is_first =
        |(i, e): &(usize, &Element)| *i == 0 || elements[i - 1].container_id != e.container_id;
    let firsts = elements.iter().enumerate().filter(is_first);
    firsts.map(|(_, e)| e.mass).sum()
}
