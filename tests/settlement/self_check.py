#!/usr/bin/env python3
"""The twin on cases with known results, so that both sides are not wrong in one way. Needs pyarrow. Last line: N passed, N failed"""
import datetime
import hashlib
import sys
import tempfile
from fractions import Fraction

import generate
import inputs
import twin
from exact import amount_text, by_weight, decimal_text, half_even, half_up, largest_remainder
from ledger import Options

RESULTS = []


def same(what, found, wanted):
    RESULTS.append(found == wanted)
    if found != wanted:
        print(f"FAILED {what}: {found!r}, wanted {wanted!r}")


def element(bill, number, mode="rail", kg="0", tkm="1", teu="1", origin="CNCKG", day=10):
    return inputs.Element(bill, "BOX1", number, mode, "hub" if mode == "hub" else "transport", f"{mode}.x", "", origin, "CNQZH", datetime.date(2025, 3, day),
                          Fraction(1), Fraction(teu) if teu else None, Fraction(10), Fraction(tkm), Fraction(kg), Fraction(kg), "f")


def shipment(bill, elements, complete=True, period="2025-03"):
    return inputs.Shipment(bill, "corridor", period, "laden", datetime.date(int(period[:4]), int(period[5:]), 10), Fraction(1), Fraction(1), Fraction(10),
                           Fraction(10), Fraction(0), Fraction(0), complete, elements)


def settled(run, rows, previous=None, **options):
    """`rows`: role -> list of dictionaries; parties are there."""
    ledger = generate.Ledger(1)
    ledger.rows["parties"] = [dict(party=p, name=p, kind="authority" if p == "AUTH" else "company", country="CN", town="X") for p in "A B C D E OFFICE AUTH".split()]
    ledger.rows |= rows
    with tempfile.TemporaryDirectory() as folder:
        named = generate.write(ledger, folder) if rows else {}
        return twin.settle({s.bill: s for s in run}, named, Options("2025-03", **options), previous)


def row(charge_id, payer, payee, **more):
    return dict(charge_id=charge_id, payer=payer, payee=payee, kind="FREIGHT", scope="shipment", currency="CNY", basis="flat") | more


def rounding():
    same("half even", [half_even(Fraction(n, 2)) for n in (-3, -1, 1, 3, 5)], [-2, 0, 0, 2, 2])
    same("half up", [half_up(Fraction(n, 2)) for n in (-3, -1, 1, 3, 5)], [-2, -1, 1, 2, 3])
    same("weights", by_weight(13456, [400, 150, 139, 30], "abcd"), [7486, 2807, 2601, 562])
    same("three parts", by_weight(10000, [1, 1, 1], "abc"), [3334, 3333, 3333])
    same("no weight", by_weight(5, [0, 0], "ba"), [2, 3])
    same("one too many", largest_remainder(2, [Fraction(3, 2), Fraction(1)], "ab"), [1, 1])
    same("one too many, from the smallest fraction", largest_remainder(1, [Fraction(3, 2), Fraction(1)], "ab"), [1, 0])
    same("decimal", [decimal_text(Fraction(n)) for n in ("9.00", "0.15948315", "120", "1/8")], ["9", "0.15948315", "120", "0.125"])
    same("amounts", [amount_text(5, 2), amount_text(-12345, 2), amount_text(7, 0), amount_text(1, 3)], ["0.05", "-123.45", "7", "0.001"])


def carbon():
    """719.123456789 kg at 187.12 CNY/t."""
    run = [shipment("B1", [element("B1", i, kg=str(Fraction("719.123456789") * w / 719)) for i, w in enumerate((400, 150, 139, 30), 1)])]
    price = {"price_id": "P", "class": "contract", "jurisdiction": "X", "quantity": "total", "share": "1", "price": "187.12", "currency": "CNY", "per": "t",
             "status": "adopted", "source": "s"}
    s = settled(run, {"charges": [row("C", "A", "B", kind="CARBON", scope="element", basis="kg_co2e", price_id="P", **{"class": "contract"})], "prices": [price]})
    same("carbon", [(c.minor, [u.minor for u in c.units]) for c in s.claims], [(13456, [7486, 2807, 2601, 562])])


NETTING = [("A", "B", "1345.00"), ("B", "C", "612.00"), ("B", "D", "523.00"), ("B", "E", "61.00"), ("C", "B", "25.00"), ("D", "E", "48.00"), ("E", "C", "19.00")]


def netting():
    """Seven obligations, gross, in pairs and by an office."""
    run = [shipment("B1", [element("B1", 1)])]
    charges = [row(f"C{i}", payer, payee, amount=amount, shipment_id="B1") for i, (payer, payee, amount) in enumerate(NETTING)]
    agreement = dict(agreement="N", parties="A|B|C|D|E", currency="CNY", rounding="half_up", valid_from="2025-01-01", legal_reference="L")
    s = settled(run, {"charges": charges})
    same("gross", (len(s.orders), sum(o["amount_minor"] for o in s.orders)), (7, 263300))
    s = settled(run, {"charges": charges, "agreements": [agreement | {"form": "bilateral"}]})
    same("bilateral", (len(s.orders), sum(o["amount_minor"] for o in s.orders)), (6, 258300))
    s = settled(run, {"charges": charges, "agreements": [agreement | {"form": "multilateral", "office": "OFFICE"}]})
    same("multilateral", {p["party"]: p["net_minor"] for p in s.positions}, {"A": -134500, "B": 17400, "C": 60600, "D": 47500, "E": 9000})
    same("moved", (len(s.orders), sum(o["amount_minor"] for o in s.orders)), (5, 269000))
    s = settled(run, {"charges": charges, "agreements": [agreement | {"form": "multilateral", "office": "A"}]})
    same("the office is a member", (len(s.orders), sum(o["amount_minor"] for o in s.orders)), (4, 134500))


