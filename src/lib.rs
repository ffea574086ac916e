//! green-corridor: exact greenhouse-gas footprints of container movements to ISO 14083:2023.
//!
//! [`Engine`] is what this library does; the modules below hold the words in which it is asked and answers. Everything else is private:
//! `docs/architecture.md` is the map of it, from bytes in to bytes out.
//!
//! | to | call |
//! | --- | --- |
//! | compute and publish what a run file says | [`Engine::open`], then [`Engine::run`] |
//! | compute rows that are in memory | [`Engine::shipped`] or [`Engine::with_reference`], then [`Engine::compute`], or piece by piece [`Engine::session`] |
//! | check a published run, explain a figure of it, compare two | [`Engine::at`], then [`Engine::verify`], [`Engine::explain`], [`Engine::diff`] |
//! | split the change from one period to another, hold targets against runs | [`Engine::at`], then [`Engine::year_over_year`], [`Engine::track`] |
//! | make a report or documents for partners of it | [`Engine::report`], [`Engine::export`], [`Engine::statement`] |
//! | settle charges, order, confirm, check settlements | [`Engine::at`], then [`Engine::settle`], [`Engine::order_payments`], [`Engine::confirm_payments`], [`Engine::verify_settlements`] |
//! | ask the tables of a published run anything in columns | [`Engine::at`], then [`Engine::published`] |
//! | compare route options | [`Engine::compare`] |
//! | question a factor library | [`Engine::factors`] |
//! | turn what partners send into records | [`Engine::convert`] |
//!
//! Every figure is a whole number of a small unit, and text only at the edges:
//!
//! ```
//! use green_corridor::quantity::{NANO_SCALE, decimal_text, div_half_even};
//! // 18.250125 t over 40 km at 60.5 g/t.km: grams x metres x 10^-9 g, rounded once to micrograms.
//! let micrograms = div_half_even(18_250_125 * 40_000 * 60_500_000_000, 1_000_000_000_000);
//! assert_eq!(decimal_text(micrograms, NANO_SCALE), "44.165302500"); // kg CO2e
//! ```

#![cfg_attr(test, allow(clippy::cast_possible_truncation))]

mod atlas;
mod audit;
mod claims;
mod compare;
mod console;
mod engine;
mod error;
mod escape;
mod exact;
mod exchange;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod input;
#[cfg(feature = "inside")]
pub mod inside;
mod library;
mod output;
mod present;
mod progress;
mod published;
mod run;
mod sample;
mod settle;
mod shipped;
mod slices;
mod statement;
mod store;
mod years;

#[cfg(test)]
mod tests;

use green_corridor_core::{calc, factors, geo, model, reference, routes};

pub use engine::{Computed, Engine};
pub use error::{Error, ErrorKind, Place, Result};
pub use factors::DataFile;
pub use progress::{Level, LogMode, Progress, ProgressMode, Silent};
pub use reference::Reference;
pub use run::identity::METHOD_REVISION;
pub use run::in_memory::{Rest, Session, SessionOrder, Sums, Tables};
pub use run::summary::Summary;
pub use store::signal::Interrupt;

/// What a run is to do: what was said, and what became of it.
pub mod plan {
    pub use crate::run::budget::least as least_memory;
    pub use crate::run::plan::{Change, Flags, MemoryLimit, Plan, Share};
    pub use crate::run::record_loss;
}

/// Runs whose rows another engine brings together, in stretches of shipment ids.
pub mod stretches {
    pub use crate::run::stretches::{Stretch, StretchInput, StretchOrder, StretchTask, Stretched};
}

/// Published runs: what was checked, compared, rejected, reported.
pub mod runs {
    pub use crate::audit::diff::tables::{DiffOrder, Differences};
    pub use crate::audit::diff::{
        CarriedChange, CorridorChange, CorridorOf, Difference, ShipmentChange,
    };
    pub use crate::audit::rejects::Rejects;
    pub use crate::audit::verify::{Inputs, Verified};
    pub use crate::calc::restate::Effects;
    pub use crate::present::form::{Report, page, workbook};
    pub use crate::published::proven::{Batches, PublishedRun};
    pub use crate::published::rejected::RejectedRow;
    pub use crate::published::slice::{Months, Slice};
    pub use crate::slices::{ByOrder, ByWritten};
    pub use crate::statement::{Language, Stated, StatementOrder};
    pub use crate::store::manifest::Manifest;
    pub use crate::store::rollback::RolledBack;
}

/// One period against another: what emissions changed by, and why; targets, and where they stand.
pub mod periods {
    pub use crate::years::{
        CITED, Cause, Cited, Drivers, Figure, Group, Metric, Parts, Period, Restatement, RunOf,
        TrackOrder, Tracked, TrackedYear, Use, Verdict, YearOrder, Years, targets_page,
    };
}

