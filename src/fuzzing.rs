//! The readers as a fuzzer calls them: bytes in, nothing out, and never an end of the process. No part of the library's face.

use crate::exchange::carrier::{self, Carrier};
use crate::exchange::dcsa::{self, Reading};
use crate::exchange::events::{Converter, Settings};
use crate::factors::DataFile;
use crate::input::mapping::Mapping;
use crate::input::{Grain, SourceFile, open_in};
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, ByMode, Mode};
use crate::model::vocabulary::Vocabulary;
use crate::reference::Reference;
use crate::run::plan::{Flags, Plan, Surroundings};
use crate::store::manifest::Manifest;
use include_dir::{Dir, include_dir};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// A reader by name.
pub type Target = (&'static str, fn(&[u8]));

/// The readers; each has a corpus of its name in `fuzz/corpus`.
pub const TARGETS: [Target; 10] = [
    ("csv", |bytes| movements("a.csv", bytes)),
    ("ndjson", |bytes| movements("a.ndjson", bytes)),
    ("json", |bytes| movements("a.json", bytes)),
    ("parquet", |bytes| movements("a.parquet", bytes)),
    ("xlsx", |bytes| movements("a.xlsx", bytes)),
    ("dcsa", dcsa),
    ("ileap", ileap),
    ("run_file", run_file),
    ("library", library),
    ("manifest", manifest),
];

/// The target of this name.
pub fn target(name: &str) -> fn(&[u8]) {
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.map_or(|_| (), |(_, target)| *target)
}

static MAPPING: LazyLock<Arc<Mapping>> = LazyLock::new(Arc::default);
static VOCABULARY: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| {
    let places = ["CNCKG", "CNQZH", "SGSIN"];
    let places = places
        .iter()
        .filter_map(|code| LocationCode::parse(code.as_bytes()));
    let modes = Mode::ALL.iter().map(|mode| (mode.code().to_owned(), *mode));
    let operations = [
        ("road.truck", (0, Mode::Road)),
        ("sea.feeder", (1, Mode::Sea)),
    ];
    Arc::new(Vocabulary {
        modes: modes.collect(),
        operations: operations
            .map(|(code, of)| (code.to_owned(), of))
            .into_iter()
            .collect(),
        default_operation: ByMode([Some(0), None, Some(1), None, None, None]),
        default_basis: Basis::Actual,
        strict_container_id: false,
        places: places.collect(),
        further_places: None,
    })
});

