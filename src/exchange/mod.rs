//! Exchange documents: published runs as PACT and iLEAP footprints, and what partners send as movement records and factors.
//!
//! Figures that leave are the published decimals, as text; nothing is computed here but the intensity of a category: on the
//! distance of its activity, or averaged where the exchange format does not have its unit. What comes in is taken as it stands or listed with the reason why not.

pub(crate) mod abreast;
pub(crate) mod adjusted;
pub(crate) mod carrier;
pub(crate) mod category;
pub(crate) mod convert;
pub(crate) mod dcsa;
pub(crate) mod documents;
pub(crate) mod edifact;
pub(crate) mod elements;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod former;
pub(crate) mod ileap;
pub(crate) mod json;
pub(crate) mod ledger;
pub(crate) mod left_out;
pub(crate) mod local_time;
pub(crate) mod movements;
pub(crate) mod order;
pub(crate) mod pact;
pub(crate) mod received;
