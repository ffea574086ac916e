#!/usr/bin/env python3
"""Validates what the program exports, with a JSON-Schema validator that knows nothing of it.

usage: validate.py PROGRAM OUT [PACT]

PROGRAM: the built program. OUT: the output root of a published run. PACT: a folder with the OpenAPI descriptions of PACT, which may not be
passed on; without it documents are checked against schemas of our own. schemas/README.md names the sources of all schemas.

The declaration of a run is held against its own schema, the manifest and the tables.

Two runs are exported in every kind: the one in OUT, and one computed from the DCSA events in tests/exchange/dcsa. Checked are every
document against its schema (formats included), the events against DCSA's descriptions, and the rules that no schema says: transport
activity is mass x distance, TOC x activity is TCE, a TCE has a tocId or a hocId that is among the documents, what came before comes before, sums are those of the
published Parquet, ids are unique and the same when exported again. Exit 1 and a line per fault.
"""

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import duckdb
import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests" / "exchange" / "schemas"
FAULTS = []


def fault(text):
    FAULTS.append(text)
    if len(FAULTS) <= 20:
        print(f"FAULT {text}")


def validator(schema, draft):
    return draft(schema, format_checker=draft.FORMAT_CHECKER)


def validate(name, documents, checker):
    for at, document in enumerate(documents):
        for error in checker.iter_errors(document):
            fault(f"{name}[{at}] {error.json_path}: {error.message[:200]}")
    return len(documents)


def mended(schema):
    """As published, two schemas refer to definitions (Toc, Hoc) that they spell in capitals."""
    for name in ("Toc", "Hoc"):
        if name.upper() in schema["definitions"]:
            schema["definitions"].setdefault(name, schema["definitions"][name.upper()])
    return schema


class Schemas:
    """Each schema as a validator."""

    def __init__(self, published):
        draft7, draft2020 = jsonschema.Draft7Validator, jsonschema.Draft202012Validator
        ileap = lambda name: validator(mended(json.loads((SCHEMAS / "ileap" / name).read_text())), draft7)
        self.shipment, self.toc, self.hoc = ileap("pcf-shipment-footprint.json"), ileap("pcf-toc.json"), ileap("pcf-hoc.json")
        self.tad = ileap("tad.json")
        pact = lambda name: validator(json.loads((SCHEMAS / "pact" / name).read_text()), draft2020)
        self.pact2, self.pact3 = [pact("footprint-2.3.json")], [pact("footprint-3.0.json")]
        if published:
            footprint = lambda name: {"$ref": "#/components/schemas/ProductFootprint"} | yaml.safe_load((published / name).read_text())
            self.pact2.append(validator(footprint("pact-2.3.3-openapi.yaml"), draft2020))
            self.pact3.append(validator(footprint("pact-3.0.3-openapi.yaml"), draft2020))
        self.declaration = validator(json.loads((ROOT / "docs" / "declaration.schema.json").read_text()), draft2020)
        # Data of an extension, under their own schema also inside PACT 3.
        self.data = {n: ileap(n) for n in ("shipment-footprint.json", "toc.json", "hoc.json")}
        event2 = yaml.safe_load((SCHEMAS / "dcsa" / "TNT_v2.2.0-resolved.yaml").read_text())
        event3 = yaml.safe_load((SCHEMAS / "dcsa" / "TNT_v3.0.0.yaml").read_text())
        self.event2 = validator({"$ref": "#/components/schemas/equipmentEvent"} | event2, draft7)
        self.vehicle2 = validator({"$ref": "#/components/schemas/transportEvent"} | event2, draft7)
        self.event3 = validator({"$ref": "#/components/schemas/Event"} | event3, draft7)


def run(program, *words):
    ended = subprocess.run([program, *map(str, words)], capture_output=True, text=True, cwd=ROOT)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")


