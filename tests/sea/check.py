"""Recomputes the lengths of lengths.csv, which the program wrote, over the shipped graph with a reader and a search of its own.

    python3 tests/sea/check.py
"""

import csv
import sys
from pathlib import Path

from measure import Graph, bits

HERE = Path(__file__).resolve().parent


def main():
    graph = Graph(HERE / "../../data/sea/marnet.bin")
    with open(HERE / "lengths.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = 0
    for row in rows:
        found = graph.distances(row["origin"], [row["destination"]], bits(row["closed"]), bits(row["avoided"]))
        metres = found[row["destination"]]
        if ("" if metres is None else str(metres)) != row["metres"]:
            print(f"{row}: {metres} m here")
            wrong += 1
    print(f"{len(rows)} lengths, {wrong} wrong")
    return 1 if wrong or len(rows) < 200 else 0


if __name__ == "__main__":
    sys.exit(main())
