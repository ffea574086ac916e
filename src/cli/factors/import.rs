//! `factors import`: a table of the user's own becomes an edition of the library, when nothing in it is refused.

use super::super::args::path;
use super::Files;
use super::text::plain;
use crate::cli::Console;
use crate::error::{Error, Result};
use crate::factors::import::{Imported, Mapping, Refusal, import as converted, with_edition};
use crate::factors::{DataFile, Fault, Library as Editions, Severity, review_rows};
use crate::input::workbook::{self, CsvForm};
use crate::model::sheet::Sheet;
use crate::reference::Reference;
use crate::run::plan::encoding;
use crate::store::disk::RealDisk;
use crate::store::files::{folder_below, read_file, write_file};
use crate::store::library::{clear_attempts, write_edition};
use crate::store::reference::RUN_DATA;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `factors import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// Tables, XLSX or CSV
    #[arg(value_name = "FILE", required = true, value_parser = path())]
    pub files: Vec<PathBuf>,
    /// What the tables mean, TOML; templates are in examples/factor-tables
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub mapping: PathBuf,
    /// Factor library that the edition goes into
    #[arg(long, value_name = "DIR", default_value = "emission_factors", value_parser = path())]
    pub factors: PathBuf,
    /// Folder of zones and places that regions may name
    #[arg(long, value_name = "DIR", default_value = "data", value_parser = path())]
    pub reference: PathBuf,
    /// A profile that names the edition: checked with it and put into the library
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub profile: Option<PathBuf>,
    /// Put the edition, and the profile, in the place of those of the same name
    #[arg(long)]
    pub replace: bool,
    /// Check everything, write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Converts, checks together with the library, writes.
pub(super) fn import(args: &Import, console: &Console) -> Result<ExitCode> {
    let mapping = read_mapping(&args.mapping)?;
    let sheets = read_sheets(&args.files, csv_form(&args.mapping, &mapping)?)?;
    let imported = converted(&mapping, &sheets);
    if !args.dry_run {
        clear_attempts(&RealDisk, &args.factors, &mapping.folder())?;
    }
    let mut library = Files::read(&args.factors, &args.reference, &RUN_DATA)?;
    library.library = with_edition(&library.library, &mapping, &imported.tables, args.replace)
        .map_err(Error::Usage)?;
    let profile = args.profile.as_deref().map(read_profile).transpose()?;
    if let Some(profile) = &profile {
        add_profile(&mut library.library, profile, args.replace)?;
    }
    let found = Findings::of(&imported, &library)?;
    if !found.refusals.is_empty() {
        console.print(&lines(&found.refusals))?;
        return Err(Error::Input(format!(
            "{} refused; nothing was written",
            found.refusals.len()
        )));
    }
    if !args.dry_run {
        write(args, &mapping, &library, profile.as_ref())?;
    }
    console.print(&summary(args, &mapping, &imported, &found))?;
    Ok(ExitCode::SUCCESS)
}

/// Files beyond this are a mistake.
const LARGEST: u64 = 64 << 20;

/// A mapping or profile; one that cannot be read is wrong use, not a broken table.
fn read(path: &Path) -> Result<Vec<u8>> {
    read_file(path, LARGEST).map_err(|e| Error::Usage(e.to_string()))
}

fn read_mapping(path: &Path) -> Result<Mapping> {
    let (mapping, faults) = Mapping::parse(&DataFile::new(path.display().to_string(), read(path)?));
    mapping.ok_or_else(|| {
        Error::Usage(
            faults
                .iter()
                .map(Fault::to_string)
                .collect::<Vec<_>>()
                .join("\n"),
        )
    })
}

/// How the mapping says that CSV files are written.
fn csv_form(path: &Path, mapping: &Mapping) -> Result<CsvForm> {
    let encoding = match &mapping.encoding {
        None => encoding_rs::UTF_8,
        Some((label, line)) => encoding(label)
            .map_err(|what| Error::Usage(format!("{}:{line}: encoding {what}", path.display())))?,
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
        let fault = |what| Error::Input(format!("{}: {what}", path.display()));
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
    fn of(imported: &Imported, library: &Files) -> Result<Findings> {
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
    args: &Import,
    mapping: &Mapping,
    library: &Files,
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
    write_edition(&RealDisk, &args.factors, &folder, &tables, sources)?;
    if let Some(profile) = profile {
        if let Some((folder, _)) = profile.path.rsplit_once('/') {
            folder_below(&RealDisk, &args.factors, folder)?;
        }
        write_file(&RealDisk, &args.factors.join(&profile.path), &profile.bytes)?;
    }
    Ok(())
}

fn lines(refusals: &[Refusal]) -> String {
    refusals
        .iter()
        .map(|r| plain(&r.to_string()) + "\n")
        .collect()
}

fn summary(args: &Import, mapping: &Mapping, imported: &Imported, found: &Findings) -> String {
    let mut text = String::new();
    for count in &imported.counts {
        let (rows, blank, skipped) = (count.rows, count.blank, count.skipped);
        text += &format!(
            "{}: {rows} rows imported, {blank} blank, {skipped} passed over\n",
            plain(&count.sheet)
        );
        for line in count.unseen.lines() {
            text += &format!("{}: {line}\n", plain(&count.sheet));
        }
    }
    if !found.warnings.is_empty() {
        text += &format!("warnings\n{}", lines(&found.warnings));
    }
    let target = args.factors.join(mapping.folder());
    text + &if args.dry_run {
        format!("nothing written to {}: dry run\n", target.display())
    } else {
        format!("written to {}\n", target.display())
    }
}
