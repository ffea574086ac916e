//! Delta encodings: the counts at their heads, which the decoder makes lists of.

use parquet::basic::Encoding;

/// Values of a block; the format has no limit, writers take 128.
const LARGEST_BLOCK: u64 = 1 << 16;

/// Checks the values of a page of `count` values, nulls included.
pub(super) fn check(encoding: Encoding, values: &[u8], count: i64) -> Result<(), String> {
    let rest = packed(values, count)?;
    if encoding == Encoding::DELTA_BYTE_ARRAY {
        // Shared beginnings, then the lengths of what comes behind them.
        packed(rest, count)?;
    }
    Ok(())
}

/// Passes over packed numbers; what is behind them.
fn packed(mut bytes: &[u8], count: i64) -> Result<&[u8], String> {
    let block = varint(&mut bytes)?;
    let minis = varint(&mut bytes)?;
    let total = varint(&mut bytes)?;
    varint(&mut bytes)?; // the first value
    if block == 0 || block > LARGEST_BLOCK || minis == 0 || !block.is_multiple_of(minis) {
        return Err(format!(
            "its values claim blocks of {block} numbers in {minis} parts"
        ));
    }
    if total > count.unsigned_abs() {
        return Err(format!(
            "it claims {total} values of the {count} that its header claims"
        ));
    }
    let of_a_mini = block / minis;
    let mut left = total.saturating_sub(1);
    while left > 0 {
        varint(&mut bytes)?; // the least difference
        let parts = usize::try_from(minis).map_err(|_| short())?;
        let (widths, mut behind) = bytes.split_at_checked(parts).ok_or_else(short)?;
        for width in widths {
            // Parts behind the last value are not written.
            if left == 0 {
                break;
            }
            let size = (of_a_mini * u64::from(*width)).div_ceil(8);
            let size = usize::try_from(size).map_err(|_| short())?;
            // Nor is the end of the last one, by some writers.
            let size = if left <= of_a_mini {
                size.min(behind.len())
            } else {
                size
            };
            behind = behind.get(size..).ok_or_else(short)?;
            left = left.saturating_sub(of_a_mini);
        }
        bytes = behind;
    }
    Ok(bytes)
}

fn short() -> String {
    "its values end early".to_owned()
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(short)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number in it has more than 64 bits".to_owned())
}
