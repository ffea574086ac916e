//! Profiles: scaled numbers and faults.

use crate::factors::testkit::*;
use crate::factors::*;

fn faults(text: &str) -> Vec<String> {
    let (profile, faults) = Profile::parse("p", &DataFile::new("profiles/p.toml", text));
    assert_eq!(
        profile.is_none(),
        faults.iter().any(|f| f.severity == Severity::Error)
    );
    faults
        .iter()
        .map(|f| format!("{} {}", f.line, f.column))
        .collect()
}

#[test]
fn numbers_are_scaled_integers() {
    let text = profile(&[])
        + "hub = \"1.5\"\n[[distance_adjustment]]\nmode = \"air\"\nactivity_basis = \"gcd\"\nintensity_basis = \"actual\"\nadd_km = \"-95.5\"\n\
        [[distance_adjustment]]\nmode = \"sea\"\nactivity_basis = \"sfd\"\nintensity_basis = \"actual\"\nratio = 1.15\n\
        [[hub]]\nbefore = \"start\"\nafter = \"sea\"\noperation = \"hub.terminal\"\n";
    let (profile, faults) = Profile::parse("p", &DataFile::new("profiles/p.toml", text));
    assert!(faults.is_empty(), "{faults:?}");
    let profile = profile.unwrap();
    use crate::factors::profile::{Adjustment, HubEnd};
    use crate::model::mode::{Basis, ByMode, Mode};
    assert_eq!(profile.default_mass_per_teu_g, 10_000_000);
    assert_eq!(
        profile.refrigerated_uplift,
        ByMode([None, None, Some(1_120_000), None, None, Some(1_500_000)])
    );
    assert_eq!(
        profile.adjustment(Mode::Air, Basis::Gcd, Basis::Actual),
        Some(Adjustment::AddMetres(-95_500))
    );
    assert_eq!(
        profile.adjustment(Mode::Sea, Basis::Sfd, Basis::Actual),
        Some(Adjustment::Ratio(1_150_000))
    );
    assert_eq!(
        profile.adjustment(Mode::Sea, Basis::Actual, Basis::Sfd),
        None
    );
    assert_eq!(
        (profile.hub[0].before, profile.hub[0].after),
        (HubEnd::Edge, HubEnd::Mode(Mode::Sea))
    );
}

#[test]
fn all_faults_of_a_profile_come_at_once() {
    let text = "titel = \"x\"\nmethod = 1\ngwp_sets = [\"AR5\", \"AR5\", \"AR7\"]\nafter_last_edition = \"guess\"\nsources = []\n\
        great_circle = [\"hub\"]\ndefault_distance_basis = \"road\"\ndefault_mass_per_teu_kg = \"1_000\"\nempty_mass_per_teu_kg = \"0\"\n\
        [statement]\nboundary = \"b\"\nlimit = \"x\"\n[default_operation]\nship = \"sea.feeder\"\n[refrigerated_uplift]\nroad = \"1.1234567\"\nsea = \"-1\"\n\
        [[distance_adjustment]]\nmode = \"sea\"\nactivity_basis = \"sfd\"\nintensity_basis = \"sfd\"\nratio = \"1\"\nadd_km = \"1\"\n\
        [[hub]]\nbefore = \"end\"\nafter = \"end\"\noperation = \"hub.x\"\n[[hub]]\nbefore = \"start\"\nafter = \"end\"\noperation = \"hub.x\"\nextra = 1\n";
    let mut found = faults(text);
    found.sort_by_key(|f| f.split(' ').next().unwrap().parse::<u32>().unwrap());
    let want = [
        "1 title",
        "1 titel",
        "2 method",
        "3 gwp_sets",
        "3 gwp_sets",
        "4 after_last_edition",
        "5 sources",
        "6 great_circle",
        "7 default_distance_basis",
        "8 default_mass_per_teu_kg",
        "9 empty_mass_per_teu_kg",
        "10 statement.allocation",
        "10 statement.cut_off",
        "12 statement.limit",
        "14 default_operation.ship",
        "16 refrigerated_uplift.road",
        "17 refrigerated_uplift.sea",
        "18 distance_adjustment.ratio",
        "21 distance_adjustment.intensity_basis",
        "25 hub.before",
        "30 hub.after",
        "32 hub.extra",
    ];
    let mut missing: Vec<_> = want
        .iter()
        .filter(|w| !found.iter().any(|f| f == *w))
        .collect();
    missing.sort();
    assert!(
        missing.is_empty() && found.len() == want.len(),
        "missing {missing:?} in {found:#?}"
    );
}

#[test]
fn syntax_faults_have_a_line() {
    assert_eq!(faults("title = \"x\"\nmethod = \n"), ["2 "]);
}

#[test]
fn what_a_profile_names_must_be_in_the_library() {
    let changes = [
        "default_operation.sea = \"rail.electric\"",
        "default_operation.road = \"road.none\"",
        "sources = [\"one/1\", \"three/1\"]",
    ];
    let text = profile(&changes)
        + "[[hub]]\nbefore = \"sea\"\nafter = \"rail\"\noperation = \"sea.feeder\"\n";
    let (library, _) = Library::parse(&files(vec![]));
    let (profile, found) = Profile::parse("p", &DataFile::new("profiles/p.toml", text));
    assert!(found.is_empty(), "{found:?}");
    let (_, faults) = FactorSet::build(&library, &profile.unwrap(), &Zones::default());
    let columns: Vec<_> = faults
        .iter()
        .map(|f| (f.column.as_str(), f.found.as_str()))
        .collect();
    let want = [
        ("sources", "three/1"),
        ("default_operation.road", "road.none"),
        ("default_operation.sea", "rail.electric"),
        ("hub.operation", "sea.feeder"),
    ];
    assert_eq!(columns, want);
}

#[test]
fn a_ratio_that_cannot_be_read_is_one_fault() {
    let step = |keys: &str| {
        let text = format!(
            "[[distance_adjustment]]\nmode = \"sea\"\nactivity_basis = \"sfd\"\nintensity_basis = \"gcd\"\n{keys}"
        );
        let mut found = faults(&text);
        found.retain(|fault| fault.contains("distance_adjustment"));
        found
    };
    for (keys, want) in [
        ("ratio = \"1,15\"", "5 distance_adjustment.ratio"),
        ("add_km = \"0\"", "5 distance_adjustment.add_km"),
        ("", "1 distance_adjustment.ratio"),
        (
            "ratio = \"1.15\"\nadd_km = \"1\"",
            "1 distance_adjustment.ratio",
        ),
    ] {
        assert_eq!(step(keys), [want], "{keys}");
    }
}
