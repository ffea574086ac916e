//! Parquet files: the columns that we read, row groups to units, decoding.
//!
//! The decoder gets a schema and a row group made of our columns alone, from a copy of their bytes: nothing of the other
//! columns is read, and threads share no file position. What cells mean is the business of `schema`.

use super::column::{self, kind};
use super::parquet_cells::{Plan, cells, plan, usable_types};
use super::rules::{Layout, Origin, Rules};
use super::schema::{self, RawUnit, RowNumbers};
use super::{FileFault, FileInfo, Input, Parsed, Reader, SourceFile, Unit, cells::Cells, guarded};
use crate::claims;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use ::parquet::arrow::parquet_to_arrow_schema;
use ::parquet::basic::Encoding;
use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, RowGroupMetaData,
};
use ::parquet::file::reader::ChunkReader;
use ::parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};
use arrow::datatypes::{DataType, Field, Schema};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Apache Parquet.
pub(super) const INPUT: Input = Input {
    name: "parquet",
    extensions: &["parquet"],
    is_text: false,
    open,
};

fn open(source: SourceFile, rules: Arc<Rules>) -> Result<Box<dyn Reader>, FileFault> {
    let fault = |message: String| FileFault::new(&source.label, message);
    let unreadable = |e| unreadable(&source.label, "is no readable Parquet file", &e);
    let metadata = claims::metadata(&source.file).map_err(unreadable)?;
    let schema = metadata.file_metadata().schema_descr();
    let roots = schema.root_schema().get_fields();
    let names: Vec<&str> = roots.iter().map(|f| f.name()).collect();
    let layout = Layout::new(&names, &source.label, &rules.mapping).map_err(fault)?;
    // Types that only the writer's own notes tell; a broken note is no reason to refuse the file.
    let noted = parquet_to_arrow_schema(schema, metadata.file_metadata().key_value_metadata()).ok();

    let (mut plans, mut leaves) = (Vec::new(), Vec::new());
    let mut decoded = vec![None; layout.origins.len()];
    let mut faults = Vec::new();
    for (ours, place) in decoded.iter_mut().enumerate() {
        let Origin::File(root) = layout.origins[ours] else {
            continue;
        };
        let arrow = noted
            .as_ref()
            .and_then(|s| s.fields().get(root))
            .map(|f| f.data_type());
        match plan(&roots[root], kind(ours), arrow) {
            Ok(plan) => {
                let leaf = (0..schema.num_columns())
                    .find(|&leaf| schema.get_column_root_idx(leaf) == root);
                let leaf =
                    leaf.ok_or_else(|| fault(format!("column {:?} has no data", names[root])))?;
                let position = leaves
                    .iter()
                    .position(|&l| l == leaf)
                    .unwrap_or(leaves.len());
                if position == leaves.len() {
                    leaves.push(leaf);
                    plans.push(plan);
                }
                *place = Some(position);
            }
            Err(found) => faults.push(format!(
                "column {:?} is {found}, wanted {} for {}",
                names[root],
                usable_types(kind(ours)),
                rules.mapping.name(ours)
            )),
        }
    }
    if !faults.is_empty() {
        return Err(fault(faults.join("; ")));
    }
    let fields = plans.iter().map(|p| p.parquet_type.clone()).collect();
    let root = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
        .map_err(unreadable)?;
    let descriptor = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let arrow_schema = parquet_to_arrow_schema(&descriptor, None).map_err(unreadable)?;
    let shape = Shape {
        label: source.label.clone(),
        file: source.index,
        layout,
        rules,
        decoded,
        leaves,
        plans,
        descriptor,
        arrow_schema,
        noted,
    };
    // The decoder's own type of shared bytes: asking it for some is the way to have one without a further dependency.
    let sample = ChunkReader::get_bytes(&source.file, 0, 0).map_err(unreadable)?;
    Ok(reader(sample, shape, source.file, metadata))
}

fn unreadable(label: &str, what: &str, error: &ParquetError) -> FileFault {
    match claims::io_cause(error) {
        Some(cause) => FileFault::unread(label, cause),
        None => FileFault::new(label, format!("{what}: {error}")),
    }
}

fn reader<B: Shared>(
    _sample: B,
    shape: Shape,
    file: File,
    metadata: ParquetMetaData,
) -> Box<dyn Reader> {
    let file = Arc::new(Mutex::new(file));
    Box::new(ParquetReader::<B> {
        shape: Arc::new(shape),
        file,
        metadata,
        group: None,
        next: 0,
        row: 1,
    })
}

