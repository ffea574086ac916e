//! What a memory limit is spent on: how large the pieces are in which rows travel, and how much may wait for its order.
//!
//! The bytes of a run depend on none of this. The figures are measured (`docs/performance.md`) and on the safe side.

use crate::error::{Error, Result};
use crate::input::Grain;

/// The program, reference data, and row groups that fill up and are encoded, one of each table.
const BASE: usize = 96 << 20;
/// Row groups of both tables that are encoded beside them.
const MORE_GROUPS: usize = 44 << 20;
/// Results that wait for a table to take them: enough for the next row group while one is encoded; and where there is room for it,
/// for the one after it, so that no thread runs out of work while others are late.
const CHUNKS_QUEUED: [usize; 2] = [3, 8];
/// Encoding, hashing and allocator slack of one thread. The slack grows for minutes before it stays: 100 million rows take 25 MiB more
/// than ten million do.
const PER_THREAD: usize = 20 << 20;
/// A row in a unit that is being parsed, and one that waits in a batch meanwhile.
const PARSED_ROW: usize = 340;
/// A row in a batch with everything that is computed from it.
const COMPUTED_ROW: usize = 400;

/// A unit of a text file, or the pages of a Parquet file that are decoded for one, however few rows it has.
const LEAST_UNIT: usize = 12 << 20;
/// Pages and dictionaries of a Parquet file that is read to somewhere within a row group and waits for its turn.
const WAITING_FILE: usize = 16 << 20;

/// What a byte of an input file can become in memory, at most.
const BYTES_OF_INPUT_BYTE: u64 = 8;

/// Runs that are merged at a time where the system lets so many files be open: each holds a block.
const FAN_IN: usize = 128;
/// Files that a run has open beside its inputs, and of each thread: parts of tables, scratch files, folders; a digest, a part.
const OTHER_FILES: usize = 24;
const FILES_PER_THREAD: usize = 2;
/// Rows of a batch and the bytes of its texts are counted in 32 bits, and a shipment is never cut.
const MOST_SHIPMENT_BYTES: usize = 2 << 30;

/// The pieces to choose from, largest first. Smaller ones cost time.
const GRAINS: [Grain; 4] = [
    Grain::LARGEST,
    Grain {
        unit_rows: 65_536,
        ..Grain::LARGEST
    },
    Grain {
        unit_rows: 32_768,
        ..Grain::LARGEST
    },
    Grain {
        unit_rows: 8_192,
        batch_rows: 8_192,
        ..Grain::LARGEST
    },
];

/// How a memory limit is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Rows in a unit of a file and in a batch.
    pub grain: Grain,
    /// Row groups of a table that wait behind the one that is written next, beside the newest one.
    pub groups_queued: usize,
    /// Batches that wait behind the one whose result is taken next, beside the newest one.
    pub batches_queued: usize,
    /// Results that wait for a table to take them.
    pub chunks_queued: usize,
    /// Whether all files can be open at the same time.
    pub can_open_all: bool,
    /// Whether all files can be read at the same time; else their rows are sorted.
    pub can_merge: bool,
    /// Sorted runs that are read at the same time.
    pub fan_in: usize,
    /// Bytes of rows that may be held for sorting.
    pub sort_bytes: usize,
    /// Bytes of rejected rows that may be held.
    pub reject_bytes: usize,
    /// Bytes of code words and sums, which are held to the end.
    pub kept_bytes: usize,
    /// Bytes of lanes that a thread remembers.
    pub lane_bytes: usize,
    /// Bytes of distances over the sea that all threads remember.
    pub voyage_bytes: usize,
    /// Bytes of records that a single shipment may have.
    pub shipment_bytes: usize,
}

/// Bytes of code words and sums that any run may hold: a limit below the least is for inputs that are small themselves.
const LEAST_KEPT: usize = 4 << 20;

impl Budget {
    /// Spends `limit` bytes on a run over these inputs, or says how much it would take (exit 8).
    pub(crate) fn new(limit: u64, inputs: &Amount) -> Result<Budget> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let Amount {
            threads,
            files,
            workbooks,
            bytes,
            descriptors,
        } = *inputs;
        let open_at_once = descriptors.saturating_sub(OTHER_FILES + FILES_PER_THREAD * threads);
        let can_open_all = files <= open_at_once;
        // Pieces may take most of the limit; what is left is for rows that wait for their order.
        let fitting = |units: usize| {
            GRAINS
                .iter()
                .find(|grain| need(grain, threads, units) <= limit / 8 * 7)
        };
        let least = least(threads);
        // A small input does not fill what a stream would take.
        if limit < least && bytes.saturating_mul(BYTES_OF_INPUT_BYTE) > least as u64 {
            return Err(Error::Limit(format!(
                "a memory limit of {} MiB does not suffice for {threads} {}; {} MiB would",
                limit >> 20,
                if threads == 1 { "thread" } else { "threads" },
                least.div_ceil(1 << 20)
            )));
        }
        // A merge has a unit of every file in memory, a sort takes one file after the other.
        let merged = fitting(files.max(threads));
        let grain = merged.or(fitting(threads)).unwrap_or(smallest());
        let rest = limit.saturating_sub(need(grain, threads, threads));
        let is_roomy = need(grain, threads, threads) + more(grain, threads) <= limit / 8 * 7;
        Ok(Budget {
            grain: Grain {
                text_bytes: (rest / 8).max(limit / 32),
                ..*grain
            },
            groups_queued: is_roomy as usize,
            batches_queued: (threads * (1 + is_roomy as usize)).saturating_sub(2),
            chunks_queued: CHUNKS_QUEUED[is_roomy as usize],
            can_open_all,
            // The shared texts of a workbook are in memory while its rows are read: one at a time.
            can_merge: can_open_all && workbooks <= 1 && (merged.is_some() || files <= threads),
            fan_in: open_at_once.clamp(2, FAN_IN),
            sort_bytes: (rest / 4 * 3).max(limit / 16),
            reject_bytes: (rest / 8).max(limit / 32),
            kept_bytes: (limit / 8).max(LEAST_KEPT + (threads << 20)),
            lane_bytes: limit / 16 / threads.max(1),
            voyage_bytes: limit / 32,
            shipment_bytes: (limit / 8).min(MOST_SHIPMENT_BYTES),
        })
    }
}

