//! Carried columns of a run held against each other: a shipment has what its elements have in common, and where they differ, each
//! of them says so.

use crate::error::{Error, Result};
use crate::model::carried::{common, joined};
use crate::model::flag::Flags;
use crate::output::columns::PublishedTable;
use crate::output::elements::{Elements, element};
use crate::output::rejected::RejectedTable;
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::Batches;
use crate::published::carried::carried;
use crate::published::row::{Row, row};
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use std::collections::VecDeque;
use std::path::Path;

row! {
    /// Whose element it is, and what it says of itself.
    struct Part<'b> of element {
        shipment_id: &'b str,
        flags from quality_flags: Flags,
    }
}

row! {
    /// Which shipment, and what it says of its elements.
    struct Whole<'b> of shipment {
        shipment_id: &'b str,
        flags from quality_flags: Flags,
    }
}

/// What a shipment's row says.
struct Told {
    shipment: String,
    text: String,
    flags: Flags,
}

/// Rows of shipments in their order, a batch of them at a time.
struct Shipments<'d> {
    dir: &'d Path,
    batches: Batches<'d, ShipmentsTable>,
    columns: &'d [&'static str],
    waiting: VecDeque<Told>,
}

impl Shipments<'_> {
    fn next(&mut self) -> Result<Option<Told>> {
        while self.waiting.is_empty() {
            let Some(batch) = self.batches.next_kept()? else {
                return Ok(None);
            };
            let values = batch.carried(self.columns)?;
            for (at, row) in batch.rows::<Whole>()?.enumerate() {
                let row = row?;
                self.waiting.push_back(Told {
                    shipment: row.shipment_id.to_owned(),
                    text: joined(values.row(at).map(|(_, value)| value)),
                    flags: row.flags,
                });
            }
        }
        Ok(self.waiting.pop_front())
    }

    /// Holds the next row against the elements of its shipment.
    fn meet(&mut self, parts: &Parts) -> Result<()> {
        if parts.count == 0 {
            return Ok(());
        }
        let (text, differs) = common(parts.texts.iter().map(String::as_str));
        let told = self.next()?.filter(|told| told.shipment == parts.shipment);
        let flagged = told
            .as_ref()
            .is_some_and(|told| told.flags.has(Flags::CARRIED_DIFFERS));
        let is_right = told.is_some_and(|told| told.text == text)
            && flagged == (parts.flagged > 0)
            && (!differs || parts.flagged == parts.count);
        if is_right {
            return Ok(());
        }
        Err(Error::Verification(format!(
            "{}: shipment {}: its carried columns, or the flags on them (Q43), are not those that follow from its elements",
            self.dir.display(),
            parts.shipment
        )))
    }
}

/// Elements of one shipment, as they come.
#[derive(Default)]
struct Parts {
    shipment: String,
    /// Different ones only; those of a shipment mostly have the same.
    texts: Vec<String>,
    /// Flagged elements, and all.
    flagged: usize,
    count: usize,
}

/// Compares the shipments of a run with their elements, and reads what its rejected rows carry.
pub(super) fn check(dir: &Path, manifest: &Manifest, interrupt: &Interrupt) -> Result<()> {
    let columns = carried(manifest);
    if columns.is_empty() {
        return Ok(());
    }
    let shipments = Batches::of_run(dir, manifest, Whole::columns());
    let mut told = Shipments {
        dir,
        batches: shipments.carrying(&columns),
        columns: &columns,
        waiting: VecDeque::new(),
    };
    let mut parts = Parts::default();
    let mut elements =
        Batches::<Elements>::of_run(dir, manifest, Part::columns()).carrying(&columns);
    while let Some(batch) = elements.next_kept()? {
        interrupt.check()?;
        let values = batch.carried(&columns)?;
        for (at, row) in batch.rows::<Part>()?.enumerate() {
            let row = row?;
            if row.shipment_id != parts.shipment {
                told.meet(&std::mem::take(&mut parts))?;
                row.shipment_id.clone_into(&mut parts.shipment);
            }
            let text = joined(values.row(at).map(|(_, value)| value));
            if !parts.texts.contains(&text) {
                parts.texts.push(text);
            }
            parts.flagged += usize::from(row.flags.has(Flags::CARRIED_DIFFERS));
            parts.count += 1;
        }
    }
    told.meet(&parts)?;
    let no_columns = vec![RejectedTable::FIELDS[0].name];
    let mut rejected =
        Batches::<RejectedTable>::of_run(dir, manifest, no_columns).carrying(&columns);
    while rejected.next_kept()?.is_some() {
        interrupt.check()?;
    }
    Ok(())
}
