//! Identifiers: UN/LOCODE places, container numbers.

use std::fmt;

/// A UN/LOCODE packed into 30 bits, six per character, so that codes compare like their text.
///
/// ```
/// use green_corridor::model::id::LocationCode;
/// let place = LocationCode::parse(b"cnckg").unwrap();
/// assert_eq!((place.to_string(), place.country().to_string()), ("CNCKG".into(), "CN".into()));
/// assert_eq!(LocationCode::parse(b"China"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LocationCode(pub u32);

/// An ISO 3166 alpha-2 country code, packed like the first two characters of a [`LocationCode`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CountryCode(pub u16);

// Digits sort before letters in ASCII, and so do the packed characters: '2'..'9' = 1..8, 'A'..'Z' = 9..34.
const fn pack(byte: u8) -> Option<u32> {
    match byte {
        b'2'..=b'9' => Some((byte - b'2') as u32 + 1),
        b'A'..=b'Z' => Some((byte - b'A') as u32 + 9),
        _ => None,
    }
}

const fn unpack(six: u32) -> u8 {
    match six {
        1..=8 => six as u8 - 1 + b'2',
        9..=34 => six as u8 - 9 + b'A',
        _ => b'?',
    }
}

impl LocationCode {
    /// Five characters `[A-Z]{2}[A-Z2-9]{3}`, all upper or all lower case (docs/formats.md, R007).
    pub fn parse(text: &[u8]) -> Option<LocationCode> {
        let bytes: [u8; 5] = text.try_into().ok()?;
        let upper = !bytes.iter().any(u8::is_ascii_lowercase);
        let lower = !bytes.iter().any(u8::is_ascii_uppercase);
        if !(upper || lower) {
            return None;
        }
        let mut code = 0;
        for (i, byte) in bytes.iter().enumerate() {
            let byte = byte.to_ascii_uppercase();
            if i < 2 && !byte.is_ascii_uppercase() {
                return None;
            }
            code = code << 6 | pack(byte)?;
        }
        Some(LocationCode(code))
    }

    /// The country: the first two letters.
    pub const fn country(self) -> CountryCode {
        CountryCode((self.0 >> 18) as u16)
    }

    /// The five characters.
    pub const fn bytes(self) -> [u8; 5] {
        let c = self.0;
        [
            unpack(c >> 24 & 63),
            unpack(c >> 18 & 63),
            unpack(c >> 12 & 63),
            unpack(c >> 6 & 63),
            unpack(c & 63),
        ]
    }
}

impl CountryCode {
    /// Two upper-case letters.
    pub fn parse(text: &[u8]) -> Option<CountryCode> {
        match text {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => {
                Some(CountryCode((pack(*a)? << 6 | pack(*b)?) as u16))
            }
            _ => None,
        }
    }
}

impl fmt::Display for LocationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.bytes()).unwrap_or("?????"))
    }
}

impl fmt::Debug for LocationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.0 as u32;
        f.write_str(std::str::from_utf8(&[unpack(c >> 6 & 63), unpack(c & 63)]).unwrap_or("??"))
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether a normalised container number is `[A-Z]{3}[UJZ][0-9]{7}` with the right check digit (ISO 6346).
///
/// ```
/// use green_corridor::model::id::is_iso6346;
/// assert!(is_iso6346(b"CSQU3054383") && !is_iso6346(b"CSQU3054384"));
/// ```
pub fn is_iso6346(id: &[u8]) -> bool {
    let Ok(id) = <&[u8; 11]>::try_from(id) else {
        return false;
    };
    let shape = id[..3].iter().all(u8::is_ascii_uppercase)
        && matches!(id[3], b'U' | b'J' | b'Z')
        && id[4..].iter().all(u8::is_ascii_digit);
    if !shape {
        return false;
    }
    // Letters count 10..38 without the multiples of 11, position i is worth 2^i.
    let sum: u32 = id[..10]
        .iter()
        .enumerate()
        .map(|(i, &b)| {
            let value = if b.is_ascii_digit() {
                (b - b'0') as u32
            } else {
                let n = (b - b'A') as u32 + 10;
                n + (n > 10) as u32 + (n > 20) as u32 + (n > 30) as u32
            };
            value << i
        })
        .sum();
    sum % 11 % 10 == (id[10] - b'0') as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_codes_sort_like_text() {
        let mut codes: Vec<_> = [&b"CNCKG"[..], b"AEAAN", b"US2AB", b"USAAB", b"CN9ZZ"]
            .iter()
            .map(|t| LocationCode::parse(t).unwrap())
            .collect();
        codes.sort();
        let text: Vec<_> = codes.iter().map(|c| c.to_string()).collect();
        let mut sorted = text.clone();
        sorted.sort();
        assert_eq!(text, sorted);
    }

    #[test]
    fn malformed_codes_are_refused() {
        for bad in [
            "China", "CN1KG", "CN0KG", "C2CKG", "CNCK", "CNCKGX", "", "cNCKG",
        ] {
            assert_eq!(LocationCode::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
