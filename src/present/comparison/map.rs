//! The map of the options: land outline, graticule and lines as SVG, latitude against longitude in hundredths of a degree
//! (plate carrée), cut to the part of the world that the options touch. Whole numbers only.

use crate::escape::html;
use crate::present::comparison::labels::placed;
use crate::present::comparison::sheet::Sheet;
use crate::routes::geometry::{Line, Spot};
use std::fmt::Write;

/// What a map is drawn from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map {
    /// Lines of each option, in the order of the sheet.
    pub lines: Vec<Vec<Line>>,
    /// Places called at, with their codes.
    pub places: Vec<(String, Spot)>,
    /// Closed rings of land.
    pub land: Vec<Vec<Spot>>,
    /// What the land is from; empty: there is none.
    pub land_source: String,
}

/// A turn of the globe, hundredths of a degree.
const TURN: i32 = 36_000;
/// Smallest width of a map: 12 degrees.
const LEAST: i32 = 1_200;

/// The cut-out: west, north, width, height, y to the south.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    west: i32,
    north: i32,
    width: i32,
    height: i32,
}

impl Frame {
    /// Around all lines, with a margin; `None` when there is none.
    fn around(map: &Map) -> Option<Frame> {
        let points = || {
            map.lines
                .iter()
                .flatten()
                .flat_map(|l| &l.points)
                .chain(map.places.iter().map(|(_, p)| p))
        };
        let range = |of: fn(&Spot) -> i32| Some((points().map(of).min()?, points().map(of).max()?));
        let ((south, north), (west, east)) = (range(|p| p.0)?, range(|p| p.1)?);
        // Room for the names beside the outermost places.
        let margin = ((east - west).max(north - south) / 7).max(LEAST / 6);
        let (width, height) = (
            (east - west + 2 * margin).max(LEAST),
            (north - south + 2 * margin).max(LEAST),
        );
        // Neither a tower nor a ribbon: a page has to hold it.
        let (width, height) = (width.max(height * 4 / 5), height.max(width * 2 / 5));
        let centre = ((west + east) / 2, (north + south) / 2);
        Some(Frame {
            west: centre.0 - width / 2,
            north: centre.1 + height / 2,
            width,
            height,
        })
    }

    fn x(&self, spot: &Spot) -> i32 {
        spot.1 - self.west
    }

    fn y(&self, spot: &Spot) -> i32 {
        self.north - spot.0
    }
}

/// Letters of the names on a wide page and on a narrow one, and points, in parts of the longer side; as in the style sheet.
const UNITS: i32 = 320;
const LETTERS: [(&str, i64); 2] = [("wide", 55), ("narrow", 90)];
const RADIUS: i64 = 22;

/// The map as SVG; empty when no place has coordinates. `name` is how a place is called.
pub(crate) fn svg(map: &Map, sheet: &Sheet, name: &dyn Fn(&str) -> String) -> String {
    let Some(frame) = Frame::around(map) else {
        return String::new();
    };
    let mut out = String::new();
    let unit = frame.width.max(frame.height) / UNITS;
    let _ = writeln!(
        out,
        "<svg class=\"map\" viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"Map of the options\" style=\"--unit:{unit}px;--wide:{0};--high:{1}\">",
        frame.width, frame.height,
    );
    let _ = writeln!(out, "<path class=\"land\" d=\"{}\"/>", land(map, &frame));
    out.push_str(&graticule(&frame, unit));
    for (lines, option) in map.lines.iter().zip(&sheet.options) {
        let _ = writeln!(
            out,
            "<g class=\"way\" data-option=\"{}\">",
            html(&option.id)
        );
        for line in lines {
            let points: Vec<String> = line
                .points
                .iter()
                .map(|p| format!("{},{}", frame.x(p), frame.y(p)))
                .collect();
            let _ = writeln!(
                out,
                "<polyline class=\"mode-{}\" points=\"{}\"/>",
                line.mode.code(),
                points.join(" ")
            );
        }
        out.push_str("</g>\n");
    }
    for (code, spot) in &map.places {
        let (x, y) = (frame.x(spot), frame.y(spot));
        let title = format!("{} {}", html(code), html(&name(code)));
        let _ = writeln!(
            out,
            "<circle class=\"place\" cx=\"{x}\" cy=\"{y}\"><title>{title}</title></circle>"
        );
    }
    out.push_str(&names(map, &frame, unit, name));
    out.push_str("</svg>\n");
    out
}

/// Whether the map is much wider than high: it then wants the whole width of the page.
pub(crate) fn is_broad(map: &Map) -> bool {
    Frame::around(map).is_some_and(|frame| 2 * frame.width > 3 * frame.height)
}

/// The names twice, in the letters of a wide page and of a narrow one: the style shows one of them.
fn names(map: &Map, frame: &Frame, unit: i32, name: &dyn Fn(&str) -> String) -> String {
    let texts: Vec<String> = map.places.iter().map(|(code, _)| name(code)).collect();
    let at = |spot: &Spot| (i64::from(frame.x(spot)), i64::from(frame.y(spot)));
    let points: Vec<((i64, i64), &str)> = map
        .places
        .iter()
        .zip(&texts)
        .map(|((_, p), t)| (at(p), t.as_str()))
        .collect();
    let mut out = String::new();
    for (class, tenths) in LETTERS {
        let scaled = |tenths: i64| tenths * i64::from(unit) / 10;
        let spots = placed(
            &points,
            scaled(tenths),
            scaled(RADIUS),
            (frame.width.into(), frame.height.into()),
        );
        let _ = writeln!(out, "<g class=\"names {class}\">");
        for (spot, text) in spots.iter().zip(&texts) {
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
                spot.x,
                spot.y,
                spot.anchor,
                html(text)
            );
        }
        out.push_str("</g>\n");
    }
    out
}

