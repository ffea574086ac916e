#!/usr/bin/env python3
"""A second implementation of the settlement rules, from their description alone, in rationals.

usage: twin.py RUN_FOLDER PERIOD FOLDER_WITH_CSV      prints what it makes of the files
"""
import datetime
import hashlib
import pathlib
import sys
from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction

import inputs
from exact import ROUND, by_weight, decimal_text, half_even, half_up, largest_remainder
from inputs import MINOR, Refusal, Refused, within


@dataclass
class Options:
    period: str
    settle_currency: str = ""
    pay: str = "agreed"
    max_rate_age: int = 7
    incomplete: str = "dispute"
    allow_refused: bool = False

    @property
    def last_day(self):
        year, month = map(int, self.period.split("-"))
        return inputs.month_end(datetime.date(year, month, 1)) - datetime.timedelta(days=1)


@dataclass
class Unit:
    charge: inputs.Charge
    bill: str
    container_id: str
    element: int  # 0: the shipment
    source: object
    quantity: Fraction | None = None
    share: Fraction | None = None
    voyage_share: Fraction | None = None
    rate: Fraction | None = None
    upper_bound: bool = False
    exact: Fraction = Fraction(0)  # minor units of the settle currency
    fx: tuple | None = None  # from, to, rate, date, source, factor
    minor: int = 0

    @property
    def place(self):
        return self.bill, self.container_id, self.element

    @property
    def order(self):
        return self.bill, self.charge.id, self.container_id, self.element


KEY = "bill payer payee kind class stage settles settle_currency value_date invoice_no tax_category tax_rate status".split()


@dataclass
class Claim:
    key: tuple
    units: list
    exact: Fraction = Fraction(0)
    minor: int = 0
    tax: int = 0
    corrects: tuple | None = None  # the bare key of the claim that it corrects
    note: str = ""
    tax_group: tuple | None = None

    def __getattr__(self, name):
        if name in KEY:
            return self.key[KEY.index(name)]
        raise AttributeError(name)

    @property
    def bare(self):
        """The key without status and value date."""
        return tuple(cell for name, cell in zip(KEY, self.key) if name not in ("status", "value_date"))

    @property
    def cls(self):
        return self.key[4]

    @property
    def upper_bound(self):
        return any(unit.upper_bound for unit in self.units)

    @property
    def settling(self):
        return self.settles == "yes" and not self.upper_bound

    @property
    def payable(self):
        return self.settling and self.status == "open"

    @property
    def gross(self):
        return self.minor + self.tax

    @property
    def order(self):
        return claim_order(self.key), (0,) if self.corrects is None else (1, claim_order(self.corrects))


def claim_order(key):
    """Texts by bytes, numbers by number, absent first."""
    return tuple((0,) if cell in ("", None) else (1, cell.encode() if isinstance(cell, str) else cell) for cell in key)


@dataclass
class Files:
    """The inputs as read; rows that are refused are not in them."""
    parties: dict
    prices: dict
    charges: list
    rates: dict
    agreements: list
    calls: dict
    refused_flows: set
    known_ids: set
    refusals: list


def checked(rows, check, refusals):
    for row in rows:
        try:
            yield row, check(row)
        except Refused as fault:
            refusals.append(Refusal(row.file, row.line, why=str(fault)))


def repeated(rows, key):
    seen = defaultdict(list)
    for row in rows:
        seen[key(row)].append(row)
    return {id(row) for same in seen.values() if len(same) > 1 for row in same}


