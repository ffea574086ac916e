//! Receipts to a published run: the proof that it is whole, parts taken over, sums merged, one commit.

use super::receipt::{Exact, Line, Receipt, take};
use super::work::{PARTS, REST};
use super::{StretchInput, Stretched};
use crate::calc::rollup::merge;
use crate::error::{Error, Result};
use crate::model::element::{Footprints, Rollup, Shipments};
use crate::model::id::LocationCode;
use crate::model::symbol::Symbols;
use crate::output::elements::ELEMENTS;
use crate::output::shipments::SHIPMENTS;
use crate::output::table::{ChunkWriter, Table};
use crate::run::budget::{Amount, Budget};
use crate::run::compute::{FixedNames, Written};
use crate::run::ledger::Ledger;
use crate::run::rejects::Rejects;
use crate::run::scratch::Scratch;
use crate::run::write::{close, parts_of};
use crate::run::{Computed, Run, Warnings, tables};
use crate::store::commit::Published;
use crate::store::descriptors;
use crate::store::digest::{digest_reader, sha256_hex};
use crate::store::find::check_unchanged;
use crate::store::manifest::{FileEntry, InputEntry};
use crate::store::path::{is_plain, open_below};
use crate::store::stage::Stage;
use crate::store::status::Status;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Rejected rows that are handed on at a time.
const REJECTED_ROWS: usize = 8_192;

/// Larger files beside the parts are not ours.
const MOST_REST: u64 = 1 << 32;

pub(super) fn seal(
    run: &Stretched,
    with: &Run,
    stage: Stage,
    folder: &Path,
    receipts: &[String],
    status: &mut Status,
) -> Result<Published> {
    with.progress.stage("seal", None);
    let receipts = receipts.iter().map(|text| Receipt::parse(text));
    let mut receipts = receipts.collect::<Result<Vec<_>>>()?;
    are_of_this_run(run, &receipts)?;
    no_shipment_is_split(&mut receipts)?;
    no_row_is_lost(&run.inputs, &receipts)?;
    let budget = Budget::new(
        run.plan.limits.memory_bytes,
        &Amount {
            threads: run.plan.threads,
            files: 1,
            workbooks: 0,
            bytes: 0,
            descriptors: descriptors::free(),
        },
    )?;
    let names = run.inputs.iter().map(|input| input.name.clone()).collect();
    let carried = run.plan.mapping.carried_names();
    let fixed = FixedNames::new(&run.loaded.reference, names, carried);
    let metadata = tables::metadata(&run.run_id, &run.loaded);
    adopt(with, &stage, folder, &receipts)?;
    let scratch = Scratch::new(&stage, "rejected");
    let rejects = Rejects::new(&scratch, budget.reject_bytes, budget.fan_in);
    let mut ledger = Ledger::new(run.inputs.len(), rejects);
    let (mut written, mut symbols) = (Written::default(), Symbols::default());
    for receipt in &receipts {
        with.interrupt.check()?;
        for of in &receipt.inputs {
            ledger.read(of.input, of.rows, 0);
            ledger.computed(&[(of.input, of.accepted)], Vec::new())?;
        }
        receipt.sums.add_to(&mut written);
        let rest = rest(folder, receipt)?;
        let rollup = merge_rest(&rest, receipt, &mut ledger, &mut symbols)?;
        merge(&mut written.rollup, &rollup);
        for code in &receipt.places {
            let known = LocationCode::parse(code.as_bytes());
            // Asked for by a task, so the run keeps its row.
            known.and_then(|code| run.loaded.reference.gazetteer.point(code));
        }
    }
    let names = fixed.with(&symbols);
    for (name, is_empty) in [
        ("elements", written.elements == 0),
        ("shipments", written.shipments == 0),
    ] {
        if is_empty {
            match name {
                "elements" => empty::<Footprints>(&stage, run, name, &ELEMENTS, &metadata, &names)?,
                _ => empty::<Shipments>(&stage, run, name, &SHIPMENTS, &metadata, &names)?,
            }
        }
    }
    for file in (run.files.files.iter()).chain(run.files.gaps.iter().map(|(_, list)| list)) {
        check_unchanged(file)?;
    }
    let (entries, warnings) = entries(run, &receipts);
    let computed = Computed {
        id: &run.run_id,
        loaded: &run.loaded,
        entries,
        missing: &[],
        warnings,
        written,
    };
    let ready = with.ready(&stage, computed, ledger, &names, &metadata, status)?;
    with.publish(stage, &run.run_id, ready, status)
}

fn refused(what: String) -> Error {
    Error::Verification(format!("{what}: nothing is published"))
}

