//! green-corridor: exact greenhouse-gas footprints of container movements to ISO 14083:2023.
//!
//! The map. Bytes come in through [`input`], become typed columns of the words in [`model`], are computed by [`calc`] with what
//! [`factors`] and [`reference`] look up, and leave through [`output`]; [`store`] is the only module that opens files, and
//! [`run`] joins them. `docs/architecture.md` says for each module what it must never do.
//!
//! Read on in [`mod@run`], the story of a run from top to bottom, then in [`calc`], the arithmetic.
//!
//! | to | call |
//! | --- | --- |
//! | run what a command line says | [`cli::main`] |
//! | compute and publish a plan | [`run::run`] |
//! | compute rows that are in memory | [`calc::Kernel::footprint`] |
//! | check a published run | [`audit::verify::verify`] |
//! | explain a published figure | [`audit::explain::explain`] |
//! | compare route options | [`routes::answer::answer`] |
//!
//! Every figure is a whole number of a small unit, and text only at the edges:
//!
//! ```
//! use green_corridor::model::unit::{NANO_SCALE, decimal_text, div_half_even};
//! // 18.250125 t over 40 km at 60.5 g/t.km: grams x metres x 10^-9 g, rounded once to micrograms.
//! let micrograms = div_half_even(18_250_125 * 40_000 * 60_500_000_000, 1_000_000_000_000);
//! assert_eq!(decimal_text(micrograms, NANO_SCALE), "44.165302500"); // kg CO2e
//! ```

#![cfg_attr(test, allow(clippy::cast_possible_truncation))]

pub mod audit;
mod claims;
pub mod cli;
pub mod error;
pub mod escape;
pub mod exchange;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod input;
pub mod output;
pub mod present;
pub mod progress;
pub mod published;
pub mod run;
pub mod sample;
pub mod store;

pub use green_corridor_core::{calc, factors, geo, model, reference, routes};
