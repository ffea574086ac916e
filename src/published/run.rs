//! A published run as shipments with their elements, one after the other, however many there are.
//!
//! Both tables are in order of shipment id, so they are read side by side; a batch of each is all that is held.

use crate::error::{Error, Result};
use crate::factors::EmissionFactor;
use crate::model::id::LocationCode;
use crate::model::index::index32;
use crate::model::mode::{Basis, DataCategory, Mode, Per, Temperature};
use crate::model::time::Instant;
use crate::output::elements::{Elements, element};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::{Batches, Kept};
use crate::published::row::{Row, row};
use crate::reference::Reference;
use crate::run::prepare::reference_of_run;
use crate::store::manifest::Manifest;
use crate::store::reference::read_reference_copy;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A published run and the reference data that it was computed with.
pub(crate) struct Published {
    /// Its folder.
    pub dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Factors, profile and places, from the copies in the run.
    pub reference: Arc<Reference>,
    factors: FxHashMap<String, u32>,
}

row! {
    /// An element as an exchange document needs it; quantities are mantissas of the published decimals.
    #[derive(Clone, Debug)]
    pub(crate) struct Element<'b> of element {
        /// Shipment.
        pub shipment_id: &'b str,
        /// Container; empty: none.
        pub container_id: &'b str,
        /// Place in the chain of its container, from 1.
        pub number from element: i64,
        /// Mode; a hub is one too.
        pub mode: Mode,
        /// TOC or HOC code.
        pub operation: &'b str,
        /// Carrier; empty: not stated.
        pub carrier: &'b str,
        /// From.
        pub origin: LocationCode,
        /// To.
        pub destination: LocationCode,
        /// Start.
        pub departed_at: Instant,
        /// End, if known.
        pub arrived_at: Option<Instant>,
        /// Temperature class.
        pub temperature: Temperature,
        /// kg, 3 decimals.
        pub mass from cargo_mass_kg: i128,
        /// TEU, 6 decimals, if known.
        pub teu: Option<i128>,
        /// Containers, 6 decimals.
        pub containers: i128,
        /// km as found, 3 decimals.
        pub distance from distance_km: i128,
        /// Its basis.
        pub distance_basis: Basis,
        /// km of the transport activity, 3 decimals.
        pub activity_distance from activity_distance_km: i128,
        /// Its basis.
        pub activity_basis: Basis,
        /// t.km, 9 decimals.
        pub activity from transport_activity_tkm: i128,
        /// Factor.
        pub factor_id: &'b str,
        /// g of vehicle operation per unit as applied, 9 decimals.
        pub intensity_operation from intensity_operation_g: i128,
        /// g of energy provision per unit as applied, 9 decimals.
        pub intensity_provision from intensity_provision_g: i128,
        /// Unit of both.
        pub per from intensity_per: Per,
        /// Data category.
        pub data_category: DataCategory,
        /// kg CO2e of vehicle operation, 9 decimals.
        pub ghg_operation from ghg_operation_kg: i128,
        /// kg CO2e in all, 9 decimals.
        pub ghg_total from ghg_total_kg: i128,
    }
}

row! {
    /// The row of a shipment.
    #[derive(Clone, Debug)]
    pub(crate) struct Head<'b> of shipment {
        /// Through bill of lading number.
        pub id from shipment_id: &'b str,
        /// First departure.
        pub first_departed_at: Instant,
        /// Last arrival, if any is known.
        pub last_arrived_at: Option<Instant>,
        /// kg, 3 decimals.
        pub mass from cargo_mass_kg: i128,
        /// Rows that were rejected.
        pub rejected_rows: i128,
        /// Whether nothing lacks.
        pub is_complete: bool,
        /// t.km, 9 decimals.
        pub activity from transport_activity_tkm: i128,
        /// kg CO2e in all, 9 decimals.
        pub ghg_total from ghg_total_kg: i128,
        /// Share of primary data by emissions, 6 decimals.
        pub primary_share: Option<i128>,
        /// Quality flags.
        pub quality_flags: &'b str,
    }
}

/// Shipments with their elements, as many as are held at a time.
pub(crate) struct Chunk {
    heads: Kept<ShipmentsTable>,
    elements: Vec<Kept<Elements>>,
    /// Elements of the run before these.
    pub before: u64,
}

impl Published {
    /// Opens the run in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<Published> {
        let manifest = Manifest::load(dir)?;
        let reference = reference_of_run(&read_reference_copy(dir)?, &manifest.profile)?;
        Ok(Published::of(dir, manifest, Arc::new(reference)))
    }

    /// The tables in `dir` that this manifest tells of, with a reference that is there already.
    pub(crate) fn of(dir: &Path, manifest: Manifest, reference: Arc<Reference>) -> Published {
        let factors = reference
            .factors
            .factors
            .iter()
            .enumerate()
            .map(|(i, f)| (f.id.to_string(), index32(i)))
            .collect();
        Published {
            dir: dir.to_owned(),
            manifest,
            reference,
            factors,
        }
    }

    /// A factor by its full name.
    pub(crate) fn factor(&self, id: &str) -> Result<&EmissionFactor> {
        let index = self.factors.get(id);
        let index = index
            .ok_or_else(|| self.fault(&format!("factor {id:?} is not in the run's reference")))?;
        Ok(&self.reference.factors.factors[*index as usize])
    }

    fn fault(&self, what: &dyn std::fmt::Display) -> Error {
        fault(&self.dir, what)
    }

    /// Every shipment with its elements, in order of id.
    pub(crate) fn chunks(&self) -> Chunks<'_> {
        Chunks::new(
            &self.dir,
            &self.manifest,
            Head::columns(),
            Element::columns(),
        )
    }
}

