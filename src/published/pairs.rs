//! One published run as a stream of shipments: the row of each and its elements, in order of shipment id.

use crate::calc::recalculate::Facts;
use crate::error::Result;
use crate::model::element::Element;
use crate::model::reject::RejectReason;
use crate::model::time::Day;
use crate::output::elements::{Elements, element};
use crate::output::rejected::{RejectedTable, rejected as rejected_columns};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::{Batches, Rows};
use crate::published::carried::carried;
use crate::published::elements::{Computed, Recalculation};
use crate::published::row::{Row, row};
use crate::published::slice::{Picker, Slice};
use crate::reference::Reference;
use crate::store::manifest::Manifest;
use std::collections::{HashSet, VecDeque};
use std::path::Path;

/// What a shipment belongs to in the corridor tables: corridor, period, load status.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CorridorOf {
    /// Corridor id.
    pub corridor: String,
    /// First day of the month.
    pub period: Day,
    /// `laden` or `empty`.
    pub load_status: String,
}

/// One element with the ids that pair it with its like in another run.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// Container; empty: none.
    pub container_id: String,
    /// Movement; empty: an inferred hub.
    pub movement_id: String,
    /// The element.
    pub element: Element,
    /// What it took over from its record; symbols are the reader's.
    pub facts: Facts,
}

/// One shipment of a run.
#[derive(Clone, Debug)]
pub(crate) struct Shipment {
    /// Through bill of lading number.
    pub id: String,
    /// Where its row counts.
    pub corridor: CorridorOf,
    /// Published total, micrograms.
    pub total: i128,
    /// Values of the carried columns of the run, in their order.
    pub carried: Vec<String>,
    /// Its elements in published order.
    pub elements: Vec<Published>,
}

row! {
    struct Head of shipment {
        shipment_id: String,
        corridor_id: String,
        period: Day,
        load_status: String,
        total from ghg_total_kg: i128,
    }
}

row! {
    struct Ids of element {
        container_id: String,
        movement_id: String,
    }
}

row! {
    struct RejectedIds of rejected_columns {
        code: String,
        shipment_id: String,
        movement_id: String,
    }
}

/// Reads the shipments of a run.
pub(crate) struct Shipments<'r> {
    /// Kernel and symbols of the run.
    pub again: Recalculation<'r>,
    /// Carried columns of the run.
    pub carried: Vec<&'static str>,
    picker: Picker,
    shipments: Batches<'r, ShipmentsTable>,
    heads: VecDeque<(Head, Vec<String>)>,
    elements: Batches<'r, Elements>,
    waiting: VecDeque<(String, Published)>,
}

impl<'r> Shipments<'r> {
    /// Nothing read yet of those in a slice.
    pub(crate) fn new(
        dir: &'r Path,
        manifest: &Manifest,
        reference: &'r Reference,
        slice: &Slice,
    ) -> Result<Shipments<'r>> {
        let carried = carried(manifest);
        Ok(Shipments {
            again: Recalculation::new(reference),
            picker: slice.picker(manifest, None)?,
            shipments: Batches::of_run(dir, manifest, Head::columns()).carrying(&carried),
            carried,
            heads: VecDeque::new(),
            elements: Batches::of_run(dir, manifest, <(Computed, Ids)>::columns()),
            waiting: VecDeque::new(),
        })
    }

    /// The next shipment; `None` after the last.
    pub(crate) fn next_shipment(&mut self) -> Result<Option<Shipment>> {
        loop {
            let Some((head, carried)) = self.next_head()? else {
                return Ok(None);
            };
            let elements = self.elements_of(&head.shipment_id)?;
            let columns = self.picker.columns();
            let of = |column: &&'static str| {
                let at = self.carried.iter().position(|known| known == column);
                at.map_or("", |at| carried[at].as_str())
            };
            if self.picker.picks(head.period, columns.iter().map(of)) {
                return Ok(Some(Shipment {
                    id: head.shipment_id,
                    corridor: CorridorOf {
                        corridor: head.corridor_id,
                        period: head.period,
                        load_status: head.load_status,
                    },
                    total: head.total,
                    carried,
                    elements,
                }));
            }
        }
    }

    fn next_head(&mut self) -> Result<Option<(Head, Vec<String>)>> {
        while self.heads.is_empty() {
            let Some(batch) = self.shipments.next_kept()? else {
                return Ok(None);
            };
            let values = batch.carried(&self.carried)?;
            for (at, row) in batch.rows::<Head>()?.enumerate() {
                let carried = values.row(at).map(|(_, value)| value.to_owned());
                self.heads.push_back((row?, carried.collect()));
            }
        }
        Ok(self.heads.pop_front())
    }

    fn elements_of(&mut self, id: &str) -> Result<Vec<Published>> {
        let mut elements = Vec::new();
        loop {
            while self.waiting.front().is_some_and(|(owner, _)| owner == id) {
                elements.extend(self.waiting.pop_front().map(|(_, element)| element));
            }
            if !self.waiting.is_empty() {
                break;
            }
            let again = &mut self.again;
            let read = self.elements.next_as(|batch| {
                let rows = batch.rows::<(Computed, Ids)>()?;
                rows.map(|row| published(again, row?)).collect()
            })?;
            let Some(read) = read else {
                break;
            };
            self.waiting = read;
        }
        Ok(elements)
    }
}

/// The element of a row, with its shipment.
fn published(
    again: &mut Recalculation,
    (row, ids): (Computed, Ids),
) -> parquet::errors::Result<(String, Published)> {
    let (element, facts) = again.element(&row)?;
    let published = Published {
        container_id: ids.container_id,
        movement_id: ids.movement_id,
        element,
        facts,
    };
    Ok((row.shipment_id.to_owned(), published))
}

/// Movements that a run rejected, by shipment and movement id, but for those of which nothing lacks.
pub(crate) fn rejected(dir: &Path, manifest: &Manifest) -> Result<HashSet<(String, String)>> {
    let no_gap: Vec<String> = RejectReason::LIST
        .iter()
        .filter(|(reason, _)| !reason.leaves_gap())
        .map(|(reason, _)| reason.code())
        .collect();
    let mut found = HashSet::new();
    for row in Rows::<RejectedTable, RejectedIds>::of_run(dir, manifest) {
        let row = row?;
        if !no_gap.contains(&row.code) {
            found.insert((row.shipment_id, row.movement_id));
        }
    }
    Ok(found)
}
