"""Tables of a published settlement, and what the twin says stands in them."""
import csv
import datetime
import pathlib
from collections import defaultdict
from fractions import Fraction

import pyarrow.parquet

from exact import amount_text, decimal_text
from inputs import MINOR
from ledger import KEY
from orders import chains_of, compare_of, postings_of

TABLES = "lines claims taxes postings positions orders order_claims chains compare refused summary".split()


def cell(value):
    """One form for a cell of either side: text, absent as empty."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, Fraction)):
        return decimal_text(Fraction(value))
    if isinstance(value, datetime.date):
        return value.isoformat()
    text = str(value)
    if isinstance(value, str):
        return text
    return decimal_text(Fraction(text))


class Published:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.tables = {name: pyarrow.parquet.read_table(self.folder / f"{name}.parquet").to_pylist() for name in TABLES
                       if (self.folder / f"{name}.parquet").exists()}

    def rows(self, name):
        return [{column: cell(value) for column, value in row.items()} for row in self.tables.get(name, [])]

    def orders(self):
        """With the claims that each lists in their own table too."""
        listed = defaultdict(list)
        for row in self.rows("order_claims"):
            listed[row["order_id"]].append(row["claim_id"])
        rows = self.rows("orders")
        for row in rows:
            row["count"], row["listed"] = str(len(listed[row["order_id"]])), "|".join(sorted(listed[row["order_id"]]))
        return rows

    def lines(self):
        """With what the claim of each corrects."""
        corrects = {row["claim_id"]: row["corrects"] for row in self.rows("claims")}
        return [row | {"corrects": corrects.get(row["claim_id"], "?")} for row in self.rows("lines")]

    def csv_faults(self):
        """Rows of the CSV that differ from those of the Parquet."""
        faults = []
        for name in self.tables:
            with open(self.folder / f"{name}.csv", newline="", encoding="utf-8-sig") as file:
                written = list(csv.DictReader(file))
            rows = self.rows(name)
            if len(written) != len(rows):
                faults.append(f"{name}.csv has {len(written)} rows, {name}.parquet {len(rows)}")
                continue
            for number, (one, other) in enumerate(zip(written, rows), 1):
                for column, value in other.items():
                    text = one.get(column)
                    if text is not None and text.lstrip("'") != value.lstrip("'") and not same_number(text, value):
                        faults.append(f"{name}.csv row {number} {column}: {text!r}, Parquet {value!r}")
        return faults


def same_number(one, other):
    try:
        return Fraction(one) == Fraction(other)
    except (ValueError, ZeroDivisionError):
        return False


def key_cells(key):
    return {name: cell(value) for name, value in zip(KEY, key)}


class Expected:
    """The tables of a twin's settlement: name -> key -> cells. The digests of claims are taken from the published table."""

    def __init__(self, settlement, run_id, claim_ids, earlier_ids):
        self.s, self.run_id = settlement, run_id
        self.claim_ids = claim_ids  # (key, bare key that it corrects) -> id
        self.earlier_ids = earlier_ids  # bare key -> id of the original claim in an earlier settlement

    def corrects(self, claim):
        return "" if claim.corrects is None else self.earlier_ids.get(claim.corrects, "?")

    def claim_cells(self, claim):
        return key_cells(claim.key) | {"corrects": self.corrects(claim)}

    def claim_key(self, claim):
        return tuple(self.claim_cells(claim).values())

    def claims(self):
        out = {}
        for claim in self.s.claims:
            digits = MINOR[claim.settle_currency]
            out[self.claim_key(claim)] = {
                "exact": fraction(claim.exact), "amount_minor": str(claim.minor), "amount": amount_text(claim.minor, digits),
                "tax_minor": str(claim.tax), "gross_minor": str(claim.gross), "upper_bound": cell(claim.upper_bound)}
        return out

    def lines(self):
        out, number = {}, 0
        for claim in self.s.claims:
            digits = MINOR[claim.settle_currency]
            units = sorted(claim.units, key=lambda u: (u.charge.id.encode(), u.container_id.encode(), u.element))
            for unit in units:
                number += 1
                key = self.claim_key(claim) + (unit.charge.id, unit.container_id, str(unit.element))
                fx = unit.fx or ("", "", None, None, "")
                flat = unit.charge.basis == "flat"
                out[key] = {"line": str(number), "exact": fraction(unit.exact), "amount_minor": str(unit.minor), "amount": amount_text(unit.minor, digits),
                            "quantity": "1" if flat and unit.source is not None else cell(unit.quantity), "rate": cell(unit.charge.amount if flat else unit.rate), "share": cell(unit.share), "voyage_share": cell(unit.voyage_share),
                            "currency": unit.charge.currency, "fx_from": fx[0], "fx_to": fx[1], "fx_rate": cell(fx[2]), "fx_date": cell(fx[3]),
                            "fx_source": fx[4], "upper_bound": cell(unit.upper_bound), "price_id": unit.charge.price_id,
                            "factor_id": getattr(unit.source, "factor_id", ""), "run_id": self.run_id}
        return out

    def taxes(self):
        names = "payer payee invoice_no value_date tax_category tax_rate settle_currency".split()
        return {tuple(cell(value) for value in tax["group"]): {"base_minor": str(tax["base_minor"]), "tax_minor": str(tax["tax_minor"]),
                                                               "rounding": tax["rounding"]} for tax in self.s.taxes}, names

    def positions(self):
        return {tuple(cell(p[c]) for c in ("agreement", "currency", "value_date", "party")):
                {c: cell(p[c]) for c in ("receivable_minor", "payable_minor", "net_minor")} for p in self.s.positions}

    def orders(self):
        ids = {(claim.key, claim.corrects): self.claim_ids.get(self.claim_key(claim), "?") for claim in self.s.claims}
        out = {}
        for o in self.s.orders:
            key = tuple(cell(o[c]) for c in ("form", "agreement", "payer", "payee", "currency", "value_date"))
            out[key] = {"amount_minor": str(o["amount_minor"]), "amount": amount_text(o["amount_minor"], MINOR[o["currency"]]),
                        "claims": "|".join(sorted(ids[c] for c in o["claims"])), "count": str(len(o["claims"]))}
            out[key]["listed"] = out[key]["claims"]
        return out

    def chains(self):
        return {(pair,): {"claims": str(count), "hash": value} for pair, (count, value) in chains_of(self.s.claims, self.corrects).items()}

    def compare(self):
        out = {}
        for key, stages in compare_of(self.s.claims).items():
            digits = MINOR[key[-1]]
            q, a, i = (stages.get(stage) for stage in ("quoted", "agreed", "invoiced"))

            def less(one, other):
                return "" if one is None or other is None else amount_text(one - other, digits)
            out[tuple(cell(c) for c in key)] = {
                "quoted": "" if q is None else amount_text(q, digits), "agreed": "" if a is None else amount_text(a, digits),
                "invoiced": "" if i is None else amount_text(i, digits), "invoiced_less_agreed": less(i, a),
                "agreed_less_quoted": less(a, q), "invoiced_less_quoted": less(i, q)}
        return out

    def postings(self, tax_ids):
        """(claim id, tax group id, side) -> account, debit, credit. `tax_ids`: group -> id."""
        out = {}
        by_key = {(claim.key, claim.corrects): claim for claim in self.s.claims}
        for ((what, key, corrects), side), (account, debit, credit) in postings_of(self.s.claims, self.s.taxes).items():
            if what == "claim":
                name = (self.claim_ids.get(self.claim_key(by_key[key, corrects]), "?"), "", side)
            else:
                name = ("", tax_ids.get(tuple(cell(c) for c in key), "?"), side)
            out[name] = {"account": account, "debit_minor": str(debit), "credit_minor": str(credit)}
        return out


def fraction(value):
    return f"{value.numerator}/{value.denominator}"