/// Shipments of a chunk: several hundred kilobytes of documents.
const SHIPMENTS: usize = 256;

/// The chunks of a run in order.
pub(crate) struct Chunks<'r> {
    dir: &'r Path,
    shipments: Batches<'r, ShipmentsTable>,
    elements: Batches<'r, Elements>,
    /// Read, and not handed on yet.
    heads: Option<Kept<ShipmentsTable>>,
    waiting: Option<Kept<Elements>>,
    before: u64,
    /// Shipments of a chunk at most.
    most: usize,
}

impl<'r> Chunks<'r> {
    /// Those of the run in `dir`, of which only these columns of shipments and elements are decoded; the id is among both.
    pub(crate) fn new(
        dir: &'r Path,
        manifest: &Manifest,
        shipments: Vec<&'static str>,
        elements: Vec<&'static str>,
    ) -> Chunks<'r> {
        Chunks {
            dir,
            shipments: Batches::of_run(dir, manifest, shipments),
            elements: Batches::of_run(dir, manifest, elements),
            heads: None,
            waiting: None,
            before: 0,
            most: SHIPMENTS,
        }
    }

    /// The same with carried columns of both, and with larger chunks.
    pub(crate) fn carrying(self, carried: &[&'static str], most: usize) -> Chunks<'r> {
        Chunks {
            shipments: self.shipments.carrying(carried),
            elements: self.elements.carrying(carried),
            most,
            ..self
        }
    }

    /// The next shipments; `None` after the last.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        let Some(heads) = self.next_heads()? else {
            return match self.next_elements()? {
                None => Ok(None),
                Some(left) => self.stray(&left),
            };
        };
        let last = heads.slice(heads.count() - 1, 1);
        let mut ids = last.rows::<IdOf>()?;
        let last = ids.next().transpose()?.map_or("", |head| head.id);
        let (mut elements, before) = (Vec::new(), self.before);
        while let Some(batch) = self.next_elements()? {
            let ours = batch.rows_up_to(last)?;
            self.before += ours as u64;
            if ours < batch.count() {
                self.waiting = Some(batch.slice(ours, batch.count() - ours));
                elements.push(batch.slice(0, ours));
                break;
            }
            elements.push(batch);
        }
        drop(ids);
        Ok(Some(Chunk {
            heads,
            elements,
            before,
        }))
    }

    fn next_heads(&mut self) -> Result<Option<Kept<ShipmentsTable>>> {
        let batch = match self.heads.take() {
            Some(batch) => batch,
            None => match self.shipments.next_kept()? {
                Some(batch) => batch,
                None => return Ok(None),
            },
        };
        let count = batch.count().min(self.most);
        if count < batch.count() {
            self.heads = Some(batch.slice(count, batch.count() - count));
        }
        Ok(Some(batch.slice(0, count)))
    }

    fn next_elements(&mut self) -> Result<Option<Kept<Elements>>> {
        match self.waiting.take() {
            Some(batch) => Ok(Some(batch)),
            None => self.elements.next_kept(),
        }
    }

    fn stray(&self, left: &Kept<Elements>) -> Result<Option<Chunk>> {
        match left.rows::<ShipmentOf>()?.next().transpose()? {
            None => Ok(None),
            Some(element) => Err(stray(self.dir, element.shipment_id)),
        }
    }
}

impl Kept<Elements> {
    /// Number of rows up to those of this shipment; they are in order of shipment.
    fn rows_up_to(&self, shipment_id: &str) -> Result<usize> {
        let mut rows = self.rows::<ShipmentOf>()?.enumerate();
        let behind = rows.find_map(|(at, row)| match row {
            Ok(row) if row.shipment_id <= shipment_id => None,
            Ok(_) => Some(Ok(at)),
            Err(error) => Some(Err(error)),
        });
        behind.unwrap_or(Ok(self.count()))
    }
}

fn fault(dir: &Path, what: &dyn std::fmt::Display) -> Error {
    Error::Verification(format!("{}: {what}", dir.display()))
}

/// An element whose shipment is not in the run.
pub(crate) fn stray(dir: &Path, shipment: &str) -> Error {
    fault(
        dir,
        &format!("element of {shipment:?}, which is no shipment"),
    )
}

impl Chunk {
    /// The rows of its shipments, and those of their elements.
    pub(crate) fn parts(&self) -> (&Kept<ShipmentsTable>, &[Kept<Elements>]) {
        (&self.heads, &self.elements)
    }

    /// Hands each shipment to `take`, with its elements in order of (container, number).
    pub(crate) fn each<'c>(
        &'c self,
        run: &Published,
        mut take: impl FnMut(&Head<'c>, &[Element<'c>]) -> Result<()>,
    ) -> Result<()> {
        let rows = self.elements.iter().map(Kept::rows::<Element>);
        let mut rows = rows.collect::<Result<Vec<_>>>()?.into_iter().flatten();
        let mut next = rows.next().transpose()?;
        let mut elements = Vec::new();
        for head in self.heads.rows::<Head>()? {
            let head = head?;
            elements.clear();
            while let Some(element) = next.take_if(|e| e.shipment_id == head.id) {
                elements.push(element);
                next = rows.next().transpose()?;
            }
            if elements.is_empty() {
                return Err(run.fault(&format!("shipment {:?} has no element", head.id)));
            }
            take(&head, &elements)?;
        }
        next.map_or(Ok(()), |left| Err(stray(&run.dir, left.shipment_id)))
    }
}

row! {
    struct ShipmentOf<'b> of element {
        shipment_id: &'b str,
    }
}

row! {
    struct IdOf<'b> of shipment {
        id from shipment_id: &'b str,
    }
}
