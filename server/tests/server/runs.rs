//! Pages of runs: that they say what was published, and give its files.

use crate::http;
use crate::pages::{get, local};
use crate::started::{PROGRAM, certificate, sample, started};
use green_corridor::Engine;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

#[test]
fn runs_are_shown_with_their_totals_and_files() {
    let server = local(&[]);
    let out = sample();
    let id = fs::read_to_string(out.join("CURRENT")).expect("the current run");
    let id = id.trim();
    let list = get(&server, "/runs").text();
    assert!(
        list.contains(id) && list.contains("15 570 056.442712594"),
        "{list}"
    );
    let run = get(&server, &format!("/runs/{id}")).text();
    assert!(
        run.contains("12 186 692.010194763") && run.contains("R001 8"),
        "{run}"
    );
    let sheet = get(
        &server,
        &format!("/runs/{id}/shipment?id=SAMPLE-0000000001"),
    )
    .text();
    assert!(sheet.contains("1817.289459532 kg CO2e"), "{sheet}");
    let data = get(
        &server,
        &format!("/runs/{id}/shipment?id=SAMPLE-0000000001&format=json"),
    )
    .json();
    let wanted = Engine::at(out)
        .explain("SAMPLE-0000000001", None)
        .expect("a sheet");
    assert_eq!(data, serde_json::to_value(&wanted).expect("JSON"));
    for file in ["corridors.parquet", "elements/part-00000.parquet"] {
        let served = get(&server, &format!("/runs/{id}/files/{file}"));
        let wanted = fs::read(out.join("runs").join(id).join(file)).expect("a table");
        assert!(served.body == wanted, "{file}");
    }
    for path in [
        "/runs/00000000000000000000".to_owned(),
        "/runs/..".to_owned(),
        format!("/runs/{id}/shipment?id=NONE"),
        format!("/runs/{id}/files/manifest.json"),
        format!("/runs/{id}/files/../../../CURRENT"),
        format!("/runs/{id}/files/%2e%2e/%2e%2e/CURRENT"),
        format!("/runs/{id}/files//etc/passwd"),
        "/assets/../pages.css".to_owned(),
    ] {
        let answer = get(&server, &path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            !answer.text().contains(out.to_str().expect("a plain path")),
            "{path}"
        );
    }
}

#[test]
fn the_report_is_that_of_the_command() {
    let server = local(&[]);
    let id = fs::read_to_string(sample().join("CURRENT")).expect("the current run");
    let answer = get(&server, &format!("/runs/{}/report.html", id.trim()));
    let report = Engine::at(sample()).report(None).expect("a report");
    assert!(answer.text() == green_corridor::runs::page(&report).expect("a page"));
    let book = get(&server, &format!("/runs/{}/report.xlsx", id.trim())).body;
    assert!(book == green_corridor::runs::workbook(&report).expect("a workbook"));
}

