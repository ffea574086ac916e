//! Everything a run needs before the first row: reference data, input files; and what makes the run id.

use crate::error::{Error, Place, Result};
use crate::escape::inert::original;
use crate::factors::{DataFile, Fault};
use crate::model::unit::counted;
use crate::progress::{Level, Progress};
use crate::reference::{Distances, PassageTimes, Reference, Severity};
use crate::run::identity::METHOD_REVISION;
use crate::run::plan::{LaterFile, Plan};
use crate::shipped::{places, places_digest};
use crate::store::digest::{ContentDigest, sha256_hex};
use crate::store::find::{InputFile, Unmatched, discover_outside, take_gaps};
use crate::store::manifest::MissingFile;
use crate::store::reference::{
    RUN_DATA, ReferenceFile, library_digest, read_data, read_library, read_named, under,
};
use std::path::Path;

/// Folder of the factor library in a run's `reference/`.
pub(crate) const LIBRARY: &str = "emission_factors";
/// Folder of the data files in a run's `reference/`.
pub(crate) const DATA: &str = "data";
/// Folder of further location files in a run's `reference/`.
pub(crate) const LOCATIONS: &str = "locations";
/// Folder of own distance files in a run's `reference/`.
pub(crate) const DISTANCES: &str = "distances";
/// Folder of own files of passages in a run's `reference/`.
pub(crate) const PASSAGES: &str = "passages";
/// What identifies the list of places inside the program, in a run's `reference/`.
pub(crate) const PLACES: &str = "places/list.toml";
/// Rows of that list that a run used, in its `reference/`: they make no run id, since the list does.
pub(crate) const PLACES_USED: &str = "places/used.csv";
/// The run file in a run's `reference/`.
pub(crate) const RUN_FILE: &str = "run.toml";
/// Folder of value files in a run's `reference/`.
pub(crate) const VALUES: &str = "values";

/// Reference data, loaded and checked, and the bytes they came from.
pub(crate) struct Loaded {
    /// The reference.
    pub reference: Reference,
    /// Everything read, as it goes into the run's `reference/`.
    pub files: Vec<ReferenceFile>,
    /// Digest of all of `files` but the run file, which the plan stands for.
    pub digest: String,
    /// Warnings of the library.
    pub warnings: Vec<String>,
}

/// Reads and checks library, profile, data files.
pub(crate) fn load_reference(plan: &Plan) -> Result<Loaded> {
    let library = read_library(&plan.factors.path)?;
    known_profile(
        &profiles(library.iter().map(|f| f.path.as_str())),
        &plan.profile,
    )?;
    let data = read_data(&plan.reference.path, &RUN_DATA)?;
    let named = |group: &str, number: usize, path: &Path| {
        let name = path
            .file_name()
            .map_or_else(|| "file".to_owned(), |n| n.to_string_lossy().into_owned());
        read_named(path, &format!("{group}/{number:02}-{name}"))
    };
    let locations = plan
        .locations
        .iter()
        .enumerate()
        .map(|(i, p)| named(LOCATIONS, i, &p.path))
        .collect::<Result<Vec<_>>>()?;
    let values = plan
        .value_files
        .iter()
        .enumerate()
        .map(|(i, v)| named(VALUES, i, &v.file.path))
        .collect::<Result<Vec<_>>>()?;
    let distances = (plan.distances.iter().enumerate())
        .map(|(i, p)| named(DISTANCES, i, &p.path))
        .collect::<Result<Vec<_>>>()?;
    let passages = (plan.passages.iter().enumerate())
        .map(|(i, p)| named(PASSAGES, i, &p.path))
        .collect::<Result<Vec<_>>>()?;
    let (mut reference, warnings) = check(
        &library,
        &plan.profile,
        &data,
        [&locations, &distances, &passages],
    )?;
    complete(&mut reference, plan.limits.max_primary_age_months);
    let mut files = under(LIBRARY, library);
    files.push(ReferenceFile {
        path: PLACES.to_owned(),
        bytes: places_digest().to_vec(),
    });
    files.extend(under(DATA, data));
    files.extend(locations);
    files.extend(distances);
    files.extend(passages);
    files.extend(values);
    let digest = library_digest(&files);
    if let Some(path) = &plan.run_file {
        files.push(read_named(path, RUN_FILE)?);
    }
    Ok(Loaded {
        reference,
        files,
        digest,
        warnings,
    })
}

/// What does not lie in files of the run: the age from which a carrier's figure is refused, and the list of places of the program.
fn complete(reference: &mut Reference, max_primary_age_months: Option<u32>) {
    if let Some(months) = max_primary_age_months {
        reference.factors.limit_primary_age(months);
    }
    reference.gazetteer = places();
}

