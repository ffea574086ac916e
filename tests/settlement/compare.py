#!/usr/bin/env python3
"""Settle the example and random ledgers with the program, and compare every table with the twin's, value by value.

usage: compare.py PROGRAM RUN_OUT [FIRST LAST] [--keep FOLDER]

RUN_OUT holds a run of the sample. Needs pyarrow. Exit 0 when all are equal. Last line: settlement: N ledgers equal, M differ
"""
import argparse
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import generate
import generate_run
import inputs
import properties
import twin
from ledger import KEY as ledger_key, Options
from published import Expected, Published

HOME = pathlib.Path(__file__).resolve().parents[2]
PERIOD = "2025-03"
FLAGS = "charges parties prices rates agreements calls".split()
MOST = 12  # differences shown of one ledger


def call(*arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True)


def settlements(out):
    return {path.parent for path in pathlib.Path(out).glob("settlement/*/*/manifest.json")}


class Settled:
    """One call of the program."""

    def __init__(self, program, out, named, options=(), run=None, previous=None):
        before = settlements(out)
        command = [program, "settle", out] + ([run] if run else []) + ["--period", PERIOD]
        for role in FLAGS:
            if named.get(role):
                command += [f"--{role}", *named[role]]
        command += ["--previous", previous] if previous else []
        self.done = call(*command, *options)
        self.command = " ".join(str(c) for c in command + list(options))
        new = sorted(settlements(out) - before)
        self.folder = new[0] if new else None
        self.out = out

    @property
    def said(self):
        return (self.done.stdout + self.done.stderr).strip()[-1500:]


def compared(what, expected, found, faults):
    """Two dictionaries of key -> cells; only columns that both have."""
    for key in expected.keys() - found.keys():
        faults.append(f"{what}: missing {key} {expected[key]}")
    for key in found.keys() - expected.keys():
        faults.append(f"{what}: too many {key} {found[key]}")
    for key in expected.keys() & found.keys():
        for column, value in expected[key].items():
            if column in found[key] and found[key][column] != value:
                faults.append(f"{what} {key}: {column} is {found[key][column]!r}, twin {value!r}")


def keyed(rows, names, what, faults):
    out = {}
    for row in rows:
        lacking = [name for name in names if name not in row]
        if lacking:
            faults.append(f"{what}: no column {', '.join(lacking)} among {', '.join(row)}")
            return {}
        key = tuple(row[name] for name in names)
        if key in out:
            faults.append(f"{what}: two rows of {key}")
        out[key] = row
    return out


KEY = ledger_key + ["corrects"]


def table_faults(settlement, published, run_id, earlier_ids):
    faults = []
    claims = keyed(published.rows("claims"), KEY, "claims", faults)
    ids = {key: row["claim_id"] for key, row in claims.items()}
    expected = Expected(settlement, run_id, ids, earlier_ids)
    compared("claims", expected.claims(), claims, faults)
    compared("lines", expected.lines(), keyed(published.lines(), KEY + ["charge_id", "container_id", "element"], "lines", faults), faults)
    taxes, names = expected.taxes()
    groups = keyed(published.rows("taxes"), names, "taxes", faults)
    compared("taxes", taxes, groups, faults)
    postings = expected.postings({key: row["tax_group"] for key, row in groups.items()})
    compared("postings", postings, keyed(published.rows("postings"), "claim_id tax_group side".split(), "postings", faults), faults)
    compared("positions", expected.positions(), keyed(published.rows("positions"), "agreement currency value_date party".split(), "positions", faults), faults)
    order_names = "form agreement payer payee currency value_date".split()
    compared("orders", expected.orders(), keyed(published.orders(), order_names, "orders", faults), faults)
    compared("chains", expected.chains(), keyed(published.rows("chains"), ["pair"], "chains", faults), faults)
    compared("compare", expected.compare(), keyed(published.rows("compare"), "bill payer payee kind class currency".split(), "compare", faults), faults)
    faults += properties.faults(published)
    return faults, {claim.bare: ids.get(expected.claim_key(claim)) for claim in settlement.claims if claim.corrects is None}


def failed_rows(out):
    """What a call that settled nothing wrote of the refusals."""
    path = pathlib.Path(out) / f"settlement/failed/{PERIOD}/refused.csv"
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def refusal_faults(settlement, rows):
    """Places that are refused: rows by file and line, units by bill, container and element."""
    def place(file, line, bill, container, element):
        return ("unit", bill, container, "" if element == "0" else element) if bill else ("row", file, line)
    twins = {place(r.file, str(r.line or ""), r.bill, r.container_id, str(r.element or "")) for r in settlement.refusals}
    programs = {place(pathlib.Path(r["file"]).name, r["line"], r["bill"], r["container_id"], r["element"]) for r in rows}
    why = {place(r.file, str(r.line or ""), r.bill, r.container_id, str(r.element or "")): r.why for r in settlement.refusals}
    return [f"refused by the twin only: {p} ({why[p]})" for p in sorted(twins - programs, key=str)] + \
        [f"refused by the program only: {p}" for p in sorted(programs - twins, key=str)]


