//! Energy per activity times energy rows; primary energy.

use crate::factors::testkit::*;
use crate::model::mode::EnergyUnit;

const RAIL: &str = "factor_id=rail operation=rail.electric energy_carrier=electricity energy_quantity=0.04 energy_unit=kWh";

#[test]
fn energy_times_every_energy_row_that_fits() {
    let rail = format!("{RAIL} region=ASIA valid_from=2023-06-01");
    let grid = [
        "energy_id=cn region=CN provision_g=550.5 valid_to=2024-01-01",
        "energy_id=cq region=CQ provision_g=400",
        "energy_id=world provision_g=480 gwp_set=CO2",
        "energy_id=us region=US",
        "energy_id=diesel energy_carrier=diesel",
        "energy_id=early region=SG valid_from=2022-01-01 valid_to=2023-06-01",
    ];
    let set = set(
        vec![transport("one/1", &[&rail]), energy("two/1", &grid)],
        &["gwp_sets = [\"AR5\", \"CO2\"]"],
    );
    let ids: Vec<_> = set.factors.iter().map(|f| &*f.id).collect();
    assert_eq!(
        ids,
        [
            "one/1:rail@two/1:cn",
            "one/1:rail@two/1:cq",
            "one/1:rail@two/1:world",
            "two/1:cn",
            "two/1:cq",
            "two/1:world",
            "two/1:us",
            "two/1:diesel",
            "two/1:early"
        ]
    );
    let cn = &set.factors[0];
    assert_eq!(
        (&*cn.region, cn.composed.as_ref().unwrap().energy),
        ("CN", 3)
    );
    assert_eq!(&*set.factors[2].region, "ASIA");
    assert_eq!(crate::model::time::date_text(cn.valid_from), "2023-06-01");
    assert_eq!(crate::model::time::date_text(cn.valid_to), "2024-01-01");
    for (question, want) in [
        ("CNCKG CNFLG 2023-07-01", "one/1:rail@two/1:cq 0/16 Q05"),
        ("CNCKG CNQZH 2023-07-01", "one/1:rail@two/1:cn 0/22.02 Q05"),
        (
            "CNCKG CNQZH 2024-07-01",
            "one/1:rail@two/1:world 0/19.2 Q05|Q19",
        ),
        ("CNCKG CNQZH 2023-05-01", "NotValid"),
    ] {
        assert_eq!(
            ask(&set, &format!("{question} op:rail.electric")),
            want,
            "{question}"
        );
    }
}

#[test]
fn the_transport_row_ranks_before_the_energy_row() {
    let rows = [
        format!("{RAIL} region=CN"),
        RAIL.replace("=rail ", "=wide "),
    ];
    let grid = ["energy_id=cq region=CQ", "energy_id=cn region=CN"];
    let set = set(
        vec![
            transport("one/1", &[&rows[0], &rows[1]]),
            energy("two/1", &grid),
            energy("one/2", &["energy_id=cn region=CN"]),
        ],
        &[],
    );
    assert_eq!(
        id(&set, "CNCKG CNQZH 2024-01-01 op:rail.electric"),
        "one/1:rail@two/1:cn",
        "source order of the energy row"
    );
    assert_eq!(
        id(&set, "CNCKG CNFLG 2024-01-01 op:rail.electric"),
        "one/1:rail@two/1:cq",
        "narrower energy row"
    );
}

#[test]
fn kwh_and_mj_convert_exactly_and_products_round_half_to_even() {
    let mj = "factor_id=mj operation=rail.electric energy_carrier=electricity energy_quantity=1 energy_unit=MJ";
    let kwh = "factor_id=kwh operation=rail.electric energy_carrier=electricity energy_quantity=0.5 energy_unit=kWh valid_from=2024-01-01";
    let grid = [
        "energy_id=a provision_g=0.000000009",
        "energy_id=b per=MJ provision_g=0.000000005",
        "energy_id=c per=kg",
    ];
    let until = format!("{mj} valid_to=2024-01-01");
    let set = set(
        vec![transport("one/1", &[&until, kwh]), energy("two/1", &grid)],
        &[],
    );
    let figures: Vec<_> = set
        .factors
        .iter()
        .filter(|f| f.composed.is_some())
        .map(|f| (&*f.id, f.intensity.provision))
        .collect();
    // 9 / 3.6 = 2.5 -> 2; 5; 9 / 2 = 4.5 -> 4; 0.5 x 3.6 x 5 = 9.
    assert_eq!(
        figures,
        [
            ("one/1:mj@two/1:a", 2),
            ("one/1:mj@two/1:b", 5),
            ("one/1:kwh@two/1:a", 4),
            ("one/1:kwh@two/1:b", 9)
        ]
    );
}

