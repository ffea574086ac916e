#!/usr/bin/env python3
"""The report's page in a real browser, against the Parquet that it reports on.

    python tests/browser/report.py BINARY RUN_FILE FOLDER [SCREENSHOTS]

Runs BINARY on RUN_FILE, writes the report into FOLDER, opens the page in headless Chromium without a network and checks: no
console error, no request, charts present, figures equal the published tables, the search and the calculation sheets, the
keyboard, no sideways scrolling at phone width, the dark scheme, print. The workbook is read back too. With SCREENSHOTS, pictures for a look are kept there.

Needs playwright, pyarrow, openpyxl and Chromium (in $CHROMIUM or on the path).
"""

import csv
import decimal
import glob
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
from playwright.sync_api import sync_playwright

BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise SystemExit(f"report.py: FAILED: {what}")


def equal(found, wanted, what):
    check(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


def browser_path():
    return os.environ.get("CHROMIUM") or next((p for p in map(shutil.which, BROWSERS) if p), None)


def table_of(page, caption):
    """Rows of the first table with this caption, as the texts that a reader can copy."""
    return page.evaluate(
        """(caption) => {
            const table = [...document.querySelectorAll('table')].find(t => t.caption && t.caption.textContent === caption);
            return table && [...table.rows].map(row => [...row.cells].map(cell => cell.textContent));
        }""",
        caption,
    )


class Published:
    """The tables of a run, read with a library that is not ours."""

    def __init__(self, folder):
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_text())

    def table(self, name):
        single = self.folder / f"{name}.parquet"
        parts = [single] if single.exists() else sorted(glob.glob(str(self.folder / name / "*.parquet")))
        return pq.read_table(parts)


def plain(value):
    return format(value, "f")


def sums(table, key):
    """Exact sums of the figures by one column."""
    out = {}
    columns = ["transport_activity_tkm", "ghg_operation_kg", "ghg_provision_kg", "ghg_total_kg"]
    for row in table.select([key, *columns]).to_pylist():
        known = out.setdefault(row[key] or "", [0] + [decimal.Decimal(0)] * 4)
        known[0] += 1
        for at, column in enumerate(columns, 1):
            known[at] += row[column]
    return out


def check_figures(page, published):
    elements, shipments, corridors = (published.table(t) for t in ["elements", "shipments", "corridors"])
    total = sum(elements["ghg_total_kg"].to_pylist())
    tiles = page.eval_on_selector_all(".tiles strong .n", "all => all.map(n => n.textContent)")
    equal(tiles[0], plain(total), "total on the page")
    equal(tiles[5], str(shipments.num_rows), "shipments on the page")
    for caption, column, worded in [
        ("Modes and hubs", "mode", True),
        ("Data categories", "data_category", False),
    ]:
        rows = table_of(page, caption)
        wanted = {k.replace("_", " ") if worded else k: v for k, v in sums(elements, column).items()}
        equal({r[0] for r in rows[1:-1]}, set(wanted), f"keys of {caption}")
        for row in rows[1:-1]:
            count, *figures = wanted[row[0]]
            equal(row[1:6], [str(count), *map(plain, figures)], f"{caption}, {row[0]}")
        equal(rows[-1][5], plain(total), f"closing row of {caption}")
    for row in table_of(page, "Countries")[1:-1]:
        wanted = sums(published.table("corridor_sections"), "country_pair")[row[0]]
        equal(row[5], plain(wanted[4]), f"country pair {row[0]}")
    by_corridor = sums(corridors, "corridor_id")
    rows = table_of(page, "Corridors")
    equal(len(rows) - 2, len(by_corridor), "corridors on the page")
    for row in rows[1:-1]:
        equal(row[9], plain(by_corridor[row[0]][4]), f"corridor {row[0]}")
    flags = {}
    for row in elements.select(["quality_flags"]).to_pylist():
        for flag in filter(None, row["quality_flags"].split("|")):
            flags[flag] = flags.get(flag, 0) + 1
    equal({r[0]: int(r[2]) for r in table_of(page, "Quality flags")[1:]}, flags, "flags")
    codes = {}
    for row in table_of(page, "Rejected rows")[1:]:
        codes[row[0]] = codes.get(row[0], 0) + int(row[3])
    equal(codes, published.manifest["counts"]["rejected_by_code"], "rejected rows by code")
    used = sums(published.table("factors"), "factor_id")
    equal({r[0]: r[7] for r in table_of(page, "Factors used")[1:]}, {k: plain(v[4]) for k, v in used.items()}, "factors")


