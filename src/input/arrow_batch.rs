//! Arrow batches that somebody hands over: the cells of a Parquet file without the file, under the same rules.
//!
//! Each row brings its place (file, row) along where something has moved it; else rows are numbered as they come.

use super::cells::Cells;
use super::column::{SHIPMENT_ID, kind};
use super::mapping::Mapping;
use super::parquet_cells::{cells, holds, usable_types};
use super::rules::{Layout, Origin, Rules};
use super::schema::{self, RawUnit, RowNumbers};
use super::{FileInfo, Grain, Parsed};
use crate::error::{Error, Place, Result};
use crate::model::vocabulary::Vocabulary;
use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use std::sync::Arc;

/// What rows without a column `_file` are read from, in `source_file`, in rejections and in errors.
pub(crate) const IN_MEMORY: &str = "memory";
/// Column of a batch that names the file of each row.
pub(crate) const FILE: &str = "_file";
/// Column of a batch with the number of each row in its file, from 1.
pub(crate) const ROW: &str = "_row";
/// Column of a batch with the number of the stretch of ids that each row belongs to.
pub(crate) const STRETCH: &str = "_stretch";

/// Reads batches under the rules of one run.
pub(crate) struct ArrowRows(Rules);

impl ArrowRows {
    /// The rules of a run.
    pub(crate) fn new(mapping: Arc<Mapping>, vocabulary: Arc<Vocabulary>) -> ArrowRows {
        ArrowRows(Rules::new(mapping, vocabulary, Grain::LARGEST))
    }

    /// Names of the columns that are carried.
    pub(crate) fn carried(&self) -> Vec<&'static str> {
        self.0.mapping.carried_names()
    }

    /// What is known of rows with the columns of a batch, those left out that say where a row comes from.
    pub(crate) fn info(&self, batch: &RecordBatch) -> Result<FileInfo> {
        let schema = batch.schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let layout = Layout::new(&names, "", &self.0.mapping);
        let mut layout = layout.map_err(|e| Error::Input(e).at(Place::file(IN_MEMORY)))?;
        layout
            .unknown
            .retain(|name| name != FILE && name != ROW && name != STRETCH);
        Ok(FileInfo::new("arrow", &layout))
    }

    /// Which of these columns holds the shipment id.
    pub(crate) fn id_column(&self, names: &[String]) -> Result<String> {
        let fault = |what: String| Error::Input(what).at(Place::file(IN_MEMORY));
        let layout = Layout::new(names, "", &self.0.mapping).map_err(fault)?;
        match layout.origins[SHIPMENT_ID] {
            Origin::File(at) => Ok(names[at].clone()),
            _ => Err(fault(
                "shipment_id: rows have no column of their own for it".to_owned(),
            )),
        }
    }

    /// What a reader of the figures should know of the columns of a batch.
    pub(crate) fn warnings(&self, batch: &RecordBatch) -> Result<Vec<String>> {
        let FileInfo {
            unknown_columns,
            mut warnings,
            ..
        } = self.info(batch)?;
        if !unknown_columns.is_empty() {
            warnings.push(format!(
                "columns that are not used: {}",
                unknown_columns.join(", ")
            ));
        }
        Ok(warnings)
    }

    /// Rows of a batch; `place` gives file and row of a row of the batch. A column of a type that its values cannot have is a fault
    /// of the batch, said once, not one of each row.
    pub(crate) fn parse(
        &self,
        batch: &RecordBatch,
        place: &dyn Fn(usize) -> (u32, u64),
    ) -> Result<Parsed> {
        let schema = batch.schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let layout = Layout::new(&names, "", &self.0.mapping).map_err(Error::Input)?;
        let mut faults = Vec::new();
        let mut first = None;
        let mut found = vec![Cells::Lacking; layout.origins.len()];
        for (ours, cell) in found.iter_mut().enumerate() {
            let Origin::File(at) = layout.origins[ours] else {
                *cell = layout.outside(ours, &self.0.mapping);
                continue;
            };
            match column(batch.column(at), ours) {
                Ok(cells) => *cell = cells,
                Err(fault) => {
                    let ours_name = self.0.mapping.name(ours);
                    let (name, ours, usable) = (names[at], ours_name, usable_types(kind(ours)));
                    faults.push(format!(
                        "column {name:?} is {fault}, wanted {usable} for {ours}"
                    ));
                    first.get_or_insert(
                        Place::file(IN_MEMORY)
                            .column(name)
                            .found(fault)
                            .wanted(usable),
                    );
                }
            }
        }
        if let Some(place) = first {
            return Err(Error::Input(faults.join("; ")).at(place));
        }
        let unit = RawUnit {
            cells: found,
            rows: batch.num_rows(),
            numbers: RowNumbers::From(0),
            file: 0,
            unreadable: Vec::new(),
        };
        let mut parsed = schema::parse(unit, &self.0);
        let placed = parsed.batch.file.iter_mut().zip(&mut parsed.batch.row);
        for (file, row) in placed {
            (*file, *row) = place_of(place, *row);
        }
        for rejected in &mut parsed.unplaced {
            (rejected.file, rejected.row) = place_of(place, rejected.row);
        }
        Ok(parsed)
    }
}

