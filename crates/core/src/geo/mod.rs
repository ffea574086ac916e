//! Great circles, the sea graph and the land outline: the one place for floats.
//!
//! Trigonometry comes from a portable library so that every machine gets the same metre; results leave as whole
//! metres. Nothing here knows places, modes or profiles.

pub mod ground;
pub mod land;
pub mod sea;
mod signed;

pub use signed::Malformed;

use crate::model::unit::{parse_decimal, short_decimal_text};
use std::f64::consts::PI;

/// Mean earth radius R1 of the IUGG, m.
const RADIUS_M: f64 = 6_371_008.8;

/// A point on the sphere, made only from degrees in range; the float stays in this module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// What tells it from every other point, for tables.
    pub const fn bits(self) -> [u64; 2] {
        [self.latitude.to_bits(), self.longitude.to_bits()]
    }

    /// A point from decimal degrees (`-`, digits, optional `.` and digits; at most 12 decimals): latitude -90..=90,
    /// longitude -180..=180. `None` for anything else.
    ///
    /// ```
    /// use green_corridor_core::geo::Point;
    /// assert!(Point::parse("29.5630", "106.5516").is_some());
    /// assert!(Point::parse("91", "0").is_none() && Point::parse("1e1", "0").is_none());
    /// ```
    pub fn parse(latitude: &str, longitude: &str) -> Option<Point> {
        Some(Point {
            latitude: degrees(latitude, 90)?,
            longitude: degrees(longitude, 180)?,
        })
    }

    /// Latitude and longitude in decimal degrees, with at most five decimals.
    ///
    /// ```
    /// use green_corridor_core::geo::Point;
    /// let point = Point::parse("-1.256", "103.83").unwrap();
    /// assert_eq!(point.degrees(), ("-1.256".to_owned(), "103.83".to_owned()));
    /// ```
    pub fn degrees(self) -> (String, String) {
        let vertex = Vertex::from(self);
        let text = |e5: i32| short_decimal_text(e5.into(), 5);
        (text(vertex.latitude_e5), text(vertex.longitude_e5))
    }

    /// Latitude and longitude in hundredths of a degree, for maps.
    ///
    /// ```
    /// use green_corridor_core::geo::Point;
    /// assert_eq!(Point::parse("-1.256", "103.834").unwrap().hundredths(), (-126, 10_383));
    /// ```
    pub fn hundredths(self) -> (i32, i32) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 180 degrees are 18,000 hundredths"
        )]
        let whole = |degrees: f64| libm::rint(degrees * 100.0) as i32;
        (whole(self.latitude), whole(self.longitude))
    }
}

/// A point in whole 1e-5 degrees, about a metre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vertex {
    /// Latitude, 1e-5 degrees.
    pub latitude_e5: i32,
    /// Longitude, 1e-5 degrees.
    pub longitude_e5: i32,
}

impl From<Vertex> for Point {
    fn from(vertex: Vertex) -> Point {
        Point {
            latitude: f64::from(vertex.latitude_e5) / 1e5,
            longitude: f64::from(vertex.longitude_e5) / 1e5,
        }
    }
}

impl From<Point> for Vertex {
    fn from(point: Point) -> Vertex {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 180 degrees are 18,000,000 of these"
        )]
        let e5 = |degrees: f64| libm::rint(degrees * 1e5) as i32;
        Vertex {
            latitude_e5: e5(point.latitude),
            longitude_e5: e5(point.longitude),
        }
    }
}

/// Decimal degrees within `±limit`.
pub fn is_degrees(text: &str, limit: u32) -> bool {
    degrees(text, limit).is_some()
}

fn degrees(text: &str, limit: u32) -> Option<f64> {
    let exact = parse_decimal(text, 12)?;
    if exact.unsigned_abs() > limit as u128 * 10u128.pow(12) {
        return None;
    }
    // The standard parser rounds correctly, so the same text is the same double everywhere.
    text.parse().ok()
}

/// Great-circle distance in metres: haversine, 2R asin(sqrt(h)), rounded half to even once.
///
/// ```
/// use green_corridor_core::geo::{Point, great_circle_m};
/// let (a, b) = (Point::parse("0", "0").unwrap(), Point::parse("0", "180").unwrap());
/// assert_eq!(great_circle_m(a, b), 20_015_114);
/// ```
#[expect(
    clippy::cast_possible_truncation,
    reason = "a great circle is at most 20,015,114 m"
)]
pub fn great_circle_m(from: Point, to: Point) -> i64 {
    libm::rint(great_circle_exact(from, to)) as i64
}

fn great_circle_exact(from: Point, to: Point) -> f64 {
    let radians = |degrees: f64| degrees * (PI / 180.0);
    let (lat1, lat2) = (radians(from.latitude), radians(to.latitude));
    let half_lat = libm::sin((lat2 - lat1) / 2.0);
    let half_lon = libm::sin(radians(to.longitude - from.longitude) / 2.0);
    let h = half_lat * half_lat + libm::cos(lat1) * libm::cos(lat2) * (half_lon * half_lon);
    // Rounding can carry h past 1 for antipodes, where asin has no value.
    2.0 * RADIUS_M * libm::asin(libm::sqrt(h.min(1.0)))
}

