//! Where the options run, for a map: lines in hundredths of a degree. By land and air straight from place to place; by sea over
//! the sea graph where it knows both ports.

use super::network::{Link, Network};
use super::option::RouteOption;
use super::request::Request;
use super::sea::closures;
use crate::geo::sea::SeaGraph;
use crate::model::mode::Mode;
use crate::reference::Reference;

/// Latitude and longitude, hundredths of a degree. Longitudes run on beyond 180 degrees where a line does.
pub type Spot = (i32, i32);

/// Half the way round, hundredths of a degree.
const HALF_TURN: i32 = 18_000;

/// One transport element on the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Mode.
    pub mode: Mode,
    /// At least two points.
    pub points: Vec<Spot>,
}

/// The lines of an option; an element between places without coordinates has none.
pub fn lines(
    option: &RouteOption,
    network: &Network,
    reference: &Reference,
    sea: Option<&SeaGraph>,
    request: &Request,
) -> Vec<Line> {
    let mut last_longitude = None;
    let mut list = Vec::new();
    for link in option.chain.links.iter().map(|l| network.link(*l)) {
        let Some(mut points) = points(link, reference, sea, request) else {
            continue;
        };
        for point in &mut points {
            point.1 = near(point.1, last_longitude.unwrap_or(point.1));
            last_longitude = Some(point.1);
        }
        list.push(Line {
            mode: link.mode,
            points,
        });
    }
    list
}

fn points(
    link: &Link,
    reference: &Reference,
    sea: Option<&SeaGraph>,
    request: &Request,
) -> Option<Vec<Spot>> {
    if let (Mode::Sea, Some(sea)) = (link.mode, sea)
        && let Some(path) = sea.path(
            link.origin,
            link.destination,
            closures(reference, request, link.operation),
        )
        && path.line.len() > 1
    {
        return Some(
            path.line
                .iter()
                .map(|v| (v.latitude_e5 / 1000, v.longitude_e5 / 1000))
                .collect(),
        );
    }
    let spot = |code| reference.point(code).map(|p| p.hundredths());
    Some(vec![spot(link.origin)?, spot(link.destination)?])
}

/// The same longitude, at most half a turn from another one.
fn near(longitude: i32, other: i32) -> i32 {
    let turns = (other - longitude + HALF_TURN).div_euclid(2 * HALF_TURN);
    longitude + turns * 2 * HALF_TURN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_over_the_date_line_runs_on() {
        assert_eq!(
            [
                near(-17_900, 17_900),
                near(17_900, -17_900),
                near(100, 200),
                near(-17_900, 54_000)
            ],
            [18_100, -18_100, 100, 54_100]
        );
    }
}
