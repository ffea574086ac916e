//! A published run as shipments with their elements, one after the other, however many there are.
//!
//! Both tables are in order of shipment id, so they are read side by side; a batch of each is all that is held.

use crate::error::{Error, Result};
use crate::factors::EmissionFactor;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DataCategory, LoadStatus, Mode, Per, Temperature};
use crate::model::time::Instant;
use crate::published::batches::Batches;
use crate::published::columns::Columns;
use crate::reference::Reference;
use crate::run::prepare::reference_of_run;
use crate::store::manifest::Manifest;
use crate::store::reference::read_reference_copy;
use parquet::errors::ParquetError;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// A published run and the reference data that it was computed with.
pub struct Published {
    /// Its folder.
    pub dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Factors, profile and places, from the copies in the run.
    pub reference: Reference,
    factors: FxHashMap<String, u32>,
}

/// An element as an exchange document needs it; quantities are mantissas of the published decimals.
#[derive(Clone, Debug)]
pub struct Element {
    /// Shipment.
    pub shipment_id: String,
    /// Container; empty: none.
    pub container_id: String,
    /// Place in the chain of its container, from 1.
    pub number: i64,
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
    /// Load status.
    pub load_status: LoadStatus,
    /// Temperature class.
    pub temperature: Temperature,
    /// kg, 3 decimals.
    pub mass: i128,
    /// TEU, 6 decimals, if known.
    pub teu: Option<i128>,
    /// Containers, 6 decimals.
    pub containers: i128,
    /// Energy carrier as reported; empty: none.
    pub energy_carrier: String,
    /// km as found, 3 decimals.
    pub distance: i128,
    /// Its basis.
    pub distance_basis: Basis,
    /// km of the transport activity, 3 decimals.
    pub activity_distance: i128,
    /// Its basis.
    pub activity_basis: Basis,
    /// t.km, 9 decimals.
    pub activity: i128,
    /// Factor.
    pub factor_id: String,
    /// g of vehicle operation per unit as applied, 9 decimals.
    pub intensity_operation: i128,
    /// g of energy provision per unit as applied, 9 decimals.
    pub intensity_provision: i128,
    /// Unit of both.
    pub per: Per,
    /// Data category.
    pub data_category: DataCategory,
    /// kg CO2e of vehicle operation, 9 decimals.
    pub ghg_operation: i128,
    /// kg CO2e in all, 9 decimals.
    pub ghg_total: i128,
}

/// A shipment and its elements in order of (container, number).
#[derive(Clone, Debug)]
pub struct Shipment {
    /// Through bill of lading number.
    pub id: String,
    /// First departure.
    pub first_departed_at: Instant,
    /// Last arrival, if any is known.
    pub last_arrived_at: Option<Instant>,
    /// kg, 3 decimals.
    pub mass: i128,
    /// Rows that were rejected.
    pub rejected_rows: i128,
    /// Whether nothing lacks.
    pub is_complete: bool,
    /// t.km, 9 decimals.
    pub activity: i128,
    /// kg CO2e in all, 9 decimals.
    pub ghg_total: i128,
    /// Share of primary data by emissions, 6 decimals.
    pub primary_share: Option<i128>,
    /// Quality flags.
    pub quality_flags: String,
    /// Elements.
    pub elements: Vec<Element>,
}

impl Published {
    /// Opens the run in `dir`.
    pub fn open(dir: &Path) -> Result<Published> {
        let manifest = Manifest::load(dir)?;
        let reference = reference_of_run(&read_reference_copy(dir)?, &manifest.profile)?;
        let factors = reference
            .factors
            .factors
            .iter()
            .enumerate()
            .map(|(i, f)| (f.id.to_string(), i as u32))
            .collect();
        Ok(Published {
            dir: dir.to_owned(),
            manifest,
            reference,
            factors,
        })
    }

    /// A factor by its full name.
    pub fn factor(&self, id: &str) -> Result<&EmissionFactor> {
        let index = self.factors.get(id);
        let index = index
            .ok_or_else(|| self.fault(&format!("factor {id:?} is not in the run's reference")))?;
        Ok(&self.reference.factors.factors[*index as usize])
    }

