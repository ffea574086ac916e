"""What footprints in process cost beside the program: processor time and memory over many sorted rows.

usage: cost.py PROGRAM [--rows N] [--rounds N] [--folder DIR] [--report]

Both read the same Parquet file, on one thread; the program writes a run as Parquet, Python reads every column of all three tables and
keeps none. Exit 1 when Python takes more than 1.15 times the processor time or more than 1 GiB.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

MOST_TIME = 1.15
MOST_MEMORY = 1024
RUN = """movements = ["{movements}"]
factors = "{home}/emission_factors"
reference = "{home}/data"
out = "out"
"""
HOME = Path(__file__).resolve().parents[2]


def in_process(folder: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from green_corridor import Engine

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    path = f"{folder}/movements.parquet"
    texts = [f.name for f in pq.read_schema(path) if pa.types.is_string(f.type) and not f.name.endswith("_id")]
    # Words that repeat stay codes: each is judged once.
    file = pq.ParquetFile(path, memory_map=True, read_dictionary=texts)
    batches = file.iter_batches(batch_size=65_536, use_threads=False)
    rows = pa.RecordBatchReader.from_batches(file.schema_arrow, batches)
    footprints = Engine.open(f"{folder}/run.toml").footprint(rows, sorted=True)
    counts = [0, 0, 0]
    for turn in footprints.by_turns():
        for table, batch in enumerate(turn):
            counts[table] += 0 if batch is None else batch.num_rows
    print(*counts, footprints.sums.ghg_total_kg)


def measured(command: list, log: Path) -> tuple[float, float]:
    """Processor time in seconds and peak memory in MiB."""
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]}: {log.read_text()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HOME / "target/python-cost")
    parser.add_argument("--report", action="store_true", help="no failure for time or memory, on a machine that is not quiet")
    chosen = parser.parse_args()
    program, folder = chosen.program.resolve(), chosen.folder.resolve() / str(chosen.rows)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "movements.parquet").exists():
        # A shipment has about six rows.
        make = [program, "sample", "--shipments", str(chosen.rows // 6), "--out", folder / "movements.parquet"]
        subprocess.run(make, check=True, capture_output=True)
    (folder / "run.toml").write_text(RUN.format(movements="movements.parquet", home=HOME))
    ours, theirs = [], []
    for _ in range(chosen.rounds):
        shutil.rmtree(folder / "out", ignore_errors=True)
        run = [program, "run", folder / "run.toml", "--threads", "1", "--progress", "never"]
        ours.append(measured(run, folder / "run.log"))
        theirs.append(measured([sys.executable, __file__, "--in-process", folder], folder / "python.log"))
    manifest = json.loads((folder / "out/latest/manifest.json").read_text())
    counts, total = manifest["counts"], manifest["totals"]["elements"]["ghg_total_kg"]
    wanted = f"{counts['elements']} {counts['shipments']} {counts['rejected']} {total}"
    found = (folder / "python.log").read_text().strip()
    if found != wanted:
        sys.exit(f"elements, shipments, rejected rows, kg CO2e: found {found}, wanted {wanted}")
    shutil.rmtree(folder / "out", ignore_errors=True)
    # The quickest round of each: what else the machine did is in the others.
    run, python = min(ours), min(theirs)
    share = python[0] / run[0]
    print(f"run --threads 1   {run[0]:8.2f} CPU s  {run[1]:6.0f} MiB")
    print(f"footprint         {python[0]:8.2f} CPU s  {python[1]:6.0f} MiB   {found}")
    print(f"{share:.2f} times the processor time, at most {MOST_TIME}; {python[1]:.0f} MiB, at most {MOST_MEMORY}")
    if not chosen.report and (share > MOST_TIME or python[1] > MOST_MEMORY):
        sys.exit(1)


if sys.argv[1:2] == ["--in-process"]:
    in_process(sys.argv[2])
else:
    main()
