//! Movement records as typed columns.
//!
//! A value in these columns has passed its check: a mass is in range, a place is well formed, an operation exists and
//! belongs to the mode. A row that failed its checks but names its shipment stays in the batch as a tombstone
//! (`reject` is set, its other columns are fillers), because it decides about duplicates, about completeness, and must be
//! accounted for with its shipment.

use super::flag::Flags;
use super::id::LocationCode;
use super::mode::{Basis, EnergyUnit, LoadStatus, Mode, RecordStatus, Temperature};
use super::reject::Reject;
use super::symbol::Symbol;
use super::text::{self, TextColumn};
use super::time::Instant;
use crate::model::index::index32;
use std::ops::Range;

/// No entry in [`MovementBatch::rejects`].
pub const NO_REJECT: u32 = u32::MAX;

/// Index of an operation in the run's operation list.
pub type OperationIndex = u16;

/// Rows `start..end` of one of several batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which batch.
    pub batch: u32,
    /// First row.
    pub start: u32,
    /// Behind the last row.
    pub end: u32,
}

impl Piece {
    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = RowOf> + use<> {
        let batch = self.batch;
        (self.start..self.end).map(move |row| RowOf { batch, row })
    }
}

/// A row of one of several batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowOf {
    /// Which batch.
    pub batch: u32,
    /// Its row.
    pub row: u32,
}

