//! Tables of any length reduced while they are read: to the sums of their groups, or to their first rows in some order.
//!
//! Memory is that of the answer: the distinct groups, or twice the rows that are kept.

use crate::published::sums::batch::{Batch, ROWS};
use parquet::errors::{ParquetError, Result};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Distinct texts of a column that kept rows share; beyond them (ids) each row has its own.
const SHARED: usize = 1 << 12;

/// A row that was kept.
#[derive(Clone, Debug)]
struct Kept {
    texts: Vec<Arc<str>>,
    figures: Vec<Option<i128>>,
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Texts in the order asked for.
    pub keys: Vec<String>,
    /// Figures in the order asked for, in the unit of their last decimal; absent values count as 0 in sums.
    pub figures: Vec<Option<i128>>,
}

/// A table that has been reduced.
#[derive(Debug)]
pub(crate) struct Reduced {
    texts: Vec<&'static str>,
    figures: Vec<&'static str>,
    rows: Vec<Kept>,
}

impl Reduced {
    /// Sums of `figures` for each distinct combination of `keys`, ascending by key. Absent figures count as 0.
    pub fn by(&self, keys: &[&str], figures: &[&str]) -> Result<Vec<Row>> {
        let (keys, figures) = self.positions(keys, figures)?;
        let mut groups: BTreeMap<Vec<&str>, Vec<i128>> = BTreeMap::new();
        for row in &self.rows {
            let key = keys.iter().map(|at| &*row.texts[*at]).collect();
            let sums = groups.entry(key).or_insert_with(|| vec![0; figures.len()]);
            for (sum, at) in sums.iter_mut().zip(&figures) {
                add(sum, row.figures[*at])?;
            }
        }
        let row = |(keys, sums): (Vec<&str>, Vec<i128>)| Row {
            keys: keys.into_iter().map(str::to_owned).collect(),
            figures: sums.into_iter().map(Some).collect(),
        };
        Ok(groups.into_iter().map(row).collect())
    }

    /// The rows as they stand.
    pub fn rows(&self, keys: &[&str], figures: &[&str]) -> Result<Vec<Row>> {
        let (keys, figures) = self.positions(keys, figures)?;
        let row = |row: &Kept| Row {
            keys: keys.iter().map(|at| row.texts[*at].to_string()).collect(),
            figures: figures.iter().map(|at| row.figures[*at]).collect(),
        };
        Ok(self.rows.iter().map(row).collect())
    }

    fn positions(&self, keys: &[&str], figures: &[&str]) -> Result<(Vec<usize>, Vec<usize>)> {
        let find = |columns: &[&'static str], name: &str| {
            let missing = || ParquetError::General(format!("column {name} was not kept"));
            let at = columns.iter().position(|known| *known == name);
            at.ok_or_else(missing)
        };
        let keys = keys.iter().map(|name| find(&self.texts, name));
        let figures = figures.iter().map(|name| find(&self.figures, name));
        Ok((
            keys.collect::<Result<_>>()?,
            figures.collect::<Result<_>>()?,
        ))
    }
}

/// The rows of a batch with these columns.
pub(crate) fn as_they_stand(batch: &Batch, keys: &[&str], figures: &[&str]) -> Result<Vec<Row>> {
    let keys: Vec<_> = keys
        .iter()
        .map(|name| batch.texts(name))
        .collect::<Result<_>>()?;
    let figures: Vec<_> = figures
        .iter()
        .map(|name| batch.figures(name))
        .collect::<Result<_>>()?;
    let row = |at: usize| Row {
        keys: keys.iter().map(|texts| texts.at(at).into_owned()).collect(),
        figures: figures.iter().map(|column| column[at]).collect(),
    };
    Ok((0..batch.len).map(row).collect())
}

/// A sum that does not fit is an error; it is never taken modulo anything.
fn add(sum: &mut i128, figure: Option<i128>) -> Result<()> {
    let beyond = || ParquetError::General("a sum has more than 128 bits".to_owned());
    *sum = sum.checked_add(figure.unwrap_or(0)).ok_or_else(beyond)?;
    Ok(())
}

/// A table reduced to groups.
pub(crate) struct Groups {
    keys: Vec<(&'static str, Codes)>,
    figures: Vec<&'static str>,
    sums: FxHashMap<Box<[usize]>, Vec<i128>>,
}

impl Groups {
    /// Nothing read yet.
    pub fn new(keys: &[&'static str], figures: &[&'static str]) -> Groups {
        let counted = figures.iter().copied().filter(|name| *name != ROWS);
        Groups {
            keys: keys.iter().map(|name| (*name, Codes::default())).collect(),
            figures: counted.chain([ROWS]).collect(),
            sums: FxHashMap::default(),
        }
    }

