#!/usr/bin/env python3
"""Cuts a run by customer and by month with the program, adds the slices up again from the published tables, and compares every document.

usage: check.py PROGRAM [SHIPMENTS]

Shares no code with the program: exact decimals from the Parquet tables against the workbook, the page, the iLEAP documents and the index of each
slice. Needs pyarrow and openpyxl. Exit 0 when all are equal. Last line: slices: N figures of M slices equal
"""
import csv
import decimal
import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import openpyxl
import pyarrow.parquet

HOME = pathlib.Path(__file__).resolve().parents[2]
CUSTOMERS = ["Alpha", "alpha", "Beta & Sons", "重庆", "../Gamma", "", "=Delta", "Epsilon-Zeta"]
SUMS = ["transport_activity_tkm", "ghg_operation_kg", "ghg_provision_kg", "ghg_total_kg"]
Decimal = decimal.Decimal
decimal.getcontext().prec = 60
equal = 0


def ask(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def same(what, found, wanted):
    global equal
    if found != wanted:
        sys.exit(f"{what}: found {found}, the tables make {wanted}")
    equal += 1


def close(what, cell, wanted):
    """A cell of a workbook: a text is exact, a number has the first 15 digits."""
    if isinstance(cell, str):
        return same(what, Decimal(cell.replace(" ", "")), wanted)
    digits = decimal.Context(prec=15).create_decimal
    if abs(Decimal(repr(cell)) - wanted) > abs(wanted) * Decimal("1e-14"):
        same(what, digits(Decimal(repr(cell))), digits(wanted))
    same(what, True, True)


def movements(program, folder, shipments):
    """Generated records of two months, each shipment of a customer; some of two."""
    rows = []
    for month in ["2025-03", "2025-04"]:
        path = folder / f"{month}.csv"
        ask(program, "sample", "--shipments", shipments // 2, "--month", month, "--seed", month.replace("-", ""), "--dirt", "1%", "--out", path)
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                row["shipment_id"] = f"{month}-{row['shipment_id']}"
                rows.append(row)
    numbers = {}
    for at, row in enumerate(rows):
        number = numbers.setdefault(row["shipment_id"], len(numbers))
        row["customer"] = CUSTOMERS[number % len(CUSTOMERS)]
        if number % 29 == 0 and at % 2:
            row["customer"] = "somebody else"
    with open(folder / "rows.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)


def table(run, name):
    whole = run / f"{name}.parquet"
    parts = [whole] if whole.exists() else sorted((run / name).iterdir())
    return [row for part in parts for row in pyarrow.parquet.read_table(part).to_pylist()]


class Sums:
    """What shipments and elements of a slice come to."""

    def __init__(self):
        self.shipments, self.elements = set(), 0
        self.sums = dict.fromkeys(SUMS, Decimal(0))
        self.modes, self.corridors, self.factors = {}, {}, {}

    def shipment(self, row):
        self.shipments.add(row["shipment_id"])
        corridor = self.corridors.setdefault(row["corridor_id"], [0, Decimal(0)])
        corridor[0] += 1
        corridor[1] += row["ghg_total_kg"]

    def element(self, row):
        self.elements += 1
        for name in SUMS:
            self.sums[name] += row[name]
        for of, key in [(self.modes, "mode"), (self.factors, "factor_id")]:
            of[row[key]] = of.get(row[key], Decimal(0)) + row["ghg_total_kg"]


def slices(shipments, elements, key):
    """By the value of shipments: elements go with their shipment."""
    found, of = {}, {}
    for row in shipments:
        value = of[row["shipment_id"]] = key(row)
        found.setdefault(value, Sums()).shipment(row)
    for row in elements:
        found[of[row["shipment_id"]]].element(row)
    return found


def workbook(path, wanted):
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)

    def lines(sheet):
        """Rows by heading; of a column that stands there twice, the exact one."""
        rows = list(book[sheet].iter_rows(values_only=True))
        plain = [[str(cell or "").removesuffix(", exact") for cell in row] for row in rows]
        head = next(at for at, row in enumerate(plain) if {"total kg CO2e", "kg CO2e", "value"} & set(row))
        return [dict(zip(plain[head], row)) for row in rows[head + 1 :] if row and row[0] is not None]

    summary = {row["what"]: row["value"] for row in lines("Summary")}
    close(f"{path}: total", summary["Total, well to wheel"], wanted.sums["ghg_total_kg"])
    close(f"{path}: operation", summary["Vehicle and hub operation"], wanted.sums["ghg_operation_kg"])
    close(f"{path}: provision", summary["Energy provision"], wanted.sums["ghg_provision_kg"])
    close(f"{path}: activity", summary["Transport activity"], wanted.sums["transport_activity_tkm"])
    close(f"{path}: shipments", summary["Shipments"], Decimal(len(wanted.shipments)))
    for sheet, head, groups in [
        ("Modes and hubs", "mode", {mode.replace("_", " "): kg for mode, kg in wanted.modes.items()}),
        ("Corridors", "corridor", {corridor: kg for corridor, (_, kg) in wanted.corridors.items()}),
        ("Factors used", "factor", wanted.factors),
    ]:
        found = {row[head]: row.get("total kg CO2e", row.get("kg CO2e")) for row in lines(sheet) if row[head] != "total"}
        same(f"{path}: {sheet}", sorted(found), sorted(groups))
        for name, kg in groups.items():
            close(f"{path}: {sheet}: {name}", found[name], kg)
    found = {row["shipment"] for row in lines("Shipments")}
    same(f"{path}: shipments", found, wanted.shipments)
    book.close()


def page(path, wanted):
    text = path.read_text(encoding="utf-8")
    tiles = re.findall(r"<li><span>([^<]*)</span><strong>(.*?)<em>", text)
    figures = {name: Decimal(re.sub(r"<[^>]*>|[^0-9.<>-]", "", re.sub(r"<[^>]*>", "", figure))) for name, figure in tiles}
    same(f"{path}: total", figures["Total, well to wheel"], wanted.sums["ghg_total_kg"])
    same(f"{path}: operation", figures["Vehicle and hub operation"], wanted.sums["ghg_operation_kg"])
    same(f"{path}: activity", figures["Transport activity"], wanted.sums["transport_activity_tkm"])
    same(f"{path}: shipments", figures["Shipments"], Decimal(len(wanted.shipments)))
    return html.unescape(text)


def documents(folder, wanted):
    text = (folder / "shipments.json").read_text(encoding="utf-8")
    found = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    ids, sums, elements = set(), [Decimal(0), Decimal(0), Decimal(0)], 0
    for document in found:
        footprint = document["extensions"][0]["data"]
        ids.add(footprint["shipmentId"])
        for tce in footprint["tces"]:
            elements += 1
            for at, key in enumerate(["co2eWTW", "co2eTTW", "transportActivity"]):
                sums[at] += Decimal(tce[key])
    same(f"{folder}: shipments", ids, wanted.shipments)
    same(f"{folder}: elements", elements, wanted.elements)
    keys = ["ghg_total_kg", "ghg_operation_kg", "transport_activity_tkm"]
    same(f"{folder}: sums", sums, [wanted.sums[key] for key in keys])


def main(program, shipments=400):
    program = pathlib.Path(program).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        movements(program, folder, int(shipments))
        (folder / "run.toml").write_text(
            f'movements = ["rows.csv"]\nfactors = "{HOME}/emission_factors"\nreference = "{HOME}/data"\nout = "out"\n'
            '[limits]\nmax_reject_share = "100%"\n[carry]\ncustomer = "customer"\n'
        )
        ask(program, "run", folder / "run.toml")
        out = folder / "out"
        run = out / "runs" / (out / "CURRENT").read_text().split()[0]
        manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        shipments, elements = table(run, "shipments"), table(run, "elements")
        rejected = table(run, "rejected")
        by = slices(shipments, elements, lambda row: row["customer"] or "")
        to = folder / "by"
        ask(program, "report", out, "--by", "customer", "--to", to, "--company", "Us", "--company-id", "urn:us:1")
        index = json.loads((to / "index.json").read_text(encoding="utf-8"))
        values = {line["value"]: line for line in index["values"]}
        same("values", sorted(values), sorted(by))
        for name in SUMS:
            whole = Decimal(manifest["totals"]["elements"][name])
            same(f"whole {name}", sum(wanted.sums[name] for wanted in by.values()), whole)
            same(f"index {name}", sum(Decimal(line[name]) for line in values.values()), whole)
            same(f"index: whole {name}", Decimal(index["whole"][name]), whole)
        of = {row["shipment_id"]: row["customer"] or "" for row in shipments}
        refused = {}
        for row in rejected:
            value = of.get(row["shipment_id"], row["customer"] or "")
            refused[value] = refused.get(value, 0) + 1
        for value, wanted in by.items():
            line = values[value]
            home = to / line["folder"]
            same(f"{value}: shipments", line["shipments"], len(wanted.shipments))
            same(f"{value}: elements", line["elements"], wanted.elements)
            for name in SUMS:
                same(f"{value}: {name}", Decimal(line[name]), wanted.sums[name])
            workbook(home / f"{run.name}.xlsx", wanted)
            text = page(home / f"{run.name}.html", wanted)
            said = re.search(r"accepted \+ ([0-9 \u202f\u00a0]+) rejected", text).group(1)
            same(f"{value}: rejected", int(re.sub(r"\D", "", said)), refused.get(value, 0))
            same(f"{value}: says its slice", f"Slice: customer = {value or '(no value)'}." in text, True)
            documents(home / "ileap", wanted)
        months = slices(shipments, elements, lambda row: row["period"].isoformat()[:7])
        for month, wanted in months.items():
            home = folder / month
            ask(program, "report", out, "--period", month, "--to", home)
            workbook(home / f"{run.name}.xlsx", wanted)
            page(home / f"{run.name}.html", wanted)
            ask(program, "export", "ileap", out, "--period", month, "--to", home / "ileap")
            documents(home / "ileap", wanted)
        print(f"slices: {equal} figures of {len(by) + len(months)} slices equal")


if __name__ == "__main__":
    main(*sys.argv[1:])