def exported(program, out, to, *kind):
    """The documents of an export by file name; ids must be the same the second time."""
    company = [] if kind[0] == "ileap-tad" else ["--company", "Test & <Co>", "--company-id", "urn:lei:5493001KJTIIGC8Y1R12"]
    read = lambda: {p.stem: json.loads(p.read_text()) for p in sorted(to.glob("*.json")) if p.stem != "summary"}
    run(program, "export", *kind, out, "--to", to, *company)
    first = read()
    run(program, "export", *kind, out, "--to", to, *company)
    if read() != first:
        fault(f"{kind}: another export of the same run differs")
    if any(document["status"] != "Deprecated" for document in first.get("deprecated", [])):
        fault(f"{kind}: a predecessor is not deprecated")
    return first


def check_extensions(name, documents, schemas):
    for document in documents:
        for extension in document["extensions"]:
            validate(name, [extension["data"]], schemas.data[extension["dataSchema"].rsplit("/", 1)[1]])


def check_shipments(name, files, totals):
    """The rules of iLEAP that no schema says."""
    known = {d["extensions"][0]["data"][k] for f, k in (("tocs", "tocId"), ("hocs", "hocId")) for d in files[f]}
    referenced = set()
    for document in files["shipments"]:
        data = document["extensions"][0]["data"]
        ship = data["shipmentId"]
        where = f"{name} {ship!r}"
        earlier, wtw = set(), Decimal(0)
        for tce in data["tces"]:
            mass, activity = Decimal(tce["mass"]), Decimal(tce["transportActivity"])
            if not any(mass * Decimal(km) / 1000 == activity for km in tce["distance"].values()):
                fault(f"{where}: {tce['tceId']}: activity is not mass x distance")
            category = [tce[k] for k in ("tocId", "hocId") if k in tce]
            if len(category) != 1 or category[0] not in known:
                fault(f"{where}: {tce['tceId']}: categories {category}")
            referenced.update(category)
            if not set(tce.get("prevTceIds", [])) <= earlier or tce["tceId"] in earlier:
                fault(f"{where}: {tce['tceId']}: what comes before is not before it")
            if Decimal(tce["co2eWTW"]) < Decimal(tce["co2eTTW"]) or tce["shipmentId"] != ship:
                fault(f"{where}: {tce['tceId']}: TTW above WTW, or of another shipment")
            earlier.add(tce["tceId"])
            wtw += Decimal(tce["co2eWTW"])
        if wtw != totals.pop(ship, None):
            fault(f"{where}: its elements sum to {wtw}, not to the published total")
    if totals:
        fault(f"{name}: {len(totals)} shipments were not exported")
    if referenced != known:
        fault(f"{name}: categories that nothing refers to: {sorted(known - referenced)[:5]}")


AVERAGE = "emissions over activity of the run"
MICROGRAM = Decimal("1E-9")


def amount(tce, data, unit):
    """What the intensity of a category is multiplied with, from the element alone."""
    if unit in ("tkm", "TEUkm"):
        (basis, km), = tce["distance"].items()
        if f" on {basis} distance" not in data["description"]:
            fault(f"{tce['tceId']}: {basis} distance, but {data['description']!r}")
        return Decimal(km) * (Decimal(tce["mass"]) / 1000 if unit == "tkm" else Decimal(tce["packagingOrTrEqAmount"]))
    return Decimal(tce["mass"]) / 1000 if unit == "tonnes" else Decimal(tce["packagingOrTrEqAmount"])


