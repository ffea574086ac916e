//! Sorted runs as scratch files: length-prefixed blocks, gone with the stage or folder that they are in.

use crate::error::{Error, Result};
use crate::run::sort::{RunReader, RunStore, RunWriter};
use crate::store::scratch::ScratchFiles;
use crate::store::stage::NamedWriter;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};

/// Runs as scratch files of a stage or a folder.
pub(crate) struct Scratch<'s> {
    files: &'s dyn ScratchFiles,
    subject: &'static str,
}

impl<'s> Scratch<'s> {
    /// Runs of `subject` among the scratch files of a stage or a folder.
    pub(crate) fn new(files: &'s dyn ScratchFiles, subject: &'static str) -> Scratch<'s> {
        Scratch { files, subject }
    }

    fn name(&self, n: usize) -> String {
        format!("{}-{n:05}", self.subject)
    }
}

impl RunStore for Scratch<'_> {
    fn create(&self, n: usize) -> Result<Box<dyn RunWriter>> {
        Ok(Box::new(Writer(self.files.create(&self.name(n))?)))
    }

    fn open(&self, n: usize) -> Result<Box<dyn RunReader>> {
        let name = self.name(n);
        Ok(Box::new(Reader {
            file: self.files.open(&name)?,
            name,
        }))
    }

    fn remove(&self, n: usize) -> Result<()> {
        self.files.remove(&self.name(n))
    }
}

struct Writer(BufWriter<NamedWriter>);

impl RunWriter for Writer {
    fn append(&mut self, block: &[u8]) -> Result<()> {
        let length = (block.len() as u64).to_le_bytes();
        self.0
            .write_all(&length)
            .and_then(|()| self.0.write_all(block))
            .map_err(|e| Error::Storage(e.to_string()))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.0.flush().map_err(|e| Error::Storage(e.to_string()))
    }
}

struct Reader {
    name: String,
    file: BufReader<File>,
}

impl RunReader for Reader {
    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let fault = |e: std::io::Error| {
            Error::Storage(format!("scratch file {}: cannot read: {e}", self.name))
        };
        let mut length = [0; 8];
        if self.file.fill_buf().map_err(fault)?.is_empty() {
            return Ok(None);
        }
        self.file.read_exact(&mut length).map_err(fault)?;
        let length = usize::try_from(u64::from_le_bytes(length))
            .map_err(|_| fault(std::io::ErrorKind::InvalidData.into()))?;
        let mut block = vec![0; length];
        self.file.read_exact(&mut block).map_err(fault)?;
        Ok(Some(block))
    }
}
