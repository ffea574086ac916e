//! Slices of a run: they add up to it, a document of one holds nothing of another, and the run stays as it is.

use crate::support::binary::green_corridor;
use crate::support::folders::files_below;
use crate::support::tables::{Table, current_run};
use base64::Engine as _;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Names that no file system and no spreadsheet shall take for something else, and none a part of another.
const CUSTOMERS: [&str; 9] = [
    "Customer One",
    "CUSTOMER ONE",
    "../../Customer Two",
    "重庆长安国际",
    "=Customer(3)",
    "CON",
    "<b>Customer Four</b>",
    "",
    "Very long name of a customer & its sons, as long as may be it",
];

/// A folder with a run of the first shipments of the sample: some in March, some in May, each of a customer; some shipments are said to
/// be of two.
struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    fn new(count: usize) -> Case {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let case = Case { dir };
        let customer = |number: usize| CUSTOMERS[number % CUSTOMERS.len()];
        case.write(
            "rows.csv",
            count,
            &|number, at| match (number % 11, at % 2) {
                (10, 0) => "Customer Five".to_owned(),
                _ => customer(number).to_owned(),
            },
        );
        case.run();
        case
    }

    fn write(&self, name: &str, count: usize, customer: &dyn Fn(usize, usize) -> String) {
        let sample = format!("{ROOT}/data/movements/2025-03.csv");
        let mut reader = csv::Reader::from_path(sample).expect("the sample");
        let mut heads = reader.headers().expect("heads").clone();
        let mass = heads.iter().position(|head| head == "cargo_mass_kg");
        let mut out = csv::Writer::from_path(self.path(name)).expect("a file");
        heads.extend(["customer", "all"]);
        out.write_record(&heads).expect("a head");
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for (at, record) in reader.records().enumerate() {
            let record = record.expect("a record");
            let next = numbers.len();
            let number = *numbers.entry(record[1].to_owned()).or_insert(next);
            if number >= count {
                break;
            }
            // Months with as many days, so that nothing but the period is another.
            let dated = |cell: &str| match number % 3 {
                0 => cell
                    .replace("2025-04-", "2025-06-")
                    .replace("2025-03-", "2025-05-"),
                _ => cell.to_owned(),
            };
            let mut cells: Vec<String> = record.iter().map(dated).collect();
            if number % 40 == 7 {
                "many".clone_into(&mut cells[mass.expect("a column of masses")]);
            }
            cells.extend([customer(number, at), "x".to_owned()]);
            out.write_record(&cells).expect("a row");
        }
        out.flush().expect("a file");
    }

    fn run(&self) {
        let text = format!(
            "movements = [\"rows.csv\"]\nfactors = \"{ROOT}/emission_factors\"\nreference = \"{ROOT}/data\"\nout = \"out\"\n\
             [limits]\nmax_reject_share = \"100%\"\n[carry]\ncustomer = \"customer\"\nall = \"all\"\n"
        );
        fs::write(self.path("run.toml"), text).expect("a run file");
        green_corridor(["run", &self.text("run.toml")]).expect(0);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a plain path").to_owned()
    }

    fn current(&self) -> PathBuf {
        current_run(&self.path("out"))
    }

    /// What a command says on this run.
    #[track_caller]
    fn ask(&self, command: &str, more: &[&str], code: i32) -> (String, String) {
        let out = self.text("out");
        let words = command.split(' ').chain([out.as_str()]);
        let ended = green_corridor(words.chain(more.iter().copied())).expect(code);
        (ended.stdout, ended.stderr)
    }

    /// Cuts by customer; the folder.
    fn by_customer(&self, to: &str, more: &[&str]) -> PathBuf {
        let place = self.text(to);
        let words = [
            "--by",
            "customer",
            "--to",
            &place,
            "--company",
            "Us",
            "--company-id",
            "urn:us:1",
        ];
        self.ask("report", &[&words[..], more].concat(), 0);
        self.path(to)
    }
}

