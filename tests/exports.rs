//! Exports of other systems, from `init --from` to figures: what is proposed, what is asked, that a run is refused until it is answered, and
//! what then comes out. `tests/exports/README.md` says what is dirty in them.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use support::binary::{Ended, green_corridor};
use support::folders::copy_tree;
use support::skip::skip;

const EXPORTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports");

/// What a person decides.
#[derive(serde::Deserialize)]
struct Answers {
    /// Keys of the run file that are left open, and their values as TOML writes them; empty: the line goes.
    answers: BTreeMap<String, String>,
    /// By column: values whose code is left open, and their codes.
    #[serde(default)]
    codes: BTreeMap<String, BTreeMap<String, String>>,
    /// Lines above the tables of the run file, and behind them.
    #[serde(default)]
    above: String,
    #[serde(default)]
    append: String,
    /// Files beside the run file.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// A folder with an export, and the run file that is proposed for it.
struct Trial {
    folder: tempfile::TempDir,
    answers: Answers,
}

impl Trial {
    fn new(name: &str) -> Trial {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(EXPORTS).join(name);
        copy_tree(&source, &folder.path().join("in"));
        fs::remove_file(folder.path().join("in/answers.toml")).unwrap();
        let text = fs::read_to_string(source.join("answers.toml")).unwrap();
        let answers = toml::from_str(&text).unwrap();
        Trial { folder, answers }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn init(&self, from: &str) -> Ended {
        let (dir, from) = (self.path("night"), self.path(from));
        let arguments: [&OsStr; 4] = [
            "init".as_ref(),
            dir.as_ref(),
            "--from".as_ref(),
            from.as_ref(),
        ];
        green_corridor(arguments)
    }

    fn run(&self) -> Ended {
        let file = self.path("night/run.toml").display().to_string();
        green_corridor(["run", &file])
    }

    /// Answers the run file; gives the keys that were open.
    fn answer(&self) -> BTreeSet<String> {
        let (mut open, mut table, mut out) = (BTreeSet::new(), String::new(), String::new());
        for line in self.text("night/run.toml").lines() {
            if line.starts_with("[columns]") {
                out += &self.answers.above;
            }
            if let Some(name) = line.strip_prefix('[') {
                table = name.split(']').next().unwrap().to_owned();
            }
            let Some((key, "\"?\"" | "[\"?\"]")) = line.split_once(" = ") else {
                out += &format!("{line}\n");
                continue;
            };
            let key = format!("{table}.{key}");
            let answer = self.answers.answers.get(&key);
            let answer = answer.unwrap_or_else(|| panic!("{key} is asked, and nobody knows"));
            if !answer.is_empty() {
                out += &format!("{} = {answer}\n", line.split_once(" = ").unwrap().0);
            }
            open.insert(key);
        }
        fs::write(self.path("night/run.toml"), out + &self.answers.append).unwrap();
        for (name, text) in &self.answers.files {
            fs::write(self.path("night").join(name), text).unwrap();
        }
        open
    }

    /// Fills in the codes; gives those that were open.
    fn fill_in(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut open: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for entry in fs::read_dir(self.path("night/values")).unwrap() {
            let path = entry.unwrap().path();
            let column = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut reader = csv::Reader::from_path(&path).unwrap();
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let mut writer = csv::Writer::from_path(&path).unwrap();
            writer.write_record(["value", "code"]).unwrap();
            for row in rows {
                let mut code = row[1].to_owned();
                if code.starts_with('?') {
                    open.entry(column.clone())
                        .or_default()
                        .insert(row[0].to_owned());
                    let known = self.answers.codes.get(&column).and_then(|c| c.get(&row[0]));
                    known
                        .unwrap_or_else(|| panic!("{column}: {row:?}"))
                        .clone_into(&mut code);
                }
                writer.write_record([&row[0], &code]).unwrap();
            }
            writer.flush().unwrap();
        }
        open
    }

    /// From the proposal to the last line of the run, which is given without what differs from run to run.
    fn figures(&self, from: &str) -> String {
        let printed = self.init(from).expect(0).stdout;
        let told: BTreeSet<String> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("open: "))
            .map(str::to_owned)
            .collect();
        let answers: BTreeSet<String> = self.answers.answers.keys().cloned().collect();
        assert_eq!(told, answers, "what init says is open");
        if !answers.is_empty() {
            let refused = self.run().expect(2).stderr;
            for key in &answers {
                assert!(
                    refused.contains(&format!("{key} is still open")),
                    "{refused}"
                );
            }
        }
        assert_eq!(self.answer(), answers);
        let codes = |(column, codes): (&String, &BTreeMap<String, String>)| {
            (column.clone(), codes.keys().cloned().collect())
        };
        let wanted: BTreeMap<String, BTreeSet<String>> =
            self.answers.codes.iter().map(codes).collect();
        if !wanted.is_empty() {
            let refused = self.run().expect(2).stderr;
            for column in wanted.keys() {
                assert!(
                    refused.contains(&format!("values/{column}.csv:")),
                    "{refused}"
                );
            }
        }
        assert_eq!(self.fill_in(), wanted);
        let printed = self.run().expect(0).stdout;
        self.agrees_with_the_oracle();
        let line = printed.lines().last().unwrap();
        let (_, line) = line.split_once(": ").unwrap();
        line.split(", files in").next().unwrap().to_owned()
    }