/// What all units of a file share.
struct Shape {
    label: String,
    file: u32,
    layout: Layout,
    rules: Arc<Rules>,
    /// By column of ours: its position among the decoded columns.
    decoded: Vec<Option<usize>>,
    /// The decoded columns: position in the file, type, schemas made of them alone.
    leaves: Vec<usize>,
    plans: Vec<Plan>,
    descriptor: SchemaDescPtr,
    arrow_schema: Schema,
    noted: Option<Schema>,
}

impl Shape {
    /// Judges decoded columns; the first of the rows has this number in the file.
    fn judge(&self, mut decoded: Vec<Option<Cells>>, rows: usize, first: u64) -> Parsed {
        let mut readers = vec![0; decoded.len()];
        self.decoded
            .iter()
            .flatten()
            .for_each(|&position| readers[position] += 1);
        let cells = |(ours, position): (usize, &Option<usize>)| match *position {
            Some(position) => {
                readers[position] -= 1;
                let taken = if readers[position] == 0 {
                    decoded[position].take()
                } else {
                    decoded[position].clone()
                };
                taken.unwrap_or(Cells::Lacking)
            }
            _ => self.layout.outside(ours, &self.rules.mapping),
        };
        let cells = self.decoded.iter().enumerate().map(cells).collect();
        let unit = RawUnit {
            cells,
            rows,
            numbers: RowNumbers::From(first),
            file: self.file,
            unreadable: Vec::new(),
        };
        schema::parse(unit, &self.rules)
    }
}

/// Bytes that the decoder reads from.
trait Shared: ChunkReader + Clone + From<Vec<u8>> + 'static {}
impl<B: ChunkReader + Clone + From<Vec<u8>> + 'static> Shared for B {}

struct ParquetReader<B> {
    shape: Arc<Shape>,
    file: Arc<Mutex<File>>,
    metadata: ParquetMetaData,
    /// The row group under way and how many of its rows are handed out.
    group: Option<(Arc<Group<B>>, u64)>,
    next: usize,
    row: u64,
}

/// A row group of our columns alone; its bytes are read when its first unit is parsed and freed with its last.
struct Group<B> {
    number: usize,
    rows: u64,
    chunks: Vec<(u64, u64)>,
    metadata: Arc<ParquetMetaData>,
    /// What its columns are decoded to, as far as nothing in their pages speaks against it.
    arrow_schema: Schema,
    file: Arc<Mutex<File>>,
    bytes: Mutex<Option<Content<B>>>,
    rest: Mutex<Option<Rest>>,
}

/// The bytes of a row group and what they are decoded to.
#[derive(Clone)]
struct Content<B> {
    bytes: B,
    arrow_schema: Arc<Schema>,
}

/// A decoder that a unit has left at this row, for the unit that begins there.
struct Rest {
    at: u64,
    batches: ParquetRecordBatchReader,
}

impl<B: Shared> Reader for ParquetReader<B> {
    fn info(&self) -> FileInfo {
        FileInfo::new(INPUT.name, &self.shape.layout)
    }

    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault> {
        loop {
            if let Some((group, offset)) = &mut self.group
                && *offset < group.rows
            {
                let rows = (group.rows - *offset).min(self.shape.rules.grain.unit_rows);
                let unit = ParquetUnit {
                    shape: self.shape.clone(),
                    group: group.clone(),
                    offset: *offset,
                    rows,
                    first: self.row,
                };
                *offset += rows;
                self.row += rows;
                return Ok(Some(Box::new(unit)));
            }
            self.group = None;
            if self.next == self.metadata.num_row_groups() {
                return Ok(None);
            }
            let number = self.next;
            self.next += 1;
            let group = guarded(&self.shape.label, || {
                group(&self.shape, &self.metadata, number, self.file.clone()).map_err(|e| {
                    let what = format!("row group {} is not readable", number + 1);
                    unreadable(&self.shape.label, &what, &e)
                })
            })?;
            self.group = Some((Arc::new(group), 0));
        }
    }
}

