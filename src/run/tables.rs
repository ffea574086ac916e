//! The tables after the elements, the manifest, and the sums that must agree before anything is published.

use crate::error::{Error, Result};
use crate::factors::Profile;
use crate::model::element::{GhgTotals, Names, Rollup};
use crate::model::flag::Flags;
use crate::model::unit::{NANO_SCALE, decimal_text};
use crate::output::corridors::{CORRIDOR_SECTIONS, CORRIDORS, CorridorRows, SectionRows};
use crate::output::encode::Encodings;
use crate::output::factors::FACTORS;
use crate::output::rejected::{REJECTED, RejectedWriter};
use crate::output::table::{ChunkWriter, Table};
use crate::run::compute::Written;
use crate::run::factors_used;
use crate::run::identity::METHOD_REVISION;
use crate::run::ledger::Ledger;
use crate::run::plan::Plan;
use crate::run::prepare::Loaded;
use crate::run::write::{OpenPart, close, failure, parts_of};
use crate::store::manifest::{
    Counts, InputEntry, InputShipments, Manifest, MissingFile, SCHEMA_VERSION, Totals,
};
use crate::store::reference::{reference_entries, write_reference_copy};
use crate::store::stage::Stage;
use crate::store::status::Status;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Key-value metadata of every footer of a run.
pub(crate) fn metadata(run_id: &str, loaded: &Loaded) -> Vec<(String, String)> {
    footer(
        run_id,
        env!("CARGO_PKG_VERSION"),
        METHOD_REVISION,
        &loaded.digest,
        &loaded.reference.profile,
    )
}

/// What every footer says of a run's origin.
pub(crate) fn footer(
    run_id: &str,
    version: &str,
    revision: u32,
    reference_digest: &str,
    profile: &Profile,
) -> Vec<(String, String)> {
    let statement = &profile.statement;
    [
        ("green_corridor.run_id", run_id.to_owned()),
        ("green_corridor.version", version.to_owned()),
        ("green_corridor.method_revision", revision.to_string()),
        ("green_corridor.schema_version", SCHEMA_VERSION.to_string()),
        (
            "green_corridor.reference_digest",
            reference_digest.to_owned(),
        ),
        ("green_corridor.profile", profile.name.clone()),
        ("green_corridor.method", profile.method.clone()),
        ("green_corridor.boundary", statement.boundary.clone()),
        ("green_corridor.exclusions", statement.exclusions.join("; ")),
        ("green_corridor.allocation", statement.allocation.clone()),
        ("green_corridor.cut_off", statement.cut_off.clone()),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_owned(), v))
    .collect()
}

/// Writes the `rejected` table; also for a run that is not published.
pub(crate) fn rejected(
    stage: &Stage,
    encodings: Encodings,
    ledger: Ledger,
    names: &Names,
    metadata: &[(String, String)],
) -> Result<u64> {
    let open = parts_of(stage, "rejected");
    let mut writer = RejectedWriter::new(&REJECTED, names.carried, encodings, metadata, open);
    let failed = |e: io::Error| failure(stage, "rejected", &e);
    for chunk in ledger.into_rejected()? {
        writer.push(Arc::new(chunk?), names).map_err(failed)?;
    }
    close(stage, "rejected", writer.finish(names))
}

/// What a computed run brings to its publication.
pub(crate) struct Outcome<'a> {
    /// The run.
    pub id: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// Reference data.
    pub loaded: &'a Loaded,
    /// Input files with their counts.
    pub entries: Vec<InputEntry>,
    /// Input files that the run goes without.
    pub missing: &'a [MissingFile],
    /// What a reader of the figures should know of the input files.
    pub warnings: Vec<String>,
    /// What was computed.
    pub written: Written,
}

