#!/usr/bin/env python3
"""The planner's page in a real browser, against the command.

    python tests/browser/planner.py BINARY OUT [SCREENSHOTS]

Starts `BINARY serve OUT`, asks in headless Chromium, moves each slider and each choice, and compares the figures that the page shows with
the JSON of `BINARY compare`. No console error, nothing wider than the window at two widths, both schemes, two languages. With SCREENSHOTS,
pictures for a look are kept there. With MOST_MS in the environment, the median time of an answer must be below it.

Needs playwright and Chromium (in $CHROMIUM or on the path), and `green-corridor-server` beside BINARY.
"""

import json
import os
import shutil
import subprocess
import statistics
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise SystemExit(f"planner.py: FAILED: {what}")


def equal(found, wanted, what):
    check(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


CHANGES = ["hvo", "methanol", "grid", "load", "load_mode"]


def command_of(binary, address):
    """The words of the command that asks what an address asks, and its answer. What is changed comes in the file that the page gives away."""
    parts = urllib.parse.urlsplit(address)
    asked = dict(urllib.parse.parse_qsl(parts.query))
    words = [binary, "compare", asked.pop("from"), asked.pop("to"), "--format", "json"]
    with tempfile.TemporaryDirectory() as folder:
        if any(name in asked for name in CHANGES):
            file = Path(folder) / "what-if.toml"
            file.write_bytes(urllib.request.urlopen(f"{parts.scheme}://{parts.netloc}/scenario.toml?{parts.query}").read())
            words += ["--scenario", str(file)]
        for key, value in asked.items():
            if key not in [*CHANGES, "beside", "lang"]:
                words += ["--refrigerated"] if key == "refrigerated" else ["--" + key.replace("_", "-"), value]
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


class Planner:
    def __init__(self, page, binary):
        self.page, self.binary, self.took = page, binary, []

    def settle(self):
        """Waits for the answer to what was asked last."""
        self.page.wait_for_timeout(250)
        self.page.wait_for_selector("#answer iframe:not(.coming)")
        for _ in range(100):
            if self.page.locator("#answer iframe").count() == 1 and self.page.locator("iframe.coming").count() == 0:
                return self.page.frame_locator("#answer iframe")
            self.page.wait_for_timeout(50)
        raise SystemExit("planner.py: FAILED: no answer")

    def compare(self, what):
        inside = self.settle()
        sheet = command_of(self.binary, self.page.url)
        options = sheet["options"]
        equal(int(self.page.get_attribute("#said", "data-count")), len(options), f"{what}: options")
        self.took.append(int(self.page.get_attribute("#said", "data-took")))
        totals = inside.locator(".bars li").evaluate_all("bars => bars.map(bar => [bar.dataset.option, bar.dataset.total])")
        wanted = [[option["id"], option["ghg_total_kg"]] for option in options]
        equal(sorted(totals), sorted(wanted), f"{what}: kg CO2e")
        check(inside.locator("svg.map polyline").count() > 0, f"{what}: a map")
        equal(inside.locator("svg.scatter .dot").count(), sum(option["days"] is not None for option in options), f"{what}: dots")
        return sheet

    def set(self, name, value):
        field = self.page.locator(f"[name={name}]")
        field.evaluate("(field, value) => { field.value = value; field.dispatchEvent(new Event('input', {bubbles: true})); field.dispatchEvent(new Event('change', {bubbles: true})); }", value)


def main():
    binary, out = (str(Path(argument).absolute()) for argument in sys.argv[1:3])
    pictures = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    browser = os.environ.get("CHROMIUM") or next((p for p in map(shutil.which, BROWSERS) if p), None)
    if browser is None:
        print("planner.py: 0 checks; skipped (Chromium is missing)")
        return
    server = subprocess.Popen([binary, "serve", out, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        base = server.stdout.readline().split()[-1]
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            looks = [(width, scheme, language) for language in ["en", "zh"] for scheme in ["light", "dark"] for width in [1400, 390]]
            for width, scheme, language in looks:
                name = f"{language}-{scheme}-{width}"
                locale = {"en": "en-GB", "zh": "zh-CN"}[language]
                context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale)
                page, faults = context.new_page(), []
                page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
                page.on("pageerror", lambda fault: faults.append(str(fault)))
                page.goto(f"{base}/?from=CNCKG&to=SGSIN&depart=2026-06-01&cargo_kg=12000")
                planner = Planner(page, binary)
                first = planner.compare(name)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                check(wide <= 0, f"{name}: {wide} px wider than the window")
                if pictures:
                    pictures.mkdir(parents=True, exist_ok=True)
                    page.screenshot(path=str(pictures / f"planner-{name}.png"), full_page=True)
                equal(page.inner_text("h1"), {"en": "Route planner", "zh": "路线规划"}[language], f"{name}: language")
                if name == "en-light-1400":
                    walk(page, planner, first)
                    change(page, planner, base)
                    look(page, planner)
                    took = statistics.median(planner.took)
                    print(f"planner.py: {len(planner.took)} answers, {took} ms in the median, {max(planner.took)} ms at most")
                    check(took < int(os.environ.get("MOST_MS", "2000")), f"{took} ms in the median")
                for path, picture in [("/runs", "runs"), (runs_of(page, base), "run"), (corridor_of(page, base), "corridor")]:
                    page.goto(f"{base}{path}")
                    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                    check(wide <= 0, f"{name}: {picture}: {wide} px wider than the window")
                    if pictures:
                        page.screenshot(path=str(pictures / f"{picture}-{name}.png"))
                equal(faults[:3], [], f"{name}: console")
                context.close()
            chromium.close()
    finally:
        server.terminate()
        code = server.wait(timeout=30)
    equal(code, 0, "exit code")
    print(f"planner.py: {checks} checks passed")


def runs_of(page, base):
    page.goto(f"{base}/runs")
    return page.get_attribute("tbody a", "href")


def corridor_of(page, base):
    page.goto(f"{base}{runs_of(page, base)}/corridors")
    return page.get_attribute("tbody a", "href")


def change(page, planner, base):
    """What-ifs, several boxes, a day of arrival, addresses that ask for more than the sliders have."""
    page.goto(f"{base}/?from=CNCKG&to=SGSIN&depart=2026-06-01")
    plain = planner.compare("plain")
    check(page.is_hidden("#scenario"), "a what-if file without a what-if")
    page.check("[name=hvo]")
    told = planner.compare("HVO")
    check(told["scenario"]["rows"] and told["options"] != plain["options"], "HVO changes nothing")
    check(page.is_visible("#scenario"), "no what-if file")
    page.check("[name=methanol]")
    planner.compare("HVO and methanol")
    page.check("#grid-on")
    planner.compare("grid")
    planner.set("grid", "100")
    equal(planner.compare("grid 100")["scenario"]["title"], "trucks on HVO, ships on methanol, grid at 100 g", "title")
    for name in ["[name=hvo]", "[name=methanol]", "#grid-on"]:
        page.uncheck(name)
    planner.set("load", "120")
    planner.set("load_mode", "sea")
    check(planner.compare("load 120 by sea")["options"] != plain["options"], "the load changes nothing")
    planner.set("load", "100")
    equal(planner.compare("load as it is")["options"], plain["options"], "load as it is")
    planner.set("boxes", "3")
    equal(planner.compare("3 boxes")["request"]["boxes"], 3, "boxes")
    planner.set("boxes", "")
    planner.set("box_share", "0.25")
    planner.set("cargo_kg", "3000")
    planner.compare("a part of a box")
    planner.set("box_share", "")
    planner.set("depart", "")
    planner.set("arrive_by", "2026-08-01")
    equal(planner.compare("arrive by")["request"]["arrive_by"], "2026-08-01", "arrive by")
    # Further than the sliders go: they are made longer, and say so.
    page.goto(f"{base}/?from=CNCKG&to=SGSIN&depart=2026-06-01&options=40&max_days=120&carbon_price=512.5&currency=JPY&container=40HC")
    sheet = planner.compare("a far address")
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))
    equal([asked[name] for name in ["options", "max_days", "carbon_price", "currency", "container"]], ["40", "120", "512.5", "JPY", "40HC"], "a far address")
    equal(float(sheet["request"]["max_days"]), 120, "120 days")
    check("120" in page.inner_text("#wider") and "40" in page.inner_text("#wider"), page.inner_text("#wider"))
    # What the form cannot hold is not passed over.
    for word in ["options=x", "max_days=x", "depart=x", "objective=speed", "modes=camel", "shipments=3", "hvo=yes", "cargo_kg=heavy", "load_mode=camel"]:
        page.goto(f"{base}/?from=CNCKG&to=SGSIN&{word}")
        page.wait_for_selector("#wrong:not([hidden])")
        check(word.split("=")[1] in page.inner_text("#wrong"), f"{word}: {page.inner_text('#wrong')}")
        equal(page.locator("#answer iframe").count(), 0, f"{word}: an answer")


