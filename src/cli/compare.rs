//! `compare FROM TO`: route options side by side, for one pair of places or a file of pairs.

mod pairs;
mod table;

use super::Console;
use super::args::path;
use super::args::progress_mode;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use green_corridor::files::{RealDisk, write_file};
use green_corridor::routing::{self, Comparison, Objective, Rate, Rates, Routes, Sources};
use green_corridor::text::visible_json;
use green_corridor::{Level, ProgressMode, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Origin, a UN/LOCODE such as CNCKG
    #[arg(value_name = "FROM", required_unless_present = "pairs")]
    from: Option<String>,
    /// Destination, a UN/LOCODE such as SGSIN
    #[arg(value_name = "TO", required_unless_present = "pairs")]
    to: Option<String>,
    /// Answer every pair of a CSV file with the columns from,to instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to"], value_parser = path())]
    pairs: Option<PathBuf>,
    #[command(flatten)]
    question: Box<Question>,
    /// What-if: a TOML file of changes; options are told before and after
    #[arg(long, value_name = "FILE", value_parser = path())]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    data: Box<Data>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write the answer to this file instead of standard output
    #[arg(long = "to", id = "to_file", value_name = "FILE", value_parser = path())]
    to_file: Option<PathBuf>,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    progress: Option<ProgressMode>,
}

/// What is asked.
#[derive(Debug, clap::Args)]
pub(super) struct Question {
    /// Cargo of all boxes, goods and packaging [default: the profile's mass per TEU]
    #[arg(long, value_name = "KG", allow_negative_numbers = true)]
    cargo_kg: Option<String>,
    /// Boxes of the container type, which share the cargo evenly [default: as many as it fills]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    boxes: Option<String>,
    /// The part of one box that the cargo has, such as 0.25
    #[arg(long, value_name = "PART", allow_negative_numbers = true)]
    box_share: Option<String>,
    /// Container type, an ISO 6346 size-type or a trade name
    #[arg(long, value_name = "TYPE", default_value = "45G1")]
    container: String,
    /// The cargo is refrigerated, whatever the container type says
    #[arg(long)]
    refrigerated: bool,
    /// Day on which the cargo is ready, UTC [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    depart: Option<String>,
    /// Last day of arrival, UTC; without --depart each option says when the cargo must be ready
    #[arg(long, value_name = "YYYY-MM-DD")]
    arrive_by: Option<String>,
    /// Places to call at, in this order
    #[arg(long, value_name = "PLACE", value_delimiter = ',')]
    via: Vec<String>,
    /// Places, countries, modes and sea passages not to use, such as VNHPH, LA, air, suez
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    avoid: Vec<String>,
    /// Only options that take no longer
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    max_days: Option<String>,
    /// Only these modes: road, rail, sea, inland_waterway, air
    #[arg(long, value_name = "MODE", value_delimiter = ',')]
    modes: Vec<String>,
    /// Options to show
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    options: u16,
    /// Price of a tonne of CO2e in --currency
    #[arg(
        long,
        value_name = "PRICE",
        allow_negative_numbers = true,
        requires = "currency"
    )]
    carbon_price: Option<String>,
    /// Currency of the carbon price, and of costs where a rate leads there
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// By what to put options in order
    #[arg(long, value_name = "WHAT", value_parser = objective(), default_value = "co2e")]
    objective: Objective,
}