/// The point so many tenths of a line along it and so many beside it, to the left of who goes from one end to the other; below 0: to the
/// right. The line is straight on a map whose degrees are as long as in its middle. `None`: too near a pole.
///
/// ```
/// use green_corridor_core::geo::{Point, beside};
/// let point = |latitude, longitude| Point::parse(latitude, longitude).unwrap();
/// let north = beside(point("0", "10"), point("0", "20"), 5, 4).unwrap();
/// assert_eq!(north, point("4", "15"));
/// let over_the_meridian = beside(point("0", "175"), point("0", "-175"), 7, -1).unwrap();
/// assert_eq!(over_the_meridian, point("-1", "-178"));
/// ```
pub fn beside(from: Point, to: Point, along: i32, tenths: i32) -> Option<Point> {
    let within = |degrees: f64| degrees - 360.0 * libm::floor((degrees + 180.0) / 360.0);
    let (along, tenths) = (f64::from(along) / 10.0, f64::from(tenths) / 10.0);
    let north = to.latitude - from.latitude;
    let east = within(to.longitude - from.longitude);
    let squeeze = libm::cos((from.latitude + to.latitude) / 2.0 * (PI / 180.0));
    let longitude = from.longitude + along * east - tenths * north / squeeze;
    let beside = Vertex::from(Point {
        latitude: from.latitude + along * north + tenths * east * squeeze,
        longitude: within(longitude),
    });
    (squeeze > 0.1 && beside.latitude_e5.abs() < 8_000_000).then(|| beside.into())
}

/// Points of a great circle in degrees, both ends included, at most `step_m` apart. For ends that are not antipodes.
fn great_circle(from: Vertex, to: Vertex, step_m: f64) -> impl Iterator<Item = (f64, f64)> {
    let (a, b) = (unit(from.into()), unit(to.into()));
    let metres = great_circle_exact(from.into(), to.into());
    let angle = metres / RADIUS_M;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a great circle is at most 20,015,114 m, and a step is not below one"
    )]
    let steps = libm::ceil(metres / step_m).max(1.0) as u32;
    (0..=steps).map(move |i| {
        let part = f64::from(i) / f64::from(steps);
        let (p, q) = (libm::sin((1.0 - part) * angle), libm::sin(part * angle));
        // The same place twice has no direction; either end is the answer.
        let (p, q) = if angle > 0.0 { (p, q) } else { (1.0, 0.0) };
        let [x, y, z] = [0, 1, 2].map(|k| p * a[k] + q * b[k]);
        (
            libm::atan2(z, libm::hypot(x, y)) * (180.0 / PI),
            libm::atan2(y, x) * (180.0 / PI),
        )
    })
}

fn unit(point: Point) -> [f64; 3] {
    let (lat, lon) = (
        point.latitude * (PI / 180.0),
        point.longitude * (PI / 180.0),
    );
    [
        libm::cos(lat) * libm::cos(lon),
        libm::cos(lat) * libm::sin(lon),
        libm::sin(lat),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(latitude: &str, longitude: &str) -> Point {
        Point::parse(latitude, longitude).unwrap()
    }

    #[test]
    fn known_distances_to_the_metre() {
        // A quarter of a great circle: pi/2 R.
        assert_eq!(
            great_circle_m(point("0", "0"), point("0", "90")),
            10_007_557
        );
        assert_eq!(
            great_circle_m(point("90", "0"), point("-90", "55.5")),
            20_015_114
        );
        assert_eq!(
            great_circle_m(point("1.3", "103.8"), point("1.3", "103.8")),
            0
        );
        // One degree of a meridian: R pi/180 = 111 195.08 m.
        assert_eq!(
            great_circle_m(point("10", "20"), point("11", "20")),
            111_195
        );
    }

    #[test]
    fn both_ways_are_equal_and_the_date_line_is_no_wall() {
        let (a, b) = (
            point("29.719217", "106.641678"),
            point("1.364420", "103.991531"),
        );
        assert_eq!(great_circle_m(a, b), great_circle_m(b, a));
        assert_eq!(
            great_circle_m(point("0", "179.5"), point("0", "-179.5")),
            111_195
        );
    }

    #[test]
    fn degrees_of_other_grammars_are_refused() {
        for (lat, lon) in [
            ("90.000001", "0"),
            ("0", "180.1"),
            ("", "0"),
            ("+1", "0"),
            ("1e1", "0"),
            ("NaN", "0"),
            ("29N", "0"),
        ] {
            assert_eq!(Point::parse(lat, lon), None, "{lat} {lon}");
        }
    }
}
