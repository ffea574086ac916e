//! Reference data as a whole: loading, and the lookups that join several files.

use super::*;
use crate::factors::testkit::{files, places, profile, transport};
use crate::model::mode::{ByMode, DistanceSource};
use crate::model::time::Day;

const LOCATIONS: &str = "locode,name,kind,latitude,longitude,source,licence\nCNCKG,Chongqing,city,29.5630,106.5516,,\n\
    SGSIN,Singapore,port,1.3000,103.8000,,\nCNXXX,Unknown,,,,,\n";
const DISTANCES: &str = "mode,origin,destination,distance_km,basis,source_ref\nsea,CNQZH,SGSIN,2500,sfd,a\nair,CNCKG,SGSIN,0,gcd,b\n";
const CONTAINERS: &str = "code,teu,tare_kg,refrigerated,title\n45R1,2,4500,yes,Reefer\n";
const CORRIDORS: &str = "[[corridor]]\nid = \"c\"\ntitle = \"t\"\norigin = [\"CQ\"]\ndestination = [\"SG\"]\nvia = [[\"CNQZH\"]]\n";
const SERVICES: &str = "service,mode,operation,carrier,origin,destination,distance_km,basis,transit_hours,departures_per_week,cost,currency,cost_per,\
    valid_from,valid_to,source_ref,note\nS1,sea,sea.feeder,,CNQZH,SGSIN,2500.5,sfd,120.5,7,450.25,USD,teu,2024-01-01,,r,n\n\
    S2,sea,sea.feeder,,CNQZH,SGSIN,,,,,,,,,,,\n";

fn data() -> Vec<DataFile> {
    [
        ("locations.csv", LOCATIONS),
        ("distances.csv", DISTANCES),
        ("containers.csv", CONTAINERS),
        ("zones.csv", "zone,member\nCQ,CNCKG\n"),
        ("mode_aliases.csv", "alias,mode\nTRUCK,road\n"),
        ("services.csv", SERVICES),
        ("corridors.toml", CORRIDORS),
    ]
    .map(|(path, text)| DataFile::new(path, text))
    .to_vec()
}

fn library(changes: &[&str], more: &str) -> Vec<DataFile> {
    let mut list = files(vec![transport("one/1", &["factor_id=a region=CQ>SG"])]);
    list.push(DataFile::new("profiles/test.toml", profile(changes) + more));
    list
}

const MORE: &str = "[[distance_adjustment]]\nmode = \"sea\"\nactivity_basis = \"sfd\"\nintensity_basis = \"actual\"\nratio = \"1.15\"\n\
    [[hub]]\nbefore = \"sea\"\nafter = \"end\"\noperation = \"hub.terminal\"\n";

fn reference() -> Reference {
    let changes = [
        "great_circle = [\"air\"]",
        "default_operation.sea = \"sea.feeder\"",
        "strict_container_id = true",
    ];
    let (reference, warnings) =
        Reference::load(&library(&changes, MORE), "test", &data(), &[]).unwrap();
    assert!(warnings.is_empty(), "{warnings:#?}");
    reference
}

fn place(text: &str) -> LocationCode {
    LocationCode::parse(text.as_bytes()).unwrap()
}

#[test]
fn network_first_then_great_circle_where_allowed() {
    let reference = reference();
    let distance = |mode, a, b| {
        let leg = Leg {
            mode,
            operation: 0,
            origin: place(a),
            destination: place(b),
            day: Day::MIN,
        };
        let found = reference.distance(leg)?;
        Some((found.metres, found.basis, found.source))
    };
    assert_eq!(
        distance(Mode::Sea, "SGSIN", "CNQZH"),
        Some((2_500_000, Basis::Sfd, DistanceSource::Network))
    );
    let (metres, basis, source) =
        distance(Mode::Air, "CNCKG", "SGSIN").expect("a network distance of 0 counts as none");
    assert_eq!((basis, source), (Basis::Gcd, DistanceSource::GreatCircle));
    assert!((3_150_000..3_165_000).contains(&metres), "{metres}");
    assert_eq!(
        distance(Mode::Air, "CNCKG", "CNCKG"),
        None,
        "a great circle of 0 counts as none"
    );
    assert_eq!(
        distance(Mode::Air, "CNCKG", "CNXXX"),
        None,
        "no coordinates"
    );
    assert_eq!(
        distance(Mode::Road, "CNCKG", "SGSIN"),
        None,
        "not a great-circle mode"
    );
}

