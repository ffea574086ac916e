//! Questions about the shipped sample: the answers are those of the manifest and of other readers, or there is none.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Decimal128Type};
use green_corridor::Engine;
use green_corridor::plan::{Flags, Plan};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

const QUERY_MD: &str = include_str!("../../docs/query.md");

/// A published run of the shipped sample, and its id.
fn sample() -> &'static (TempDir, String) {
    static SAMPLE: OnceLock<(TempDir, String)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let home = tempfile::tempdir().expect("a folder");
        let id = publish(home.path(), &[]);
        (home, id)
    })
}

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

/// Publishes a run of the sample, or of other movements; the id of the run.
fn publish(out: &Path, movements: &[&str]) -> String {
    publish_as(Path::new(DATA).join("run.toml"), out, movements)
}

fn publish_as(run_file: PathBuf, out: &Path, movements: &[&str]) -> String {
    let flags = Flags {
        run_file: Some(run_file),
        movements: movements.iter().map(|file| (*file).to_owned()).collect(),
        out: Some(out.to_owned()),
        ..Flags::default()
    };
    let plan = Plan::open(&flags, false).expect("a run file");
    let summary = Engine::of(plan).run().expect("a run");
    summary.run_id
}

fn manifest(run: &Path) -> serde_json::Value {
    let text = std::fs::read(run.join("manifest.json")).expect("a manifest");
    serde_json::from_slice(&text).expect("JSON")
}

fn ask(out: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_green-corridor-query"))
        .arg(out)
        .args(words)
        .output()
        .expect("the program starts")
}

/// The lines of an answer as CSV, without the head.
#[track_caller]
fn csv(out: &Path, words: &[&str]) -> Vec<String> {
    let ended = ask(out, &[words, &["--format", "csv"]].concat());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{words:?}: {said}");
    let text = String::from_utf8(ended.stdout).expect("UTF-8");
    text.lines().skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn sample_csv(sql: &str) -> Vec<String> {
    csv(sample().0.path(), &[sql])
}

/// What a question that must not be answered says.
#[track_caller]
fn refused(out: &Path, words: &[&str], code: i32) -> String {
    let ended = ask(out, words);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(code), "{words:?}: {said}");
    assert!(ended.stdout.is_empty());
    said
}

#[test]
fn sums_are_those_of_the_manifest() {
    let (home, id) = sample();
    let manifest = manifest(&home.path().join("runs").join(id));
    for table in [
        "elements",
        "shipments",
        "corridors",
        "corridor_sections",
        "factors",
    ] {
        let sql = format!(
            "SELECT sum(transport_activity_tkm), sum(ghg_operation_kg) AS o, sum(ghg_provision_kg) AS p FROM {table}"
        );
        let totals = &manifest["totals"][table];
        let wanted = [
            "transport_activity_tkm",
            "ghg_operation_kg",
            "ghg_provision_kg",
        ]
        .map(|name| totals[name].as_str().expect("a decimal"));
        assert_eq!(sample_csv(&sql), [wanted.join(",")], "{table}");
    }
    let rejected = sample_csv("SELECT count(*) FROM rejected");
    assert_eq!(rejected, [manifest["counts"]["rejected"].to_string()]);
}

/// The wanted lines were printed by DuckDB from the same files.
#[test]
fn groups_are_those_that_another_reader_finds() {
    let by_mode = sample_csv(
        "SELECT mode, count(*), sum(ghg_total_kg) FROM elements GROUP BY mode ORDER BY mode",
    );
    assert_eq!(
        by_mode,
        [
            "air,176,9210958.571765708",
            "hub,10423,202896.506364334",
            "inland_waterway,959,1272014.769928128",
            "rail,3273,967411.115714327",
            "road,6345,962405.750864807",
            "sea,3939,2954369.728075290",
        ]
    );
    let largest = "SELECT corridor_id, sum(shipments) AS n, sum(ghg_total_kg) AS kg FROM corridors GROUP BY 1 ORDER BY kg DESC LIMIT 2";
    assert_eq!(
        sample_csv(largest),
        [
            "air-chongqing-singapore,70,5677915.144450825",
            "air-singapore-chongqing,40,3542168.383421551",
        ]
    );
    for (condition, wanted) in [
        ("ghg_total_kg > 1000.5", "1885"),
        ("mode IN ('air', 'sea')", "4115"),
        ("teu IN (1, 2) AND element IN (1)", "4036"),
        (
            "shipment_id IN (SELECT shipment_id FROM shipments WHERE NOT is_complete)",
            "199",
        ),
        ("ghg_total_kg BETWEEN 0.5 AND 100.25", "15874"),
    ] {
        let sql = format!("SELECT count(*) FROM elements WHERE {condition}");
        assert_eq!(sample_csv(&sql), [wanted], "{condition}");
    }
}