fn are_of_this_run(run: &Stretched, receipts: &[Receipt]) -> Result<()> {
    let (mut stretches, mut folders) = (BTreeSet::new(), BTreeSet::new());
    for receipt in receipts {
        if receipt.run_id != run.run_id {
            let of = &receipt.run_id;
            return Err(refused(format!(
                "a receipt of run {of}, this one is {}",
                run.run_id
            )));
        }
        let is_known = |at: u32| (at as usize) < run.inputs.len();
        if receipt.stretch >= run.stretches()
            || !receipt.inputs.iter().all(|of| is_known(of.input))
            || receipt.files.iter().any(|file| !is_plain(&file.path))
            || !is_plain(&receipt.folder)
            || receipt.folder.contains('/')
        {
            return Err(refused(format!(
                "the receipt of stretch {} is none of this run",
                receipt.stretch
            )));
        }
        if !folders.insert(&receipt.folder) || !stretches.insert(receipt.stretch) {
            return Err(refused(format!(
                "stretch {} has two receipts: its rows lay in two places",
                receipt.stretch
            )));
        }
    }
    Ok(())
}

/// The stretches of ids of the tasks do not touch.
fn no_shipment_is_split(receipts: &mut [Receipt]) -> Result<()> {
    receipts.sort_by_key(|receipt| receipt.stretch);
    let ids = receipts.iter().filter_map(|receipt| {
        let (first, last) = receipt.ids.as_ref()?;
        Some((receipt.stretch, first, last))
    });
    let ids: Vec<_> = ids.collect();
    match ids.windows(2).find(|pair| pair[0].2 >= pair[1].1) {
        None => Ok(()),
        Some(pair) => Err(refused(format!(
            "stretch {} goes up to shipment {:?}, stretch {} begins with {:?}: a shipment may be split",
            pair[0].0, pair[0].2, pair[1].0, pair[1].1
        ))),
    }
}

/// As many rows of each input as it has, each of them once, and each accepted or rejected.
fn no_row_is_lost(inputs: &[StretchInput], receipts: &[Receipt]) -> Result<()> {
    let mut come = super::rows::nothing(inputs.len());
    for of in receipts.iter().flat_map(|receipt| &receipt.inputs) {
        let sum = &mut come[of.input as usize];
        sum.rows += of.rows;
        sum.sum = Exact(sum.sum.0.wrapping_add(of.sum.0));
        sum.squares = Exact(sum.squares.0.wrapping_add(of.squares.0));
    }
    for (input, come) in inputs.iter().zip(come) {
        let n = i128::from(input.rows);
        if come.rows != input.rows {
            return Err(refused(format!(
                "{}: {} rows lie in it, {} came through",
                input.name, input.rows, come.rows
            )));
        }
        // For as many rows as there can be: 10^12 rows squared and added up have 37 digits.
        let squares = n.checked_mul(n + 1).and_then(|m| m.checked_mul(2 * n + 1));
        if come.sum.0 != n * (n + 1) / 2
            || squares.is_some_and(|squares| come.squares.0 != squares / 6)
        {
            return Err(refused(format!(
                "{}: {n} rows came through, but not each of its rows once: their numbers (_row) add up to {} instead of {}, or their squares are others",
                input.name,
                come.sum.0,
                n * (n + 1) / 2
            )));
        }
    }
    Ok(())
}

/// Takes the parts over, in order, and looks at every byte of them.
fn adopt(with: &Run, stage: &Stage, folder: &Path, receipts: &[Receipt]) -> Result<()> {
    let mut parts: Vec<(String, FileEntry)> = Vec::new();
    for table in ["elements", "shipments"] {
        let mut number = 0;
        for receipt in receipts {
            let of_table = |file: &&FileEntry| {
                let rest = file.path.strip_prefix(table);
                rest.is_some_and(|rest| rest.starts_with('/'))
            };
            let mut rows = 0;
            for file in receipt.files.iter().filter(of_table) {
                rows += file.rows.unwrap_or(0);
                if file.rows == Some(0) {
                    continue;
                }
                let from = folder.join(&receipt.folder).join(PARTS).join(&file.path);
                let path = format!("{table}/part-{number:05}.parquet");
                number += 1;
                parts.push((path.clone(), file.clone()));
                let entry = FileEntry {
                    path,
                    ..file.clone()
                };
                let taken = stage.adopt(&from, entry);
                taken.map_err(|error| refused(error.to_string()))?;
            }
            if rows != receipt.sums.rows(table) {
                return Err(refused(format!(
                    "stretch {}: its receipt counts {} rows of {table}, its parts {rows}",
                    receipt.stretch,
                    receipt.sums.rows(table)
                )));
            }
        }
    }
    let check = |(path, told): &(String, FileEntry)| {
        let read = |e: io::Error| Error::Storage(format!("{path}: cannot read: {e}"));
        let file = open_below(&stage.run_dir(), path).map_err(read)?;
        let found = digest_reader(file, &|bytes| {
            with.progress.advance(0, bytes);
            with.interrupt.check()
        })?;
        let found = found.map_err(read)?;
        if (found.bytes, &found.sha256) == (told.bytes, &told.sha256) {
            return Ok(());
        }
        Err(refused(format!(
            "{path}: is not what its task has written, {} bytes with digest {}",
            told.bytes, told.sha256
        )))
    };
    with.pool
        .install(|| parts.par_iter().map(check).collect::<Result<()>>())
}

