//! What an export is asked for, and what it tells of itself.

use super::ledger::Identity;
use super::pact::Pact;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Who the footprints are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Name.
    pub name: String,
    /// URN.
    pub id: String,
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shipments, TOCs and HOCs in PACT footprints of this version.
    Footprints(Pact),
    /// Transport activity data.
    Tad,
}

impl Kind {
    /// Name of its folder.
    pub const fn folder(self) -> &'static str {
        match self {
            Kind::Footprints(Pact::V2) => "ileap",
            Kind::Footprints(Pact::V3) => "pact-3",
            Kind::Tad => "ileap-tad",
        }
    }
}

/// Form of the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One array per file.
    #[default]
    Json,
    /// One document per line.
    Ndjson,
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 2] = [Form::Json, Form::Ndjson];

    /// Ending of its files.
    pub const fn extension(self) -> &'static str {
        match self {
            Form::Json => "json",
            Form::Ndjson => "ndjson",
        }
    }
}

/// An export to make.
#[derive(Clone, Debug)]
pub struct Order {
    /// What.
    pub kind: Kind,
    /// In which form.
    pub form: Form,
    /// Whose.
    pub company: Company,
    /// Where to, instead of `<OUT>/export/<kind>/<run_id>`.
    pub to: Option<PathBuf>,
}

/// What was exported; also written beside the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The run.
    pub run_id: String,
    /// Folder name of the kind.
    pub kind: String,
    /// Which shipments of the run; none: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    /// Shipment documents.
    pub shipments: u64,
    /// TOC documents.
    pub tocs: u64,
    /// HOC documents.
    pub hocs: u64,
    /// Activity data.
    pub activities: u64,
    /// Elements of which there can be no activity data: hubs, and transports without an arrival.
    pub elements_left_out: u64,
    /// Documents that are new, or whose content differs from the last export.
    pub new_versions: u64,
    /// Of these, documents with versions before them.
    pub changed: u64,
    /// Documents of the versions before them, as deprecated.
    pub deprecated: u64,
    /// Versions before them of which no export has the document any more.
    pub deprecated_not_found: u64,
    /// Categories whose energy carrier the library or the format does not know.
    pub without_energy_carrier: u64,
    /// kg CO2e of the shipments by GWP set of the factors.
    pub ghg_kg_by_gwp_set: BTreeMap<&'static str, String>,
    /// Where the documents are.
    #[serde(skip)]
    pub dir: PathBuf,
}

impl Summary {
    pub(super) fn count(&mut self, identity: &Identity) {
        self.new_versions += u64::from(identity.is_new);
        self.changed += u64::from(identity.is_new && !identity.former.is_empty());
    }
}
