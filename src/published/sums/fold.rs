//! Tables of any length reduced while they are read: to the sums of their groups, or to their first rows in some order.
//!
//! Memory is that of the answer: the distinct groups, or twice the rows that are kept.

use crate::error::Error;
use crate::model::element::GhgTotals;
use crate::published::sums::ShipmentRow;
use parquet::errors::{ParquetError, Result};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::hash::Hash;

/// Figures that add up. A sum that does not fit is none; it is never taken modulo anything.
pub(crate) trait Sums: Clone + Default {
    /// Adds other figures; `None`: a sum has more than 128 bits.
    fn add(&mut self, other: &Self) -> Option<()>;
}

/// Something that has figures to be summed.
pub(crate) trait Summed {
    /// The figures.
    type Sums: Sums;
    /// Those of this one.
    fn sums(&self) -> Self::Sums;
}

/// How many, and their activity and emissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Rows; movements of sections.
    pub count: i128,
    /// Activity and emissions.
    pub totals: GhgTotals,
}

impl Sums for Counted {
    fn add(&mut self, other: &Counted) -> Option<()> {
        self.count = self.count.checked_add(other.count)?;
        self.totals.add_checked(&other.totals)
    }
}

/// What has a key in common, and its sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group<K, S = Counted> {
    /// The key.
    pub key: K,
    /// The sums.
    pub sums: S,
}

impl<R: Summed> Summed for &R {
    type Sums = R::Sums;

    fn sums(&self) -> R::Sums {
        (*self).sums()
    }
}

impl<K, S: Sums> Summed for Group<K, S> {
    type Sums = S;

    fn sums(&self) -> S {
        self.sums.clone()
    }
}

/// The sums of rows for each key, ascending by key.
///
/// Errors: a sum does not fit.
pub(crate) fn by<'r, R: Summed, K: Ord>(
    rows: &'r [R],
    key: impl Fn(&'r R) -> K,
) -> crate::error::Result<Vec<Group<K, R::Sums>>> {
    let mut groups: BTreeMap<K, R::Sums> = BTreeMap::new();
    for row in rows {
        let sums = groups.entry(key(row)).or_default();
        let fault = || Error::Internal(format!("a sum failed: {}", beyond()));
        sums.add(&row.sums()).ok_or_else(fault)?;
    }
    Ok(groups
        .into_iter()
        .map(|(key, sums)| Group { key, sums })
        .collect())
}

fn beyond() -> ParquetError {
    ParquetError::General("a sum has more than 128 bits".to_owned())
}

/// A table reduced to groups.
pub(super) struct Fold<K>(FxHashMap<K, Counted>);

impl<K> Default for Fold<K> {
    fn default() -> Fold<K> {
        Fold(FxHashMap::default())
    }
}

impl<K: Hash + Eq> Fold<K> {
    /// Adds a row.
    pub(super) fn add(&mut self, key: K, sums: &Counted) -> Result<()> {
        self.0.entry(key).or_default().add(sums).ok_or_else(beyond)
    }

    /// The groups, in no order.
    pub(super) fn groups(self) -> impl Iterator<Item = (K, Counted)> {
        self.0.into_iter()
    }
}

/// The first shipments by a rank, of equal ones those with the lower id.
pub(super) struct First {
    most: usize,
    rows: Vec<(i128, ShipmentRow)>,
    /// Rank and id of the last row that may still be kept.
    last: Option<(i128, String)>,
}

impl First {
    /// At most `most` rows, lowest rank first.
    pub(super) fn new(most: usize) -> First {
        First {
            most,
            rows: Vec::new(),
            last: None,
        }
    }

    /// Adds the row of this rank and id, which is read only if it may be kept.
    pub(super) fn add(
        &mut self,
        rank: i128,
        id: &str,
        row: impl FnOnce() -> Result<ShipmentRow>,
    ) -> Result<()> {
        if let Some((last, last_id)) = &self.last
            && (rank, id) >= (*last, last_id)
        {
            return Ok(());
        }
        self.rows.push((rank, row()?));
        if self.rows.len() > 2 * self.most {
            self.reduce();
        }
        Ok(())
    }

    fn reduce(&mut self) {
        let order = |(rank, row): &(i128, ShipmentRow)| (*rank, row.shipment_id.clone());
        self.rows
            .sort_unstable_by(|(a, x), (b, y)| (a, &x.shipment_id).cmp(&(b, &y.shipment_id)));
        self.rows.truncate(self.most);
        if self.rows.len() == self.most {
            self.last = self.rows.last().map(order);
        }
    }

    /// The rows in their order.
    pub(super) fn finish(mut self) -> Vec<ShipmentRow> {
        self.reduce();
        self.rows.into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests;
