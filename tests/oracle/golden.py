#!/usr/bin/env python3
"""Run engine and oracle on the cases of tests/golden/ and compare every published cell, the blamed ones of `rejected` too.

usage: golden.py BINARY      needs pyarrow. Last line: N passed, N failed
"""
import pathlib
import sys
import tempfile

from agree import HERE, first_fault

GOLDEN = HERE.parent / "golden"


def one_case(binary, case, folder):
    """None, or what went wrong."""
    own = case / "run.toml"
    movements = [] if own.exists() else ["--movements", case / "movements.csv"]
    run_file = own if own.exists() else GOLDEN / "run.toml"
    return first_fault([
        (sys.executable, HERE / "oracle.py", run_file, "--out", folder / "oracle", *movements),
        (binary, "run", run_file, "--out", folder / "out", *movements),
        (sys.executable, HERE / "compare.py", folder / "oracle", folder / "out/latest"),
    ])


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    passed = failed = 0
    for movements in sorted(GOLDEN.glob("*/movements.csv")):
        with tempfile.TemporaryDirectory() as folder:
            fault = one_case(binary, movements.parent, pathlib.Path(folder))
        passed, failed = passed + (fault is None), failed + (fault is not None)
        if fault:
            print(f"{movements.parent.name}: {fault}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