def read_files(named, options, shipments):
    """`named`: role -> list of paths."""
    refusals = []

    def rows(role, columns):
        return [row for path in named.get(role, []) for row in inputs.read_csv(path, columns, refusals)]

    def unique(some, key, what):
        again = repeated(some, key)
        for row in some:
            if id(row) in again:
                refusals.append(Refusal(row.file, row.line, why=f"two rows of one {what}"))
        return [row for row in some if id(row) not in again]

    party_rows = unique(rows("parties", inputs.PARTY_COLUMNS), lambda r: r["party"], "party")
    parties = {row["party"]: row for row, _ in checked(party_rows, inputs.check_party, refusals)}
    prices = defaultdict(list)
    for row, price in checked(rows("prices", inputs.PRICE_COLUMNS), inputs.price, refusals):
        prices[row["price_id"]].append(price)
    rates = defaultdict(list)
    for row, _ in checked(rows("rates", inputs.RATE_COLUMNS),
                          lambda r: (inputs.currency(r["from"]), inputs.currency(r["to"]), inputs.number(r["rate"], True)), refusals):
        rates[row["from"], row["to"], inputs.date(row["date"])].append((inputs.number(row["rate"]), row["source_ref"]))
    calls = {}
    call_rows = unique(rows("calls", inputs.CALL_COLUMNS), lambda r: (r["shipment_id"], r["container_id"], r["element"]), "element")
    for row, share in checked(call_rows, lambda r: inputs.number(inputs.word(r["voyage_share"], {"0", "0.5", "1"})), refusals):
        calls[row["shipment_id"], row["container_id"], int(row["element"])] = share
    agreements = [a for _, a in checked(rows("agreements", inputs.AGREEMENT_COLUMNS), lambda r: inputs.agreement(r, parties), refusals)]
    for i, one in enumerate(agreements):
        for other in agreements[:i]:
            meet = (one.start is None or other.end is None or one.start < other.end) and (other.start is None or one.end is None or other.start < one.end)
            if one.currency == other.currency and len(set(one.parties) & set(other.parties)) > 1 and meet:
                refusals.append(Refusal("agreements.csv", why=f"{one.id} and {other.id} share a pair"))
    charge_rows = rows("charges", inputs.CHARGE_COLUMNS)
    known = {row["charge_id"] for row in charge_rows}
    read = list(checked(unique(charge_rows, lambda r: r["charge_id"], "charge_id"),
                        lambda r: inputs.charge(r, parties, prices, options, shipments), refusals))
    charges = [charge for _, charge in read]
    charges = without_faulty_invoices(charges, refusals)
    charges = without_faulty_replaces(charges, known, refusals)
    kept = {id(charge.row) for charge in charges}
    flows = {(r["payer"], r["payee"], r["kind"], r["class"], r["stage"] or "agreed") for r in charge_rows if id(r) not in kept}
    return Files(parties, prices, charges, rates, agreements, calls, flows, known, refusals)


def without_faulty_invoices(charges, refusals):
    """One invoice has one payer, payee and date."""
    invoices = defaultdict(list)
    for charge in charges:
        if charge.invoice_no:
            invoices[charge.invoice_no].append(charge)
    faulty = set()
    for no, of_it in invoices.items():
        if len({(c.payer, c.payee, c.invoice_date) for c in of_it}) > 1:
            for charge in of_it:
                faulty.add(charge.id)
                refusals.append(Refusal(charge.row.file, charge.row.line, why=f"invoice {no} has two payers, payees or dates"))
    return [charge for charge in charges if charge.id not in faulty]


def without_faulty_replaces(charges, known, refusals):
    by_id = {charge.id: charge for charge in charges}

    def reaches(start):
        seen, todo = set(), list(by_id[start].replaces)
        while todo:
            at = todo.pop()
            if at == start:
                return True
            if at not in seen and at in by_id:
                seen.add(at)
                todo.extend(by_id[at].replaces)
        return False

    good = []
    for charge in charges:
        other_scope = any(r in by_id and by_id[r].scope != charge.scope for r in charge.replaces)
        if any(r not in known for r in charge.replaces) or other_scope or reaches(charge.id):
            refusals.append(Refusal(charge.row.file, charge.row.line, why="replaces"))
        else:
            good.append(charge)
    return good


# --- units --------------------------------------------------------------------------------------


def jurisdiction(charge, files):
    return files.prices[charge.price_id][0].jurisdiction if charge.price_id else ""


def flat_is_left_out(charge, shipments, options):
    """Of another period: listed, not refused."""
    named = charge.filters.get("shipment_id")
    if named and shipments[named].period != options.period:
        return True
    first, after = options.last_day.replace(day=1), options.last_day + datetime.timedelta(days=1)
    return not ((charge.start is None or charge.start < after) and (charge.end is None or first < charge.end))


