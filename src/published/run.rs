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
use crate::published::batches::Rows;
use crate::published::row::row;
use crate::reference::Reference;
use crate::run::prepare::reference_of_run;
use crate::store::manifest::Manifest;
use crate::store::reference::read_reference_copy;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

/// A published run and the reference data that it was computed with.
pub(crate) struct Published {
    /// Its folder.
    pub dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Factors, profile and places, from the copies in the run.
    pub reference: Reference,
    factors: FxHashMap<String, u32>,
}

row! {
    /// An element as an exchange document needs it; quantities are mantissas of the published decimals.
    #[derive(Clone, Debug)]
    pub(crate) struct Element of element {
        /// Shipment.
        pub shipment_id: String,
        /// Container; empty: none.
        pub container_id: String,
        /// Place in the chain of its container, from 1.
        pub number from element: i64,
        /// Mode; a hub is one too.
        pub mode: Mode,
        /// TOC or HOC code.
        pub operation: String,
        /// Carrier; empty: not stated.
        pub carrier: String,
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
        pub factor_id: String,
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
    pub(crate) struct Head of shipment {
        /// Through bill of lading number.
        pub id from shipment_id: String,
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
        pub quality_flags: String,
    }
}

/// A shipment and its elements in order of (container, number).
#[derive(Clone, Debug)]
pub(crate) struct Shipment {
    /// Its row.
    pub head: Head,
    /// Elements.
    pub elements: Vec<Element>,
}

impl std::ops::Deref for Shipment {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl Published {
    /// Opens the run in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<Published> {
        let manifest = Manifest::load(dir)?;
        let reference = reference_of_run(&read_reference_copy(dir)?, &manifest.profile)?;
        let factors = reference
            .factors
            .factors
            .iter()
            .enumerate()
            .map(|(i, f)| (f.id.to_string(), index32(i)))
            .collect();
        Ok(Published {
            dir: dir.to_owned(),
            manifest,
            reference,
            factors,
        })
    }

    /// A factor by its full name.
    pub(crate) fn factor(&self, id: &str) -> Result<&EmissionFactor> {
        let index = self.factors.get(id);
        let index = index
            .ok_or_else(|| self.fault(&format!("factor {id:?} is not in the run's reference")))?;
        Ok(&self.reference.factors.factors[*index as usize])
    }

    fn fault(&self, what: &dyn std::fmt::Display) -> Error {
        Error::Verification(format!("{}: {what}", self.dir.display()))
    }

    /// Every element, in the order of the table.
    pub(crate) fn elements(&self) -> Rows<'_, Elements, Element> {
        Rows::of_run(&self.dir, &self.manifest)
    }

    /// Every shipment with its elements.
    pub(crate) fn shipments(&self) -> impl Iterator<Item = Result<Shipment>> {
        Shipments {
            run: self,
            shipments: Rows::of_run(&self.dir, &self.manifest),
            elements: self.elements().peekable(),
        }
    }
}

struct Shipments<'r> {
    run: &'r Published,
    shipments: Rows<'r, ShipmentsTable, Head>,
    elements: std::iter::Peekable<Rows<'r, Elements, Element>>,
}

impl Iterator for Shipments<'_> {
    type Item = Result<Shipment>;

    fn next(&mut self) -> Option<Result<Shipment>> {
        let Some(next) = self.shipments.next() else {
            let left = self.elements.next()?;
            return Some(left.and_then(|e| {
                Err(self.run.fault(&format!(
                    "element of {:?}, which is no shipment",
                    e.shipment_id
                )))
            }));
        };
        Some(next.and_then(|head| {
            let is_ours =
                |e: &Result<Element>| e.as_ref().map_or(true, |e| e.shipment_id == head.id);
            let elements = std::iter::from_fn(|| self.elements.next_if(is_ours));
            let elements: Vec<Element> = elements.collect::<Result<_>>()?;
            if elements.is_empty() {
                let what = format!("shipment {:?} has no element", head.id);
                return Err(self.run.fault(&what));
            }
            Ok(Shipment { head, elements })
        }))
    }
}
