"""`--memory-limit` against inputs that ask for more: the peak is at most the limit and 64 MiB, or the run ends with exit 8; never is
anything but a whole run current, and the stage is empty.

    python tests/hostile/memory.py PROGRAM [--limits 256,least] [--only NAME]
"""

import argparse
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import files
import parquet_files
import text_files
import xlsx_files

HEAD = "shipment_id,movement_id,container_id,container_type,sequence,mode,operation,carrier,origin,destination,departed_at,distance_km,distance_basis,cargo_mass_kg"
BEYOND = 64


def row(n, shipment=None, kind="42G1", carrier="", origin="CNCKG", destination="CNQZH", at="2025-06-01"):
    return f"{shipment or f'S{n:08}'},M{n},,{kind},1,road,road.truck_driven,{carrier},{origin},{destination},{at}T08:00:00Z,1000,actual,10000\n"


def table(folder, rows, name="m.csv"):
    with open(folder / name, "w") as out:
        out.write(HEAD + "\n")
        out.writelines(rows)


def letters(n):
    return "".join(chr(65 + n // 26**k % 26) for k in range(3))


def many_files(folder, count=4_000, columns=0):
    (folder / "in").mkdir()
    more = "".join(f",{'x' * 40}{n}" for n in range(columns))
    for n in range(count):
        (folder / "in" / f"{n}.csv").write_text(HEAD + more.replace("x", f"{n}x") + "\n" + row(n).strip() + "," * columns + "\n")
    return ["in"]


def groups(folder):
    names = {name: [own] for name, own in parquet_files.RECORD.items()}
    schema = pa.table(names).schema
    with pq.ParquetWriter(folder / "m.parquet", schema) as writer:
        for n in range(3_000):
            writer.write_table(pa.table(names | {"movement_id": [str(n)]}, schema=schema))


def page(folder, size, codec):
    long = pa.table({name: [own] * 8 for name, own in parquet_files.RECORD.items()} | {"evidence_ref": ["e" * size] * 8})
    pq.write_table(long, folder / "m.parquet", compression=codec, use_dictionary=False, data_page_size=1 << 30)


def wide(folder, count):
    columns = {name: [own] for name, own in parquet_files.RECORD.items()} | {f"column {n}": [n] for n in range(count)}
    pq.write_table(pa.table(columns), folder / "m.parquet")


def locations(folder):
    path = folder / "library/data/locations.csv"
    lines = path.read_text().splitlines()
    with open(path, "a") as out:
        for n in range(1_500_000):
            out.write(f"C{letters(n // 17_576)[0]}{letters(n)}".ljust(5, "A")[:5] + f",name {n}" + "," * (lines[0].count(",") - 1) + "\n")
    table(folder, map(row, range(5)))


def run_file(folder, body):
    (folder / "run.toml").write_text(files.RUN_FILE.split("[formats]")[0].replace('memory = "50%"\n', "") + body)
    table(folder, map(row, range(5)))
    return None


def book(folder):
    cells = "".join(xlsx_files.row(n, row(n).strip().split(",")) for n in range(2, 150_000))
    (folder / "m.xlsx").write_bytes(xlsx_files.archive(xlsx_files.parts(xlsx_files.row(1, HEAD.split(",")) + cells)))


def shared_texts(folder):
    texts = "".join(f"<si><t>text number {n} {'x' * 40}</t></si>" for n in range(1_500_000))
    rows = xlsx_files.row(1, HEAD.split(",")) + xlsx_files.row(2, row(1).strip().split(","))
    (folder / "m.xlsx").write_bytes(xlsx_files.archive(xlsx_files.parts(rows, texts)))


def window(folder):
    from text_files import pa as arrow

    text = (HEAD + "\n" + "".join(map(row, range(400_000)))).encode()
    zstd = shutil.which("zstd")
    if zstd:
        (folder / "m.csv").write_bytes(text)
        subprocess.run([zstd, "-q", "-1", "--long=27", "--rm", "m.csv", "-o", "m.csv.zst"], cwd=folder, check=True)
    else:
        (folder / "m.csv.zst").write_bytes(arrow.Codec("zstd").compress(text, asbytes=True))


def packed_files(folder):
    (folder / "in").mkdir()
    for n in range(300):
        content = (HEAD + "\n" + "".join(row(n * 900 + k) for k in range(900))).encode()
        (folder / "in" / f"{n}.csv.gz").write_bytes(gzip.compress(content, 1))
    return ["in"]


N = 1_000_000
CASES = {
    "short lines": lambda f: table(f, ("A\n" for _ in range(3 * N))),
    "empty objects": lambda f: (f / "m.ndjson").write_text("{}\n" * 3 * N) and None,
    "empty objects in an array": lambda f: (f / "m.json").write_text("[" + "{}," * 3 * N + "{}]") and None,
    "carriers": lambda f: table(f, (row(n, carrier=f"carrier {n}") for n in range(N))),
    "long carriers": lambda f: table(f, (row(n, carrier=f"{n:064}") for n in range(N))),
    "container types": lambda f: table(f, (row(n, kind=f"T{n}") for n in range(N))),
    "sections": lambda f: table(f, (row(n, origin="CN" + letters(n), destination="CN" + letters(n * 7 + n // 17_576)) for n in range(N))),
    "months": lambda f: table(f, (row(n, at=f"{1 + n % 9_000:04}-{1 + n % 12:02}-01", origin="CN" + letters(n)) for n in range(N))),
    "one shipment": lambda f: table(f, (row(n, shipment="S") for n in range(N))),
    "one movement": lambda f: table(f, (row(1) for n in range(N))),
    "shuffled": lambda f: table(f, (row(n * 7_919 % N) for n in range(N))),
    "all refused": lambda f: table(f, (row(n).replace("10000", "ten thousand tonnes of it") for n in range(N))),
    "long ids": lambda f: table(f, (row(n, shipment=f"{n * 7_919 % N:064}") for n in range(N))),
    "one huge cell": lambda f: table(f, [row(1), "x" * (300 << 20)]),
    "one huge quoted cell": lambda f: table(f, [row(1), '"' + "\n" * (100 << 20)]),
    "one huge record": lambda f: (f / "m.ndjson").write_text('{"a":"' + "x" * (300 << 20) + '"}') and None,
    "one huge element": lambda f: (f / "m.json").write_text('[{"a":"' + "x" * (300 << 20) + '"}]') and None,
    "nested": lambda f: (f / "m.json").write_text("[" * (100 << 20)) and None,
    "many keys": lambda f: (f / "m.ndjson").write_text("".join("{" + ",".join(f'"k{n}-{k}":1' for k in range(3_000)) + "}\n" for n in range(400))) and None,
    "wide csv": lambda f: (f / "m.csv").write_text(HEAD + "".join(f",{n}" for n in range(9_000)) + "\n" + (row(1).strip() + "," * 9_000 + "\n") * 3_000) and None,
    "wide parquet": lambda f: wide(f, 50_000),
    "row groups": groups,
    "a page of 240 MiB": lambda f: page(f, 30 << 20, "none"),
    "a packed page of 240 MiB": lambda f: page(f, 30 << 20, "zstd"),
    "a text for all": lambda f: (f / "m.parquet").write_bytes(parquet_files.same(400_000, 0, "shipment_id", "x" * (1 << 20))) and None,
    "nothing at all": lambda f: (f / "m.parquet").write_bytes(parquet_files.same(900_000, None)) and None,
    "the same at all": lambda f: (f / "m.parquet").write_bytes(parquet_files.same(900_000, 0)) and None,
    "many files": many_files,
    "many heads": lambda f: many_files(f, 1_500, 900),
    "packed files": packed_files,
    "a wide window": window,
    "a workbook": book,
    "shared texts": shared_texts,
    "locations": locations,
    "a run file of keys": lambda f: run_file(f, "[constants]\n" + "".join(f'key_{n} = "value {n}"\n' for n in range(1_500_000))),
    "a run file of movements": lambda f: run_file(f, "# " + "x" * (60 << 20)),
    "a run file of one array": lambda f: run_file(f, '[formats]\ntimestamp = [' + '"%Y-%m-%d",' * 3_000_000 + "]\n"),
}


def call(program, folder, inputs, limit):
    """Exit code, peak in MiB over all its processes, seconds of wall time, messages."""
    command = [program, "run"]
    if (folder / "run.toml").exists():
        command += ["run.toml"]
    else:
        command += ["--movements", *inputs, "--factors", "library/emission_factors", "--reference", "library/data", "--profile", "golden", "--out", "out"]
        command += ["--max-reject-share", "100%"]
    command += ["--quiet", "--threads", "2", "--memory-limit", f"{limit}MiB"]
    with open(folder / "messages", "wb") as log:
        child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    began, peak = time.monotonic(), 0
    while child.poll() is None:
        peak = max(peak, files.resident(child.pid))
        time.sleep(0.002)
    return child.returncode, peak >> 10, time.monotonic() - began, (folder / "messages").read_text("utf-8", "replace")


def least(program, folder):
    """The least limit for two threads and any input, as the program says it."""
    table(folder, map(row, range(800_000)))
    _, _, _, text = call(program, folder, ["m.csv"], 1)
    (folder / "m.csv").unlink()
    shutil.rmtree(folder / "out", ignore_errors=True)
    found = re.search(r"(\d+) MiB would", text)
    return int(found.group(1)) if found else 256


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--limits", default="256,least")
    arguments.add_argument("--only", choices=CASES)
    asked = arguments.parse_args()
    program, bad, tried = str(Path(asked.program).resolve()), 0, 0
    with tempfile.TemporaryDirectory() as root:
        plain = Path(root) / "plain"
        plain.mkdir()
        shutil.copytree(files.LIBRARY, plain / "library")
        limits = [least(program, plain) if text == "least" else int(text) for text in asked.limits.split(",")]
        for name, make in CASES.items():
            if asked.only not in (None, name):
                continue
            folder = Path(root) / "case"
            shutil.copytree(plain, folder)
            inputs = make(folder) or [p.name for p in folder.iterdir() if p.name.startswith("m.")]
            for limit in limits:
                shutil.rmtree(folder / "out", ignore_errors=True)
                code, peak, seconds, text = call(program, folder, inputs, limit)
                out, wrong = folder / "out", []
                if peak > limit + BEYOND:
                    wrong.append(f"{peak} MiB at the peak")
                if code not in (0, 2, 3, 8, 10):
                    wrong.append(f"exit {code}")
                if code not in (0, 10) and (out / "CURRENT").exists():
                    wrong.append("a run is current after a failure")
                if (out / "stage").is_dir() and any((out / "stage").iterdir()):
                    wrong.append("a stage is left")
                tried, bad = tried + 1, bad + bool(wrong)
                print(f"{name}, {limit} MiB: exit {code}, {peak} MiB, {seconds:.1f} s" + (f"  FAULT: {'; '.join(wrong)}: {text[:200]}" if wrong else ""), flush=True)
            shutil.rmtree(folder)
    print(f"{tried} runs within a memory limit, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
