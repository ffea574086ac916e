"""The pages of `compare` in headless Chromium: clicks, keys, scale, print, phone width, dark, no error, no request.

Usage: python3 tests/page/check_page.py PROGRAM [FOLDER FOR SCREENSHOTS]

Chromium alone is enough: a script put into a copy of the page acts as a reader would and writes what it saw into the page,
which `--dump-dom` hands back.
"""

import base64
import hashlib
import html
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUESTION = ["CNCKG", "SGSIN", "--depart", "2025-10-01", "--cargo-kg", "20000", "--carbon-price", "50", "--currency", "SGD"]

# Before anything else of the page: whatever goes wrong is kept.
EARS = """<script>
window.faults = [];
addEventListener("error", (e) => faults.push("error: " + e.message));
addEventListener("unhandledrejection", (e) => faults.push("rejection: " + e.reason));
document.addEventListener("securitypolicyviolation", (e) => faults.push("policy: " + e.blockedURI));
for (const kind of ["error", "warn"]) console[kind] = (...words) => faults.push(kind + ": " + words.join(" "));
</script>"""

HANDS = """<script>
addEventListener("load", () => {
  const seen = {};
  const all = (s) => Array.from(document.querySelectorAll(s));
  const one = (s) => document.querySelector(s);
  const chosen = () => all("[data-option].chosen").map((e) => e.dataset.option).filter((v, i, l) => l.indexOf(v) === i);
  const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  seen.options = all("#options tbody tr").length;
  seen.ways = all(".way").length;
  seen.lines = all(".way polyline").length;
  seen.land = one(".land").getAttribute("d").length;
  seen.dots = all(".dot").length;
  seen.segments = all(".bars .bar i").length;
  seen.none = chosen();
  one("#options button.pick[value='2']").click();
  seen.click = chosen();
  seen.pressed = all("button.pick[aria-pressed=true]").map((b) => b.value);
  seen.status = one("#status").textContent;
  seen.faded = getComputedStyle(one(".way:not(.chosen) polyline")).opacity;
  one("#options button.pick[value='2']").click();
  seen.again = chosen();
  one(".dot[data-option='3']").dispatchEvent(new MouseEvent("click", {bubbles: true}));
  seen.dot = chosen();
  press(one(".dot[data-option='1']"), "Enter");
  seen.enter = chosen();
  press(document.body, "Escape");
  seen.escape = chosen();
  const width = (id) => one(".bars li[data-option='" + id + "'] .bar").getBoundingClientRect().width;
  const scale = one("#scale");
  seen.beyond = all(".bars li.over").length;
  scale.value = scale.options[0].value;
  scale.dispatchEvent(new Event("change"));
  seen.within = all(".bars li.over").length;
  seen.small = width("1");
  scale.value = scale.options[scale.options.length - 1].value;
  scale.dispatchEvent(new Event("change"));
  seen.large = width("1");
  seen.over = all(".bars li.over").length;
  dispatchEvent(new Event("beforeprint"));
  seen.printed = all("details[open]").length;
  dispatchEvent(new Event("afterprint"));
  seen.closed = all("details[open]").length;
  seen.focusable = all("button, select, summary, [tabindex='0']").every((e) => { e.focus(); return document.activeElement === e; });
  seen.unnamed = all("button, [role=button], select").filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length)).length;
  // Names that cover each other cannot be read: those of the map as they are shown, those of the points.
  const shown = (s) => all(s).map((e) => [e.textContent, e.getBoundingClientRect()]).filter((e) => e[1].width > 0);
  const covered = (list) => list.flatMap((a, i) => list.slice(0, i).filter((b) =>
    Math.min(a[1].right, b[1].right) - Math.max(a[1].left, b[1].left) > 1 && Math.min(a[1].bottom, b[1].bottom) - Math.max(a[1].top, b[1].top) > 4
  ).map((b) => a[0] + " / " + b[0]));
  seen.names = shown(".names text").length;
  seen.covered = [...covered(shown(".names text")), ...covered(shown(".dot text.name"))];
  // Ends of the bars of cost as shares of their track; an option of which the cost is not known has none.
  seen.spans = all(".ranges li[data-option]").map((li) => {
    const [bar, track] = [li.querySelector("i"), li.querySelector(".track")].map((e) => e?.getBoundingClientRect());
    return bar ? [(bar.left - track.left) / track.width, (bar.right - track.left) / track.width, track.width] : null;
  });
  seen.bases = all(".ranges li[data-option]").map((li) => li.querySelector("i")?.className ?? null);
  seen.tile = all(".tiles li").map((e) => e.textContent).find((text) => text.includes("ost")) ?? "";
  seen.covered.push(...covered(shown(".ticks span")));
  seen.tall = Math.max(...all(".ranges li").map((e) => e.getBoundingClientRect().height));
  seen.ticks = shown(".ticks span").length;
  seen.sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  seen.ground = getComputedStyle(document.body).backgroundColor;
  seen.faults = faults;
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify(seen);
  document.body.append(out);
});
</script>"""


