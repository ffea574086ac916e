//! What a run file and flags resolve to, and what is refused.

use crate::error::ErrorKind;
use crate::run::plan::*;

pub(super) const PATH: &str = "data/run.toml";

pub(super) fn here() -> Surroundings {
    Surroundings {
        working_directory: "/srv/night".into(),
        cores: 4,
        memory_bytes: 16 << 30,
        plain: |path| path.to_owned(),
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
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

pub(super) fn resolve(text: &str, flags: &Flags) -> Result<Plan> {
    Plan::resolve(
        Some((Path::new(PATH), text.as_bytes())),
        flags,
        &here(),
        &read,
    )
}

pub(super) fn fault(text: &str) -> String {
    match resolve(text, &Flags::default()) {
        Err(error) if error.kind() == ErrorKind::Usage => error.to_string(),
        other => panic!("{text}: expected a usage error, got {other:?}"),
    }
}

pub(super) const FULL: &str = r#"movements = ["movements/*.csv", "more"]
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
