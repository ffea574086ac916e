//! Areas whose roads or railways lead to no others: those of their own, or none at all.

use super::crossings::land_modes;
use crate::factors::fault::{DataFile, Faults};
use crate::factors::table::{self, layout};
use crate::geo::Point;
use crate::geo::ground::{Area, Network, Networks};
use crate::model::mode::Mode;

/// The networks of road and of rail.
#[derive(Debug, Default)]
pub(super) struct CutOff {
    road: Networks,
    rail: Networks,
}

layout! {
    /// Columns of `cut_off.csv`.
    Cell {
        Area = "area" must, Modes = "modes" must, Ways = "ways" must, South = "south" must, West = "west" must, North = "north" must,
        East = "east" must, SourceRef = "source_ref",
    }
}

impl CutOff {
    /// Reads `cut_off.csv`.
    pub(super) fn parse(file: &DataFile, faults: &mut Faults) -> CutOff {
        let mut cut_off = CutOff::default();
        let mut names: Vec<String> = Vec::new();
        table::read(file, Cell::LAYOUT, faults, |row| {
            let modes = land_modes(row, Cell::Modes.into());
            let corner =
                |latitude, longitude| Point::parse(row.text(latitude), row.text(longitude));
            let south_west = corner(Cell::South, Cell::West);
            let area = south_west
                .zip(corner(Cell::North, Cell::East))
                .and_then(|(south_west, north_east)| Area::new(south_west, north_east));
            if area.is_none() {
                row.error(
                    Cell::South,
                    "expected edges in decimal degrees, south below north and west below east",
                );
            }
            let name = row.text(Cell::Area);
            let number = names.iter().position(|n| n == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            let network = match row.text(Cell::Ways) {
                "none" => None,
                "local" => Some(Network::local(number)),
                "open" => Some(Network::WIDE),
                _ => return row.error(Cell::Ways, "expected none, local or open"),
            };
            if let (Some(modes), Some(area)) = (modes, area) {
                for mode in modes {
                    cut_off.of_mut(mode).add(area, network);
                }
            }
        });
        cut_off
    }

    /// Networks of a mode on land.
    pub(super) fn of(&self, mode: Mode) -> &Networks {
        match mode {
            Mode::Rail => &self.rail,
            _ => &self.road,
        }
    }

    fn of_mut(&mut self, mode: Mode) -> &mut Networks {
        match mode {
            Mode::Rail => &mut self.rail,
            _ => &mut self.road,
        }
    }
}
