"""Faults of a ledger. Each changes the rows and says whether it could."""


def cell(column, *values, kind=None, when=lambda row: True, role="charges"):
    def apply(rng, rows):
        some = [row for row in rows[role] if when(row)]
        if not some:
            return False
        rng.choice(some)[column] = rng.choice(values)
        return True
    return apply


def has(column):
    return lambda row: bool(row.get(column))


def twice(rng, rows):
    row = rng.choice(rows["charges"])
    rows["charges"].append(dict(row, currency="CNY"))
    return True


def circle(rng, rows):
    some = [row for row in rows["charges"] if row["scope"] == "element"]
    if len(some) < 2:
        return False
    one, other = rng.sample(some, 2)
    one["replaces"], other["replaces"] = other["charge_id"], one["charge_id"]
    return True


def itself(rng, rows):
    row = rng.choice(rows["charges"])
    row["replaces"] = row["charge_id"]
    return True


def other_scope(rng, rows):
    one = next((row for row in rows["charges"] if row["scope"] == "element"), None)
    other = next((row for row in rows["charges"] if row["scope"] == "shipment"), None)
    if one is None or other is None:
        return False
    one["replaces"] = other["charge_id"]
    return True


def two_stages(rng, rows):
    """The agreed and the invoiced one of a flow both settle."""
    some = [row for row in rows["charges"] if row["stage"] in ("", "agreed") and row["class"] not in ("shadow", "statutory") and not row.get("price_id")
            and row["settles"] != "no" and row["basis"] not in ("flat", "teu")]
    if not some:
        return False
    row = rng.choice(some)
    row["settles"] = "yes"
    other = dict(row, charge_id="TWO", stage="invoiced", settles="yes", invoice_no="", invoice_date="", replaces="")
    rows["charges"].append(other)
    return True


def two_payees(rng, rows):
    some = [row for row in rows["charges"] if row.get("invoice_no")]
    if not some:
        return False
    row = rng.choice(some)
    rows["charges"].append(dict(row, charge_id="SAMEINV", payer=row["payee"], payee=row["payer"], kind="OTHER", basis="unit", rate="1", amount="", price_id="",
                                settles="no", **{"class": ""})) if row["payee"] != "AUTH" else rows["charges"].append(
        dict(row, charge_id="SAMEINV", payer="P0", payee="P1", kind="OTHER", basis="unit", rate="1", amount="", price_id="", settles="no", **{"class": ""}))
    return True


def no_rate(rng, rows):
    """No rate for one currency at all."""
    rows["rates"] = [row for row in rows["rates"] if "KWD" not in (row["from"], row["to"])]
    return True


def stale(rng, rows):
    rows["rates"] = [row for row in rows["rates"] if row["date"] <= "2025-03-20"]
    return True


def price_gap(rng, rows):
    some = [row for row in rows["prices"]]
    row = rng.choice(some)
    row["valid_to"] = "2025-03-10" if row["valid_from"] < "2025-03-10" else row["valid_to"]
    return True


def price_overlap(rng, rows):
    row = rng.choice(rows["prices"])
    rows["prices"].append(dict(row, price="1"))
    return True


FAULTS = {
    "kind": cell("kind", "FREIGTH", "freight", ""),
    "stage": cell("stage", "billed"),
    "basis": cell("basis", "m3", ""),
    "scope": cell("scope", "bill", "", when=lambda row: row["kind"] != "CARBON"),
    "status": cell("status", "paid"),
    "settles": cell("settles", "true", "Y"),
    "mode": cell("mode", "truck", when=lambda row: row["scope"] == "element"),
    "load_status": cell("load_status", "full"),
    "rate": cell("rate", "-3", "1e3", "1,5", "0.1234567890123", "12345678901234567890123456789", "+1", ".5", "1.", "NaN", when=has("rate")),
    "amount": cell("amount", "-3.00", "1 000.00", "", when=has("amount")),
    "huge amount": cell("amount", "1000000000000000000000000000", when=has("amount")),
    "both": cell("amount", "1.00", when=has("rate")),
    "currency": cell("currency", "XXE", "cny", "RMB", "", when=lambda row: not row.get("price_id")),
    "settle currency": cell("settle_currency", "CNH"),
    "payer": cell("payer", "NOBODY", ""),
    "oneself": lambda rng, rows: [row.update(payer=row["payee"]) for row in [rng.choice(rows["charges"])]] and True,
    "shipment": cell("shipment_id", "NO-SUCH-BILL"),
    "date": cell("valid_from", "2025-02-30", "01.03.2025", "2025-3-1"),
    "invoice date": cell("invoice_date", "2025-13-01", when=has("invoice_no")),
    "value date": cell("value_date", "soon"),
    "interval": lambda rng, rows: [row.update(valid_from="2025-03-10", valid_to="2025-03-10") for row in [rng.choice(rows["charges"])]] and True,
    "class": cell("class", "contract", when=lambda row: row["kind"] != "CARBON"),
    "no class": cell("class", "", when=lambda row: row["kind"] == "CARBON"),
    "statutory": cell("class", "statutory", when=lambda row: row["kind"] == "CARBON" and row["payee"] != "AUTH"),
    "quoted settles": cell("settles", "yes", when=lambda row: row["stage"] == "quoted"),
    "shadow settles": cell("settles", "yes", when=lambda row: row["class"] in ("shadow", "statutory")),
    "flat for ever": lambda rng, rows: any([row.update(shipment_id="", valid_to="") or True for row in rows["charges"] if row["basis"] == "flat"][:1]),
    "flat two months": lambda rng, rows: any([row.update(shipment_id="", valid_from="2025-03-15", valid_to="2025-04-15") or True for row in rows["charges"]
                                              if row["basis"] == "flat"][:1]),
    "flat nothing": lambda rng, rows: any([row.update(corridor_id="no-such-corridor") or True for row in rows["charges"] if row["basis"] == "flat"][:1]),
    "tax rate": cell("tax_rate", "", when=has("tax_rate")),
    "tax category": cell("tax_category", "", when=has("tax_category")),
    "price": cell("price_id", "NO-PRICE", when=has("price_id")),
    "price class": cell("currency", "EUR", when=has("price_id")),
    "carbon scope": cell("scope", "shipment", when=lambda row: row["kind"] == "CARBON"),
    "twice": twice,
    "circle": circle,
    "itself": itself,
    "other scope": other_scope,
    "replaces nobody": cell("replaces", "NOBODY"),
    "two stages": two_stages,
    "two payees": two_payees,
    "no rate": no_rate,
    "stale": stale,
    "price gap": price_gap,
    "price overlap": price_overlap,
    "party kind": cell("kind", "person", role="parties"),
    "party code": cell("party", "p 0", role="parties"),
    "fee": cell("fee_per_payment", "5,00", role="parties", when=lambda row: row["kind"] == "company"),
    "party twice": lambda rng, rows: rows["parties"].append(dict(rows["parties"][0])) or True,
    "voyage share": cell("voyage_share", "0.3", role="calls"),
    "call twice": lambda rng, rows: bool(rows["calls"]) and (rows["calls"].append(dict(rows["calls"][0])) or True),
    "no permission": cell("permission_reference", "", role="agreements"),
    "no law": cell("legal_reference", "", role="agreements"),
    "authority nets": lambda rng, rows: any([row.update(parties=row["parties"] + "|AUTH") or True for row in rows["agreements"]][:1]),
    "same pair": lambda rng, rows: bool(rows["agreements"]) and (rows["agreements"].append(dict(rows["agreements"][0], agreement="AGAIN")) or True),
}