/// Declares the batch: each column once, so that appending, ranges, gathering and sizes cannot forget one.
macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $ty:ty,)+) => {
        /// Movement records, one entry per row in every column. Numeric zero means "absent" where a column says so.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct MovementBatch {
            /// Through bill of lading number; never empty.
            pub shipment_id: TextColumn,
            /// Movement id; empty only in a tombstone.
            pub movement_id: TextColumn,
            /// Normalised container number; empty: absent.
            pub container_id: TextColumn,
            /// Evidence behind primary data; empty: absent.
            pub evidence_ref: TextColumn,
            $($(#[$doc])* pub $name: Vec<$ty>,)+
            /// Index into `rejects` of a tombstone, else [`NO_REJECT`].
            pub reject: Vec<u32>,
            /// What was wrong with the tombstones.
            pub rejects: Vec<Reject>,
        }

        impl MovementBatch {
            /// Appends rows `range` of another batch.
            pub fn extend(&mut self, other: &MovementBatch, range: Range<usize>) {
                $(self.$name.extend_from_slice(&other.$name[range.clone()]);)+
                self.shipment_id.extend(&other.shipment_id, range.clone());
                self.movement_id.extend(&other.movement_id, range.clone());
                self.container_id.extend(&other.container_id, range.clone());
                self.evidence_ref.extend(&other.evidence_ref, range.clone());
                range.for_each(|i| self.push_reject(other.reject_of(i)));
            }

            /// The same rows in less memory.
            pub fn pack(mut self) -> Packed {
                let rows = self.len();
                $(keep_one(&mut self.$name);)+
                if self.rejects.is_empty() {
                    self.reject = Vec::new();
                }
                if self.evidence_ref.has_no_bytes() {
                    self.evidence_ref = TextColumn::new();
                }
                Packed { rows, columns: self }
            }

            /// Appends single rows of batches in the order of `rows`, column by column like [`Self::append`].
            pub fn gather(&mut self, batches: &[&Packed], rows: &[RowOf]) {
                $(gather(&mut self.$name, &of(batches, |b| &b.$name), rows);)+
                let texts = |of: fn(&MovementBatch) -> &TextColumn| batches.iter().map(|b| of(&b.columns)).collect::<Vec<_>>();
                self.shipment_id.gather(&texts(|b| &b.shipment_id), rows);
                self.movement_id.gather(&texts(|b| &b.movement_id), rows);
                self.container_id.gather(&texts(|b| &b.container_id), rows);
                if batches.iter().all(|batch| batch.columns.evidence_ref.is_empty()) {
                    self.evidence_ref.push_empty(rows.len());
                } else {
                    rows.iter().for_each(|r| self.evidence_ref.push(batches[r.batch as usize].evidence_ref(r.row as usize)));
                }
                self.add_rejects(batches, rows.len(), || rows.iter().copied());
            }

            /// Appends pieces of batches in their order, column by column: one column of many batches at a time is what a
            /// cache and its prefetcher take.
            pub fn append(&mut self, batches: &[&Packed], pieces: &[Piece]) {
                let count = pieces.iter().map(|p| (p.end - p.start) as usize).sum();
                $(append(&mut self.$name, &of(batches, |b| &b.$name), pieces, count);)+
                for p in pieces {
                    let (from, range) = (&batches[p.batch as usize].columns, p.start as usize..p.end as usize);
                    self.shipment_id.extend(&from.shipment_id, range.clone());
                    self.movement_id.extend(&from.movement_id, range.clone());
                    self.container_id.extend(&from.container_id, range.clone());
                    if from.evidence_ref.is_empty() {
                        self.evidence_ref.push_empty(range.len());
                    } else {
                        self.evidence_ref.extend(&from.evidence_ref, range);
                    }
                }
                self.add_rejects(batches, count, || pieces.iter().flat_map(Piece::rows));
            }

            /// Appends a tombstone for a row that failed its checks; `recorded_at`, `file` and `row` as read.
            pub fn push_tombstone(&mut self, shipment_id: &[u8], movement_id: &[u8], recorded_at: Instant, file: u32, row: u64, reject: Reject) {
                self.shipment_id.push(shipment_id);
                self.movement_id.push(movement_id);
                self.container_id.push(b"");
                self.evidence_ref.push(b"");
                $(self.$name.push(Default::default());)+
                let last = self.file.len() - 1;
                self.recorded_at[last] = recorded_at;
                self.file[last] = file;
                self.row[last] = row;
                self.reject.push(index32(self.rejects.len()));
                self.rejects.push(reject);
            }

            /// Turns rows (ascending) into tombstones where they stand, so that the order of a sorted file survives its rejects.
            /// Ids, `recorded_at`, what is carried, `file` and `row` stay, everything else becomes what [`Self::push_tombstone`] would have put there.
            pub fn bury(&mut self, dead: Vec<(u32, Reject)>) {
                let rows: Vec<u32> = dead.iter().map(|(i, _)| *i).collect();
                self.container_id = self.container_id.blanked(&rows);
                self.evidence_ref = self.evidence_ref.blanked(&rows);
                for (i, reject) in dead {
                    let i = i as usize;
                    let kept = (self.recorded_at[i], self.carried[i], self.file[i], self.row[i]);
                    $(self.$name[i] = Default::default();)+
                    (self.recorded_at[i], self.carried[i], self.file[i], self.row[i]) = kept;
                    self.reject[i] = index32(self.rejects.len());
                    self.rejects.push(reject);
                }
            }

            /// Reads rows `range` once, in all columns. A row is spread over more columns than a processor follows by itself, and
            /// whoever then takes it row by row would wait for each of them; these loads do not depend on each other and wait
            /// together.
            pub fn warm(&self, range: Range<usize>) {
                $(text::warm(&self.$name[range.clone()]);)+
                self.shipment_id.warm(range.clone());
                self.container_id.warm(range.clone());
                self.movement_id.warm(range);
            }

            /// Bytes held, for memory accounting.
            pub fn heap_bytes(&self) -> usize {
                let texts = self.shipment_id.heap_bytes() + self.movement_id.heap_bytes() + self.container_id.heap_bytes() + self.evidence_ref.heap_bytes();
                let rejects: usize = self.rejects.iter().map(|r| size_of::<Reject>() + r.value.capacity() + r.wanted.capacity()).sum();
                texts + rejects + self.reject.capacity() * 4 $(+ self.$name.capacity() * size_of::<$ty>())+
            }
        }
    };
}

