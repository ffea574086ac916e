//! The structures of Parquet's metadata: numbers and types of their fields, as the format's Thrift definition gives them.

use super::thrift::{Kind, Shape};

const I32: Kind = Kind::Int(32);
const I64: Kind = Kind::Int(64);
const TEXT: Kind = Kind::Binary;

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident = $title:literal { $($id:literal: $kind:expr),* $(,)? }) => {
        $(#[$doc])*
        pub(super) static $name: Shape = Shape { name: $title, fields: &[$(($id, $kind)),*] };
    };
}

shape!(EMPTY = "an empty structure" {});
shape!(DECIMAL = "DecimalType" { 1: I32, 2: I32 });
shape!(TIME_UNIT = "TimeUnit" {
    1: Kind::Struct(&EMPTY), 2: Kind::Struct(&EMPTY), 3: Kind::Struct(&EMPTY),
});
shape!(TIME = "TimeType" { 1: Kind::Bool, 2: Kind::Struct(&TIME_UNIT) });
shape!(INTEGER = "IntType" { 1: Kind::Byte, 2: Kind::Bool });
shape!(VARIANT = "VariantType" { 1: Kind::Byte });
shape!(GEOMETRY = "GeometryType" { 1: TEXT });
shape!(GEOGRAPHY = "GeographyType" { 1: TEXT, 2: I32 });
shape!(LOGICAL_TYPE = "LogicalType" {
    1: Kind::Struct(&EMPTY), 2: Kind::Struct(&EMPTY), 3: Kind::Struct(&EMPTY), 4: Kind::Struct(&EMPTY),
    5: Kind::Struct(&DECIMAL), 6: Kind::Struct(&EMPTY), 7: Kind::Struct(&TIME), 8: Kind::Struct(&TIME),
    10: Kind::Struct(&INTEGER), 11: Kind::Struct(&EMPTY), 12: Kind::Struct(&EMPTY), 13: Kind::Struct(&EMPTY),
    14: Kind::Struct(&EMPTY), 15: Kind::Struct(&EMPTY), 16: Kind::Struct(&VARIANT), 17: Kind::Struct(&GEOMETRY),
    18: Kind::Struct(&GEOGRAPHY),
});
shape!(
    /// A column, or a group of them.
    SCHEMA_ELEMENT = "SchemaElement" {
        1: I32, 2: I32, 3: I32, 4: TEXT, 5: I32, 6: I32, 7: I32, 8: I32, 9: I32, 10: Kind::Struct(&LOGICAL_TYPE),
    }
);
/// Field of [`SCHEMA_ELEMENT`]: how many of the following elements are below this one.
pub(super) const CHILDREN: i16 = 5;

