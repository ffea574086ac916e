//! The coarse land outline: drawn on maps, and asked whether a way leads over land.
//!
//! Rings of points in 0.01 degrees; a point is on land if it lies within an odd number of them. What is finer than the
//! resolution of the outline is not known here: straits, river mouths, canals, small islands, all lakes but the Caspian Sea.

use super::signed::{Malformed, open, wrong};
use super::{Vertex, great_circle};
use std::f64::consts::PI;

/// A ring of an outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Closed: the last point is the first. Longitudes run on beyond 180 degrees where the ring does.
    pub points: Vec<Corner>,
}

/// A point of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corner {
    /// Latitude, 0.01 degrees.
    pub latitude_e2: i16,
    /// Longitude, 0.01 degrees.
    pub longitude_e2: i16,
}

/// An outline.
#[derive(Clone, Debug)]
pub struct Land {
    name: String,
    resolution_m: u32,
    rings: Vec<Ring>,
}

impl Land {
    /// Reads an outline and checks it whole.
    pub fn load(bytes: &[u8]) -> Result<Land, Malformed> {
        let opened = open::<3>(bytes, b"GCLAND")?;
        let [ring_count, point_count, resolution_m] = opened.counts;
        let mut records = opened.records;
        let mut rings = Vec::with_capacity(records.at_most(ring_count, 20));
        let mut points_total = 0u64;
        for _ in 0..ring_count {
            let count = records.u32()?;
            let mut points = Vec::with_capacity(records.at_most(count, 4));
            for _ in 0..count {
                points.push(Corner {
                    latitude_e2: records.i16()?,
                    longitude_e2: records.i16()?,
                });
            }
            if points.len() < 4 || points.first() != points.last() {
                return Err(wrong(format!("a ring of {count} points"), "closed rings"));
            }
            if points.iter().any(|p| p.latitude_e2.unsigned_abs() > 9_000) {
                return Err(wrong(
                    "a latitude beyond a pole",
                    "latitudes in 0.01 degrees",
                ));
            }
            points_total += u64::from(count);
            rings.push(Ring { points });
        }
        if points_total != u64::from(point_count) {
            return Err(wrong(
                format!("{points_total} points"),
                "as many points as the head says",
            ));
        }
        records.end()?;
        Ok(Land {
            name: opened.name.to_owned(),
            resolution_m,
            rings,
        })
    }

    /// Source and scale.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is finer is not in the outline, metres.
    pub fn resolution_m(&self) -> u32 {
        self.resolution_m
    }

    /// The rings, those of most points first.
    pub fn rings(&self) -> &[Ring] {
        &self.rings
    }
}

/// Height of a band, degrees.
const BAND: f64 = 0.5;
const BANDS: usize = 360;

/// The shores of an outline by latitude, to be asked often.
#[derive(Clone, Debug)]
pub struct Shores {
    resolution_m: f64,
    bands: Vec<Vec<Shore>>,
}

/// A piece of shore between two latitudes and longitudes, degrees.
#[derive(Clone, Copy, Debug)]
struct Shore {
    from: (f64, f64),
    to: (f64, f64),
}

impl Shores {
    /// Sorts the shores of an outline.
    pub fn new(land: &Land) -> Shores {
        let mut bands = vec![Vec::new(); BANDS];
        let degrees = |c: &Corner| {
            (
                f64::from(c.latitude_e2) / 100.0,
                f64::from(c.longitude_e2) / 100.0,
            )
        };
        for pair in land.rings.iter().flat_map(|r| r.points.windows(2)) {
            let shore = Shore {
                from: degrees(&pair[0]),
                to: degrees(&pair[1]),
            };
            let (low, high) = (shore.from.0.min(shore.to.0), shore.from.0.max(shore.to.0));
            for band in &mut bands[band(low)..=band(high)] {
                band.push(shore);
            }
        }
        Shores {
            resolution_m: f64::from(land.resolution_m),
            bands,
        }
    }

