//! Delta encodings: the counts at their heads, which the decoder makes lists of, and texts that are the beginning of another one.

use parquet::basic::Encoding;

/// Values of a block; the format has no limit, writers take 128.
const LARGEST_BLOCK: u64 = 1 << 16;

/// Texts up to this length may be the beginning of another one as often as there are rows.
pub(super) const SHORT_TEXT: u64 = 1 << 10;
/// Bytes that longer ones may come to, beside those of the page.
const MOST_LONG: u64 = 16 << 20;

/// Checks the values of a page of `count` values, nulls included.
pub(super) fn check(encoding: Encoding, values: &[u8], count: i64) -> Result<(), String> {
    if encoding != Encoding::DELTA_BYTE_ARRAY {
        return packed(values, count, None).map(drop);
    }
    // Shared beginnings, then the lengths of what comes behind them.
    let mut shared = Vec::new();
    let rest = packed(
        values,
        count,
        Some(&mut |number| shared.push(u32::try_from(number).unwrap_or(0))),
    )?;
    let mut shared = shared.into_iter();
    let mut long = 0u64;
    let mut add = |own: i64| {
        let text = u64::from(shared.next().unwrap_or(0)) + u64::try_from(own).unwrap_or(0);
        if text > SHORT_TEXT {
            long = long.saturating_add(text);
        }
    };
    packed(rest, count, Some(&mut add))?;
    if long > MOST_LONG + values.len() as u64 {
        return Err(format!(
            "its texts of more than {SHORT_TEXT} bytes come to {long} bytes, which it does not hold"
        ));
    }
    Ok(())
}

/// Passes over packed numbers, and hands them on; what is behind them.
fn packed<'b>(
    mut bytes: &'b [u8],
    count: i64,
    mut each: Option<&mut dyn FnMut(i64)>,
) -> Result<&'b [u8], String> {
    let block = varint(&mut bytes)?;
    let minis = varint(&mut bytes)?;
    let total = varint(&mut bytes)?;
    let mut value = signed(varint(&mut bytes)?);
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
    if let Some(each) = each.as_mut().filter(|_| total > 0) {
        each(value);
    }
    let of_a_mini = block / minis;
    let mut left = total.saturating_sub(1);
    while left > 0 {
        let least = signed(varint(&mut bytes)?);
        let parts = usize::try_from(minis).map_err(|_| short())?;
        let (widths, mut behind) = bytes.split_at_checked(parts).ok_or_else(short)?;
        for &width in widths {
            // Parts behind the last value are not written.
            if left == 0 {
                break;
            }
            let size = (of_a_mini * u64::from(width)).div_ceil(8);
            let size = usize::try_from(size).map_err(|_| short())?;
            // Nor is the end of the last one, by some writers.
            let size = if left <= of_a_mini {
                size.min(behind.len())
            } else {
                size
            };
            let (part, rest) = behind.split_at_checked(size).ok_or_else(short)?;
            if let Some(each) = each.as_mut() {
                for at in 0..left.min(of_a_mini) {
                    let step = least.wrapping_add(bits(part, at, width).cast_signed());
                    value = value.wrapping_add(step);
                    each(value);
                }
            }
            behind = rest;
            left = left.saturating_sub(of_a_mini);
        }
        bytes = behind;
    }
    Ok(bytes)
}

/// The number at a place of a part whose numbers have so many bits; what is not there is zero.
fn bits(part: &[u8], at: u64, width: u8) -> u64 {
    let first = at * u64::from(width);
    let from = usize::try_from(first / 8).unwrap_or(usize::MAX);
    let found = part.get(from..).unwrap_or_default();
    let found = &found[..found.len().min(16)];
    let mut word = [0; 16];
    word[..found.len()].copy_from_slice(found);
    let shifted = u128::from_le_bytes(word) >> (first % 8);
    let mask = u64::MAX.checked_shr(64 - u32::from(width.min(64)));
    #[expect(clippy::cast_possible_truncation, reason = "the mask keeps the bits")]
    let low = shifted as u64;
    low & mask.unwrap_or(0)
}

/// A number whose sign is its last bit.
fn signed(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// One block of 128 numbers in 4 parts: a first value, a least difference of 0, the widths, the parts.
    fn block(total: u8, first: i64, widths: [u8; 4], parts: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80, 1, 4, total];
        let mut first = (first << 1).cast_unsigned();
        while first > 0x7f {
            bytes.push((first & 0x7f) as u8 | 0x80);
            first >>= 7;
        }
        bytes.extend([first as u8, 0]);
        bytes.extend(widths);
        bytes.extend(parts);
        bytes
    }

    #[test]
    fn numbers_are_what_was_packed() {
        let mut found = Vec::new();
        // 3, then steps of 1, 2, 3 in two bits each.
        let bytes = block(4, 3, [2, 0, 0, 0], &[0b11_10_01, 0, 0, 0, 0, 0, 0, 0, 9]);
        let rest = packed(&bytes, 4, Some(&mut |n| found.push(n))).unwrap();
        assert_eq!((found, rest), (vec![3, 4, 6, 9], &[9][..]));
        assert_eq!(bits(&[0xff; 16], 1, 64), u64::MAX);
        assert_eq!([signed(0), signed(1), signed(2)], [0, -1, 1]);
    }

    #[test]
    fn a_long_text_is_not_the_beginning_of_thousands() {
        let none = |of: u8| block(of, 0, [0; 4], &[]);
        // 100 texts that share a million bytes, or a thousand.
        let told = |shared: i64| {
            let values = [block(100, shared, [0; 4], &[]), none(100)].concat();
            check(Encoding::DELTA_BYTE_ARRAY, &values, 100)
        };
        assert!(told(1_000_000).unwrap_err().contains("come to 100000000"));
        assert_eq!(told(1_000), Ok(()));
        assert!(check(Encoding::DELTA_BINARY_PACKED, &none(100), 99).is_err());
    }
}