def check_products(name, files):
    """TOC x activity is TCE: to the microgram, with a distance adjustment to the half metre that the run rounds the distance to.

    Averages over the run are true of all their elements together.
    """
    data_of = (d["extensions"][0]["data"] for f in ("tocs", "hocs") for d in files[f])
    categories = {data.get("tocId", data.get("hocId")): data for data in data_of}
    counts, sums = {"equal": 0, "adjusted": 0, "averaged": 0}, {}
    for document in files["shipments"]:
        for tce in document["extensions"][0]["data"]["tces"]:
            category = tce.get("tocId", tce.get("hocId"))
            data = categories[category]
            unit = data.get("transportActivityUnit", data.get("hubActivityUnit"))
            much = amount(tce, data, unit)
            ttw, wtw = Decimal(data["co2eIntensityTTW"]), Decimal(data["co2eIntensityWTW"])
            parts = ((ttw, Decimal(tce["co2eTTW"])), (wtw - ttw, Decimal(tce["co2eWTW"]) - Decimal(tce["co2eTTW"])))
            if AVERAGE in data["description"]:
                counts["averaged"] += 1
                total = sums.setdefault(category, [Decimal(0), Decimal(0), wtw])
                total[0] += much
                total[1] += Decimal(tce["co2eWTW"])
                continue
            is_adjusted = "distance adjustment" in data["description"]
            counts["adjusted" if is_adjusted else "equal"] += 1
            for intensity, found in parts:
                wanted = much * intensity
                if is_adjusted:
                    per_metre = much / Decimal(next(iter(tce["distance"].values()))) * intensity / 1000
                    fits = abs(wanted - found) <= per_metre / 2 + MICROGRAM
                else:
                    fits = wanted.quantize(MICROGRAM, ROUND_HALF_EVEN) == found
                if not fits:
                    fault(f"{name} {tce['tceId']}: {category} x {much} {unit} is {wanted}, the element has {found}")
    for category, (much, found, wtw) in sums.items():
        # Half a unit of the twelfth decimal, over all of the activity.
        if much and abs(much * wtw - found) > much * Decimal("0.5E-12"):
            fault(f"{name}: average {category} x {much} is {much * wtw}, its elements sum to {found}")
    print(f"{name}: TOC x activity is TCE: {counts}")


def check_run(program, out, name, schemas, work):
    count = 0
    rows = duckdb.sql(f"SELECT shipment_id, ghg_total_kg FROM '{out}/latest/shipments/*.parquet'").fetchall()
    ileap = exported(program, out, work / f"{name}-ileap", "ileap")
    check_shipments(f"{name} ileap", ileap, dict(rows))
    check_products(name, ileap)
    count += validate(f"{name} shipments", ileap["shipments"], schemas.shipment)
    count += validate(f"{name} tocs", ileap["tocs"], schemas.toc)
    count += validate(f"{name} hocs", ileap["hocs"], schemas.hoc)
    pact = exported(program, out, work / f"{name}-pact", "pact", "--version", "3")
    check_shipments(f"{name} pact", pact, dict(rows))
    for file, content in pact.items():
        check_extensions(f"{name} {file}", content, schemas)
    for documents, checkers in ((ileap, schemas.pact2), (pact, schemas.pact3)):
        for file, content in documents.items():
            count += sum(validate(f"{name} {file}", content, checker) for checker in checkers)
        ids = [d["id"] for content in documents.values() for d in content]
        if len(ids) != len(set(ids)):
            fault(f"{name}: an id stands twice")
    check_declaration(program, out, name, schemas, work / f"{name}-declaration")
    tad = exported(program, out, work / f"{name}-tad", "ileap-tad")["tad"]
    return count + validate(f"{name} tad", tad, schemas.tad)


LINES = """
    SELECT {name}, count(*), sum(e.transport_activity_tkm), sum(e.ghg_operation_kg), sum(e.ghg_provision_kg), sum(e.ghg_total_kg)
    FROM '{out}/latest/elements/*.parquet' e JOIN '{out}/latest/factors.parquet' f USING (factor_id) GROUP BY 1"""
NAMES = {
    "by_mode": "e.mode",
    "by_distance_basis": "coalesce(nullif(e.activity_basis, ''), 'none')",
    "by_data_category": "CASE WHEN e.data_category = 'primary' AND contains(coalesce(e.quality_flags, ''), 'Q41') "
                        "THEN 'primary, outside its reference period' ELSE e.data_category END",
    "by_gwp_set": "coalesce(nullif(f.energy_gwp_set, ''), f.gwp_set)",
    "by_source": "concat_ws('/', f.source, f.edition, f.licence)",
}
FIGURES = ("transport_activity_tkm", "ghg_operation_kg", "ghg_provision_kg", "ghg_total_kg")


