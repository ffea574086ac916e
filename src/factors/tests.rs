//! The rules of the factor library, each as rows in and an answer or faults out.

use super::testkit::*;
use super::*;
use crate::model::mode::EnergyUnit;

mod choosing {
    use super::*;

    #[test]
    fn carrier_before_energy_carrier_before_region_before_source() {
        let rows = [
            transport("one/1", &["factor_id=global", "factor_id=cn region=CN<>SG", "factor_id=diesel energy_carrier=diesel"]),
            transport("two/1", &["factor_id=asia region=ASIA", "factor_id=maeu carrier=MAEU", "factor_id=cn region=CN<>SG"]),
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
            ("CNQZH SGSIN 2024-05-01 energy:diesel carrier:MAEU", "two/1:maeu"),
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
        assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01 op:road.truck"), "one/1:diesel");
        assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01 op:road.truck energy:hvo"), "one/1:hvo");
        assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01 op:road.truck energy:methanol"), "one/1:any");
        assert_eq!(id(&set, "CNQZH SGSIN 2024-05-01"), "NotCovered", "no usual carrier: only factors without one");
        assert_eq!(id(&set, "CNQZH SGSIN 2024-05-01 energy:lng"), "one/1:ship");
    }

    #[test]
    fn prefer_source_puts_the_users_table_first_wherever_it_covers() {
        let rows =
            || vec![transport("one/1", &["factor_id=own region=ASIA"]), transport("two/1", &["factor_id=cn region=CN<>SG"])];
        assert_eq!(id(&set(rows(), &[]), "CNQZH SGSIN 2024-05-01"), "two/1:cn");
        let set = set(rows(), &["prefer = \"source\""]);
        assert_eq!(id(&set, "CNQZH SGSIN 2024-05-01"), "one/1:own");
    }

    #[test]
    fn equal_rank_is_decided_by_id() {
        let set = set(vec![transport("one/1", &["factor_id=b region=HOME", "factor_id=a region=CN"])], &[]);
        assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01"), "one/1:a 10/2");
    }

    #[test]
    fn places_make_a_zone_narrower_than_any_country() {
        let set = set(
            vec![transport("one/1", &["factor_id=cn region=CN", "factor_id=cq region=CQ", "factor_id=out region=CQ>ASEAN"])],
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
        let set = set(vec![transport("one/1", &rows)], &["gwp_sets = [\"AR5\", \"CO2\", \"unstated\"]"]);
        assert_eq!(ask(&set, "USLAX NLRTM 2024-05-01"), "one/1:g 10/2 Q05");
        assert_eq!(ask(&set, "SGSIN MYPKG 2024-05-01"), "one/1:asean 10/2 Q05");
        assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01"), "one/1:home 10/2 Q19");
        assert_eq!(ask(&set, "CNCKG SGSIN 2024-05-01"), "one/1:lane 10/2 Q19");
    }

    #[test]
    fn sources_outside_the_profile_do_not_count() {
        let set =
            set(vec![transport("out/1", &["factor_id=cn region=CN gwp_set=AR6"]), transport("one/1", &["factor_id=g"])], &[]);
        assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01"), "one/1:g");
        assert_eq!(set.factors.len(), 1);
        assert_eq!(id(&set, "CNCKG CNQZH 2024-05-01 op:hub.terminal"), "NoRow");
    }
}

mod validity {
    use super::*;

    fn editions() -> Vec<DataFile> {
        vec![
            transport("one/1", &["factor_id=a region=CN valid_from=2023-01-01 valid_to=2024-01-01"]),
            transport(
                "one/2",
                &[
                    "factor_id=a region=CN valid_from=2024-01-01 valid_to=2025-01-01",
                    "factor_id=g valid_from=2020-01-01 valid_to=2023-06-01",
                ],
            ),
        ]
    }

    #[test]
    fn editions_are_half_open_to_the_day() {
        let set = set(editions(), &["after_last_edition = \"reject\""]);
        for (day, want) in [
            ("2022-12-31", "one/2:g"),
            ("2023-01-01", "one/1:a"),
            ("2023-12-31", "one/1:a"),
            ("2024-01-01", "one/2:a"),
            ("2024-12-31", "one/2:a"),
            ("2025-01-01", "NotValid"),
            ("2019-12-31", "NotValid"),
        ] {
            assert_eq!(id(&set, &format!("CNCKG CNQZH {day}")), want, "{day}");
        }
    }

    #[test]
    fn past_the_last_edition_the_latest_is_used_and_flagged() {
        let set = set(editions(), &[]);
        assert_eq!(ask(&set, "CNCKG CNQZH 2025-01-01"), "one/1:a 10/2 Q17", "source order comes before the later end");
        assert_eq!(ask(&set, "CNCKG SGSIN 2024-01-01"), "one/2:g 10/2 Q05|Q17");
        assert_eq!(ask(&set, "CNCKG CNQZH 2019-01-01"), "NotValid", "a factor that has not begun is not past its edition");
    }

    #[test]
    fn among_ended_ones_of_a_source_the_later_end_wins_before_or_after_region_by_preference() {
        let rows = [
            "factor_id=cn region=CN valid_to=2023-03-01",
            "factor_id=home region=HOME valid_from=2023-03-01 valid_to=2023-09-01",
            "factor_id=asia region=ASIA valid_to=2024-01-01",
        ];
        let narrow = set(vec![transport("one/1", &rows)], &[]);
        assert_eq!(id(&narrow, "CNCKG CNQZH 2025-01-01"), "one/1:home");
        let source = set(vec![transport("one/1", &rows)], &["prefer = \"source\""]);
        assert_eq!(id(&source, "CNCKG CNQZH 2025-01-01"), "one/1:asia");
        assert_eq!(id(&source, "CNCKG CNQZH 2023-02-01"), "one/1:cn");
    }

    #[test]
    fn validity_may_be_ignored_without_a_flag() {
        let set = set(editions(), &["ignore_validity = true"]);
        assert_eq!(ask(&set, "CNCKG CNQZH 1999-01-01"), "one/1:a 10/2");
        assert_eq!((set.epoch(0), set.epoch(30_000)), (0, 0));
    }

    #[test]
    fn answers_are_alike_on_all_days_of_an_epoch() {
        let set = set(editions(), &[]);
        let day = |t| crate::model::time::parse_date(t).unwrap();
        let (first, last) = (day("2019-06-01"), day("2026-06-01"));
        let answer = |d| ask(&set, &format!("CNCKG CNQZH {}", crate::model::time::date_text(d)));
        for d in first..last {
            if set.epoch(d) == set.epoch(d + 1) {
                assert_eq!(answer(d), answer(d + 1));
            }
        }
        assert_eq!(set.epoch(last) - set.epoch(first), 5);
    }
}

mod refrigerated {
    use super::*;

    #[test]
    fn a_refrigerated_factor_even_an_ended_one_comes_before_uplift() {
        let rows = ["factor_id=warm", "factor_id=cold temperature=refrigerated valid_to=2024-01-01"];
        let set = set(vec![transport("one/1", &rows)], &[]);
        assert_eq!(ask(&set, "CNCKG CNQZH 2023-05-01 cold"), "one/1:cold 10/2 Q05");
        assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01 cold"), "one/1:cold 10/2 Q05|Q17");
        assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01"), "one/1:warm 10/2 Q05");
    }

    #[test]
    fn both_parts_are_uplifted_half_to_even() {
        let rows = ["factor_id=warm operation_g=0.000000125 provision_g=7.5 valid_to=2024-01-01"];
        let set = set(vec![transport("one/1", &rows)], &["sea = \"1.1\""]);
        // 125 x 1.1 = 137.5 goes to the even 138.
        assert_eq!(ask(&set, "CNCKG CNQZH 2023-05-01 cold"), "one/1:warm 0.000000138/8.25 Q05|Q07");
        assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01 cold"), "one/1:warm 0.000000138/8.25 Q05|Q07|Q17");
    }

    #[test]
    fn without_an_uplift_for_the_mode_nothing_applies() {
        let set = set(vec![transport("one/1", &["factor_id=warm operation=road.truck"])], &[]);
        assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01 op:road.truck cold"), "NoUplift");
    }

    #[test]
    fn hubs_have_their_own_uplift() {
        let set = set(vec![hub("one/1", &["factor_id=t"])], &["sea = \"1.12\"\nhub = \"2\""]);
        assert_eq!(ask(&set, "CNQZH CNQZH 2024-05-01 op:hub.terminal cold"), "one/1:t 20/4 Q05|Q07");
    }
}

mod composing {
    use super::*;

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
        let set = set(vec![transport("one/1", &[&rail]), energy("two/1", &grid)], &["gwp_sets = [\"AR5\", \"CO2\"]"]);
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
        assert_eq!((&*cn.region, cn.composed.as_ref().unwrap().energy), ("CN", 3));
        assert_eq!(&*set.factors[2].region, "ASIA");
        assert_eq!(crate::model::time::date_text(cn.valid_from), "2023-06-01");
        assert_eq!(crate::model::time::date_text(cn.valid_to), "2024-01-01");
        for (question, want) in [
            ("CNCKG CNFLG 2023-07-01", "one/1:rail@two/1:cq 0/16 Q05"),
            ("CNCKG CNQZH 2023-07-01", "one/1:rail@two/1:cn 0/22.02 Q05"),
            ("CNCKG CNQZH 2024-07-01", "one/1:rail@two/1:world 0/19.2 Q05|Q19"),
            ("CNCKG CNQZH 2023-05-01", "NotValid"),
        ] {
            assert_eq!(ask(&set, &format!("{question} op:rail.electric")), want, "{question}");
        }
    }

    #[test]
    fn the_transport_row_ranks_before_the_energy_row() {
        let rows = [format!("{RAIL} region=CN"), RAIL.replace("=rail ", "=wide ")];
        let grid = ["energy_id=cq region=CQ", "energy_id=cn region=CN"];
        let set = set(
            vec![transport("one/1", &[&rows[0], &rows[1]]), energy("two/1", &grid), energy("one/2", &["energy_id=cn region=CN"])],
            &[],
        );
        assert_eq!(id(&set, "CNCKG CNQZH 2024-01-01 op:rail.electric"), "one/1:rail@two/1:cn", "source order of the energy row");
        assert_eq!(id(&set, "CNCKG CNFLG 2024-01-01 op:rail.electric"), "one/1:rail@two/1:cq", "narrower energy row");
    }

    #[test]
    fn kwh_and_mj_convert_exactly_and_products_round_half_to_even() {
        let mj = "factor_id=mj operation=rail.electric energy_carrier=electricity energy_quantity=1 energy_unit=MJ";
        let kwh = "factor_id=kwh operation=rail.electric energy_carrier=electricity energy_quantity=0.5 energy_unit=kWh valid_from=2024-01-01";
        let grid = ["energy_id=a provision_g=0.000000009", "energy_id=b per=MJ provision_g=0.000000005", "energy_id=c per=kg"];
        let until = format!("{mj} valid_to=2024-01-01");
        let set = set(vec![transport("one/1", &[&until, kwh]), energy("two/1", &grid)], &[]);
        let figures: Vec<_> =
            set.factors.iter().filter(|f| f.composed.is_some()).map(|f| (&*f.id, f.intensity_provision)).collect();
        // 9 / 3.6 = 2.5 -> 2; 5; 9 / 2 = 4.5 -> 4; 0.5 x 3.6 x 5 = 9.
        assert_eq!(
            figures,
            [("one/1:mj@two/1:a", 2), ("one/1:mj@two/1:b", 5), ("one/1:kwh@two/1:a", 4), ("one/1:kwh@two/1:b", 9)]
        );
    }

    #[test]
    fn a_row_without_an_energy_row_and_values_beyond_the_limit_are_told() {
        let big = RAIL.replace("0.04", "999999");
        let (_, faults) = build(vec![transport("one/1", &[&big]), energy("two/1", &["energy_id=a provision_g=999999999"])], &[]);
        assert_eq!(places(&faults), ["one/1/transport.csv:2 energy_quantity", "one/1/transport.csv:2 energy_carrier"]);
        let (_, faults) = build(vec![transport("one/1", &["factor_id=x operation_g=999999999 provision_g=0"])], &[]);
        assert_eq!(places(&faults), ["one/1/transport.csv:2"], "the uplift leaves the range");
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
            vec![one, energy("two/1", &["energy_id=world2", "energy_id=diesel energy_carrier=diesel per=l"])],
            &["prefer = \"source\""],
        );
        let ask = |carrier, unit, question| ask_energy(&set, carrier, unit, question);
        let text = |t: &str| Some(t.to_owned());
        assert_eq!(ask("electricity", EnergyUnit::KWh, "CNCKG CNQZH 2023-05-01"), text("one/1:cn 1/1"));
        assert_eq!(ask("electricity", EnergyUnit::Mj, "CNCKG CNQZH 2023-05-01"), text("one/1:cn 5/18"));
        assert_eq!(ask("electricity", EnergyUnit::KWh, "CNCKG CNQZH 2024-05-01"), text("one/1:mj 18/5"));
        assert_eq!(ask("electricity", EnergyUnit::KWh, "CNCKG SGSIN 2024-05-01"), text("one/1:world 1/1 Q05"));
        assert_eq!(ask("diesel", EnergyUnit::Kg, "CNCKG CNQZH 2024-05-01"), None);
        assert_eq!(ask("diesel", EnergyUnit::Litre, "CNCKG CNQZH 2024-05-01"), text("two/1:diesel 1/1 Q05"));
        assert_eq!(ask("coal", EnergyUnit::Kg, "CNCKG CNQZH 2024-05-01"), None);
        assert_eq!(ask("", EnergyUnit::Kg, "CNCKG CNQZH 2024-05-01"), None);
    }