/// The reference that [`load_reference`] and [`Loaded::read_gaps`] made of these files, without the files.
pub(crate) fn reference_again(
    files: &[ReferenceFile],
    profile: &str,
    max_primary_age_months: Option<u32>,
    gaps: &[GapList],
) -> Result<Reference> {
    let mut reference = reference_of_run(files, profile)?;
    complete(&mut reference, max_primary_age_months);
    gaps_into(&mut reference, gaps)?;
    Ok(reference)
}

/// Folder of lists of gaps in a run's `reference/`.
const GAPS: &str = "gaps";

/// A list of gaps that lies beside a movement file.
#[derive(Clone, Debug)]
pub(crate) struct GapList {
    /// Name of the movement file.
    pub movements: String,
    /// Name of the list.
    pub name: String,
    /// The list, as it goes into the run's `reference/`.
    pub file: ReferenceFile,
}

/// Reads lists of gaps into a reference.
fn gaps_into(reference: &mut Reference, lists: &[GapList]) -> Result<()> {
    let mut faults = Vec::new();
    for list in lists {
        // A CSV keeps ids as the conversion wrote them; NDJSON has them unchanged.
        let is_text = |ending| list.movements.to_ascii_lowercase().contains(ending);
        let is_json = is_text(".ndjson") || is_text(".jsonl");
        let id = |cell: &str| {
            if is_json {
                original(cell)
            } else {
                Some(cell.to_owned())
            }
        };
        let data = DataFile::new(list.name.clone(), list.file.bytes.clone());
        faults.extend(reference.gaps.read(&data, id));
    }
    match faults.as_slice() {
        [] => Ok(()),
        [one] => Err(Error::Input(one.to_string()).at(place_of(one))),
        [first, rest @ ..] => Err(
            Error::Input(format!("{first}; and {} more faults", rest.len())).at(place_of(first)),
        ),
    }
}

impl Loaded {
    /// What goes into the run's `reference/`, now that all is computed.
    pub(crate) fn copied(&self) -> Vec<ReferenceFile> {
        let used = self.reference.gazetteer.used().map(|text| ReferenceFile {
            path: PLACES_USED.to_owned(),
            bytes: text.into_bytes(),
        });
        self.files.iter().cloned().chain(used).collect()
    }

    /// Reads the lists of gaps beside the movement files; they count for the run id as all other reference files do.
    pub(crate) fn read_gaps(&mut self, inputs: &Inputs) -> Result<Vec<GapList>> {
        let mut lists = Vec::new();
        for (i, (movements, list)) in inputs.gaps.iter().enumerate() {
            let name = list
                .path
                .file_name()
                .map_or_else(|| "file".to_owned(), |n| n.to_string_lossy().into_owned());
            let file = read_named(&list.path, &format!("{GAPS}/{i:02}-{name}"))?;
            self.files.push(file.clone());
            lists.push(GapList {
                movements: movements.name.clone(),
                name: list.name.clone(),
                file,
            });
        }
        if !lists.is_empty() {
            let making = self.files.iter().filter(|f| makes_id(f)).cloned();
            self.digest = library_digest(&making.collect::<Vec<_>>());
        }
        gaps_into(&mut self.reference, &lists)?;
        Ok(lists)
    }
}

/// Whether a file of a run's `reference/` counts for the run id: the plan stands for the run file, the list of places for the
/// rows used of it.
pub(crate) fn makes_id(file: &ReferenceFile) -> bool {
    ![RUN_FILE, PLACES_USED].contains(&file.path.as_str())
}

/// Names of the profiles among the files of a library, ascending.
pub(crate) fn profiles<'f>(paths: impl Iterator<Item = &'f str>) -> Vec<&'f str> {
    let mut names: Vec<&str> = paths
        .filter_map(|path| path.strip_prefix("profiles/")?.strip_suffix(".toml"))
        .collect();
    names.sort_unstable();
    names
}

/// Refuses a profile that the library does not have (exit 2); that a library has none at all is a fault of its own.
pub(crate) fn known_profile(names: &[&str], profile: &str) -> Result<()> {
    if names.contains(&profile) || names.is_empty() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "profile \"{profile}\": expected one of {}",
        names.join(", ")
    )))
}

/// Loads the reference from the copies in a published run.
pub(crate) fn reference_of_run(files: &[ReferenceFile], profile: &str) -> Result<Reference> {
    reference_with_warnings(files, profile).map(|(reference, _)| reference)
}

