//! Where each footprint of an export stands, whose it is, and what lists are filtered by; the documents themselves stay in their files.
//!
//! Some sixty bytes for each document: an export of more than a million shipments has its place beside others.

use super::names::{Interned, Names};
use super::{each_document, read_at};
use crate::clients::{Averages, Client};
use green_corridor::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// What a footprint is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Toc,
    Hoc,
    Shipment,
}

/// What many footprints have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    file: u8,
    pub(crate) kind: Kind,
    has_carriers: bool,
    pub(crate) status: String,
    /// Microseconds of the epoch.
    pub(crate) created: i64,
    pub(crate) cpc: String,
    pub(crate) country: String,
    /// Country, subdivision, region.
    pub(crate) geography: Vec<String>,
    pub(crate) classes: Vec<String>,
    pub(crate) companies: Vec<String>,
}

/// A footprint, as filters see it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'t> {
    pub(crate) facts: &'t Facts,
    /// Reference period, microseconds of the epoch.
    pub(crate) period: (i64, i64),
    pub(crate) validity: Option<(i64, i64)>,
    product: u64,
}

impl Row<'_> {
    pub(crate) fn is_of_product(&self, number: u64) -> bool {
        self.product == number
    }
}

/// Footprints of an export.
pub(crate) struct Table {
    files: Vec<File>,
    offsets: Vec<u64>,
    lengths: Vec<u32>,
    ids: Vec<[u8; 16]>,
    by_id: Vec<u32>,
    /// Number of the shipment or of the category.
    owners: Vec<u32>,
    products: Vec<u64>,
    facts: Vec<u32>,
    all_facts: Vec<Facts>,
    periods: Vec<(i64, i64)>,
    /// Of PACT 3 only.
    validities: Vec<(i64, i64)>,
    shipments: Names,
    /// Categories of each shipment, one after the other.
    categories: Vec<u32>,
    ends: Vec<u32>,
    /// Categories by number: whether each is an average over shipments.
    averages: Vec<bool>,
}

/// Ends of the ids of categories that are averages over the whole export.
const AVERAGES: [&str; 3] = [";primary", ";per-tonne", ";average"];

/// What a client may see.
pub(super) struct Order {
    pub(super) rows: Vec<u32>,
    /// Averages among them that shipments of others are in.
    pub(super) shared: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'d> {
    #[serde(borrow)]
    id: Cow<'d, str>,
    created: Cow<'d, str>,
    status: Cow<'d, str>,
    company_ids: Vec<Cow<'d, str>>,
    product_ids: Vec<Cow<'d, str>>,
    product_category_cpc: Option<Cow<'d, str>>,
    #[serde(default)]
    product_classifications: Vec<Cow<'d, str>>,
    validity_period_start: Option<Cow<'d, str>>,
    validity_period_end: Option<Cow<'d, str>>,
    pcf: Pcf<'d>,
    extensions: Vec<Extension<'d>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pcf<'d> {
    #[serde(borrow)]
    reference_period_start: Cow<'d, str>,
    reference_period_end: Cow<'d, str>,
    geography_country: Option<Cow<'d, str>>,
    geography_country_subdivision: Option<Cow<'d, str>>,
    geography_region_or_subregion: Option<Cow<'d, str>>,
}

#[derive(Deserialize)]
struct Extension<'d> {
    #[serde(borrow)]
    data: Data<'d>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'d> {
    #[serde(borrow)]
    shipment_id: Option<Cow<'d, str>>,
    toc_id: Option<Cow<'d, str>>,
    hoc_id: Option<Cow<'d, str>>,
    energy_carriers: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    tces: Vec<Tce<'d>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tce<'d> {
    #[serde(borrow)]
    toc_id: Option<Cow<'d, str>>,
    hoc_id: Option<Cow<'d, str>>,
}

/// The number of a product id, the same for every spelling of it: partners send ids decoded, and in other case.
pub(crate) fn product_number(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    decoded(id).to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// Percent-decoded, as far as it can be.
fn decoded(text: &str) -> Cow<'_, str> {
    match text.contains('%') {
        true => green_corridor::text::original(text).map_or(Cow::Borrowed(text), Cow::Owned),
        false => Cow::Borrowed(text),
    }
}

/// Microseconds of the epoch of an RFC 3339 time.
pub(crate) fn micros(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_microsecond)
}

#[derive(Default)]
struct Reading {
    facts: Interned<Facts>,
    categories: Interned<String>,
}

impl Table {
    /// Reads once through the files: those of categories, of shipments, of deprecated documents.
    pub(super) fn read(files: Vec<File>) -> Result<Table> {
        let mut table = Table {
            files: Vec::new(),
            offsets: Vec::new(),
            lengths: Vec::new(),
            ids: Vec::new(),
            by_id: Vec::new(),
            owners: Vec::new(),
            products: Vec::new(),
            facts: Vec::new(),
            all_facts: Vec::new(),
            periods: Vec::new(),
            validities: Vec::new(),
            shipments: Names::default(),
            categories: Vec::new(),
            ends: Vec::new(),
            averages: Vec::new(),
        };
        let mut reading = Reading::default();
        for (number, file) in (0u8..).zip(&files) {
            each_document(file, |offset, bytes| {
                let document: Document = serde_json::from_slice(bytes).map_err(|e| {
                    Error::Verification(format!("document at byte {offset}: no footprint: {e}"))
                })?;
                table.push(number, offset, bytes.len(), &document, &mut reading)
            })?;
        }
        table.files = files;
        let is_average = |id: &String| AVERAGES.iter().any(|end| id.ends_with(end));
        table.averages = reading.categories.values.iter().map(is_average).collect();
        table.all_facts = reading.facts.values;
        let mut by_id: Vec<u32> = (0..).take(table.ids.len()).collect();
        by_id.sort_unstable_by_key(|row| table.ids[*row as usize]);
        table.by_id = by_id;
        if table
            .by_id
            .windows(2)
            .any(|two| table.ids[two[0] as usize] == table.ids[two[1] as usize])
        {
            return Err(Error::Verification("two documents have one id".to_owned()));
        }
        for list in [&mut table.offsets, &mut table.products] {
            list.shrink_to_fit();
        }
        Ok(table)
    }

