//! A table of the user's own becomes an edition of the library, when nothing in it is refused.

use super::FactorLibrary;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::factors::import::{
    Imported, Mapping, Refusal, TableCount, import as converted, with_edition,
};
use crate::factors::{DataFile, Fault, Library as Editions, Severity, review_rows};
use crate::input::workbook::{self, CsvForm};
use crate::model::sheet::Sheet;
use crate::reference::Reference;
use crate::run::plan::encoding;
use crate::run::prepare::place_of;
use crate::store::disk::RealDisk;
use crate::store::files::{folder_below, read_file, write_file};
use crate::store::library::{clear_attempts, write_edition};
use crate::store::reference::RUN_DATA;
use std::path::{Path, PathBuf};

/// What is imported and where to.
#[derive(Clone, Debug)]
pub struct ImportOrder {
    /// Tables, XLSX or CSV.
    pub files: Vec<PathBuf>,
    /// What the tables mean, TOML.
    pub mapping: PathBuf,
    /// Factor library that the edition goes into.
    pub factors: PathBuf,
    /// Folder of zones and places that regions may name.
    pub reference: PathBuf,
    /// A profile that names the edition: checked with it and put into the library.
    pub profile: Option<PathBuf>,
    /// Put the edition, and the profile, in the place of those of the same name.
    pub replace: bool,
    /// Check everything, write nothing.
    pub dry_run: bool,
}

/// What became of the tables.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// Cells that were refused; nothing was written then.
    pub refusals: Vec<Refusal>,
    /// Warnings about rows of the edition.
    pub warnings: Vec<Refusal>,
    /// Rows by sheet.
    pub counts: Vec<TableCount>,
    /// Folder of the edition.
    pub target: PathBuf,
}

/// Converts, checks together with the library, writes where nothing is refused.
pub fn import(order: &ImportOrder) -> Result<ImportReport> {
    let mapping = read_mapping(&order.mapping)?;
    let sheets = read_sheets(&order.files, csv_form(&order.mapping, &mapping)?)?;
    let imported = converted(&mapping, &sheets);
    if !order.dry_run {
        clear_attempts(&RealDisk, &order.factors, &mapping.folder())?;
    }
    let mut library = FactorLibrary::read_with(&order.factors, &order.reference, &RUN_DATA)?;
    library.library = with_edition(&library.library, &mapping, &imported.tables, order.replace)
        .map_err(Error::Usage)?;
    let profile = order.profile.as_deref().map(read_profile).transpose()?;
    if let Some(profile) = &profile {
        add_profile(&mut library.library, profile, order.replace)?;
    }
    let found = Findings::of(&imported, &library)?;
    if found.refusals.is_empty() && !order.dry_run {
        write(order, &mapping, &library, profile.as_ref())?;
    }
    Ok(ImportReport {
        refusals: found.refusals,
        warnings: found.warnings,
        counts: imported.counts,
        target: order.factors.join(mapping.folder()),
    })
}

/// Files beyond this are a mistake.
const LARGEST: u64 = 64 << 20;

/// A mapping or profile; one that cannot be read is wrong use, not a broken table.
fn read(path: &Path) -> Result<Vec<u8>> {
    read_file(path, LARGEST).map_err(|e| e.of_kind(ErrorKind::Usage))
}

fn read_mapping(path: &Path) -> Result<Mapping> {
    let (mapping, faults) = Mapping::parse(&DataFile::new(path.display().to_string(), read(path)?));
    mapping.ok_or_else(|| {
        let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
        let error = Error::Usage(texts.join("\n"));
        match faults.first() {
            Some(first) => error.at(place_of(first)),
            None => error,
        }
    })
}

/// How the mapping says that CSV files are written.
fn csv_form(path: &Path, mapping: &Mapping) -> Result<CsvForm> {
    let encoding = match &mapping.encoding {
        None => encoding_rs::UTF_8,
        Some((label, line)) => encoding(label).map_err(|what| {
            let place = Place::path(path).line(*line).column("encoding");
            Error::Usage(format!("{}:{line}: encoding {what}", path.display()))
                .at(place.found(label).wanted(what))
        })?,
    };
    Ok(CsvForm {
        delimiter: mapping.delimiter,
        encoding,
    })
}

