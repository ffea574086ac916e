//! The compact Thrift of Parquet's metadata, walked without keeping any of it: every length and count is compared with the bytes
//! that are left before anybody asks for memory of that size.
//!
//! The decoder behind takes fields for what their numbers say, whatever type is written beside them, so a field of a known number
//! must have its type here. Fields that are not known are passed over, in the one form in which the decoder does the same.

use std::ptr;

/// Nothing in the format nests as deep.
const MAX_DEPTH: usize = 16;

/// The type of a value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// One bit, in the header of its field.
    Bool,
    /// One byte.
    Byte,
    /// Whole numbers, and enumerations, of this many bits.
    Int(u8),
    /// Eight bytes.
    Double,
    /// A length and bytes.
    Binary,
    /// A count and values.
    List(&'static Kind),
    /// Fields by number; a union has one of them.
    Struct(&'static Shape),
}

/// A structure of the format: numbers and types of its fields. Each is known by its address.
pub(super) struct Shape {
    /// Its name in the format.
    pub name: &'static str,
    /// The fields.
    pub fields: &'static [(i16, Kind)],
}

impl Shape {
    /// Whether this is that one.
    pub(super) fn is(&self, other: &Shape) -> bool {
        ptr::eq(self, other)
    }
}

/// What is met on the way.
pub(super) enum Met {
    /// A whole number in this field.
    Number(i16, i64),
    /// A list of this many values in this field.
    List(i16, usize),
    /// The end of the structure.
    End,
}

/// Told of everything that is met; a text ends the walk.
pub(super) type Watch<'w> = &'w mut dyn FnMut(&'static Shape, Met) -> Result<(), String>;

/// Walks over bytes.
pub(super) struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// Types as they are written.
mod wire {
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const STRUCT: u8 = 12;
}

impl Kind {
    fn is_written_as(self, wire: u8) -> bool {
        match self {
            Kind::Bool => matches!(wire, wire::TRUE | wire::FALSE),
            Kind::Byte => wire == wire::BYTE,
            Kind::Int(16) => wire == wire::I16,
            Kind::Int(32) => wire == wire::I32,
            Kind::Int(_) => wire == wire::I64,
            Kind::Double => wire == wire::DOUBLE,
            Kind::Binary => wire == wire::BINARY,
            Kind::List(_) => wire == wire::LIST,
            Kind::Struct(_) => wire == wire::STRUCT,
        }
    }
}

fn short() -> String {
    "it ends in the middle of its metadata".to_owned()
}

impl<'b> Walk<'b> {
    /// A walk from the first byte.
    pub(super) fn new(bytes: &'b [u8]) -> Walk<'b> {
        Walk { bytes, at: 0 }
    }

    /// Bytes walked over.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn byte(&mut self) -> Result<u8, String> {
        let byte = *self.bytes.get(self.at).ok_or_else(short)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), String> {
        if bytes > self.left() {
            return Err(short());
        }
        self.at += bytes;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number in its metadata has more than 64 bits".to_owned())
    }

    fn number(&mut self, bits: u8) -> Result<i64, String> {
        let value = self.varint()?;
        let value = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
        let most = i64::MAX >> (64 - bits);
        if value > most || value < -most - 1 {
            return Err(format!(
                "a number in its metadata has more than {bits} bits"
            ));
        }
        Ok(value)
    }

    /// The header of a list: type and number of its values, each of which takes a byte at least.
    fn list(&mut self) -> Result<(u8, usize), String> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        self.fitting(count).map(|count| (header & 15, count))
    }

    fn fitting(&self, count: u64) -> Result<usize, String> {
        let left = self.left();
        match usize::try_from(count) {
            Ok(count) if count <= left => Ok(count),
            _ => Err(format!(
                "its metadata claims {count} values where {left} bytes are left"
            )),
        }
    }

    /// Walks over a structure.
    pub(super) fn structure(&mut self, shape: &'static Shape, watch: Watch) -> Result<(), String> {
        self.nested(shape, watch, MAX_DEPTH)
    }

    fn nested(&mut self, shape: &'static Shape, watch: Watch, depth: usize) -> Result<(), String> {
        let mut last = 0;
        while let Some((id, wire)) = self.field(last)? {
            if id <= last {
                return Err(format!("the fields of {} are out of order", shape.name));
            }
            last = id;
            let known = shape.fields.iter().find(|(known, _)| *known == id);
            match known {
                None => self.unknown(wire, depth)?,
                Some((_, kind)) if !kind.is_written_as(wire) => {
                    return Err(format!("field {id} of {} has another type", shape.name));
                }
                Some((_, kind)) => self.field_value(shape, id, *kind, watch, depth)?,
            }
        }
        watch(shape, Met::End)
    }

    /// Number and type of the next field; `None` at the end of the structure.
    fn field(&mut self, last: i16) -> Result<Option<(i16, u8)>, String> {
        let header = self.byte()?;
        let (delta, wire) = (header >> 4, header & 15);
        match (delta, wire) {
            (0, 0) => Ok(None),
            (_, 0) => Err("a structure of its metadata ends with a field".to_owned()),
            (0, _) => {
                let id = self.number(16)?;
                Ok(i16::try_from(id).ok().map(|id| (id, wire)))
            }
            _ => {
                let id = last.checked_add(i16::from(delta));
                let id = id.ok_or_else(|| "a field of its metadata has no number".to_owned())?;
                Ok(Some((id, wire)))
            }
        }
    }

    fn field_value(
        &mut self,
        shape: &'static Shape,
        id: i16,
        kind: Kind,
        watch: Watch,
        depth: usize,
    ) -> Result<(), String> {
        match kind {
            // In the header of the field.
            Kind::Bool => Ok(()),
            Kind::Int(bits) => {
                let number = self.number(bits)?;
                watch(shape, Met::Number(id, number))
            }
            Kind::List(of) => {
                let (wire, count) = self.list()?;
                // Some writers give an empty list no type.
                if count > 0 && !of.is_written_as(wire) {
                    return Err(format!("field {id} of {} has another type", shape.name));
                }
                watch(shape, Met::List(id, count))?;
                (0..count).try_for_each(|_| self.element(*of, watch, depth))
            }
            other => self.element(other, watch, depth),
        }
    }

    /// A value that stands alone: in a list, or after the header of its field.
    fn element(&mut self, kind: Kind, watch: Watch, depth: usize) -> Result<(), String> {
        match kind {
            Kind::Bool | Kind::Byte => self.skip(1),
            Kind::Int(bits) => self.number(bits).map(drop),
            Kind::Double => self.skip(8),
            Kind::Binary => self.binary(),
            Kind::Struct(inner) => self.nested(inner, watch, deeper(depth)?),
            Kind::List(_) => Err("its metadata has a list of lists".to_owned()),
        }
    }

    fn binary(&mut self) -> Result<(), String> {
        let length = self.varint()?;
        let length = self.fitting(length)?;
        self.skip(length)
    }

    /// Passes over a value of a field that is not known.
    fn unknown(&mut self, wire: u8, depth: usize) -> Result<(), String> {
        match wire {
            wire::TRUE | wire::FALSE => Ok(()),
            wire::BYTE => self.skip(1),
            wire::I16 | wire::I32 | wire::I64 => self.varint().map(drop),
            wire::DOUBLE => self.skip(8),
            wire::BINARY => self.binary(),
            wire::LIST | wire::SET => {
                let depth = deeper(depth)?;
                match self.list()? {
                    (_, 0) => Ok(()),
                    // The decoder takes these for values without bytes.
                    (of @ (wire::TRUE | wire::FALSE), _) => Err(unknown_type(of)),
                    (of, count) => (0..count).try_for_each(|_| self.unknown(of, depth)),
                }
            }
            wire::STRUCT => {
                let depth = deeper(depth)?;
                let mut last = 0;
                while let Some((id, wire)) = self.field(last)? {
                    last = id;
                    self.unknown(wire, depth)?;
                }
                Ok(())
            }
            other => Err(unknown_type(other)),
        }
    }
}

fn deeper(depth: usize) -> Result<usize, String> {
    depth
        .checked_sub(1)
        .ok_or_else(|| format!("its metadata is nested more than {MAX_DEPTH} deep"))
}

fn unknown_type(wire: u8) -> String {
    format!("its metadata has a field of type {wire}, which the format does not use")
}