#[test]
fn a_row_without_an_energy_row_and_values_beyond_the_limit_are_told() {
    let big = RAIL.replace("0.04", "999999");
    let (_, faults) = build(
        vec![
            transport("one/1", &[&big]),
            energy("two/1", &["energy_id=a provision_g=999999999"]),
        ],
        &[],
    );
    assert_eq!(
        places(&faults),
        [
            "one/1/transport.csv:2 energy_quantity",
            "one/1/transport.csv:2 energy_carrier"
        ]
    );
    let (_, faults) = build(
        vec![transport(
            "one/1",
            &["factor_id=x operation_g=999999999 provision_g=0"],
        )],
        &[],
    );
    assert_eq!(
        places(&faults),
        ["one/1/transport.csv:2"],
        "the uplift leaves the range"
    );
}

#[test]
fn primary_energy_uses_energy_rows_alone() {
    let rows = [
        "energy_id=world",
        "energy_id=cn region=CN valid_to=2024-01-01",
        "energy_id=mj region=CN per=MJ valid_from=2024-01-01 valid_to=2024-06-01",
    ];
    let one = energy("one/1", &rows);
    let set = set(
        vec![
            one,
            energy(
                "two/1",
                &[
                    "energy_id=world2",
                    "energy_id=diesel energy_carrier=diesel per=l",
                ],
            ),
        ],
        &["prefer = \"source\""],
    );
    let ask = |carrier, unit, question| ask_energy(&set, carrier, unit, question);
    let text = |t: &str| Some(t.to_owned());
    assert_eq!(
        ask("electricity", EnergyUnit::KWh, "CNCKG CNQZH 2023-05-01"),
        text("one/1:cn 1/1")
    );
    assert_eq!(
        ask("electricity", EnergyUnit::Mj, "CNCKG CNQZH 2023-05-01"),
        text("one/1:cn 5/18")
    );
    assert_eq!(
        ask("electricity", EnergyUnit::KWh, "CNCKG CNQZH 2024-05-01"),
        text("one/1:mj 18/5")
    );
    assert_eq!(
        ask("electricity", EnergyUnit::KWh, "CNCKG SGSIN 2024-05-01"),
        text("one/1:world 1/1 Q05")
    );
    assert_eq!(
        ask("diesel", EnergyUnit::Kg, "CNCKG CNQZH 2024-05-01"),
        None
    );
    assert_eq!(
        ask("diesel", EnergyUnit::Litre, "CNCKG CNQZH 2024-05-01"),
        text("two/1:diesel 1/1 Q05")
    );
    assert_eq!(ask("coal", EnergyUnit::Kg, "CNCKG CNQZH 2024-05-01"), None);
    assert_eq!(ask("", EnergyUnit::Kg, "CNCKG CNQZH 2024-05-01"), None);
}

#[test]
fn primary_energy_past_its_last_edition() {
    let rows = || {
        vec![energy(
            "one/1",
            &[
                "energy_id=a region=CN valid_to=2023-06-01",
                "energy_id=b region=CN valid_from=2023-06-01 valid_to=2024-01-01",
            ],
        )]
    };
    let question = "CNCKG CNQZH 2025-05-01";
    let answer = ask_energy(&set(rows(), &[]), "electricity", EnergyUnit::KWh, question);
    assert_eq!(answer.as_deref(), Some("one/1:b 1/1 Q17"));
    assert_eq!(
        ask_energy(
            &set(rows(), &["after_last_edition = \"reject\""]),
            "electricity",
            EnergyUnit::KWh,
            question
        ),
        None
    );
}
