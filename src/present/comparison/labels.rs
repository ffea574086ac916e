//! Names beside the points of a drawing, each where it covers neither another name nor a point, as far as there is room.

/// Where a name stands: the end of its base line, and which end that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub x: i64,
    pub y: i64,
    /// `text-anchor` of SVG.
    pub anchor: &'static str,
}

/// A rectangle: left, top, right, bottom.
type Area = (i64, i64, i64, i64);

/// Places for names beside points, in their order: the first of the eight sides that is free, else the one with least in
/// its way. `size` is that of the letters, `radius` that of the points, `frame` the width and height of the drawing.
pub(crate) fn placed(
    points: &[((i64, i64), &str)],
    size: i64,
    radius: i64,
    frame: (i64, i64),
) -> Vec<Spot> {
    let mut taken: Vec<Area> = points
        .iter()
        .map(|((x, y), _)| (x - radius, y - radius, x + radius, y + radius))
        .collect();
    let mut spots = Vec::with_capacity(points.len());
    for ((x, y), text) in points {
        let gap = radius + size / 3;
        // Right, left, upper right, lower right, upper left, lower left, above, below.
        let sides = [
            (x + gap, y + size / 3, "start"),
            (x - gap, y + size / 3, "end"),
            (x + gap / 2, y - gap, "start"),
            (x + gap / 2, y + gap + size * 3 / 4, "start"),
            (x - gap / 2, y - gap, "end"),
            (x - gap / 2, y + gap + size * 3 / 4, "end"),
            (*x, y - gap, "middle"),
            (*x, y + gap + size * 3 / 4, "middle"),
        ];
        let spot = |(x, y, anchor)| Spot { x, y, anchor };
        let in_the_way = |spot: &Spot| {
            let own = area(spot, text, size);
            outside(own, frame) + taken.iter().map(|other| overlap(own, *other)).sum::<i64>()
        };
        let Some(best) = sides.map(spot).into_iter().min_by_key(in_the_way) else {
            continue;
        };
        taken.push(area(&best, text, size));
        spots.push(best);
    }
    spots
}

/// What a name covers, about: no font is known here. Letters beyond U+2E80 are as wide as they are high.
fn area(spot: &Spot, text: &str, size: i64) -> Area {
    let width = text
        .chars()
        .map(|c| if c >= '\u{2e80}' { size } else { size * 6 / 10 })
        .sum::<i64>();
    let left = match spot.anchor {
        "start" => spot.x,
        "end" => spot.x - width,
        _ => spot.x - width / 2,
    };
    (left, spot.y - size * 4 / 5, left + width, spot.y + size / 5)
}

fn overlap(a: Area, b: Area) -> i64 {
    let width = (a.2.min(b.2) - a.0.max(b.0)).max(0);
    width * (a.3.min(b.3) - a.1.max(b.1)).max(0)
}

/// How much of an area lies outside the drawing; worse than anything inside it, since it is cut off.
fn outside(area: Area, frame: (i64, i64)) -> i64 {
    let whole = (area.2 - area.0) * (area.3 - area.1);
    (whole - overlap(area, (0, 0, frame.0, frame.1))) * 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_neighbours_do_not_cover_each_other() {
        let points = [
            ((100, 100), "Shenzhen Yantian"),
            ((96, 106), "Hong Kong"),
            ((104, 94), "Dapeng"),
            ((390, 100), "Kaohsiung"),
        ];
        let spots = placed(&points, 12, 3, (400, 200));
        let areas: Vec<Area> = spots
            .iter()
            .zip(&points)
            .map(|(spot, (_, text))| area(spot, text, 12))
            .collect();
        for (i, a) in areas.iter().enumerate() {
            assert_eq!(outside(*a, (400, 200)), 0, "{a:?}");
            assert!(areas[..i].iter().all(|b| overlap(*a, *b) == 0), "{areas:?}");
            for ((x, y), _) in &points {
                assert_eq!(
                    overlap(*a, (x - 3, y - 3, x + 3, y + 3)),
                    0,
                    "{a:?} covers a point"
                );
            }
        }
        assert_eq!((spots[0].anchor, spots[3].anchor), ("start", "end"));
    }
}
