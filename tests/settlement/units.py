"""The units that every rule meets, and their exact amounts."""
import datetime
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

import inputs
from exact import by_weight, half_even
from inputs import MINOR, Refusal, Refused, within
from ledger import Unit


def jurisdiction(charge, files):
    return files.prices[charge.price_id][0].jurisdiction if charge.price_id else ""


def flat_is_left_out(charge, shipments, options, again):
    """Of another period: listed, not refused. A bill keeps its period, whatever a new run says of it."""
    named = charge.filters.get("shipment_id")
    if named and not again and shipments[named].period != options.period:
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
        if charge.basis == "flat" and flat_is_left_out(charge, shipments["all"], options, again):
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