#[test]
fn sums_are_exact_wherever_they_stand_in_a_question() {
    let total = "15570056.442712594";
    for sql in [
        "WITH c AS (SELECT corridor_id, sum(ghg_total_kg) AS kg FROM shipments GROUP BY 1) SELECT sum(kg) FROM c",
        "SELECT sum(kg) FROM (SELECT mode, sum(ghg_total_kg) AS kg FROM elements GROUP BY 1) AS m",
        "SELECT DISTINCT sum(ghg_total_kg) OVER () FROM shipments",
        "SELECT sum(e.ghg_total_kg) FROM elements AS e JOIN shipments AS s ON e.shipment_id = s.shipment_id",
        "SELECT sum(kg) FROM (SELECT sum(ghg_operation_kg) AS kg FROM shipments UNION ALL SELECT sum(ghg_provision_kg) AS kg FROM shipments) AS u",
        "SELECT sum(ghg_operation_kg + ghg_provision_kg) FROM elements",
    ] {
        assert_eq!(sample_csv(sql), [total], "{sql}");
    }
    // Beyond the 32 bits that a count has.
    assert_eq!(
        sample_csv("SELECT count(*) * 1000000 FROM elements"),
        ["25115000000"]
    );
    // Written with a point, meant as a decimal; and a quotient of whole numbers is not cut.
    assert_eq!(
        sample_csv("SELECT sum(ghg_total_kg) * 0.1 AS x FROM shipments"),
        ["1557005.644271259"]
    );
    assert_eq!(
        sample_csv("SELECT count(*) / 1000 AS x FROM shipments"),
        ["2.500000000"]
    );
}

#[test]
fn means_and_quotients_are_decimals() {
    // 15570056.442712594 / 2500 = 6228.0225770850376, half to even at the ninth.
    assert_eq!(
        sample_csv("SELECT avg(ghg_total_kg), sum(ghg_total_kg) / count(*) AS q FROM shipments"),
        ["6228.022577085,6228.022577085"]
    );
    assert_eq!(
        sample_csv(
            "SELECT avg(ghg_total_kg) AS x, sum(ghg_total_kg) AS y FROM shipments WHERE shipment_id = 'none'"
        ),
        [","]
    );
    // A condition on a mean is exact too.
    let sql =
        "SELECT mode FROM elements GROUP BY mode HAVING avg(ghg_total_kg) > 1000.5 ORDER BY mode";
    assert_eq!(sample_csv(sql), ["air", "inland_waterway"]);
}