    /// Adds rows.
    pub fn add(&mut self, batch: &Batch) -> Result<()> {
        let figures: Vec<_> = self
            .figures
            .iter()
            .map(|name| batch.figures(name))
            .collect::<Result<_>>()?;
        // Codes column by column, row by row: a group is found without making its texts again.
        let width = self.keys.len();
        let mut codes = vec![0; width * batch.len];
        for (at, (name, known)) in self.keys.iter_mut().enumerate() {
            let texts = batch.texts(name)?;
            for row in 0..batch.len {
                codes[row * width + at] = known.code(&texts.at(row));
            }
        }
        for row in 0..batch.len {
            let key = &codes[row * width..][..width];
            let sums = match self.sums.get_mut(key) {
                Some(sums) => sums,
                None => {
                    let zeros = vec![0; figures.len()];
                    self.sums.entry(key.into()).or_insert(zeros)
                }
            };
            for (sum, column) in sums.iter_mut().zip(&figures) {
                add(sum, column[row])?;
            }
        }
        Ok(())
    }

    /// The groups, ascending by key.
    pub fn finish(self) -> Reduced {
        let (texts, codes): (Vec<_>, Vec<Codes>) = self.keys.into_iter().unzip();
        let row = |(key, sums): (Box<[usize]>, Vec<i128>)| Kept {
            texts: key
                .iter()
                .zip(&codes)
                .map(|(code, known)| known.texts[*code].clone())
                .collect(),
            figures: sums.into_iter().map(Some).collect(),
        };
        let mut rows: Vec<Kept> = self.sums.into_iter().map(row).collect();
        rows.sort_unstable_by(|a, b| a.texts.cmp(&b.texts));
        Reduced {
            texts,
            figures: self.figures,
            rows,
        }
    }
}

/// The distinct texts of a column, numbered as they come.
#[derive(Default)]
struct Codes {
    codes: FxHashMap<Arc<str>, usize>,
    texts: Vec<Arc<str>>,
    last: usize,
}

impl Codes {
    fn code(&mut self, text: &str) -> usize {
        // Rows that follow each other are often alike.
        let is_last = self
            .texts
            .get(self.last)
            .is_some_and(|last| **last == *text);
        if !is_last {
            self.last = match self.codes.get(text) {
                Some(code) => *code,
                None => {
                    let (text, code) = (Arc::<str>::from(text), self.texts.len());
                    self.texts.push(text.clone());
                    self.codes.insert(text, code);
                    code
                }
            };
        }
        self.last
    }
}

/// The first rows of a table by a rank, of equal ones those with the lower first text.
pub(crate) struct First {
    most: usize,
    texts: Vec<(&'static str, FxHashSet<Arc<str>>)>,
    figures: Vec<&'static str>,
    rows: Vec<(i128, Kept)>,
    /// Rank and text of the last row that may still be kept.
    last: Option<(i128, Arc<str>)>,
}

impl First {
    /// At most `most` rows, lowest rank first.
    pub fn new(most: usize, texts: &[&'static str], figures: &[&'static str]) -> First {
        First {
            most,
            texts: texts
                .iter()
                .map(|name| (*name, FxHashSet::default()))
                .collect(),
            figures: figures.to_vec(),
            rows: Vec::new(),
            last: None,
        }
    }

    /// Adds rows, each with its rank.
    pub fn add(&mut self, batch: &Batch, rank: impl Fn(usize) -> i128) -> Result<()> {
        let texts: Vec<_> = self
            .texts
            .iter()
            .map(|(name, _)| batch.texts(name))
            .collect::<Result<_>>()?;
        let figures: Vec<_> = self
            .figures
            .iter()
            .map(|name| batch.figures(name))
            .collect::<Result<_>>()?;
        for row in 0..batch.len {
            let rank = rank(row);
            if let Some((last, text)) = &self.last
                && (rank, &*texts[0].at(row)) >= (*last, &**text)
            {
                continue;
            }
            let known = self.texts.iter_mut().zip(&texts);
            let kept = Kept {
                texts: known
                    .map(|((_, known), texts)| shared(known, &texts.at(row)))
                    .collect(),
                figures: figures.iter().map(|column| column[row]).collect(),
            };
            self.rows.push((rank, kept));
            if self.rows.len() > 2 * self.most {
                self.reduce();
            }
        }
        Ok(())
    }

    fn reduce(&mut self) {
        self.rows
            .sort_unstable_by(|(a, x), (b, y)| (a, &x.texts[0]).cmp(&(b, &y.texts[0])));
        self.rows.truncate(self.most);
        if self.rows.len() == self.most {
            let last = self.rows.last();
            self.last = last.map(|(rank, kept)| (*rank, kept.texts[0].clone()));
        }
    }

    /// The rows in their order.
    pub fn finish(mut self) -> Reduced {
        self.reduce();
        Reduced {
            texts: self.texts.into_iter().map(|(name, _)| name).collect(),
            figures: self.figures,
            rows: self.rows.into_iter().map(|(_, kept)| kept).collect(),
        }
    }
}

fn shared(known: &mut FxHashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(text) = known.get(text) {
        return text.clone();
    }
    let text = Arc::<str>::from(text);
    if known.len() < SHARED {
        known.insert(text.clone());
    }
    text
}

#[cfg(test)]
mod tests;