/// The row group as if the file had our columns alone, one after the other from byte 0.
fn group<B>(
    shape: &Shape,
    file: &ParquetMetaData,
    number: usize,
    handle: Arc<Mutex<File>>,
) -> ParquetResult<Group<B>> {
    let whole = file.row_group(number);
    let rows = u64::try_from(whole.num_rows())
        .map_err(|_| ParquetError::General("its number of rows is negative".into()))?;
    let (mut columns, mut chunks, mut fields) = (Vec::new(), Vec::new(), Vec::new());
    let mut base = 0i64;
    for (position, (&leaf, plan)) in shape.leaves.iter().zip(&shape.plans).enumerate() {
        let chunk = whole.column(leaf);
        let (start, length) = chunk.byte_range();
        let moved = |offset: i64| offset - start as i64 + base;
        let own = ColumnChunkMetaData::builder(shape.descriptor.column(position))
            .set_encodings_mask(*chunk.encodings_mask())
            .set_num_values(chunk.num_values())
            .set_compression_codec(chunk.compression_codec())
            .set_total_compressed_size(chunk.compressed_size())
            .set_total_uncompressed_size(chunk.uncompressed_size())
            .set_dictionary_page_offset(chunk.dictionary_page_offset().map(moved))
            .set_data_page_offset(moved(chunk.data_page_offset()));
        columns.push(own.build()?);
        chunks.push((start, length));
        fields.push(arrow_field(shape, position, leaf, plan, chunk, file));
        base += length as i64;
    }
    let own = RowGroupMetaData::builder(shape.descriptor.clone())
        .set_num_rows(whole.num_rows())
        .set_total_byte_size(whole.total_byte_size())
        .set_column_metadata(columns)
        .build()?;
    let head = file.file_metadata();
    let head = FileMetaData::new(
        head.version(),
        whole.num_rows(),
        head.created_by().map(str::to_owned),
        None,
        shape.descriptor.clone(),
        None,
    );
    Ok(Group {
        number,
        rows,
        chunks,
        metadata: Arc::new(ParquetMetaData::new(head, vec![own])),
        arrow_schema: Schema::new(fields),
        file: handle,
        bytes: Mutex::new(None),
        rest: Mutex::new(None),
    })
}

/// The array type that a column is decoded to: texts that the file keeps as a dictionary stay one, so that each distinct text
/// is judged once.
fn arrow_field(
    shape: &Shape,
    position: usize,
    leaf: usize,
    plan: &Plan,
    chunk: &ColumnChunkMetaData,
    file: &ParquetMetaData,
) -> Field {
    let field = shape.arrow_schema.field(position).clone();
    if plan.is_text {
        return match is_dictionary(shape, position, chunk) {
            true => field.with_data_type(coded()),
            false => field,
        };
    }
    let root = file
        .file_metadata()
        .schema_descr()
        .get_column_root_idx(leaf);
    let noted = shape
        .noted
        .as_ref()
        .and_then(|s| s.fields().get(root))
        .map(|f| f.data_type());
    match (field.data_type(), noted) {
        (DataType::Int64, Some(seconds @ DataType::Timestamp(..))) => {
            field.with_data_type(seconds.clone())
        }
        // The decoder's nanoseconds do not reach all years of this old type.
        (DataType::Timestamp(_, None), _)
            if chunk.column_type() == ::parquet::basic::Type::INT96 =>
        {
            field.with_data_type(DataType::Timestamp(
                arrow::datatypes::TimeUnit::Microsecond,
                None,
            ))
        }
        _ => field,
    }
}

/// The type of texts that stay codes of a dictionary.
fn coded() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary))
}

fn is_dictionary(shape: &Shape, position: usize, chunk: &ColumnChunkMetaData) -> bool {
    if chunk.dictionary_page_offset().is_none()
        && !chunk.encodings_mask().is_set(Encoding::PLAIN_DICTIONARY)
    {
        return false;
    }
    match chunk.page_encoding_stats_mask() {
        Some(mask) => {
            mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
        }
        // Unknown: ids may have outgrown their dictionary half-way, which is slow to decode as one; code words have not.
        None => {
            let ids = [
                column::MOVEMENT_ID,
                column::SHIPMENT_ID,
                column::CONTAINER_ID,
                column::EVIDENCE_REF,
            ];
            !ids.iter().any(|&id| shape.decoded[id] == Some(position))
        }
    }
}

/// Texts longer than this are not written out for every row that has them.
const SPREAD: u64 = 1 << 10;

