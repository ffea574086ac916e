//! `places TEXT`: places by name, code, IATA code or near a point.

use super::Console;
use super::args::path;
use super::table::Table;
use crate::error::{Error, Result};
use crate::escape::visible;
use crate::factors::DataFile;
use crate::geo::Point;
use crate::model::unit::{DISTANCE_SCALE, decimal_text};
use crate::reference::finding::KnownPlaces;
use crate::reference::{FoundPlace, Gazetteer, PLACE_ALIASES, PlaceAliases, Places, Severity};
use crate::run::prepare::library_error;
use crate::store::reference::{read_data, read_named};
use crate::store::shipped::{places as places_of_the_world, shipped_below};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Files of the data folder that places are read from.
const FILES: [&str; 2] = ["locations.csv", PLACE_ALIASES];
const DATA: &str = "data";

/// Arguments of `places`.
#[derive(Debug, clap::Args)]
pub struct Args {
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
        let (latitude, longitude) = place.point.map(Point::degrees).unzip();
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
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let files = Files::read(args)?;
    let known = files.known();
    let most = usize::from(args.limit);
    let found = match &args.near {
        Some(text) => known.near(point(text)?, most),
        None => known.find(&args.text.join(" "), most),
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

/// What the search looks through, read.
struct Files {
    places: Places,
    gazetteer: Gazetteer,
    aliases: PlaceAliases,
}

impl Files {
    fn read(args: &Args) -> Result<Files> {
        let usual = PathBuf::from(DATA);
        let folder = match &args.reference {
            Some(named) => Some(named),
            None => usual.is_dir().then_some(&usual),
        };
        let data: Vec<DataFile> = match folder {
            Some(folder) => (read_data(folder, &FILES)?.into_iter())
                .map(|file| DataFile::new(file.path, file.bytes))
                .collect(),
            None => (shipped_below(DATA).into_iter())
                .filter(|(path, _)| FILES.contains(&path.as_str()))
                .map(|(path, bytes)| DataFile::new(path, bytes))
                .collect(),
        };
        let own = (args.locations.iter())
            .map(|path| {
                let file = read_named(path, &path.display().to_string())?;
                Ok(DataFile::new(file.path, file.bytes))
            })
            .collect::<Result<Vec<_>>>()?;
        let find = |name: &str| data.iter().find(|file| file.path == name);
        let (places, mut faults) = Places::parse(own.iter().chain(find(FILES[0])));
        let mut aliases = PlaceAliases::default();
        if let Some(file) = find(PLACE_ALIASES) {
            let (found, more) = PlaceAliases::parse(file);
            aliases = found;
            faults.extend(more);
        }
        if faults.iter().any(|fault| fault.severity == Severity::Error) {
            return Err(library_error(&faults));
        }
        Ok(Files {
            places,
            gazetteer: Gazetteer::new(places_of_the_world()),
            aliases,
        })
    }

    fn known(&self) -> KnownPlaces<'_> {
        KnownPlaces {
            places: &self.places,
            gazetteer: &self.gazetteer,
            aliases: &self.aliases,
        }
    }
}

fn point(text: &str) -> Result<Point> {
    let parsed = (text.split_once(',')).and_then(|(a, b)| Point::parse(a.trim(), b.trim()));
    parsed.ok_or_else(|| {
        Error::Usage(format!(
            "--near {}: expected a latitude and a longitude in decimal degrees, such as 51.95,4.14",
            visible(text)
        ))
    })
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