    /// The second implementation reads the same files by the same run file.
    fn agrees_with_the_oracle(&self) {
        let Some(python) = std::env::var_os("GREEN_CORRIDOR_PYTHON") else {
            return skip("exports: the oracle", "pyarrow and openpyxl are missing");
        };
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
        let step = |script: &str, arguments: &[&Path]| {
            let mut command = std::process::Command::new(&python);
            command.arg(here.join(script)).args(arguments);
            if script == "compare.py" {
                command.arg("--codes-only");
            }
            let done = command.output().unwrap();
            let said =
                String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "{script}: {said}");
        };
        let (run, oracle) = (self.path("night/run.toml"), self.path("oracle"));
        step("oracle.py", &[&run, Path::new("--out"), &oracle]);
        step("compare.py", &[&oracle, &self.path("night/out/latest")]);
    }
}

#[test]
fn a_forwarders_transport_management_system() {
    assert_eq!(
        Trial::new("tms").figures("in"),
        "207 rows in, 202 accepted, 5 rejected (R011 1, R013 4), 97 shipments, 2172188.832648095 kg CO2e"
    );
}

#[test]
fn a_carriers_tracking_feed() {
    // A folder does not give .json files.
    assert_eq!(
        Trial::new("feed").figures("in/tracking.json"),
        "230 rows in, 185 accepted, 45 rejected (R008 16, R023 1, R024 28), 101 shipments, 132974.798860866 kg CO2e"
    );
}

#[test]
fn a_warehouse_system() {
    assert_eq!(
        Trial::new("warehouse").figures("in"),
        "205 rows in, 205 accepted, 0 rejected, implausible elements Q25 4, Q26 38, 205 shipments, 2104628.813943652 kg CO2e"
    );
}

#[test]
fn an_order_list_of_two_nights() {
    assert_eq!(
        Trial::new("orders").figures("in"),
        "264 rows in, 145 accepted, 119 rejected (R008 96, R013 6, R024 17), 120 shipments, 276451.284821401 kg CO2e"
    );
}

/// A folder with an export of this name and content.
fn export(name: &str, content: &[u8]) -> Trial {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in").join(name), content).unwrap();
    let answers = toml::from_str("[answers]").unwrap();
    Trial { folder, answers }
}

/// Keys that are left open.
fn open(ended: &Ended) -> Vec<&str> {
    let lines = ended.stdout.lines();
    lines
        .filter_map(|line| line.strip_prefix("open: "))
        .collect()
}