def matched(charge, shipments, files):
    """The units that the rule meets among these shipments."""
    wanted = charge.filters
    named = wanted.get("shipment_id")
    of = ([shipments[named]] if named in shipments else []) if named else shipments.values()
    units = []
    for shipment in of:
        if any(column in wanted and getattr(shipment, column) != wanted[column] for column in ("corridor_id", "load_status")):
            continue
        if (charge.scope == "shipment" or charge.basis == "flat") and not within(shipment.day, charge.start, charge.end):
            continue
        if charge.scope == "shipment":
            units.append(Unit(charge, shipment.bill, "", 0, shipment))
            continue
        for element in shipment.elements:
            if any(column in wanted and getattr(element, column) != wanted[column] for column in inputs.ELEMENT_FILTERS):
                continue
            if charge.basis != "flat" and not within(element.day, charge.start, charge.end):
                continue
            if jurisdiction(charge, files) == "EU-ETS" and element.mode != "sea":
                continue
            units.append(Unit(charge, shipment.bill, element.container_id, element.element, element))
    return units


def conversion(charge, files, options):
    """Row of the rate and the factor, None without conversion."""
    if charge.currency == charge.settle_currency:
        return None
    day = charge.invoice_date or options.last_day
    for age in range(options.max_rate_age + 1):
        at = day - datetime.timedelta(days=age)
        for source, target, inverse in ((charge.currency, charge.settle_currency, False), (charge.settle_currency, charge.currency, True)):
            found = files.rates.get((source, target, at), [])
            if len(found) > 1:
                raise Refused("two rates of one day")
            if found:
                rate, ref = found[0]
                return source, target, rate, at, ref, 1 / rate if inverse else rate
    raise Refused("no rate")


def priced(unit, files):
    charge = unit.charge
    valid = [p for p in files.prices[charge.price_id] if within(unit.source.day, p.start, p.end)]
    if len(valid) != 1:
        raise Refused("no price of that day, or two")
    price = valid[0]
    if price.cls != charge.cls or price.currency != charge.currency:
        raise Refused("class or currency of the price")
    if charge.cls != "shadow" and (not price.adopted or (price.in_force and unit.source.day < price.in_force)):
        raise Refused("a price that is not in force")
    unit.quantity = unit.source.operation_kg if price.quantity == "operation" else unit.source.total_kg
    unit.share, unit.rate = price.share, price.price
    amount = unit.quantity * price.share * price.price / price.per
    if price.jurisdiction == "EU-ETS":
        unit.voyage_share = files.calls.get(unit.place, Fraction(1))
        unit.upper_bound = unit.place not in files.calls
        amount *= unit.voyage_share
    return amount


def metered(unit):
    charge, source = unit.charge, unit.source
    if charge.basis == "unit":
        unit.quantity = Fraction(1)
    elif charge.basis == "container":
        unit.quantity = source.containers
    elif charge.basis == "teu":
        parts = [source] if unit.element else [e for e in source.elements if e.kind == "transport"]
        if any(part.teu is None for part in parts):
            raise Refused("no TEU")
        unit.quantity = source.teu
    else:
        unit.quantity = {"t": source.mass_t, "tkm": source.tkm, "kg_co2e": source.total_kg}[charge.basis]
    unit.rate = charge.rate
    return charge.rate * unit.quantity


def split_flat(units, charge, fx):
    total = half_even(charge.amount * (fx[5] if fx else 1) * 10 ** MINOR[charge.settle_currency])
    parts = by_weight(total, [unit.source.tkm for unit in units], [unit.order for unit in units])
    for unit, part in zip(units, parts):
        unit.exact, unit.fx = Fraction(part), fx


@dataclass
class Reckoned:
    units: list
    refusals: list
    refused_units: list
    refused_flows: set
    left_out: list
    without_unit: list


