#!/usr/bin/env python3
"""The planner's page in a real browser, against the command.

    python tests/browser/planner.py BINARY OUT [SCREENSHOTS]

Starts `BINARY serve OUT`, asks in headless Chromium, moves each slider and each choice, and compares the figures that the page shows with
the JSON of `BINARY compare`. No console error, nothing wider than the window at two widths, both schemes. With SCREENSHOTS, pictures
for a look are kept there.

Needs playwright and Chromium (in $CHROMIUM or on the path), and `green-corridor-server` beside BINARY.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.parse
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


def command_of(binary, address):
    """The words of the command that asks what an address asks, and its answer."""
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
    words = [binary, "compare", asked.pop("from"), asked.pop("to"), "--format", "json"]
    for key, value in asked.items():
        words += ["--refrigerated"] if key == "refrigerated" else ["--" + key.replace("_", "-"), value]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


class Planner:
    def __init__(self, page, binary):
        self.page, self.binary = page, binary

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
        found = int(self.page.inner_text("#said").split()[0])
        equal(found, len(options), f"{what}: options")
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
            for name, width, scheme in [("desktop", 1400, "light"), ("phone", 390, "light"), ("dark", 1400, "dark"), ("phone-dark", 390, "dark")]:
                context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
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
                    page.screenshot(path=str(pictures / f"planner-{name}.png"))
                if name == "desktop":
                    walk(page, planner, first)
                equal(faults, [], f"{name}: console")
                context.close()
            chromium.close()
    finally:
        server.terminate()
        code = server.wait(timeout=30)
    equal(code, 0, "exit code")
    print(f"planner.py: {checks} checks passed")


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