columns! {
    /// Container size-type as reported; `0`: absent.
    container_type: Symbol,
    /// Order in the chain 1..=10000; `0`: the file has no such column.
    sequence: u16,
    /// Mode.
    mode: Mode,
    /// Operation (TOC/HOC), the mode's default where the record has none (then `OPERATION_DEFAULTED` is set).
    operation: OperationIndex,
    /// Carrier; `0`: absent.
    carrier: Symbol,
    /// Origin.
    origin: LocationCode,
    /// Destination.
    destination: LocationCode,
    /// Departure.
    departed_at: Instant,
    /// Arrival; [`super::time::NO_INSTANT`]: absent.
    arrived_at: Instant,
    /// Reported distance, metres; `0`: absent.
    distance_m: u32,
    /// Basis of the reported distance, the profile's default where the record has none (then `BASIS_ASSUMED` is set).
    distance_basis: Basis,
    /// Cargo mass, grams; `0`: absent.
    mass_g: u32,
    /// TEU of the whole box as reported, millionths; `0`: absent.
    teu: u32,
    /// Cargo of all consignments in the box, grams; `0`: absent.
    container_mass_g: u32,
    /// Part of the box that belongs to this row, millionths; `0`: absent.
    box_share: u32,
    /// Laden or empty.
    load_status: LoadStatus,
    /// Temperature class as reported; `Absent`: not stated.
    temperature: Temperature,
    /// Energy carrier; `0`: absent.
    energy_carrier: Symbol,
    /// Energy used for this row, millionths of the unit; `0`: absent.
    energy_quantity: i64,
    /// Unit of the energy quantity.
    energy_unit: EnergyUnit,
    /// When the record was made; [`super::time::NO_INSTANT`]: absent, which is the earliest.
    recorded_at: Instant,
    /// Active or cancelled.
    record_status: RecordStatus,
    /// What the row has in the carried columns, as one text; `0`: nothing.
    carried: Symbol,
    /// Flags found while parsing: Q04, Q10, Q12, Q20, Q23.
    flags: Flags,
    /// Index of the input file in the run's sorted list.
    file: u32,
    /// Row number in the file, from 1.
    row: u64,
}

impl MovementBatch {
    /// Number of rows, tombstones included.
    pub fn len(&self) -> usize {
        self.file.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.file.is_empty()
    }

    /// What was wrong with row `i`, if it is a tombstone.
    pub fn reject_of(&self, i: usize) -> Option<&Reject> {
        self.rejects.get(self.reject[i] as usize)
    }

    /// Replaces each symbol by `map[symbol]`: from a reader's own table to the run's.
    pub fn remap_symbols(&mut self, map: &[Symbol]) {
        for column in [
            &mut self.container_type,
            &mut self.carrier,
            &mut self.energy_carrier,
            &mut self.carried,
        ] {
            for code in column.iter_mut() {
                *code = map[*code as usize];
            }
        }
    }

    fn push_reject(&mut self, found: Option<&Reject>) {
        match found {
            None => self.reject.push(NO_REJECT),
            Some(reject) => {
                self.reject.push(index32(self.rejects.len()));
                self.rejects.push(reject.clone());
            }
        }
    }

    fn add_rejects<R: Iterator<Item = RowOf>>(
        &mut self,
        batches: &[&Packed],
        count: usize,
        rows: impl FnOnce() -> R,
    ) {
        if batches.iter().all(|batch| batch.columns.rejects.is_empty()) {
            self.reject.resize(self.reject.len() + count, NO_REJECT);
        } else {
            rows().for_each(|r| {
                self.push_reject(batches[r.batch as usize].reject_of(r.row as usize))
            });
        }
    }
}

/// A batch that waits, among others, for its rows to be brought in order. Of a column with one value in all rows, mostly one
/// that the file does not have, that value alone is kept.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    rows: usize,
    columns: MovementBatch,
}

impl Packed {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Through bill of lading numbers.
    pub fn shipment_id(&self) -> &TextColumn {
        &self.columns.shipment_id
    }

    /// Bytes held, for memory accounting.
    pub fn heap_bytes(&self) -> usize {
        self.columns.heap_bytes()
    }

    fn evidence_ref(&self, row: usize) -> &[u8] {
        if self.columns.evidence_ref.is_empty() {
            b""
        } else {
            self.columns.evidence_ref.get(row)
        }
    }

    fn reject_of(&self, row: usize) -> Option<&Reject> {
        if self.columns.rejects.is_empty() {
            None
        } else {
            self.columns.reject_of(row)
        }
    }
}

fn keep_one<T: PartialEq>(column: &mut Vec<T>) {
    if let [first, rest @ ..] = &column[..]
        && rest.iter().all(|value| value == first)
    {
        column.truncate(1);
        column.shrink_to_fit();
    }
}

/// One column of many packed batches.
fn of<'b, T>(
    batches: &[&'b Packed],
    column: impl Fn(&'b MovementBatch) -> &'b Vec<T>,
) -> Vec<&'b [T]> {
    batches
        .iter()
        .map(|batch| &column(&batch.columns)[..])
        .collect()
}

