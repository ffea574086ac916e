//! Every row accounted for: read = accepted + rejected, per file and in total, asserted in every run.

use crate::error::{Error, Result};
use crate::model::element::{Footprints, NO_ROW};
use crate::model::reject::{RejectReason, Rejected};
use crate::run::rejects::{Chunks, Rejects};

/// Counts of one input file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileCount {
    /// Rows read.
    pub rows: u64,
    /// Rows that became a published element.
    pub accepted: u64,
    /// Rows in the `rejected` table.
    pub rejected: u64,
    /// Records without any value, which are no rows.
    pub blank: u64,
}

/// What became of the rows so far.
pub(crate) struct Ledger<'s> {
    files: Vec<FileCount>,
    by_reason: [u64; RejectReason::LIST.len()],
    /// The first rejected row of each reason, by (file, row).
    first: [Option<Rejected>; RejectReason::LIST.len()],
    rejects: Rejects<'s>,
}

impl<'s> Ledger<'s> {
    /// An empty ledger for this many files; rejected rows are kept in `rejects`.
    pub(crate) fn new(files: usize, rejects: Rejects<'s>) -> Ledger<'s> {
        Ledger {
            files: vec![FileCount::default(); files],
            by_reason: Default::default(),
            first: [const { None }; RejectReason::LIST.len()],
            rejects,
        }
    }

    /// Rows were read from a file, and blank records passed over.
    pub(crate) fn read(&mut self, file: u32, rows: u64, blank: u64) {
        self.files[file as usize].rows += rows;
        self.files[file as usize].blank += blank;
    }

    /// Rows were rejected.
    pub(crate) fn reject(&mut self, rows: Vec<Rejected>) -> Result<()> {
        for row in &rows {
            self.files[row.file as usize].rejected += 1;
            let reason = row.reject.reason as usize - 1;
            self.by_reason[reason] += 1;
            let first = &mut self.first[reason];
            if first
                .as_ref()
                .is_none_or(|first| (row.file, row.row) < (first.file, first.row))
            {
                *first = Some(row.clone());
            }
        }
        self.rejects.push(rows)
    }

    /// Footprints were computed: rows accepted by file, and rows rejected.
    pub(crate) fn computed(
        &mut self,
        accepted: &[(u32, u64)],
        rejected: Vec<Rejected>,
    ) -> Result<()> {
        for &(file, rows) in accepted {
            self.files[file as usize].accepted += rows;
        }
        self.reject(rejected)
    }

    /// Counts per file.
    pub(crate) fn files(&self) -> &[FileCount] {
        &self.files
    }

    /// Counts of all files.
    pub(crate) fn total(&self) -> FileCount {
        self.files
            .iter()
            .fold(FileCount::default(), |sum, f| FileCount {
                rows: sum.rows + f.rows,
                accepted: sum.accepted + f.accepted,
                rejected: sum.rejected + f.rejected,
                blank: sum.blank + f.blank,
            })
    }

    /// Rejected rows by reason, where there are any.
    pub(crate) fn by_reason(&self) -> Vec<(RejectReason, u64)> {
        RejectReason::LIST
            .iter()
            .zip(self.by_reason)
            .filter(|(_, n)| *n > 0)
            .map(|((reason, _), n)| (*reason, n))
            .collect()
    }

    /// The first row rejected for this reason.
    pub(crate) fn first(&self, reason: RejectReason) -> Option<&Rejected> {
        self.first[reason as usize - 1].as_ref()
    }

    /// Rejected rows that take something away: the numerator of the reject share (docs/formats.md, Rejections).
    pub(crate) fn gaps(&self) -> u64 {
        self.by_reason()
            .iter()
            .filter(|(reason, _)| reason.leaves_gap())
            .map(|(_, n)| n)
            .sum()
    }

    /// Asserts that no row is lost and none counted twice.
    pub(crate) fn reconcile(&self, names: &[String]) -> Result<()> {
        for (count, name) in self.files.iter().zip(names) {
            if count.rows != count.accepted + count.rejected {
                return Err(Error::Internal(format!(
                    "{name}: {} rows read, but {} accepted and {} rejected",
                    count.rows, count.accepted, count.rejected
                )));
            }
        }
        Ok(())
    }

    /// The rejected rows in order of (file, row).
    pub(crate) fn into_rejected(self) -> Result<Chunks> {
        self.rejects.into_chunks()
    }
}

/// Accepted rows by file, counted from the elements themselves and not from the kernel's word.
pub(crate) fn accepted_rows(footprints: &Footprints) -> Vec<(u32, u64)> {
    let mut counts: Vec<(u32, u64)> = Vec::new();
    for &row in footprints.elements.row.iter().filter(|&&row| row != NO_ROW) {
        let file = footprints.batch.file[row as usize];
        match counts.last_mut() {
            Some((last, count)) if *last == file => *count += 1,
            _ => counts.push((file, 1)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reject::Reject;
    use crate::run::sort::test_store::InMemory;

    #[test]
    fn a_lost_row_is_noticed() {
        let store = InMemory::default();
        let mut ledger = Ledger::new(2, Rejects::new(&store, usize::MAX, 2));
        ledger.read(1, 2, 0);
        let reject = |row, reason| Rejected {
            file: 1,
            row,
            reject: Reject::new(reason, "", "", ""),
            shipment_id: String::new(),
            movement_id: String::new(),
            carried: 0,
        };
        ledger
            .reject(vec![reject(2, RejectReason::Duplicate)])
            .unwrap();
        let names = ["a".to_owned(), "b".to_owned()];
        assert!(ledger.reconcile(&names).is_err());
        ledger
            .reject(vec![reject(1, RejectReason::NoMass)])
            .unwrap();
        ledger.reconcile(&names).unwrap();
        assert_eq!((ledger.gaps(), ledger.total().rejected), (1, 2));
        let rows: Vec<u64> = ledger
            .into_rejected()
            .unwrap()
            .flat_map(|chunk| chunk.unwrap())
            .map(|r| r.row)
            .collect();
        assert_eq!(rows, [1, 2]);
    }
}
