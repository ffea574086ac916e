"""Writes the corpora of fuzz/corpus from the makers of hostile files: small sound files of every form and some odd ones.

    python tests/hostile/corpus.py fuzz/corpus
"""

import random
import shutil
import sys
from pathlib import Path

import files
import parquet_files
import text_files
import xlsx_files

LARGEST = 6_000
EACH = 16


def listed(folder):
    """Files as the target counts them: those of a folder, then those of the folders in it."""
    entries = sorted(folder.iterdir())
    return [p for p in entries if p.is_file()] + [p for d in entries if d.is_dir() for p in listed(d)]


def library(rng, number):
    names = listed(files.LIBRARY / "emission_factors") + listed(files.LIBRARY / "data")
    content = names[number % len(names)].read_bytes()[:2 * LARGEST - 1]
    return bytes([number % 256]) + (content if number < len(names) else text_files.lines_changed(rng, content))


def main():
    root = Path(sys.argv[1])
    manifest = Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else None
    makers = {
        "csv": lambda r, n: text_files.csv(r),
        "ndjson": lambda r, n: text_files.ndjson(r),
        "json": lambda r, n: text_files.json_array(r),
        "parquet": lambda r, n: parquet_files.whole(r) if n % 2 else parquet_files.changed(r),
        "xlsx": lambda r, n: xlsx_files.movements(r),
        "dcsa": lambda r, n: text_files.dcsa(r),
        "ileap": lambda r, n: text_files.ileap(r),
        "run_file": lambda r, n: files.RUN_FILE.encode() if n == 0 else text_files.lines_changed(r, files.RUN_FILE.encode()),
        "library": library,
    }
    if manifest:
        makers["manifest"] = lambda r, n: manifest if n == 0 else text_files.lines_changed(r, manifest)
    for name, make in makers.items():
        folder = root / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        number = tries = 0
        while number < EACH and tries < 5_000:
            content = make(random.Random(f"{name} {tries}"), number)
            tries += 1
            if 0 < len(content) <= LARGEST * (2 if name in ("parquet", "library", "manifest") else 1):
                (folder / f"{number:02}").write_bytes(content)
                number += 1
        print(name, number, sum(f.stat().st_size for f in folder.iterdir()))


if __name__ == "__main__":
    main()