fn place_of(place: &dyn Fn(usize) -> (u32, u64), row: u64) -> (u32, u64) {
    place(usize::try_from(row).unwrap_or(usize::MAX))
}

/// A column as cells, or what it is instead of a usable one.
fn column(array: &ArrayRef, ours: usize) -> std::result::Result<Cells<'static>, String> {
    let found = || array.data_type().to_string();
    match array.data_type() {
        DataType::Dictionary(_, values) if is_text(values) => coded(array, values),
        // A dictionary of anything else is what its values are.
        DataType::Dictionary(_, values) if !values.is_nested() => as_if(array, values, ours),
        text if is_text(text) => texts(array),
        // One and the same value in another width or layout.
        DataType::RunEndEncoded(_, values) => as_if(array, values.data_type(), ours),
        DataType::Decimal32(digits, scale) | DataType::Decimal64(digits, scale) => {
            as_if(array, &DataType::Decimal128(*digits, *scale), ours)
        }
        DataType::Float16 => as_if(array, &DataType::Float32, ours),
        DataType::Date64 => as_if(array, &DataType::Date32, ours),
        other if holds(other, kind(ours)) => cells(array).ok_or_else(found),
        _ => Err(found()),
    }
}

fn as_if(
    array: &ArrayRef,
    data_type: &DataType,
    ours: usize,
) -> std::result::Result<Cells<'static>, String> {
    let found = || array.data_type().to_string();
    let plain = cast(array, data_type).map_err(|e| format!("{} ({e})", found()))?;
    column(&plain, ours).map_err(|_| found())
}

/// Bytes are what a file's texts are where nothing says that they are UTF-8; each cell is looked at.
fn is_text(data_type: &DataType) -> bool {
    use DataType::{Binary, BinaryView, LargeBinary, LargeUtf8, Utf8, Utf8View};
    matches!(
        data_type,
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView
    )
}

/// Texts of every width as bytes of one width, which is how cells know them.
fn texts(array: &ArrayRef) -> std::result::Result<Cells<'static>, String> {
    let failed = |e: ArrowError| format!("{} ({e})", array.data_type());
    let wide = match array.data_type() {
        DataType::LargeUtf8 => cast(array, &DataType::LargeBinary).map_err(failed)?,
        _ => Arc::clone(array),
    };
    if let Some(wide) = wide.as_binary_opt::<i64>() {
        return narrow(wide).ok_or_else(|| format!("{} of more than 2 GiB", array.data_type()));
    }
    let bytes = match array.data_type() {
        DataType::Utf8View => cast(array, &DataType::Utf8).map_err(failed)?,
        _ => Arc::clone(array),
    };
    let bytes = cast(&bytes, &DataType::Binary).map_err(failed)?;
    cells(&bytes).ok_or_else(|| array.data_type().to_string())
}

/// Texts with wide offsets; those of a slice may begin far behind the first 2 GiB of their buffer.
fn narrow(wide: &LargeBinaryArray) -> Option<Cells<'static>> {
    let (first, last) = (*wide.offsets().first()?, *wide.offsets().last()?);
    let place = |offset: &i64| i32::try_from(offset - first).ok();
    let offsets: Vec<i32> = wide.offsets().iter().map(place).collect::<Option<_>>()?;
    let length = usize::try_from(last - first).ok()?;
    let bytes = wide
        .values()
        .slice_with_length(usize::try_from(first).ok()?, length);
    let nulls = wide.nulls().filter(|nulls| nulls.null_count() > 0);
    Some(Cells::Texts(bytes, offsets.into(), nulls.cloned()))
}

/// Texts of a dictionary, of which each is judged once.
fn coded(array: &ArrayRef, values: &DataType) -> std::result::Result<Cells<'static>, String> {
    let failed = |e: ArrowError| format!("{} ({e})", array.data_type());
    let codes = DataType::Dictionary(Box::new(DataType::Int32), Box::new(values.clone()));
    let known = array.as_any_dictionary().values();
    // A row whose text is a null has none either; cells tell it by the row. And many slices may have one long dictionary in common, of
    // which each has little use.
    if known.null_count() > 0 || known.len() > array.len() {
        return texts(&cast(array, values).map_err(failed)?);
    }
    let array = cast(array, &codes).map_err(failed)?;
    let dictionary = array.as_dictionary::<Int32Type>();
    let keys = dictionary.keys();
    Ok(Cells::Coded(
        keys.values().clone(),
        keys.nulls().filter(|nulls| nulls.null_count() > 0).cloned(),
        Box::new(texts(dictionary.values())?),
    ))
}