def reckon(files, shipments, options, again=False):
    """The units of every rule with their exact amounts. `again`: on a new run, where a bill that has gone is nothing."""
    r = Reckoned([], [], [], set(), [], [])
    met = {}
    for charge in files.charges:
        if charge.basis == "flat" and not again and flat_is_left_out(charge, shipments["all"], options):
            r.left_out.append(charge.id)
            met[charge.id] = []
            continue
        met[charge.id] = matched(charge, shipments["period"], files)
        if charge.basis == "flat" and not met[charge.id] and not again:
            r.refusals.append(Refusal(charge.row.file, charge.row.line, why="a flat amount that meets no unit"))
            r.refused_flows.add(charge.flow)
        elif not met[charge.id]:
            r.without_unit.append(charge.id)
    taken = defaultdict(set)
    for charge in files.charges:
        for other in charge.replaces:
            taken[other] |= {unit.place for unit in met[charge.id]}
    for charge in files.charges:
        units = [unit for unit in met[charge.id] if unit.place not in taken[charge.id]]
        if not units:
            continue
        try:
            fx = conversion(charge, files, options)
        except Refused as fault:
            r.refusals.append(Refusal(charge.row.file, charge.row.line, why=str(fault)))
            r.refused_flows.add(charge.flow)
            continue
        if charge.basis == "flat":
            split_flat(units, charge, fx)
        else:
            units = [unit for unit in units if reckon_unit(unit, files, fx, r)]
        r.units += units
    return r


def reckon_unit(unit, files, fx, r):
    try:
        amount = priced(unit, files) if unit.charge.price_id else metered(unit)
    except Refused as fault:
        r.refusals.append(Refusal(unit.charge.row.file, unit.charge.row.line, *unit.place, why=str(fault)))
        r.refused_units.append(unit)
        return False
    unit.exact, unit.fx = amount * (fx[5] if fx else 1) * 10 ** MINOR[unit.charge.settle_currency], fx
    return True


# --- claims -------------------------------------------------------------------------------------


def claim_key(unit, complete, options):
    charge = unit.charge
    disputed = charge.disputed or (not complete[unit.bill] and options.incomplete != "settle")
    return (unit.bill, charge.payer, charge.payee, charge.kind, charge.cls, charge.stage, "yes" if charge.settles else "no",
            charge.settle_currency, charge.value_date, charge.invoice_no, charge.tax_category, charge.tax_rate, "disputed" if disputed else "open")


def claims_of(r, complete, options, refused_flows):
    """Claims by key, after the refused ones went with everything that hangs on them; and the refusals that come up here."""
    by_key, gone, refusals = defaultdict(list), set(), []
    for unit in r.units:
        by_key[claim_key(unit, complete, options)].append(unit)
    for unit in r.refused_units:
        gone.add(claim_key(unit, complete, options))
    for key in by_key:
        if key[1:6] in refused_flows:
            gone.add(key)
    stages = defaultdict(set)
    for key in by_key:
        if key[6] == "yes":
            stages[key[:5]].add(key[5])
    for obligation, settling in stages.items():
        if len(settling) > 1:
            refusals.append(Refusal("charges.csv", bill=obligation[0], why="two stages settle"))
            gone |= {key for key in by_key if key[:5] == obligation and key[6] == "yes"}
    flat_units = defaultdict(set)
    for key, units in by_key.items():
        for unit in units:
            if unit.charge.basis == "flat":
                flat_units[unit.charge.id].add(key)
    while True:
        more = {key for keys in flat_units.values() if keys & gone for key in keys} - gone
        if not more:
            break
        gone |= more
    claims = [Claim(key, units) for key, units in by_key.items() if key not in gone]
    for claim in claims:
        round_claim(claim)
    return sorted(claims, key=lambda claim: claim.order), refusals


def round_claim(claim):
    claim.units.sort(key=lambda unit: unit.order)
    claim.exact = sum((unit.exact for unit in claim.units), Fraction(0))
    claim.minor = half_even(claim.exact)
    parts = largest_remainder(claim.minor, [unit.exact for unit in claim.units], [unit.order for unit in claim.units])
    for unit, part in zip(claim.units, parts):
        unit.minor = part


# --- tax, orders, chains ------------------------------------------------------------------------


def agreement_of(claim, files, options):
    day = datetime.date.fromisoformat(claim.value_date) if claim.value_date else options.last_day
    for agreement in files.agreements:
        if agreement.covers(claim.payer, claim.payee, claim.settle_currency, day):
            return agreement
    return None