/// Everything that a reader of a file can find in it: a workbook and what a page packs are unpacked.
fn readable(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).expect("a file");
    let mut all = bytes.clone();
    match path.extension().and_then(|e| e.to_str()) {
        Some("xlsx") => {
            let mut book = zip::ZipArchive::new(Cursor::new(bytes)).expect("a workbook");
            for at in 0..book.len() {
                let mut entry = book.by_index(at).expect("an entry");
                entry
                    .read_to_end(&mut all)
                    .expect("an entry that can be read");
            }
        }
        Some("html") => {
            let page = String::from_utf8(bytes).expect("a page");
            let mut packed = 0;
            for rest in page
                .split("<script type=\"application/octet-stream\"")
                .skip(1)
            {
                let data = rest
                    .split_once('>')
                    .and_then(|(_, rest)| rest.split_once('<'));
                let data = data.expect("packed data").0;
                let gzip = base64::engine::general_purpose::STANDARD
                    .decode(data)
                    .expect("base64");
                let mut plain = flate2::read::GzDecoder::new(gzip.as_slice());
                packed += plain.read_to_end(&mut all).expect("gzip");
            }
            assert!(packed > 0, "{}: nothing is packed", path.display());
        }
        _ => {}
    }
    all
}

/// How a text may stand in these files.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let json = serde_json::Value::from(text).to_string();
    let json = json.trim_matches('"').to_owned();
    let all: BTreeSet<String> = [text.to_owned(), html, json].into();
    all.into_iter().map(String::into_bytes).collect()
}

/// Which texts stand in some bytes: words of 4 letters and more are looked up at once.
fn found<'t>(bytes: &[u8], texts: &BTreeMap<Vec<u8>, &'t str>) -> BTreeSet<&'t str> {
    let mut found = BTreeSet::new();
    let mut by_start: BTreeMap<&[u8], Vec<(&[u8], &str)>> = BTreeMap::new();
    for (spelled, text) in texts {
        by_start
            .entry(&spelled[..3])
            .or_default()
            .push((spelled, text));
    }
    for at in 0..bytes.len().saturating_sub(2) {
        for (spelled, text) in by_start.get(&bytes[at..at + 3]).into_iter().flatten() {
            if bytes[at..].starts_with(spelled) {
                found.insert(*text);
            }
        }
    }
    found
}

/// Shipments, containers and the customer of each value of the shipments' column.
fn belongings(run: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let shipments = Table::read(run, "shipments");
    let ids = shipments.column("shipment_id").into_iter();
    let of: BTreeMap<&str, &str> = ids.zip(shipments.column("customer")).collect();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, customer) in &of {
        let own = all.entry((*customer).to_owned()).or_default();
        own.extend([(*id).to_owned(), (*customer).to_owned()]);
    }
    let elements = Table::read(run, "elements");
    for column in ["container_id", "customer"] {
        for (id, text) in elements
            .column("shipment_id")
            .iter()
            .zip(elements.column(column))
        {
            all.entry(of[id].to_owned())
                .or_default()
                .insert(text.to_owned());
        }
    }
    all
}

fn index(to: &Path) -> serde_json::Value {
    let text = fs::read_to_string(to.join("index.json")).expect("an index");
    serde_json::from_str(&text).expect("JSON")
}

fn micrograms(value: &serde_json::Value) -> i128 {
    let text = value["ghg_total_kg"].as_str().expect("a decimal");
    text.replace('.', "").parse().expect("a decimal")
}

/// Files of a folder with their bytes.
fn bytes_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |path: String| {
        let bytes = fs::read(folder.join(&path)).expect("a file");
        (path, bytes)
    };
    files_below(folder).into_iter().map(read).collect()
}

#[test]
fn a_document_of_a_slice_holds_nothing_of_another_and_slices_add_up() {
    let case = Case::new(260);
    let run = case.current();
    let before = bytes_of(&run);
    let to = case.by_customer("by", &[]);
    let index = index(&to);
    let values = index["values"].as_array().expect("values");
    let sum: i128 = values.iter().map(micrograms).sum();
    assert_eq!(
        (sum, micrograms(&index["rest"])),
        (micrograms(&index["whole"]), 0)
    );
    let belongings = belongings(&run);
    let named: BTreeSet<&str> = values
        .iter()
        .map(|v| v["value"].as_str().expect("a value"))
        .collect();
    let wanted: BTreeSet<&str> = belongings.keys().map(String::as_str).collect();
    assert!(named == wanted && CUSTOMERS.iter().all(|customer| named.contains(customer)));
    // A text that two slices have is none of another: "CON" is a part of many words.
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (customer, texts) in &belongings {
        for text in texts.iter().filter(|text| text.len() > 3) {
            owners.entry(text).or_default().insert(customer);
        }
    }
    let texts: BTreeMap<Vec<u8>, &str> = owners
        .keys()
        .flat_map(|text| spellings(text).into_iter().map(move |s| (s, *text)))
        .collect();
    let (mut files, mut own) = (0, 0);
    for value in values {
        let customer = value["value"].as_str().expect("a value");
        let folder = to.join(value["folder"].as_str().expect("a folder"));
        assert_eq!(folder.parent(), Some(to.as_path()), "{customer}");
        for path in files_below(&folder) {
            files += 1;
            for text in found(&readable(&folder.join(&path)), &texts) {
                assert!(
                    owners[text].contains(customer),
                    "{path} of {customer:?} holds {text:?}"
                );
                own += 1;
            }
        }
        let shipments = fs::read_to_string(folder.join("ileap/shipments.json")).expect("documents");
        let documents: serde_json::Value = serde_json::from_str(&shipments).expect("JSON");
        assert_eq!(
            documents.as_array().map(Vec::len),
            value["shipments"]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok())
        );
    }
    assert!(
        files == 7 * values.len() && own > 1_000,
        "{files} files, {own} texts"
    );
    assert!(bytes_of(&run) == before, "the run was changed");
}