#[test]
fn lookups_of_the_profile_and_the_vocabulary() {
    let reference = reference();
    assert_eq!(
        reference.adjustment(Mode::Sea, Basis::Sfd, Basis::Actual),
        Some(Adjustment::Ratio(1_150_000))
    );
    assert_eq!(
        reference.adjustment(Mode::Sea, Basis::Sfd, Basis::Gcd),
        None
    );
    let terminal = reference.factors.operation("hub.terminal");
    assert!(terminal.is_some());
    assert_eq!(
        reference.hub(HubEnd::Mode(Mode::Sea), HubEnd::Edge),
        terminal
    );
    assert_eq!(reference.hub(HubEnd::Edge, HubEnd::Mode(Mode::Sea)), None);
    let words = reference.vocabulary();
    assert_eq!(
        (words.modes["truck"], words.modes["inland_waterway"]),
        (Mode::Road, Mode::InlandWaterway)
    );
    assert_eq!(words.operations["sea.feeder"], (0, Mode::Sea));
    assert_eq!(
        words.default_operation,
        ByMode([None, None, Some(0), None, None, None])
    );
    assert!(words.strict_container_id && words.default_basis == Basis::Actual);
    for known in ["CNCKG", "CNXXX", "CNQZH"] {
        assert!(words.places.contains(&place(known)), "{known}");
    }
    assert_eq!(words.places.len(), 4);
}

#[test]
fn services_keep_every_column() {
    let reference = reference();
    let [first, second] = reference.services.list.as_slice() else {
        panic!("two services")
    };
    assert_eq!(first.distance, Some((2_500_500, Basis::Sfd)));
    assert_eq!(
        (first.transit_hours, first.departures_per_week),
        (Some(120_500), Some(7_000))
    );
    assert_eq!(
        first.cost,
        Some(Cost {
            amount: 450_250_000,
            currency: "USD".into(),
            per: crate::model::mode::Per::Teu
        })
    );
    assert_eq!(
        (second.distance, &second.cost, second.valid_from),
        (None, &None, i32::MIN)
    );
}

#[test]
fn faults_of_all_files_come_at_once() {
    let mut files = data();
    files[1]
        .bytes
        .extend_from_slice(b"hub,CNCKG,CNCKG,1,sfd,x\n");
    files[3].bytes.extend_from_slice(b"CN,SG\n");
    files[5]
        .bytes
        .extend_from_slice(b"S3,rail,sea.feeder,,CNQZH,SGSIN,1,,,,5,USD,,,,,\n");
    files[6].bytes.extend_from_slice(b"colour = 1\n");
    files.remove(2);
    let mut library = library(&["gwp_sets = [\"AR6\"]"], "");
    library[0].bytes.extend_from_slice(b"broken\n");
    let faults = Reference::load(
        &library,
        "test",
        &files,
        &[DataFile::new("own.csv", "locode\nChina\n")],
    )
    .unwrap_err();
    let want = [
        "containers.csv:0",
        "one/1/transport.csv:3",
        "zones.csv:3 zone",
        "own.csv:2 locode",
        "distances.csv:4 mode",
        "corridors.toml:7 corridor.colour",
        "one/1/transport.csv:2 gwp_set",
        "services.csv:4 operation",
        "services.csv:4 basis",
        "services.csv:4 cost_per",
    ];
    assert_eq!(places(&faults), want, "{faults:#?}");
}

#[test]
fn an_unknown_profile_names_those_there_are() {
    let faults = Reference::load(&library(&[], ""), "gone", &data(), &[]).unwrap_err();
    assert_eq!(
        faults.last().unwrap().to_string(),
        "profiles/gone.toml: file is missing; profiles there are: test"
    );
}

/// `run` does not hand on `services.csv`; its manifest must not say that a file is missing which is there.
#[test]
fn a_run_lacks_nothing_without_services() {
    let without = |name: &str| {
        let files: Vec<DataFile> = data().into_iter().filter(|f| f.path != name).collect();
        let (_, warnings) = Reference::load(&library(&[], ""), "test", &files, &[]).unwrap();
        warnings
            .into_iter()
            .map(|w| w.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(without("services.csv"), Vec::<String>::new());
    assert_eq!(
        without("containers.csv"),
        ["containers.csv: file is missing; it counts as empty"]
    );
}
