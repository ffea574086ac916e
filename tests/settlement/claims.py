"""Claims: units of one key, rounded once and split, with their tax."""
import datetime
from collections import defaultdict
from fractions import Fraction

from exact import ROUND, by_weight, half_even, largest_remainder
from inputs import Refusal
from ledger import Claim, claim_order


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