/// A disk that hangs keeps threads for files from working, and nobody else.
#[test]
fn a_disk_that_hangs_keeps_no_other_page_waiting() {
    let home = tempfile::tempdir().expect("a folder");
    let run = home.path().join("runs/0123456789abcdef0123");
    fs::create_dir_all(&run).expect("a folder");
    let made = Command::new("mkfifo")
        .arg(run.join("manifest.json"))
        .status();
    assert!(made.expect("mkfifo").success());
    let folder = tempfile::tempdir().expect("a folder");
    let (_, _, root) = certificate(folder.path(), "unused");
    let mut command = Command::new(PROGRAM);
    command.arg(home.path()).args(["--listen", "127.0.0.1:0"]);
    let server = started(command, folder, root);
    let host = server.at.to_string();
    // Each waits for a writer that never comes.
    let waiting: Vec<_> = (0..40)
        .map(|n| {
            let path = match n % 4 {
                0 => "/runs",
                1 => "/runs/0123456789abcdef0123",
                2 => "/runs/0123456789abcdef0123/report.html",
                _ => "/runs/0123456789abcdef0123/files/x.parquet",
            };
            let bytes = http::request("GET", path, &host, &[], b"");
            let mut stream = std::net::TcpStream::connect(server.at).expect("a connection");
            stream.write_all(&bytes).expect("sent");
            stream
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let begun = std::time::Instant::now();
    assert_eq!(get(&server, "/health").status, 200);
    assert_eq!(get(&server, "/places.json?q=singap").status, 200);
    assert_eq!(
        get(&server, "/compare.json?from=CNCKG&to=SGSIN").status,
        200
    );
    let took = begun.elapsed();
    assert!(took < std::time::Duration::from_secs(20), "{took:?}");
    drop(waiting);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_run_is_there_by_corridor_and_as_files() {
    let server = local(&[]);
    let out = sample();
    let id = fs::read_to_string(out.join("CURRENT")).expect("the current run");
    let base = format!("/runs/{}", id.trim());
    let csv = get(&server, &format!("{base}/tables/corridors.csv"));
    assert_eq!(csv.status, 200, "{}", csv.text());
    let mut reader = csv::Reader::from_reader(&csv.body[..]);
    let heads = reader.headers().expect("a header").clone();
    let at = |name: &str| {
        heads
            .iter()
            .position(|head| head == name)
            .expect("a column")
    };
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    // What the rows add up to is what the run comes to.
    let total: green_corridor::quantity::Decimal = rows
        .iter()
        .map(|row| {
            row[at("ghg_total_kg")]
                .parse::<green_corridor::quantity::Decimal>()
                .expect("a number")
        })
        .sum();
    assert_eq!(total.to_string(), "15570056.442712594");
    let list = get(&server, &format!("{base}/corridors")).text();
    let first = rows
        .iter()
        .map(|row| &row[at("corridor_id")])
        .next()
        .expect("a corridor");
    assert!(list.contains(&format!("corridor?id={first}")), "{list}");
    let page = get(&server, &format!("{base}/corridor?id={first}")).text();
    for row in rows.iter().filter(|row| &row[at("corridor_id")] == first) {
        let kg = green_corridor::quantity::grouped(&row[at("ghg_total_kg")]);
        assert!(page.contains(&kg), "{kg}: {page}");
    }
    let chinese = get(&server, &format!("{base}/corridor?id={first}&lang=zh"));
    assert!(
        chinese.text().contains("逐月")
            && chinese
                .header("set-cookie")
                .is_some_and(|words| words.starts_with("green_corridor_language=zh;"))
    );
    assert_eq!(get(&server, &format!("{base}/corridor?id=x")).status, 404);
    for table in ["corridor_sections", "factors", "shipments"] {
        let answer = get(&server, &format!("{base}/tables/{table}.csv"));
        assert_eq!(answer.status, 200, "{table}");
        assert!(answer.body.len() > 1000, "{table}");
    }
    for none in ["elements.csv", "x", "corridors", "..%2f..%2fCURRENT"] {
        assert_eq!(
            get(&server, &format!("{base}/tables/{none}")).status,
            404,
            "{none}"
        );
    }
    // A finished export, to the byte.
    let run = get(&server, &base).text();
    for (kind, name) in [
        ("ileap", "shipments.json"),
        ("ileap", "summary.json"),
        ("pact-3", "tocs.json"),
        ("ileap-tad", "tad.json"),
    ] {
        assert!(
            run.contains(&format!("{base}/exports/{kind}/{name}")),
            "{kind} {name}"
        );
        let file =
            fs::read(out.join("export").join(kind).join(id.trim()).join(name)).expect("the file");
        let answer = get(&server, &format!("{base}/exports/{kind}/{name}"));
        assert!(
            answer.body == file
                && answer
                    .header("content-disposition")
                    .is_some_and(|words| words.starts_with("attachment")),
            "{kind} {name}"
        );
    }
    for none in [
        "ileap/x.json",
        "ileap/..",
        "x/summary.json",
        "ileap/%2e%2e%2fsummary.json",
    ] {
        assert_eq!(
            get(&server, &format!("{base}/exports/{none}")).status,
            404,
            "{none}"
        );
    }
    // This run carries nothing to cut it by.
    let slice = get(&server, &format!("{base}/slice?column=customer&value=ACME"));
    assert_eq!(slice.status, 400, "{}", slice.text());
    assert_eq!(get(&server, &format!("{base}/slice")).status, 400);
}

/// A run that carries columns is cut by them.
#[test]
fn a_run_is_cut_by_what_it_carries() {
    let home = tempfile::tempdir().expect("a folder");
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data"));
    let text = format!(
        "movements = [{:?}]\nfactors = {:?}\nprofile = \"open\"\nreference = {data:?}\nout = \"out\"\n[carry]\nline = \"carrier\"\n",
        data.join("movements/*.csv"),
        data.join("../emission_factors")
    );
    let file = home.path().join("run.toml");
    fs::write(&file, text).expect("written");
    let engine = Engine::open(&file).expect("a run file");
    let id = engine.run().expect("a run").run_id;
    let folder = tempfile::tempdir().expect("a folder");
    let (_, _, root) = certificate(folder.path(), "unused");
    let mut command = Command::new(PROGRAM);
    let out = home.path().join("out");
    command.arg(&out).args(["--listen", "127.0.0.1:0"]);
    let server = started(command, folder, root);
    let run = get(&server, &format!("/runs/{id}")).text();
    assert!(run.contains("<option>line</option>"), "{run}");
    let page = get(&server, &format!("/runs/{id}/slice?column=line&value=AVCQ"));
    assert_eq!(page.status, 200, "{}", page.text());
    let slice = green_corridor::runs::Slice::new(&[("line".to_owned(), "AVCQ".to_owned())], None);
    let report = Engine::at(&out)
        .sliced(slice, None)
        .report(Some(&id))
        .expect("a report");
    assert_eq!(
        page.text(),
        green_corridor::runs::page(&report).expect("a page")
    );
    let whole = get(&server, &format!("/runs/{id}/report.html")).text();
    assert_ne!(page.text(), whole);
    let book = get(
        &server,
        &format!("/runs/{id}/slice?column=line&value=AVCQ&format=xlsx"),
    );
    assert!(book.status == 200 && book.body.starts_with(b"PK"));
    assert_eq!(
        get(
            &server,
            &format!("/runs/{id}/slice?column=line&value=nobody")
        )
        .status,
        400
    );
}