#[test]
fn what_an_export_does_not_say_is_asked_and_never_chosen() {
    let head = "Shipment,Leg,Gewicht,Bruttogewicht,From,To,Abfahrt,Distance (miles),Note";
    let rows = "S1,1,19.746,20.100,CNQZH,SGSIN,03/04/2025,1523,\"a \"\"?\"\"\nb\"\nS2,1,18.200,19.300,CNQZH,SGSIN,05/06/2025,1523,\n";
    let trial = export("a.csv", format!("{head}\n{rows}").as_bytes());
    let ended = trial.init("in/a.csv").expect(0);
    let wanted = [
        "columns.mode",
        "columns.cargo_mass_kg",
        "formats.decimal",
        "formats.thousands",
        "formats.timestamp_by_column.departed_at",
        "formats.zone",
        "formats.mass_unit",
        "formats.distance_unit",
    ];
    assert_eq!(open(&ended), wanted);
    let refused = trial.run().expect(2).stderr;
    for key in wanted {
        assert!(
            refused.contains(&format!("{key} is still open")),
            "{refused}"
        );
    }
    let text = trial.text("night/run.toml");
    // Both ways are told, with what each would make of a cell.
    for part in [
        r#"["%d/%m/%Y"] reads 2025-04-03"#,
        r#"["%m/%d/%Y"] reads 2025-03-04"#,
        r#""18.200" in "Gewicht""#,
    ] {
        assert!(text.replace("\n#  ", "").contains(part), "{part}: {text}");
    }
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let trial = export("a.csv", b"movement_id,shipment_id\n1,S1\n");
    trial.init("in").expect(0);
    let before = trial.text("night/run.toml") + "# mine\n";
    fs::write(trial.path("night/run.toml"), &before).unwrap();
    let refused = trial.init("in").expect(2).stderr;
    assert!(
        refused.contains("run.toml") && refused.contains("nothing written"),
        "{refused}"
    );
    assert_eq!(trial.text("night/run.toml"), before);
    let missing = trial.init("elsewhere").expect(3).stderr;
    assert!(missing.contains("elsewhere"), "{missing}");
}

#[test]
fn an_export_in_the_words_of_the_program_leaves_nothing_open() {
    let mut totals = BTreeSet::new();
    for name in ["a.csv", "b.ndjson", "c.parquet", "d.csv.gz"] {
        let trial = export("none", b"");
        fs::remove_file(trial.path("in/none")).unwrap();
        let plain = trial.path("in").join(match name {
            "b.ndjson" => "b.csv",
            name => name.trim_end_matches(".gz"),
        });
        let arguments = ["sample", "--shipments", "40", "--seed", "7", "--out"];
        green_corridor(
            arguments
                .map(OsStr::new)
                .into_iter()
                .chain([plain.as_os_str()]),
        )
        .expect(0);
        if name.ends_with(".ndjson") {
            let mut rows = csv::Reader::from_path(&plain).unwrap();
            let head = rows.headers().unwrap().clone();
            let record = |row: csv::Result<csv::StringRecord>| {
                let row = row.unwrap();
                let cells = head.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
                let cells: BTreeMap<&str, &str> = cells.collect();
                serde_json::to_string(&cells).unwrap() + "\n"
            };
            let lines: String = rows.records().map(record).collect();
            fs::write(trial.path("in").join(name), lines).unwrap();
            fs::remove_file(&plain).unwrap();
        }
        if name.ends_with(".gz") {
            let bytes = fs::read(&plain).unwrap();
            let file = fs::File::create(trial.path("in").join(name)).unwrap();
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, &bytes).unwrap();
            packed.finish().unwrap();
            fs::remove_file(plain).unwrap();
        }
        let ended = trial.init("in").expect(0);
        assert_eq!(open(&ended), Vec::<&str>::new(), "{name}");
        let printed = trial.run().expect(0).stdout;
        let total = printed
            .lines()
            .find(|line| line.starts_with("total"))
            .unwrap();
        totals.insert(total.to_owned());
    }
    assert_eq!(totals.len(), 1, "{totals:?}");
}
