//! Any two places: well-known lanes without a distance, places by name, bounds on what is estimated.

mod support;

use std::fs;
use std::path::Path;
use support::binary::green_corridor;
use support::tables::{Table, current_run};

/// Mode, origin, destination, and where the distance must come from.
const LANES: [(&str, &str, &str, &str); 37] = [
    ("sea", "CNSHA", "DEHAM", "sea_graph"),
    ("sea", "INNSA", "GBFXT", "sea_graph"),
    ("sea", "CNQZH", "SGSIN", "network"),
    ("sea", "CNNGB", "SGSIN", "network"),
    ("road", "DEHAM", "PLWAW", "estimate"),
    ("road", "GBFXT", "GBMNC", "estimate"),
    ("road", "MYPKG", "SGSIN", "estimate"),
    ("road", "CATOR", "USDET", "estimate"),
    ("road", "GBLON", "FRPAR", "estimate"),
    ("road", "CNCKG", "CNCTU", "estimate"),
    ("road", "THBKK", "THLCH", "network"),
    ("rail", "USLAX", "USCHI", "estimate"),
    ("rail", "NLRTM", "ITMIL", "estimate"),
    ("rail", "CNCKG", "DEDUI", "network"),
    ("inland_waterway", "NLRTM", "DEDUI", "estimate"),
    ("inland_waterway", "BEANR", "DEMHG", "estimate"),
    ("air", "HKHKG", "USANC", "great_circle"),
    ("road", "NLRTM", "FRCQF", "estimate"),
    ("road", "PGLAE", "PGHGU", "estimate"),
    ("road", "USANC", "USSEA", "estimate"),
    ("rail", "CACHV", "CAWNP", "estimate"),
    ("rail", "USANC", "USFAI", "estimate"),
    // Where no road or railway leads.
    ("road", "GLJFR", "GLGOH", ""),
    ("road", "COLET", "BRMAO", ""),
    ("road", "PEIQT", "PELIM", ""),
    ("road", "USJNU", "USSEA", ""),
    ("road", "PGPOM", "PGLAE", ""),
    ("road", "IDDJJ", "IDTIM", ""),
    ("road", "RUDKS", "RUKRR", ""),
    ("road", "BRBEL", "BRMCP", ""),
    ("road", "CACHV", "CAWNP", ""),
    ("rail", "USANC", "USSEA", ""),
    // What must stay without a distance: seas without a ferry, railways apart, rivers apart, an inland place by sea.
    ("road", "CNSHA", "JPTYO", ""),
    ("road", "USNYC", "GBLON", ""),
    ("rail", "CNSHA", "USLAX", ""),
    ("inland_waterway", "CNCKG", "DEDUI", ""),
    ("sea", "DEMUC", "SGSIN", ""),
];

fn run_file(folder: &Path, more: &str) -> String {
    let home = env!("CARGO_MANIFEST_DIR");
    let mut rows =
        "movement_id,shipment_id,mode,origin,destination,departed_at,cargo_mass_kg,teu\n"
            .to_owned();
    for (i, (mode, from, to, _)) in LANES.iter().enumerate() {
        rows += &format!("M{i},S{i:02},{mode},{from},{to},2025-06-01T00:00:00Z,10000,1\n");
    }
    fs::write(folder.join("lanes.csv"), rows).expect("a file");
    let text = format!(
        "movements = [\"lanes.csv\"]\nfactors = \"{home}/emission_factors\"\nreference = \"{home}/data\"\nout = \"out\"\n{more}\
         [limits]\nmax_reject_share = \"100%\"\n"
    );
    let path = folder.join("run.toml");
    fs::write(&path, text).expect("a file");
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn well_known_lanes_have_a_distance_and_say_where_from() {
    let home = tempfile::tempdir().expect("a folder");
    let run = run_file(home.path(), "");
    green_corridor(["run", &run]).expect(0);
    let out = home.path().join("out");
    green_corridor([
        "verify",
        out.to_str().expect("a plain path"),
        "--recalculate",
    ])
    .expect(0);
    let elements = Table::read(&current_run(&out), "elements");
    let columns =
        ["movement_id", "distance_source", "distance_km"].map(|name| elements.column(name));
    for (i, (mode, from, to, wanted)) in LANES.iter().enumerate() {
        let at = columns[0].iter().position(|id| **id == format!("M{i}"));
        let found = at.map_or("", |at| columns[1][at]);
        assert_eq!(found, *wanted, "{mode} {from} {to}");
        // The great circle is over the sea along the coast of Flanders: the way bends round it and does not go by Hamburg.
        if (*from, *to) == ("NLRTM", "FRCQF") {
            let km: f64 = at.map_or("0", |at| columns[2][at]).parse().expect("km");
            assert!((250.0..400.0).contains(&km), "{km}");
        }
    }
}

#[test]
fn own_distances_win_and_estimates_can_be_refused() {
    let home = tempfile::tempdir().expect("a folder");
    let own =
        "mode,origin,destination,distance_km,basis,source_ref\nroad,PLWAW,DEHAM,900,actual,own\n";
    fs::write(home.path().join("own.csv"), own).expect("a file");
    let run = run_file(home.path(), "distances = [\"own.csv\"]\n");
    green_corridor(["run", &run]).expect(0);
    let elements = Table::read(&current_run(&home.path().join("out")), "elements");
    let sources = elements.column("distance_source");
    let own: Vec<usize> = (0..sources.len())
        .filter(|i| sources[*i] == "own_file")
        .collect();
    assert_eq!(own.len(), 1);
    assert_eq!(elements.column("distance_km")[own[0]], "900.000");
    let text = fs::read_to_string(&run).expect("a file") + "max_estimated_share = \"10%\"\n";
    fs::write(&run, text).expect("a file");
    let refused = green_corridor(["run", &run]).expect(4).stderr;
    assert!(
        refused.contains("max_estimated_share") && refused.contains("Q33"),
        "{refused}"
    );
}

#[test]
fn places_are_found_by_name_code_and_point() {
    for (words, wanted) in [
        (&["Stuttgart"][..], "DESTR"),
        (&["stuttgárt"][..], "DESTR"),
        (&["STR"][..], "DESTR"),
        (&["Malta"][..], "MTMAR"),
        (&["Bombay"][..], "INBOM"),
        (&["Calcutta"][..], "INCCU"),
        (&["上海"][..], "CNSHA"),
        (&["Muenchen"][..], "DEMUC"),
        (&["CNNGB"][..], "CNNBO"),
        (&["Jebel", "Ali"][..], "AEJEA"),
        (&["--near", "48.77,9.18"][..], "DESTR"),
        (&["--near", "-33.86,151.2"][..], "AUSYD"),
    ] {
        let printed = green_corridor(["places"].iter().chain(words))
            .expect(0)
            .stdout;
        assert!(printed.contains(wanted), "{words:?}\n{printed}");
    }
    let none = green_corridor(["places", "Nowhere-on-Earth"])
        .expect(2)
        .stderr;
    assert!(none.contains("no place"), "{none}");
    let json = green_corridor(["places", "NLRTM", "--format", "json", "--limit", "1"])
        .expect(0)
        .stdout;
    assert!(
        json.contains("\"found_by\": \"code\"") && json.contains("container_port"),
        "{json}"
    );
}
