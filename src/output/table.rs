//! A table that is written from a stream of chunks: columns are declared once, row groups are encoded with one task per
//! column, files are filled in order.

use super::encode::{
    Bound, Column, Encoded, Encodings, Number, SumTooLong, encode_codes, encode_keys,
    encode_numbers, encode_runs,
};
use super::part::{Part, RowGroup, TableWriter, io_error};
use super::schema::{Field, Schema};
use super::slices::{Cut, Cutter, PART_ROWS, Rows};
use crate::model::carried::value;
use crate::model::element::Names;
use arrow::array::RecordBatch;
use parquet::errors::{ParquetError, Result};
use rayon::prelude::*;
use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

/// A row that cannot be written as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowRefused {
    /// What people call the row.
    pub row: String,
    /// What does not fit.
    pub fault: SumTooLong,
}

impl fmt::Display for RowRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.row, self.fault)
    }
}

impl std::error::Error for RowRefused {}

/// How one column of a row group is gathered and encoded.
pub(crate) type EncodeColumn<C> = fn(&Column, &Rows<C>, &Names<'_>) -> Result<Encoded>;

/// How a column that is carried is gathered and encoded, by its place among them.
pub(crate) type EncodeCarried<C> = fn(&Column, &Rows<C>, &Names<'_>, usize) -> Result<Encoded>;

/// Cost of a row of a carried column against the other columns.
const CARRIED_WEIGHT: u32 = 16;

/// Lends the texts behind codes to one column at a time, so that a table which still grows is not kept from growing while
/// the other columns of a row group wait for a thread.
pub(crate) trait LendNames: Sync {
    /// Gives the names to `user`, which must not wait for any other column.
    fn lend<R>(&self, user: impl FnOnce(&Names<'_>) -> R) -> R;
}

impl LendNames for Names<'_> {
    fn lend<R>(&self, user: impl FnOnce(&Names<'_>) -> R) -> R {
        user(self)
    }
}

/// A column of a table of chunks.
pub(crate) struct TableColumn<C> {
    /// Name and type.
    pub field: Field,
    /// Cost of a row, roughly, against the other columns: heavy ones start first.
    pub weight: u32,
    /// From chunks to a column chunk.
    pub encode: EncodeColumn<C>,
    /// A column that this one often equals.
    pub twin: Option<Twin<C>>,
}

impl<C> TableColumn<C> {
    /// A column that is encoded for itself.
    pub(crate) const fn new(field: Field, weight: u32, encode: EncodeColumn<C>) -> TableColumn<C> {
        TableColumn {
            field,
            weight,
            encode,
            twin: None,
        }
    }

    /// The column, which often equals another one.
    pub(crate) const fn with_twin(self, twin: Twin<C>) -> TableColumn<C> {
        TableColumn {
            field: self.field,
            weight: self.weight,
            encode: self.encode,
            twin: Some(twin),
        }
    }
}

/// A column of the same type that another one often equals, row by row; then it is encoded once for both.
pub(crate) struct Twin<C> {
    /// Its name.
    pub of: &'static str,
    /// Whether the two are equal in these rows.
    pub is_equal: fn(&Rows<C>) -> bool,
}

/// Everything there is to know about a table of chunks.
pub(crate) struct Table<C: 'static> {
    /// Columns in order.
    pub columns: &'static [TableColumn<C>],
    /// How its carried columns are encoded, which stand behind the others; `None`: it has none.
    pub carried: Option<EncodeCarried<C>>,
    /// Sort order of the table.
    pub sorted_by: &'static [&'static str],
    /// Rows per row group.
    pub group_rows: usize,
    /// Rows of each shipment of a chunk.
    pub rows_per_shipment: fn(&C) -> Vec<usize>,
    /// What people call a row of a chunk.
    pub row_name: fn(&C, usize, &Names<'_>) -> String,
}

impl<C: Send + Sync> Table<C> {
    /// The columns of a run that carries these.
    fn fields(&self, carried: &[&'static str]) -> Vec<Field> {
        let carried = carried.iter().filter(|_| self.carried.is_some());
        let own = self.columns.iter().map(|c| c.field);
        own.chain(carried.map(|name| Field::carried(name)))
            .collect()
    }

    /// The Parquet schema of a run that carries these columns.
    pub(crate) fn schema(&self, carried: &[&'static str], encodings: Encodings) -> Schema {
        Schema::new(&self.fields(carried), self.sorted_by, encodings)
    }

    /// Encodes a row group on the threads of the current pool. The bytes depend on the rows and the encodings alone.
    pub(crate) fn encode(
        &self,
        schema: &Schema,
        rows: &Rows<C>,
        names: &impl LendNames,
    ) -> Result<RowGroup> {
        self.encode_columns(schema, rows, names)
            .map(|columns| columns.into_iter().map(Encoded::pages).collect())
            .map_err(|error| match error {
                ParquetError::External(inner) => match inner.downcast::<SumTooLong>() {
                    Ok(fault) => {
                        let row = names.lend(|names| self.name_of(rows, fault.row, names));
                        ParquetError::External(Box::new(RowRefused { row, fault: *fault }))
                    }
                    Err(inner) => ParquetError::External(inner),
                },
                other => other,
            })
    }

    /// The Arrow schema of the table, which is that of a reader of its file.
    pub(crate) fn arrow_schema(&self, carried: &[&'static str]) -> arrow::datatypes::SchemaRef {
        let field = |field: Field| {
            let kind = field.kind.arrow_type(Encodings::default());
            arrow::datatypes::Field::new(field.name, kind, field.nullable)
        };
        let fields: Vec<_> = self.fields(carried).into_iter().map(field).collect();
        Arc::new(arrow::datatypes::Schema::new(fields))
    }

    /// Rows of the table as a batch in memory, made on the threads of the current pool.
    pub(crate) fn batch(&self, rows: &Rows<C>, names: &impl LendNames) -> Result<RecordBatch> {
        let carried = names.lend(|names| names.carried.to_vec());
        let schema = self.schema(&carried, Encodings::default());
        let schema = schema.in_memory(&self.fields(&carried));
        let columns = self.encode_columns(&schema, rows, names)?;
        let columns = columns.into_iter().map(Encoded::array).collect();
        Ok(RecordBatch::try_new(self.arrow_schema(&carried), columns)?)
    }

    fn name_of(&self, rows: &Rows<C>, row: usize, names: &Names<'_>) -> String {
        let mut before = 0;
        for slice in rows.pages.iter().flatten() {
            if row < before + slice.rows.len() {
                return (self.row_name)(&slice.chunk, slice.rows.start + row - before, names);
            }
            before += slice.rows.len();
        }
        format!("row {}", row + 1)
    }

    fn encode_columns(
        &self,
        schema: &Schema,
        rows: &Rows<C>,
        names: &impl LendNames,
    ) -> Result<Vec<Encoded>> {
        let all = schema.columns.len();
        let mut twins: Vec<Option<usize>> = self
            .columns
            .iter()
            .map(|column| self.equal_column(column, rows))
            .collect();
        twins.resize(all, None);
        let mut order: Vec<usize> = (0..all).filter(|&i| twins[i].is_none()).collect();
        let weight = |i: usize| self.columns.get(i).map_or(CARRIED_WEIGHT, |c| c.weight);
        order.sort_by_key(|&i| std::cmp::Reverse(weight(i)));
        let column = |i: usize| {
            let (handle, own) = (&schema.columns[i], self.columns.get(i));
            names.lend(|names| match (own, self.carried) {
                (Some(own), _) => (own.encode)(handle, rows, names),
                (None, Some(carried)) => carried(handle, rows, names, i - self.columns.len()),
                (None, None) => unreachable!("a schema has carried columns where its table has"),
            })
        };
        let encode = |i: usize| Ok((i, column(i)?));
        let encoded: Vec<(usize, Encoded)> = order
            .into_par_iter()
            .with_max_len(1)
            .map(encode)
            .collect::<Result<Vec<_>>>()?;
        let mut columns: Vec<Option<Encoded>> = vec![None; all];
        encoded
            .into_iter()
            .for_each(|(i, column)| columns[i] = Some(column));
        for (i, twin) in twins.into_iter().enumerate() {
            if let Some(twin) = twin {
                columns[i] = columns[twin].clone();
            }
        }
        Ok(columns
            .into_iter()
            .map(|column| column.expect("encoded, or the twin of an encoded column"))
            .collect())
    }

    /// The column that this one equals in these rows, if it has a twin. A twin has none itself.
    fn equal_column(&self, column: &TableColumn<C>, rows: &Rows<C>) -> Option<usize> {
        let twin = column.twin.as_ref().filter(|twin| (twin.is_equal)(rows))?;
        self.columns
            .iter()
            .position(|other| other.field.name == twin.of && other.twin.is_none())
    }
}

/// Writes a table of chunks: give it every chunk in order, then [`finish`](ChunkWriter::finish).
pub(crate) struct ChunkWriter<C: 'static, W: Write + Send, F> {
    table: &'static Table<C>,
    schema: Arc<Schema>,
    cutter: Cutter<C>,
    writer: TableWriter<W, F>,
    metadata: Vec<(String, String)>,
}

impl<C: Send + Sync, W: Write + Send, F: FnMut(usize) -> io::Result<W>> ChunkWriter<C, W, F> {
    /// An empty table with these carried columns; `open` gives the writer of part `n`, `metadata` goes into every footer.
    pub(crate) fn new(
        table: &'static Table<C>,
        carried: &[&'static str],
        encodings: Encodings,
        metadata: &[(String, String)],
        open: F,
    ) -> ChunkWriter<C, W, F> {
        let schema = Arc::new(table.schema(carried, encodings));
        let writer = TableWriter::new(schema.clone(), open);
        ChunkWriter {
            table,
            schema,
            cutter: Cutter::new(table.group_rows, PART_ROWS),
            writer,
            metadata: metadata.to_vec(),
        }
    }

    /// Adds whole shipments in order of id. Row groups that are full are encoded with the names known now.
    pub(crate) fn push(&mut self, chunk: Arc<C>, names: &Names<'_>) -> io::Result<()> {
        let shipments = (self.table.rows_per_shipment)(&chunk);
        for cut in self.cutter.push(&chunk, shipments.into_iter()) {
            match cut {
                Cut::Group(rows) => self.write(rows, names)?,
                Cut::EndOfPart => self.writer.end_part(&self.metadata)?,
            }
        }
        Ok(())
    }

    /// Writes what is left and closes the table; gives its parts.
    pub(crate) fn finish(mut self, names: &Names<'_>) -> io::Result<Vec<Part<W>>> {
        if let Some(rows) = self.cutter.finish() {
            self.write(rows, names)?;
        }
        self.writer.finish(&self.metadata)
    }

    fn write(&mut self, rows: Rows<C>, names: &Names<'_>) -> io::Result<()> {
        let group = self
            .table
            .encode(&self.schema, &rows, names)
            .map_err(io_error)?;
        drop(rows);
        self.writer.append(group)
    }
}

/// Visits the slices of a page.
pub(crate) fn each_slice<'a, C>(
    rows: &'a Rows<C>,
    page: usize,
    mut visit: impl FnMut(&'a C, Range<usize>),
) {
    for slice in &rows.pages[page] {
        visit(&slice.chunk, slice.rows.clone());
    }
}

/// A text as a dictionary entry.
pub(crate) fn text(text: &str) -> Bound {
    Bound::Text(text.as_bytes().to_vec())
}

/// `None` for the empty text, which stands for "absent".
pub(crate) fn nonempty(text: &[u8]) -> Option<&[u8]> {
    (!text.is_empty()).then_some(text)
}

/// A column of codes; `gather` appends those of a slice, `value` spells one.
pub(crate) fn codes<C>(
    column: &Column,
    rows: &Rows<C>,
    value: impl Fn(u32) -> Bound,
    gather: impl Fn(&C, Range<usize>, &mut Vec<u32>),
) -> Result<Encoded> {
    encode_codes(
        column,
        rows.count,
        |page, out| each_slice(rows, page, |c, r| gather(c, r, out)),
        value,
    )
}

/// A column of sparse keys; `gather` appends those of a slice, `value` spells one.
pub(crate) fn keys<C>(
    column: &Column,
    rows: &Rows<C>,
    value: impl Fn(i64) -> Bound,
    gather: impl Fn(&C, Range<usize>, &mut Vec<i64>),
) -> Result<Encoded> {
    encode_keys(
        column,
        rows.count,
        |page, out| each_slice(rows, page, |c, r| gather(c, r, out)),
        value,
    )
}

/// A column of numbers; `gather` appends those of a slice.
pub(crate) fn numbers<C, T: Number>(
    column: &Column,
    rows: &Rows<C>,
    gather: impl Fn(&C, Range<usize>, &mut Vec<T>),
) -> Result<Encoded> {
    encode_numbers(column, rows.count, |page, out| {
        each_slice(rows, page, |c, r| gather(c, r, out))
    })
}

/// A carried column, from the rows that give each slice its values as one text: runs of rows with the same are looked at once.
pub(crate) fn carried<C>(
    column: &Column,
    rows: &Rows<C>,
    at: usize,
    gather: impl Fn(&C, Range<usize>, &mut dyn FnMut(&str, usize)),
) -> Result<Encoded> {
    encode_runs(column, rows.count, false, |page, out| {
        each_slice(rows, page, |c, r| {
            gather(c, r, &mut |text, count| {
                out.push(nonempty(value(text, at).as_bytes()), count);
            })
        })
    })
}

/// Visits equal codes that stand together, with their number.
pub(crate) fn each_run(codes: impl Iterator<Item = u32>, mut visit: impl FnMut(u32, usize)) {
    let mut last = None;
    for code in codes {
        match &mut last {
            Some((before, count)) if *before == code => *count += 1,
            _ => {
                if let Some((before, count)) = last.replace((code, 1)) {
                    visit(before, count);
                }
            }
        }
    }
    if let Some((code, count)) = last {
        visit(code, count);
    }
}

/// A column of texts that may repeat; `get` gives the text of a row. The empty text is null where the column allows it.
pub(crate) fn repeating<C>(
    column: &Column,
    rows: &Rows<C>,
    get: impl for<'a> Fn(&'a C, usize) -> &'a [u8],
) -> Result<Encoded> {
    let nullable = column.is_nullable();
    encode_runs(column, rows.count, false, |page, out| {
        each_slice(rows, page, |c, r| {
            for row in r {
                let text = get(c, row);
                out.push(if nullable { nonempty(text) } else { Some(text) }, 1);
            }
        })
    })
}
