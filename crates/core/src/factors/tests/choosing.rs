//! Which factor: carrier, energy carrier, region, source, id; flags.

use crate::factors::testkit::*;

#[test]
fn carrier_before_energy_carrier_before_region_before_source() {
    let rows = [
        transport(
            "one/1",
            &[
                "factor_id=global",
                "factor_id=cn region=CN<>SG",
                "factor_id=diesel energy_carrier=diesel",
            ],
        ),
        transport(
            "two/1",
            &[
                "factor_id=asia region=ASIA",
                "factor_id=maeu carrier=MAEU",
                "factor_id=cn region=CN<>SG",
            ],
        ),
    ];
    let set = set(rows.to_vec(), &[]);
    for (question, want) in [
        ("CNQZH SGSIN 2024-05-01", "one/1:cn"),
        ("CNQZH MYPKG 2024-05-01", "two/1:asia"),
        ("NLRTM DEHAM 2024-05-01", "one/1:global"),
        ("CNQZH SGSIN 2024-05-01 carrier:MAEU", "two/1:maeu"),
        ("CNQZH SGSIN 2024-05-01 carrier:COSU", "one/1:cn"),
        ("CNQZH SGSIN 2024-05-01 energy:diesel", "one/1:diesel"),
        ("CNQZH SGSIN 2024-05-01 energy:hvo", "one/1:cn"),
        (
            "CNQZH SGSIN 2024-05-01 energy:diesel carrier:MAEU",
            "two/1:maeu",
        ),
    ] {
        assert_eq!(id(&set, question), want, "{question}");
    }
}

#[test]
fn the_usual_energy_carrier_is_wanted_when_the_row_names_none() {
    let rows = [
        "factor_id=any operation=road.truck",
        "factor_id=hvo operation=road.truck energy_carrier=hvo",
        "factor_id=diesel operation=road.truck energy_carrier=diesel",
        "factor_id=ship energy_carrier=lng",
    ];
    let set = set(vec![transport("one/1", &rows)], &[]);
    assert_eq!(
        id(&set, "CNCKG CNQZH 2024-05-01 op:road.truck"),
        "one/1:diesel"
    );
    assert_eq!(
        id(&set, "CNCKG CNQZH 2024-05-01 op:road.truck energy:hvo"),
        "one/1:hvo"
    );
    assert_eq!(
        id(&set, "CNCKG CNQZH 2024-05-01 op:road.truck energy:methanol"),
        "one/1:any"
    );
    assert_eq!(
        id(&set, "CNQZH SGSIN 2024-05-01"),
        "NotCovered",
        "no usual carrier: only factors without one"
    );
    assert_eq!(id(&set, "CNQZH SGSIN 2024-05-01 energy:lng"), "one/1:ship");
}

#[test]
fn prefer_source_puts_the_users_table_first_wherever_it_covers() {
    let rows = || {
        vec![
            transport("one/1", &["factor_id=own region=ASIA"]),
            transport("two/1", &["factor_id=cn region=CN<>SG"]),
        ]
    };
    assert_eq!(id(&set(rows(), &[]), "CNQZH SGSIN 2024-05-01"), "two/1:cn");
    let set = set(rows(), &["prefer = \"source\""]);
    assert_eq!(id(&set, "CNQZH SGSIN 2024-05-01"), "one/1:own");
}

#[test]
fn equal_rank_is_decided_by_id() {
    let set = set(
        vec![transport(
            "one/1",
            &["factor_id=b region=HOME", "factor_id=a region=CN"],
        )],
        &[],
    );
    assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01"), "one/1:a 10/2");
}

#[test]
fn places_make_a_zone_narrower_than_any_country() {
    let set = set(
        vec![transport(
            "one/1",
            &[
                "factor_id=cn region=CN",
                "factor_id=cq region=CQ",
                "factor_id=out region=CQ>ASEAN",
            ],
        )],
        &[],
    );
    assert_eq!(ask(&set, "CNCKG CNFLG 2024-05-01"), "one/1:cq 10/2");
    assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01"), "one/1:cn");
    assert_eq!(ask(&set, "CNCKG SGSIN 2024-05-01"), "one/1:out 10/2 Q05");
    assert_eq!(id(&set, "SGSIN CNCKG 2024-05-01"), "NotCovered");
}

#[test]
fn wide_regions_and_weak_sets_are_flagged() {
    let rows = [
        "factor_id=g",
        "factor_id=asean region=ASEAN",
        "factor_id=home region=HOME gwp_set=CO2",
        "factor_id=lane region=CN>SG gwp_set=unstated",
    ];
    let set = set(
        vec![transport("one/1", &rows)],
        &["gwp_sets = [\"AR5\", \"CO2\", \"unstated\"]"],
    );
    assert_eq!(ask(&set, "USLAX NLRTM 2024-05-01"), "one/1:g 10/2 Q05");
    assert_eq!(ask(&set, "SGSIN MYPKG 2024-05-01"), "one/1:asean 10/2 Q05");
    assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01"), "one/1:home 10/2 Q19");
    assert_eq!(ask(&set, "CNCKG SGSIN 2024-05-01"), "one/1:lane 10/2 Q19");
}

#[test]
fn sources_outside_the_profile_do_not_count() {
    let set = set(
        vec![
            transport("out/1", &["factor_id=cn region=CN gwp_set=AR6"]),
            transport("one/1", &["factor_id=g"]),
        ],
        &[],
    );
    assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01"), "one/1:g");
    assert_eq!(set.factors.len(), 1);
    assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01 op:hub.terminal"), "NoRow");
}
