//! The sea graph as it is shipped, against published distances and against itself.

use green_corridor::geo::sea::{Passages, SeaGraph};
use green_corridor::model::id::LocationCode;

fn shipped() -> SeaGraph {
    SeaGraph::load(&std::fs::read("data/sea/marnet.bin").unwrap()).unwrap()
}

fn place(code: &str) -> LocationCode {
    LocationCode::parse(code.as_bytes()).unwrap()
}

#[test]
fn published_distances_are_met() {
    let sea = shipped();
    let mut rows = csv::Reader::from_path("tests/sea/published.csv").unwrap();
    let mut count = 0;
    for row in rows.records().map(Result::unwrap) {
        let miles: f64 = row[2].parse().unwrap();
        let tolerance: f64 = row[3].parse().unwrap();
        let path = sea.path(place(&row[0]), place(&row[1]), Passages::USUALLY_CLOSED).unwrap();
        let percent = (path.metres as f64 / 1852.0 / miles - 1.0) * 100.0;
        assert!(percent.abs() <= tolerance, "{} - {}: {percent:+.1} %", &row[0], &row[1]);
        count += 1;
    }
    assert!(count >= 7);
}
