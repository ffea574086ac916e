//! Why a factor was not chosen.

use crate::factors::testkit::*;
use crate::factors::*;
use crate::model::id::LocationCode;
use crate::model::mode::EnergyUnit;
use crate::model::time::parse_date;

/// What became of each candidate, by the id of its row.
fn verdicts(set: &FactorSet, candidates: Vec<Candidate>) -> Vec<(String, Verdict)> {
    let id = |factor| {
        set.factors[factor as usize]
            .id
            .split(':')
            .nth(1)
            .expect("source, edition and row")
            .to_owned()
    };
    candidates
        .into_iter()
        .map(|c| (id(c.factor), c.verdict))
        .collect()
}

#[test]
fn each_loser_names_the_rule_by_which_it_lost() {
    let rows = [
        "factor_id=winner region=CN carrier=MAEU",
        "factor_id=wide carrier=MAEU",
        "factor_id=any region=CN",
        "factor_id=other region=CN carrier=COSU",
        "factor_id=cold region=CN temperature=refrigerated",
        "factor_id=far region=US",
        "factor_id=old region=HOME carrier=MAEU valid_to=2024-01-01",
        "factor_id=next region=ASIA carrier=MAEU valid_from=2030-01-01",
        "factor_id=lng region=CN energy_carrier=lng",
        "factor_id=zz region=HOME carrier=MAEU valid_from=2024-01-01",
    ];
    let set = set(
        vec![
            transport("one/1", &rows),
            transport("two/1", &["factor_id=second region=CN carrier=MAEU"]),
        ],
        &[],
    );
    let query = query(&set, "CNCKG CNQZH 2024-05-01 carrier:MAEU");
    let verdicts = verdicts(&set, set.candidates(&query));
    use Verdict::*;
    let want = [
        ("winner", Chosen),
        ("zz", Outranked("id")),
        ("second", Outranked("source order")),
        ("wide", Outranked("region wider")),
        ("any", Outranked("not specific to the carrier")),
        (
            "old",
            Outranked("validity ended, where a valid factor applies"),
        ),
        ("other", Excluded("carrier")),
        ("cold", Excluded("temperature")),
        ("far", Excluded("region does not cover the movement")),
        ("next", Excluded("not valid on the date")),
        ("lng", Excluded("energy carrier")),
    ];
    assert_eq!(verdicts, want.map(|(id, v)| (id.to_owned(), v)));
    let rank = &set.candidates(&query)[0].rank;
    assert!(
        rank.contains(&("region", "CN (1 pair)".to_owned()))
            && rank.contains(&("source", "1: one/1".to_owned())),
        "{rank:?}"
    );
}

#[test]
fn each_energy_row_that_lost_names_the_rule() {
    let one = [
        "energy_id=winner region=CN",
        "energy_id=wide",
        "energy_id=old region=HOME valid_to=2024-01-01",
        "energy_id=next region=ASIA valid_from=2030-01-01",
        "energy_id=far region=US",
        "energy_id=mass region=CN per=kg",
        "energy_id=zz region=HOME per=MJ valid_from=2024-01-01",
        "energy_id=fuel energy_carrier=diesel per=l",
    ];
    let set = set(
        vec![
            energy("one/1", &one),
            energy("two/1", &["energy_id=second region=CN"]),
        ],
        &[],
    );
    let place = |code: &str| LocationCode::parse(code.as_bytes()).unwrap();
    let query = EnergyQuery {
        energy_carrier: "electricity",
        unit: EnergyUnit::KWh,
        origin: place("CNCKG"),
        destination: place("CNQZH"),
        day: parse_date("2024-05-01").unwrap(),
    };
    let verdicts = verdicts(&set, set.energy_candidates(&query));
    use Verdict::*;
    let want = [
        ("winner", Chosen),
        ("zz", Outranked("id")),
        ("second", Outranked("source order")),
        ("wide", Outranked("region wider")),
        (
            "old",
            Outranked("validity ended, where a valid factor applies"),
        ),
        ("next", Excluded("not valid on the date")),
        ("far", Excluded("region does not cover the movement")),
        ("mass", Excluded("unit")),
    ];
    assert_eq!(verdicts, want.map(|(id, v)| (id.to_owned(), v)));
}