/// The pieces that take the least.
fn smallest() -> &'static Grain {
    &GRAINS[GRAINS.len() - 1]
}

/// The least limit, in bytes, within which any input is computed; below it a small one may be.
pub fn least(threads: usize) -> usize {
    need(smallest(), threads, threads) / 7 * 8
}

/// How much there is to do, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Worker threads.
    pub threads: usize,
    /// Input files.
    pub files: usize,
    /// Workbooks among them.
    pub workbooks: usize,
    /// Their size.
    pub bytes: u64,
    /// Files that can be opened.
    pub descriptors: usize,
}

/// Bytes that a run takes while its rows stream through, with this many units open at a time.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a grain is at most 131,072 rows"
)]
fn need(grain: &Grain, threads: usize, units: usize) -> usize {
    let waiting = WAITING_FILE * units.saturating_sub(threads);
    let parsed = (grain.unit_rows as usize * PARSED_ROW).max(LEAST_UNIT) * units + waiting;
    // One batch waits to be computed, each thread has one and a result, some wait to be written, one is half written.
    let computed = grain.batch_rows as usize * COMPUTED_ROW * (2 * threads + CHUNKS_QUEUED[0] + 1);
    BASE + PER_THREAD * threads + parsed + computed
}

/// Bytes that it takes to keep more under way than the least.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a grain is at most 131,072 rows"
)]
fn more(grain: &Grain, threads: usize) -> usize {
    MORE_GROUPS
        + grain.batch_rows as usize * COMPUTED_ROW * (threads + CHUNKS_QUEUED[1] - CHUNKS_QUEUED[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn budget(mib: u64, threads: usize, files: usize) -> Result<Budget> {
        Budget::new(
            mib << 20,
            &Amount {
                threads,
                files,
                workbooks: 0,
                bytes: 10 << 30,
                descriptors: 1 << 20,
            },
        )
    }

    #[test]
    fn what_is_asked_for_is_enough_and_less_is_not() {
        for threads in [1, 2, 16, 128] {
            let error = budget(1, threads, 1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Limit);
            let wanted: u64 = error
                .message()
                .split_whitespace()
                .rev()
                .nth(2)
                .unwrap()
                .parse()
                .unwrap();
            assert!(budget(wanted, threads, 1).is_ok(), "{error}");
            assert!(budget(wanted - 2, threads, 1).is_err(), "{error}");
            let small = Amount {
                threads,
                files: 1,
                workbooks: 0,
                bytes: 5 << 20,
                descriptors: 1 << 20,
            };
            assert!(
                Budget::new(1 << 20, &small).is_ok(),
                "a small input fits into any memory"
            );
        }
    }

    #[test]
    fn more_memory_never_means_smaller_pieces() {
        let budgets: Vec<Budget> = (220..4_000)
            .step_by(40)
            .map(|mib| budget(mib, 2, 1).unwrap())
            .collect();
        assert!(
            budgets
                .windows(2)
                .all(|w| w[0].grain.batch_rows <= w[1].grain.batch_rows)
        );
        assert_eq!(
            budgets[budgets.len() - 1].grain.unit_rows,
            GRAINS[0].unit_rows
        );
    }

    #[test]
    fn files_that_cannot_all_be_open_are_sorted() {
        assert!(budget(256, 2, 2).unwrap().can_merge);
        assert!(!budget(256, 2, 1_000).unwrap().can_merge);
        assert!(budget(64 << 10, 2, 1_000).unwrap().can_merge);
        let with = |descriptors| {
            let amount = Amount {
                threads: 2,
                files: 1_000,
                workbooks: 0,
                bytes: 10 << 30,
                descriptors,
            };
            Budget::new(64 << 30, &amount).unwrap()
        };
        let (plenty, few, none) = (with(1_100), with(60), with(0));
        assert!(plenty.can_merge && plenty.can_open_all && plenty.fan_in == FAN_IN);
        assert!(!few.can_merge && !few.can_open_all);
        assert_eq!((few.fan_in, none.fan_in), (32, 2));
    }
}
