//! The shipped data of route options: read by the program's own readers, complete, each estimate marked as one.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small

use green_corridor::shipped_files::{Shipped, all};
use green_corridor_core::geo::sea::Passages;
use green_corridor_core::model::mode::Mode;
use green_corridor_core::reference::{DataFile, Dwells, Reference, Speeds};

const MODES: [Mode; 5] = [
    Mode::Road,
    Mode::Rail,
    Mode::Sea,
    Mode::InlandWaterway,
    Mode::Air,
];

/// Shipped files below a folder.
fn shipped(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<DataFile> {
    let below = |file: Shipped| {
        let path = file.path.strip_prefix(folder)?.strip_prefix('/')?;
        wanted(path).then(|| DataFile::new(path, file.bytes))
    };
    all().into_iter().filter_map(below).collect()
}

fn reference() -> Reference {
    let library = shipped("emission_factors", |_| true);
    let names = [
        "locations.csv",
        "distances.csv",
        "containers.csv",
        "zones.csv",
        "mode_aliases.csv",
        "services.csv",
        "corridors.toml",
    ];
    let data = shipped("data", |path| names.contains(&path));
    Reference::load(&library, "open", &data, &[])
        .unwrap_or_else(|faults| panic!("{faults:#?}"))
        .0
}

fn file(name: &str) -> DataFile {
    DataFile::new(name, std::fs::read(format!("data/{name}")).unwrap())
}

#[test]
fn every_operation_has_a_speed_and_every_change_of_mode_a_dwell() {
    let reference = reference();
    let (speeds, faults) = Speeds::parse(&file("speeds.csv"), &reference.factors);
    assert!(faults.is_empty(), "{faults:#?}");
    let (dwells, faults) = Dwells::parse(&file("dwell.csv"));
    assert!(faults.is_empty(), "{faults:#?}");
    for (index, operation) in reference
        .factors
        .operations
        .iter()
        .enumerate()
        .filter(|(_, o)| o.mode != Mode::Hub)
    {
        let speed = speeds
            .get(index as _, operation.mode)
            .unwrap_or_else(|| panic!("no speed for {}", operation.code));
        assert!(
            speed.is_estimate == speed.source_ref.contains("estimate"),
            "{}: {}",
            operation.code,
            speed.source_ref
        );
    }
    let anywhere = green_corridor_core::model::id::LocationCode::parse(b"CNQZH").unwrap();
    for before in MODES {
        for after in MODES {
            let dwell = dwells
                .get(anywhere, before, after)
                .unwrap_or_else(|| panic!("no dwell {before:?} to {after:?}"));
            assert!(
                dwell.is_estimate == dwell.source_ref.contains("estimate"),
                "{before:?} to {after:?}"
            );
        }
    }
}

#[test]
fn what_a_service_claims_has_a_source() {
    let reference = reference();
    let readme = std::fs::read_to_string("data/README.md").unwrap();
    let sea = super::sea::shipped();
    for service in &reference.services.list {
        let cites = |what: &str| service.source_ref.contains(&format!("{what}: "));
        assert!(
            service.transit_hours.is_none() || cites("transit"),
            "{}: a time without a source",
            service.service
        );
        assert_eq!(
            service.cost, None,
            "{}: what sources quote are levels, no offers",
            service.service
        );
        let is_estimate = service.source_ref.contains("estimate");
        assert!(
            !is_estimate || service.note.contains("estimated"),
            "{}: an estimate that does not say so",
            service.service
        );
        let words = service
            .source_ref
            .split(|c: char| !c.is_ascii_alphanumeric());
        for id in words.filter(|w| {
            w.len() == 3 && w.starts_with('S') && w[1..].bytes().all(|b| b.is_ascii_digit())
        }) {
            assert!(
                readme.contains(&format!("| {id} | ")),
                "{}: {id} is not in the list of sources",
                service.service
            );
        }
        let known = service.distance.is_some()
            || reference
                .distances
                .get(service.mode, service.origin, service.destination)
                .is_some()
            || service.mode == Mode::Sea
                && sea
                    .path(
                        service.origin,
                        service.destination,
                        Passages::USUALLY_CLOSED,
                    )
                    .is_some();
        assert!(known, "{}: no distance", service.service);
    }
}