def taxes_of(claims, files, options):
    groups = defaultdict(list)
    for claim in claims:
        if claim.payable and claim.tax_category:
            claim.tax_group = (claim.payer, claim.payee, claim.invoice_no, claim.value_date, claim.tax_category, claim.tax_rate, claim.settle_currency)
            groups[claim.tax_group].append(claim)
    taxes = []
    for group, members in sorted(groups.items(), key=lambda item: claim_order(item[0])):
        agreement = agreement_of(members[0], files, options)
        rounding = agreement.rounding if agreement else "half_up"
        base = sum(claim.minor for claim in members)
        tax = ROUND[rounding](base * group[5] / 100)
        parts = by_weight(tax, [Fraction(claim.minor) for claim in members], [claim.order for claim in members])
        for claim, part in zip(members, parts):
            claim.tax = part
        taxes.append({"group": group, "base_minor": base, "tax_minor": tax, "rounding": rounding})
    return taxes


def gross_orders(claims):
    sums = defaultdict(list)
    for claim in claims:
        sums[claim.payer, claim.payee, claim.settle_currency, claim.value_date].append(claim)
    return [order("gross", "", *key, sum(c.gross for c in some), some) for key, some in sums.items() if sum(c.gross for c in some)]


def order(form, agreement, payer, payee, currency, value_date, minor, claims):
    return {"form": form, "agreement": agreement, "payer": payer, "payee": payee, "currency": currency, "value_date": value_date,
            "amount_minor": minor, "claims": frozenset((claim.key, claim.corrects) for claim in claims)}


def settle_claims(claims, files, options):
    """Orders and positions."""
    gross, netted = [], defaultdict(list)
    for claim in claims:
        if not claim.payable:
            continue
        agreement = agreement_of(claim, files, options)
        if agreement is None:
            gross.append(claim)
        else:
            pair = tuple(sorted((claim.payer, claim.payee))) if agreement.form == "bilateral" else ()
            netted[agreement.id, claim.settle_currency, claim.value_date, pair].append(claim)
    orders, positions = gross_orders(gross), []
    forms = {agreement.id: agreement for agreement in files.agreements}
    for (name, currency, value_date, pair), some in netted.items():
        agreement = forms[name]
        if agreement.form == "bilateral":
            in_, out = (sum(c.gross for c in some if c.payee == pair[0]), sum(c.gross for c in some if c.payer == pair[0]))
            positions.append(position(name, currency, value_date, "|".join(pair), in_, out))
            if in_ != out:
                payer, payee = pair if out > in_ else pair[::-1]
                orders.append(order("bilateral", name, payer, payee, currency, value_date, abs(in_ - out), some))
            continue
        for party in sorted({c.payer for c in some} | {c.payee for c in some}):
            own = [c for c in some if party in (c.payer, c.payee)]
            in_, out = sum(c.gross for c in own if c.payee == party), sum(c.gross for c in own if c.payer == party)
            positions.append(position(name, currency, value_date, party, in_, out))
            if party != agreement.office and in_ != out:
                payer, payee = (party, agreement.office) if out > in_ else (agreement.office, party)
                orders.append(order("multilateral", name, payer, payee, currency, value_date, abs(in_ - out), own))
    return orders, positions


def position(agreement, currency, value_date, party, receivable, payable):
    return {"agreement": agreement, "currency": currency, "value_date": value_date, "party": party,
            "receivable_minor": receivable, "payable_minor": payable, "net_minor": receivable - payable}


def fees(orders, parties):
    """By currency, of who pays."""
    sums = defaultdict(Fraction)
    for one in orders:
        party = parties[one["payer"]]
        if party["fee_per_payment"]:
            sums[party["fee_currency"]] += Fraction(party["fee_per_payment"])
    return {currency: fee for currency, fee in sums.items() if fee}


def chains_of(claims, claim_id):
    """`claim_id`: of the claim that a correction cites, as text."""
    pairs = defaultdict(list)
    for claim in claims:
        if claim.settling:
            pairs["|".join(sorted((claim.payer, claim.payee)))].append(claim)
    chains = {}
    for pair, some in pairs.items():
        value = hashlib.sha256(pair.encode()).digest()
        for claim in sorted(some, key=lambda c: c.order):
            cells = [decimal_text(cell) if isinstance(cell, Fraction) else cell or "" for cell in claim.bare]
            line = "\x1f".join(cells + [str(claim.minor), claim_id(claim)]) + "\n"
            value = hashlib.sha256(value + line.encode()).digest()
        chains[pair] = (len(some), value.hex())
    return chains


