//! Ports, airports and rail terminals that a way from door to door may lead through, with how large they are. Only route options
//! use them.

use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::library::transport_mode;
use crate::factors::table::{self, layout};
use crate::geo::{Point, great_circle_m};
use crate::model::id::LocationCode;
use crate::model::mode::Mode;

/// A place where boxes change to a mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gateway {
    /// Code.
    pub place: LocationCode,
    /// In the order of size among those of its mode; see `data/gateways.csv`.
    pub size: u8,
    /// Where it is.
    pub point: Point,
}

/// The gateways of `gateways.csv` whose coordinates are known.
#[derive(Clone, Debug, Default)]
pub struct Gateways {
    sea: Vec<Gateway>,
    air: Vec<Gateway>,
    rail: Vec<Gateway>,
}

layout! {
    /// Columns of `gateways.csv`.
    GatewayCell { Mode = "mode" must, Place = "place" must, Size = "size" must, Source = "source" }
}

impl Gateways {
    /// Reads `gateways.csv`; where a place is, is asked of `point`, and one that is nowhere is no gateway.
    pub fn parse(
        file: &DataFile,
        point: impl Fn(LocationCode) -> Option<Point>,
    ) -> (Gateways, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut gateways = Gateways::default();
        table::read(file, GatewayCell::LAYOUT, &mut faults, |row| {
            let mode = row.value(
                GatewayCell::Mode,
                |text| {
                    transport_mode(text).filter(|m| [Mode::Sea, Mode::Air, Mode::Rail].contains(m))
                },
                "sea, air or rail",
            );
            let code = |text: &str| LocationCode::parse(text.as_bytes());
            let place = row.value(GatewayCell::Place, code, "a UN/LOCODE");
            let size = |text: &str| text.parse().ok().filter(|size| *size > 0);
            let size = row.value(GatewayCell::Size, size, "a whole number from 1 to 255");
            let (Some(mode), Some(place), Some(size), false) = (mode, place, size, row.failed)
            else {
                return;
            };
            let list = match mode {
                Mode::Sea => &mut gateways.sea,
                Mode::Air => &mut gateways.air,
                _ => &mut gateways.rail,
            };
            list.extend(point(place).map(|point| Gateway { place, size, point }));
        });
        (gateways, faults.list)
    }

    /// The gateways of a mode, in the order of their file.
    pub fn of(&self, mode: Mode) -> &[Gateway] {
        match mode {
            Mode::Sea => &self.sea,
            Mode::Air => &self.air,
            Mode::Rail => &self.rail,
            Mode::Road | Mode::InlandWaterway | Mode::Hub => &[],
        }
    }

    /// Those of a mode with their distance from a point in metres, the nearest first; of two as near, the one of the lower code.
    pub fn near(&self, mode: Mode, point: Point) -> Vec<(i64, Gateway)> {
        let with_distance = |gateway: &Gateway| (great_circle_m(point, gateway.point), *gateway);
        let mut near: Vec<_> = self.of(mode).iter().map(with_distance).collect();
        near.sort_unstable_by_key(|(metres, gateway)| (*metres, gateway.place));
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_found_by_distance_and_faults_have_a_place() {
        let text = "mode,place,size,source\nsea,NLRTM,20,x\nsea,DEHAM,8,x\nair,NLAMS,2,x\nsea,XXNOW,1,x\nroad,NLRTM,1,x\nsea,DE,1,x\nsea,BEANR,0,x\n";
        let point = |code: LocationCode| match &code.to_string()[..] {
            "NLRTM" => Point::parse("51.9", "4.5"),
            "DEHAM" => Point::parse("53.5", "10"),
            "NLAMS" => Point::parse("52.3", "4.8"),
            _ => None,
        };
        let (gateways, faults) = Gateways::parse(&DataFile::new("gateways.csv", text), point);
        let lines: Vec<_> = faults.iter().map(|f| f.line).collect();
        assert_eq!(lines, [6, 7, 8], "{faults:?}");
        let near = gateways.near(Mode::Sea, Point::parse("53.6", "9.9").unwrap());
        let codes: Vec<_> = near.iter().map(|(_, g)| g.place.to_string()).collect();
        assert_eq!(codes, ["DEHAM", "NLRTM"]);
        assert!(near[0].0 < 20_000 && gateways.of(Mode::Road).is_empty());
    }
}