def check_search(page, published):
    rows = published.table("shipments").to_pylist()
    largest = max(rows, key=lambda r: (r["ghg_total_kg"], [-b for b in r["shipment_id"].encode()]))
    smallest = min(rows, key=lambda r: r["ghg_total_kg"])
    for row in [largest, smallest]:
        page.fill("#wanted", row["shipment_id"].lower())
        page.wait_for_function("id => document.querySelector('#found tbody td button')?.textContent === id", arg=row["shipment_id"])
        cells = page.eval_on_selector_all("#found tbody tr:first-child td", "all => all.map(c => c.textContent)")
        wanted = ["ghg_total_kg", "ghg_operation_kg", "ghg_provision_kg", "transport_activity_tkm"]
        equal(cells[1:5], [plain(row[c]) for c in wanted], f"found figures of {row['shipment_id']}")
    corridor = largest["corridor_id"]
    page.fill("#wanted", corridor)
    count = sum(corridor in (r["corridor_id"] + " " + r["shipment_id"]) for r in rows)
    page.wait_for_function("n => document.getElementById('count').textContent.startsWith(n + ' of ')", arg=str(count))
    page.fill("#wanted", "no-such-shipment")
    page.wait_for_function("() => document.getElementById('count').textContent.startsWith('0 of ')")

    # A sheet on the page, opened with the keyboard alone.
    page.fill("#wanted", largest["shipment_id"])
    page.wait_for_function("id => document.querySelector('#found tbody td button')?.textContent === id", arg=largest["shipment_id"])
    page.focus("#found tbody td button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sheet:not([hidden])")
    text = page.inner_text("#sheet")
    check(plain(largest["ghg_total_kg"]) in page.text_content("#sheet"), "the sheet shows the published total")
    equal(page.locator("#sheet > details").count(), largest["elements"], "elements of the sheet")
    check("Calculation" in text, "the sheet of the largest shipment is on the page")
    page.keyboard.press("Escape")
    check(page.is_hidden("#sheet"), "Escape closes the sheet")
    # One without a sheet gives the command.
    other = sorted(rows, key=lambda r: r["ghg_total_kg"])[len(rows) // 2]
    page.fill("#wanted", other["shipment_id"])
    page.wait_for_function("id => document.querySelector('#found tbody td button')?.textContent === id", arg=other["shipment_id"])
    page.click("#found tbody td button")
    shown = page.text_content("#sheet")
    command = f"green-corridor explain OUT '{other['shipment_id']}' {published.manifest['run_id']}"
    check(command in shown or "Calculation" in shown, "a shipment has its sheet or the command for it")
    page.keyboard.press("Escape")
    page.click(".open[data-at='0']")
    check(largest["shipment_id"] in page.inner_text("#sheet h3"), "a bar opens its shipment")
    page.keyboard.press("Escape")


def check_looks(page, pictures):
    for name, width, scheme in [("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", 375, "light"), ("phone-dark", 375, "dark")]:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="screen", color_scheme=scheme)
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        check(wide <= 0, f"{name}: the page is {wide} pixels wider than its window")
        ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        equal(ground, "rgb(20, 23, 26)" if scheme == "dark" else "rgb(255, 255, 255)", f"{name}: ground")
        if pictures:
            page.screenshot(path=str(Path(pictures) / f"{name}.png"), full_page=False)
            for section in ["corridors", "quality", "shipments", "method"]:
                page.locator(f"#{section}").scroll_into_view_if_needed()
                page.evaluate("id => document.getElementById(id).scrollIntoView()", section)
                page.screenshot(path=str(Path(pictures) / f"{name}-{section}.png"))
            page.evaluate("() => scrollTo(0, 0)")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(media="print", color_scheme="light")
    check(page.is_hidden("#search") and page.is_hidden("nav"), "print has no search and no navigation")
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    check(paper.startswith(b"%PDF") and len(paper) > 20_000, "the page prints")
    if pictures:
        (Path(pictures) / "print.pdf").write_bytes(paper)
    page.emulate_media(media="screen", color_scheme="light")


def check_charts(page):
    for form in ["waterfall", "stacked", "strip"]:
        check(page.locator(f"figure.{form}").count() > 0, f"a chart of the form {form}")
    check(page.locator("figure.waterfall rect").count() >= 3, "the waterfall has bars")
    # The sample is one month, which no line can show.
    intensity = page.locator("figure", has_text="Emission intensity by month: 2025-03")
    check(intensity.locator("rect").count() > 5, "the intensity of one month as bars")
    points = page.eval_on_selector_all("#points li", "all => all.map(li => li.textContent)")
    check(len(points) == 5, f"key points: {points}")
    documented = (Path(__file__).parents[2] / "docs/report.md").read_text().splitlines()
    check(set(points) <= set(documented), f"docs/report.md has other key points than {points}")
    widths = page.eval_on_selector_all("figure.stacked rect", "all => all.map(r => r.getBoundingClientRect().width)")
    check(max(widths) > 50, "bars are drawn")


