"""What a new run changes in an earlier settlement: corrections of its claims."""
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from claims import claims_of
from exact import half_even, largest_remainder
from ledger import KEY, Claim
from units import reckon


def chain(settlement):
    """The settlements of a chain, oldest first."""
    out = []
    while settlement is not None:
        out.append(settlement)
        settlement = settlement.previous
    return out[::-1]


def bills(settlement):
    return {claim.bill for s in chain(settlement) for claim in s.claims}


def own_files(settlement):
    """Each set of files of the chain once, oldest first, with the options it was settled with."""
    seen, out = set(), []
    for s in chain(settlement):
        if id(s.files) not in seen:
            seen.add(id(s.files))
            out.append((s.files, s.options))
    return out


def recomputed(previous, run, options):
    """bare key -> units, of every set of files in the chain on the new run."""
    there = bills(previous)
    units = defaultdict(list)
    for files, before in own_files(previous):
        in_period = {b: s for b, s in run.items() if b in there or s.period == before.period}
        # The date of conversion and what settles are those of the earlier settlement.
        reckoned = reckon(files, {"all": run, "period": in_period}, before, again=True)
        complete = {bill: s.complete for bill, s in run.items()}
        claims, _ = claims_of(reckoned, complete, before, files.refused_flows)
        for claim in claims:
            units[claim.bare] += claim.units
    return units


def apply(previous, run, claims, options):
    """Ordinary claims of new keys and the corrections of the old ones."""
    settled = [claim for s in chain(previous) for claim in s.claims]
    originals = {claim.bare: claim for claim in settled if claim.corrects is None}
    cited = defaultdict(list)
    for claim in settled:
        if claim.corrects is not None:
            cited[claim.corrects].append(claim)
    new = recomputed(previous, run, options)
    out = [claim for claim in claims if claim.bare not in originals]
    for bare, original in originals.items():
        # What never settled, an upper bound among them, has nothing to be paid back.
        if not original.settling:
            continue
        correction = corrected(original, cited[bare], new.get(bare, []), run, options)
        if correction is not None:
            out.append(correction)
    return sorted(out, key=lambda claim: claim.order)


def signed(claim):
    """The sign that a correction has seen from its original."""
    return -1 if claim.note == "CREN" else 1


def gone(unit):
    """A unit that the new run does not hold: nothing of it."""
    rate = None if unit.charge.price_id else unit.rate
    return replace(unit, source=None, quantity=Fraction(0), rate=rate, share=None, voyage_share=None, upper_bound=False)


def corrected(original, earlier, units, run, options):
    total = half_even(sum((unit.exact for unit in units), Fraction(0)))
    difference = total - original.minor - sum(signed(claim) * claim.minor for claim in earlier)
    if difference == 0:
        return None
    sign = 1 if difference > 0 else -1
    before = defaultdict(Fraction)
    example = {}
    for claim in [original] + earlier:
        for unit in claim.units:
            before[unit.charge.id, unit.place] += unit.exact
            example[unit.charge.id, unit.place] = unit
    for unit in units:
        example[unit.charge.id, unit.place] = unit
    now = {(unit.charge.id, unit.place): unit.exact for unit in units}
    # Signed as the difference is: those of a credit note add to less than nothing.
    lines = [replace(unit if key in now else gone(unit), exact=now.get(key, Fraction(0)) - before[key]) for key, unit in example.items()]
    lines.sort(key=lambda unit: unit.order)
    incomplete = original.bill in run and not run[original.bill].complete and options.incomplete != "settle"
    # What nobody may pay is not corrected in money either.
    disputed = incomplete or any(unit.charge.disputed for unit in units) or (not units and original.status == "disputed")
    key = dict(zip(KEY, original.key))
    key["value_date"], key["status"] = "", "disputed" if disputed else "open"
    if sign < 0:
        key["payer"], key["payee"] = key["payee"], key["payer"]
    claim = Claim(tuple(key.values()), lines, sign * sum((unit.exact for unit in lines), Fraction(0)), abs(difference), corrects=original.bare,
                       note="DEBN" if sign > 0 else "CREN")
    parts = largest_remainder(difference, [unit.exact for unit in lines], [unit.order for unit in lines])
    for unit, part in zip(lines, parts):
        unit.minor = part
    return claim
