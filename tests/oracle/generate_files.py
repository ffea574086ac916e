"""Rows of a case -> movement files: CSV, NDJSON, Parquet, with the quirks and broken records of each."""
import gzip
import json
import os
from decimal import Decimal

from exact import decimal_text, parse_number
from parsing import NUMBERS, TIMES
from reading import COLUMNS
from timestamps import parse_timestamp


class MovementFile:
    def __init__(self, case, index, kind, rows):
        self.case, self.random, self.kind, self.rows = case, case.random, kind, rows
        dropped = set(case.dropped) | ({"sequence"} if index in case.without_sequence else set())
        self.columns = [c for c in COLUMNS if c not in dropped] + list(case.carry)
        self.rows = [case.carries(row) for row in rows]
        if case.flip(0.6):
            self.random.shuffle(self.columns)
        self.names = {c: case.carry.get(c) or case.renamed.get(c, c) for c in self.columns}
        self.name = f"part{index}{case.night(index)}.{kind}"

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        if self.kind == "parquet":
            return self.write_parquet(os.path.join(folder, self.name))
        data = self.csv() if self.kind.startswith("csv") else self.ndjson()
        with open(os.path.join(folder, self.name), "wb") as file:
            file.write(gzip.compress(data, mtime=0) if self.kind.endswith(".gz") else data)

    # CSV

    def csv(self):
        case = self.case
        end = self.random.choice(["\n", "\n", "\r\n"])
        self.has_notes = case.flip(0.5)
        header = [self.names[c] for c in self.columns] + (["Their remarks"] if self.has_notes else [])
        lines = [self.record(header, False)]
        for row in self.rows:
            lines.append(self.spoil_record(self.record([row[c] for c in self.columns] + (self.notes(end) if self.has_notes else []), True), end))
            if case.flip(0.02):
                lines.append("")
        text = end.join(lines) + (end if case.flip(0.8) else "")
        data = text.encode(case.encoding, "surrogateescape")
        return (b"\xef\xbb\xbf" if case.encoding == "utf-8" and case.flip(0.3) else b"") + data

    def notes(self, end):
        """An unknown column: ignored whatever it holds, as long as the record can be read."""
        if self.case.flip(0.9):
            return [""]
        breaks = self.random.choice([1, 2, 16, 17, 40])
        return [self.random.choice(["two" + end * breaks + "lines", "big " * 17_000, 'quo"ted', "plain", "\x07", "fits " * 12_000])]

    def record(self, cells, is_data):
        return self.case.delimiter.join(self.quoted(cell, is_data) for cell in cells)

    def quoted(self, text, is_data):
        if is_data and self.case.flip(0.03):
            text = self.random.choice([" ", "   "]) + text + self.random.choice(["", "  "])
        must = any(mark in text for mark in (self.case.delimiter, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if must or self.case.flip(0.05) else text

    def spoil_record(self, record, end):
        if not self.case.flip(0.03):
            return record
        delimiter = self.case.delimiter
        return self.random.choice([
            lambda: record + delimiter, lambda: record.rpartition(delimiter)[0], lambda: '"' + record, lambda: '"x"y' + record,
            lambda: record + '"', lambda: delimiter, lambda: "not a record", lambda: '"one cell' + end + 'two lines"',
            lambda: record + end.join(["", "", ""])])()

    # NDJSON

    def ndjson(self):
        end = self.random.choice(["\n", "\n", "\r\n"])
        lines = []
        for index, row in enumerate(self.rows):
            line = json.dumps(self.object(row, keep_all=index == 0), ensure_ascii=self.case.flip(0.3))
            lines.append(self.spoil_line(line, index))
            if self.case.flip(0.02):
                lines.append("")
        return (end.join(lines) + end).encode("utf-8", "ignore")

    def object(self, row, keep_all):
        cells = {}
        for column in self.columns:
            text = "".join(c for c in row[column] if not "\udc80" <= c <= "\udcff")
            if text == "" and not keep_all:
                if self.case.flip(0.5):
                    cells[self.names[column]] = self.random.choice([None, ""])
                continue
            cells[self.names[column]] = self.json_value(column, text)
        if self.case.flip(0.3):
            cells["remarks"] = self.random.choice([1.5, {"a": [1]}, "x\n" * 30, None])
        return cells

    def json_value(self, column, text):
        """Numbers as literals where JSON can say them exactly as they are."""
        if column in NUMBERS and text and self.case.flip(0.6):
            plain = text.replace(self.case.thousands, "") if self.case.thousands else text
            plain = plain.replace(self.case.decimal, ".")
            if plain.isascii() and plain.replace(".", "", 1).isdigit() and len(plain) < 15 and not plain.startswith(("00", ".")) and plain[-1] != ".":
                return int(plain) if plain.isdigit() and str(int(plain)) == plain else float(plain) if str(float(plain)) == plain else text
        return text

    def spoil_line(self, line, index):
        if index == 0 or not self.case.flip(0.03):
            return line
        return self.random.choice([line[:-1], "[1, 2]", "12", line + "x", line.replace(":", ": NaN, \"b\":", 1), '{"a": ' + '"' + "y" * 70_000 + '"}',
                                   line.replace(":", ": [1], \"b\":", 1)])


    # Parquet

    def write_parquet(self, path):
        """Some columns typed (what has no such value becomes null), the others text, some of them dictionaries."""
        import pyarrow
        import pyarrow.parquet
        columns = {}
        for column in self.columns:
            texts = ["".join(c for c in row[column] if not "\udc80" <= c <= "\udcff") or None for row in self.rows]
            columns[self.names[column]] = self.typed(pyarrow, column, texts)
        columns["Their remarks"] = pyarrow.array([1.5] * len(self.rows))
        pyarrow.parquet.write_table(pyarrow.table(columns), path)

    def typed(self, pyarrow, column, texts):
        if column in NUMBERS and self.case.flip(0.6):
            numbers = [self.plain_number(text) for text in texts]
            if self.case.flip(0.3):
                return pyarrow.array([None if n is None else int(n.partition(".")[0]) for n in numbers], pyarrow.int64())
            if self.case.flip(0.5):
                return pyarrow.array([None if n is None else float(n) for n in numbers], pyarrow.float64())
            return pyarrow.array([None if n is None else Decimal(n) for n in numbers], pyarrow.decimal128(30, 9))
        if column in TIMES and self.case.flip(0.6):
            patterns = self.case.departure_patterns if column == "departed_at" else None
            times = [parse_timestamp(text, patterns or self.case.patterns, "UTC") if text else None for text in texts]
            zone = self.random.choice(["UTC", "Asia/Shanghai", None])
            times = [t and (t if zone else t.replace(tzinfo=None)) for t in times]
            return pyarrow.array(times, pyarrow.timestamp(self.random.choice(["us", "us", "ns"]), tz=zone))
        array = pyarrow.array(texts, pyarrow.string())
        return array.dictionary_encode() if self.case.flip(0.3) else array

    def plain_number(self, text):
        number = parse_number(text, self.case.decimal, self.case.thousands) if text else None
        return decimal_text(*number) if number and abs(number[0]) < 10 ** 15 and number[1] <= 9 else None