#[test]
fn a_sum_that_could_wrap_is_refused() {
    let out = sample().0.path();
    // Each product is a decimal, all of them together are not: 1.6e16 in the last place, times 3e22.
    let large = "CAST('30000000000000000000000' AS DECIMAL(38, 0))";
    for question in [
        format!("SELECT sum(ghg_total_kg * {large}) FROM elements"),
        format!(
            "SELECT mode, sum(ghg_total_kg * {large}) FROM elements GROUP BY mode ORDER BY mode"
        ),
        format!(
            "WITH x AS (SELECT sum(ghg_total_kg * {large}) AS s FROM elements) SELECT s FROM x"
        ),
        format!("SELECT sum(ghg_total_kg * {large}) OVER (PARTITION BY mode) FROM elements"),
        format!("SELECT sum(ghg_total_kg * {large}) OVER (ORDER BY element) FROM elements"),
    ] {
        let said = refused(out, &[&question], 8);
        assert!(said.contains("38 digits together"), "{question}: {said}");
    }
    // Nor is a comparison with what does not fit beside the other side simply untrue.
    let most = "CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))";
    for condition in [
        format!("ghg_total_kg < {most}"),
        format!("ghg_total_kg BETWEEN 0 AND {most}"),
    ] {
        let sql = format!("SELECT count(*) AS n FROM shipments WHERE {condition}");
        refused(out, &[&sql], 2);
    }
    for value in [
        format!("greatest(ghg_total_kg, {most})"),
        format!("coalesce(intensity_g_per_tkm, {most})"),
        format!("CASE WHEN is_complete THEN ghg_total_kg ELSE {most} END"),
        format!("ghg_total_kg + {most}"),
        format!("{most} - ghg_total_kg"),
        format!("ghg_total_kg * {most}"),
        format!("{most} * ghg_total_kg"),
        format!("{most} / CAST('0.000000001' AS DECIMAL(38, 9))"),
        format!("CAST({most} AS DECIMAL(38, 9))"),
        format!("ghg_total_kg AS x FROM shipments UNION ALL SELECT {most}"),
    ] {
        let sql = format!("SELECT {value} AS x FROM shipments");
        refused(out, &[&sql], 2);
    }
    // Whole numbers end no sooner.
    let power = "SELECT power(element + 9, 40) AS x FROM elements WHERE element = 1 LIMIT 1";
    assert!(refused(out, &[power], 2).contains("pow"));
    let list = "SELECT array_sum(array_agg(element)) AS x FROM elements";
    assert!(refused(out, &[list], 2).contains("is refused"));
    let product = format!("SELECT ghg_total_kg * {large} * {large} FROM elements");
    assert!(refused(out, &[&product], 2).contains("overflow"));
}

#[test]
fn a_float_is_refused_with_the_way_out() {
    let out = sample().0.path();
    for float in [
        "sqrt(ghg_total_kg)",
        "ln(ghg_total_kg)",
        "CAST(ghg_total_kg AS DOUBLE)",
        "ghg_total_kg::float",
        "stddev(ghg_total_kg)",
        "variance(ghg_total_kg)",
        "median(ghg_total_kg)",
        "quantile_cont(ghg_total_kg, 0.5)",
        "power(ghg_total_kg, 0.5)",
        "pi()",
        "1e400",
        // None can hide behind another type, or in what is not shown.
        "CAST(sqrt(ghg_total_kg) AS DECIMAL(38, 9))",
        "CAST(ghg_total_kg AS FLOAT) > 1",
        "round(sqrt(ghg_total_kg), 2)",
    ] {
        let said = refused(out, &[&format!("SELECT {float} AS x FROM shipments")], 2);
        assert!(!said.contains("internal"), "{float}: {said}");
    }
    for place in ["WHERE CAST(sqrt(teu) AS INTEGER) = 1", "ORDER BY sqrt(teu)"] {
        refused(out, &[&format!("SELECT element FROM elements {place}")], 2);
    }
    let said = refused(
        out,
        &["SELECT sqrt(ghg_total_kg) AS root FROM shipments"],
        2,
    );
    assert!(
        said.contains("sqrt") && said.contains("a float") && said.contains("sum(a) / sum(b)"),
        "{said}"
    );
    for (sql, what) in [
        ("DROP TABLE shipments", "expected SELECT"),
        ("DELETE FROM shipments", "expected SELECT"),
        ("SELECT nothing FROM shipments", "nothing"),
        ("SELECT 1; SELECT 2", "one"),
        ("SELECT corridor_id FROM elsewhere", "elsewhere"),
        ("", "expected SELECT"),
    ] {
        let said = refused(out, &[sql], 2);
        assert!(said.contains(what), "{sql}: {said}");
    }
    assert!(refused(out, &["SELECT 1", "--format", "parquet"], 2).contains("--to"));
}

