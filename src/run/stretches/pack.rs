//! What a task needs of a run, as bytes for the way to it: rules, reference data, names of inputs, bounds, what footers say.
//!
//! A head of JSON, then files one behind the other, compressed, behind a digest of it all.

use super::Stretched;
use super::work::{Stretch, StretchOrder};
use crate::error::{Error, Result};
use crate::input::arrow_batch::ArrowRows;
use crate::input::mapping::Mapping;
use crate::output::encode::Encodings;
use crate::reference::Reference;
use crate::run::identity::METHOD_REVISION;
use crate::run::plan::{Flags, Plan, Surroundings};
use crate::run::prepare::{GapList, makes_id, reference_again};
use crate::run::tables;
use crate::store::digest::sha256_hex;
use crate::store::reference::ReferenceFile;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Level of compression: the way is short.
const LEVEL: i32 = 3;
/// What the bytes begin with.
const MAGIC: &[u8; 8] = b"gcstrtc1";
/// Larger ones are not ours.
const MOST_BYTES: usize = 1 << 30;

/// A list of gaps: movement file, name, path of its copy.
type OfGaps = (String, String, String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: String,
    method_revision: u32,
    run_id: String,
    profile: String,
    max_primary_age_months: Option<u32>,
    run_file: Option<(String, String)>,
    names_movements: bool,
    inputs: Vec<String>,
    ranks: Vec<u32>,
    bounds: Vec<String>,
    metadata: Vec<(String, String)>,
    value_files: Vec<String>,
    gaps: Vec<OfGaps>,
    /// Path and length.
    files: Vec<(String, usize)>,
}

/// What the tasks of a run have in common.
pub struct StretchTask {
    pub(super) run_id: String,
    pub(super) reference: Reference,
    pub(super) rows: ArrowRows,
    pub(super) mapping: Mapping,
    pub(super) encodings: Encodings,
    pub(super) inputs: Vec<String>,
    pub(super) ranks: Vec<u32>,
    pub(super) bounds: Vec<String>,
    pub(super) metadata: Vec<(String, String)>,
}

pub(super) fn pack(run: &Stretched) -> Result<Vec<u8>> {
    let Stretched { plan, loaded, .. } = run;
    let files: Vec<&ReferenceFile> = loaded.files.iter().filter(|f| makes_id(f)).collect();
    let run_text = loaded.files.iter().find(|f| !makes_id(f));
    let run_file = plan.run_file.as_ref().zip(run_text);
    let head = Head {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        method_revision: METHOD_REVISION,
        run_id: run.run_id.clone(),
        profile: plan.profile.clone(),
        max_primary_age_months: plan.limits.max_primary_age_months,
        run_file: run_file.map(|(path, file)| {
            let text = String::from_utf8_lossy(&file.bytes).into_owned();
            (path.to_string_lossy().into_owned(), text)
        }),
        names_movements: matches!(plan.origin("movements"), crate::run::plan::Origin::File(_)),
        inputs: run.inputs.iter().map(|input| input.name.clone()).collect(),
        ranks: run.ranks.clone(),
        bounds: plan.stretches.clone(),
        metadata: tables::metadata(&run.run_id, loaded),
        value_files: (plan.value_files.iter())
            .map(|v| v.column.clone())
            .collect(),
        gaps: (run.gaps.iter())
            .map(|g| (g.movements.clone(), g.name.clone(), g.file.path.clone()))
            .collect(),
        files: (files.iter())
            .map(|f| (f.path.clone(), f.bytes.len()))
            .collect(),
    };
    let failed = |e: &dyn std::fmt::Display| Error::Internal(format!("a task as bytes: {e}"));
    let head = serde_json::to_vec(&head).map_err(|e| failed(&e))?;
    let mut body = (head.len() as u64).to_le_bytes().to_vec();
    body.extend(head);
    files.iter().for_each(|f| body.extend_from_slice(&f.bytes));
    let packed = zstd::bulk::compress(&body, LEVEL).map_err(|e| failed(&e))?;
    let digest = sha256_hex(&packed);
    Ok([MAGIC, digest.as_bytes(), &packed].concat())
}

fn broken(what: &str) -> Error {
    Error::Input(format!("the task of a run in stretches: {what}"))
}