    #[test]
    fn primary_energy_past_its_last_edition() {
        let rows = || {
            vec![energy(
                "one/1",
                &["energy_id=a region=CN valid_to=2023-06-01", "energy_id=b region=CN valid_from=2023-06-01 valid_to=2024-01-01"],
            )]
        };
        let question = "CNCKG CNQZH 2025-05-01";
        let answer = ask_energy(&set(rows(), &[]), "electricity", EnergyUnit::KWh, question);
        assert_eq!(answer.as_deref(), Some("one/1:b 1/1 Q17"));
        assert_eq!(
            ask_energy(&set(rows(), &["after_last_edition = \"reject\""]), "electricity", EnergyUnit::KWh, question),
            None
        );
    }
}

mod explaining {
    use super::*;

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
        let set = set(vec![transport("one/1", &rows), transport("two/1", &["factor_id=second region=CN carrier=MAEU"])], &[]);
        let query = query(&set, "CNCKG CNQZH 2024-05-01 carrier:MAEU");
        let verdicts: Vec<_> = set
            .candidates(&query)
            .into_iter()
            .map(|c| (set.factors[c.factor as usize].id.split(':').nth(1).unwrap().to_owned(), c.verdict))
            .collect();
        use Verdict::*;
        let want = [
            ("winner", Chosen),
            ("zz", Outranked("id")),
            ("second", Outranked("source order")),
            ("wide", Outranked("region wider")),
            ("any", Outranked("not specific to the carrier")),
            ("old", Outranked("validity ended, where a valid factor applies")),
            ("other", Excluded("carrier")),
            ("cold", Excluded("temperature")),
            ("far", Excluded("region does not cover the movement")),
            ("next", Excluded("not valid on the date")),
            ("lng", Excluded("energy carrier")),
        ];
        assert_eq!(verdicts, want.map(|(id, v)| (id.to_owned(), v)));
        let rank = &set.candidates(&query)[0].rank;
        assert!(
            rank.contains(&("region", "CN (1 pair)".to_owned())) && rank.contains(&("source", "1: one/1".to_owned())),
            "{rank:?}"
        );
    }
}