/// Settlement of charges: what is settled, what a settlement says, whether it holds.
pub mod settlement {
    pub use crate::settle::{
        Checked, Compared, Confirmed, Ordered, SettleOrder, Settlement, Shown, ShownTable,
    };
}

/// The calculation sheet of a shipment.
pub mod sheet {
    pub use crate::audit::explain::sheet::{
        Candidate, ElementSheet, Fact, FactorSheet, Flag, Sheet, Step,
    };
}

/// Route options between two places.
pub mod routing {
    pub use crate::compare::{Changes, Comparison, Question, Routes, Sources, pairs};
    pub use crate::present::comparison::asked::RequestSheet;
    pub use crate::present::comparison::cost::{
        CostSheet, HandlingSheet, PriceSheet, RangeSheet, SumsSheet, amounts,
    };
    pub use crate::present::comparison::days::DaySheet;
    pub use crate::present::comparison::figure::{rounded, shown};
    pub use crate::present::comparison::pairs_html::{PairPart, pairs_page};
    pub use crate::present::comparison::sheet::{
        ElementSheet, OptionSheet, ScenarioSheet, Sheet, Standing,
    };
    pub use crate::reference::{Rate, Rates};
    pub use crate::routes::request::Objective;
}

/// Factor libraries: what they hold, what is wrong with them, which factor applies.
pub mod factor {
    pub use crate::factors::diff::{Change, Difference, Side};
    pub use crate::factors::import::Refusal;
    pub use crate::factors::{
        Candidate, EmissionFactor, FactorSet, Fault, QUANTITY_SCALE, Severity, Verdict, conversion,
    };
    pub use crate::library::{
        Chosen, Compared, DEFAULT_PROFILE, EnergyQuestion, Explained, FactorLibrary, Findings,
        ImportOrder, ImportReport, ProfileCount, Question, ask, ask_energy, document, factor_of,
        import,
    };
}

/// Documents of partners, to and fro.
pub mod documents {
    pub use crate::exchange::convert::{
        Conversion, Converted, ConvertedOf, EdifactTables, EventsOrder, IleapOrder,
    };
    pub use crate::exchange::left_out::{LeftOut, Outcome, count, counts};
    pub use crate::exchange::order::{Company, Form, Kind, Order, Summary};
    pub use crate::exchange::pact::Pact;
    pub use crate::exchange::received::Received;
    pub use crate::present::report::declaration::{Company as DeclaringCompany, Declared};
}

/// Places by name, code, IATA code or near a point.
pub mod places {
    pub use crate::atlas::Atlas;
    pub use crate::reference::FoundPlace;
}

/// A run file proposed for somebody's own export.
pub mod proposal {
    pub use crate::run::propose::beside::{Proposed, propose_in};
    pub use crate::run::propose::{Proposal, RUN_FILE};
}

/// Movement records that are made up, of any size.
pub mod made_up {
    pub use crate::sample::{Format, MOST_SHIPMENTS, Month, Order, Templates, write};
}

/// What ships inside: library, reference data, sample, table templates.
pub mod shipped_files {
    pub use crate::shipped::{Shipped, all, text_of, write, written};
}

/// Code words, codes and ids of movement records and published tables.
pub mod code {
    pub use crate::model::flag::Flags;
    pub use crate::model::id::LocationCode;
    pub use crate::model::mode::{Basis, EnergyUnit, Mode, Temperature};
    pub use crate::model::reject::RejectReason;
}

/// Quantities and days: whole numbers of small units, and how they are written.
pub mod quantity {
    pub use crate::exact::parted_in as parted;
    pub use crate::model::time::{Day, NO_END, date_text, day_of, instant_text, parse_date};
    pub use crate::model::unit::{
        DISTANCE_SCALE, NANO_SCALE, SHARE_SCALE, counted, decimal_text, div_half_even, grouped,
        plural, short_decimal_text,
    };
    pub use rust_decimal::Decimal;
}

/// Text of strangers on a terminal, in JSON and in CSV.
pub mod text {
    pub use crate::escape::inert::{original, write_json};
    pub use crate::escape::{csv_cell, html, is_hidden, visible, visible_json, visible_lines};
    pub use crate::present::table::Table;
}

/// Files that are written whole or not at all, and paths as people write them.
pub mod files {
    pub use crate::store::disk::RealDisk;
    pub use crate::store::files::{FileWriter, finish_groups, folder_below, whole, write_file};
    pub use crate::store::plain::plain;
}

/// The process that a program on top of this library is: its memory, its open files, its signals, where it prints.
pub mod process {
    pub use crate::console::{Console, log_json};
    pub use crate::store::descriptors::raise_limit;
    pub use crate::store::machine::memory;
    pub use crate::store::memory::{bound, end_in_order, is_bounded};
    pub use crate::store::signal::is_ignored;
}