def taxes():
    run = [shipment("B1", [element("B1", 1)]), shipment("B2", [element("B2", 1)])]
    charges = [row(f"C{i}", "A", "B", basis="unit", rate="0.25", shipment_id=f"B{i}", tax_category="S", tax_rate="9") for i in (1, 2)]
    for rounding, wanted in (("half_up", 5), ("half_even", 4)):
        agreement = dict(agreement="N", parties="A|B", currency="CNY", rounding=rounding, valid_from="2025-01-01", legal_reference="L", form="bilateral")
        s = settled(run, {"charges": charges, "agreements": [agreement]})
        same(f"tax {rounding}", (s.taxes[0]["base_minor"], s.taxes[0]["tax_minor"], sum(c.tax for c in s.claims)), (50, wanted, wanted))


def conversion():
    run = [shipment("B1", [element("B1", 1)])]
    charge = row("C", "A", "B", basis="unit", rate="1", currency="USD", settle_currency="CNY")
    direct = {"from": "USD", "to": "CNY", "rate": "7", "date": "2025-03-30", "source_ref": "d"}
    inverse = {"from": "CNY", "to": "USD", "rate": "0.125", "date": "2025-03-30", "source_ref": "i"}
    for what, rates, wanted in (("direct first", [direct, inverse], 700), ("a later inverse", [direct | {"date": "2025-03-29"}, inverse], 800),
                                ("7 days", [direct | {"date": "2025-03-24"}], 700)):
        same(what, [c.minor for c in settled(run, {"charges": [charge], "rates": rates}).claims], [wanted])
    for what, rates in (("8 days", [direct | {"date": "2025-03-23"}]), ("two of a day", [direct, direct | {"rate": "8"}]), ("of later", [direct | {"date": "2025-04-01"}])):
        same(what, settled(run, {"charges": [charge], "rates": rates}).settled, False)


def replaced():
    run = [shipment(f"B{i}", [element(f"B{i}", 1)]) for i in (1, 2, 3)]
    charges = [row("GENERAL", "A", "B", amount="100.00", valid_from="2025-03-01", valid_to="2025-04-01"),
               row("SPECIAL", "A", "B", amount="9.00", shipment_id="B2", replaces="GENERAL")]
    same("a flat amount over what is left", [(c.bill, c.minor) for c in settled(run, {"charges": charges}).claims], [("B1", 5000), ("B2", 900), ("B3", 5000)])


def refusals():
    run = [shipment("B1", [element("B1", 1), element("B1", 2, teu="")]), shipment("B2", [element("B2", 1)])]
    flat = row("F", "C", "D", scope="element", amount="1.00", valid_from="2025-03-01", valid_to="2025-04-01", kind="OTHER")
    teu = row("T", "C", "D", scope="element", basis="teu", rate="1", kind="OTHER")
    other = row("O", "C", "D", basis="unit", rate="1", shipment_id="B2", kind="HANDLING")
    s = settled(run, {"charges": [flat, teu, other]})
    same("nothing is settled", (s.settled, [(r.bill, r.element) for r in s.refusals]), (False, [("B1", 2)]))
    s = settled(run, {"charges": [flat, teu, other]}, allow_refused=True)
    same("the flat amount goes as a whole, and the claim with it", [(c.bill, c.kind) for c in s.claims], [("B2", "HANDLING")])


def corrections():
    """Up, down and back; a chain over three settlements."""
    def run(mass):
        s = shipment("B1", [element("B1", 1)])
        s.mass_t = Fraction(mass)
        return [s]
    first = settled(run("10"), {"charges": [row("C", "A", "B", basis="t", rate="1.005")]})
    second = settled(run("8"), {}, previous=first)
    third = settled(run("11"), {}, previous=second)
    same("original", [(c.payer, c.minor) for c in first.claims], [("A", 1005)])
    same("credit", [(c.payer, c.minor, c.note) for c in second.claims], [("B", 201, "CREN")])
    same("debit", [(c.payer, c.minor, c.note, c.exact) for c in third.claims], [("A", 302, "DEBN", Fraction("301.5"))])
    same("a bill that has gone", [(c.payer, c.minor) for c in settled([], {}, previous=first).claims], [("B", 1005)])
    same("nothing changed", settled(run("10"), {}, previous=first).claims, [])


def chains():
    run = [shipment("B1", [element("B1", 1)])]
    s = settled(run, {"charges": [row("C", "B", "A", amount="5.00", shipment_id="B1", tax_category="S", tax_rate="9.00")]})
    from orders import chains_of
    line = "\x1f".join(["B1", "B", "A", "FREIGHT", "", "agreed", "yes", "CNY", "", "S", "9", "500", ""]) + "\n"
    wanted = hashlib.sha256(hashlib.sha256(b"A|B").digest() + line.encode()).hexdigest()
    same("chain", chains_of(s.claims, lambda claim: ""), {"A|B": (1, wanted)})


def main():
    for case in (rounding, carbon, netting, taxes, conversion, replaced, refusals, corrections, chains):
        case()
    print(f"{sum(RESULTS)} passed, {len(RESULTS) - sum(RESULTS)} failed")
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
