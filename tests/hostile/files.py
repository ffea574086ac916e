"""Hostile files of every kind that the program reads, made from a seed, and what it makes of them.

    python tests/hostile/files.py PROGRAM [--files N] [--seed S] [--only KIND] [--keep DIR] [--memory-limit SIZE]

Each file is read by the command it is for. Wanted: an exit code of docs/reliability.md (never 70), no signal, no more than 10 s and 1 s for
every 10 MiB of the files, of processor time, so that other work on the machine does not count, and nothing current or in the stage after
a failure. With --memory-limit also a peak of at most the limit and 64 MiB. Exit 0: all of that held. A file that breaks it is kept.
"""

import argparse
import collections
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import parquet_files
import text_files
import xlsx_files

HERE = Path(__file__).resolve().parent
LIBRARY = HERE.parent / "golden" / "library"
DOCUMENTED = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10}
RUN = ["--max-reject-share", "100%", "--quiet"]
RUN_FILE = """movements = ["m.csv"]
factors = "library/emission_factors"
profile = "golden"
reference = "library/data"
out = "out"

[limits]
max_reject_share = "100%"
memory = "50%"

[formats]
encoding = "utf-8"
delimiter = ","
timestamp = ["%Y-%m-%d %H:%M"]
zone = "Europe/Berlin"

[columns]
carrier = "carrier"

[constants]
operation = "road.truck_driven"

[values.mode]
file = "modes.csv"
"""
MODES = b"value,code\nlorry,road\nroad,road\n"
IMPORT_MAPPING = """[edition]
source="own"
edition="1"
title="Own"
licence="own"
redistributable=false
gwp_set="AR5"
[[table]]
sheet="moves"
section="transport"
id_prefix="r"
header_row=1
[table.columns]
region="Region"
ghg_operation="TTW"
ghg_total="WTW"
[table.constants]
operation="sea.feeder"
temperature="ambient"
valid_from="2020-01-01"
data_category="default"
basis_note="p. 1"
source_ref="Table 1"
ghg_unit="g"
per="t.km"
distance_adjustment_inside="no"
distance_basis="actual"
"""


def sound_csv(rows=3):
    return (text_files.HEAD + "\n" + "".join(text_files.ROW.format(n=n + 1) + "\n" for n in range(rows))).encode()


class Case:
    """Files below a folder of its own and the command that reads them there."""

    def __init__(self, kind, files, command, changes=None):
        self.kind, self.files, self.command, self.changes = kind, files, command, changes

    def bytes(self):
        return sum(len(content) for content in self.files.values())


def movements(name, content, kind):
    return Case(kind, {name: content}, ["run", "--movements", name, "--factors", "library/emission_factors", "--profile", "golden", "--reference", "library/data", "--out", "out"] + RUN)


def of_run_file(rng):
    text = text_files.lines_changed(rng, RUN_FILE.encode())
    return Case("run file", {"run.toml": text, "modes.csv": MODES if rng.random() < 0.8 else text_files.lines_changed(rng, MODES), "m.csv": sound_csv()}, ["run", "run.toml", "--quiet"])


def of_library(rng):
    """One file of the factor library, the profile or the reference data is changed."""
    found = sorted(p for p in LIBRARY.rglob("*") if p.is_file() and p.relative_to(LIBRARY).parts[0] in ("emission_factors", "data"))
    path = rng.choice(found)
    name = str(path.relative_to(LIBRARY.parent))
    content = text_files.lines_changed(rng, path.read_bytes())
    if rng.random() < 0.05:
        lines = path.read_bytes().splitlines(keepends=True)
        content = lines[0] + b"".join(lines[1:]) * rng.choice([50, 5_000])
    command = movements("m.csv", b"", "")
    if rng.random() < 0.3:
        command.command = ["factors", "check", "--factors", "library/emission_factors", "--reference", "library/data"]
    return Case("library", {"m.csv": sound_csv(), name: content}, command.command)


def of_import(rng):
    files = {"map.toml": IMPORT_MAPPING.encode()}
    name = rng.choice(["t.xlsx", "t.csv"])
    if name == "t.xlsx":
        table = [["Region", "TTW", "WTW"]] + [[rng.choice(["CN", "EU", text_files.nasty(rng)]), "1.5", "2"] for _ in range(9)]
        sheet = "".join(xlsx_files.row(n + 1, cells) for n, cells in enumerate(table))
        content = xlsx_files.heavy(rng) if rng.random() < 0.1 else xlsx_files.archive(xlsx_files.parts(xlsx_files.swapped(rng, sheet)))
    else:
        content = text_files.lines_changed(rng, b"Region,TTW,WTW\nCN,1.5,2\nEU,1,2\n")
    if rng.random() < 0.3:
        files["map.toml"] = text_files.lines_changed(rng, IMPORT_MAPPING.encode())
    files[name] = content
    command = ["factors", "import", name, "--mapping", "map.toml", "--factors", "library/emission_factors", "--reference", "library/data", "--dry-run"]
    return Case("factor table", files, command)