def look(page, planner):
    """The map by button, key and hand; questions side by side; the other language."""
    base = page.url.split("/?")[0]
    page.goto(f"{base}/?from=CNCKG&to=SGSIN&depart=2026-06-01")
    planner.compare("for a look")
    inside = page.frame_locator("#answer iframe")
    box = lambda: [float(part) for part in inside.locator("svg.map").get_attribute("viewBox").split()]
    whole = box()
    inside.locator(".zoom [value=in]").click()
    near = box()
    check(abs(near[2] * 1.5 - whole[2]) < 1 and near[0] > 0, f"zoom: {near}")
    inside.locator("svg.map").press("ArrowRight")
    check(box()[0] > near[0], f"arrow: {box()}")
    inside.locator("svg.map").press("+")
    check(box()[2] < near[2], f"plus: {box()}")
    place, before = inside.locator("svg.map").bounding_box(), box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] / 2 - 60, place["y"] + place["height"] / 2 - 20, steps=4)
    page.mouse.up()
    check(box()[0] > before[0] and box()[1] > before[1], f"drag: {before} {box()}")
    inside.locator("svg.map").press("0")
    equal(box()[2:], whole[2:], "whole map")
    equal(inside.locator(".zoom [value=whole]").get_attribute("aria-disabled"), "true", "nothing to zoom out of")
    # Side by side, in the address too.
    page.click("#keep")
    page.check("[name=hvo]")
    planner.compare("beside")
    page.click("#keep")
    page.locator("#beside tbody tr:nth-child(2) td:nth-child(4)").wait_for()
    tile = inside.locator(".tiles li strong").first.inner_text()
    check(" ".join(tile.split()) in page.inner_text("#beside tbody tr:nth-child(2)"), page.inner_text("#beside"))
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.locator("#beside tbody tr:nth-child(2) td:nth-child(4)").wait_for()
    planner.settle()
    page.click("#beside tbody tr:nth-child(1) button")
    equal(page.locator("#beside tbody tr").count(), 1, "taken away")
    equal(page.url.count("beside="), 1, "taken away from the address")
    page.click("#language")
    planner.settle()
    equal(page.inner_text("h1"), "路线规划", "Chinese")
    check("hvo=1" in page.url and page.is_checked("[name=hvo]"), page.url)
    page.goto(f"{base}/runs")
    equal(page.inner_text("h1"), "运行", "the language stays")
    page.click("#language")
    equal(page.inner_text("h1"), "Runs", "English again")


