//! A file as the decoder reads it: at places, through one handle, so that it takes no further descriptors and the system's own
//! reason for a failure is not lost among the decoder's.

use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// Page headers are read byte by byte, and are not long.
const HEADER: usize = 512;

/// A file to decode.
#[derive(Clone)]
pub(crate) struct Source(Arc<Inner>);

struct Inner {
    file: File,
    length: u64,
    failed: Mutex<Option<io::Error>>,
}

impl Source {
    /// Reads this file.
    pub(crate) fn new(file: File) -> io::Result<Source> {
        Ok(Source(Arc::new(Inner {
            length: file.metadata()?.len(),
            file,
            failed: Mutex::default(),
        })))
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &File {
        &self.0.file
    }

    /// The last error of the system, if there was one since this was asked.
    pub(crate) fn failed(&self) -> Option<io::Error> {
        self.0
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        super::bytes(&self.0.file, at, length).map_err(|e| {
            let told = io::Error::new(e.kind(), e.to_string());
            let mut failed = self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
            *failed = Some(e);
            told
        })
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.0.length
    }
}

impl ChunkReader for Source {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<BufReader<From>> {
        let from = From {
            source: self.clone(),
            at: start,
        };
        Ok(BufReader::with_capacity(HEADER, from))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length as u64 > self.0.length.saturating_sub(start) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(self.read(start, length)?.into())
    }
}

/// The file from a place on.
pub(crate) struct From {
    source: Source,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.0.length.saturating_sub(self.at);
        let length = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let bytes = self.source.read(self.at, length)?;
        buffer[..length].copy_from_slice(&bytes);
        self.at += length as u64;
        Ok(length)
    }
}
