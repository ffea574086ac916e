//! Limits, patterns and carried columns of a run file, and what is refused of them.

use super::tests::*;
use crate::run::plan::*;

#[test]
fn limits_and_the_rule_for_later_files_are_part_of_the_plan() {
    let plain = resolve("movements = ['m']", &Flags::default()).unwrap();
    let text = "movements = ['m']\n[duplicates]\nlater_file_wins = '%Y-%m-%d'\n[limits]\nmax_change = '250%'\n\
                [limits.codes]\nR012 = '1%'\nR008 = 3\n";
    let plan = resolve(text, &Flags::default()).unwrap();
    assert_eq!(plan.origin("duplicates.later_file_wins"), Origin::File(3));
    assert_eq!(plan.origin("limits.codes.R012"), Origin::File(7));
    assert_eq!(plan.limits.max_change, Some(Change(2_500_000)));
    assert_eq!(plan.limits.codes["R008"], CodeLimit::Rows(3));
    assert_ne!(plan.canonical_json(), plain.canonical_json());
    for key in ["later_file_wins", "reject_limits", "max_change"] {
        assert!(!plain.canonical_json().contains(key), "{key}");
        assert!(plan.canonical_json().contains(key), "{key}");
    }
    for plan in [&plan, &plain] {
        let again = resolve(&plan.to_string(), &Flags::default()).unwrap();
        assert_eq!(again.canonical_json(), plan.canonical_json());
    }
    let off = Flags {
        max_change: Some(None),
        ..Flags::default()
    };
    let off = resolve(text, &off).unwrap();
    assert_eq!(off.limits.max_change, None);
    assert_eq!(
        off.origin("limits.max_change"),
        Origin::Flag("--max-change")
    );
    for (keys, wanted) in [
        (
            "[duplicates]\nlater_file_wins = 'mtime'",
            "duplicates.later_file_wins",
        ),
        ("[duplicates]\nlater_wins = 'path'", "later_wins"),
        ("[limits]\nmax_change = '0.5'", "limits.max_change"),
        ("[limits.codes]\nR099 = 1", "limits.codes.R099"),
        ("[limits.codes]\nR012 = '1'", "limits.codes.R012"),
        ("[limits.codes]\nR012 = 0.5", "limits.codes.R012"),
        ("[limits.codes]\nR012 = -1", "limits.codes.R012"),
    ] {
        let fault = fault(&format!("movements = ['m']\n{keys}\n"));
        assert!(fault.contains(wanted), "{keys}: {fault}");
    }
}

#[test]
fn the_output_root_of_a_refused_plan_is_known_where_it_is_stated() {
    let stated = |text: &str, flags: &Flags| {
        let named = Some((Path::new(PATH), text.as_bytes()));
        Plan::stated_out(named, flags, &here())
    };
    let flags = Flags {
        out: Some("said".into()),
        ..Flags::default()
    };
    assert_eq!(stated("out = 1 =", &flags), Some("said".into()));
    assert_eq!(
        stated("out = '../there'\nunknown = 1", &Flags::default()),
        Some("data/../there".into())
    );
    for broken in [
        "out = '../there'\n[formats\n",
        "out = '../there'\nmovements = [m]\n[limits]\n",
    ] {
        assert_eq!(
            stated(broken, &Flags::default()),
            Some("data/../there".into()),
            "{broken}"
        );
    }
    for unknown in [
        "movements = []",
        "out = 7",
        "[formats\nout = '../there'",
        "[limits]\nout = '../there'\n[",
        "out = ''",
    ] {
        assert_eq!(stated(unknown, &Flags::default()), None, "{unknown}");
    }
}