#[test]
fn memory_does_not_change_a_byte_and_many_values_are_cut_in_steps() {
    let case = Case::new(120);
    let ample = case.by_customer("ample", &["--format", "both"]);
    let scarce = case.by_customer("scarce", &["--format", "both", "--memory-limit", "64MiB"]);
    assert!(bytes_of(&ample) == bytes_of(&scarce));

    // The same once more has its place; other slices would leave folders behind that no index names.
    case.by_customer("ample", &["--format", "both"]);
    for other in [
        &["--by", "all"][..],
        &["--by", "customer", "--period", "2025-05"],
    ] {
        let place = case.text("ample");
        let (_, said) = case.ask("report", &[other, &["--to", &place]].concat(), 2);
        assert!(said.contains("is the index of slices of run"), "{said}");
    }
    assert!(bytes_of(&ample) == bytes_of(&scarce));
}

/// The section of a page.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let begun = page
        .split_once(&format!("<section id=\"{id}\">"))
        .expect("a section")
        .1;
    begun.split_once("</section>").expect("its end").0
}

#[test]
fn corridors_and_factors_of_a_slice_that_is_all_are_those_of_the_run() {
    let case = Case::new(2_500);
    let [whole, all] = [vec![], vec!["--where", "all=x"]].map(|more: Vec<&str>| {
        let to = case.text(&format!("to{}", more.len()));
        case.ask(
            "report",
            &[&more[..], &["--to", &to, "--format", "html"]].concat(),
            0,
        );
        let name = files_below(Path::new(&to)).pop().expect("a page");
        fs::read_to_string(Path::new(&to).join(name)).expect("a page")
    });
    for id in ["totals", "corridors", "countries", "quality", "factors"] {
        assert!(section(&whole, id) == section(&all, id), "{id}");
    }
    assert!(all.contains("Slice: all = x.") && !whole.contains("Slice"));
}