#[test]
fn all_runs_are_asked_together() {
    let home = tempfile::tempdir().expect("a folder");
    let movements = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/movements/2025-03.csv");
    let part: Vec<String> = std::fs::read_to_string(movements)
        .expect("the sample")
        .lines()
        .take(400)
        .map(|line| format!("{line}\n"))
        .collect();
    let file = home.path().join("part.csv");
    std::fs::write(&file, part.concat()).expect("the movements are written");
    let out = home.path().join("out");
    let first = publish(&out, &[]);
    let second = publish(&out, &[file.to_str().expect("a plain path")]);
    let by_run = csv(
        &out,
        &[
            "--all-runs",
            "SELECT run_id, sum(ghg_total_kg) FROM shipments GROUP BY 1 ORDER BY 1",
        ],
    );
    let mut wanted: Vec<String> = [&first, &second]
        .map(|id| {
            format!(
                "{id},{}",
                csv(
                    &out,
                    &["--run", id, "SELECT sum(ghg_total_kg) FROM shipments"]
                )[0]
            )
        })
        .to_vec();
    wanted.sort();
    assert_eq!(by_run, wanted);
    assert_ne!(first, second);
    // The current run alone says which it is, too.
    assert_eq!(
        csv(&out, &["SELECT DISTINCT run_id FROM shipments"]),
        [second]
    );
    refused(&out, &["--all-runs", "--run", &first, "SELECT 1"], 2);
}

#[test]
fn a_run_that_does_not_add_up_answers_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let id = publish(home.path(), &[]);
    let run = home.path().join("runs").join(id);
    let found = manifest(&run)["totals"]["factors"]["ghg_operation_kg"].clone();
    let path = run.join("manifest.json");
    let text = std::fs::read_to_string(&path).expect("a manifest");
    // In one table only.
    let text = text.replacen(found.as_str().expect("a decimal"), "1.000000001", 1);
    std::fs::write(&path, text).expect("written");
    let said = refused(home.path(), &["SELECT count(*) FROM rejected"], 7);
    assert!(said.contains("not those of the manifest"), "{said}");
}

#[test]
fn a_run_in_plain_encodings_has_the_same_sums() {
    let home = tempfile::tempdir().expect("a folder");
    let run_file = home.path().join("plain.toml");
    let text = std::fs::read_to_string(format!("{DATA}/run.toml")).expect("the run file");
    let text = text
        .replace("\"../", &format!("\"{DATA}/../"))
        .replace("\"movements", &format!("\"{DATA}/movements"))
        .replace("\".\"  ", &format!("\"{DATA}\"  "));
    let text = format!("{text}\n[output]\nencodings = \"plain\"\n");
    std::fs::write(&run_file, text).expect("written");
    publish_as(run_file, home.path(), &[]);
    let sql = "SELECT corridor_id, sum(ghg_total_kg) AS kg FROM corridors GROUP BY 1 ORDER BY 1";
    assert_eq!(csv(home.path(), &[sql]), sample_csv(sql));
}

/// A run whose ids a spreadsheet or a terminal could take for something else.
fn hostile(home: &Path) -> PathBuf {
    let mut rows = String::from(
        "movement_id,shipment_id,sequence,mode,origin,destination,departed_at,cargo_mass_kg,teu\n",
    );
    for id in ["=HYPERLINK(1)", "A\u{202e}B", "</script>"] {
        rows += &format!("1,{id},1,rail,CNCKG,CNQZH,2025-03-01T00:00:00Z,20000,2\n");
    }
    let (file, out) = (home.join("rows.csv"), home.join("out"));
    std::fs::write(&file, rows).expect("the movements are written");
    publish(&out, &[file.to_str().expect("a plain path")]);
    out
}

#[test]
fn no_text_of_an_answer_is_obeyed() {
    let home = tempfile::tempdir().expect("a folder");
    let out = hostile(home.path());
    let sql = "SELECT shipment_id FROM shipments ORDER BY 1";
    let lines = csv(&out, &[sql]);
    assert_eq!(lines, ["</script>", "'=HYPERLINK(1)", "A\\u{202e}B"]);
    let json = ask(&out, &[sql, "--format=json"]).stdout;
    assert!(!json.contains(&b'<') && !String::from_utf8_lossy(&json).contains('\u{202e}'));
    let value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(value[2]["shipment_id"], "A\u{202e}B");
    let table = String::from_utf8(ask(&out, &[sql]).stdout).expect("UTF-8");
    assert!(table.contains("A\\u{202e}B"), "{table}");
}