    /// Whether the great circle between two points leads over land and there is farther from the shore than the resolution
    /// of the outline. Looked at every half resolution.
    pub fn is_crossed(&self, from: Vertex, to: Vertex) -> bool {
        great_circle(from, to, self.resolution_m / 2.0)
            .any(|(lat, lon)| self.is_land(lat, lon) && !self.is_near(lat, lon))
    }

    /// Even-odd rule, with a ray to the east. A ring that runs on beyond 180 degrees is met one turn away.
    fn is_land(&self, latitude: f64, longitude: f64) -> bool {
        let mut crossings = 0;
        for shore in &self.bands[band(latitude)] {
            let ((lat1, lon1), (lat2, lon2)) = (shore.from, shore.to);
            if (lat1 <= latitude) != (lat2 <= latitude) {
                let at = lon1 + (latitude - lat1) / (lat2 - lat1) * (lon2 - lon1);
                crossings += [-360.0, 0.0, 360.0]
                    .iter()
                    .filter(|turn| at > longitude + *turn)
                    .count();
            }
        }
        crossings % 2 == 1
    }

    /// Whether a shore is within the resolution. On a plane that touches the globe here: far shores do not count.
    fn is_near(&self, latitude: f64, longitude: f64) -> bool {
        let metre_per_degree = super::RADIUS_M * PI / 180.0;
        let reach = self.resolution_m / metre_per_degree;
        let squeeze = libm::cos(latitude * PI / 180.0);
        let (low, high) = (band(latitude - reach), band(latitude + reach));
        self.bands[low..=high].iter().flatten().any(|shore| {
            let flat = |(lat, lon): (f64, f64)| {
                let east = lon - longitude;
                (
                    (east - 360.0 * libm::rint(east / 360.0)) * squeeze,
                    lat - latitude,
                )
            };
            distance_from_origin(flat(shore.from), flat(shore.to)) <= reach
        })
    }
}

fn band(latitude: f64) -> usize {
    (((latitude + 90.0) / BAND) as usize).min(BANDS - 1)
}

fn distance_from_origin((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> f64 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length2 = dx * dx + dy * dy;
    let along = if length2 > 0.0 {
        (-(x1 * dx + y1 * dy) / length2).clamp(0.0, 1.0)
    } else {
        0.0
    };
    libm::hypot(x1 + along * dx, y1 + along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square island of 2 degrees around 0 N 179 E, over the 180th meridian, with a lake of 1 degree in it.
    fn island() -> Land {
        let ring = |half: i16| {
            let corner = |lat: i16, lon: i16| Corner {
                latitude_e2: lat,
                longitude_e2: 17_950 + lon,
            };
            Ring {
                points: vec![
                    corner(-half, -half),
                    corner(-half, half),
                    corner(half, half),
                    corner(half, -half),
                    corner(-half, -half),
                ],
            }
        };
        Land {
            name: String::new(),
            resolution_m: 10_000,
            rings: vec![ring(100), ring(50)],
        }
    }

    fn vertex(latitude: f64, longitude: f64) -> Vertex {
        Vertex {
            latitude_e5: (latitude * 1e5) as i32,
            longitude_e5: (longitude * 1e5) as i32,
        }
    }

    #[test]
    fn ways_over_land_are_seen_on_both_sides_of_the_meridian() {
        let shores = Shores::new(&island());
        let crossed =
            |a: (f64, f64), b: (f64, f64)| shores.is_crossed(vertex(a.0, a.1), vertex(b.0, b.1));
        assert!(crossed((0.75, 177.0), (0.75, -178.0)), "north of the lake");
        assert!(
            crossed((-2.0, -179.75), (2.0, -179.75)),
            "east of the lake, beyond the meridian"
        );
        assert!(!crossed((0.1, 179.2), (-0.1, 179.8)), "in the lake");
        assert!(!crossed((1.5, 177.0), (1.5, -178.0)), "north of the island");
        assert!(
            !crossed((0.95, 177.0), (0.95, -178.0)),
            "5.6 km into the land, within the resolution"
        );
        assert!(
            crossed((0.85, 177.0), (0.85, -178.0)),
            "16.7 km into the land"
        );
    }
}
