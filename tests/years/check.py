#!/usr/bin/env python3
"""`year-over-year` and `track` against an independent twin: the example of docs/years.md and docs/targets.md, and the shipped sample.

usage: check.py BINARY SAMPLE_OUT LARGE_OUT      needs pyarrow. Last line: N passed, N failed
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
from fractions import Fraction as F

import pyarrow.parquet as pq

import goals
import twin

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples/years"


class Checks:
    def __init__(self, binary):
        self.binary, self.passed, self.failed = binary, 0, 0

    def that(self, name, found, wanted):
        if found == wanted:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{name}: found {found}, wanted {wanted}")

    def run(self, *words, expect=0):
        done = subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True)
        self.that(f"{words[0]}: exit code", done.returncode, expect)
        return done.stdout if expect == 0 else done.stderr


def table(path):
    found = pq.read_table(path)
    texts = [n for n, t in zip(found.column_names, found.schema.types) if str(t) == "string"]
    figures = [n for n in found.column_names if n not in texts]
    return {tuple(row[t] for t in texts): [int(F(row[f]) * twin.MICRO) for f in figures] for row in found.to_pylist()}


def against_twin(checks, name, to, base, new, breaks=None):
    drivers, exact, lanes = twin.years(base, new, breaks)
    checks.that(f"{name}: drivers", table(to / "drivers.parquet"), drivers)
    checks.that(f"{name}: lanes", table(to / "lanes.parquet"), lanes)
    for sheet in ("drivers", "lanes"):
        of_csv = (to / f"{sheet}.csv").read_text().splitlines()
        checks.that(f"{name}: rows of {sheet}.csv", len(of_csv) - 1, len(table(to / f"{sheet}.parquet")))
    return exact


def example(checks, folder):
    """The worked example: parts known by hand, restatement, what is refused."""
    then, today, new = folder / "then", folder / "today", folder / "new"
    checks.run("run", EXAMPLE / "then.toml", "--out", then)
    checks.run("run", EXAMPLE / "run.toml", "--movements", EXAMPLE / "2025.csv", "--out", today)
    checks.run("run", EXAMPLE / "run.toml", "--out", new)
    to = folder / "tables"
    words = ["year-over-year", "--base", then, "--new", new, "--to", to]
    said = json.loads(checks.run(*words, "--restated", today, "--format", "json"))
    checks.that("published", said["base"]["ghg_kg"], "48600.000000000")
    checks.that("restatement", said["restated"]["causes"]["corrections"], "-600.000000000")
    group = said["rows"][0]["exact_of_group"]
    wanted = {"activity_kg": F(26000, 3), "mode_mix_kg": F(-112100, 15), "intensity_kg": F(-79000, 30)}
    checks.that("parts of the worked example", {name: F(text) for name, text in group.items()}, wanted)
    checks.that("parts in micrograms", said["parts"]["activity_kg"], "8666.666666667")
    checks.that("all of the intensity is the year of the factor", said["parts"]["of_which_factor_year_kg"], said["parts"]["intensity_kg"])
    checks.that("twin of the worked example", against_twin(checks, "example", to, today / "latest", new / "latest"), {("to-the-sea", "laden", "sfd"): list(wanted.values())})
    restated = table(to / "restatement.parquet")
    checks.that("restatement by mode", {key[3]: row[2] for key, row in restated.items()}, {"road": 0, "rail": -600 * twin.MICRO})
    unknown = json.loads(checks.run(*words, "--format", "json"))
    checks.that("restatement unknown", (unknown["restated"], unknown["notes"][0].startswith("restatement unknown")), (None, True))
    against_twin(checks, "without a restated run", to, then / "latest", new / "latest")
    same = checks.run(*words, "--restated", then, expect=2)
    checks.that("a base is not its own restatement", "is the base itself" in same and "another library" in same, True)
    said = json.loads(checks.run("year-over-year", "--base", today, "--new", new, "--restated", today, "--to", folder / "itself", "--format", "json"))
    checks.that("restated by itself is told", sum("right only if the library has not changed" in note for note in said["notes"]), 1)
    gaps = folder / "gaps.csv"
    text = (EXAMPLE / "2025.csv").read_text()
    gaps.write_text(text + "".join(line.replace("A-", "Z-").replace("2025-01", "2025-04") + "\n" for line in text.splitlines()[1:3]))
    checks.run("run", EXAMPLE / "run.toml", "--movements", gaps, "--out", folder / "gaps")
    said = json.loads(checks.run("year-over-year", "--base", folder / "gaps", "--new", new, "--to", folder / "with-gaps", "--format", "json"))
    lines = list(csv.DictReader(gaps.open()))
    there = {line["departed_at"][:7] for line in lines}
    wanted = [f"2025-{month:02}" for month in range(int(min(there)[5:]), int(max(there)[5:]) + 1) if f"2025-{month:02}" not in there]
    told = [note for note in said["notes"] if note.startswith("months of the base without a shipment: ")]
    checks.that("missing months are named", [note.split(": ")[1].split(";")[0].split(", ") for note in told], [wanted] if wanted else [])
    other = checks.run(*words, "--restated", new, expect=2)
    checks.that("other movements are refused", "not of the movements of the base run" in other and '"A-rail-01"' in other, True)


def method_break(checks, folder):
    """An edition that says so in sources.csv: what its year changes is no progress."""
    library = folder / "library"
    for file in sorted((EXAMPLE / "library").rglob("*")):
        if file.is_file():
            copy = library / file.relative_to(EXAMPLE / "library")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text().replace("Factors of 2026,", "Factors of 2026 (train: method break),"))
    runs = {}
    for name, year in (("a", 2025), ("b", 2026)):
        runs[name] = folder / name
        checks.run("run", EXAMPLE / "run.toml", "--factors", library, "--movements", EXAMPLE / f"{year}.csv", "--out", runs[name])
    to = folder / "broken"
    said = json.loads(checks.run("year-over-year", "--base", runs["a"], "--new", runs["b"], "--to", to, "--format", "json"))
    by_mode = {row["mode"]: row["parts"] for row in said["rows"]}
    checks.that("no break by road", by_mode["road"]["of_which_method_break_kg"], "0.000000000")
    checks.that("a break by rail", by_mode["rail"]["of_which_method_break_kg"], by_mode["rail"]["intensity_kg"])
    against_twin(checks, "method break", to, runs["a"] / "latest", runs["b"] / "latest", {"made/2026": "train"})


def sample(checks, folder, one, other):
    to = folder / "sample"
    said = json.loads(checks.run("year-over-year", "--base", one, "--restated", one, "--new", other, "--to", to, "--format", "json"))
    checks.that("restated by itself", said["restated"]["restatement_kg"], "0.000000000")
    against_twin(checks, "sample", to, one / "latest", other / "latest")
    parts = said["parts"]
    sums = sum(F(parts[name]) for name in ("activity_kg", "mode_mix_kg", "intensity_kg", "without_activity_kg"))
    checks.that("sample: sum", sums, F(said["new"]["ghg_kg"]) - F(said["base"]["ghg_kg"]))
    back = json.loads(checks.run("year-over-year", "--base", other, "--new", one, "--to", folder / "back", "--format", "json"))
    turned = [abs(F(back["parts"][name]) + F(parts[name])) for name in ("activity_kg", "mode_mix_kg", "intensity_kg")]
    checks.that("sample: the way back is the opposite", max(turned) < F(1, 10**6), True)


def same_targets(checks, name, said, wanted):
    ratio = lambda figure: None if figure is None else F(figure["exact"])
    found = {}
    for t in said["targets"]:
        lines = [(y["year"], ratio(y["actual"]), ratio(y["required"]), ratio(y["gap"])) for y in t["years"]]
        today = ratio(t["base_today"]["value"])
        found[t["target"]] = (ratio(t["base"]["value"]), today, ratio(t["base_moves_by_percent"]), lines, ratio(t["overshoot"]), t["verdict"])
    for target in wanted:
        checks.that(f"{name}: {target}", found.get(target), wanted[target])
    checks.that(f"{name}: targets", len(found), len(wanted))


def targets(checks, folder):
    out = folder / "years"
    for words in (["then.toml"], ["run.toml", "--movements", EXAMPLE / "2025.csv"], ["run.toml"]):
        checks.run("run", EXAMPLE / words[0], *words[1:], "--out", out)
    run_of = lambda run: out / "runs" / run
    actual = goals.years(out / "latest")
    said = json.loads(checks.run("track", out, "--targets", EXAMPLE / "targets.csv", "--format", "json"))
    wanted = goals.tracked(EXAMPLE / "targets.csv", run_of, actual)
    same_targets(checks, "example", said, wanted)
    verdicts = {target: of[-1] for target, of in wanted.items()}
    checks.that("every verdict", set(verdicts.values()), {"on track", "off track", "cannot tell"})
    head = "target,metric,base_year,base_run,base_value,restated_run,curve,until,points,sector_activity\n"
    run = "02a2a7af86a2fc9c2bec"
    own = folder / "own.csv"
    own.write_text(
        head
        + f"a,g/t.km,2025,{run},,,convergence,,2025=50;2030=30;2050=10,2025=1000000;2050=2000000\n"
        + f"b,kg/TEU,2025,{run},,8f9fb1cf549535a38bf3,convergence,,2025=600;2050=0,\n"
        + "c,g/t.km,2020,,41.5,,china_2030,,,\nd,g/t.km,2008,,60,,imo_2023_intensity,,,\n"
        + "e,kg,2008,,40000,,imo_2023_striving,,,\n"
    )
    said = json.loads(checks.run("track", out, "--targets", own, "--format", "json"))
    same_targets(checks, "curves", said, goals.tracked(own, run_of, actual))
    faults = {
        f"a,kg,2025,{run},,,,,2030=1,": "curve",
        f"a,kg,2025,{run},,,imo_2023,,,": "2008",
        f"a,tonnes,2025,{run},,,linear,,2030=1,": "metric",
        f"a,kg,2025,{run},7,,linear,,2030=1,": "base_value",
        f"a,kg,2025,{run},,,linear,,2030=1;2029=2,": "points",
        f"a,kg,2024,{run},,,linear,,2030=1,": "2024",
        f"a,kg,2025,{run},,,linear,,2030=-1,": "points",
        "a,kg,2025,,-5,,linear,,2030=1,": "base_value",
        "a,share of rail and water,2025,,60,,linear,,2030=101,": "100 % at most",
        "a,share of rail and water,2025,,160,,linear,,2030=70,": "100 % at most",
        "a,share of rail and water,2025,,60,,tabulated,,2026=200%,": "100 % at most",
    }
    for row, named in faults.items():
        own.write_text(head + row + "\n")
        checks.that(f"fault: {row}", named in checks.run("track", out, "--targets", own, expect=2), True)
    own.write_text("target,metric,base_year,base_value,structural_change,curve,points\nz,kg,2025,0,1000,linear,2030=0\n")
    said = json.loads(checks.run("track", out, "--targets", own, "--format", "json"))["targets"][0]
    checks.that("a base of 0 that moves must be restated", (said["verdict"], said["base_must_be_restated"]), ("cannot tell", True))
    own.write_text(f"target,metric,base_year,base_run,restated_run,curve,points\nz,kg,2025,{run},{run},linear,2030=0\n")
    checks.that("track: a base is not its own restatement", "is the base itself" in checks.run("track", out, "--targets", own, expect=2), True)


def main():
    checks = Checks(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        example(checks, folder)
        method_break(checks, folder)
        targets(checks, folder)
        sample(checks, folder, pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve())
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