mod checking {
    use super::*;

    #[test]
    fn all_faults_of_a_library_come_at_once() {
        let rows = [
            "factor_id=a@b",
            "factor_id=dup",
            "factor_id=dup region=CN",
            "factor_id=c operation=sea.unknown region=SG",
            "factor_id=d operation=hub.terminal",
            "factor_id=e region=CN<SG temperature=cold per=t distance_basis=sailed data_category=guess valid_from=2024-13-01 gwp_set=AR7",
            "factor_id=f operation_g=-1 provision_g=1e3 region=MY",
            "factor_id=g operation_g=1 region=TH",
            "factor_id=h region=CN valid_from=2024-01-01 valid_to=2024-01-01",
            "factor_id=i region=VN operation_g=1 provision_g=1 energy_quantity=1 energy_unit=kg energy_carrier=diesel",
            "factor_id=j region=LA energy_quantity=1",
            "factor_id=k region=KZ operation_g=1.0000000001 provision_g=1 load_factor=60% empty_share=1.1",
        ];
        let found = faults(vec![transport("one/1", &rows)]);
        let want = [
            "2 factor_id",
            "4 factor_id",
            "5 operation",
            "6 operation",
            "7 region",
            "7 per",
            "7 valid_from",
            "7 gwp_set",
            "7 temperature",
            "7 distance_basis",
            "7 data_category",
            "8 operation_g",
            "8 provision_g",
            "9 provision_g",
            "10 valid_to",
            "11 energy_quantity",
            "12 energy_unit",
            "12 energy_carrier",
            "13 operation_g",
            "13 load_factor",
            "13 empty_share",
        ];
        let want: Vec<_> = want.iter().map(|w| format!("one/1/transport.csv:{w}")).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn rows_of_an_edition_must_not_overlap_for_one_key() {
        let rows = [
            "factor_id=a region=CN<>SG valid_to=2024-01-02",
            "factor_id=b region=SG<>CN per=teukm valid_from=2024-01-01",
            "factor_id=c region=CN<>SG valid_from=2022-01-01 valid_to=2023-01-01",
            "factor_id=d region=CN<>SG temperature=refrigerated",
            "factor_id=e region=CN<>SG carrier=MAEU",
        ];
        assert_eq!(faults(vec![transport("one/1", &rows)]), ["one/1/transport.csv:3 valid_from"]);
        assert!(
            faults(vec![transport("one/1", &rows[..1]), transport("one/2", &rows[1..2])]).is_empty(),
            "between editions order decides"
        );
        let grid = ["energy_id=a", "energy_id=b", "energy_id=c per=MJ", "energy_id=d region=CN"];
        assert_eq!(faults(vec![energy("one/1", &grid)]), ["one/1/energy.csv:3 valid_from"]);
    }

    #[test]
    fn ids_are_unique_over_the_tables_of_an_edition() {
        let found = faults(vec![
            transport("one/1", &["factor_id=x"]),
            hub("one/1", &["factor_id=x"]),
            hub("one/2", &["factor_id=x"]),
            energy("one/1", &["energy_id=x"]),
        ]);
        assert_eq!(found, ["one/1/hub.csv:2 factor_id", "one/1/transport.csv:2 factor_id"]);
    }

    #[test]
    fn folders_and_rows_of_sources_belong_together() {
        let mut files = files(vec![transport("lost/9", &["factor_id=x"])]);
        files.retain(|f| !f.path.starts_with("out/"));
        files.push(DataFile::new("one/1/transports.csv", ""));
        files.push(DataFile::new("stray.csv", ""));
        let (_, faults) = Library::parse(&files);
        assert_eq!(places(&faults), ["lost/9:0", "one/1/transports.csv:0", "stray.csv:0", "sources.csv:5 edition"]);
    }

    #[test]
    fn sources_and_operations_are_checked() {
        let mut files = files(vec![]);
        for file in &mut files {
            match file.path.as_str() {
                "sources.csv" => file.bytes.extend_from_slice(b"one,1,T,,2026-02-30,,CC0,maybe,AR9\na:b,1,,,,,CC0,yes,AR5\n"),
                "operations.csv" => file.bytes.extend_from_slice(
                    b"sea.feeder,sea,transport,,x,\nsea.x,rail,hub,,x,\nship.y,ship,boat,,x,\nrail.,rail,transport,,x,\n",
                ),
                _ => {}
            }
        }
        let (_, faults) = Library::parse(&files);
        let want = [
            "sources.csv:6 edition",
            "sources.csv:6 published_on",
            "sources.csv:6 redistributable",
            "sources.csv:6 gwp_set",
            "sources.csv:7 title",
            "sources.csv:7 source",
            "operations.csv:6 operation",
            "operations.csv:7 kind",
            "operations.csv:7 operation",
            "operations.csv:8 mode",
            "operations.csv:8 kind",
            "operations.csv:9 operation",
        ];
        assert_eq!(places(&faults), want);
        assert_eq!(places(&Library::parse(&[]).1), ["sources.csv:0", "operations.csv:0"]);
    }

    #[test]
    fn unknown_missing_and_repeated_columns_are_errors() {
        let text = "factor_id,operation,region,temperature,per,distance_basis,valid_from,colour,per\n";
        let (_, faults) = Library::parse(&files(vec![DataFile::new("one/1/transport.csv", text)]));
        let want = ["1 colour", "1 per", "1 data_category"].map(|w| format!("one/1/transport.csv:{w}"));
        assert_eq!(places(&faults), want);
    }

    #[test]
    fn regions_are_checked_against_zones_for_every_source() {
        let (_, faults) = build(vec![transport("out/1", &["factor_id=a region=MARS", "factor_id=b region=CN>EU"])], &[]);
        assert_eq!(places(&faults), ["out/1/transport.csv:2 region", "out/1/transport.csv:3 region"]);
    }

    #[test]
    fn gwp_sets_never_mix_unless_listed() {
        let rows = || vec![transport("one/1", &["factor_id=a gwp_set=AR6"]), energy("two/1", &["energy_id=b gwp_set=CO2"])];
        let (_, faults) = build(rows(), &[]);
        assert_eq!(places(&faults), ["one/1/transport.csv:2 gwp_set", "two/1/energy.csv:2 gwp_set"]);
        assert!(build(rows(), &["gwp_sets = [\"AR6\", \"CO2\"]"]).1.is_empty());
    }

    #[test]
    fn gaps_between_editions_of_a_source_are_warnings() {
        let (_, faults) = build(
            vec![
                transport("one/1", &["factor_id=a valid_to=2024-01-01", "factor_id=b region=CN valid_to=2024-01-01"]),
                transport("one/2", &["factor_id=a valid_from=2024-02-01", "factor_id=b region=CN valid_from=2024-01-01"]),
                transport("two/1", &["factor_id=a valid_from=2030-01-01"]),
            ],
            &[],
        );
        assert_eq!(places(&faults), ["one/2/transport.csv:2 valid_from"]);
        assert_eq!(faults[0].severity, Severity::Warning);
    }
}

mod profiles {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let (profile, faults) = Profile::parse("p", &DataFile::new("profiles/p.toml", text));
        assert_eq!(profile.is_none(), faults.iter().any(|f| f.severity == Severity::Error));
        faults.iter().map(|f| format!("{} {}", f.line, f.column)).collect()
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
        use crate::model::mode::{Basis, Mode};
        assert_eq!(profile.default_mass_per_teu_g, 10_000_000);
        assert_eq!(profile.refrigerated_uplift, [None, None, Some(1_120_000), None, None, Some(1_500_000)]);
        assert_eq!(profile.adjustment(Mode::Air, Basis::Gcd, Basis::Actual), Some(Adjustment::AddMetres(-95_500)));
        assert_eq!(profile.adjustment(Mode::Sea, Basis::Sfd, Basis::Actual), Some(Adjustment::Ratio(1_150_000)));
        assert_eq!(profile.adjustment(Mode::Sea, Basis::Actual, Basis::Sfd), None);
        assert_eq!((profile.hub[0].before, profile.hub[0].after), (HubEnd::Edge, HubEnd::Mode(Mode::Sea)));
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
        let mut missing: Vec<_> = want.iter().filter(|w| !found.iter().any(|f| f == *w)).collect();
        missing.sort();
        assert!(missing.is_empty() && found.len() == want.len(), "missing {missing:?} in {found:#?}");
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
        let text = profile(&changes) + "[[hub]]\nbefore = \"sea\"\nafter = \"rail\"\noperation = \"sea.feeder\"\n";
        let (library, _) = Library::parse(&files(vec![]));
        let (profile, found) = Profile::parse("p", &DataFile::new("profiles/p.toml", text));
        assert!(found.is_empty(), "{found:?}");
        let (_, faults) = FactorSet::build(&library, &profile.unwrap(), &Zones::default());
        let columns: Vec<_> = faults.iter().map(|f| (f.column.as_str(), f.found.as_str())).collect();
        let want = [
            ("sources", "three/1"),
            ("default_operation.road", "road.none"),
            ("default_operation.sea", "rail.electric"),
            ("hub.operation", "sea.feeder"),
        ];
        assert_eq!(columns, want);
    }
}