/// Where the figures are from.
#[derive(Debug, clap::Args)]
pub(super) struct Data {
    /// Profile
    #[arg(long, value_name = "NAME", default_value = "open")]
    profile: String,
    /// Factor library [default: emission_factors, or else the one inside the program]
    #[arg(long, value_name = "DIR", value_parser = path())]
    factors: Option<PathBuf>,
    /// Folder of places, distances and services [default: data, or else the one inside the program]
    #[arg(long, value_name = "DIR", value_parser = path())]
    reference: Option<PathBuf>,
    /// Own places on top of locations.csv
    #[arg(long, value_name = "FILE", value_parser = path())]
    locations: Vec<PathBuf>,
    /// Own services on top of services.csv
    #[arg(long, value_name = "FILE", value_parser = path())]
    services: Vec<PathBuf>,
    /// Own distances on top of distances.csv
    #[arg(long, value_name = "FILE", value_parser = path())]
    distances: Vec<PathBuf>,
    /// Own states of sea passages on top of passages.csv
    #[arg(long, value_name = "FILE", value_parser = path())]
    passages: Vec<PathBuf>,
    /// Exchange rates: CSV with from,to,rate,date,source_ref
    #[arg(long, value_name = "FILE", value_parser = path())]
    rates: Option<PathBuf>,
    /// An exchange rate, such as USD/SGD=1.28@2025-06-13
    #[arg(long, value_name = "RATE", value_parser = rate)]
    rate: Vec<Rate>,
    /// Own prices by lane with their days; they go before price levels
    #[arg(long, value_name = "FILE", value_parser = path())]
    rate_card: Vec<PathBuf>,
    /// Without price levels: a cost is known then, or it is not
    #[arg(long)]
    no_levels: bool,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Text for people.
    #[default]
    Table,
    /// JSON; with --pairs one object per line.
    Json,
    /// One row per option.
    Csv,
    /// One self-contained page.
    Html,
}

fn objective() -> impl TypedValueParser<Value = Objective> {
    PossibleValuesParser::new(Objective::LIST.map(Objective::code)).map(|code| {
        Objective::LIST
            .into_iter()
            .find(|o| o.code() == code)
            .unwrap_or_default()
    })
}

fn rate(text: &str) -> std::result::Result<Rate, String> {
    Rates::parse_one(text)
        .ok_or_else(|| "expected FROM/TO=RATE@DATE, such as USD/SGD=1.28@2025-06-13".to_owned())
}

impl Question {
    fn asked(&self) -> routing::Question {
        routing::Question {
            cargo_kg: self.cargo_kg.clone(),
            boxes: self.boxes.clone(),
            box_share: self.box_share.clone(),
            container: self.container.clone(),
            refrigerated: self.refrigerated,
            depart: self.depart.clone(),
            arrive_by: self.arrive_by.clone(),
            via: self.via.clone(),
            avoid: self.avoid.clone(),
            max_days: self.max_days.clone(),
            modes: self.modes.clone(),
            options: self.options.into(),
            carbon_price: self.carbon_price.clone(),
            currency: self.currency.clone(),
            objective: self.objective,
        }
    }
}

impl Data {
    fn sources(&self) -> Sources {
        Sources {
            profile: self.profile.clone(),
            factors: self.factors.clone(),
            reference: self.reference.clone(),
            locations: self.locations.clone(),
            services: self.services.clone(),
            distances: self.distances.clone(),
            passages: self.passages.clone(),
            rates: self.rates.clone(),
            rate: self.rate.clone(),
            rate_cards: self.rate_card.clone(),
            no_levels: self.no_levels,
        }
    }
}

/// Answers.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let warn = |what: &str| console.message(Level::Warning, what);
    let routes = Routes::open(args.data.sources(), &warn)?;
    let changes = args.scenario.as_deref().map(|path| routes.changes(path));
    let changes = changes.transpose()?;
    if let Some(file) = &args.pairs {
        return pairs::run(file, args, (&routes, changes.as_ref()), console);
    }
    let places = (
        args.from.as_deref().unwrap_or_default(),
        args.to.as_deref().unwrap_or_default(),
    );
    let (question, with_map) = (args.question.asked(), args.format == Format::Html);
    let comparison = match &changes {
        Some(changes) => routes.compare_under(changes, &question, places, with_map)?,
        None => routes.compare(&question, places, with_map)?,
    };
    if let Some(odd) = &comparison.warning {
        warn(odd);
    }
    let text = match args.format {
        Format::Table => table::text(&comparison.sheet),
        Format::Json => json(&comparison, true)?,
        Format::Csv => comparison.csv_header() + &comparison.csv_rows(),
        Format::Html => comparison.page(),
    };
    match &args.to_file {
        Some(path) => write_file(&RealDisk, path, text.as_bytes())?,
        None => console.print(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A comparison as JSON that any terminal can show.
fn json(comparison: &Comparison, is_pretty: bool) -> Result<String> {
    Ok(visible_json(&comparison.json(is_pretty)?).into_owned() + "\n")
}
