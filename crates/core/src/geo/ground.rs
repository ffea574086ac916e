//! Where ways over land can lead: which land mass a place lies on, how much sea a great circle crosses, and lines that no land way
//! crosses. As coarse as the outline: straits narrower than its resolution are land here.

use super::land::Land;
use super::{Point, Vertex, great_circle, great_circle_exact};

/// Rows of a degree.
const ROWS: f64 = 10.0;
const ROW_COUNT: usize = 1_800;
/// A place no farther from a land mass lies on it: ports stand at the shore, and the outline is coarse. Degrees.
const NEAR: f64 = 0.35;
/// A smaller island, in square degrees of the equator (5,000 km2), counts to a larger land that is so near, in degrees: bridges and
/// tunnels lead over straits that the outline is too coarse for.
const SMALL: f64 = 0.4;
const BRIDGED: f64 = 0.1;
/// So does all of a smaller island where the strait beside it is so narrow somewhere, in degrees of the equator: 3 km.
const NARROW: f64 = 0.03;
/// How far apart a way is looked at, metres.
const STEP_M: f64 = 10_000.0;

/// A number of a land mass: places of one mass have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mass(u16);

/// A piece of a row that is land, degrees of longitude.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: f64,
    to: f64,
    mass: u16,
}

/// A line that no land way crosses, both ends in degrees, drawn straight on a map of latitudes and longitudes.
#[derive(Clone, Copy, Debug)]
pub struct Barrier {
    from: (f64, f64),
    to: (f64, f64),
}

impl Barrier {
    /// A line between two points.
    pub fn new(from: Point, to: Point) -> Barrier {
        Barrier {
            from: (from.latitude, from.longitude),
            to: (to.latitude, to.longitude),
        }
    }

    /// Whether a step meets it.
    fn meets(&self, from: (f64, f64), to: (f64, f64)) -> bool {
        // Most barriers are far from most steps.
        let apart = |a: f64, b: f64, c: f64, d: f64| a.max(b) < c.min(d) || c.max(d) < a.min(b);
        if apart(from.0, to.0, self.from.0, self.to.0)
            || apart(from.1, to.1, self.from.1, self.to.1)
        {
            return false;
        }
        let side = |a: (f64, f64), b: (f64, f64), p: (f64, f64)| {
            (b.1 - a.1) * (p.0 - a.0) - (b.0 - a.0) * (p.1 - a.1) > 0.0
        };
        // A step over the 180th meridian spans the map; no barrier lies there.
        (from.1 - to.1).abs() < 180.0
            && side(self.from, self.to, from) != side(self.from, self.to, to)
            && side(from, to, self.from) != side(from, to, self.to)
    }
}

/// A rectangle of latitudes and longitudes.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    south_west: Point,
    north_east: Point,
}

impl Area {
    /// Between two corners. `None`: they are not the south-western and the north-eastern one.
    pub fn new(south_west: Point, north_east: Point) -> Option<Area> {
        let is_area = south_west.latitude < north_east.latitude
            && south_west.longitude < north_east.longitude;
        is_area.then_some(Area {
            south_west,
            north_east,
        })
    }

    fn holds(&self, latitude: f64, longitude: f64) -> bool {
        (self.south_west.latitude..=self.north_east.latitude).contains(&latitude)
            && (self.south_west.longitude..=self.north_east.longitude).contains(&longitude)
    }
}

/// Ways on land that lead to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(usize);

impl Network {
    /// That of all the world but its own areas.
    pub const WIDE: Network = Network(0);

    /// That of areas of one number.
    pub const fn local(number: usize) -> Network {
        Network(number + 1)
    }
}

/// Where other ways on land are than those of all the world, or none; of areas that overlap the first counts.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<(Area, Option<Network>)>);

impl Networks {
    /// An area and its ways, `None`: it has none.
    pub fn add(&mut self, area: Area, network: Option<Network>) {
        self.0.push((area, network));
    }

    /// The ways that lead to a place.
    pub fn at(&self, place: Point) -> Option<Network> {
        self.at_degrees(place.latitude, place.longitude)
    }

    fn at_degrees(&self, latitude: f64, longitude: f64) -> Option<Network> {
        let mut areas = self.0.iter();
        let found = areas.find(|(area, _)| area.holds(latitude, longitude));
        found.map_or(Some(Network::WIDE), |(_, network)| *network)
    }
}

