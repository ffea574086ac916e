#!/usr/bin/env python3
"""Run engine and oracle on generated cases and compare every published cell.

usage: agree.py BINARY [FIRST LAST]      default seeds 1 40; needs pyarrow. Last line: N passed, N failed
"""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def call(*arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True)


def first_fault(steps):
    """Runs commands in order; what the first that fails says, or None."""
    for step in steps:
        done = call(*step)
        if done.returncode != 0:
            return f"{pathlib.Path(step[0]).name} {pathlib.Path(str(step[1])).name}: {(done.stdout + done.stderr)[-2000:]}"
    return None


def one_case(binary, seed, folder):
    """None, or what went wrong."""
    return first_fault([
        (sys.executable, HERE / "generate.py", seed, folder),
        (sys.executable, HERE / "oracle.py", folder / "data/run.toml", "--out", folder / "oracle"),
        (binary, "run", folder / "data/run.toml", "--out", folder / "out"),
        (sys.executable, HERE / "compare.py", folder / "oracle", folder / "out/latest", "--codes-only"),
        (binary, "verify", folder / "out", "--recalculate"),
    ])


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    first, last = (int(a) for a in sys.argv[2:4]) if len(sys.argv) > 3 else (1, 40)
    passed = failed = 0
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory() as folder:
            fault = one_case(binary, seed, pathlib.Path(folder))
        passed, failed = passed + (fault is None), failed + (fault is not None)
        if fault:
            print(f"seed {seed}: {fault}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