def check_workbook(path, published):
    """Every cell a value, never a formula; figures equal the tables."""
    book = openpyxl.load_workbook(path)
    names = ["Summary", "Modes and hubs", "Corridors", "Corridors by month", "Sections by month", "Quality flags", "Rejected rows", "Shipments", "Factors used", "Method", "Excluded", "Digests"]
    check(set(names) <= set(book.sheetnames), f"sheets of the workbook: {book.sheetnames}")
    for sheet in book:
        for row in sheet.iter_rows():
            check(all(cell.data_type in "sn" for cell in row), f"{sheet.title}: a cell that is neither text nor number")
    sheet = book["Shipments"]
    heads = [cell.value for cell in sheet[4]]
    rows = published.table("shipments").to_pylist()
    by_id = {r["shipment_id"]: r for r in rows}
    at = next(i for i, h in enumerate(heads) if h in ("total kg CO2e", "total kg CO2e, exact"))
    equal(sheet.max_row - 4, len(rows), "shipments in the workbook")
    for row in sheet.iter_rows(min_row=5, values_only=True):
        wanted = by_id[row[0]]["ghg_total_kg"]
        found = decimal.Decimal(row[at]) if isinstance(row[at], str) else decimal.Decimal(repr(row[at]))
        equal(found, wanted, f"workbook, total of {row[0]}")


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "=HYPERLINK(1)",
    "-2+3",
    "A\u202eB\u2066C",
    "it's \\ & \"double\"",
    "__proto__",
]
INERT = str.maketrans({"\u202e": "\ufffd", "\u2066": "\ufffd"})


def check_hostile(binary, run_file, folder, executable):
    """Ids that a page or a spreadsheet could obey: they are shown as they are, found, opened, and do nothing."""
    folder.mkdir(parents=True)
    out, movements = folder / "out", folder / "movements.csv"
    with movements.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow("movement_id shipment_id sequence mode carrier origin destination departed_at cargo_mass_kg teu evidence_ref".split())
        for at, text in enumerate(HOSTILE):
            rows.writerow([text, text, 1, "rail", text, "CNCKG", "CNQZH", f"2025-0{3 + at % 2}-01T00:00:00Z", 20000, 2, text])
    subprocess.run([binary, "run", run_file, "--movements", movements, "--out", out], check=True, capture_output=True)
    subprocess.run([binary, "report", out], check=True, capture_output=True)
    run_id = (out / "CURRENT").read_text().strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page()
        faults = []
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto((out / "report" / f"{run_id}.html").resolve().as_uri())
        page.wait_for_function("() => document.body.dataset.ready === 'yes'", timeout=60_000)
        shown = page.eval_on_selector_all("#found tbody tr td:first-child", "all => all.map(c => c.textContent)")
        equal(sorted(shown), sorted(t.translate(INERT) for t in HOSTILE), "hostile ids in the list")
        for at in range(len(HOSTILE)):
            page.locator("#found tbody button").nth(at).click()
            check("Calculation" in page.inner_text("#sheet"), f"the sheet of {shown[at]!r}")
            check(shown[at] in page.text_content("#sheet"), f"the sheet names {shown[at]!r}")
        # Two months: the intensity is drawn as lines, with a point per month and line.
        points = page.eval_on_selector_all("figure.lines circle", "all => all.map(c => Number(c.getAttribute('cx')))")
        check(len(points) >= 4 and len(set(points)) == 2, f"points of the lines: {points}")
        equal(page.locator("img").count(), 0, "images on the page")
        equal(faults, [], "console with hostile ids")
        browser.close()
    book = openpyxl.load_workbook(out / "report" / f"{run_id}.xlsx")
    cells = [cell for row in book["Shipments"].iter_rows(min_row=5, max_col=1) for cell in row]
    equal(sorted(c.value for c in cells), sorted(t.translate(INERT) for t in HOSTILE), "hostile ids in the workbook")
    check(all(c.data_type == "s" for c in cells), "an id in the workbook is not a text")
    quoted = {c.value for c in cells if c.quotePrefix}
    equal(quoted, {"=HYPERLINK(1)", "-2+3"}, "ids that are marked as text")


def main():
    binary, run_file, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    pictures = sys.argv[4] if len(sys.argv) > 4 else None
    executable = browser_path()
    if not executable:
        print("report.py: nothing checked, skipped (Chromium is missing)")
        return
    shutil.rmtree(folder, ignore_errors=True)
    out = folder / "out"
    subprocess.run([binary, "run", run_file, "--out", out], check=True, capture_output=True)
    subprocess.run([binary, "report", out], check=True, capture_output=True)
    run_id = (out / "CURRENT").read_text().strip()
    published = Published(out / "runs" / run_id)
    html, xlsx = (out / "report" / f"{run_id}.{ending}" for ending in ["html", "xlsx"])
    first = [html.read_bytes(), xlsx.read_bytes()]
    subprocess.run([binary, "report", out], check=True, capture_output=True)
    equal([html.read_bytes(), xlsx.read_bytes()], first, "the same run gives the same report")
    if pictures:
        Path(pictures).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page()
        faults, requests = [], []
        page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: requests.append(request.url) if not request.url.startswith("file:") else None)
        page.goto(html.resolve().as_uri())
        page.wait_for_function("() => document.body.dataset.ready === 'yes'", timeout=60_000)
        check_charts(page)
        check_figures(page, published)
        check_search(page, published)
        check_looks(page, pictures)
        equal(faults, [], "console")
        equal(requests, [], "requests")
        browser.close()
    check_workbook(xlsx, published)
    check_hostile(binary, run_file, folder / "hostile", executable)
    print(f"report.py: {checks} checks passed")


if __name__ == "__main__":
    main()