def of_published(rng):
    """A file of a published run is changed, and the run is looked at."""
    command = rng.choice([["verify", "out"], ["verify", "out", "--recalculate"], ["explain", "out", "BL-1"], ["rejects", "out"], ["report", "out"], ["diff", "out/latest", "out/latest"], ["rollback", "out"]])

    def changes(folder):
        run = folder / "out" / "runs" / (folder / "out" / "CURRENT").read_text().strip()
        files = sorted(p for p in run.rglob("*") if p.is_file())
        path = rng.choice([run / "manifest.json"] * len(files) + files)
        content = path.read_bytes()
        if path.suffix == ".parquet":
            try:
                body, footer = parquet_files.parts(content)
                parquet_files.thrift.change(rng, footer)
                content = parquet_files.joined(body, footer)
            except (IndexError, ValueError, TypeError):
                content = text_files.bytes_changed(rng, content)
        elif path.suffix == ".json" and rng.random() < 0.7:
            import json

            content = json.dumps(text_files.json_changed(rng, json.loads(content)), indent=2).encode("utf-8", "surrogatepass")
        else:
            content = text_files.bytes_changed(rng, content)
        path.unlink()
        path.write_bytes(content)
        if rng.random() < 0.7 and path.name == "manifest.json":
            import hashlib

            (run / "manifest.json.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  manifest.json\n")

    return Case("published", {}, command, changes)


def packed(rng):
    ending = rng.choice([".gz", ".zst"])
    name, make = rng.choice([("m.csv", text_files.csv), ("m.ndjson", text_files.ndjson), ("m.json", text_files.json_array)])
    content = text_files.bomb(rng, ending) if rng.random() < 0.06 else text_files.packed(rng, make(rng), ending)
    return movements(name + ending, content, "packed")


def of_partner(rng, what):
    content = text_files.dcsa(rng) if what == "dcsa" else text_files.ileap(rng)
    if rng.random() < 0.02:
        content = text_files.json_of_one_kind(rng)
    name = rng.choice(["e.json", "e.json", "e.ndjson"])
    ending = rng.choice(["", "", "", ".gz", ".zst"])
    if ending:
        content = text_files.bomb(rng, ending) if rng.random() < 0.06 else text_files.packed(rng, content, ending)
    command = ["convert", "dcsa", name + ending, "--out", "moved.csv"]
    if what == "ileap":
        command = ["convert", "ileap", name + ending, "--carrier", "MAEU", "--out", "carrier", "--source", "maeu/2025", "--factors", "library/emission_factors", "--profile", "golden"]
    return Case(what, {name + ending: content}, command)


# Kind, share of all files, and how one is made.
KINDS = {
    "csv": (16, lambda r: movements("m.csv", text_files.csv(r), "csv")),
    "csv, alike": (1, lambda r: movements("m.csv", text_files.csv_of_one_kind(r), "csv, alike")),
    "ndjson": (10, lambda r: movements("m.ndjson", text_files.ndjson(r), "ndjson")),
    "json array": (8, lambda r: movements("m.json", text_files.json_array(r), "json array")),
    "json, alike": (1, lambda r: movements("m.json", text_files.json_of_one_kind(r), "json, alike")),
    "parquet": (24, lambda r: movements("m.parquet", parquet_files.changed(r), "parquet")),
    "parquet, heavy": (1.5, lambda r: movements("m.parquet", parquet_files.heavy(r), "parquet, heavy")),
    "parquet, footer": (1, lambda r: movements("m.parquet", parquet_files.from_nothing(r), "parquet, footer")),
    "xlsx": (10, lambda r: movements("m.xlsx", xlsx_files.movements(r), "xlsx")),
    "xlsx, heavy": (0.5, lambda r: movements("m.xlsx", xlsx_files.heavy(r), "xlsx, heavy")),
    "packed": (8, packed),
    "dcsa": (8, lambda r: of_partner(r, "dcsa")),
    "ileap": (7, lambda r: of_partner(r, "ileap")),
    "run file": (8, of_run_file),
    "library": (8, of_library),
    "factor table": (5, of_import),
    "published": (8, of_published),
}