/// The value that all rows of a column have, as far as that shows in the packed batches.
fn common<T: Copy + PartialEq>(columns: &[&[T]]) -> Option<T> {
    match columns {
        [[value], rest @ ..] if rest.iter().all(|column| *column == [*value]) => Some(*value),
        _ => None,
    }
}

fn gather<T: Copy + PartialEq>(out: &mut Vec<T>, columns: &[&[T]], rows: &[RowOf]) {
    if let Some(value) = common(columns) {
        return out.resize(out.len() + rows.len(), value);
    }
    // Row 0 stands for all rows of a column of which one value is kept.
    let masked: Vec<(&[T], u32)> = columns
        .iter()
        .map(|c| (*c, if c.len() == 1 { 0 } else { u32::MAX }))
        .collect();
    out.extend(rows.iter().map(|r| {
        let (column, mask) = masked[r.batch as usize];
        column[(r.row & mask) as usize]
    }));
}

fn append<T: Copy + PartialEq>(out: &mut Vec<T>, columns: &[&[T]], pieces: &[Piece], count: usize) {
    if let Some(value) = common(columns) {
        return out.resize(out.len() + count, value);
    }
    out.reserve(count);
    for p in pieces {
        // A single row is the rule in a merge; a copy of any length would be a call.
        match (columns[p.batch as usize], (p.end - p.start) as usize) {
            ([value], 1) => out.push(*value),
            ([value], rows) => out.resize(out.len() + rows, *value),
            (column, 1) => out.push(column[p.start as usize]),
            (column, _) => out.extend_from_slice(&column[p.start as usize..p.end as usize]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reject::RejectReason;

    /// Rows of which some columns have one value in all of them, for some seeds.
    fn batch(seed: u64, rows: usize) -> MovementBatch {
        let mut batch = MovementBatch::default();
        for i in 0..rows as u64 {
            let reject = Reject::new(RejectReason::BadText, "mode", "x", "y");
            batch.push_tombstone(
                format!("S{:09}", seed * 1_000 + i).as_bytes(),
                b"M",
                seed as Instant,
                seed as u32,
                i,
                reject,
            );
            let last = batch.len() - 1;
            batch.mass_g[last] = (seed * i) as u32;
            batch.teu[last] = 7;
        }
        if seed.is_multiple_of(2) {
            batch.reject.fill(NO_REJECT);
            batch.rejects.clear();
        }
        if seed == 3 {
            batch.evidence_ref = TextColumn::new();
            (0..rows).for_each(|i| batch.evidence_ref.push(format!("e{i}").as_bytes()));
        }
        batch
    }

    #[test]
    fn packed_batches_give_their_rows_back() {
        for seeds in [&[0][..], &[2, 4], &[1, 2, 3, 4], &[2, 2], &[3]] {
            let batches: Vec<MovementBatch> = seeds
                .iter()
                .enumerate()
                .map(|(n, &seed)| batch(seed, 1 + 5 * n))
                .collect();
            let packed: Vec<Packed> = batches.iter().cloned().map(MovementBatch::pack).collect();
            let packed: Vec<&Packed> = packed.iter().collect();
            let (mut want, mut rows, mut pieces) =
                (MovementBatch::default(), Vec::new(), Vec::new());
            for (n, batch) in batches.iter().enumerate().rev() {
                assert_eq!(packed[n].len(), batch.len());
                want.extend(batch, 0..batch.len());
                let piece = Piece {
                    batch: n as u32,
                    start: 0,
                    end: batch.len() as u32,
                };
                rows.extend(piece.rows());
                pieces.extend([Piece { end: 1, ..piece }, Piece { start: 1, ..piece }]);
            }
            let (mut gathered, mut appended) = (MovementBatch::default(), MovementBatch::default());
            gathered.gather(&packed, &rows);
            appended.append(&packed, &pieces);
            assert_eq!((&gathered, &appended), (&want, &want), "{seeds:?}");
        }
    }

    #[test]
    fn columns_of_one_value_take_no_room() {
        let plain = batch(2, 1_000);
        assert!(plain.clone().pack().heap_bytes() * 2 < plain.heap_bytes());
    }
}
