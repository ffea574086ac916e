//! `places TEXT`: places by name, code, IATA code or near a point.

use super::Console;
use super::args::path;
use green_corridor::places::{Atlas, FoundPlace};
use green_corridor::quantity::{DISTANCE_SCALE, decimal_text};
use green_corridor::text::Table;
use green_corridor::text::visible;
use green_corridor::{Error, Result};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `places`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A name, its beginning, a UN/LOCODE or an IATA code
    #[arg(value_name = "NAME|CODE", required_unless_present = "near")]
    text: Vec<String>,
    /// Places near a point instead, in decimal degrees such as 51.95,4.14
    #[arg(
        long,
        value_name = "LATITUDE,LONGITUDE",
        conflicts_with = "text",
        allow_hyphen_values = true
    )]
    near: Option<String>,
    /// Folder of places [default: data, or else the one inside the program]
    #[arg(long, value_name = "DIR", value_parser = path())]
    reference: Option<PathBuf>,
    /// Own places on top of locations.csv
    #[arg(long, value_name = "FILE", value_parser = path())]
    locations: Vec<PathBuf>,
    /// Places to show
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text for people.
    #[default]
    Table,
    /// A list of objects.
    Json,
}

/// A place as JSON has it.
#[derive(Serialize)]
struct Line {
    locode: String,
    name: String,
    country: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subdivision: String,
    kinds: Vec<String>,
    iata: Vec<String>,
    other_codes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<String>,
    found_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_km: Option<String>,
}

impl Line {
    fn new(place: FoundPlace) -> Line {
        let list = |text: &str| {
            text.split(' ')
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let (latitude, longitude) = place.point.map(|point| point.degrees()).unzip();
        Line {
            locode: place.code.to_string(),
            country: place.code.country().to_string(),
            kinds: list(&place.kinds),
            iata: list(&place.iata),
            other_codes: list(&place.others),
            name: place.name,
            subdivision: place.subdivision,
            latitude,
            longitude,
            found_by: place.reason.code(),
            distance_km: place.metres.map(|m| decimal_text(m.into(), DISTANCE_SCALE)),
        }
    }
}

/// Answers; nothing found is exit 1.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let atlas = Atlas::read(args.reference.as_deref(), &args.locations)?;
    let most = usize::from(args.limit);
    let found = match &args.near {
        Some(text) => atlas.near(text, most)?,
        None => atlas.find(&args.text.join(" "), most),
    };
    if found.is_empty() {
        let text = args.text.join(" ");
        return Err(Error::Usage(format!(
            "{}: no place has this name or code; own places go into a file of --locations",
            visible(&text)
        )));
    }
    let is_near = args.near.is_some();
    let lines: Vec<Line> = found.into_iter().map(Line::new).collect();
    console.print(&match args.format {
        Format::Table => table(&lines, is_near),
        Format::Json => {
            let text = serde_json::to_string_pretty(&lines);
            text.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))? + "\n"
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn table(lines: &[Line], is_near: bool) -> String {
    let last = if is_near { ">km" } else { "found by" };
    let mut table = Table::new(&[
        "code",
        "name",
        "subdivision",
        "kinds",
        "IATA",
        "other codes",
        ">latitude",
        ">longitude",
        last,
    ]);
    for line in lines {
        let degrees = |part: &Option<String>| part.clone().unwrap_or_else(|| "?".to_owned());
        let kinds = match line.kinds.is_empty() {
            true => "place of road".to_owned(),
            false => line.kinds.join(" "),
        };
        table.row(vec![
            line.locode.clone(),
            visible(&line.name),
            line.subdivision.clone(),
            kinds,
            line.iata.join(" "),
            line.other_codes.join(" "),
            degrees(&line.latitude),
            degrees(&line.longitude),
            line.distance_km
                .clone()
                .unwrap_or_else(|| line.found_by.to_owned()),
        ]);
    }
    table.text()
}