    fn fault(&self, what: &dyn std::fmt::Display) -> Error {
        Error::Verification(format!("{}: {what}", self.dir.display()))
    }

    fn table(&self, table: &str, columns: &'static [&'static str]) -> Batches<'_> {
        let parts = self
            .manifest
            .parts(table)
            .into_iter()
            .map(str::to_owned)
            .collect();
        Batches::new(&self.dir, parts, columns)
    }

    /// Every element, in the order of the table.
    pub fn elements(&self) -> impl Iterator<Item = Result<Element>> {
        Rows {
            batches: self.table("elements", &ELEMENT_COLUMNS),
            read: elements,
            waiting: VecDeque::new(),
        }
    }

    /// Every shipment with its elements.
    pub fn shipments(&self) -> impl Iterator<Item = Result<Shipment>> {
        let shipments = Rows {
            batches: self.table("shipments", &SHIPMENT_COLUMNS),
            read: heads,
            waiting: VecDeque::new(),
        };
        Shipments {
            run: self,
            shipments,
            elements: self.elements().peekable(),
        }
    }
}

/// Rows of a table, decoded batch by batch.
struct Rows<'r, T> {
    batches: Batches<'r>,
    read: fn(&Columns) -> parquet::errors::Result<Vec<T>>,
    waiting: VecDeque<T>,
}

impl<T> Iterator for Rows<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        while self.waiting.is_empty() {
            match self.batches.next_as(self.read).transpose()? {
                Ok(rows) => self.waiting.extend(rows),
                Err(error) => return Some(Err(error)),
            }
        }
        self.waiting.pop_front().map(Ok)
    }
}

struct Shipments<'r, E: Iterator<Item = Result<Element>>> {
    run: &'r Published,
    shipments: Rows<'r, Shipment>,
    elements: std::iter::Peekable<E>,
}

impl<E: Iterator<Item = Result<Element>>> Iterator for Shipments<'_, E> {
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
        Some(next.and_then(|mut shipment| {
            let is_ours =
                |e: &Result<Element>| e.as_ref().map_or(true, |e| e.shipment_id == shipment.id);
            while let Some(element) = self.elements.next_if(is_ours) {
                shipment.elements.push(element?);
            }
            if shipment.elements.is_empty() {
                return Err(self
                    .run
                    .fault(&format!("shipment {:?} has no element", shipment.id)));
            }
            Ok(shipment)
        }))
    }
}

const SHIPMENT_COLUMNS: [&str; 10] = [
    "shipment_id",
    "first_departed_at",
    "last_arrived_at",
    "cargo_mass_kg",
    "rejected_rows",
    "is_complete",
    "transport_activity_tkm",
    "ghg_total_kg",
    "primary_share",
    "quality_flags",
];

fn heads(c: &Columns) -> parquet::errors::Result<Vec<Shipment>> {
    let (ids, flags) = (c.texts("shipment_id")?, c.texts("quality_flags")?);
    let (departures, arrivals) = (
        c.present("first_departed_at")?,
        c.numbers("last_arrived_at")?,
    );
    let (masses, rejected, complete) = (
        c.present("cargo_mass_kg")?,
        c.present("rejected_rows")?,
        c.truths("is_complete")?,
    );
    let (activities, totals) = (
        c.present("transport_activity_tkm")?,
        c.present("ghg_total_kg")?,
    );
    let shares = c.numbers("primary_share")?;
    let shipment = |(i, (id, quality_flags)): (usize, (String, String))| Shipment {
        id,
        first_departed_at: departures[i] as i64,
        last_arrived_at: arrivals[i].map(|v| v as i64),
        mass: masses[i],
        rejected_rows: rejected[i],
        is_complete: complete[i],
        activity: activities[i],
        ghg_total: totals[i],
        primary_share: shares[i],
        quality_flags,
        elements: Vec::new(),
    };
    Ok(ids
        .into_iter()
        .zip(flags)
        .enumerate()
        .map(shipment)
        .collect())
}

