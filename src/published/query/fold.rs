//! Tables of any length reduced while they are read: to the sums of their groups, or to their first rows in some order.

use crate::published::query::frame::ROWS;
use polars_core::prelude::{ChunkAgg, Column, DataFrame, PolarsResult, SortMultipleOptions};

/// Rows that may wait before they are reduced.
const WAITING: usize = 1 << 18;

/// Sums of `figures` for each distinct combination of `keys`, ascending by key. Absent figures count as 0.
pub(crate) fn grouped(
    frame: &DataFrame,
    keys: &[&str],
    figures: &[&str],
) -> PolarsResult<DataFrame> {
    if keys.is_empty() {
        let sum = |name: &&str| {
            Ok(Column::new(
                (*name).into(),
                [frame.column(name)?.i128()?.sum().unwrap_or(0)].as_slice(),
            ))
        };
        return DataFrame::new(1, figures.iter().map(sum).collect::<PolarsResult<_>>()?);
    }
    let groups = frame
        .group_by(keys.iter().copied())?
        .select(figures.iter().copied());
    // What the notice asks for instead, the lazy engine, brings a network client along; this program needs none.
    #[expect(deprecated)]
    let mut sums = groups.sum()?;
    for name in figures {
        sums.rename(&format!("{name}_sum"), (*name).into())?;
    }
    sums.sort(keys.iter().copied(), SortMultipleOptions::default())
}

/// A table reduced to groups.
pub(crate) struct Groups {
    keys: Vec<&'static str>,
    figures: Vec<&'static str>,
    frame: DataFrame,
}

impl Groups {
    /// Nothing read yet.
    pub fn new(keys: &[&'static str], figures: &[&'static str]) -> Groups {
        let counted = figures
            .iter()
            .copied()
            .filter(|name| *name != ROWS)
            .chain([ROWS])
            .collect();
        Groups {
            keys: keys.to_vec(),
            figures: counted,
            frame: DataFrame::empty(),
        }
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
pub(crate) struct First {
    order: Vec<&'static str>,
    is_descending: Vec<bool>,
    most: usize,
    frame: DataFrame,
}

impl First {
    /// At most `most` rows, in order of these columns; `true`: descending.
    pub fn new(most: usize, order: &[(&'static str, bool)]) -> First {
        let (order, is_descending) = order.iter().copied().unzip();
        First {
            order,
            is_descending,
            most,
            frame: DataFrame::empty(),
        }
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
            let options = SortMultipleOptions::default()
                .with_order_descending_multi(self.is_descending.clone());
            self.frame = self
                .frame
                .sort(self.order.iter().copied(), options)?
                .head(Some(self.most));
        }
        Ok(())
    }

    /// The rows in their order.
    pub fn finish(mut self) -> PolarsResult<DataFrame> {
        self.reduce()?;
        Ok(self.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beyond 64 bits, and beyond the 38 digits of a decimal when three of them are added.
    const HUGE: i128 = 40_000_000_000_000_000_000_000_000_000_000_000_000;

    fn rows(keys: &[&str], kg: &[i128]) -> DataFrame {
        let ones = vec![1i128; keys.len()];
        let columns = vec![
            Column::new("key".into(), keys),
            Column::new("kg".into(), kg),
            Column::new(ROWS.into(), ones.as_slice()),
        ];
        DataFrame::new(keys.len(), columns).unwrap()
    }

    fn figures(frame: &DataFrame, name: &str) -> Vec<i128> {
        frame
            .column(name)
            .unwrap()
            .i128()
            .unwrap()
            .iter()
            .map(|v| v.unwrap())
            .collect()
    }

    #[test]
    fn sums_of_groups_do_not_depend_on_how_the_rows_came() {
        let mut groups = Groups::new(&["key"], &["kg"]);
        groups.add(&rows(&["b", "a", "b"], &[1, HUGE, 2])).unwrap();
        groups.add(&rows(&[], &[])).unwrap();
        groups
            .add(&rows(&["a", "a", "", "c"], &[HUGE, HUGE, -5, 0]))
            .unwrap();
        let found = groups.finish().unwrap();
        let keys: Vec<&str> = found
            .column("key")
            .unwrap()
            .str()
            .unwrap()
            .iter()
            .map(|k| k.unwrap())
            .collect();
        assert_eq!(keys, ["", "a", "b", "c"]);
        assert_eq!(figures(&found, "kg"), [-5, 3 * HUGE, 3, 0]);
        assert_eq!(figures(&found, ROWS), [1, 3, 2, 1]);
        assert_eq!(
            figures(&grouped(&found, &[], &["kg"]).unwrap(), "kg"),
            [3 * HUGE - 2]
        );
        assert_eq!(Groups::new(&["key"], &["kg"]).finish().unwrap().height(), 0);
    }

    #[test]
    fn the_first_rows_stay_whatever_comes_between() {
        let mut first = First::new(3, &[("kg", true), ("key", false)]);
        first.add(&rows(&["d", "b", "x"], &[7, HUGE, -1])).unwrap();
        first.add(&rows(&["a", "c", "y"], &[7, HUGE, 0])).unwrap();
        let found = first.finish().unwrap();
        let keys: Vec<&str> = found
            .column("key")
            .unwrap()
            .str()
            .unwrap()
            .iter()
            .map(|k| k.unwrap())
            .collect();
        assert_eq!(keys, ["b", "c", "a"]);
    }
}