impl<B: Shared> Group<B> {
    /// The bytes of our columns.
    fn content(&self) -> ParquetResult<Content<B>> {
        // A thread that panicked while it held the lock left nothing half-done in it.
        let mut slot = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = &*slot {
            return Ok(content.clone());
        }
        let total: u64 = self.chunks.iter().map(|(_, length)| length).sum();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only a first guess of the size"
        )]
        let mut all = Vec::with_capacity(total as usize);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let columns = self.metadata.row_group(0).columns();
        let mut fields = Vec::new();
        for ((&(start, length), column), field) in
            (self.chunks.iter().zip(columns)).zip(self.arrow_schema.fields())
        {
            let from = all.len();
            file.seek(SeekFrom::Start(start))?;
            if (&mut *file).take(length).read_to_end(&mut all)? as u64 != length {
                return Err(ParquetError::EOF(
                    "the file became shorter while it was read".into(),
                ));
            }
            let chunk = &all[from..];
            let is_spread = !matches!(field.data_type(), DataType::Dictionary(..));
            let is_text = *field.data_type() == DataType::Binary;
            let pages = claims::check_pages(column, length, is_spread, &mut |at, most| {
                let at = usize::try_from(at).map_err(|e| ParquetError::External(e.into()))?;
                Ok(chunk[at..][..most].to_vec())
            })?;
            fields.push(match pages.longest_text > SPREAD {
                true if !pages.are_codes || !is_text => {
                    return Err(ParquetError::General(format!(
                        "column {:?} has a value of {} bytes in a dictionary that cannot stay one; it is no text, or other pages hold texts themselves",
                        field.name(),
                        pages.longest_text
                    )));
                }
                true => Arc::new(field.as_ref().clone().with_data_type(coded())),
                false => Arc::clone(field),
            });
        }
        let content = Content {
            bytes: B::from(all),
            arrow_schema: Arc::new(Schema::new(fields)),
        };
        *slot = Some(content.clone());
        Ok(content)
    }

    /// Decodes the rows from `offset` batch by batch; `None` when there is no column to decode. Mostly the unit before has come
    /// just there; else its rows are skipped, for which they are decoded again.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a row group that is decoded is in memory, and a unit is at most 131,072 rows"
    )]
    fn decode(
        &self,
        offset: u64,
        batch_rows: u64,
    ) -> ParquetResult<Option<ParquetRecordBatchReader>> {
        if self.chunks.is_empty() {
            return Ok(None);
        }
        if let Some(rest) = self.rest().take_if(|rest| rest.at == offset) {
            return Ok(Some(rest.batches));
        }
        let content = self.content()?;
        let options = ArrowReaderOptions::new().with_schema(content.arrow_schema);
        let metadata = ArrowReaderMetadata::try_new(self.metadata.clone(), options)?;
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(content.bytes, metadata)
                .with_batch_size((self.rows - offset).min(batch_rows) as usize);
        if offset > 0 {
            builder = builder.with_offset(offset as usize);
        }
        builder.build().map(Some)
    }

    fn rest(&self) -> MutexGuard<'_, Option<Rest>> {
        // Only ever replaced as a whole.
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next batch of `rows` rows as cells, column by column.
fn next_cells(
    batches: &mut Option<ParquetRecordBatchReader>,
    rows: usize,
) -> ParquetResult<Vec<Option<Cells<'static>>>> {
    let Some(batches) = batches else {
        return Ok(Vec::new());
    };
    let batch = batches.next().transpose()?;
    let found = batch.as_ref().map_or(0, |b| b.num_rows());
    if found != rows {
        return Err(ParquetError::General(format!(
            "{found} rows were found where its metadata says {rows}"
        )));
    }
    let wrong = || ParquetError::General("it was decoded to a type that was not asked for".into());
    batch
        .iter()
        .flat_map(|b| b.columns())
        .map(|array| cells(array).ok_or_else(wrong).map(Some))
        .collect()
}

struct ParquetUnit<B> {
    shape: Arc<Shape>,
    group: Arc<Group<B>>,
    offset: u64,
    rows: u64,
    first: u64,
}

impl<B: Shared> Unit for ParquetUnit<B> {
    fn parse(self: Box<Self>) -> Result<Vec<Parsed>, FileFault> {
        let ParquetUnit {
            shape,
            group,
            offset,
            rows,
            first,
        } = *self;
        let batch_rows = shape.rules.grain.batch_rows;
        let what = format!("row group {} is not readable", group.number + 1);
        let unreadable = |e| unreadable(&shape.label, &what, &e);
        let mut batches = guarded(&shape.label, || {
            group.decode(offset, batch_rows).map_err(unreadable)
        })?;
        let mut parsed = Vec::new();
        let mut at = 0;
        while at < rows {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a row group that is decoded is in memory, and a unit is at most 131,072 rows"
            )]
            let wanted = (rows - at).min(batch_rows) as usize;
            let decoded = guarded(&shape.label, || {
                next_cells(&mut batches, wanted).map_err(unreadable)
            })?;
            parsed.push(shape.judge(decoded, wanted, first + at));
            at += wanted as u64;
        }
        let at = offset + rows;
        if let Some(batches) = batches.filter(|_| at < group.rows) {
            *group.rest() = Some(Rest { at, batches });
        }
        Ok(parsed)
    }
}