#[test]
fn months_and_values_of_a_slice_are_those_that_were_asked_for() {
    let case = Case::new(90);
    let shipments = Table::read(&case.current(), "shipments");
    let rows = || {
        shipments
            .column("period")
            .into_iter()
            .zip(shipments.column("customer"))
    };
    let count = |of: &dyn Fn(&str, &str) -> bool| rows().filter(|(p, c)| of(p, c)).count();
    let one = "customer=Customer One";
    let asked: [(&[&str], usize); 5] = [
        (&["--period", "2025-05"], count(&|p, _| p == "2025-05-01")),
        (&["--period", "2025"], count(&|_, _| true)),
        (&["--where", one], count(&|_, c| c == "Customer One")),
        (
            &[
                "--where",
                one,
                "--where",
                "customer=",
                "--period",
                "2025-01..2025-04",
            ],
            count(&|p, c| p == "2025-03-01" && ["", "Customer One"].contains(&c)),
        ),
        (
            &["--where", one, "--where", "all=x"],
            count(&|_, c| c == "Customer One"),
        ),
    ];
    for (words, wanted) in asked {
        let to = case.text("documents");
        let (said, _) = case.ask("export ileap", &[words, &["--to", &to]].concat(), 0);
        let line = said.lines().find(|line| line.starts_with("shipments"));
        let found = line.and_then(|line| line.split_whitespace().nth(1));
        assert_eq!(found, Some(wanted.to_string().as_str()), "{words:?}");
        assert!(wanted > 0);
    }
    let summary = fs::read_to_string(case.path("documents/summary.json")).expect("a summary");
    assert!(
        summary.contains("\"slice\": \"all = x; customer = Customer One\""),
        "{summary}"
    );
    let (said, _) = case.ask("export declaration", &["--period", "2025-05"], 0);
    let json = said
        .lines()
        .find_map(|line| line.split_once(".json"))
        .expect("a file")
        .0;
    assert!(json.contains("slices"), "{json}");
    let told = fs::read_to_string(format!("{json}.json")).expect("a declaration");
    assert!(told.contains("\"slice\": \"2025-05\""));
    let id = rows().zip(shipments.column("shipment_id"));
    let id = id
        .into_iter()
        .find(|((_, customer), _)| *customer == "Customer One")
        .expect("one")
        .1;
    case.ask("explain", &[id, "--where", one], 0);
    let (_, refused) = case.ask("explain", &[id, "--where", "customer=CON"], 2);
    assert!(
        refused.contains(id) && refused.contains("customer = CON"),
        "{refused}"
    );
    // One of several that is nowhere would be missing in silence.
    let two = ["--where", one, "--where", "customer=Custmer One"];
    let to = case.text("none");
    for (command, more) in [("report", ["--to", &to]), ("export ileap", ["--to", &to])] {
        let (_, refused) = case.ask(command, &[&two[..], &more].concat(), 2);
        let wanted =
            "customer is never \"Custmer One\", near it: \"CUSTOMER ONE\", \"Customer One\"";
        assert!(
            refused.contains("has not all of") && refused.contains(wanted),
            "{refused}"
        );
        assert!(!Path::new(&to).exists());
    }
    for (words, wanted) in [
        (
            ["--where", "custmer=x"],
            "carries no column \"custmer\"; it carries all, customer",
        ),
        (
            ["--where", "customer=Custmer One"],
            "near it: \"CUSTOMER ONE\", \"Customer One\"",
        ),
        (
            ["--period", "2024"],
            "its first departures are of 2025-03 to 2025-05",
        ),
        (["--where", "customer"], "e.g. customer=ACME"),
        (["--by", "nobody"], "carries no column \"nobody\""),
    ] {
        let to = case.text("none");
        let (_, refused) = case.ask("report", &[&words[..], &["--to", &to]].concat(), 2);
        assert!(refused.contains(wanted), "{words:?}: {refused}");
        assert!(!Path::new(&to).exists());
    }
}

#[test]
fn a_comparison_tells_of_other_carried_values_and_adds_up_over_slices() {
    let case = Case::new(60);
    let before = case.current();
    let name = |run: &Path| {
        run.file_name()
            .expect("an id")
            .to_string_lossy()
            .into_owned()
    };
    case.write("rows.csv", 60, &|number, _| match number {
        5 => "Customer One".to_owned(),
        _ => CUSTOMERS[number % CUSTOMERS.len()].to_owned(),
    });
    case.run();
    let before = name(&before);
    let answer = |more: &[&str]| -> serde_json::Value {
        let (said, _) = case.ask(
            "diff",
            &[&[before.as_str(), "--format", "json"], more].concat(),
            0,
        );
        serde_json::from_str(&said).expect("JSON")
    };
    let whole = answer(&[]);
    // Five shipments were of two customers, and one is of another now.
    assert_eq!(whole["carried_changed"]["customer"], 6, "{whole}");
    assert_eq!(
        (&whole["changed"], &whole["carried_changed"]["all"]),
        (&6.into(), &0.into())
    );
    assert!(whole["total"]["difference_kg"] == "0.000000000");
    let changes = Table::read(
        Path::new(whole["tables"].as_str().expect("a folder")),
        "shipments",
    );
    let changes = changes.column("carried_changed");
    assert!(
        changes.contains(&"customer: CON > Customer One"),
        "{changes:?}"
    );
    let kg = |value: &serde_json::Value| -> i128 {
        value
            .as_str()
            .expect("a decimal")
            .replace('.', "")
            .parse()
            .expect("a decimal")
    };
    let mut sums = [0, 0];
    for customer in CUSTOMERS.iter().chain([&"Customer Five"]) {
        let of = answer(&["--where", &format!("customer={customer}")]);
        sums[0] += kg(&of["total"]["ghg_before_kg"]);
        sums[1] += kg(&of["total"]["ghg_after_kg"]);
        if *customer == "CON" {
            assert!(kg(&of["total"]["effects"]["records_removed"]) < 0, "{of}");
        }
    }
    let total = [
        &whole["total"]["ghg_before_kg"],
        &whole["total"]["ghg_after_kg"],
    ]
    .map(kg);
    assert_eq!(sums, total);
    // What stands beside the comparisons of whole runs does not mislead the report.
    let to = case.text("report");
    case.ask("report", &["--to", &to, "--format", "html"], 0);
}