SCENARIO = """title = "No Suez, slower ships"
closed = ["suez"]
[[speed]]
mode = "sea"
ratio = "0.8"
"""

PAIRS_HANDS = """<script>
addEventListener("load", () => {
  const seen = {};
  const all = (s) => Array.from(document.querySelectorAll(s));
  seen.rows = all("#pairs tbody tr").map((row) => {
    const [bar, track] = ["i.span", ".track"].map((s) => row.querySelector(s)?.getBoundingClientRect());
    const link = row.querySelector("a");
    return {text: row.textContent, target: link ? document.querySelector(link.getAttribute("href")) !== null : null,
      span: bar ? [(bar.left - track.left) / track.width, (bar.right - track.left) / track.width, track.width] : null};
  });
  seen.sections = all("section").length;
  seen.ranges = all("section .ranges i").filter((e) => e.getBoundingClientRect().width > 0).length;
  seen.scenario = document.querySelector("header .scenario")?.textContent ?? "";
  seen.ids = new Set(all("[id]").map((e) => e.id)).size === all("[id]").length;
  seen.sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  seen.ground = getComputedStyle(document.body).backgroundColor;
  seen.faults = faults;
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify(seen);
  document.body.append(out);
});
</script>"""


def browser():
    return next((path for path in map(shutil.which, NAMES) if path), None)


def chromium(home, *arguments):
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={home}/profile"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=180, check=True)
    return done.stdout


def look(home, page, *arguments, hands=HANDS):
    """What the script saw on a copy of the page."""
    copy = home / "acted.html"
    text = page.read_text()
    head, rest = text.split("<title>", 1)
    # The page's own policy admits no script but the page's.
    if "script-src " not in head:
        head = head.replace("default-src 'none'", "default-src 'none'; script-src ")
    for script in (EARS, hands):
        code = script.removeprefix("<script>").removesuffix("</script>")
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        head = head.replace("script-src ", f"script-src 'sha256-{digest}' ")
    copy.write_text(head + EARS + "<title>" + rest.replace("</body>", hands + "</body>"))
    dom = chromium(home, *arguments, "--virtual-time-budget=5000", "--dump-dom", copy.as_uri())
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.S)
    assert found, "the script of the page did not come to its end"
    return json.loads(html.unescape(found.group(1)))


def check(seen, options):
    assert seen["faults"] == [], seen["faults"]
    assert seen["options"] == seen["ways"] == seen["dots"] == options, seen
    assert seen["lines"] >= options and seen["segments"] >= options and seen["land"] > 2000, seen
    assert seen["none"] == [] and seen["click"] == ["2"] and seen["again"] == [], seen
    assert set(seen["pressed"]) == {"2"} and seen["status"].startswith("Option 2: "), seen
    assert float(seen["faded"]) < 0.5, seen
    assert seen["dot"] == ["3"] and seen["enter"] == ["1"] and seen["escape"] == [], seen
    assert seen["large"] > 10 * seen["small"] > 0 and seen["over"] == options - 1, seen
    assert seen["beyond"] > 0 and seen["within"] == 0, seen
    assert seen["printed"] == options and seen["closed"] == 0, seen
    assert seen["focusable"] and seen["unnamed"] == 0, seen
    assert seen["names"] >= 4 and seen["covered"] == [], (seen["names"], seen["covered"])
    assert seen["sideways"] <= 0, "the page is wider than its window: only tables may scroll"


