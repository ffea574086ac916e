"""Files of a settlement read together: what is unique, what names what."""
from collections import defaultdict

import inputs
from inputs import Refusal, Refused
from ledger import Files


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
    agreed = list(checked(rows("agreements", inputs.AGREEMENT_COLUMNS), lambda r: inputs.agreement(r, parties), refusals))
    agreements = [agreement for _, agreement in agreed]
    for i, (row, one) in enumerate(agreed):
        for other in agreements[:i]:
            meet = (one.start is None or other.end is None or one.start < other.end) and (other.start is None or one.end is None or other.start < one.end)
            if one.currency == other.currency and len(set(one.parties) & set(other.parties)) > 1 and meet:
                refusals.append(Refusal(row.file, row.line, why=f"{one.id} and {other.id} share a pair"))
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
