#!/usr/bin/env python3
"""Costs of route options as ranges, computed again from the files of data/ with fractions; shares no code with the program.

usage: costs.py BINARY      standard library only. Last line: N passed, N failed

For the documented questions of docs/routes.md and some more, from what `compare --format json` says of its elements (mode, places,
distance, service):
- which row of a rate card or of data/price_levels.csv each element and each terminal has, what it comes to, whose days and source;
- the sums of freight and handling, and the cost with carbon;
- which options are on the front with cost: not those that another surely beats, and open where an unknown cost may beat them;
- an order by cost that puts no option before one that is surely cheaper;
- the range of the carbon price at which two options cost the same.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
from fractions import Fraction

ROOT = pathlib.Path(__file__).resolve().parents[2]
CARD = """kind,mode,from,to,refrigerated,per,low,high,currency,valid_from,valid_to,source_ref,note
freight,rail,CNCKG,CNQZH,no,container,612.5,700,USD,2025-09-01,2025-11-01,contract 7,
freight,sea,CN,SG,,t,31.25,,USD,2025-10-01,2025-10-02,contract 8,
handling,rail,CNCKG,,,teu,15,18.5,USD,,,contract 9,
"""
# Prices per TEU, tonne and container.
OWN = """service,mode,operation,origin,destination,distance_km,basis,transit_hours,cost,currency,cost_per
train,rail,rail.container_electric,CNCKG,CNQZH,1450,sfd,48,400,USD,teu
ship,sea,sea.container_feeder,CNQZH,SGSIN,2513,sfd,144,31.5,USD,t
truck,road,road.articulated,CNCKG,SGSIN,4500,sfd,100,7000,USD,container
"""
# Ways of services that had the value of an index as their price.
MOVED = [["CNYSA", "SGSIN"], ["CNYSA", "AEJEA"], ["CNYSA", "NLRTM"], ["CNYSA", "USLAX"], ["CNYSA", "AUSYD"], ["CNYSA", "BRSSZ"],
         ["CNYSA", "ZADUR"], ["CNCKG", "DEDUI"], ["KZHOR", "BYBQT"]]
FLAGSHIP = ["CNCKG", "SGSIN", "--depart", "2025-10-01", "--cargo-kg", "20000", "--options", "50"]


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def money(amount):
    """Two decimals, half to even."""
    scaled = round(amount * 100)
    sign, scaled = ("-" if scaled < 0 else ""), abs(scaled)
    return f"{sign}{scaled // 100}.{scaled % 100:02}"


def argument(arguments, name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


def is_within(place, words):
    return not words or place in words.split() or place[:2] in words.split()


def quantity(per, box):
    """How much of its unit a box has; None: it cannot be told."""
    teu, boxes, tonnes, km = box["teu"], box["boxes"], box["kg"] / 1000, box.get("km")
    if per.endswith("km") and km is None:
        return None
    return {
        "teu": lambda: teu, "feu": lambda: teu / 2 if teu >= 2 * boxes else None, "container": lambda: boxes, "t": lambda: tonnes,
        "kg": lambda: box["kg"], "tkm": lambda: tonnes * km, "teukm": lambda: teu * km, "containerkm": lambda: boxes * km,
    }[per]()


class Prices:
    """Rate cards before levels, the first row that is for the lane and the box."""

    def __init__(self, card, with_levels):
        levels = rows(ROOT / "data/price_levels.csv") if with_levels else []
        self.list = [("rate_card", row) for row in card] + [("level", row) for row in levels]

    def find(self, kind, mode, origin, destination, box, day):
        for basis, row in self.list:
            shortest = Fraction(row.get("shortest_km") or 0)
            is_own_day = basis == "level" or ((row["valid_from"] or "0") <= day < (row["valid_to"] or "9"))
            if (row["kind"], row["mode"], row["refrigerated"] or "no") != (kind, mode, box["refrigerated"]) or not is_own_day:
                continue
            if not is_within(origin, row["from"]) or (kind == "freight" and not is_within(destination, row["to"])):
                continue
            if kind == "freight" and box["km"] < shortest:
                continue
            much = quantity(row["per"], box)
            if much is not None:
                low = Fraction(row["low"]) * much
                high = Fraction(row["high"] or row["low"]) * much
                days = [row.get("observed_from") or row.get("valid_from") or None, row.get("observed_to") or row.get("valid_to") or None]
                return {"basis": basis, "low": low, "high": high, "currency": row["currency"], "days": days, "source": row["source_ref"]}
        return None


def terminals(legs):
    """Places where a way that is not by road begins or ends, with the mode of the terminal."""
    found = []
    for place in [leg["origin"] for leg in legs[:1]] + [leg["destination"] for leg in legs]:
        modes = {leg["mode"] for leg in legs if place in (leg["origin"], leg["destination"])}
        mode = next((m for m in ("air", "sea", "inland_waterway", "rail") if m in modes), None)
        if mode:
            found.append((place, mode))
    return found


class Check:
    def __init__(self, binary):
        self.binary, self.passed, self.faults = binary, 0, []
        self.services = {row["service"]: row for row in rows(ROOT / "data/services.csv")}
        self.containers = {row["code"]: row for row in rows(ROOT / "data/containers.csv")}

    def equal(self, found, wanted, what):
        if found == wanted:
            self.passed += 1
        else:
            self.faults.append(f"{what}: compare says {found}, computed {wanted}")

    def ask(self, arguments):
        command = [self.binary, "compare", *arguments, "--format", "json", "--factors", ROOT / "emission_factors", "--reference", ROOT / "data"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def question(self, arguments, card=(), rate=None):
        answer = self.ask(arguments)
        own = argument(arguments, "--services")
        services = self.services | ({row["service"]: row for row in rows(own)} if own else {})
        request = answer["request"] | {"services": services}
        container = self.containers[request["container"]]
        is_cold = "--refrigerated" in arguments or container["refrigerated"] == "yes"
        # Containers, or the part of one.
        boxes = Fraction(argument(arguments, "--box-share") or argument(arguments, "--boxes") or request["boxes"])
        box = {"teu": boxes * Fraction(container["teu"]), "boxes": boxes, "kg": Fraction(request["cargo_kg"]), "refrigerated": "yes" if is_cold else "no"}
        self.equal(Fraction(request["teu"]), box["teu"], f"{' '.join(arguments)}, TEU")
        prices = Prices(card, "--no-levels" not in arguments)
        options = [self.option(o, f"{' '.join(arguments[:2])} option {o['id']}", box, prices, request, rate) for o in answer["options"]]
        self.front(answer["options"], options)
        if "cost" in arguments:
            self.order(options)
        self.break_evens(answer, options)
        return sum(o["range"] is not None for o in options)

    def converted(self, price, request, rate):
        if price and rate and request["currency"] == rate[1] and price["currency"] == rate[0]:
            price = dict(price, low=price["low"] * rate[2], high=price["high"] * rate[2], currency=rate[1])
        return price

    def price(self, found, wanted, what):
        if wanted is None or found is None:
            return self.equal(found, wanted, what)
        told = [found["basis"], found["low"], found["high"], found["currency"]]
        self.equal(told, [wanted["basis"], money(wanted["low"]), money(wanted["high"]), wanted["currency"]], what)
        if wanted["basis"] != "service":
            self.equal([found["from_day"], found["to_day"], found["source_ref"]], [*wanted["days"], wanted["source"]], what)

    def option(self, option, what, box, prices, request, rate):
        legs = [e for e in option["elements"] if e["kind"] == "transport"]
        services = request["services"]
        day, parts = option["ready"], []
        for leg in legs:
            # Without a factor nobody computed its distance.
            is_refused = leg["refused"] is not None
            own = dict(box, km=None if is_refused else Fraction(leg["distance_km"]))
            service = services.get(leg["service"], {})
            if service.get("cost"):
                amount = Fraction(service["cost"]) * quantity(service["cost_per"], own)
                price = {"basis": "service", "low": amount, "high": amount, "currency": service["currency"]}
            else:
                price = None if is_refused else prices.find("freight", leg["mode"], leg["origin"], leg["destination"], own, day)
            price = self.converted(price, request, rate)
            self.price(leg["price"], price, f"{what}, {leg['mode']} {leg['origin']} {leg['destination']}")
            parts.append(price)
        cost = option["cost_range"]
        freight = self.sums(cost["freight"], parts, f"{what}, freight")
        handling = []
        for place, mode in terminals([leg for leg in legs if leg["refused"] is None]):
            handling.append((place, mode, self.converted(prices.find("handling", mode, place, None, box, day), request, rate)))
        self.equal([(h["place"], h["mode"]) for h in cost["handling"]], [h[:2] for h in handling], f"{what}, terminals")
        for found, (place, _, price) in zip(cost["handling"], handling):
            self.price(found["price"], price, f"{what}, terminal {place}")
        self.sums(cost["handling_sums"], [h[2] for h in handling], f"{what}, handling")
        weakest = max((p["basis"] for p in parts if p), key=("service", "rate_card", "level").index, default=None)
        self.equal(cost["basis"], weakest, f"{what}, basis")
        grams = int(Fraction(option["ghg_total_kg"]) * 10 ** 9)
        both = None
        if freight and request["carbon_price"] and request["currency"] == freight[2]:
            carbon = Fraction(request["carbon_price"]) * Fraction(grams, 10 ** 12)
            both = {"low": money(freight[0] + carbon), "high": money(freight[1] + carbon), "currency": freight[2]}
        self.equal(cost["with_carbon"], both, f"{what}, with carbon")
        return {"id": option["id"], "range": freight, "micrograms": grams, "hours": option["hours"] and Fraction(option["hours"]),
                "is_complete": option["ghg_is_complete"], "what": what}

    def sums(self, found, parts, what):
        by_currency = {}
        for part in filter(None, parts):
            low, high = by_currency.get(part["currency"], (0, 0))
            by_currency[part["currency"]] = (low + part["low"], high + part["high"])
        wanted = [{"low": money(l), "high": money(h), "currency": c} for c, (l, h) in sorted(by_currency.items())]
        known = sum(p is not None for p in parts)
        is_whole = known == len(parts) and len(by_currency) == 1
        self.equal(found, {"complete": wanted[0] if is_whole else None, "sums": wanted, "covers": f"{known}/{len(parts)}",
                           "covers_all": known == len(parts)}, what)
        return next(((l, h, c) for c, (l, h) in by_currency.items()), None) if is_whole else None

    def front(self, told, options):
        currencies = {o["range"][2] for o in options if o["range"]}
        placed = [o for o in options if o["is_complete"] and o["hours"] is not None]
        point = lambda o: (o["micrograms"], o["hours"], o["range"])
        for found, own in zip(told, options):
            wanted = None
            if len(currencies) == 1 and own in placed and own["range"]:
                as_good = [o for o in placed if point(o) != point(own) and o["micrograms"] <= own["micrograms"] and o["hours"] <= own["hours"]]
                if any(o["range"] and o["range"][1] <= own["range"][0] for o in as_good):
                    wanted = False
                elif all(o["range"] for o in as_good):
                    wanted = True
            self.equal(found["pareto_with_cost"], wanted, f"{own['what']}, front with cost")

    def order(self, options):
        known = [o for o in options if o["range"] and o["is_complete"] and o["hours"] is not None]
        if len({o["range"][2] for o in known}) > 1:
            return
        self.equal([o["id"] for o in options[:len(known)]], [o["id"] for o in known], "what is not known comes last")
        for at, first in enumerate(known):
            later = [o["id"] for o in known[at:] if o["range"][1] < first["range"][0]]
            self.equal(later, [], f"{first['what']}: surely cheaper and behind it")

    def break_evens(self, answer, options):
        by_id = {o["id"]: o for o in options}
        for pair in answer["break_even"]:
            two = sorted((by_id[pair["first"]], by_id[pair["second"]]), key=lambda o: o["micrograms"])
            clean, dirty = two
            wanted = (None, None, None)
            is_known = all(o["range"] and o["is_complete"] for o in two) and clean["range"][2] == dirty["range"][2]
            less = dirty["micrograms"] - clean["micrograms"]
            if is_known and less and clean["range"][1] > dirty["range"][0]:
                low, high = (Fraction(max(d, 0) * 10 ** 12, less) for d in
                             (clean["range"][0] - dirty["range"][1], clean["range"][1] - dirty["range"][0]))
                wanted = (money(low), money(high), money(low) if low == high else None)
            self.equal((pair["carbon_price_low"], pair["carbon_price_high"], pair["carbon_price"]), wanted,
                       f"{clean['what']} and {dirty['id']}, carbon price")


def documented():
    """The questions of docs/routes.md whose answers have levels."""
    section = (ROOT / "docs/routes.md").read_text(encoding="utf-8").split("## Price levels")[1].split("\n## ")[0]
    lines = [line.split("green-corridor compare ")[1] for line in section.splitlines() if line.startswith("    green-corridor compare ")]
    assert lines, "docs/routes.md shows no question with price levels"
    return [line.split() for line in lines]


def main():
    check = Check(sys.argv[1])
    known = 0
    for question in documented():
        known += check.question(question)
    known += check.question([*FLAGSHIP, "--objective", "cost"])
    known += check.question([*FLAGSHIP, "--container", "22G1", "--carbon-price", "50", "--currency", "USD"])
    rate = ("USD", "SGD", Fraction("1.3"))
    known += check.question([*FLAGSHIP, "--carbon-price", "50", "--currency", "SGD", "--rate", "USD/SGD=1.3@2025-06-13"], rate=rate)
    check.question([*FLAGSHIP, "--no-levels"])
    check.question([*FLAGSHIP, "--refrigerated"])
    for pair in (["USCHI", "DESTR"], ["INDEL", "NLRTM"], ["CNSHA", "USNYC"], ["DEHAM", "PLWAW"]):
        known += check.question([*pair, "--depart", "2025-06-01", "--cargo-kg", "12500.5"])
    for boxes in (["--boxes", "3", "--cargo-kg", "50000.001"], ["--cargo-kg", "100000", "--container", "22G1"],
                  ["--box-share", "0.25", "--cargo-kg", "4000"], ["--boxes", "2", "--refrigerated"]):
        known += check.question([*FLAGSHIP[:4], *boxes, "--carbon-price", "50", "--currency", "USD"])
    check.equal(any(row["cost"] for row in check.services.values()), False, "no service that ships has a price")
    for lane in MOVED:
        moved = check.ask([*lane, "--depart", "2025-06-20", "--options", "20"])
        bases = {e["price"]["basis"] for o in moved["options"] for e in o["elements"] if e.get("price")}
        check.equal(bases, {"level"}, f"{lane}, what its prices are")
        known += check.question([*lane, "--depart", "2025-06-20"])
    with tempfile.TemporaryDirectory() as folder:
        own = pathlib.Path(folder) / "own.csv"
        own.write_text(OWN, encoding="utf-8")
        for boxes in ([], ["--boxes", "2"], ["--box-share", "0.8"]):
            known += check.question([*FLAGSHIP, *boxes, "--services", str(own)])
        card = pathlib.Path(folder) / "card.csv"
        card.write_text(CARD, encoding="utf-8")
        for day in ("2025-10-01", "2025-10-02", "2025-11-01"):
            question = ["CNCKG", "SGSIN", "--depart", day, "--cargo-kg", "20000", "--options", "20", "--rate-card", str(card)]
            known += check.question(question, card=rows(card))
    check.equal(known > 50, True, f"{known} options have a range")
    for fault in check.faults[:20]:
        print("FAULT", fault)
    print(f"costs: {check.passed} passed, {len(check.faults)} failed")
    return 1 if check.faults else 0


if __name__ == "__main__":
    sys.exit(main())