const ELEMENT_COLUMNS: [&str; 28] = [
    "shipment_id",
    "container_id",
    "element",
    "mode",
    "operation",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "load_status",
    "temperature",
    "cargo_mass_kg",
    "teu",
    "containers",
    "energy_carrier",
    "distance_km",
    "distance_basis",
    "activity_distance_km",
    "activity_basis",
    "transport_activity_tkm",
    "factor_id",
    "intensity_operation_g",
    "intensity_provision_g",
    "intensity_per",
    "data_category",
    "ghg_operation_kg",
    "ghg_total_kg",
];

fn elements(c: &Columns) -> parquet::errors::Result<Vec<Element>> {
    let (ids, containers, numbers) = (
        c.texts("shipment_id")?,
        c.texts("container_id")?,
        c.present("element")?,
    );
    let (modes, operations, carriers) =
        (c.texts("mode")?, c.texts("operation")?, c.texts("carrier")?);
    let (origins, destinations) = (c.texts("origin")?, c.texts("destination")?);
    let (departures, arrivals) = (c.present("departed_at")?, c.numbers("arrived_at")?);
    let (statuses, temperatures) = (c.texts("load_status")?, c.texts("temperature")?);
    let (masses, teus, counts) = (
        c.present("cargo_mass_kg")?,
        c.numbers("teu")?,
        c.present("containers")?,
    );
    let (distances, bases) = (c.present("distance_km")?, c.texts("distance_basis")?);
    let (activity_distances, activity_bases) = (
        c.present("activity_distance_km")?,
        c.texts("activity_basis")?,
    );
    let (activities, energies, factors) = (
        c.present("transport_activity_tkm")?,
        c.texts("energy_carrier")?,
        c.texts("factor_id")?,
    );
    let (ttw, wtt) = (
        c.present("intensity_operation_g")?,
        c.present("intensity_provision_g")?,
    );
    let (pers, categories) = (c.texts("intensity_per")?, c.texts("data_category")?);
    let (parts, totals) = (c.present("ghg_operation_kg")?, c.present("ghg_total_kg")?);
    let place = |text: &str| word(text, |t| LocationCode::parse(t.as_bytes()));
    let element = |i: usize| {
        Ok(Element {
            shipment_id: ids[i].clone(),
            container_id: containers[i].clone(),
            number: numbers[i] as i64,
            mode: word(&modes[i], Mode::from_code)?,
            operation: operations[i].clone(),
            carrier: carriers[i].clone(),
            origin: place(&origins[i])?,
            destination: place(&destinations[i])?,
            departed_at: departures[i] as i64,
            arrived_at: arrivals[i].map(|v| v as i64),
            load_status: word(&statuses[i], LoadStatus::from_code)?,
            temperature: word_or_absent(&temperatures[i], Temperature::from_code)?,
            mass: masses[i],
            teu: teus[i],
            containers: counts[i],
            energy_carrier: energies[i].clone(),
            distance: distances[i],
            distance_basis: word_or_absent(&bases[i], Basis::from_code)?,
            activity_distance: activity_distances[i],
            activity_basis: word_or_absent(&activity_bases[i], Basis::from_code)?,
            activity: activities[i],
            factor_id: factors[i].clone(),
            intensity_operation: ttw[i],
            intensity_provision: wtt[i],
            per: word(&pers[i], Per::from_code)?,
            data_category: word(&categories[i], DataCategory::from_code)?,
            ghg_operation: parts[i],
            ghg_total: totals[i],
        })
    };
    (0..ids.len()).map(element).collect()
}

fn word<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> parquet::errors::Result<T> {
    parse(text)
        .ok_or_else(|| ParquetError::General(format!("{text:?} is no code word of this column")))
}

fn word_or_absent<T: Default>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> parquet::errors::Result<T> {
    if text.is_empty() {
        Ok(T::default())
    } else {
        word(text, parse)
    }
}