/// The same with the warnings of its library.
pub(crate) fn reference_with_warnings(
    files: &[ReferenceFile],
    profile: &str,
) -> Result<(Reference, Vec<String>)> {
    let group = |name: &str| -> Vec<ReferenceFile> {
        let inside = |f: &ReferenceFile| {
            let path = f.path.strip_prefix(name)?.strip_prefix('/')?.to_owned();
            Some(ReferenceFile {
                path,
                bytes: f.bytes.clone(),
            })
        };
        files.iter().filter_map(inside).collect()
    };
    let mut locations = group(LOCATIONS);
    locations.extend(files.iter().filter(|f| f.path == PLACES_USED).cloned());
    check(
        &group(LIBRARY),
        profile,
        &group(DATA),
        [&locations, &group(DISTANCES), &group(PASSAGES)],
    )
}

fn check(
    library: &[ReferenceFile],
    profile: &str,
    data: &[ReferenceFile],
    [locations, distances, passages]: [&[ReferenceFile]; 3],
) -> Result<(Reference, Vec<String>)> {
    let as_data = |files: &[ReferenceFile]| -> Vec<DataFile> {
        files
            .iter()
            .map(|f| DataFile {
                path: f.path.clone(),
                bytes: f.bytes.clone(),
            })
            .collect()
    };
    let loaded = Reference::load(
        &as_data(library),
        profile,
        &as_data(data),
        &as_data(locations),
    );
    let (mut reference, mut warnings) = loaded.map_err(|faults| library_error(&faults))?;
    // The first of several files wins, so it is put on top of the others.
    for file in as_data(distances).iter().rev() {
        let (own, faults) = Distances::parse(file);
        if faults.iter().any(|f| f.severity == Severity::Error) {
            return Err(library_error(&faults));
        }
        reference.distances.put_on_top(own);
        warnings.extend(faults);
    }
    for file in as_data(passages).iter().rev() {
        let (own, faults) = PassageTimes::parse(file, &reference.factors);
        if faults.iter().any(|f| f.severity == Severity::Error) {
            return Err(library_error(&faults));
        }
        reference.put_passages_on_top(own);
        warnings.extend(faults);
    }
    Ok((reference, warnings.iter().map(Fault::to_string).collect()))
}

/// The place of a fault of a reference file.
pub(crate) fn place_of(fault: &Fault) -> Place {
    Place::file(&fault.file)
        .line(fault.line)
        .column(&fault.column)
        .found(&fault.found)
        .wanted(&fault.wanted)
}

/// Every fault of a library in one error, one line each; its place is that of the first.
pub(crate) fn library_error(faults: &[Fault]) -> Error {
    let errors: Vec<String> = faults
        .iter()
        .filter(|f| f.severity == crate::factors::Severity::Error)
        .map(Fault::to_string)
        .collect();
    let error = Error::Library(match errors.as_slice() {
        [one] => one.clone(),
        many => format!("{} faults: {}", many.len(), many.join("; ")),
    });
    let is_error = |f: &&Fault| f.severity == crate::factors::Severity::Error;
    match faults.iter().find(is_error) {
        Some(first) => error.at(place_of(first)),
        None => error,
    }
}

/// Input files, and what is missing.
#[derive(Clone, Default)]
pub(crate) struct Inputs {
    /// Files to read, by name.
    pub files: Vec<InputFile>,
    /// Lists of gaps, each with the movement file that it lies beside.
    pub gaps: Vec<(InputFile, InputFile)>,
    /// Files that cannot be read.
    pub missing: Vec<MissingFile>,
}

impl Inputs {
    /// Goes on without these files, if the plan allows it.
    pub(crate) fn leave_out(&mut self, missing: Vec<MissingFile>, plan: &Plan) -> Result<()> {
        if let Some(first) = missing.first().filter(|_| !plan.allow_missing_files) {
            return Err(Error::Input(first.reason.clone()));
        }
        self.files
            .retain(|file| missing.iter().all(|m| m.file != file.name));
        self.missing.extend(missing);
        Ok(())
    }

    /// How late each file is, by the rule of the plan; empty without one.
    pub(crate) fn ranks(&self, plan: &Plan) -> Result<Vec<u32>> {
        let Some(rule) = &plan.later_file else {
            return Ok(Vec::new());
        };
        rule.ranks(&self.names()).map_err(|fault| {
            Error::Input(format!(
                "{fault}; [duplicates] later_file_wins needs the date of every file, or \"path\""
            ))
        })
    }