fn graticule(frame: &Frame, unit: i32) -> String {
    let step = [500, 1000, 2000]
        .into_iter()
        .find(|s| frame.width / s < 9)
        .unwrap_or(3000);
    let mut out = String::from("<g class=\"graticule\">\n");
    let multiples = |from: i32, length: i32| {
        ((from + step - 1).div_euclid(step)..=(from + length).div_euclid(step))
            .map(move |i| i * step)
    };
    for longitude in multiples(frame.west, frame.width) {
        let (x, degrees) = (
            longitude - frame.west,
            (longitude + TURN / 2).rem_euclid(TURN) - TURN / 2,
        );
        let side = if degrees < 0 { "W" } else { "E" };
        let _ = writeln!(
            out,
            "<path d=\"M{x} 0V{}\"/><text x=\"{}\" y=\"{}\">{}°{side}</text>",
            frame.height,
            x + unit,
            frame.height - 2 * unit,
            degrees.abs() / 100
        );
    }
    for latitude in multiples(frame.north - frame.height, frame.height) {
        let (y, side) = (frame.north - latitude, if latitude < 0 { "S" } else { "N" });
        let _ = writeln!(
            out,
            "<path d=\"M0 {y}H{}\"/><text x=\"{}\" y=\"{}\">{}°{side}</text>",
            frame.width,
            2 * unit,
            y - unit,
            latitude.abs() / 100
        );
    }
    out.push_str("</g>\n");
    out
}

/// Rings of land within the frame, also those one turn away, without detail that nobody can see.
fn land(map: &Map, frame: &Frame) -> String {
    let finest = (frame.width.max(frame.height) / 900).max(1);
    let mut path = String::new();
    for ring in &map.land {
        for turn in [-TURN, 0, TURN] {
            let moved: Vec<(i32, i32)> = ring
                .iter()
                .map(|p| (frame.x(p) + turn, frame.y(p)))
                .collect();
            let outside = |inside: &dyn Fn(&(i32, i32)) -> bool| !moved.iter().any(inside);
            if outside(&|p| p.0 >= 0)
                || outside(&|p| p.0 <= frame.width)
                || outside(&|p| p.1 >= 0)
                || outside(&|p| p.1 <= frame.height)
            {
                continue;
            }
            let cut = clipped(moved, frame.width, frame.height);
            let mut last = None;
            for (i, (x, y)) in cut.iter().enumerate() {
                let near = last.is_some_and(|(a, b): (i32, i32)| {
                    (a - x).abs() < finest && (b - y).abs() < finest
                });
                if !near {
                    let _ = write!(path, "{}{x} {y}", if i == 0 { "M" } else { "L" });
                    last = Some((*x, *y));
                }
            }
            path.push_str(if cut.is_empty() { "" } else { "Z" });
        }
    }
    path
}

/// A ring cut to the frame, side by side (Sutherland and Hodgman).
fn clipped(ring: Vec<(i32, i32)>, width: i32, height: i32) -> Vec<(i32, i32)> {
    // Each side as: which coordinate, its limit, and whether the inside is below it.
    let sides = [
        (false, 0, false),
        (false, width, true),
        (true, 0, false),
        (true, height, true),
    ];
    sides
        .into_iter()
        .fold(ring, |ring, (is_y, limit, is_below)| {
            let along = |p: &(i32, i32)| if is_y { p.1 } else { p.0 };
            let is_inside = |p: &(i32, i32)| {
                if is_below {
                    along(p) <= limit
                } else {
                    along(p) >= limit
                }
            };
            let mut kept = Vec::with_capacity(ring.len());
            for (i, to) in ring.iter().enumerate() {
                let from = &ring[(i + ring.len() - 1) % ring.len()];
                if is_inside(from) != is_inside(to) {
                    let (a, b) = (along(from) as i64, along(to) as i64);
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "lies between two numbers of 32 bits"
                    )]
                    let part = |p: i32, q: i32| {
                        (p as i64 + (q as i64 - p as i64) * (limit as i64 - a) / (b - a)) as i32
                    };
                    kept.push(if is_y {
                        (part(from.0, to.0), limit)
                    } else {
                        (limit, part(from.1, to.1))
                    });
                }
                if is_inside(to) {
                    kept.push(*to);
                }
            }
            kept
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_cut_to_the_frame() {
        let ring = vec![(-100, -100), (50, -100), (50, 50), (-100, 50)];
        let mut cut = clipped(ring, 100, 100);
        cut.sort_unstable();
        cut.dedup();
        assert_eq!(cut, [(0, 0), (0, 50), (50, 0), (50, 50)]);
        assert!(clipped(vec![(200, 200), (300, 200), (300, 300)], 100, 100).is_empty());
    }
}
