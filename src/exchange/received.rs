//! The files that partners sent: found, opened, decompressed, one at a time; and the small lists that say how to read them.

use super::carrier::Assignment;
use super::events::shares::Shares;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::input::unpack::unpacked;
use crate::model::id::LocationCode;
use crate::model::mode::Basis;
use crate::model::unit::parse_decimal;
use crate::store::files::read_file;
use crate::store::find::{Unmatched, discover_among, open_input};
use crate::store::input;
use crate::store::signal::Interrupt;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Endings of files of JSON that are taken from a folder; also with `.gz` and `.zst`.
pub(crate) const EXTENSIONS: [&str; 3] = ["json", "ndjson", "jsonl"];

/// Largest file, unpacked: it is held while its entries are read.
const LARGEST: u64 = 1 << 30;
/// What a packed file may become however small it is.
const SMALL: u64 = 64 << 20;

/// Largest list of facilities or operations.
const LARGEST_LIST: u64 = 64 << 20;

/// Largest part in a list of shares, in millionths.
const LARGEST_SHARE: i128 = 1_000_000_000_000_000;

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Files read.
    pub files: u64,
    /// Files that cannot be read, with path and cause.
    pub unreadable: Vec<String>,
}

/// Hands the bytes of every file to `take`, in order of path. [`Error::Input`] when a pattern matches nothing, [`Error::Limit`] when
/// a file does not fit into so many bytes of memory.
pub(crate) fn receive(
    patterns: &[String],
    extensions: &[&str],
    memory: u64,
    interrupt: &Interrupt,
    take: &mut dyn FnMut(&str, &[u8]),
) -> Result<Received> {
    let found = discover_among(patterns, Path::new("."), None, extensions)?;
    if let [Unmatched { pattern, .. }, ..] = found.unmatched.as_slice() {
        return Err(Error::Input(format!(
            "{pattern}: no such file, or no file in it that ends in .{}",
            extensions.join(", .")
        )));
    }
    let mut received = Received {
        files: 0,
        unreadable: found.unreadable.into_iter().map(|u| u.reason).collect(),
    };
    for file in &found.files {
        interrupt.check()?;
        let opened = match open_input(file) {
            Ok(opened) => opened,
            // That descriptors or memory run out says nothing about the file.
            Err(shortage) if shortage.kind() == ErrorKind::Limit => return Err(shortage),
            Err(e) => {
                received.unreadable.push(e.to_string());
                continue;
            }
        };
        match whole(&file.name, opened, memory) {
            Ok(bytes) => {
                received.files += 1;
                take(&file.name, &bytes);
            }
            Err(e) if e.kind() == std::io::ErrorKind::OutOfMemory => {
                return Err(Error::Limit(format!(
                    "{}: does not fit into the memory limit of {memory} bytes when decompressed; raise --memory-limit, or split it",
                    file.path.display()
                )));
            }
            Err(e) => {
                let fault = input(&file.path, "read", e);
                if fault.kind() == ErrorKind::Limit {
                    return Err(fault);
                }
                received.unreadable.push(fault.to_string());
            }
        }
    }
    match received.unreadable.first() {
        // Nothing must not stand in the place of what an earlier conversion gave.
        Some(first) if received.files == 0 => Err(Error::Input(format!(
            "none of the files can be read, so nothing was written: {first}"
        ))),
        _ => Ok(received),
    }
}

fn whole(name: &str, file: File, memory: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = LARGEST.min(memory);
    let unpacked = unpacked(file, name, SMALL)?;
    unpacked.take(most + 1).read_to_end(&mut bytes)?;
    if most < LARGEST && bytes.len() as u64 > most {
        return Err(std::io::ErrorKind::OutOfMemory.into());
    }
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!(
            "larger than {LARGEST} bytes; split it, or send one event per line in several files"
        )));
    }
    Ok(bytes)
}

/// `facility,locode`: places of facilities, by `provider:code`.
pub(crate) fn facilities(path: &Path) -> Result<BTreeMap<String, LocationCode>> {
    pairs(path, ["facility", "locode"], |code| {
        LocationCode::parse(code.as_bytes()).ok_or("a UN/LOCODE")
    })
}

/// Columns of the list of operations; the first two must be there.
const ASSIGNMENT: [&str; 5] = [
    "id",
    "operation",
    "region",
    "energy_carrier",
    "distance_basis",
];

