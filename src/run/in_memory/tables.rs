//! What computed rows come to: the published tables in pieces, and sums that add up.

use crate::calc::rollup::merge;
use crate::error::{Error, Result};
use crate::model::element::{Footprints, GhgTotals, Rollup, Shipments};
use crate::model::reject::Rejected;
use crate::output::elements::ELEMENTS;
use crate::output::rejected::REJECTED;
use crate::output::shipments::SHIPMENTS;
use crate::output::slices::Rows;
use crate::output::table::{LendNames, Table};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use parquet::errors::ParquetError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows of the three tables of footprints, each with the columns of the published one.
#[derive(Clone, Debug)]
pub struct Tables {
    /// One row per transport chain element, in order of shipment, container and element.
    pub elements: RecordBatch,
    /// One row per shipment, in order of their ids.
    pub shipments: RecordBatch,
    /// One row per record that did not become part of a figure, and why, in order of file and row.
    pub rejected: RecordBatch,
}

impl Tables {
    /// No rows, where nothing is carried.
    pub fn empty() -> Tables {
        Tables::without_rows(&[])
    }

    fn without_rows(carried: &[&'static str]) -> Tables {
        let [elements, shipments, rejected] = Tables::schemas(carried).map(RecordBatch::new_empty);
        Tables {
            elements,
            shipments,
            rejected,
        }
    }

    /// Columns of elements, shipments, rejected rows, where these are carried.
    pub(super) fn schemas(carried: &[&'static str]) -> [SchemaRef; 3] {
        [
            ELEMENTS.arrow_schema(carried),
            SHIPMENTS.arrow_schema(carried),
            REJECTED.arrow_schema(carried),
        ]
    }

    /// Pieces one behind the other, with these columns.
    pub(crate) fn joined(pieces: &[Tables], schemas: [SchemaRef; 3]) -> Result<Tables> {
        let [elements, shipments, rejected] = schemas;
        let join = |schema: &SchemaRef, of: fn(&Tables) -> &RecordBatch| {
            concat_batches(schema, pieces.iter().map(of))
                .map_err(|e| Error::Limit(format!("tables in memory in one piece: {e}")))
        };
        Ok(Tables {
            elements: join(&elements, |piece| &piece.elements)?,
            shipments: join(&shipments, |piece| &piece.shipments)?,
            rejected: join(&rejected, |piece| &piece.rejected)?,
        })
    }

    /// Footprints of some batches, in order.
    pub(super) fn of(footprints: Vec<Footprints>, names: &impl LendNames) -> Result<Tables> {
        let (mut elements, mut shipments) = (Rows::default(), Rows::default());
        for mut footprints in footprints {
            let chunk: Shipments = std::mem::take(&mut footprints.shipments);
            let (rows, chunk) = (chunk.len(), Arc::new(chunk));
            shipments.push(&chunk, 0..rows);
            let (rows, chunk) = (footprints.elements.len(), Arc::new(footprints));
            elements.push(&chunk, 0..rows);
        }
        Ok(Tables {
            elements: batch(&ELEMENTS, &elements, names)?,
            shipments: batch(&SHIPMENTS, &shipments, names)?,
            ..Tables::without_rows(&names.lend(|names| names.carried.to_vec()))
        })
    }

    /// Rejected rows, in order.
    pub(super) fn of_rejected(rejected: Vec<Rejected>, names: &impl LendNames) -> Result<Tables> {
        let mut rows = Rows::default();
        let (count, chunk) = (rejected.len(), Arc::new(rejected));
        rows.push(&chunk, 0..count);
        Ok(Tables {
            rejected: batch(&REJECTED, &rows, names)?,
            ..Tables::without_rows(&names.lend(|names| names.carried.to_vec()))
        })
    }
}

fn batch<C: Send + Sync>(
    table: &'static Table<C>,
    rows: &Rows<C>,
    names: &impl LendNames,
) -> Result<RecordBatch> {
    let failed = |e: ParquetError| Error::Internal(format!("a table in memory: {e}"));
    table.batch(rows, names).map_err(failed)
}

/// Counts and exact sums of computed rows. Adding is associative and commutative, so neither the size nor the order of calls matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Rows in.
    pub rows: u64,
    /// Rows that became an element.
    pub accepted: u64,
    /// Rows that did not, by code.
    pub rejected: BTreeMap<String, u64>,
    /// Elements.
    pub elements: u64,
    /// Shipments.
    pub shipments: u64,
    /// Activity and emissions of all elements, in whole small units.
    pub totals: GhgTotals,
    /// Sums by corridor, section and factor, by their places in the reference.
    pub rollup: Rollup,
}

impl Sums {
    /// Adds the sums of other shipments, computed with the same reference.
    pub fn merge(&mut self, other: &Sums) {
        self.rows += other.rows;
        self.accepted += other.accepted;
        for (code, count) in &other.rejected {
            *self.rejected.entry(code.clone()).or_default() += count;
        }
        self.elements += other.elements;
        self.shipments += other.shipments;
        self.totals.add(&other.totals);
        merge(&mut self.rollup, &other.rollup);
    }

    /// Adds footprints; activity and emissions are taken from the elements themselves.
    pub(super) fn add(&mut self, footprints: &Footprints) {
        let e = &footprints.elements;
        let sum = |column: &[i64]| column.iter().map(|&v| i128::from(v)).sum();
        self.totals.add(&GhgTotals {
            activity: sum(&e.activity),
            operation: sum(&e.ghg_operation),
            provision: sum(&e.ghg_provision),
        });
        self.accepted += footprints.accepted;
        self.elements += e.len() as u64;
        self.shipments += footprints.shipments.len() as u64;
    }

    /// Counts rejected rows.
    pub(super) fn reject(&mut self, rows: &[Rejected]) {
        for row in rows {
            *self.rejected.entry(row.reject.reason.code()).or_default() += 1;
        }
    }

    /// The other ways to the same totals must come to the same, and no row may be lost.
    pub(super) fn check(&self, of_shipments: &GhgTotals) -> Result<()> {
        let mut of_corridors = GhgTotals::default();
        let corridors = self.rollup.corridors.values();
        corridors.for_each(|c| of_corridors.add(&c.totals));
        if self.totals != *of_shipments || self.totals != of_corridors {
            return Err(Error::Internal(
                "elements, shipments and corridors have different totals".to_owned(),
            ));
        }
        let rejected: u64 = self.rejected.values().sum();
        if self.rows != self.accepted + rejected {
            return Err(Error::Internal(format!(
                "{} rows in, but {} accepted and {rejected} rejected",
                self.rows, self.accepted
            )));
        }
        Ok(())
    }
}
