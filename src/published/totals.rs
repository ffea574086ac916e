//! The sums of a published table, straight from its rows.

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::output::columns::PublishedTable;
use crate::output::corridors::{corridor, section};
use crate::output::elements::element;
use crate::output::factors::factor;
use crate::output::shipments::shipment;
use crate::published::batches::Batches;
use crate::published::row::{Row, row};
use crate::run::tables::totals_text;
use crate::store::manifest::Manifest;
use parquet::errors::ParquetError;
use std::path::Path;

row! {
    /// What every table of sums has.
    pub(crate) struct Sums of (element, shipment, corridor, section, factor) {
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
        total from ghg_total_kg: i128,
        biogenic from biogenic_co2_kg: Option<i128>,
    }
}

/// The sums of a table, which has as many rows as were published and whose sums are those of the manifest; `read` is told of each batch
/// how many rows it had.
///
/// Beside them, biogenic CO2 as far as the rows state it; `None`: none does.
///
/// Errors: exit 7 when that is not so, when the table cannot be read, or a row's total is not operation + provision.
pub(crate) fn totals<T: PublishedTable>(
    dir: &Path,
    manifest: &Manifest,
    wanted: Option<u64>,
    read: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<(GhgTotals, Option<i128>)>
where
    Sums: for<'b> Row<'b, T>,
{
    let (count, totals, biogenic) = added_up::<T>(dir, manifest, read)?;
    let fault =
        |what: String| Error::Verification(format!("{}: {}: {what}", dir.display(), T::NAME));
    if let Some(wanted) = wanted.filter(|wanted| *wanted != count) {
        return Err(fault(format!("{count} rows, the manifest says {wanted}")));
    }
    if manifest.totals.get(T::NAME) != Some(&totals_text(&totals)) {
        return Err(fault("the sums are not those of the manifest".to_owned()));
    }
    Ok((totals, biogenic))
}

fn added_up<T: PublishedTable>(
    dir: &Path,
    manifest: &Manifest,
    read: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<(u64, GhgTotals, Option<i128>)>
where
    Sums: for<'b> Row<'b, T>,
{
    let (mut count, mut totals, mut biogenic) = (0u64, GhgTotals::default(), None::<i128>);
    let mut batches = Batches::<T>::of_run(dir, manifest, <Sums as Row<T>>::columns());
    while let Some(rows) = batches.next_as(|batch| {
        for row in batch.rows::<Sums>()? {
            let row = row?;
            count += 1;
            let fault = |what: &str| ParquetError::General(format!("row {count}: {what}"));
            if row.operation.checked_add(row.provision) != Some(row.total) {
                return Err(fault("total is not operation + provision"));
            }
            let added = totals.add_checked(&GhgTotals {
                activity: row.activity,
                operation: row.operation,
                provision: row.provision,
            });
            let too_long = || fault("the sums up to here have more than 128 bits");
            added.ok_or_else(too_long)?;
            if let Some(more) = row.biogenic {
                let sum = biogenic.unwrap_or(0).checked_add(more);
                biogenic = Some(sum.ok_or_else(too_long)?);
            }
        }
        Ok(batch.count())
    })? {
        read(rows)?;
    }
    Ok((count, totals, biogenic))
}
