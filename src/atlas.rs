//! The places that a run knows, to be looked for: own ones, those of the data folder, those of the world.

use crate::error::{Error, Result};
use crate::escape::visible;
use crate::factors::DataFile;
use crate::geo::Point;
use crate::reference::finding::KnownPlaces;
use crate::reference::{FoundPlace, Gazetteer, PLACE_ALIASES, PlaceAliases, Places, Severity};
use crate::run::prepare::library_error;
use crate::shipped::{DATA_FOLDER, below, places as places_of_the_world};
use crate::store::reference::{read_data, read_named};
use std::path::{Path, PathBuf};

/// Files of the data folder that places are read from.
const FILES: [&str; 2] = ["locations.csv", PLACE_ALIASES];

/// What the search looks through, read.
pub struct Atlas {
    places: Places,
    gazetteer: Gazetteer,
    aliases: PlaceAliases,
}

impl Atlas {
    /// Reads them: those of `reference`, else of the folder `data`, else those inside the program; `locations` are own ones on top.
    pub fn read(reference: Option<&Path>, locations: &[PathBuf]) -> Result<Atlas> {
        let usual = Path::new(DATA_FOLDER);
        let folder = match reference {
            Some(named) => Some(named),
            None => usual.is_dir().then_some(usual),
        };
        let data: Vec<DataFile> = match folder {
            Some(folder) => (read_data(folder, &FILES)?.into_iter())
                .map(|file| DataFile::new(file.path, file.bytes))
                .collect(),
            None => (below(DATA_FOLDER).into_iter())
                .filter(|(path, _)| FILES.contains(&path.as_str()))
                .map(|(path, bytes)| DataFile::new(path, bytes))
                .collect(),
        };
        let own = (locations.iter())
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
        Ok(Atlas {
            places,
            gazetteer: places_of_the_world(),
            aliases,
        })
    }

    /// Places by name, its beginning, UN/LOCODE or IATA code; the best first.
    pub fn find(&self, text: &str, most: usize) -> Vec<FoundPlace> {
        self.known().find(text, most)
    }

    /// Places near a point in decimal degrees such as `51.95,4.14`; the nearest first.
    pub fn near(&self, text: &str, most: usize) -> Result<Vec<FoundPlace>> {
        Ok(self.known().near(point(text)?, most))
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