    fn push(
        &mut self,
        file: u8,
        offset: u64,
        length: usize,
        document: &Document,
        reading: &mut Reading,
    ) -> Result<()> {
        let fault = |what: &str| Error::Verification(format!("document at byte {offset}: {what}"));
        let too_many = || fault("too many shipments");
        let time = |text: &str| micros(text).ok_or_else(|| fault("a time that is none"));
        let id: Uuid = document.id.parse().map_err(|_| fault("no UUID as id"))?;
        let data = &document
            .extensions
            .first()
            .ok_or_else(|| fault("no extension"))?
            .data;
        let (kind, owner) = match (&data.toc_id, &data.hoc_id, &data.shipment_id) {
            (Some(toc), None, None) => (Kind::Toc, reading.categories.number(toc.to_string())),
            (None, Some(hoc), None) => (Kind::Hoc, reading.categories.number(hoc.to_string())),
            (None, None, Some(shipment)) => {
                let owner = self.shipments.push(shipment).ok_or_else(too_many)?;
                let from = self.categories.len();
                for tce in &data.tces {
                    if let Some(category) = tce.toc_id.as_ref().or(tce.hoc_id.as_ref()) {
                        let category = reading.categories.number(category.to_string());
                        if !self.categories[from..].contains(&category) {
                            self.categories.push(category);
                        }
                    }
                }
                let end = u32::try_from(self.categories.len()).map_err(|_| too_many())?;
                self.ends.push(end);
                (Kind::Shipment, owner)
            }
            _ => return Err(fault("expected one of tocId, hocId, shipmentId")),
        };
        let owned = |text: &Option<Cow<str>>| text.as_deref().unwrap_or_default().to_owned();
        let pcf = &document.pcf;
        let places = [
            &pcf.geography_country,
            &pcf.geography_country_subdivision,
            &pcf.geography_region_or_subregion,
        ];
        let facts = Facts {
            file,
            kind,
            has_carriers: data
                .energy_carriers
                .as_ref()
                .is_some_and(|list| !list.is_empty()),
            status: document.status.to_string(),
            created: time(&document.created)?,
            cpc: owned(&document.product_category_cpc),
            country: owned(&pcf.geography_country),
            geography: places
                .into_iter()
                .flatten()
                .map(ToString::to_string)
                .collect(),
            classes: document
                .product_classifications
                .iter()
                .map(ToString::to_string)
                .collect(),
            companies: document
                .company_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
        };
        self.offsets.push(offset);
        self.lengths
            .push(u32::try_from(length).map_err(|_| fault("too long"))?);
        self.ids.push(*id.as_bytes());
        self.owners.push(owner);
        let product = document
            .product_ids
            .first()
            .ok_or_else(|| fault("no product id"))?;
        self.products.push(product_number(product));
        self.facts.push(reading.facts.number(facts));
        self.periods.push((
            time(&pcf.reference_period_start)?,
            time(&pcf.reference_period_end)?,
        ));
        if let (Some(from), Some(to)) = (
            &document.validity_period_start,
            &document.validity_period_end,
        ) {
            self.validities.push((time(from)?, time(to)?));
        }
        if !self.validities.is_empty() && self.validities.len() != self.ids.len() {
            return Err(fault("some documents have a validity, others none"));
        }
        Ok(())
    }