def compare_of(claims):
    sums = defaultdict(dict)
    for claim in claims:
        if claim.corrects is None:
            stages = sums[claim.bill, claim.payer, claim.payee, claim.kind, claim.cls, claim.settle_currency]
            stages[claim.stage] = stages.get(claim.stage, 0) + claim.minor
    return dict(sums)


def postings_of(claims, taxes):
    """(what, side) -> account, debit, credit. `what`: key and corrects of a claim, or the tax group."""
    postings = {}
    for claim in claims:
        if claim.settling:
            what = ("claim", claim.key, claim.corrects)
            postings[what, "debit"] = (f"{claim.payee}:{claim.settle_currency}:receivable", claim.minor, 0)
            postings[what, "credit"] = (f"{claim.payer}:{claim.settle_currency}:payable", 0, claim.minor)
    for tax in taxes:
        payer, payee, *_, currency = tax["group"]
        postings[("tax", tax["group"], None), "debit"] = (f"{payee}:{currency}:tax", tax["tax_minor"], 0)
        postings[("tax", tax["group"], None), "credit"] = (f"{payer}:{currency}:payable", 0, tax["tax_minor"])
    return postings


# --- the whole ----------------------------------------------------------------------------------


@dataclass
class Settlement:
    options: Options
    files: Files
    claims: list
    taxes: list
    orders: list
    positions: list
    refusals: list
    left_out: list
    without_unit: list
    gross: list = field(default_factory=list)
    settled: bool = True
    previous: object = None


def settle(run, named, options, previous=None):
    """`run`: what inputs.read_run gave; `named`: role -> paths; `previous`: an earlier Settlement."""
    import corrections  # it needs this module

    given = bool(named.get("charges")) or previous is None
    files = read_files(named, options, run) if given else previous.files
    in_period = {bill: s for bill, s in run.items() if s.period == options.period}
    if previous is not None and not given:
        in_period |= {bill: run[bill] for bill in corrections.bills(previous) if bill in run}
    shipments = {"all": run, "period": in_period}
    r = reckon(files, shipments, options, again=not given)
    complete = {bill: s.complete for bill, s in run.items()}
    claims, late = claims_of(r, complete, options, files.refused_flows | r.refused_flows)
    refusals = (files.refusals if given else []) + r.refusals + late
    if previous is not None:
        claims = corrections.apply(previous, run, claims, options)
    taxes = taxes_of(claims, files, options)
    orders, positions = settle_claims(claims, files, options)
    settled = not refusals or (options.allow_refused and not any(x.file.startswith("agreements") for x in refusals))
    gross = gross_orders([claim for claim in claims if claim.payable])
    return Settlement(options, files, claims, taxes, orders, positions, refusals, r.left_out, r.without_unit, gross, settled, previous)


def main():
    run, period, folder = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    roles = "charges parties prices rates agreements calls".split()
    named = {role: [folder / f"{role}.csv"] for role in roles if (folder / f"{role}.csv").exists()}
    s = settle(inputs.read_run(run), named, Options(period))
    for refusal in s.refusals:
        print("refused", refusal)
    sums = defaultdict(int)
    for claim in s.claims:
        sums[claim.payer, claim.payee, claim.kind, claim.cls, claim.stage, claim.settles, claim.settle_currency, claim.status] += claim.minor
    for key, minor in sorted(sums.items()):
        print(*(cell or "-" for cell in key), minor)
    for one in s.orders:
        print("order", *(one[c] or "-" for c in "form payer payee currency amount_minor".split()), len(one["claims"]), "claims")
    for one in s.positions:
        print("position", *one.values())
    print(len(s.claims), "claims,", sum(len(c.units) for c in s.claims), "lines,", len(s.orders), "orders; gross", len(s.gross), "orders;",
          "left out", s.left_out, "without a unit", s.without_unit)


if __name__ == "__main__":
    main()
