//! Tables of any length reduced while they are read: to the sums of their groups, or to their first rows in some order.

use super::frame::ROWS;
use polars_core::prelude::{ChunkAgg, Column, DataFrame, PolarsResult, SortMultipleOptions};

/// Rows that may wait before they are reduced.
const WAITING: usize = 1 << 18;

/// Sums of `figures` for each distinct combination of `keys`, ascending by key. Absent figures count as 0.
pub(super) fn grouped(frame: &DataFrame, keys: &[&str], figures: &[&str]) -> PolarsResult<DataFrame> {
    if keys.is_empty() {
        let sum = |name: &&str| Ok(Column::new((*name).into(), [frame.column(name)?.i128()?.sum().unwrap_or(0)].as_slice()));
        return DataFrame::new(1, figures.iter().map(sum).collect::<PolarsResult<_>>()?);
    }
    let groups = frame.group_by(keys.iter().copied())?.select(figures.iter().copied());
    // What the notice asks for instead, the lazy engine, brings a network client along; this program needs none.
    #[expect(deprecated)]
    let mut sums = groups.sum()?;
    for name in figures {
        sums.rename(&format!("{name}_sum"), (*name).into())?;
    }
    sums.sort(keys.iter().copied(), SortMultipleOptions::default())
}

/// A table reduced to groups.
pub(super) struct Groups {
    keys: Vec<&'static str>,
    figures: Vec<&'static str>,
    frame: DataFrame,
}

impl Groups {
    /// Nothing read yet.
    pub fn new(keys: &[&'static str], figures: &[&'static str]) -> Groups {
        let counted = figures.iter().copied().filter(|name| *name != ROWS).chain([ROWS]).collect();
        Groups { keys: keys.to_vec(), figures: counted, frame: DataFrame::empty() }
    }

    /// Adds rows.
    pub fn add(&mut self, rows: &DataFrame) -> PolarsResult<()> {
        let reduced = grouped(rows, &self.keys, &self.figures)?;
        self.frame.vstack_mut(&reduced)?;
        if self.frame.height() > WAITING {
            self.reduce()?;
        }
        Ok(())
    }

    fn reduce(&mut self) -> PolarsResult<()> {
        if self.frame.height() > 0 {
            self.frame = grouped(&self.frame, &self.keys, &self.figures)?;
        }
        Ok(())
    }

    /// The groups, ascending by key.
    pub fn finish(mut self) -> PolarsResult<DataFrame> {
        self.reduce()?;
        Ok(self.frame)
    }
}

/// The first rows of a table in an order of its columns.
pub(super) struct First {
    order: Vec<&'static str>,
    is_descending: Vec<bool>,
    most: usize,
    frame: DataFrame,
}

impl First {
    /// At most `most` rows, in order of these columns; `true`: descending.
    pub fn new(most: usize, order: &[(&'static str, bool)]) -> First {
        let (order, is_descending) = order.iter().copied().unzip();
        First { order, is_descending, most, frame: DataFrame::empty() }
    }

    /// Adds rows.
    pub fn add(&mut self, rows: &DataFrame) -> PolarsResult<()> {
        self.frame.vstack_mut(rows)?;
        if self.frame.height() > 2 * self.most + WAITING {
            self.reduce()?;
        }
        Ok(())
    }

    fn reduce(&mut self) -> PolarsResult<()> {
        if self.frame.height() > 0 {
            let options = SortMultipleOptions::default().with_order_descending_multi(self.is_descending.clone());
            self.frame = self.frame.sort(self.order.iter().copied(), options)?.head(Some(self.most));
        }
        Ok(())
    }

    /// The rows in their order.
    pub fn finish(mut self) -> PolarsResult<DataFrame> {
        self.reduce()?;
        Ok(self.frame)
    }
}