thread_local! {
    // Making one for each call would be most of the work.
    static FILE: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// A file of these bytes, the last one overwritten.
fn file(bytes: &[u8]) -> io::Result<File> {
    FILE.with_borrow_mut(|slot| {
        let file = match slot {
            Some(file) => file,
            None => slot.insert(tempfile::tempfile()?),
        };
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(bytes)?;
        file.rewind()?;
        file.try_clone()
    })
}

/// Small pieces, so that a small file has several.
const GRAIN: Grain = Grain {
    unit_rows: 8,
    batch_rows: 4,
    text_bytes: 1 << 20,
};

/// Every row of a file is a row of a batch or unplaced.
fn movements(label: &str, bytes: &[u8]) {
    let Ok(file) = file(bytes) else { return };
    let source = SourceFile {
        file,
        label: label.to_owned(),
        index: 0,
    };
    let Ok(mut reader) = open_in(GRAIN, source, MAPPING.clone(), VOCABULARY.clone()) else {
        return;
    };
    while let Ok(Some(unit)) = reader.next_unit() {
        let Ok(all) = unit.parse() else { return };
        for parsed in all {
            let rows = parsed.batch.len() + parsed.unplaced.len();
            assert_eq!(parsed.rows, rows as u64, "rows are lost");
        }
    }
}

fn dcsa(bytes: &[u8]) {
    let mut converter = Converter::new(Settings::default());
    converter.begin("a.json");
    dcsa::read("a.json", bytes, &Reading::default(), &mut |event| {
        converter.take(event);
    });
    let _ = converter.finish();
}

fn ileap(bytes: &[u8]) {
    let carrier = Carrier {
        code: "MAEU".to_owned(),
        source: "maeu".to_owned(),
        edition: "2025".to_owned(),
        by_mode: BTreeMap::from([(Mode::Sea, "sea.container".to_owned())]),
        operations: BTreeSet::new(),
        by_id: BTreeMap::new(),
        distance_basis: None,
    };
    if let Ok(mut converter) = carrier::Converter::new(carrier) {
        converter.read("a.json", bytes);
        let _ = converter.finish();
    }
}

/// The run file, and as the files that it names the same bytes again.
fn run_file(bytes: &[u8]) {
    let here = Surroundings {
        working_directory: PathBuf::from("/"),
        cores: 2,
        memory_bytes: 8 << 30,
        plain: Path::to_owned,
    };
    let named = Some((Path::new("run.toml"), bytes));
    if let Ok(plan) = Plan::resolve(named, &Flags::default(), &here, &|_| Ok(bytes.to_vec())) {
        let _ = plan.canonical_json();
        let _ = plan.to_string();
    }
}

static LIBRARY: Dir = include_dir!("$CARGO_MANIFEST_DIR/tests/golden/library");

/// The first byte says which file of a library or of reference data the others are.
fn library(bytes: &[u8]) {
    let Some((&which, bytes)) = bytes.split_first() else {
        return;
    };
    let mut lists = ["emission_factors", "data"].map(|folder| {
        let mut files = Vec::new();
        if let Some(dir) = LIBRARY.get_dir(folder) {
            take(dir, folder, &mut files);
        }
        files
    });
    let count = lists.iter().map(Vec::len).sum::<usize>();
    if count == 0 {
        return;
    }
    let mut files = lists.iter_mut().flatten();
    if let Some(file) = files.nth(usize::from(which) % count) {
        file.bytes = bytes.to_vec();
    }
    let [library, data] = lists;
    let _ = Reference::load(&library, "golden", &data, &[]);
}

fn take(dir: &Dir, folder: &str, files: &mut Vec<DataFile>) {
    for file in dir.files() {
        let path = file.path().strip_prefix(folder).unwrap_or(file.path());
        files.push(DataFile::new(path.to_string_lossy(), file.contents()));
    }
    dir.dirs().for_each(|below| take(below, folder, files));
}

fn manifest(bytes: &[u8]) {
    let _ = Manifest::parse(Path::new("run"), bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The committed corpus of a target, by name.
    fn corpus(name: &str) -> Vec<Vec<u8>> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(name);
        let mut paths: Vec<PathBuf> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    #[test]
    fn every_corpus_is_read_to_its_end() {
        for (name, read) in TARGETS {
            let corpus = corpus(name);
            assert!(corpus.len() >= 8, "{name}");
            corpus.iter().for_each(|bytes| read(bytes));
        }
    }

    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end.max(1) as u64) as usize
        }
    }

    /// Some bytes changed, left out, doubled, or taken from another file.
    fn changed(random: &mut Random, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len() + 1);
            let most = 1 << random.below(8);
            let size = 1 + random.below(most);
            let end = (at + size).min(bytes.len());
            match random.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
                1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
                2 if at < bytes.len() => bytes[at] = [0, 10, 34, 44, 123, 0xff][random.below(6)],
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let piece = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                5 => {
                    let from = random.below(other.len() + 1);
                    let piece = other[from..(from + size).min(other.len())].to_vec();
                    drop(bytes.splice(at..end, piece));
                }
                _ => {
                    let number = [0u64, u64::MAX, 0x7fff_ffff, 0x0fff_ffff_ffff][random.below(4)];
                    let piece = &number.to_le_bytes()[..size.min(8)];
                    drop(bytes.splice(at..end, piece.iter().copied()));
                }
            }
        }
        bytes
    }

    /// Without a fuzzer's eyes for new paths, and as fast as the readers are: `GREEN_CORRIDOR_FUZZ` says how often each is called
    /// (a fraction of it in the short form), `GREEN_CORRIDOR_FUZZ_TARGET` may name one.
    #[test]
    fn changed_corpora_end_no_reader() {
        let times = std::env::var("GREEN_CORRIDOR_FUZZ").ok();
        let times: u64 = times.map_or(1_500, |times| times.parse().unwrap());
        let only = std::env::var("GREEN_CORRIDOR_FUZZ_TARGET").ok();
        // Panics of decoders are caught and tell nothing here.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| ()));
        for (name, read) in TARGETS {
            if only.as_ref().is_some_and(|only| only != name) {
                continue;
            }
            let corpus = corpus(name);
            let mut random = Random(0x9e37_79b9_7f4a_7c15);
            let began = std::time::Instant::now();
            for round in 0..times {
                let (one, two) = (random.below(corpus.len()), random.below(corpus.len()));
                let bytes = changed(&mut random, &corpus[one], &corpus[two]);
                let began = std::time::Instant::now();
                let ended = std::panic::catch_unwind(|| read(&bytes));
                let kept = std::env::temp_dir().join(format!("green-corridor-{name}-{round}"));
                if ended.is_err() || began.elapsed().as_secs() > 10 {
                    fs::write(&kept, &bytes).unwrap();
                    panic!("{name}, round {round}: {}", kept.display());
                }
            }
            println!(
                "{name}: {times} executions in {:.1} s",
                began.elapsed().as_secs_f64()
            );
        }
        std::panic::set_hook(hook);
    }
}
