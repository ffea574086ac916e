"""Runs the notebooks of examples/ cell by cell and compares what they print with what is saved in them.

usage: notebook.py [--update]
"""

import ast
import contextlib
import io
import json
import os
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def output(source: str, names: dict) -> str:
    """What a cell prints, and the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
            if value is not None:
                print(repr(value))
    return printed.getvalue()


def check(path: Path, update: bool) -> int:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    os.chdir(path.parent)
    names: dict = {"__name__": "__main__"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, 1):
        found = output("".join(cell["source"]), names)
        saved = "".join(line for entry in cell["outputs"] for line in entry["text"])
        if update:
            lines = found.splitlines(keepends=True)
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
            cell["execution_count"] = number
        elif found != saved:
            sys.exit(f"{path.name}, code cell {number}: saved\n{saved}\nfound\n{found}")
    if update:
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(cells)


counts = {path.name: check(path, "--update" in sys.argv) for path in sorted(EXAMPLES.glob("*.ipynb"))}
assert counts, "no notebook"
print(", ".join(f"{name}: {count} cells as saved" for name, count in counts.items()))