def walk(page, planner, first):
    for name, value in [("carbon_price", "100"), ("max_days", "20"), ("options", "3"), ("objective", "days"), ("cargo_kg", "7250.5"), ("container", "22G1")]:
        planner.set(name, value)
        sheet = planner.compare(f"{name} {value}")
        check(sheet["request"] != first["request"], f"{name}: the question did not change")
        first = sheet
    page.uncheck("[data-list=modes][value=air]")
    sheet = planner.compare("without air")
    check(all("air" not in option["modes"] for option in sheet["options"]), "without air")
    # An address reproduces its question.
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    equal(planner.compare("the link")["options"], sheet["options"], "the link")
    equal(page.url, address, "the address")
    # By keyboard and name: suggestions, a choice, the other way round.
    page.fill("[name=from]", "")
    page.locator("[name=from]").press_sequentially("singap", delay=20)
    page.wait_for_selector("#from-places option[value=SGSIN]", state="attached")
    page.fill("[name=from]", "SGSIN")
    page.fill("[name=to]", "CNSHA")
    page.press("[name=to]", "Tab")
    equal(planner.compare("Shanghai")["request"]["to"], "CNSHA", "to")
    page.click("#turn")
    equal(planner.compare("turned")["request"]["from"], "CNSHA", "from")
    page.check("[data-list=closed][value=malacca]")
    equal(planner.compare("malacca closed")["request"]["avoid"], ["malacca"], "avoid")


if __name__ == "__main__":
    main()
