"""Two small lists of movements from the sample, the second a restatement of the first: masses changed, a shipment and a container
gone, one incomplete, one moved to the next month, one new."""
import csv
import datetime
import pathlib
import random
from collections import defaultdict

MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def later(rows, days):
    for row in rows:
        for column in ("departed_at", "arrived_at"):
            if row[column]:
                try:
                    moment = datetime.datetime.strptime(row[column], MOMENT)
                except ValueError:
                    continue
                row[column] = (moment + datetime.timedelta(days=days)).strftime(MOMENT)
    return rows


def copies(rows):
    return [dict(row) for row in rows]


def write(path, columns, shipments):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for rows in shipments.values():
            writer.writerows(rows)


def movements(sample, seed, folder, count=22):
    """Writes first.csv and second.csv."""
    rng = random.Random(seed)
    with open(sample, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns, rows = reader.fieldnames, list(reader)
    by_bill = defaultdict(list)
    for row in rows:
        by_bill[row["shipment_id"]].append(row)
    bills = sorted(bill for bill, own in by_bill.items() if bill and all(row["cargo_mass_kg"].isdigit() for row in own))
    picked = rng.sample(bills, count)
    # A mass that is no number: the row is rejected and its shipment incomplete.
    first = {bill: copies(by_bill[bill]) for bill in picked}
    several = [bill for bill in picked if len({row["container_id"] for row in first[bill]}) > 1]
    single = [bill for bill in picked if bill not in several]
    first[picked[0]][0]["cargo_mass_kg"] = "unknown"
    for row in first[single[0]]:
        row["container_id"] = ""
    for row in first[single[1]]:
        row["container_type"] = "ZZZZ"
    for bill in picked[1:4]:
        later(first[bill], 31)
    second = {bill: copies(rows) for bill, rows in first.items()}
    changed = rng.sample(picked, count // 2)
    for bill in changed:
        for row in second[bill]:
            if row["cargo_mass_kg"].isdigit():
                mass = str(int(row["cargo_mass_kg"]) + rng.randint(-900, 900))
                for column in ("cargo_mass_kg", "container_cargo_mass_kg"):
                    if row[column]:
                        row[column] = mass
    quiet = [bill for bill in picked[4:] if bill not in single[:2]]
    del second[quiet[0]]
    second[quiet[1]][-1]["cargo_mass_kg"] = "unknown"
    later(second[quiet[2]], 31)
    for bill in several:
        if bill not in quiet[:3]:
            gone = second[bill][0]["container_id"]
            second[bill] = [row for row in second[bill] if row["container_id"] != gone]
            break
    new = next(bill for bill in bills if bill not in picked)
    second[new] = copies(by_bill[new])
    folder = pathlib.Path(folder)
    write(folder / "first.csv", columns, first)
    write(folder / "second.csv", columns, second)