    pub(crate) fn count(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn row(&self, row: u32) -> Row<'_> {
        let row = row as usize;
        Row {
            facts: &self.all_facts[self.facts[row] as usize],
            period: self.periods[row],
            validity: self.validities.get(row).copied(),
            product: self.products[row],
        }
    }

    /// The document of an id.
    pub(crate) fn find(&self, id: &Uuid) -> Option<u32> {
        let found = self
            .by_id
            .binary_search_by_key(id.as_bytes(), |row| self.ids[*row as usize]);
        found.ok().map(|at| self.by_id[at])
    }

    /// Bytes of a document.
    pub(crate) fn length(&self, row: u32) -> usize {
        self.lengths[row as usize] as usize
    }

    /// Appends a document.
    pub(crate) fn append(&self, row: u32, out: &mut Vec<u8>) -> std::io::Result<()> {
        let from = out.len();
        out.resize(from + self.length(row), 0);
        let file = &self.files[usize::from(self.row(row).facts.file)];
        read_at(file, self.offsets[row as usize], &mut out[from..])
    }

    fn categories_of(&self, shipment: u32) -> &[u32] {
        let end = |n: usize| self.ends[n] as usize;
        let shipment = shipment as usize;
        let from = if shipment == 0 { 0 } else { end(shipment - 1) };
        &self.categories[from..end(shipment)]
    }

    /// The documents that a client may see, in the order of lists: categories before the shipments that name them, those with an energy
    /// carrier first, superseded documents last. Whoever takes the first document for a sample finds one with a country.
    pub(super) fn order_for(&self, client: &Client) -> Order {
        let known = self.averages.len();
        let (mut is_named, mut is_others) = (vec![client.sees_all(); known], vec![false; known]);
        let mut order = Vec::new();
        for row in (0..).take(self.count()) {
            let owner = self.owners[row as usize];
            if self.row(row).facts.kind != Kind::Shipment {
                continue;
            }
            let is_own = client.sees_all() || client.sees(self.shipments.get(owner as usize));
            let named = if is_own {
                &mut is_named
            } else {
                &mut is_others
            };
            for category in self.categories_of(owner) {
                named[*category as usize] = true;
            }
            if is_own {
                order.push(row);
            }
        }
        let shares = |category: usize| self.averages[category] && is_others[category];
        let is_kept_back = |category| client.averages == Averages::Own && shares(category);
        let mut shared = 0;
        let of_categories = (0..).take(self.count()).filter(|row| {
            let category = self.owners[*row as usize] as usize;
            let is_category = self.row(*row).facts.kind != Kind::Shipment;
            let is_shown = is_category && is_named[category] && !is_kept_back(category);
            shared += usize::from(is_shown && shares(category));
            is_shown
        });
        order.extend(of_categories);
        let rank = |row: &u32| {
            let facts = self.row(*row).facts;
            let kind = match facts.kind {
                Kind::Toc => 0u8,
                Kind::Hoc => 1,
                Kind::Shipment => 2,
            };
            (facts.status != "Active", kind, !facts.has_carriers, *row)
        };
        order.sort_unstable_by_key(rank);
        let with_country = |row: &u32| {
            let facts = self.row(*row).facts;
            let is_whole = facts.has_carriers || facts.kind == Kind::Shipment;
            facts.status == "Active" && !facts.country.is_empty() && is_whole
        };
        if let Some(at) = order.iter().position(with_country) {
            order[..=at].rotate_right(1);
        }
        Order {
            rows: order,
            shared,
        }
    }
}