#[test]
fn an_answer_keeps_its_decimals_in_every_form() {
    let (home, _) = sample();
    let sql = "SELECT mode, count(*) AS n, sum(ghg_total_kg) AS kg, min(departed_at) AS first, bool_is AS x FROM \
               (SELECT *, mode = 'air' AS bool_is FROM elements) AS e WHERE mode = 'air' GROUP BY mode, bool_is";
    let json = ask(home.path(), &[sql, "--format", "json"]).stdout;
    let value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(value[0]["kg"], "9210958.571765708");
    assert_eq!(
        (&value[0]["n"], &value[0]["x"]),
        (&176.into(), &true.into())
    );

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("answer.parquet");
    let to = file.to_str().expect("a plain path");
    assert!(
        ask(home.path(), &[sql, "--format", "parquet", "--to", to])
            .status
            .success()
    );
    let file = std::fs::File::open(&file).expect("the answer");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let batch = reader
        .build()
        .expect("a reader")
        .next()
        .expect("rows")
        .expect("a batch");
    let kg = batch.column_by_name("kg").expect("the column");
    assert_eq!(kg.data_type(), &DataType::Decimal128(38, 9));
    assert_eq!(
        kg.as_primitive::<Decimal128Type>().value(0),
        9_210_958_571_765_708
    );

    let table = ask(home.path(), &[sql]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("9210958.571765708"));
    // One row is in order whatever was asked.
    assert!(table.stderr.is_empty());
    let rows = "SELECT mode FROM elements GROUP BY mode";
    let said = |sql: &str| String::from_utf8(ask(home.path(), &[sql]).stderr).expect("UTF-8");
    assert!(said(rows).contains("no promised order"));
    assert_eq!(said(&format!("{rows} ORDER BY mode LIMIT 3")), "");
}

#[test]
fn the_same_question_has_the_same_answer() {
    for sql in [
        "SELECT shipment_id, mode, sum(ghg_total_kg) AS kg FROM elements GROUP BY 1, 2",
        "SELECT DISTINCT origin, destination FROM elements",
        "SELECT e.element, s.corridor_id FROM elements AS e JOIN shipments AS s ON e.shipment_id = s.shipment_id",
        "SELECT element, shipment_id FROM elements ORDER BY element",
    ] {
        let first = sample_csv(sql);
        assert!(first.len() > 20, "{sql}");
        for _ in 0..3 {
            assert_eq!(sample_csv(sql), first, "{sql}");
        }
    }
}

/// Every example of the documentation, as far as its first `...` in each line.
#[test]
fn the_documentation_shows_what_is_answered() {
    let mut shown = 0;
    for block in QUERY_MD.split("```text\n").skip(1) {
        let block = block.split("\n```").next().unwrap_or_default();
        let (command, lines) = block.split_once('\n').expect("a command and its answer");
        let words = command
            .strip_prefix("$ green-corridor query out ")
            .expect("the command");
        let (sql, more) = match words
            .strip_prefix('"')
            .and_then(|rest| rest.rsplit_once('"'))
        {
            Some((sql, more)) => (sql, more.split_whitespace().collect::<Vec<_>>()),
            None => panic!("{command}: the question is not in quotes"),
        };
        let ended = ask(sample().0.path(), &[&[sql], more.as_slice()].concat());
        let said = [ended.stdout, ended.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let printed: Vec<&str> = said.lines().map(str::trim_end).collect();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let wanted = line.split("...").next().unwrap_or_default().trim_end();
            assert!(
                printed.iter().any(|p| p.starts_with(wanted)),
                "{command}: {line}\n{said}"
            );
        }
        shown += 1;
    }
    assert!(shown >= 3, "{shown} examples");
}
