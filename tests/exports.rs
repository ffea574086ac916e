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
    assert_eq!(Trial::new("tms").figures("in"), "");
}

#[test]
fn a_carriers_tracking_feed() {
    // A folder does not give .json files.
    assert_eq!(Trial::new("feed").figures("in/tracking.json"), "");
}

#[test]
fn a_warehouse_system() {
    assert_eq!(Trial::new("warehouse").figures("in"), "");
}

#[test]
fn an_order_list_of_two_nights() {
    assert_eq!(Trial::new("orders").figures("in"), "");
}
