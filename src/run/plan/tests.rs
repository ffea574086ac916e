//! What a run file and flags resolve to, and what is refused.

use crate::error::ErrorKind;
use crate::run::plan::*;

const PATH: &str = "data/run.toml";

fn here() -> Surroundings {
    Surroundings {
        working_directory: "/srv/night".into(),
        cores: 4,
        memory_bytes: 16 << 30,
        plain: |path| path.to_owned(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    match path.to_str() {
        Some("data/sites.csv") => {
            Ok(b"\xef\xbb\xbfvalue,code\r\n\"Chongqing, TJC\",CNCKG\n Singapore ,SGSIN\n".to_vec())
        }
        Some("data/conflict.csv") => Ok(b"value,code\nA,CNCKG\nA,SGSIN\n".to_vec()),
        Some("data/open.csv") => Ok(b"value,code\nA,CNCKG\nB,?\nC,?SGSIN\n".to_vec()),
        Some("data/headless.csv") => Ok(b"A,CNCKG\n".to_vec()),
        _ => Err(Error::Input(format!("{}: no such file", path.display()))),
    }
}

fn resolve(text: &str, flags: &Flags) -> Result<Plan> {
    Plan::resolve(
        Some((Path::new(PATH), text.as_bytes())),
        flags,
        &here(),
        &read,
    )
}

fn fault(text: &str) -> String {
    match resolve(text, &Flags::default()) {
        Err(error) if error.kind() == ErrorKind::Usage => error.to_string(),
        other => panic!("{text}: expected a usage error, got {other:?}"),
    }
}

const FULL: &str = r#"movements = ["movements/*.csv", "more"]
factors = "../lib"
profile = "glec"
reference = "ref"
locations = ["a.csv"]
out = "/srv/out"

[limits]
max_reject_share = "0.5%"
min_rows = 12
memory = "2GiB"

[columns]
movement_id = "id"
[values.origin]
file = "sites.csv"
[formats]
encoding = "gb18030"
delimiter = ";"
decimal = ","
thousands = "."
timestamp = ["%d-%b-%y"]
timestamp_by_column = { departed_at = ["%Y/%m/%d %H:%M"] }
zone = "Asia/Shanghai"
excess_decimals = "reject"
mass_unit = "lb"
[constants]
load_status = "laden"
"#;

#[test]
fn every_key_arrives_with_its_line() {
    let plan = resolve(FULL, &Flags::default()).unwrap();
    assert_eq!(plan.folder, Path::new("data"));
    assert_eq!(
        plan.movements[1],
        Pattern {
            written: "more".into(),
            search: "more".into()
        }
    );
    assert_eq!(
        plan.factors,
        PlanPath {
            written: "../lib".into(),
            path: "data/../lib".into()
        }
    );
    assert_eq!(plan.out.path, Path::new("/srv/out"));
    assert_eq!(
        (
            plan.limits.max_reject_share,
            plan.limits.min_rows,
            plan.limits.memory_bytes
        ),
        (Share(5_000), 12, 2 << 30)
    );
    assert_eq!(plan.mapping.values["origin"]["Chongqing, TJC"], "CNCKG");
    assert_eq!(plan.mapping.values["origin"]["Singapore"], "SGSIN");
    assert_eq!(plan.mapping.encoding, encoding_rs::GB18030);
    assert_eq!(
        (
            plan.mapping.delimiter,
            plan.mapping.decimal,
            plan.mapping.thousands
        ),
        (b';', b',', Some('.'))
    );
    assert_eq!(
        plan.mapping.zone.as_ref().and_then(|z| z.iana_name()),
        Some("Asia/Shanghai")
    );
    assert!(plan.mapping.reject_excess_decimals);
    assert_eq!(
        (
            plan.origin("limits.min_rows"),
            plan.origin("values.origin.file")
        ),
        (Origin::File(10), Origin::File(16))
    );
    assert_eq!(
        (plan.origin("constants.load_status"), plan.origin("threads")),
        (Origin::File(28), Origin::Default)
    );
}

#[test]
fn flags_win_and_are_named_as_the_run_file_would() {
    let flags = Flags {
        movements: vec!["data/movements/*.csv".into(), "../late.csv".into()],
        factors: Some("lib".into()),
        out: Some("elsewhere".into()),
        max_reject_share: Some(Share(10_000)),
        keep: Some(3),
        ..Flags::default()
    };
    let plan = resolve(FULL, &flags).unwrap();
    let written: Vec<_> = plan.movements.iter().map(|p| p.written.as_str()).collect();
    assert_eq!(written, ["movements/*.csv", "../../late.csv"]);
    let searched: Vec<_> = plan.movements.iter().map(|p| p.search.as_str()).collect();
    assert_eq!(
        searched,
        ["/srv/night/data/movements/*.csv", "/srv/night/../late.csv"]
    );
    assert_eq!(
        plan.factors,
        PlanPath {
            written: "../lib".into(),
            path: "lib".into()
        }
    );
    assert_eq!(plan.limits.max_reject_share, Share(10_000));
    assert_eq!(
        (plan.keep, plan.origin("keep")),
        (Some(3), Origin::Flag("--keep"))
    );
    assert_eq!(plan.profile, "glec");
}

#[test]
fn defaults_are_those_of_the_documented_layout() {
    let plan = resolve("movements = ['m.csv']", &Flags::default()).unwrap();
    assert_eq!(
        (plan.factors.path.to_str(), plan.reference.path.to_str()),
        (Some("data/../emission_factors"), Some("data/."))
    );
    assert_eq!(
        (plan.profile.as_str(), plan.out.path.to_str()),
        ("open", Some("data/../out"))
    );
    assert_eq!(
        (
            plan.limits.max_reject_share,
            plan.limits.memory_bytes,
            plan.threads
        ),
        (Share(50_000), 8 << 30, 4)
    );
    assert_eq!((plan.keep, plan.mapping.zone.is_none()), (None, true));

    let flags = Flags {
        movements: vec!["m.csv".into()],
        ..Flags::default()
    };
    let plan = Plan::resolve(None, &flags, &here(), &read).unwrap();
    assert_eq!(
        (plan.factors.path.to_str(), plan.reference.path.to_str()),
        (Some("emission_factors"), Some("data"))
    );
    assert_eq!(
        (plan.folder.to_str(), plan.out.path.to_str()),
        (Some("."), Some("out"))
    );
}

#[test]
fn the_run_file_is_found_or_missed_with_advice() {
    let flags = Flags::default();
    assert_eq!(
        Plan::run_file(&flags, &|_| Ok(true)).unwrap(),
        Some(DEFAULT_RUN_FILE.into())
    );
    let error = Plan::run_file(&flags, &|_| Ok(false)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let text = error.message();
    assert!(
        text.contains("data/run.toml") && text.contains("init"),
        "{text}"
    );
    let flags = Flags {
        movements: vec!["m.csv".into()],
        ..Flags::default()
    };
    assert_eq!(Plan::run_file(&flags, &|_| Ok(false)).unwrap(), None);
}

#[test]
fn faults_name_file_line_and_key() {
    for (text, wanted) in [
        (
            "movements = ['m']\nfoo = 1",
            "data/run.toml:2: unknown field `foo`",
        ),
        (
            "movements = ['m']\n[limits]\nmax = 1",
            "data/run.toml:3: unknown field `max`",
        ),
        ("movements = 'm'", "data/run.toml:1: invalid type"),
        ("movements = ['m'", "data/run.toml:1: "),
        ("", "data/run.toml: movements: expected at least one"),
        (
            "movements = ['m']\n[limits]\nmax_reject_share = '500%'",
            "data/run.toml:3: limits.max_reject_share: \"500%\"",
        ),
        (
            "movements = ['m']\n[limits]\nmin_rows = -1",
            "data/run.toml:3: invalid value",
        ),
        (
            "movements = ['m']\n[columns]\ntonnes = 'x'",
            "data/run.toml:3: columns.tonnes: no such column",
        ),
        (
            "movements = ['m']\n[values.colour]\nfile = 'sites.csv'",
            "data/run.toml:3: values.colour.file: no such column",
        ),
        (
            "movements = ['m']\n[formats]\nencoding = 'klingon'",
            "formats.encoding",
        ),
        (
            "movements = ['m']\n[formats]\nencoding = 'iso-2022-kr'",
            "formats.encoding",
        ),
        (
            "movements = ['m']\n[formats]\ndelimiter = ';;'",
            "formats.delimiter",
        ),
        (
            "movements = ['m']\n[formats]\nthousands = '.'",
            "the same as the decimal mark",
        ),
        (
            "movements = ['m']\n[formats]\ntimestamp = ['%d-%b']",
            "it gives no date",
        ),
        (
            "movements = ['m']\n[formats]\ntimestamp = ['%!']",
            "not a timestamp pattern",
        ),
        (
            "movements = ['m']\n[formats]\ntimestamp_by_column = { mode = ['%Y'] }",
            "expected one of departed_at",
        ),
        (
            "movements = ['m']\n[formats]\nzone = 'Mars/Base'",
            "formats.zone",
        ),
        (
            "movements = ['m']\n[formats]\nmass_unit = 'st'",
            "formats.mass_unit",
        ),
        (
            "movements = ['m']\n[values.mode]\nfile = 'conflict.csv'",
            "data/conflict.csv:3: value \"A\"",
        ),
        (
            "movements = ['m']\n[values.mode]\nfile = 'headless.csv'",
            "data/headless.csv:1: expected the header",
        ),
        (
            "movements = ['m']\nprofile = '../x'",
            "data/run.toml:2: profile",
        ),
        ("movements = ['']", "movements: \"\": expected a path"),
    ] {
        let found = fault(text);
        assert!(
            found.contains(wanted),
            "{text}\nfound:  {found}\nwanted: {wanted}"
        );
        assert!(!found.contains('\n'), "{found}");
    }
    let both = fault("movements = ['m']\n[formats]\nzone = 'x'\nmass_unit = 'y'");
    assert!(
        both.contains("formats.zone") && both.contains("formats.mass_unit"),
        "{both}"
    );
}

#[test]
fn an_unreadable_value_file_is_the_readers_error() {
    let found = resolve(
        "movements = ['m']\n[values.mode]\nfile = 'none.csv'",
        &Flags::default(),
    );
    assert_eq!(found.unwrap_err().kind(), ErrorKind::Input);
}

#[test]
fn the_printed_plan_names_origins_and_reads_back() {
    let flags = Flags {
        out: Some("elsewhere".into()),
        threads: Some(2),
        ..Flags::default()
    };
    let text = resolve(FULL, &flags).unwrap().to_string();
    for wanted in [
        "# from data/run.toml:9",
        "# from --out; opened as elsewhere",
        "# threads = 2 ",
        "# from --threads",
        "# from default",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    let again = resolve(&text, &Flags::default()).unwrap();
    assert_eq!(
        again.canonical_json(),
        resolve(FULL, &flags).unwrap().canonical_json()
    );
}

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
fn the_canonical_plan_knows_nothing_of_place_and_machine() {
    let flags = Flags {
        out: Some("x".into()),
        threads: Some(9),
        keep: Some(1),
        dry_run: true,
        rebuild: true,
        ..Flags::default()
    };
    let elsewhere = Surroundings {
        working_directory: "/tmp".into(),
        cores: 64,
        memory_bytes: 1 << 40,
        ..here()
    };
    let text = FULL.replace("/srv/out", "y").replace("2GiB", "10%");
    let one = resolve(FULL, &Flags::default()).unwrap().canonical_json();
    let two = Plan::resolve(
        Some((Path::new(PATH), text.as_bytes())),
        &flags,
        &elsewhere,
        &read,
    )
    .unwrap()
    .canonical_json();
    assert_eq!(one, two);
    assert!(
        one.contains(r#""max_reject_share_ppm":5000"#) && !one.contains("srv"),
        "{one}"
    );
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
