"""What holds in every published settlement, whatever the twin says."""
from collections import defaultdict

from ledger import KEY


def number(text):
    return int(text or 0)


def faults(published):
    out = []
    sums = defaultdict(int)
    for row in published.rows("lines"):
        sums[row["claim_id"]] += number(row["amount_minor"])
    for row in published.rows("claims"):
        lines = sums.pop(row["claim_id"], None)
        # Of a correction the lines are signed as the difference is.
        if lines != number(row["amount_minor"]) and not (row["corrects"] and lines == -number(row["amount_minor"])):
            out.append(f"property: lines of claim {row['claim_id']} do not add to it")
        if number(row["amount_minor"]) + number(row["tax_minor"]) != number(row["gross_minor"]):
            out.append(f"property: gross of claim {row['claim_id']}")
    out += [f"property: lines of a claim that is not there: {claim}" for claim in sums]
    return out + positions(published) + postings(published) + taxes(published) + orders(published) + sorted_rows(published)


def positions(published):
    sums = defaultdict(int)
    for row in published.rows("positions"):
        if number(row["receivable_minor"]) - number(row["payable_minor"]) != number(row["net_minor"]):
            return [f"property: net of {row}"]
        if "|" not in row["party"]:
            sums[row["agreement"], row["currency"], row["value_date"]] += number(row["net_minor"])
    return [f"property: positions of {key} add to {value}" for key, value in sums.items() if value]


def currency_of(row):
    return row["account"].split(":")[1]


def postings(published):
    sums, single = defaultdict(int), defaultdict(int)
    for row in published.rows("postings"):
        sums[currency_of(row)] += number(row["debit_minor"]) - number(row["credit_minor"])
        what = tuple(value for name, value in row.items() if name not in ("side", "account", "debit_minor", "credit_minor", "amount", "debit", "credit"))
        single[what] += number(row["debit_minor"]) - number(row["credit_minor"])
    return [f"property: postings of {key} are off by {value}" for key, value in [*sums.items(), *single.items()] if value]


def taxes(published):
    group = "payer payee invoice_no value_date tax_category tax_rate settle_currency".split()
    sums = defaultdict(int)
    for row in published.rows("claims"):
        if number(row["tax_minor"]):
            sums[tuple(row[name] for name in group)] += number(row["tax_minor"])
    for row in published.rows("taxes"):
        sums[tuple(row[name] for name in group)] -= number(row["tax_minor"])
    return [f"property: tax of {key} is off by {value}" for key, value in sums.items() if value]


def orders(published):
    gross = {row["claim_id"]: number(row["gross_minor"]) for row in published.rows("claims")}
    out = []
    for row in published.orders():
        listed = [claim for claim in row["claims"].split("|") if claim]
        if any(claim not in gross for claim in listed):
            out.append(f"property: order {row['order_id']} lists a claim that is not there")
        elif row["form"] == "gross" and sum(gross[claim] for claim in listed) != number(row["amount_minor"]):
            out.append(f"property: order {row['order_id']} is not the sum of its claims")
        if number(row["amount_minor"]) <= 0:
            out.append(f"property: order {row['order_id']} of {row['amount_minor']}")
    return out


def sorted_rows(published):
    def order(row):
        cells = [row[name] for name in KEY]
        return [(bool(cell), float(cell) if name == "tax_rate" and cell else cell.encode()) for name, cell in zip(KEY, cells)]
    rows = [order(row) for row in published.rows("claims")]
    lines = [int(row["line"]) for row in published.rows("lines")]
    return ([] if rows == sorted(rows) else ["property: claims are out of order"]) + \
        ([] if lines == list(range(1, len(lines) + 1)) else ["property: lines are not numbered from 1"])


def other_order(one, other):
    """The same files with rows and columns in another order: the same tables, but for lines of files and the settlement's own id."""
    out = []
    for name in one.tables:
        if name == "refused":
            def places(published):
                return sorted((r["bill"], r["container_id"], r["element"], r["code"]) for r in published.rows("refused"))
            same = places(one) == places(other)
        elif name == "summary":
            continue
        else:
            same = one.rows(name) == other.rows(name)
        if not same:
            out.append(f"property: {name} depends on the order of input rows")
    return out