/// The land of an outline by latitude.
#[derive(Clone, Debug)]
pub struct Ground {
    rows: Vec<Vec<Span>>,
    /// Square degrees by number of the mass.
    areas: Vec<f64>,
    /// By number of the mass: the mass that it counts to, itself as a rule.
    joined: Vec<u16>,
}

impl Ground {
    /// Sorts the land of an outline.
    pub fn new(land: &Land) -> Ground {
        let mut edges: Vec<Vec<(f64, u16)>> = vec![Vec::new(); ROW_COUNT];
        for (ring, number) in land.rings().iter().zip(0u16..) {
            for pair in ring.points.windows(2) {
                let [(lat1, lon1), (lat2, lon2)] = [pair[0], pair[1]].map(|c| {
                    (
                        f64::from(c.latitude_e2) / 100.0,
                        f64::from(c.longitude_e2) / 100.0,
                    )
                });
                let (low, high) = (lat1.min(lat2), lat1.max(lat2));
                for (row, edges) in (row_of(low)..=row_of(high)).zip(&mut edges[row_of(low)..]) {
                    let middle = middle_of(row);
                    if (lat1 <= middle) != (lat2 <= middle) {
                        let at = lon1 + (middle - lat1) / (lat2 - lat1) * (lon2 - lon1);
                        edges.push((at, number));
                    }
                }
            }
        }
        let mut masses = Masses((0..=u16::MAX).take(land.rings().len()).collect());
        for row in &mut edges {
            row.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            // Land between the shores of two rings belongs to both: an outer shore and that of an inland sea.
            row.chunks_exact(2)
                .for_each(|ends| masses.join(ends[0].1, ends[1].1));
        }
        let spans = |row: &Vec<(f64, u16)>| {
            let mut spans: Vec<Span> = Vec::with_capacity(row.len() / 2);
            for ends in row.chunks_exact(2) {
                let mass = masses.of(ends[0].1);
                wrapped(ends[0].0, ends[1].0, |from, to| {
                    spans.push(Span { from, to, mass })
                });
            }
            spans.sort_unstable_by(|a, b| a.from.total_cmp(&b.from));
            spans
        };
        let rows: Vec<Vec<Span>> = edges.iter().map(spans).collect();
        let mut areas = vec![0.0; land.rings().len()];
        for (row, spans) in rows.iter().enumerate() {
            let height = libm::cos(middle_of(row) * (std::f64::consts::PI / 180.0)) / ROWS;
            for span in spans {
                areas[usize::from(span.mass)] += (span.to - span.from) * height;
            }
        }
        let joined = joined(&rows, &areas);
        Ground {
            rows,
            areas,
            joined,
        }
    }

    /// The land mass that a place lies on or near, of a small island the larger land beside it. `None`: open sea, or an island
    /// that the outline does not show.
    pub fn mass(&self, at: Point) -> Option<Mass> {
        let inside = self.land_at(at.latitude, at.longitude);
        let area = |mass: u16| self.areas[usize::from(mass)];
        if let Some(span) = inside.filter(|span| area(span.mass) >= SMALL) {
            return Some(Mass(span.mass));
        }
        let near = self.near(at);
        let nearest = inside
            .map(|span| span.mass)
            .or_else(|| near.first().map(|(_, mass)| *mass))?;
        let beside = near.iter().filter(|(distance, _)| *distance <= BRIDGED);
        let largest = beside
            .map(|(_, mass)| *mass)
            .max_by(|a, b| area(*a).total_cmp(&area(*b)).then(b.cmp(a)));
        let is_small = area(nearest) < SMALL;
        let larger = largest.filter(|mass| is_small && area(*mass) > area(nearest));
        Some(Mass(self.joined[usize::from(larger.unwrap_or(nearest))]))
    }

    /// Land masses about a place with their distances in degrees, the nearest first.
    fn near(&self, at: Point) -> Vec<(f64, u16)> {
        let squeeze = libm::cos(at.latitude * (std::f64::consts::PI / 180.0));
        let rows = row_of(at.latitude - NEAR)..=row_of(at.latitude + NEAR);
        let distance = |row: usize, span: &Span| {
            let east = (span.from - at.longitude)
                .max(at.longitude - span.to)
                .max(0.0)
                * squeeze;
            libm::hypot(east, middle_of(row) - at.latitude)
        };
        let mut near: Vec<(f64, u16)> = rows
            .flat_map(|row| self.rows[row].iter().map(move |span| (row, span)))
            .map(|(row, span)| (distance(row, span), span.mass))
            .filter(|(distance, _)| *distance <= NEAR)
            .collect();
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near
    }