#[test]
fn what_is_excluded_is_part_of_the_plan() {
    let plain = resolve("movements = ['m']", &Flags::default()).unwrap();
    let text = "movements = ['m']\nexclude = ['m/archive', '**/draft*']";
    let plan = resolve(text, &Flags::default()).unwrap();
    let written: Vec<_> = plan.exclude.iter().map(|p| p.written.as_str()).collect();
    assert_eq!(written, ["m/archive", "**/draft*"]);
    assert_eq!(plan.origin("exclude"), Origin::File(2));
    assert!(
        plan.canonical_json()
            .contains(r#""exclude":["m/archive","**/draft*"]"#)
    );
    assert!(!plain.canonical_json().contains("exclude"));
    let again = resolve(&plan.to_string(), &Flags::default()).unwrap();
    assert_eq!(again.canonical_json(), plan.canonical_json());
    assert!(fault("movements = ['m']\nexclude = ['']").contains("run.toml:2: exclude: \"\""));
}

#[test]
fn keys_of_csv_files_and_numbers() {
    let plain = resolve("movements = ['m']", &Flags::default()).unwrap();
    assert!(!plain.canonical_json().contains("csv"));
    assert!(!plain.canonical_json().contains("exponents"));
    let text =
        "movements = ['m']\n[formats]\nexponents = 'read'\n[csv]\nhead_row = 4\nskip_footer = 2";
    let plan = resolve(text, &Flags::default()).unwrap();
    assert_eq!(
        (plan.mapping.head_row, plan.mapping.skip_footer),
        (Some(4), 2)
    );
    assert!(plan.mapping.reads_exponents);
    assert_eq!(plan.origin("csv.head_row"), Origin::File(5));
    for part in [
        r#""csv":{"head_row":4,"skip_footer":2}"#,
        r#""exponents":"read""#,
    ] {
        assert!(plan.canonical_json().contains(part), "{part}");
    }
    let again = resolve(&plan.to_string(), &Flags::default()).unwrap();
    assert_eq!(again.canonical_json(), plan.canonical_json());
    let wrong = fault("movements = ['m']\n[csv]\nhead_row = 0");
    assert!(
        wrong.contains("run.toml:3: csv.head_row: 0: expected 1 to 1000 lines"),
        "{wrong}"
    );
}

#[test]
fn patterns_that_contradict_each_other_are_refused() {
    let run = |formats: &str| format!("movements = ['m']\n[formats]\n{formats}");
    let wrong = fault(&run("timestamp = ['%d/%m/%Y', '%m/%d/%Y']"));
    assert!(
        wrong.contains("run.toml:3: formats.timestamp: \"%d/%m/%Y\" and \"%m/%d/%Y\" read")
            && wrong.contains("[formats.timestamp_by_column]"),
        "{wrong}"
    );
    let own = "timestamp_by_column = { departed_at = ['%d/%m/%Y'], arrived_at = ['%m/%d/%Y'] }";
    assert!(resolve(&run(own), &Flags::default()).is_ok());
    let both = "timestamp_by_column = { departed_at = ['%d/%m/%Y', '%m/%d/%Y'] }";
    assert!(fault(&run(both)).contains("formats.timestamp_by_column.departed_at: "));
    assert!(resolve(&run("timestamp = ['%d/%m/%Y', 'excel']"), &Flags::default()).is_ok());
    assert!(fault(&run("timestamp = ['excel', 'excel-1904']")).contains("as different times"));
}

#[test]
fn a_question_in_the_place_of_a_value_is_refused_with_its_key() {
    let text = "movements = ['m']\nout = 'a?b'\n[columns]\nmode = '?'\ncarrier = 'why?'\n[formats]\nzone = \"?\"\n\
        timestamp_by_column.departed_at = ['?']\n[xlsx]\nhead_row = '?'\n";
    let all = fault(text);
    let wanted = "data/run.toml:4: columns.mode is still open; data/run.toml:7: formats.zone is still open; \
        data/run.toml:8: formats.timestamp_by_column.departed_at is still open; data/run.toml:10: xlsx.head_row is still open; ";
    assert!(all.starts_with(wanted), "{all}");
    let codes = fault(
        "movements = ['m']\n[values.origin]\nfile = 'open.csv'\n[values.carrier]\nfile = 'open.csv'\n",
    );
    for part in [
        "data/open.csv:3: value \"B\": its code is still open; 1 more in this file; write the code of carrier",
        "write the code of origin",
    ] {
        assert!(codes.contains(part), "{codes}");
    }
}

#[test]
fn a_distance_unit_changes_the_id_only_where_it_is_said() {
    let canonical = |keys: &str| {
        let plan = resolve(
            &format!("movements = ['m']\n[formats]\n{keys}"),
            &Flags::default(),
        );
        plan.unwrap().canonical_json()
    };
    let (without, said) = (canonical(""), canonical("distance_unit = 'km'"));
    assert_eq!(without, said);
    assert!(!without.contains("distance_unit"), "{without}");
    assert!(canonical("distance_unit = 'nmi'").contains("nmi"));
    assert!(
        fault("movements = ['m']\n[formats]\ndistance_unit = 'miles'")
            .contains("formats.distance_unit")
    );
}

#[test]
fn a_fault_of_a_run_file_has_its_place() {
    let text = "profile = \"open\"\n\n[limits]\nmax_reject_share = \"101%\" # too much\n";
    let error = resolve(text, &Flags::default()).unwrap_err();
    let place = error.place().unwrap();
    assert_eq!((place.file.as_str(), place.line), (PATH, Some(4)));
    assert_eq!(place.column.as_deref(), Some("limits.max_reject_share"));
    assert_eq!(place.found.as_deref(), Some("\"101%\""));
    assert!(
        error
            .to_string()
            .ends_with(place.wanted.as_deref().unwrap())
    );
}

#[test]
fn a_run_file_of_faults_is_told_in_a_sentence() {
    let columns: String = (0..80).map(|n| format!("x{n} = 'y'\n")).collect();
    let told = fault(&format!("movements = ['m']\n[columns]\n{columns}"));
    assert!(told.ends_with("; and 30 more"), "{told}");
    let patterns: Vec<String> = (0..101).map(|n| format!("'{n}-%Y-%m-%d'")).collect();
    let told = fault(&format!(
        "movements = ['m']\n[formats]\ntimestamp = [{}]",
        patterns.join(",")
    ));
    assert!(
        told.contains("101 patterns, expected at most 100"),
        "{told}"
    );
}

#[test]
fn carried_columns_have_names_of_their_own() {
    let plan = |carry: &str| {
        resolve(
            &format!("movements = ['m']\n[carry]\n{carry}"),
            &Flags::default(),
        )
    };
    let carried = plan("customer = 'Customer name'\nb2 = 'SCAC'").unwrap();
    let names: Vec<(&str, &str)> = (carried.mapping.carried.iter())
        .map(|carried| (carried.name, carried.theirs.as_str()))
        .collect();
    assert_eq!(names, [("b2", "SCAC"), ("customer", "Customer name")]);
    assert!(
        (carried.canonical_json()).contains(r#""carry":{"b2":"SCAC","customer":"Customer name"}"#)
    );
    assert!(carried.to_string().contains("\n[carry]\nb2 = \"SCAC\" "));
    // Runs without it keep their ids.
    let without = resolve("movements = ['m']\n", &Flags::default()).unwrap();
    assert!(!without.canonical_json().contains("carry"));
    for name in [
        "mode",
        "box_share",
        "corridor_id",
        "factor_id",
        "code",
        "run_id",
        "Kunde",
        "_file",
        "1st",
        "a-b",
        &"a".repeat(41),
    ] {
        let told = plan(&format!("\"{name}\" = 'x'")).unwrap_err().to_string();
        assert!(told.contains(&format!("carry.{name}: ")), "{told}");
    }
    assert!(plan("customer = ''").is_err());
    let many = |count: usize| {
        (0..count)
            .map(|n| format!("c{n} = 'x{n}'\n"))
            .collect::<String>()
    };
    assert!(plan(&many(32)).is_ok());
    let told = plan(&many(33)).unwrap_err().to_string();
    assert!(told.contains("expected at most 32 columns"), "{told}");
}
