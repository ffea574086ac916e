"""Parquet files that were whole before their footer, their page headers or their values were changed."""

import copy
import io

import pyarrow as pa
import pyarrow.parquet as pq

import thrift
from thrift import BINARY, I32, I64, LIST, Reader, field, struct_written

RECORD = {
    "shipment_id": "BL-1", "movement_id": "1", "container_id": "CSQU3054383", "container_type": "42G1", "sequence": "1", "mode": "road",
    "operation": "road.truck_driven", "carrier": "ACME", "origin": "CNCKG", "destination": "CNQZH", "departed_at": "2025-06-01T08:00:00Z",
    "distance_km": "1000", "distance_basis": "actual", "cargo_mass_kg": "10000", "evidence_ref": "e",
}


def written(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def whole(random):
    """A sound file, in one of many forms."""
    rows = random.choice([1, 3, 40, 700])
    columns = {name: [text] * rows for name, text in RECORD.items()}
    columns["movement_id"] = [str(i) for i in range(rows)]
    columns["shipment_id"] = [f"S{i // 3:06}" for i in range(rows)]
    columns["evidence_ref"] = [None if i % 3 else "e" * (i % 70) for i in range(rows)]
    arrays = {name: pa.array(values) for name, values in columns.items()}
    if random.random() < 0.5:
        arrays["sequence"] = pa.array([1] * rows, random.choice([pa.int8(), pa.int32(), pa.uint64(), pa.decimal128(20, 3)]))
        arrays["cargo_mass_kg"] = pa.array([1e4] * rows, random.choice([pa.float64(), pa.float32()]))
        arrays["departed_at"] = pa.array([1_748_764_800_000] * rows, random.choice([pa.timestamp("ms"), pa.timestamp("ms", "UTC")]))
    for name in random.sample(list(arrays), 4):
        if pa.types.is_string(arrays[name].type):
            arrays[name] = arrays[name].dictionary_encode()
    options = {
        "compression": random.choice(["none", "snappy", "gzip", "zstd", "brotli", "lz4"]),
        "data_page_version": random.choice(["1.0", "2.0"]),
        "row_group_size": random.choice([rows, max(1, rows // 3)]),
        "data_page_size": random.choice([100, 4_000, 1 << 20]),
        "write_page_index": random.random() < 0.3,
    }
    if random.random() < 0.4:
        delta = {}
        for name, array in arrays.items():
            if pa.types.is_string(array.type):
                delta[name] = random.choice(["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
            elif pa.types.is_signed_integer(array.type) and array.type.bit_width >= 32:
                delta[name] = "DELTA_BINARY_PACKED"
        options |= {"use_dictionary": False, "column_encoding": delta}
    return written(pa.table(arrays), **options)


def parts(content):
    size = int.from_bytes(content[-8:-4], "little")
    footer = len(content) - 8 - size
    return content[:footer], Reader(content, footer).struct()


def joined(body, footer):
    encoded = struct_written(footer)
    return body + encoded + (len(encoded) & 0xFFFFFFFF).to_bytes(4, "little") + b"PAR1"


def chunks(footer):
    groups = field(footer, 4)
    for group in groups[2][2] if groups else []:
        columns = field(group, 1)
        for chunk in columns[2][2] if columns else []:
            meta = field(chunk, 3)
            if meta:
                yield group, chunk, meta[2]


def start(meta):
    places = [f[2] for f in (field(meta, 11), field(meta, 9)) if f]
    return min(p for p in places if p > 0) if any(p > 0 for p in places) else places[0]


def replaced(body, footer, at, old, new):
    """Puts bytes in the place of others and moves what the footer says stands behind them."""
    body = body[:at] + new + body[at + old :]
    step = len(new) - old
    moved = {}
    for group, chunk, meta in chunks(footer):
        begins, size = start(meta), field(meta, 7)
        if begins <= at < begins + size[2]:
            size[2] += step
        for entry in (field(meta, 9), field(meta, 10), field(meta, 11), field(meta, 14), field(chunk, 4), field(chunk, 6), field(group, 5)):
            if entry and entry[2] > at:
                moved[id(entry)] = entry
    for entry in moved.values():
        entry[2] += step
    return body, footer


def pages(body, meta):
    """Place, size and header of every page of a column."""
    at = start(meta)
    end = at + field(meta, 7)[2]
    while at < end:
        reader = Reader(body, at)
        header = reader.struct()
        packed = field(header, 3)[2]
        yield at, reader.at - at, header, packed
        at = reader.at + packed


def changed(random):
    """A file of which the footer, a page header, or a page was changed."""
    body, footer = parts(whole(random))
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        what = random.random()
        if what < 0.5:
            thrift.change(random, footer)
            continue
        found = [p for _, _, meta in safe(chunks, footer) for p in safe(pages, body, meta)]
        if not found:
            continue
        at, size, header, packed = random.choice(found)
        if what < 0.85:
            header = copy.deepcopy(header)
            thrift.change(random, header)
            moved = safe(replaced, body, footer, at, size, struct_written(header))
            body, footer = moved or (body, footer)
        elif packed:
            page = bytearray(body[at + size : at + size + packed])
            for _ in range(random.choice([1, 3])):
                place = random.randrange(min(len(page), random.choice([12, 1 << 20])))
                page[place] = random.choice([0, 0xFF, 0x80, page[place] ^ 1 << random.randrange(8)])
            body = body[: at + size] + bytes(page) + body[at + size + packed :]
    try:
        return joined(body, footer)
    except (TypeError, ValueError, AttributeError, IndexError):
        return body


def safe(work, *arguments):
    try:
        return list(work(*arguments))
    except (IndexError, TypeError, ValueError, AttributeError):
        return []


def same(rows, value, column=None, text=None, codec="zstd", with_stats=True, page="1.0"):
    """Rows that are all alike; one column may have another text, or none at all in any column."""
    columns = {}
    for name, own in RECORD.items():
        cell = text if name == column else own
        keys = pa.repeat(pa.scalar(None if value is None else 0, pa.int32()), rows)
        columns[name] = pa.DictionaryArray.from_arrays(keys.cast(pa.int32()), pa.array([cell]))
    content = written(pa.table(columns), compression=codec, row_group_size=rows, data_page_version=page)
    if with_stats:
        return content
    # Without them a reader does not know beforehand that all values are codes.
    body, footer = parts(content)
    for _, _, meta in chunks(footer):
        meta[:] = [f for f in meta if f[0] != 13]
    return joined(body, footer)


def heavy(random):
    """A few bytes that stand for very many."""
    column = random.choice(list(RECORD))
    codec = random.choice(["zstd", "snappy", "gzip", "brotli"])
    text = random.choice(["x", " ", "7", "重"]) * random.choice([300, 70_000, 1 << 20, 8 << 20])
    rows = random.choice([20_000, 100_000, 400_000])
    what = random.randrange(8)
    if what < 3:
        return same(rows, 0, column, text, codec, random.random() < 0.5, random.choice(["1.0", "2.0"]))
    if what == 3:
        return same(random.choice([900_000, 3_000_000, 9_000_000]), None)
    if what == 4:
        return same(random.choice([300_000, 1_000_000, 3_000_000]), 0)
    if what == 5:
        # Every text is the beginning of the next.
        few = pa.table({name: [own] * 300 if name != column else ["y" * (1 << 19)] * 300 for name, own in RECORD.items()})
        return written(few, compression=codec, use_dictionary=False, column_encoding={name: "DELTA_BYTE_ARRAY" for name in RECORD}, data_page_size=1 << 30)
    if what == 6:
        # Many row groups, each with a dictionary that is far larger than its use.
        arrays = {name: [own] * 60 for name, own in RECORD.items()}
        arrays[column] = pa.DictionaryArray.from_arrays(pa.array([0] * 60, pa.int32()), pa.array([f"{i}" for i in range(50_000)]))
        return written(pa.table(arrays), compression=codec, row_group_size=1, dictionary_pagesize_limit=1 << 30)
    wide = {name: [own] for name, own in RECORD.items()} | {f"c{i}": [i] for i in range(random.choice([3_000, 50_000]))}
    return written(pa.table(wide), compression="none")


def from_nothing(random):
    """A footer alone, made of numbers."""
    columns = random.choice([1, 2, 1 << 20])
    schema = [[[4, BINARY, b"schema"], [5, I32, columns]], [[1, I32, 6], [3, I32, 0], [4, BINARY, b"mode"]]]
    schema = schema[:1] + schema[1:] * random.choice([1, 2, 70_000])
    groups = [[[1, LIST, ["list", 12, []]], [2, I64, 1], [3, I64, random.choice(thrift.EXTREMES)]]] * random.choice([0, 1, 100_000])
    footer = [[1, I32, 1], [2, LIST, ["list", 12, schema]], [3, I64, random.choice(thrift.EXTREMES)], [4, LIST, ["list", 12, groups]]]
    return joined(b"PAR1", footer)