/// Writes the remaining tables and the reference copy; gives the manifest of the run.
pub(crate) fn finish(
    stage: &Stage,
    outcome: Outcome,
    ledger: Ledger,
    names: &Names,
    metadata: &[(String, String)],
) -> Result<Manifest> {
    let Outcome {
        id,
        plan,
        loaded,
        entries,
        missing,
        warnings,
        written,
    } = outcome;
    let rollup = &written.rollup;
    let total = ledger.total();
    let by_code = ledger
        .by_reason()
        .into_iter()
        .map(|(reason, n)| (reason.code(), n))
        .collect();
    let rejected_rows = rejected(stage, plan.encodings, ledger, names, metadata)?;
    let small = Small {
        stage,
        encodings: plan.encodings,
        names,
        metadata,
    };
    let corridors = small.write(
        &CORRIDORS,
        "corridors.parquet",
        CorridorRows::new(rollup, names),
    )?;
    let sections = small.write(
        &CORRIDOR_SECTIONS,
        "corridor_sections.parquet",
        SectionRows::new(rollup, names),
    )?;
    let used = factors_used::rows(&loaded.reference, rollup);
    let before_first = factors_used::before_first(&loaded.reference, rollup);
    small.write(&FACTORS, "factors.parquet", used)?;
    let files = loaded.copied();
    write_reference_copy(stage, &files)?;
    let sums = sums(&written, rollup);
    agree(&sums)?;
    if rejected_rows != total.rejected {
        return Err(Error::Internal(format!(
            "{} rows rejected, but {rejected_rows} written",
            total.rejected
        )));
    }
    let profile = &loaded.reference.profile;
    let json = |e: serde_json::Error| Error::Internal(format!("the plan as JSON: {e}"));
    Ok(Manifest {
        schema_version: SCHEMA_VERSION,
        run_id: id.to_owned(),
        package: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        method_revision: METHOD_REVISION,
        profile: profile.name.clone(),
        method: profile.method.clone(),
        gwp_sets: gwp_sets(profile),
        statement: statement(profile),
        plan: serde_json::from_str(&plan.canonical_json()).map_err(json)?,
        inputs: entries,
        missing_files: missing.to_vec(),
        library_digest: loaded.digest.clone(),
        reference: reference_entries(&files),
        counts: Counts {
            rows_in: total.rows,
            accepted: total.accepted,
            rejected: total.rejected,
            rejected_by_code: by_code,
            elements: written.elements,
            shipments: written.shipments,
            in_input: Some(shipments_in_input(&written, loaded.reference.gaps.len())),
            corridors,
            sections,
            estimated_distances: written.estimated,
            implausible: Some(implausible(&written.implausible)),
        },
        totals: sums
            .iter()
            .map(|(name, t)| ((*name).to_owned(), totals_text(t)))
            .collect(),
        totals_by_gwp_set: factors_used::by_gwp_set(&loaded.reference, rollup),
        files: Vec::new(),
        warnings: [loaded.warnings.clone(), warnings, before_first].concat(),
    })
}

/// Codes of the GWP sets that a profile admits.
pub(crate) fn gwp_sets(profile: &Profile) -> Vec<String> {
    let codes = profile.gwp_sets.iter().map(|s| s.code().to_owned());
    codes.collect()
}

/// The statement of a profile as the manifest repeats it.
pub(crate) fn statement(profile: &Profile) -> serde_json::Value {
    serde_json::json!({
        "boundary": profile.statement.boundary,
        "exclusions": profile.statement.exclusions,
        "allocation": profile.statement.allocation,
        "cut_off": profile.statement.cut_off,
    })
}

/// Counts of [`Flags::IMPLAUSIBLE`] by code; a flag that nothing has is not named.
pub(crate) fn implausible(counts: &[u64; 6]) -> BTreeMap<String, u64> {
    let counted = Flags::IMPLAUSIBLE.iter().zip(counts);
    counted
        .filter(|(_, n)| **n > 0)
        .map(|(flag, n)| (flag.text(), *n))
        .collect()
}

/// A shipment of which nothing but a gap was reported is in the input too.
fn shipments_in_input(written: &Written, listed: u64) -> InputShipments {
    let shipments = written.shipments_in + listed.saturating_sub(written.shipments_with_gaps);
    InputShipments {
        shipments,
        without_accepted_row: shipments.saturating_sub(written.shipments),
        with_listed_gap: listed,
    }
}

