//! Whatever the library: the index, the explanation and the epochs give one answer.

use crate::factors::testkit::*;
use crate::factors::*;
use crate::model::time::{date_text, parse_date};
use proptest::prelude::*;

/// A row with attributes from short lists, so that ties and misses are frequent.
fn row() -> impl Strategy<Value = (usize, String)> {
    let regions = prop::sample::select(vec![
        "GLOBAL",
        "ASIA",
        "ASEAN",
        "CN",
        "HOME",
        "CQ",
        "CN>SG",
        "SG<>CN",
        "CN<>ASEAN",
        "CQ>ASEAN",
    ]);
    let years = (2018..2024i32, 1..4i32, any::<bool>());
    let carriers = prop::sample::select(vec!["", "", "MAEU", "COSU"]);
    let energy = prop::sample::select(vec!["", "diesel", "electricity"]);
    (0..3usize, regions, carriers, energy, any::<bool>(), any::<bool>(), years).prop_map(
        |(edition, region, carrier, energy, cold, composed, (from, length, open))| {
            let to = if open { String::new() } else { format!("{}-01-01", from + length) };
            let temperature = if cold { "refrigerated" } else { "ambient" };
            let figure = if composed && !energy.is_empty() { "energy_quantity=0.5 energy_unit=kWh" } else { "operation_g=3 provision_g=1" };
            let row = format!(
                "region={region} carrier={carrier} energy_carrier={energy} temperature={temperature} valid_from={from}-01-01 valid_to={to} {figure}"
            );
            (edition, row)
        },
    )
}

fn make(rows: &[(usize, String)], changes: &[&str]) -> FactorSet {
    let mut tables = Vec::new();
    for (number, edition) in ["one/1", "two/1", "one/2"].iter().enumerate() {
        let own = rows.iter().enumerate().filter(|(_, r)| r.0 == number);
        let own: Vec<_> = own
            .map(|(i, r)| format!("factor_id=f{i} {}", r.1))
            .collect();
        tables.push(transport(
            edition,
            &own.iter().map(String::as_str).collect::<Vec<_>>(),
        ));
    }
    let grid = [
        "energy_id=g",
        "energy_id=cn region=CN valid_to=2021-01-01",
        "energy_id=cq region=CQ valid_from=2020-01-01",
        "energy_id=d energy_carrier=diesel",
    ];
    tables.push(energy("two/1", &grid));
    // Overlaps are faults of the library, but the choice must be one all the same.
    let (library, _) = Library::parse(&files(tables));
    let (profile, _) = Profile::parse("p", &DataFile::new("profiles/p.toml", profile(changes)));
    let (zones, _) = Zones::parse(&DataFile::new("zones.csv", ZONES));
    FactorSet::build(&library, &profile.unwrap(), &zones).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn index_explanation_and_epochs_agree(
        rows in prop::collection::vec(row(), 1..14),
        source_first in any::<bool>(),
        reject in any::<bool>(),
        ignore in any::<bool>(),
        earliest in any::<bool>(),
        days in prop::collection::vec(0..3000i32, 6),
    ) {
        let changes = [
            format!("prefer = \"{}\"", if source_first { "source" } else { "region" }),
            format!("after_last_edition = \"{}\"", if reject { "reject" } else { "use_latest" }),
            format!("ignore_validity = {ignore}"),
            format!("before_first_edition = \"{}\"", if earliest { "use_earliest" } else { "reject" }),
        ];
        let set = make(&rows, &changes.iter().map(String::as_str).collect::<Vec<_>>());
        let first = parse_date("2017-06-01").unwrap();
        for day in days {
            for pair in ["CNCKG CNFLG", "CNCKG SGSIN", "SGSIN CNQZH", "MYPKG THLCH", "USLAX NLRTM"] {
                for wish in ["", " carrier:MAEU", " energy:diesel", " cold carrier:COSU energy:electricity", " cold"] {
                    let ask_on = |day| ask(&set, &format!("{pair} {}{wish}", date_text(day)));
                    let answer = ask_on(first + day);
                    if set.epoch(first + day) == set.epoch(first + day + 1) {
                        prop_assert_eq!(&answer, &ask_on(first + day + 1));
                    }
                }
            }
        }
    }
}