def check_declaration(program, out, name, schemas, work):
    """Each figure of the declaration is that of a query and of the manifest."""
    run(program, "export", "declaration", out, "--to", work, "--company", "Test & <Co>")
    told, manifest = json.loads((work / "declaration.json").read_text()), json.loads((out / "latest" / "manifest.json").read_text())
    page = (work / "declaration.html").read_text()
    validate(f"{name} declaration", [told], schemas.declaration)
    figures = lambda line: (line["elements"], *(Decimal(line[f]) for f in FIGURES))
    totals = manifest["totals"]["elements"]
    if any(told["totals"][f] != totals[f] for f in FIGURES) or told["totals"]["elements"] != manifest["counts"]["elements"]:
        fault(f"{name} declaration: {told['totals']}, the manifest has {totals}")
    gwp = {line["name"]: {f: line[f] for f in FIGURES} for line in told["by_gwp_set"]}
    if gwp != manifest["totals_by_gwp_set"]:
        fault(f"{name} declaration: {gwp}, the manifest has {manifest['totals_by_gwp_set']}")
    for part, key in NAMES.items():
        query = {row[0]: row[1:] for row in duckdb.sql(LINES.format(name=key, out=out)).fetchall()}
        named = lambda line: line["name"] if "name" in line else "/".join((line["source"], line["edition"], line["licence"]))
        found = {named(line): figures(line) for line in told[part]}
        if found != query or len(found) != len(told[part]):
            fault(f"{name} declaration: {part}: {found}, a query has {query}")
    ends = duckdb.sql(f"SELECT epoch_us(min(first_departed_at)), epoch_us(max(last_arrived_at)) FROM '{out}/latest/shipments/*.parquet'").fetchall()[0]
    for key, at in zip(("first_departure", "last_arrival"), ends):
        found = told["period"][key] and datetime.fromisoformat(told["period"][key]) - datetime(1970, 1, 1, tzinfo=UTC)
        if (found and found // timedelta(microseconds=1)) != at:
            fault(f"{name} declaration: {key} is {told['period'][key]}, a query has {at}")
    for words in ("Prepared for", "Test &amp; &lt;Co&gt;", told["origin"]["run_id"]):
        if words not in page:
            fault(f"{name} declaration: the page lacks {words!r}")
    if "conforms to" in page.replace("does not say that a declaration made of it conforms to", ""):
        fault(f"{name} declaration: the page claims that something conforms")


def check_events(schemas):
    """The events of the tests, but for those that are malformed on purpose."""
    folder = ROOT / "tests" / "exchange" / "dcsa"
    carrier = [e for e in json.loads((folder / "carrier.json").read_text()) if e["eventID"] != "sea-bad"]
    railway = [json.loads(line) for line in (folder / "railway.ndjson").read_text().splitlines()[:-1]]
    terminal = json.loads((folder / "terminal.json").read_text())["events"]
    vehicles = [event for event in carrier if event["eventType"] == "TRANSPORT"]
    carrier = [event for event in carrier if event not in vehicles]
    count = validate("carrier.json", carrier, schemas.event2) + validate("carrier.json, vehicles", vehicles, schemas.vehicle2)
    count += validate("railway.ndjson", railway, schemas.event2)
    return count + validate("terminal.json", terminal, schemas.event3)


def from_events(program, work):
    """A run of what the events become."""
    run(program, "convert", "dcsa", ROOT / "tests" / "exchange" / "dcsa", "--out", work / "movements.csv")
    lines = f'movements = ["movements.csv"]\nfactors = "{ROOT}/emission_factors"\nreference = "{ROOT}/data"\nprofile = "open"\nout = "out"\n'
    (work / "run.toml").write_text(lines)
    run(program, "run", work / "run.toml")
    return work / "out"


def main():
    program, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    schemas = Schemas(Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        count = check_events(schemas)
        count += check_run(program, out, "sample", schemas, work)
        count += check_run(program, from_events(program, work), "events", schemas, work)
    if FAULTS:
        sys.exit(f"exchange documents: {len(FAULTS)} faults in {count} checked")
    print(f"exchange documents: {count} valid")


main()
