//! A movement batch, or rejected rows, as bytes and back: what an external sort writes to the stage and reads again.
//!
//! The format lives for one run on one machine, so it is the columns as they are, little-endian, each with its length, and a
//! value that all rows share only once. It is not for exchange. A block that does not decode is a storage fault, never a shorter result.

use crate::error::{Error, Result};
use crate::model::carried::column_name;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, EnergyUnit, LoadStatus, Mode, RecordStatus, Temperature};
use crate::model::movement::MovementBatch;
use crate::model::reject::{Reject, RejectReason, Rejected};
use crate::model::text::TextColumn;

/// A value of fixed width.
trait Cell: Copy + PartialEq {
    const WIDTH: usize;
    fn put(self, out: &mut Vec<u8>);
    fn take(bytes: &[u8]) -> Option<Self>;
}

macro_rules! integers {
    ($($ty:ty),+) => { $(impl Cell for $ty {
        const WIDTH: usize = size_of::<$ty>();
        fn put(self, out: &mut Vec<u8>) { out.extend_from_slice(&self.to_le_bytes()); }
        fn take(bytes: &[u8]) -> Option<$ty> { bytes.try_into().ok().map(<$ty>::from_le_bytes) }
    })+ };
}
integers!(u8, u16, u32, u64, i64);

macro_rules! codes {
    ($($ty:ty),+) => { $(impl Cell for $ty {
        const WIDTH: usize = 1;
        fn put(self, out: &mut Vec<u8>) { out.push(self as u8); }
        fn take(bytes: &[u8]) -> Option<$ty> { <$ty>::ALL.get(bytes[0] as usize).copied() }
    })+ };
}
codes!(
    Mode,
    Basis,
    LoadStatus,
    Temperature,
    EnergyUnit,
    RecordStatus
);

macro_rules! wrapped {
    ($($ty:ident($inner:ty)),+) => { $(impl Cell for $ty {
        const WIDTH: usize = <$inner>::WIDTH;
        fn put(self, out: &mut Vec<u8>) { self.0.put(out); }
        fn take(bytes: &[u8]) -> Option<$ty> { <$inner>::take(bytes).map($ty) }
    })+ };
}
wrapped!(LocationCode(u32), Flags(u64));

/// Rows of a block, at most; a length beyond it is damage, and no reason to ask for that much memory.
const MOST_ROWS: usize = 1 << 24;

// Many columns have one value in all rows, mostly those that the file does not have.
fn put_column<T: Cell>(column: &[T], out: &mut Vec<u8>) {
    (column.len() as u64).put(out);
    let is_one_value = column.len() > 1 && column.iter().all(|v| *v == column[0]);
    out.push(is_one_value as u8);
    column[..if is_one_value { 1 } else { column.len() }]
        .iter()
        .for_each(|v| v.put(out));
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    (bytes.len() as u64).put(out);
    out.extend_from_slice(bytes);
}

/// Reads a block from its start to its end.
struct Block<'b>(&'b [u8]);

impl<'b> Block<'b> {
    fn bytes(&mut self, len: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn length(&mut self) -> Option<usize> {
        self.bytes(8)
            .and_then(u64::take)
            .and_then(|n| usize::try_from(n).ok())
    }

    fn column<T: Cell>(&mut self) -> Option<Vec<T>> {
        let len = self.length().filter(|&len| len <= MOST_ROWS)?;
        let is_one_value = self.bytes(1)?[0] == 1;
        let values = if is_one_value { 1 } else { len };
        let values: Vec<T> = self
            .bytes(values * T::WIDTH)?
            .chunks_exact(T::WIDTH)
            .map(T::take)
            .collect::<Option<_>>()?;
        Some(if is_one_value {
            vec![values[0]; len]
        } else {
            values
        })
    }

    fn blob(&mut self) -> Option<&'b [u8]> {
        let len = self.length()?;
        self.bytes(len)
    }

    fn text(&mut self) -> Option<String> {
        self.blob().and_then(|b| String::from_utf8(b.to_vec()).ok())
    }

    fn reject(&mut self) -> Option<Reject> {
        let (reason, _) = *RejectReason::LIST.get((self.bytes(1)?[0] as usize).checked_sub(1)?)?;
        let column = self.text()?;
        let column = column_of(&column);
        Some(Reject {
            reason,
            column,
            value: self.text()?,
            wanted: self.text()?,
        })
    }

    fn rejected(&mut self) -> Option<Rejected> {
        let (file, row) = (
            self.bytes(4).and_then(u32::take)?,
            self.bytes(8).and_then(u64::take)?,
        );
        Some(Rejected {
            file,
            row,
            reject: self.reject()?,
            shipment_id: self.text()?,
            movement_id: self.text()?,
            carried: self.bytes(4).and_then(u32::take)?,
        })
    }

    fn texts(&mut self) -> Option<TextColumn> {
        let bytes = self.blob()?.to_vec();
        TextColumn::from_parts(bytes, self.column()?)
    }
}