fn read_sheets(paths: &[PathBuf], form: CsvForm) -> Result<Vec<Sheet>> {
    let mut sheets = Vec::new();
    for path in paths {
        let bytes = read_file(path, LARGEST)?;
        let fault = |what| {
            let message = format!("{}: {what}", path.display());
            Error::Input(message).at(Place::path(path).wanted(what))
        };
        sheets.extend(workbook::sheets(&path.display().to_string(), &bytes, form).map_err(fault)?);
    }
    Ok(sheets)
}

/// The file of a profile under the name that it has in a library.
fn read_profile(path: &Path) -> Result<DataFile> {
    let stem = path
        .file_name()
        .and_then(|n| n.to_str())
        .and_then(|n| n.strip_suffix(".toml"));
    let stem = stem.ok_or_else(|| {
        Error::Usage(format!(
            "{}: expected a file named <profile>.toml",
            path.display()
        ))
    })?;
    Ok(DataFile::new(format!("profiles/{stem}.toml"), read(path)?))
}

fn add_profile(library: &mut Vec<DataFile>, profile: &DataFile, replace: bool) -> Result<()> {
    if let Some(there) = library.iter().find(|f| f.path == profile.path)
        && there.bytes != profile.bytes
        && !replace
    {
        return Err(Error::Usage(format!(
            "{} is in the library with another content; --replace puts the new one in its place",
            profile.path
        )));
    }
    library.retain(|f| f.path != profile.path);
    library.push(profile.clone());
    Ok(())
}

/// What converting and the library's own checks found.
struct Findings {
    refusals: Vec<Refusal>,
    /// Warnings about rows of the edition.
    warnings: Vec<Refusal>,
}

impl Findings {
    /// Checks every profile of the library with the edition in it. An error elsewhere in the library stops the import.
    fn of(imported: &Imported, library: &FactorLibrary) -> Result<Findings> {
        let mut found = Findings {
            refusals: imported.refusals.clone(),
            warnings: Vec::new(),
        };
        // Whether or not a profile names the edition yet.
        for fault in review_rows(&Editions::parse(&library.library).0) {
            found.warnings.extend(imported.refusal(&fault));
        }
        let mut others: Vec<String> = Vec::new();
        for profile in library.profiles() {
            let faults = match Reference::load(&library.library, profile, &library.data, &[]) {
                Ok((_, faults)) | Err(faults) => faults,
            };
            for fault in faults {
                match (imported.refusal(&fault), fault.severity) {
                    (Some(refusal), Severity::Error) => found.add(refusal),
                    (Some(warning), Severity::Warning) if !found.warnings.contains(&warning) => {
                        found.warnings.push(warning)
                    }
                    (None, Severity::Error) if !others.contains(&fault.to_string()) => {
                        others.push(fault.to_string())
                    }
                    _ => {}
                }
            }
        }
        if found.refusals.is_empty() && !others.is_empty() {
            return Err(Error::Library(others.join("\n")));
        }
        Ok(found)
    }

    /// A cell that converting refused already is not refused a second time for what became of it.
    fn add(&mut self, refusal: Refusal) {
        let same = |r: &Refusal| {
            (&r.sheet, &r.cell, r.field) == (&refusal.sheet, &refusal.cell, refusal.field)
        };
        if !self.refusals.iter().any(same) {
            self.refusals.push(refusal);
        }
    }
}

fn write(
    order: &ImportOrder,
    mapping: &Mapping,
    library: &FactorLibrary,
    profile: Option<&DataFile>,
) -> Result<()> {
    let folder = mapping.folder();
    let prefix = format!("{folder}/");
    let inside = |f: &&DataFile| f.path.starts_with(&prefix);
    let tables: Vec<(&str, &[u8])> = library
        .library
        .iter()
        .filter(inside)
        .map(|f| (&f.path[prefix.len()..], f.bytes.as_slice()))
        .collect();
    let sources = library
        .library
        .iter()
        .find(|f| f.path == "sources.csv")
        .map_or(&[][..], |f| &f.bytes);
    write_edition(&RealDisk, &order.factors, &folder, &tables, sources)?;
    if let Some(profile) = profile {
        if let Some((folder, _)) = profile.path.rsplit_once('/') {
            folder_below(&RealDisk, &order.factors, folder)?;
        }
        write_file(
            &RealDisk,
            &order.factors.join(&profile.path),
            &profile.bytes,
        )?;
    }
    Ok(())
}
