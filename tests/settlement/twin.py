#!/usr/bin/env python3
"""A second implementation of the settlement rules, from their description alone, in rationals.

usage: twin.py RUN_FOLDER PERIOD FOLDER_WITH_CSV      prints what it makes of the files
"""
import pathlib
import sys
from collections import defaultdict
from dataclasses import dataclass

import corrections
import inputs
from claims import claims_of, taxes_of
from files import read_files
from ledger import Files, Options
from orders import gross_orders, settle_claims
from units import reckon


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
    gross: list
    settled: bool
    previous: object = None


def settle(run, named, options, previous=None):
    """`run`: what inputs.read_run gave; `named`: role -> paths; `previous`: an earlier Settlement."""
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
