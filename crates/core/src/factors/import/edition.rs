//! The library with an imported edition in it: its tables, and its row of `sources.csv`.

use super::mapping::{Edition, Mapping};
use crate::factors::fault::DataFile;
use crate::model::time::date_text;

/// The files of the library with the edition added, or put in the place of the one of this name when `replace` is said. The
/// error says why that is not possible. The same tables without a row are what an import leaves that was cut off, and are completed.
pub fn with_edition(
    library: &[DataFile],
    mapping: &Mapping,
    tables: &[DataFile],
    replace: bool,
) -> Result<Vec<DataFile>, String> {
    let folder = format!("{}/", mapping.folder());
    let inside = || library.iter().filter(|f| f.path.starts_with(&folder));
    let is_there = inside().next().is_some();
    let sources = library
        .iter()
        .find(|f| f.path == "sources.csv")
        .ok_or("the library has no sources.csv")?;
    let (rest, had_row) = without_edition(sources, &mapping.edition)?;
    let is_cut_off = !had_row && inside().all(|f| tables.contains(f));
    if (is_there || had_row) && !replace && !is_cut_off {
        return Err(format!(
            "{} is in the library already; --replace puts the new one in its place",
            mapping.folder()
        ));
    }
    let kept = library
        .iter()
        .filter(|f| f.path != "sources.csv" && !f.path.starts_with(&folder))
        .cloned();
    let mut files: Vec<DataFile> = kept.chain(tables.iter().cloned()).collect();
    files.push(DataFile::new(
        "sources.csv",
        [rest, row(sources, &mapping.edition)?].concat(),
    ));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn reader(file: &DataFile) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(file.bytes.as_slice())
}

/// The bytes of `sources.csv` without the rows of an edition, every other byte as it is; and whether there were such rows.
fn without_edition(sources: &DataFile, edition: &Edition) -> Result<(Vec<u8>, bool), String> {
    let fault = |e: csv::Error| format!("sources.csv: expected CSV: {e}");
    let names = header(sources)?;
    let at = |name: &str| names.iter().position(|n| n == name);
    let (Some(source), Some(number)) = (at("source"), at("edition")) else {
        return Err("sources.csv: expected columns source and edition".to_owned());
    };
    let (mut kept, mut found) = (Vec::with_capacity(sources.bytes.len()), false);
    let mut reader = reader(sources);
    let mut record = csv::StringRecord::new();
    let mut start = 0;
    while reader.read_record(&mut record).map_err(fault)? {
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let is_it = record.get(source) == Some(&edition.source)
            && record.get(number) == Some(&edition.edition);
        found |= is_it;
        if !is_it {
            kept.extend_from_slice(&sources.bytes[start..end]);
        }
        start = end;
    }
    if !kept.ends_with(b"\n") {
        kept.push(b'\n');
    }
    Ok((kept, found))
}

fn header(sources: &DataFile) -> Result<Vec<String>, String> {
    let mut record = csv::StringRecord::new();
    reader(sources)
        .read_record(&mut record)
        .map_err(|e| format!("sources.csv: expected CSV: {e}"))?;
    Ok(record
        .iter()
        .map(|n| n.trim_start_matches('\u{feff}').trim().to_owned())
        .collect())
}

/// The row of an edition in the order of the columns that the file has.
fn row(sources: &DataFile, edition: &Edition) -> Result<Vec<u8>, String> {
    let cell = |name: &String| match name.as_str() {
        "source" => edition.source.clone(),
        "edition" => edition.edition.clone(),
        "title" => edition.title.clone(),
        "publisher" => edition.publisher.clone(),
        "published_on" => edition.published_on.map_or(String::new(), date_text),
        "url" => edition.url.clone(),
        "licence" => edition.licence.clone(),
        "redistributable" => if edition.redistributable { "yes" } else { "no" }.to_owned(),
        "gwp_set" => edition.gwp_set.code().to_owned(),
        _ => String::new(),
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let cells: Vec<String> = header(sources)?.iter().map(cell).collect();
    writer.write_record(&cells).map_err(|e| e.to_string())?;
    writer.into_inner().map_err(|e| e.to_string())
}