def check_costs(seen, options):
    """Each bar lies where its range does on one logarithmic scale, and nobody is called the cheapest who need not be."""
    ranges = [o["cost_range"]["freight"]["complete"] for o in options]
    assert [span is not None for span in seen["spans"]] == [r is not None for r in ranges], (seen["spans"], ranges)
    assert seen["bases"] == [r and o["cost_range"]["basis"] for o, r in zip(options, ranges)], seen["bases"]
    ends = [(math.log(float(r[end])), span[at]) for r, span in zip(ranges, seen["spans"]) if r for at, end in enumerate(("low", "high"))]
    assert len(ends) >= 4 and min(span[2] for span in filter(None, seen["spans"])) > 150, seen["spans"]
    (x0, y0), (x1, y1) = min(ends), max(ends)
    for x, y in ends:
        assert abs(y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y) < 0.02 and -0.01 < y < 1.01, (x, y)
    assert seen["ticks"] >= 2 and seen["tall"] < 70, (seen["ticks"], seen["tall"])
    known = [(o["id"], float(r["low"]), float(r["high"])) for o, r in zip(options, ranges) if r]
    surest = [a[0] for a in known if all(a[2] <= b[1] for b in known if b is not a)]
    assert (f"east cost: option {surest[0]}" if surest else "no surely cheapest") in seen["tile"].replace("known cost", "cost"), (seen["tile"], surest)


def check_pairs(program, home):
    """The page of many pairs under a scenario: a row for each, whose bar lies where its CO2e does, and a section for each that has an answer."""
    (home / "pairs.csv").write_text("from,to\nCNCKG,SGSIN\nSGSIN,NLRTM\nXXXXX,SGSIN\nDESTR,USCHI\n")
    (home / "what-if.toml").write_text(SCENARIO)
    question = ["--pairs", home / "pairs.csv", "--scenario", home / "what-if.toml", "--depart", "2025-10-01"]
    page = home / "pairs.html"
    subprocess.run([program, "compare", *question, "--format", "html", "--to", page], check=True, stderr=subprocess.DEVNULL)
    told = subprocess.run([program, "compare", *question, "--format", "json"], check=True, capture_output=True, text=True)
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    ghg = [[float(o["ghg_total_kg"]) for o in a["options"] if o["ghg_is_complete"]] for a in answers]
    grounds = set()
    for size in (["--window-size=1280,900"], ["--window-size=500,900", "--force-device-scale-factor=1"],
                 ["--window-size=1280,900", "--blink-settings=preferredColorScheme=0"]):
        seen = look(home, page, *size, hands=PAIRS_HANDS)
        grounds.add(seen["ground"])
        assert seen["faults"] == [] and seen["ids"] and seen["sideways"] <= 0, seen
        assert len(seen["rows"]) == len(answers) == 4 and seen["sections"] == 3 and seen["ranges"] >= 3, seen
        assert [row["target"] for row in seen["rows"]] == [bool(a["options"]) or None for a in answers], seen
        assert "no answer: XXXXX: unknown place" in seen["rows"][2]["text"], seen
        assert seen["scenario"].startswith("What if: No Suez, slower ships.") and "suez" in seen["scenario"], seen
        ends = [(math.log(kg), row["span"][at]) for row, list in zip(seen["rows"], ghg) if list for at, kg in enumerate((min(list), max(list)))]
        (x0, y0), (x1, y1) = min(ends), max(ends)
        for x, y in ends:
            assert abs(y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y) < 0.02 and -0.01 < y < 1.01, (x, y)
    assert len(grounds) == 2, grounds


def main():
    program = sys.argv[1]
    shots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if browser() is None:
        print("page: 0 checks, skipped (chromium is missing)")
        return
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        page = home / "page.html"
        subprocess.run([program, "compare", *QUESTION, "--format", "html", "--to", page], check=True)
        answer = subprocess.run([program, "compare", *QUESTION, "--format", "json"], check=True, capture_output=True, text=True)
        answered = json.loads(answer.stdout)["options"]
        options = len(answered)
        wide = look(home, page, "--window-size=1200,900")
        check(wide, options)
        check_costs(wide, answered)
        phone = look(home, page, "--window-size=500,900", "--force-device-scale-factor=1")
        check(phone, options)
        check_costs(phone, answered)
        dark = look(home, page, "--window-size=1200,900", "--blink-settings=preferredColorScheme=0")
        assert dark["faults"] == [] and dark["ground"] != wide["ground"], (dark["ground"], wide["ground"])
        check_pairs(program, home)
        pdf = home / "page.pdf"
        chromium(home, f"--print-to-pdf={pdf}", page.as_uri())
        assert pdf.stat().st_size > 20_000
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
            shutil.copy(pdf, shots / "print.pdf")
            for name, arguments in {
                "light": ["--window-size=1200,3400"],
                "phone": ["--window-size=500,3400"],
                "dark": ["--window-size=1200,3400", "--blink-settings=preferredColorScheme=0"],
            }.items():
                chromium(home, *arguments, "--hide-scrollbars", f"--screenshot={shots / (name + '.png')}", page.as_uri())
    print("page: wide, phone, dark and print checked, and the page of many pairs")


main()
