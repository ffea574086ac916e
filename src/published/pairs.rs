//! One published run as a stream of shipments: the row of each and its elements, in order of shipment id.

use crate::calc::recalculate::Facts;
use crate::error::{Error, Result};
use crate::model::element::Element;
use crate::model::reject::RejectReason;
use crate::model::time::Day;
use crate::published::batches::Batches;
use crate::published::columns::Columns;
use crate::published::elements::{ELEMENT_COLUMNS, Recalculation};
use crate::published::rejected::rejected_rows;
use crate::reference::Reference;
use crate::store::manifest::Manifest;
use crate::store::path::open_part;
use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;
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
pub struct Published {
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
pub struct Shipment {
    /// Through bill of lading number.
    pub id: String,
    /// Where its row counts.
    pub corridor: CorridorOf,
    /// Published total, micrograms.
    pub total: i128,
    /// Its elements in published order.
    pub elements: Vec<Published>,
}

/// Reads the shipments of a run.
pub struct Shipments<'r> {
    /// Kernel and symbols of the run.
    pub again: Recalculation<'r>,
    shipments: Batches<'r>,
    elements: Batches<'r>,
    heads: VecDeque<(String, CorridorOf, i128)>,
    waiting: VecDeque<(String, Published)>,
}

impl<'r> Shipments<'r> {
    /// Nothing read yet.
    pub fn new(dir: &'r Path, manifest: &Manifest, reference: &'r Reference) -> Shipments<'r> {
        let columns: Vec<&str> = ELEMENT_COLUMNS
            .into_iter()
            .chain(["container_id", "movement_id"])
            .collect();
        Shipments {
            again: Recalculation::new(reference),
            shipments: Batches::new(dir, parts(manifest, "shipments"), &HEAD_COLUMNS),
            elements: Batches::new(dir, parts(manifest, "elements"), &columns),
            heads: VecDeque::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The next shipment; `None` after the last.
    pub fn next_shipment(&mut self) -> Result<Option<Shipment>> {
        while self.heads.is_empty() {
            let Some(heads) = self.shipments.next_as(heads)? else {
                return Ok(None);
            };
            self.heads = heads;
        }
        let Some((id, corridor, total)) = self.heads.pop_front() else {
            return Ok(None);
        };
        let mut elements = Vec::new();
        loop {
            while self.waiting.front().is_some_and(|(owner, _)| *owner == id) {
                elements.extend(self.waiting.pop_front().map(|(_, element)| element));
            }
            if !self.waiting.is_empty() {
                break;
            }
            let Some(read) = self.elements.next_as(|c| elements_of(&mut self.again, c))? else {
                break;
            };
            self.waiting = read;
        }
        Ok(Some(Shipment {
            id,
            corridor,
            total,
            elements,
        }))
    }
}

/// The elements of a batch, each with its shipment.
fn elements_of(
    again: &mut Recalculation,
    c: &Columns,
) -> parquet::errors::Result<VecDeque<(String, Published)>> {
    let (containers, movements) = (c.texts("container_id")?, c.texts("movement_id")?);
    let read = again.elements(c)?;
    let ids = containers.into_iter().zip(movements);
    let whole = |((element, facts, owner), (container_id, movement_id))| {
        (
            owner,
            Published {
                container_id,
                movement_id,
                element,
                facts,
            },
        )
    };
    Ok(read.into_iter().zip(ids).map(whole).collect())
}

const HEAD_COLUMNS: [&str; 5] = [
    "shipment_id",
    "corridor_id",
    "period",
    "load_status",
    "ghg_total_kg",
];

fn heads(c: &Columns) -> parquet::errors::Result<VecDeque<(String, CorridorOf, i128)>> {
    let (ids, corridors, statuses) = (
        c.texts("shipment_id")?,
        c.texts("corridor_id")?,
        c.texts("load_status")?,
    );
    let (periods, totals) = (c.dates("period")?, c.present("ghg_total_kg")?);
    let rest = corridors
        .into_iter()
        .zip(statuses)
        .zip(periods.into_iter().zip(totals));
    let head = |(id, ((corridor, load_status), (period, total)))| {
        (
            id,
            CorridorOf {
                corridor,
                period,
                load_status,
            },
            total,
        )
    };
    Ok(ids.into_iter().zip(rest).map(head).collect())
}

/// Movements that a run rejected, by shipment and movement id, but for those of which nothing lacks.
pub fn rejected(dir: &Path, manifest: &Manifest) -> Result<HashSet<(String, String)>> {
    let no_gap: Vec<String> = RejectReason::LIST
        .iter()
        .filter(|(reason, _)| !reason.leaves_gap())
        .map(|(reason, _)| reason.code())
        .collect();
    let mut found = HashSet::new();
    for part in parts(manifest, "rejected") {
        let fault =
            |what: String| Error::Verification(format!("{}: {what}", dir.join(&part).display()));
        let file = open_part(dir, &part)?;
        let _ = rejected_rows(file, &mut |row| {
            if !no_gap.contains(&row.code) {
                found.insert((row.shipment_id, row.movement_id));
            }
            ControlFlow::Continue(())
        })
        .map_err(fault)?;
    }
    Ok(found)
}

fn parts(manifest: &Manifest, table: &str) -> Vec<String> {
    manifest
        .parts(table)
        .into_iter()
        .map(str::to_owned)
        .collect()
}