impl StretchTask {
    /// The task that [`Stretched::pack`] has packed, for the same version of the engine.
    pub fn unpack(bytes: &[u8]) -> Result<StretchTask> {
        let head = MAGIC.len();
        let is_ours = bytes.starts_with(MAGIC);
        let (Some(digest), Some(packed), true) =
            (bytes.get(head..head + 64), bytes.get(head + 64..), is_ours)
        else {
            return Err(broken(
                "wanted what another engine of this version has packed",
            ));
        };
        if sha256_hex(packed).as_bytes() != digest {
            return Err(broken("its bytes are not what was packed"));
        }
        let mut decoder = zstd::bulk::Decompressor::new().map_err(|e| broken(&e.to_string()))?;
        let body = decoder.decompress(packed, MOST_BYTES);
        let body = body.map_err(|e| broken(&e.to_string()))?;
        let (length, rest) = body
            .split_first_chunk::<8>()
            .ok_or_else(|| broken("is cut off"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (head, mut rest) =
            (rest.split_at_checked(length)).ok_or_else(|| broken("is cut off"))?;
        let head: Head = serde_json::from_slice(head).map_err(|e| broken(&e.to_string()))?;
        if (head.version.as_str(), head.method_revision)
            != (env!("CARGO_PKG_VERSION"), METHOD_REVISION)
        {
            return Err(broken(&format!(
                "it is of version {} (method revision {}), this one of {} ({METHOD_REVISION}): wanted one version for all",
                head.version,
                head.method_revision,
                env!("CARGO_PKG_VERSION")
            )));
        }
        let mut files = Vec::new();
        for (path, length) in &head.files {
            let (bytes, behind) =
                (rest.split_at_checked(*length)).ok_or_else(|| broken("is cut off"))?;
            rest = behind;
            files.push(ReferenceFile {
                path: path.clone(),
                bytes: bytes.to_vec(),
            });
        }
        StretchTask::of(head, &files)
    }

    fn of(head: Head, files: &[ReferenceFile]) -> Result<StretchTask> {
        let plan = plan(&head, files)?;
        let gaps = (head.gaps.iter()).map(|(movements, name, path)| {
            let file = files.iter().find(|f| f.path == *path);
            Ok(GapList {
                movements: movements.clone(),
                name: name.clone(),
                file: file
                    .cloned()
                    .ok_or_else(|| broken("lacks a list of gaps"))?,
            })
        });
        let gaps = gaps.collect::<Result<Vec<_>>>()?;
        let reference = reference_again(files, &head.profile, head.max_primary_age_months, &gaps)?;
        let vocabulary = Arc::new(reference.vocabulary());
        Ok(StretchTask {
            run_id: head.run_id,
            rows: ArrowRows::new(Arc::new(plan.mapping.clone()), vocabulary),
            reference,
            mapping: plan.mapping,
            encodings: plan.encodings,
            inputs: head.inputs,
            ranks: head.ranks,
            bounds: head.bounds,
            metadata: head.metadata,
        })
    }

    /// Id of the run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Opens stretch `order.stretch` in the folder of all stretches of the run.
    pub fn stretch(self: &Arc<StretchTask>, order: StretchOrder) -> Result<Stretch> {
        Stretch::start(Arc::clone(self), order)
    }
}

/// The plan of the packed run file, for how rows are read; paths lead nowhere.
fn plan(head: &Head, files: &[ReferenceFile]) -> Result<Plan> {
    let here = Surroundings {
        working_directory: PathBuf::from("/"),
        cores: 1,
        memory_bytes: 1 << 30,
        plain: Path::to_owned,
    };
    let flags = Flags {
        profile: Some(head.profile.clone()),
        movements: if head.names_movements {
            Vec::new()
        } else {
            vec!["movements".to_owned()]
        },
        ..Flags::default()
    };
    // In the order of the plan, which is that in which they are read.
    let values = files.iter().filter(|f| f.path.starts_with("values/"));
    let values = RefCell::new(values);
    let read = |_: &Path| {
        let next = values.borrow_mut().next();
        (next.map(|file| file.bytes.clone())).ok_or_else(|| broken("lacks a value file"))
    };
    let run_file = head.run_file.as_ref();
    let run_file = run_file.map(|(path, text)| (Path::new(path), text.as_bytes()));
    let plan = Plan::resolve(run_file, &flags, &here, &read)?;
    let columns: Vec<&String> = plan.value_files.iter().map(|v| &v.column).collect();
    if !columns.into_iter().eq(&head.value_files) || values.borrow_mut().next().is_some() {
        return Err(broken("its value files are not those of its run file"));
    }
    Ok(plan)
}