class Trial:
    """How a command ended."""

    def __init__(self, code, seconds, peak, text):
        self.code, self.seconds, self.peak, self.text = code, seconds, peak, text


def resident(pid):
    """The most memory that a process and its children have had so far, in KiB. What the system counts for a child that has ended begins
    with what this process had when it started it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)
    return max([own] + [resident(child) for child in children])


def call(program, arguments, folder, most):
    """Runs the program; a negative code is a signal. What takes four times what it may is ended."""
    log = folder / "messages"
    with open(log, "wb") as out:
        child = subprocess.Popen([program, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    ends, peak = time.monotonic() + 4 * most + 20, 0
    while True:
        peak = max(peak, resident(child.pid))
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > ends:
            os.killpg(child.pid, signal.SIGKILL)
        time.sleep(0.004)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Trial(child.returncode, used.ru_utime + used.ru_stime, peak >> 10, log.read_text("utf-8", "replace")[:2_000])


def faults(case, trial, folder, most, limit):
    """What is not as it should be."""
    if trial.code < 0:
        yield f"signal {-trial.code}"
    elif trial.code not in DOCUMENTED:
        yield f"exit {trial.code}"
    if trial.seconds > most:
        yield f"{trial.seconds:.1f} s of {most:.1f}"
    if limit and trial.peak > limit + 64:
        yield f"{trial.peak} MiB of {limit}"
    if case.command[0] == "run":
        out = folder / "out"
        if trial.code not in (0, 10) and (out / "CURRENT").exists():
            yield "a run is current after a failure"
        if trial.code >= 0 and (out / "stage").is_dir() and any((out / "stage").iterdir()):
            yield "a stage is left"


def prepared(root, program):
    """A folder with the library, and one with a published run beside it."""
    plain, published = root / "plain", root / "published"
    plain.mkdir()
    shutil.copytree(LIBRARY, plain / "library")
    shutil.copytree(plain, published)
    (published / "m.csv").write_bytes(sound_csv(40) + b"bad\n")
    (published / "modes.csv").write_bytes(MODES)
    (published / "run.toml").write_text(RUN_FILE.replace('timestamp = ["%Y-%m-%d %H:%M"]\n', "").replace('zone = "Europe/Berlin"\n', ""))
    subprocess.run([program, "run", "run.toml", "--quiet"], cwd=published, check=True, stdout=subprocess.DEVNULL)
    return plain, published


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--files", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", choices=KINDS)
    arguments.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "hostile-files")
    arguments.add_argument("--memory-limit", type=int, metavar="MIB")
    asked = arguments.parse_args()
    program = str(Path(asked.program).resolve())
    limit = asked.memory_limit
    # A peak that grows to all of the machine would end other work on it, too.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    counts, codes, slowest, bad = collections.Counter(), collections.Counter(), (0, ""), 0
    with tempfile.TemporaryDirectory() as root:
        plain, published = prepared(Path(root), program)
        for number in range(asked.files):
            rng = random.Random(f"{asked.seed} {number}")
            kind = asked.only or rng.choices(list(KINDS), [share for share, _ in KINDS.values()])[0]
            case = KINDS[kind][1](rng)
            folder = Path(root) / "case"
            shutil.copytree(published if case.changes else plain, folder, symlinks=True)
            for name, content in case.files.items():
                (folder / name).write_bytes(content)
            if case.changes:
                case.changes(folder)
            command = case.command
            if limit and command[0] == "run":
                command = command + ["--memory-limit", f"{limit}MiB", "--threads", "2"]
            most = 10 + case.bytes() / (10 << 20)
            trial = call(program, command, folder, most)
            wrong = list(faults(case, trial, folder, most, limit if command[0] == "run" else None))
            counts[kind] += 1
            codes[trial.code] += 1
            slowest = max(slowest, (trial.seconds, f"{kind}, file {number}"))
            if wrong:
                bad += 1
                kept = asked.keep / f"{asked.seed}-{number}"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(folder, kept, symlinks=True)
                print(f"file {number} ({kind}): {'; '.join(wrong)}; kept in {kept}: {' '.join(command)}\n    {trial.text[:300]}", flush=True)
            shutil.rmtree(folder)
    print("by kind: " + ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())))
    print("by exit code: " + ", ".join(f"{code}: {count}" for code, count in sorted(codes.items())))
    print(f"slowest: {slowest[0]:.1f} s ({slowest[1]})")
    print(f"{asked.files} hostile files (seed {asked.seed}), {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
