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
            pub fn extend(&mut self, other: &MovementBatch, range: std::ops::Range<usize>) {
                self.append(&[other], &[Piece { batch: 0, start: range.start as u32, end: range.end as u32 }]);
            }

            /// Appends single rows of batches in the order of `rows`, column by column like [`Self::append`].
            pub fn gather(&mut self, batches: &[&MovementBatch], rows: &[RowOf]) {
                $({
                    let of: Vec<&[$ty]> = batches.iter().map(|batch| &batch.$name[..]).collect();
                    self.$name.extend(rows.iter().map(|r| of[r.batch as usize][r.row as usize]));
                })+
                let texts = |of: fn(&MovementBatch) -> &TextColumn| -> Vec<&TextColumn> { batches.iter().map(|b| of(b)).collect() };
                self.shipment_id.gather(&texts(|b| &b.shipment_id), rows);
                self.movement_id.gather(&texts(|b| &b.movement_id), rows);
                self.container_id.gather(&texts(|b| &b.container_id), rows);
                self.evidence_ref.gather(&texts(|b| &b.evidence_ref), rows);
                if batches.iter().all(|batch| batch.rejects.is_empty()) {
                    self.reject.resize(self.reject.len() + rows.len(), NO_REJECT);
                } else {
                    rows.iter().for_each(|r| self.push_reject(batches[r.batch as usize], r.row as usize));
                }
            }

            /// Appends pieces of batches in their order, column by column: one column of many batches at a time is what a
            /// cache and its prefetcher take.
            pub fn append(&mut self, batches: &[&MovementBatch], pieces: &[Piece]) {
                let of = |p: &Piece| (batches[p.batch as usize], p.start as usize..p.end as usize);
                let rows: usize = pieces.iter().map(|p| (p.end - p.start) as usize).sum();
                $({
                    self.$name.reserve(rows);
                    let columns: Vec<&[$ty]> = batches.iter().map(|batch| &batch.$name[..]).collect();
                    for p in pieces {
                        let rows = &columns[p.batch as usize][p.start as usize..p.end as usize];
                        // A single row is the rule in a merge; a copy of any length would be a call.
                        match rows {
                            [row] => self.$name.push(*row),
                            _ => self.$name.extend_from_slice(rows),
                        }
                    }
                })+
                for (batch, range) in pieces.iter().map(of) {
                    self.shipment_id.extend(&batch.shipment_id, range.clone());
                    self.movement_id.extend(&batch.movement_id, range.clone());
                    self.container_id.extend(&batch.container_id, range.clone());
                    self.evidence_ref.extend(&batch.evidence_ref, range);
                }
                for (batch, range) in pieces.iter().map(of) {
                    if batch.rejects.is_empty() {
                        self.reject.resize(self.reject.len() + range.len(), NO_REJECT);
                    } else {
                        range.for_each(|i| self.push_reject(batch, i));
                    }
                }
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
                self.reject.push(self.rejects.len() as u32);
                self.rejects.push(reject);
            }

            /// Turns rows (ascending) into tombstones where they stand, so that the order of a sorted file survives its rejects.
            /// Ids, `recorded_at`, `file` and `row` stay, everything else becomes what [`Self::push_tombstone`] would have put there.
            pub fn bury(&mut self, dead: Vec<(u32, Reject)>) {
                let rows: Vec<u32> = dead.iter().map(|(i, _)| *i).collect();
                self.container_id = self.container_id.blanked(&rows);
                self.evidence_ref = self.evidence_ref.blanked(&rows);
                for (i, reject) in dead {
                    let i = i as usize;
                    let kept = (self.recorded_at[i], self.file[i], self.row[i]);
                    $(self.$name[i] = Default::default();)+
                    (self.recorded_at[i], self.file[i], self.row[i]) = kept;
                    self.reject[i] = self.rejects.len() as u32;
                    self.rejects.push(reject);
                }
            }

            /// Reads rows `range` once, in all columns. A row is spread over more columns than a processor follows by itself, and
            /// whoever then takes it row by row would wait for each of them; these loads do not depend on each other and wait
            /// together.
            pub fn warm(&self, range: std::ops::Range<usize>) {
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
        for column in [&mut self.container_type, &mut self.carrier, &mut self.energy_carrier] {
            for code in column.iter_mut() {
                *code = map[*code as usize];
            }
        }
    }

    fn push_reject(&mut self, other: &MovementBatch, i: usize) {
        match other.reject_of(i) {
            None => self.reject.push(NO_REJECT),
            Some(reject) => {
                self.reject.push(self.rejects.len() as u32);
                self.rejects.push(reject.clone());
            }
        }
    }
}