shape!(STATISTICS = "Statistics" {
    1: TEXT, 2: TEXT, 3: I64, 4: I64, 5: TEXT, 6: TEXT, 7: Kind::Bool, 8: Kind::Bool,
});
shape!(PAGE_ENCODING_STATS = "PageEncodingStats" { 1: I32, 2: I32, 3: I32 });
shape!(SIZE_STATISTICS = "SizeStatistics" { 1: I64, 2: Kind::List(&I64), 3: Kind::List(&I64) });
shape!(BOUNDING_BOX = "BoundingBox" {
    1: Kind::Double, 2: Kind::Double, 3: Kind::Double, 4: Kind::Double,
    5: Kind::Double, 6: Kind::Double, 7: Kind::Double, 8: Kind::Double,
});
shape!(GEOSPATIAL_STATISTICS = "GeospatialStatistics" {
    1: Kind::Struct(&BOUNDING_BOX), 2: Kind::List(&I32),
});
shape!(KEY_VALUE = "KeyValue" { 1: TEXT, 2: TEXT });
shape!(COLUMN_METADATA = "ColumnMetaData" {
    1: I32, 2: Kind::List(&I32), 3: Kind::List(&TEXT), 4: I32, 5: I64, 6: I64, 7: I64,
    8: Kind::List(&Kind::Struct(&KEY_VALUE)), 9: I64, 10: I64, 11: I64, 12: Kind::Struct(&STATISTICS),
    13: Kind::List(&Kind::Struct(&PAGE_ENCODING_STATS)), 14: I64, 15: I32, 16: Kind::Struct(&SIZE_STATISTICS),
    17: Kind::Struct(&GEOSPATIAL_STATISTICS),
});
shape!(COLUMN_CHUNK = "ColumnChunk" {
    1: TEXT, 2: I64, 3: Kind::Struct(&COLUMN_METADATA), 4: I64, 5: I32, 6: I64, 7: I32,
});
shape!(SORTING_COLUMN = "SortingColumn" { 1: I32, 2: Kind::Bool, 3: Kind::Bool });
shape!(ROW_GROUP = "RowGroup" {
    1: Kind::List(&Kind::Struct(&COLUMN_CHUNK)), 2: I64, 3: I64,
    4: Kind::List(&Kind::Struct(&SORTING_COLUMN)), 5: I64, 6: I64, 7: Kind::Int(16),
});
shape!(COLUMN_ORDER = "ColumnOrder" { 1: Kind::Struct(&EMPTY), 2: Kind::Struct(&EMPTY) });
shape!(
    /// The footer.
    FILE_METADATA = "FileMetaData" {
        1: I32, 2: Kind::List(&Kind::Struct(&SCHEMA_ELEMENT)), 3: I64, 4: Kind::List(&Kind::Struct(&ROW_GROUP)),
        5: Kind::List(&Kind::Struct(&KEY_VALUE)), 6: TEXT, 7: Kind::List(&Kind::Struct(&COLUMN_ORDER)),
    }
);
/// Field of [`FILE_METADATA`]: the columns.
pub(super) const SCHEMA: i16 = 2;

shape!(
    /// Before the values of a page.
    DATA_PAGE = "DataPageHeader" { 1: I32, 2: I32, 3: I32, 4: I32, 5: Kind::Struct(&STATISTICS) }
);
shape!(
    /// Before the texts or numbers that pages refer to.
    DICTIONARY_PAGE = "DictionaryPageHeader" { 1: I32, 2: I32, 3: Kind::Bool }
);
shape!(
    /// Before the values of a page of the second version.
    DATA_PAGE_V2 = "DataPageHeaderV2" {
        1: I32, 2: I32, 3: I32, 4: I32, 5: I32, 6: I32, 7: Kind::Bool, 8: Kind::Struct(&STATISTICS),
    }
);
shape!(
    /// Before every page.
    PAGE_HEADER = "PageHeader" {
        1: I32, 2: I32, 3: I32, 4: I32, 5: Kind::Struct(&DATA_PAGE), 6: Kind::Struct(&EMPTY),
        7: Kind::Struct(&DICTIONARY_PAGE), 8: Kind::Struct(&DATA_PAGE_V2),
    }
);

shape!(PAGE_LOCATION = "PageLocation" { 1: I64, 2: I32, 3: I64 });
shape!(
    /// Where the pages of a column are.
    OFFSET_INDEX = "OffsetIndex" { 1: Kind::List(&Kind::Struct(&PAGE_LOCATION)), 2: Kind::List(&I64) }
);
shape!(
    /// What the pages of a column hold.
    COLUMN_INDEX = "ColumnIndex" {
        1: Kind::List(&Kind::Bool), 2: Kind::List(&TEXT), 3: Kind::List(&TEXT), 4: I32,
        5: Kind::List(&I64), 6: Kind::List(&I64), 7: Kind::List(&I64),
    }
);

shape!(BLOOM_UNION = "a union of the bloom filter's header" { 1: Kind::Struct(&EMPTY) });
shape!(
    /// Before the bits of a bloom filter.
    BLOOM_FILTER = "BloomFilterHeader" {
        1: I32, 2: Kind::Struct(&BLOOM_UNION), 3: Kind::Struct(&BLOOM_UNION), 4: Kind::Struct(&BLOOM_UNION),
    }
);