/// The file of sums and rejected rows.
fn rest(folder: &Path, receipt: &Receipt) -> Result<Vec<u8>> {
    let path = format!("{}/{PARTS}/{REST}", receipt.folder);
    let told = receipt.files.iter().find(|file| file.path == REST);
    let told = told.ok_or_else(|| refused(format!("{path}: is not in the receipt")))?;
    let mut bytes = Vec::new();
    let read =
        open_below(folder, &path).and_then(|file| file.take(MOST_REST).read_to_end(&mut bytes));
    read.map_err(|e| refused(format!("{path}: cannot read: {e}")))?;
    if sha256_hex(&bytes) != told.sha256 {
        return Err(refused(format!("{path}: is not what its task has written")));
    }
    Ok(bytes)
}

/// Reads sums and rejected rows of a stretch.
fn merge_rest(
    rest: &[u8],
    receipt: &Receipt,
    ledger: &mut Ledger,
    symbols: &mut Symbols,
) -> Result<Rollup> {
    let broken = |what: &str| refused(format!("stretch {}: {REST}: {what}", receipt.stretch));
    let decoder = zstd::Decoder::new(rest).map_err(|e| broken(&e.to_string()))?;
    let (mut rollup, mut rejected) = (Rollup::default(), Vec::new());
    let mut by_input = std::collections::BTreeMap::new();
    for line in BufReader::new(decoder).lines() {
        let line = line.map_err(|e| broken(&e.to_string()))?;
        let line: Line = serde_json::from_str(&line).map_err(|e| broken(&e.to_string()))?;
        if let Line::Rejected((input, ..), ..) = &line {
            if !receipt.inputs.iter().any(|of| of.input == *input) {
                return Err(broken("a row of an input that has none here"));
            }
            *by_input.entry(*input).or_insert(0u64) += 1;
        }
        take(line, &mut rollup, &mut rejected, symbols)
            .ok_or_else(|| broken("a line that means nothing"))?;
        if rejected.len() >= REJECTED_ROWS {
            ledger.reject(std::mem::take(&mut rejected))?;
        }
    }
    ledger.reject(rejected)?;
    for of in &receipt.inputs {
        if by_input.get(&of.input).copied().unwrap_or(0) != of.rejected {
            return Err(broken("rejected rows are not as many as the receipt says"));
        }
    }
    Ok(rollup)
}

/// A table without a row still has its columns.
fn empty<C: Send + Sync>(
    stage: &Stage,
    run: &Stretched,
    name: &'static str,
    table: &'static Table<C>,
    metadata: &[(String, String)],
    names: &crate::model::element::Names,
) -> Result<()> {
    let encodings = run.plan.encodings;
    let open = parts_of(stage, name);
    let writer = ChunkWriter::new(table, names.carried, encodings, metadata, open);
    close(stage, name, writer.finish(names)).map(drop)
}

/// Inputs for the manifest, counts left out, and warnings about them.
fn entries(run: &Stretched, receipts: &[Receipt]) -> (Vec<InputEntry>, Vec<String>) {
    let of_all = |of: fn(&Receipt) -> &Vec<String>| -> Vec<String> {
        let mut all = Vec::new();
        for text in receipts.iter().flat_map(of) {
            if !all.contains(text) {
                all.push(text.clone());
            }
        }
        all
    };
    let unknown_columns = of_all(|receipt| &receipt.unknown_columns);
    let told = of_all(|receipt| &receipt.warnings);
    let lacks_sequence = receipts.iter().any(|receipt| receipt.lacks_sequence);
    let mut warnings = Warnings::default();
    let entry = |input: &StretchInput| {
        warnings.note(&input.name, &told);
        InputEntry {
            file: input.name.clone(),
            bytes: input.bytes,
            sha256: input.sha256.clone(),
            format: input.format.clone(),
            rows_in: 0,
            accepted: 0,
            rejected: 0,
            blank_rows: 0,
            unknown_columns: unknown_columns.clone(),
            lacks_sequence,
        }
    };
    let entries = run.inputs.iter().map(entry).collect();
    (entries, warnings.texts())
}
