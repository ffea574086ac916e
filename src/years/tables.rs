//! The answer beside the runs: each table as Parquet and as CSV, with the same rows and figures.

use crate::error::{Error, Result};
use crate::escape::csv_text;
use crate::model::unit::{NANO_SCALE, decimal_text};
use crate::output::columns::PublishedTable;
use crate::output::differences::DifferencesWriter;
use crate::output::years::{YearDrivers, YearLanes, YearRestatement};
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, finish_groups, whole};
use crate::years::Years;
use crate::years::drivers::{Drivers, LikeLane};
use crate::years::page::years_page;
use crate::years::period::{Group, Key};
use crate::years::restated::Restatement;
use std::collections::BTreeMap;
use std::path::Path;

/// A row: texts (empty: none), then figures in 10^-9 of their unit.
type Row = (Vec<String>, Vec<i128>);

/// Writes all tables into a folder, none of them before all are written.
pub(super) fn write(
    to: &Path,
    years: &Years,
    lanes: &[LikeLane],
    restatement: Option<&BTreeMap<Key, Restatement>>,
    metadata: &[(String, String)],
) -> Result<()> {
    let mut files = Vec::new();
    let rows = years.rows.iter().map(of_drivers).collect();
    files.extend(table::<YearDrivers>(to, rows, metadata)?);
    let rows = lanes.iter().map(of_lane).collect();
    files.extend(table::<YearLanes>(to, rows, metadata)?);
    if let Some(restatement) = restatement {
        let rows = restatement.iter().map(of_restatement).collect();
        files.extend(table::<YearRestatement>(to, rows, metadata)?);
    }
    let page = years_page(years).into_bytes();
    files.push(whole(&RealDisk, &to.join("year-over-year.html"), &page)?);
    finish_groups(&RealDisk, [files])
}

/// Drivers as CSV.
pub(super) fn csv(rows: &[Drivers]) -> String {
    csv_of::<YearDrivers>(&rows.iter().map(of_drivers).collect::<Vec<_>>())
}

fn place(group: &Group, mode: &str) -> Vec<String> {
    [
        &group.corridor,
        group.load_status,
        group.activity_basis,
        mode,
    ]
    .map(str::to_owned)
    .into()
}

fn of_drivers(d: &Drivers) -> Row {
    let p = &d.parts;
    let figures = vec![
        d.before.activity,
        d.after.activity,
        d.before.ghg,
        d.after.ghg,
        d.after.ghg - d.before.ghg,
        p.activity,
        p.mix,
        p.intensity,
        p.factor_year,
        p.method_break,
        p.unsplit,
    ];
    (place(&d.group, d.mode), figures)
}

fn of_lane(lane: &LikeLane) -> Row {
    let mut texts = place(&lane.group, lane.mode);
    texts.extend(lane.lane.iter().cloned());
    let (a, b) = (lane.before, lane.after);
    (texts, vec![a.activity, b.activity, a.ghg, b.ghg])
}

fn of_restatement(((group, mode), r): (&Key, &Restatement)) -> Row {
    let figures = [r.published, r.restated].into_iter().chain(r.causes);
    (place(group, mode), figures.collect())
}

fn csv_of<T: PublishedTable>(rows: &[Row]) -> String {
    let heads: Vec<&str> = T::FIELDS.iter().map(|field| field.name).collect();
    let mut text = heads.join(",") + "\n";
    for (texts, figures) in rows {
        let texts = texts.iter().map(|text| csv_text(text));
        let figures = figures.iter().map(|f| decimal_text(*f, NANO_SCALE));
        text += &texts.chain(figures).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

fn table<T: PublishedTable>(
    to: &Path,
    rows: Vec<Row>,
    metadata: &[(String, String)],
) -> Result<[FileWriter<'static>; 2]> {
    let path = to.join(format!("{}.parquet", T::NAME));
    let fault = |e: parquet::errors::ParquetError| {
        Error::Storage(format!("{}: cannot write: {e}", path.display()))
    };
    let out = FileWriter::create(&RealDisk, &path)?;
    let mut writer = DifferencesWriter::new::<T>(out, metadata).map_err(fault)?;
    for (texts, figures) in &rows {
        let texts: Vec<Option<&str>> = texts
            .iter()
            .map(|text| (!text.is_empty()).then_some(text.as_str()))
            .collect();
        writer.row(&texts, &[], figures).map_err(fault)?;
    }
    let parquet = writer.finish().map_err(fault)?;
    let path = to.join(format!("{}.csv", T::NAME));
    let csv = whole(&RealDisk, &path, csv_of::<T>(&rows).as_bytes())?;
    Ok([parquet, csv])
}
