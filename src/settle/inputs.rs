//! The files of a settlement: bytes by role. Their names are for messages only.

use crate::error::Result;
use crate::settle::SettleOrder;
use crate::settle::sheet::File;
use crate::store::digest::sha256_hex;
use crate::store::files::read_file;
use std::path::Path;

/// No file of a settlement is larger.
const MOST_BYTES: u64 = 1 << 30;

/// Files by role.
pub(super) struct Inputs {
    pub charges: Vec<File>,
    pub parties: Option<File>,
    pub prices: Option<File>,
    pub rates: Option<File>,
    pub agreements: Option<File>,
    pub calls: Option<File>,
}

impl Inputs {
    pub(super) fn given(order: &SettleOrder) -> Result<Inputs> {
        let optional = |path: &Option<std::path::PathBuf>| path.as_deref().map(file).transpose();
        let mut charges = order
            .charges
            .iter()
            .map(|path| file(path))
            .collect::<Result<Vec<_>>>()?;
        // The order in which files are named is nothing that a settlement depends on.
        charges.sort_by_cached_key(|file| sha256_hex(&file.bytes));
        Ok(Inputs {
            charges,
            parties: optional(&order.parties)?,
            prices: optional(&order.prices)?,
            rates: optional(&order.rates)?,
            agreements: optional(&order.agreements)?,
            calls: optional(&order.calls)?,
        })
    }

    /// Role and file, in order of role and digest.
    pub(super) fn roles(&self) -> Vec<(&'static str, &File)> {
        let mut list = Vec::new();
        list.extend(self.agreements.iter().map(|f| ("agreements", f)));
        list.extend(self.calls.iter().map(|f| ("calls", f)));
        list.extend(self.charges.iter().map(|f| ("charges", f)));
        list.extend(self.parties.iter().map(|f| ("parties", f)));
        list.extend(self.prices.iter().map(|f| ("prices", f)));
        list.extend(self.rates.iter().map(|f| ("rates", f)));
        list
    }
}

fn file(path: &Path) -> Result<File> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(File {
        name: name.unwrap_or_default(),
        bytes: read_file(path, MOST_BYTES)?,
    })
}
