"""Runs the examples of docs/python.md as they stand there and compares what they print.

usage: document.py [--update]
"""

import contextlib
import doctest
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
DOCUMENT = HOME / "docs/python.md"


def updated(text: str) -> str:
    """The same text with what its examples print now."""
    names: dict = {}
    out = []
    for part in doctest.DocTestParser().parse(text):
        if isinstance(part, str):
            out.append(part)
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(part.source, "<example>", "single"), names)
        first, *rest = part.source.rstrip("\n").split("\n")
        lines = [f">>> {first}", *(f"... {line}".rstrip() for line in rest), *printed.getvalue().splitlines()]
        out.extend(f"{' ' * part.indent}{line}".rstrip() + "\n" for line in lines)
    return "".join(out)


def main() -> None:
    tried = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        # The working directory of the reader, in which runs may be published.
        for name in ("data", "emission_factors"):
            shutil.copytree(HOME / name, Path(folder) / name)
        os.chdir(folder)
        if "--update" in sys.argv:
            DOCUMENT.write_text(updated(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            failed, tried = doctest.testfile(str(DOCUMENT), module_relative=False, encoding="utf-8")
            assert tried > 15, f"{tried} examples"
        os.chdir(HOME)
    print(f"{tried} examples, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
