//! Exchange documents: published runs as PACT and iLEAP footprints, and what partners send as movement records and factors.
//!
//! Figures that leave are the published decimals, as text; nothing is computed here but the intensity of a category: on the
//! distance of its activity, or averaged where the exchange format does not have its unit. What comes in is taken as it stands or listed with the reason why not.

pub mod abreast;
pub mod adjusted;
pub mod carrier;
pub mod category;
pub mod convert;
pub mod dcsa;
pub mod documents;
pub mod edifact;
pub mod elements;
pub mod events;
pub mod export;
pub mod former;
pub mod ileap;
pub mod json;
pub mod ledger;
pub mod left_out;
pub mod local_time;
pub mod movements;
pub mod pact;
pub mod received;