/// `id,operation`, and `region,energy_carrier,distance_basis` where they are needed: what categories stand for.
pub(crate) fn operations(path: &Path) -> Result<BTreeMap<String, Assignment>> {
    let bytes = read_file(path, LARGEST_LIST)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let fault = |line: u64, what: String| {
        let error = Error::Usage(format!("{}:{line}: {what}", path.display()));
        error.at(Place::path(path).line(line).wanted(what))
    };
    let broken = |e: csv::Error| fault(e.position().map_or(1, csv::Position::line), e.to_string());
    let head = reader.headers().map_err(broken)?.clone();
    let known = head.iter().all(|name| ASSIGNMENT.contains(&name));
    let needed = ASSIGNMENT[..2]
        .iter()
        .all(|name| head.iter().filter(|h| h == name).count() == 1);
    if !known || !needed {
        let found: Vec<&str> = head.iter().collect();
        return Err(fault(
            1,
            format!(
                "found the columns {}, expected id and operation, and where needed region, energy_carrier, distance_basis",
                found.join(", ")
            ),
        ));
    }
    let mut map = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |name: &str| {
            let at = head.iter().position(|h| h == name);
            at.and_then(|at| record.get(at)).unwrap_or_default()
        };
        let basis = cell("distance_basis");
        let distance_basis = Basis::from_code(basis);
        if distance_basis.is_none() && !basis.is_empty() {
            let what = format!("distance_basis {basis:?}: expected sfd, gcd or actual");
            return Err(fault(line, what));
        }
        let assignment = Assignment {
            operation: cell("operation").to_owned(),
            region: Some(cell("region").to_owned()).filter(|region| !region.is_empty()),
            energy_carrier: cell("energy_carrier").to_owned(),
            distance_basis,
        };
        if assignment == Assignment::default() {
            return Err(fault(line, "expected an operation code".to_owned()));
        }
        if map.insert(cell("id").to_owned(), assignment).is_some() {
            let what = format!("{:?} stands in an earlier line already", cell("id"));
            return Err(fault(line, what));
        }
    }
    Ok(map)
}

/// `place,zone`: time zones of places, by UN/LOCODE or country code.
pub(crate) fn zones(path: &Path) -> Result<BTreeMap<String, TimeZone>> {
    let zones = pairs(path, ["place", "zone"], |name| zone(name).ok_or(ZONE))?;
    match zones.keys().find(|place| ![2, 5].contains(&place.len())) {
        Some(place) => Err(Error::Usage(format!(
            "{}: place {place:?}: expected a UN/LOCODE or a country code of two letters",
            path.display()
        ))),
        None => Ok(zones),
    }
}

/// What a time zone is called.
pub(crate) const ZONE: &str = "a time zone such as Asia/Shanghai";

/// The time zone of a name.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// `shipment_id,container_id,share`: parts of shipments in containers that they share.
pub(crate) fn shares(path: &Path) -> Result<Shares> {
    keyed(path, ["shipment_id", "container_id"], "share", |text| {
        let share = parse_decimal(text, 6).filter(|share| (1..=LARGEST_SHARE).contains(share));
        share.ok_or("a number above 0 of at most six decimals")
    })
}

/// A CSV of two columns as a map.
fn pairs<T>(
    path: &Path,
    [key, value]: [&str; 2],
    parse: impl Fn(&str) -> std::result::Result<T, &'static str>,
) -> Result<BTreeMap<String, T>> {
    let map = keyed(path, [key], value, parse)?;
    Ok(map.into_iter().map(|([key], value)| (key, value)).collect())
}

/// A CSV of keys and a value as a map. Every fault names file, line, what was found and what was wanted.
fn keyed<T, const N: usize>(
    path: &Path,
    keys: [&str; N],
    value: &str,
    parse: impl Fn(&str) -> std::result::Result<T, &'static str>,
) -> Result<BTreeMap<[String; N], T>> {
    let bytes = read_file(path, LARGEST_LIST)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let fault = |line: u64, what: String| {
        let error = Error::Usage(format!("{}:{line}: {what}", path.display()));
        error.at(Place::path(path).line(line).wanted(what))
    };
    let broken = |e: csv::Error| fault(e.position().map_or(1, csv::Position::line), e.to_string());
    let heads = || keys.iter().copied().chain([value]);
    if reader.headers().map_err(broken)?.iter().ne(heads()) {
        let heads: Vec<&str> = heads().collect();
        return Err(fault(
            1,
            format!("expected the columns {}", heads.join(", ")),
        ));
    }
    let mut map = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let key: [String; N] =
            std::array::from_fn(|i| record.get(i).unwrap_or_default().to_owned());
        let text = record.get(N).unwrap_or_default();
        let parsed = parse(text)
            .map_err(|wanted| fault(line, format!("{value} {text:?}: expected {wanted}")))?;
        if map.contains_key(&key) {
            let key = key.join(", ");
            return Err(fault(
                line,
                format!("{key:?} stands in an earlier line already"),
            ));
        }
        map.insert(key, parsed);
    }
    Ok(map)
}