/// Hands the columns of fixed width to a macro. The list is checked by the patterns below that name every field: a column
/// that is new in the batch and missing here does not compile.
macro_rules! each_column {
    ($with:ident) => {
        $with!(
            container_type,
            sequence,
            mode,
            operation,
            carrier,
            origin,
            destination,
            departed_at,
            arrived_at,
            distance_m,
            distance_basis,
            mass_g,
            teu,
            container_mass_g,
            box_share,
            load_status,
            temperature,
            energy_carrier,
            energy_quantity,
            energy_unit,
            recorded_at,
            record_status,
            carried,
            flags,
            file,
            row,
            reject
        )
    };
}

/// The batch as one block.
pub(crate) fn encode(batch: &MovementBatch, out: &mut Vec<u8>) {
    macro_rules! put {
        ($($column:ident),+) => {{
            let MovementBatch { shipment_id, movement_id, container_id, evidence_ref, rejects: _, $($column),+ } = batch;
            for texts in [shipment_id, movement_id, container_id, evidence_ref] {
                let (bytes, ends) = texts.parts();
                put_bytes(bytes, out);
                put_column(ends, out);
            }
            $(put_column($column, out);)+
        }};
    }
    each_column!(put);
    (batch.rejects.len() as u64).put(out);
    batch
        .rejects
        .iter()
        .for_each(|reject| put_reject(reject, out));
}

/// A column of ours, or one that is carried.
pub(crate) fn column_of(name: &str) -> &'static str {
    crate::input::mapping::COLUMNS
        .into_iter()
        .find(|c| *c == name)
        .unwrap_or_else(|| column_name(name))
}

fn put_reject(reject: &Reject, out: &mut Vec<u8>) {
    (reject.reason as u8).put(out);
    put_bytes(reject.column.as_bytes(), out);
    put_bytes(reject.value.as_bytes(), out);
    put_bytes(reject.wanted.as_bytes(), out);
}

/// Rejected rows as one block.
pub(crate) fn encode_rejected(rows: &[Rejected], out: &mut Vec<u8>) {
    (rows.len() as u64).put(out);
    for row in rows {
        row.file.put(out);
        row.row.put(out);
        put_reject(&row.reject, out);
        put_bytes(row.shipment_id.as_bytes(), out);
        put_bytes(row.movement_id.as_bytes(), out);
        row.carried.put(out);
    }
}

/// The rejected rows of a block.
pub(crate) fn decode_rejected(bytes: &[u8]) -> Result<Vec<Rejected>> {
    let mut block = Block(bytes);
    let rows = block
        .length()
        .and_then(|n| (0..n).map(|_| block.rejected()).collect::<Option<Vec<_>>>());
    rows.filter(|_| block.0.is_empty()).ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::Storage("a spilled block does not read back as written".into())
}

/// The batch of a block.
pub(crate) fn decode(bytes: &[u8]) -> Result<MovementBatch> {
    decode_block(bytes).ok_or_else(damaged)
}

fn decode_block(bytes: &[u8]) -> Option<MovementBatch> {
    let mut block = Block(bytes);
    // Fields are evaluated in the order written here, which is the order of the block.
    macro_rules! take {
        ($($column:ident),+) => {
            MovementBatch {
                shipment_id: block.texts()?,
                movement_id: block.texts()?,
                container_id: block.texts()?,
                evidence_ref: block.texts()?,
                $($column: block.column()?,)+
                rejects: Vec::new(),
            }
        };
    }
    let mut batch = each_column!(take);
    for _ in 0..block.length()? {
        batch.rejects.push(block.reject()?);
    }
    let rows = batch.len();
    let whole = block.0.is_empty()
        && batch.shipment_id.len() == rows
        && batch.reject.len() == rows
        && batch.row.len() == rows;
    whole.then_some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::movement::NO_REJECT;

    fn sample() -> MovementBatch {
        let mut batch = MovementBatch::default();
        let reject = Reject::new(
            RejectReason::MalformedNumber,
            "cargo_mass_kg",
            "12,5 t",
            "kilograms as digits",
        );
        batch.push_tombstone("S1".as_bytes(), b"M1", 5, 0, 7, reject);
        batch.push_tombstone(
            "S2ü".as_bytes(),
            b"",
            i64::MIN,
            1,
            8,
            Reject::new(RejectReason::BadText, "", "", ""),
        );
        batch.reject[1] = NO_REJECT;
        batch.rejects.pop();
        batch.mode[1] = Mode::Air;
        batch.origin[1] = LocationCode::parse(b"CNCKG").unwrap();
        batch.mass_g[1] = 1_000_000_000;
        batch
    }

    #[test]
    fn blocks_read_back_as_written() {
        let mut bytes = Vec::new();
        encode(&sample(), &mut bytes);
        assert_eq!(decode(&bytes).unwrap(), sample());
    }

    #[test]
    fn a_damaged_block_is_an_error() {
        let mut bytes = Vec::new();
        encode(&sample(), &mut bytes);
        for cut in [0, 1, 8, bytes.len() / 2, bytes.len() - 1] {
            assert!(decode(&bytes[..cut]).is_err());
        }
        bytes.push(0);
        assert!(decode(&bytes).is_err());
    }
}
