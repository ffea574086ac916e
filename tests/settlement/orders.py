"""What may be paid, net or gross, and what it costs; chains, postings and the comparison of stages."""
import hashlib
from collections import defaultdict
from fractions import Fraction

from claims import agreement_of
from exact import decimal_text


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
