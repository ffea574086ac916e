//! The parts of a workbook: entries of a ZIP archive. What the archive says of their sizes is a claim; their bytes are unpacked as they
//! are wanted and checked against their checksum at the end.

use super::Fault;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use zip::{CompressionMethod, ZipArchive};

/// Where the bytes of a workbook are. Two readers of one file share their place in it, so that only one of them may be in use.
pub(crate) trait Source: Read + Seek + Send + Sized + 'static {
    /// Another reader of the same bytes.
    fn again(&self) -> io::Result<Self>;
}

impl Source for File {
    fn again(&self) -> io::Result<File> {
        self.try_clone()
    }
}

impl Source for Cursor<Arc<[u8]>> {
    fn again(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

/// What the parts of a workbook may come to as they are read, some of them twice; and what they may for each byte of the file. Texts
/// that cells share count as often as cells show them.
const SMALL: u64 = 256 << 20;
const OF_A_BYTE: u64 = 400;

/// What may still be unpacked.
#[derive(Clone)]
pub(super) struct Allowance(Arc<AtomicU64>);

impl Allowance {
    /// Takes so many bytes.
    pub(super) fn take(&self, bytes: usize) -> io::Result<()> {
        let left = |left: u64| left.checked_sub(bytes as u64);
        let taken = (self.0).fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map(drop).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "it becomes more than {OF_A_BYTE} times its bytes once it is unpacked; save it as CSV, if that is right"
                ),
            )
        })
    }
}

/// An unpacked part.
pub(super) type Part = Box<dyn Read + Send>;

/// The archive.
pub(crate) struct Archive<S> {
    zip: ZipArchive<S>,
    source: S,
    allowance: Allowance,
}

impl<S: Source> Archive<S> {
    /// Reads the directory of the archive.
    pub(crate) fn open(source: S) -> Result<Archive<S>, Fault> {
        let length = source.again()?.seek(SeekFrom::End(0))?;
        let allowance = SMALL.saturating_add(length.saturating_mul(OF_A_BYTE));
        Ok(Archive {
            zip: ZipArchive::new(source.again()?)?,
            source,
            allowance: Allowance(Arc::new(AtomicU64::new(allowance))),
        })
    }

    /// What may still be unpacked of all parts together.
    pub(super) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }

    /// Whether a part's name contains this.
    pub(crate) fn has_name(&self, wanted: &str) -> bool {
        let mut names = self.zip.file_names().flatten();
        names.any(|name| name.contains(wanted))
    }

    /// A part by its name, which is compared without regard to case; `None`: it is not there.
    pub(crate) fn part(&mut self, path: &str) -> Result<Option<Part>, Fault> {
        let mut names = self.zip.file_names().flatten();
        let found = names.position(|name| name.eq_ignore_ascii_case(path));
        drop(names);
        let Some(index) = found else { return Ok(None) };
        let entry = self.zip.by_index_raw(index)?;
        let (method, packed, sum) = (entry.compression(), entry.compressed_size(), entry.crc32());
        let start = entry.data_start();
        if entry.encrypted() {
            return Err(Fault::new(format!("the part {path} is under a password")));
        }
        drop(entry);
        let start = start.ok_or_else(|| Fault::new(format!("the part {path} has no place")))?;
        let mut source = self.source.again()?;
        source.seek(SeekFrom::Start(start))?;
        let packed = source.take(packed);
        let plain: Part = match method {
            CompressionMethod::Stored => Box::new(packed),
            CompressionMethod::Deflated => {
                let buffered = io::BufReader::with_capacity(64 << 10, packed);
                Box::new(DeflateDecoder::new(buffered))
            }
            other => {
                return Err(Fault::new(format!(
                    "the part {path} is packed by {other}, expected deflate"
                )));
            }
        };
        Ok(Some(Box::new(Checked {
            plain,
            found: Crc::new(),
            wanted: sum,
            allowance: self.allowance(),
        })))
    }
}

/// A part whose checksum is held against its bytes when they end.
struct Checked {
    plain: Part,
    found: Crc,
    wanted: u32,
    allowance: Allowance,
}

impl Read for Checked {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.plain.read(to)?;
        self.allowance.take(read)?;
        self.found.update(&to[..read]);
        if read == 0 && !to.is_empty() && self.found.sum() != self.wanted {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its bytes do not have the checksum of the archive",
            ));
        }
        Ok(read)
    }
}
