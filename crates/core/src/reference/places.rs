//! Places: names, kinds, coordinates. Which codes are known at all is asked here too.

use super::{DataFile, Fault};
use crate::factors::Text;
use crate::factors::fault::Faults;
use crate::factors::library::Texts;
use crate::factors::table::{self, layout};
use crate::geo::{Point, is_degrees};
use crate::model::id::LocationCode;
use rustc_hash::FxHashMap;

/// A place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Name.
    pub name: Text,
    /// Kind, e.g. `port`.
    pub kind: Text,
    /// Where it is, if known.
    pub point: Option<Point>,
}

/// The places of the location files.
#[derive(Clone, Debug, Default)]
pub struct Places {
    places: FxHashMap<LocationCode, Place>,
}

layout! {
    /// Columns of a location file.
    Cell {
        Locode = "locode" must, Name = "name", Kind = "kind", Latitude = "latitude", Longitude = "longitude", Source = "source",
        Licence = "licence",
    }
}

/// Names of the columns, and which of them every row fills.
pub(super) const COLUMNS: &[table::Column] = Cell::LAYOUT;

impl Places {
    /// Reads location files in order; the first row of a code wins. Within one file a second row of a code is a warning,
    /// across files it is what those files are for.
    pub fn parse<'a>(files: impl IntoIterator<Item = &'a DataFile>) -> (Places, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut texts = Texts::default();
        let mut places: FxHashMap<LocationCode, (Place, usize)> = FxHashMap::default();
        for (number, file) in files.into_iter().enumerate() {
            table::read(file, Cell::LAYOUT, &mut faults, |row| {
                let code = row.value(
                    Cell::Locode,
                    |t| LocationCode::parse(t.as_bytes()),
                    "a UN/LOCODE",
                );
                let (latitude, longitude) = (row.text(Cell::Latitude), row.text(Cell::Longitude));
                let degrees = |limit| move |t: &str| is_degrees(t, limit).then_some(());
                row.value(Cell::Latitude, degrees(90), "decimal degrees -90..90");
                row.value(Cell::Longitude, degrees(180), "decimal degrees -180..180");
                if latitude.is_empty() != longitude.is_empty() {
                    let empty = if latitude.is_empty() {
                        Cell::Latitude
                    } else {
                        Cell::Longitude
                    };
                    row.error(empty, "expected both coordinates or none");
                }
                let (Some(code), false) = (code, row.failed) else {
                    return;
                };
                match places.get(&code) {
                    Some((_, earlier)) if *earlier == number => {
                        row.warning(Cell::Locode, "stands in an earlier row already, which wins")
                    }
                    Some(_) => {}
                    None => {
                        let point = Point::parse(latitude, longitude);
                        let place = Place {
                            name: texts.share(row.text(Cell::Name)),
                            kind: texts.share(row.text(Cell::Kind)),
                            point,
                        };
                        places.insert(code, (place, number));
                    }
                }
            });
        }
        (
            Places {
                places: places
                    .into_iter()
                    .map(|(code, (place, _))| (code, place))
                    .collect(),
            },
            faults.list,
        )
    }

    /// The place of a code.
    pub fn get(&self, code: LocationCode) -> Option<&Place> {
        self.places.get(&code)
    }

    /// Every code, in no particular order.
    pub fn codes(&self) -> impl Iterator<Item = LocationCode> {
        self.places.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "locode,name,kind,latitude,longitude,source,licence\n";

    #[test]
    fn earlier_files_and_rows_win() {
        let own = DataFile::new(
            "own.csv",
            format!("{HEADER}SGSIN,Own Singapore,port,1.26,103.83,,\n"),
        );
        let shipped = DataFile::new(
            "locations.csv",
            format!(
                "{HEADER}SGSIN,Singapore,port,1.3,103.8,,\nCNCKG,Chongqing,,,,,\nCNCKG,Again,,,,,\n"
            ),
        );
        let (places, faults) = Places::parse([&own, &shipped]);
        let place = |t: &str| places.get(LocationCode::parse(t.as_bytes()).unwrap());
        assert_eq!(&*place("SGSIN").unwrap().name, "Own Singapore");
        assert_eq!(place("CNCKG").unwrap().point, None);
        assert_eq!(
            faults
                .iter()
                .map(|f| (f.file.as_str(), f.line))
                .collect::<Vec<_>>(),
            [("locations.csv", 4)]
        );
    }

    #[test]
    fn all_faults_are_found() {
        let text = format!("{HEADER}China,x,,91,0,,\nCNCKG,x,,1,,,\nCNCDU,x,,29°N,200,,\n");
        let (_, faults) = Places::parse([&DataFile::new("locations.csv", text)]);
        let found: Vec<_> = faults.iter().map(|f| (f.line, f.column.as_str())).collect();
        assert_eq!(
            found,
            [
                (2, "locode"),
                (2, "latitude"),
                (3, "longitude"),
                (4, "latitude"),
                (4, "longitude")
            ]
        );
    }
}