/// Writes tables that fit in memory, each as one file.
struct Small<'a> {
    stage: &'a Stage,
    encodings: Encodings,
    names: &'a Names<'a>,
    metadata: &'a [(String, String)],
}

impl Small<'_> {
    fn write<C: Send + Sync>(
        &self,
        table: &'static Table<C>,
        path: &'static str,
        rows: C,
    ) -> Result<u64> {
        let stage = self.stage;
        let open: OpenPart = Box::new(move |_| stage.create(path).map_err(io::Error::other));
        let mut writer = ChunkWriter::new(
            table,
            self.names.carried,
            self.encodings,
            self.metadata,
            open,
        );
        writer
            .push(Arc::new(rows), self.names)
            .map_err(|e| failure(stage, path, &e))?;
        close(stage, path, writer.finish(self.names))
    }
}

/// The sum of each table, each added up on its own.
fn sums(written: &Written, rollup: &Rollup) -> [(&'static str, GhgTotals); 5] {
    let mut corridors = GhgTotals::default();
    rollup
        .corridors
        .values()
        .for_each(|c| corridors.add(&c.totals));
    let mut sections = GhgTotals::default();
    rollup
        .sections
        .values()
        .for_each(|s| sections.add(&s.totals));
    let mut factors = GhgTotals::default();
    rollup.factors.values().for_each(|f| factors.add(&f.totals));
    [
        ("elements", written.element_totals),
        ("shipments", written.shipment_totals),
        ("corridors", corridors),
        ("corridor_sections", sections),
        ("factors", factors),
    ]
}

/// sum(elements) = sum(shipments) = sum(corridors) = sum(corridor_sections), to the last digit.
fn agree(sums: &[(&str, GhgTotals)]) -> Result<()> {
    match sums.windows(2).find(|pair| pair[0].1 != pair[1].1) {
        None => Ok(()),
        Some(pair) => Err(Error::Internal(format!(
            "{} sum to {:?}, {} to {:?}: nothing is published",
            pair[0].0, pair[0].1, pair[1].0, pair[1].1
        ))),
    }
}

/// A sum as the manifest prints it.
pub(crate) fn totals_text(t: &GhgTotals) -> Totals {
    Totals {
        transport_activity_tkm: decimal_text(t.activity, NANO_SCALE),
        ghg_operation_kg: decimal_text(t.operation, NANO_SCALE),
        ghg_provision_kg: decimal_text(t.provision, NANO_SCALE),
        ghg_total_kg: decimal_text(t.total(), NANO_SCALE),
    }
}

/// Counts of a run that has been computed, whether or not it is published.
pub(crate) fn count(status: &mut Status, ledger: &Ledger, written: &Written) {
    let total = ledger.total();
    (status.rows_in, status.accepted, status.rejected) =
        (total.rows, total.accepted, total.rejected);
    status.rejected_by_code = ledger
        .by_reason()
        .into_iter()
        .map(|(reason, n)| (reason.code(), n))
        .collect();
    (status.elements, status.shipments) = (written.elements, written.shipments);
    status.corridors = written.rollup.corridors.len() as u64;
    status.ghg_total_kg = Some(decimal_text(written.element_totals.total(), NANO_SCALE));
}

/// Counts of a published run, from its manifest.
pub(crate) fn count_published(status: &mut Status, manifest: &Manifest) {
    let counts = &manifest.counts;
    (status.rows_in, status.accepted, status.rejected) =
        (counts.rows_in, counts.accepted, counts.rejected);
    status.rejected_by_code = counts.rejected_by_code.clone();
    (status.elements, status.shipments, status.corridors) =
        (counts.elements, counts.shipments, counts.corridors);
    status.ghg_total_kg = manifest
        .totals
        .get("elements")
        .map(|t| t.ghg_total_kg.clone());
}