    fn names(&self) -> Vec<&str> {
        self.files.iter().map(|file| file.name.as_str()).collect()
    }

    /// Bytes of the files to read.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Finds the input files.
pub(crate) fn find_inputs(plan: &Plan, progress: &dyn Progress) -> Result<Inputs> {
    let patterns: Vec<String> = plan.movements.iter().map(|p| p.search.clone()).collect();
    let exclude: Vec<String> = plan.exclude.iter().map(|p| p.search.clone()).collect();
    let folder = if plan.folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        &plan.folder
    };
    let found = discover_outside(&exclude, &patterns, folder, Some(&plan.out.path))?;
    for pattern in &found.idle_excludes {
        let message = format!("exclude {pattern:?}: keeps nothing out");
        progress.message(Level::Warning, &message);
    }
    if let Some(first) = found.left.first() {
        let message = format!(
            "{} of a folder not read, the first is {first}: .txt, .tsv and .json files must be named, as in {}/*.txt, and archives unpacked; exclude says that they are not meant",
            counted(found.left.len() as u64, "file"),
            first.rsplit_once('/').map_or(".", |(folder, _)| folder)
        );
        progress.message(Level::Warning, &message);
    }
    let outside = if exclude.is_empty() {
        ""
    } else {
        " outside exclude"
    };
    let mut files = found.files;
    let mut inputs = Inputs {
        gaps: take_gaps(&mut files)?,
        files,
        missing: Vec::new(),
    };
    for Unmatched { pattern, absent } in found.unmatched {
        match absent {
            Some(absent) if plan.allow_missing_files => {
                inputs.missing.push(MissingFile {
                    file: absent.name,
                    reason: absent.reason,
                });
            }
            Some(_) | None if plan.allow_empty => progress.message(
                Level::Warning,
                &format!("{pattern}: matches no file{outside}"),
            ),
            Some(_) => {
                return Err(Error::Input(format!(
                    "{pattern}: there is no such file; --allow-missing-files publishes without it"
                )));
            }
            None => {
                return Err(Error::Input(format!(
                    "{pattern}: matches no file{outside} (a folder gives .csv, .ndjson, .jsonl, .parquet, .xlsx; .txt, .tsv and .json files must be named, as in {pattern}/*.txt); --allow-empty publishes without it"
                )));
            }
        }
    }
    let unreadable = found.unreadable.into_iter().map(|file| MissingFile {
        file: file.name,
        reason: file.reason,
    });
    inputs.leave_out(unreadable.collect(), plan)?;
    // Told before anything is computed.
    inputs.ranks(plan)?;
    let misleading = |rule: &LaterFile| rule.misleading(&inputs.names());
    if let Some((earlier, later)) = plan.later_file.as_ref().and_then(misleading) {
        let message = format!(
            "[duplicates] later_file_wins = \"path\" takes {earlier} for later than {later}: paths are compared letter by letter; \
             write numbers with leading zeros and the year first, or use a pattern of the date in them (\"%d-%m-%Y\")"
        );
        progress.message(Level::Warning, &message);
    }
    Ok(inputs)
}

/// The run id: a digest of the plan, the inputs (files and their digests), the reference data, and the version and method revision
/// of this program.
pub(crate) fn run_id(
    plan: &Plan,
    files: &[InputFile],
    digests: &[ContentDigest],
    reference_digest: &str,
) -> String {
    let inputs = files.iter().zip(digests);
    let inputs = inputs.map(|(file, digest)| (file.name.as_str(), digest.sha256.as_str()));
    id_of_plan(plan, &inputs.collect::<Vec<_>>(), reference_digest)
}

/// The same from names and digests.
pub(crate) fn id_of_plan(plan: &Plan, inputs: &[(&str, &str)], reference_digest: &str) -> String {
    id_of(
        [
            env!("CARGO_PKG_VERSION"),
            &METHOD_REVISION.to_string(),
            &plan.canonical_json(),
            reference_digest,
        ],
        inputs,
    )
}

/// The run id from version, revision, plan and reference digest, and from names and digests of the inputs.
pub(crate) fn id_of(of: [&str; 4], inputs: &[(&str, &str)]) -> String {
    let count = inputs.len().to_string();
    let inputs = inputs.iter().flat_map(|&(name, digest)| [name, digest]);
    let parts = of.into_iter().chain([count.as_str()]).chain(inputs);
    // A length before each part, so that no two lists of parts read the same.
    let text: String = parts.map(|p| format!("{}:{p}", p.len())).collect();
    sha256_hex(text.as_bytes())[..20].to_owned()
}