    fn land_at(&self, latitude: f64, longitude: f64) -> Option<&Span> {
        let row = &self.rows[row_of(latitude)];
        let after = row.partition_point(|span| span.from <= longitude);
        row[..after].last().filter(|span| longitude <= span.to)
    }

    /// Whether a great circle stays on land, bays up to `most_sea_m` aside, crosses no barrier, and keeps to the ways it began on.
    pub fn is_walkable(
        &self,
        from: Point,
        to: Point,
        most_sea_m: u32,
        barriers: &[Barrier],
        networks: &Networks,
    ) -> bool {
        let Some(network) = networks.at(from) else {
            return false;
        };
        let step = great_circle_exact(from, to) / STEP_M;
        let steps = libm::ceil(step).max(1.0);
        let length = step * STEP_M / steps;
        let mut at_sea = 0.0;
        let mut last = None;
        for (lat, lon) in great_circle(Vertex::from(from), Vertex::from(to), STEP_M) {
            at_sea = match self.land_at(lat, lon) {
                Some(_) => 0.0,
                None => at_sea + length,
            };
            if at_sea > f64::from(most_sea_m) || networks.at_degrees(lat, lon) != Some(network) {
                return false;
            }
            let is_stopped = |last| barriers.iter().any(|b| b.meets(last, (lat, lon)));
            if last.is_some_and(is_stopped) {
                return false;
            }
            last = Some((lat, lon));
        }
        true
    }
}

/// What every mass counts to: of a small island the larger mass over a narrow strait, as far as the rows show, or what that counts to.
fn joined(rows: &[Vec<Span>], areas: &[f64]) -> Vec<u16> {
    let area = |mass: u16| areas[usize::from(mass)];
    let mut joined: Vec<u16> = (0..=u16::MAX).take(areas.len()).collect();
    for (row, spans) in rows.iter().enumerate() {
        let squeeze = libm::cos(middle_of(row) * (std::f64::consts::PI / 180.0));
        for pair in spans.windows(2) {
            let (small, large) = match area(pair[0].mass) < area(pair[1].mass) {
                true => (pair[0].mass, pair[1].mass),
                false => (pair[1].mass, pair[0].mass),
            };
            let is_narrow = (pair[1].from - pair[0].to) * squeeze <= NARROW;
            let best = &mut joined[usize::from(small)];
            if is_narrow && area(small) < SMALL && area(*best) < area(large) {
                *best = large;
            }
        }
    }
    // Larger ones are where they belong before smaller ones look there.
    let mut by_area: Vec<u16> = (0..=u16::MAX).take(areas.len()).collect();
    by_area.sort_by(|a, b| area(*b).total_cmp(&area(*a)).then(a.cmp(b)));
    for mass in by_area {
        let next = joined[usize::from(mass)];
        joined[usize::from(mass)] = joined[usize::from(next)];
    }
    joined
}

/// Rings that bound one land mass, each led to the lowest of them.
struct Masses(Vec<u16>);

impl Masses {
    fn of(&self, ring: u16) -> u16 {
        let mut at = ring;
        while self.0[usize::from(at)] != at {
            at = self.0[usize::from(at)];
        }
        at
    }

    fn join(&mut self, a: u16, b: u16) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[usize::from(a.max(b))] = a.min(b);
    }
}

/// The parts of a span within -180 to 180; rings run on beyond the meridian.
fn wrapped(from: f64, to: f64, mut part: impl FnMut(f64, f64)) {
    let turns = 360.0 * libm::floor((from + 180.0) / 360.0);
    let (from, to) = (from - turns, to - turns);
    part(from, to.min(180.0));
    if to > 180.0 {
        part(-180.0, to - 360.0);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from a float saturates, and the result is cut to the last row"
)]
fn row_of(latitude: f64) -> usize {
    (((latitude + 90.0) * ROWS) as usize).min(ROW_COUNT - 1)
}

#[expect(clippy::cast_precision_loss, reason = "there are 1,800 rows")]
fn middle_of(row: usize) -> f64 {
    (row as f64 + 0.5) / ROWS - 90.0
}