class Bench:
    """A small run and its restatement, in two folders that are given the same orders."""

    def __init__(self, program, seed, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        generate_run.movements(HOME / "data/movements/2025-03.csv", seed, self.folder)
        self.out, self.again = self.folder / "out", self.folder / "again"
        self.runs, self.ids = [], []
        for name in ("second", "first"):  # the first is the current one in the end
            done = call(program, "run", HOME / "data/run.toml", "--movements", self.folder / f"{name}.csv", "--out", self.out)
            if done.returncode != 0:
                raise SystemExit(done.stdout + done.stderr)
            latest = (self.out / "latest").resolve()
            self.ids.insert(0, json.loads((latest / "manifest.json").read_text())["run_id"])
            self.runs.insert(0, inputs.read_run(latest))
        shutil.copytree(self.out, self.again, symlinks=True)


def options_of(ledger):
    return Options(PERIOD, ledger.settle_currency, ledger.pay, 7, ledger.incomplete, ledger.allow_refused)


def same_bytes(one, other):
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    if files != sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file()):
        return ["a second call wrote other files"]
    return [f"a second call wrote another {file}" for file in files if (one / file).read_bytes() != (other / file).read_bytes()]


def outcome_faults(settlement, settled):
    """What the call as a whole came to; None in the second place: there are no tables to compare."""
    code = settled.done.returncode
    if not settlement.settled:
        return (refusal_faults(settlement, failed_rows(settled.out)) if code == 4 else [f"exit {code}, twin refuses {settlement.refusals[:4]}: {settled.said}"]), None
    if code != 0 or settled.folder is None:
        return [f"exit {code}, twin settles ({len(settlement.refusals)} refused, allowed): {settled.said}"], None
    return [], Published(settled.folder)


def one_ledger(bench, seed, folder):
    kind = ("dirty", "clean", "uniform", "dirty")[seed % 4]
    ledger = getattr(generate, kind)(seed, bench.runs[0], PERIOD)
    named = generate.write(ledger, folder / "files")
    settlement = twin.settle(bench.runs[0], named, options_of(ledger))
    settled = Settled(bench.program, bench.out, named, ledger.options, bench.ids[0])
    head = f"seed {seed} {kind} {ledger.faults} {settled.command}"
    faults, published = outcome_faults(settlement, settled)
    if published is None:
        return head, faults
    more, ids = table_faults(settlement, published, bench.ids[0], {})
    faults += more + refusal_faults(settlement, published.rows("refused")) + published.csv_faults()
    if seed % 5 == 1:
        again = Settled(bench.program, bench.again, named, ledger.options, bench.ids[0])
        faults += same_bytes(settled.folder, again.folder) if again.folder else [again.said]
    if seed % 3 == 1:
        shuffled = Settled(bench.program, bench.out, generate.write(ledger, folder / "shuffled", shuffle=1), ledger.options, bench.ids[0])
        faults += properties.other_order(published, Published(shuffled.folder)) if shuffled.folder else ["shuffled: " + shuffled.said]
    if kind == "uniform":
        faults += corrected(bench, ledger, settlement, settled.folder, ids)
    return head, faults


def corrected(bench, ledger, settlement, previous, ids):
    """The same rules on the restated run, and back on the first."""
    faults = []
    for i in (1, 0):
        settlement = twin.settle(bench.runs[i], {}, options_of(ledger), settlement)
        settled = Settled(bench.program, bench.out, {}, ledger.options, bench.ids[i], previous.name)
        more, published = outcome_faults(settlement, settled)
        if published is not None:
            found, new = table_faults(settlement, published, bench.ids[i], ids)
            more += found
            ids = new | ids
        faults += [f"correction {2 - i}: {fault}" for fault in more]
        if published is None:
            break
        previous = settled.folder
    return faults


def example(program, out, folder):
    shutil.copytree(out, folder / "sample", symlinks=True, ignore=shutil.ignore_patterns("settlement"))
    files = HOME / "data/settlement"
    named = {role: [files / f"{role}.csv"] for role in FLAGS}
    latest = (folder / "sample/latest").resolve()
    settlement = twin.settle(inputs.read_run(latest), named, Options(PERIOD))
    settled = Settled(program, folder / "sample", named)
    faults, published = outcome_faults(settlement, settled)
    if published is not None:
        run_id = json.loads((latest / "manifest.json").read_text())["run_id"]
        faults += table_faults(settlement, published, run_id, {})[0] + refusal_faults(settlement, published.rows("refused")) + published.csv_faults()
    return "the example " + settled.command, faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 60])
    parser.add_argument("--keep", type=pathlib.Path)
    given = parser.parse_args()
    program = given.program.resolve()
    first, last = given.seeds
    equal = differ = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or pathlib.Path(temporary)
        if given.keep:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        benches = {}
        for seed in [0] + list(range(first, last + 1)):
            if seed == 0:
                head, faults = example(program, given.out, folder)
            else:
                group = seed // 50
                if group not in benches:
                    benches = {group: Bench(program, group + 1, folder / f"bench-{group}")}
                head, faults = one_ledger(benches[group], seed, folder / f"ledger-{seed}")
            equal, differ = equal + (not faults), differ + bool(faults)
            if faults:
                print(f"DIFFERS: {head}")
                for fault in faults[:MOST]:
                    print("   ", fault)
                if len(faults) > MOST:
                    print(f"    and {len(faults) - MOST} more")
    print(f"settlement: {equal} ledgers equal, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
