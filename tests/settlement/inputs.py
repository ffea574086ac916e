"""Files of a settlement, read and checked row by row, and the tables of the run. Rationals only."""
import csv
import datetime
import io
import pathlib
import re
from dataclasses import dataclass, field
from fractions import Fraction

import pyarrow.parquet

CHARGE_COLUMNS = """charge_id payer payee kind class stage settles replaces scope shipment_id corridor_id load_status mode operation carrier
 origin destination container_id valid_from valid_to basis rate amount price_id currency settle_currency invoice_no invoice_date value_date
 tax_category tax_rate status""".split()
PARTY_COLUMNS = """party name kind country town street postcode account account_scheme bic fee_per_payment fee_currency tax_id
 tax_currency""".split()
PRICE_COLUMNS = """price_id class jurisdiction quantity share price currency per valid_from valid_to in_force first_deadline status
 source""".split()
CALL_COLUMNS = "shipment_id container_id element voyage_share source".split()
RATE_COLUMNS = "from to rate date source_ref".split()
AGREEMENT_COLUMNS = """agreement parties currency form office rounding valid_from valid_to legal_reference
 permission_reference""".split()

KINDS = {"FREIGHT", "HANDLING", "CARBON", "OTHER"}
CLASSES = {"statutory", "carrier_passthrough", "contract", "shadow"}
STAGES = {"quoted", "invoiced", "agreed"}
MODES = {"road", "rail", "sea", "inland_waterway", "air", "hub"}
BASES = {"unit", "container", "teu", "t", "tkm", "kg_co2e", "flat"}
ELEMENT_FILTERS = ("mode", "operation", "carrier", "origin", "destination", "container_id")
# ISO 4217, of the currencies that the tests use.
MINOR = {"CNY": 2, "SGD": 2, "USD": 2, "EUR": 2, "HKD": 2, "THB": 2, "MYR": 2, "LAK": 2, "IDR": 2, "JPY": 0, "VND": 0, "KRW": 0, "KWD": 3, "BHD": 3}

# A payment order has 18 digits.
MOST = 10 ** 18


@dataclass
class Refusal:
    file: str
    line: int | None = None
    bill: str = ""
    container_id: str = ""
    element: int | None = None
    why: str = ""


class Refused(Exception):
    pass


@dataclass
class Row:
    file: str
    line: int
    cells: dict

    def __getitem__(self, column):
        return self.cells.get(column, "")


def read_csv(path, columns, refusals):
    text = pathlib.Path(path).read_bytes().decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    head = [cell.strip() for cell in next(reader)]
    for column in head:
        if column not in columns:
            refusals.append(Refusal(pathlib.Path(path).name, 1, why=f"unknown column {column}"))
    rows, begins = [], reader.line_num + 1
    for cells in reader:
        if cells:
            rows.append(Row(pathlib.Path(path).name, begins, dict(zip(head, (cell.strip() for cell in cells)))))
        begins = reader.line_num + 1
    return rows


def number(text, positive=False):
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise Refused(f"number {text!r}")
    whole, _, part = text.partition(".")
    if len(part) > 12 or len(whole) + len(part) > 28:
        raise Refused(f"digits of {text!r}")
    value = Fraction(text)
    if positive and value == 0:
        raise Refused("0")
    return value


def date(text):
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Refused(f"date {text!r}")
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"date {text!r}") from error


def word(text, words, default=None):
    if not text and default is not None:
        return default
    if text not in words:
        raise Refused(f"word {text!r}")
    return text


def currency(text):
    if text not in MINOR:
        raise Refused(f"currency {text!r}")
    return text


def interval(row):
    start, end = date(row["valid_from"]), date(row["valid_to"])
    if start and end and start >= end:
        raise Refused("empty interval")
    return start, end


def within(day, start, end):
    return (start is None or start <= day) and (end is None or day < end)


def month_end(day):
    return datetime.date(day.year + day.month // 12, day.month % 12 + 1, 1)


# --- the tables of the run -----------------------------------------------------------------------


@dataclass
class Element:
    bill: str
    container_id: str
    element: int
    mode: str
    kind: str
    operation: str
    carrier: str
    origin: str
    destination: str
    day: datetime.date
    containers: Fraction | None
    teu: Fraction | None
    mass_t: Fraction
    tkm: Fraction
    operation_kg: Fraction
    total_kg: Fraction
    factor_id: str


@dataclass
class Shipment:
    bill: str
    corridor_id: str
    period: str
    load_status: str
    day: datetime.date
    containers: Fraction | None
    teu: Fraction | None
    mass_t: Fraction
    tkm: Fraction
    operation_kg: Fraction
    total_kg: Fraction
    complete: bool
    elements: list = field(default_factory=list)


def rational(value):
    return None if value is None else Fraction(value)


def utc_date(moment):
    return moment.astimezone(datetime.timezone.utc).date()


def read_run(folder):
    folder = pathlib.Path(folder)
    shipments = {}
    for part in sorted(folder.glob("shipments/*.parquet")):
        for r in pyarrow.parquet.read_table(part).to_pylist():
            shipments[r["shipment_id"]] = Shipment(
                r["shipment_id"], r["corridor_id"] or "", r["period"].strftime("%Y-%m"), r["load_status"] or "", utc_date(r["first_departed_at"]),
                rational(r["containers"]), rational(r["teu"]), Fraction(r["cargo_mass_kg"]) / 1000, Fraction(r["transport_activity_tkm"]),
                Fraction(r["ghg_operation_kg"]), Fraction(r["ghg_total_kg"]), r["is_complete"])
    for part in sorted(folder.glob("elements/*.parquet")):
        for r in pyarrow.parquet.read_table(part).to_pylist():
            shipments[r["shipment_id"]].elements.append(Element(
                r["shipment_id"], r["container_id"] or "", r["element"], r["mode"], r["kind"], r["operation"] or "", r["carrier"] or "",
                r["origin"] or "", r["destination"] or "", utc_date(r["departed_at"]), rational(r["containers"]), rational(r["teu"]),
                Fraction(r["cargo_mass_kg"]) / 1000, Fraction(r["transport_activity_tkm"]), Fraction(r["ghg_operation_kg"]),
                Fraction(r["ghg_total_kg"]), r["factor_id"] or ""))
    return shipments


# --- the rows of the files ------------------------------------------------------------------------


@dataclass
class Charge:
    row: Row
    id: str
    payer: str
    payee: str
    kind: str
    cls: str
    stage: str
    settles: bool
    replaces: list
    scope: str
    filters: dict
    start: datetime.date | None
    end: datetime.date | None
    basis: str
    rate: Fraction | None
    amount: Fraction | None
    price_id: str
    currency: str
    settle_currency: str
    invoice_no: str
    invoice_date: datetime.date | None
    value_date: str
    tax_category: str
    tax_rate: Fraction | None
    disputed: bool

    @property
    def flow(self):
        return self.payer, self.payee, self.kind, self.cls, self.stage


def check_party(row):
    if not re.fullmatch(r"[A-Z0-9-]{1,35}", row["party"]):
        raise Refused("party code")
    word(row["kind"], {"company", "authority"})
    if row["fee_per_payment"]:
        number(row["fee_per_payment"])
        currency(row["fee_currency"])
    if row["tax_currency"]:
        currency(row["tax_currency"])


def exactly_one(row, *columns):
    given = [column for column in columns if row[column]]
    if len(given) != 1:
        raise Refused("exactly one of " + ", ".join(columns))
    return given[0]


def carbon_terms(row, cls, basis, given, payee_kind):
    """What section 1 says of class, basis and price together."""
    if row["kind"] != "CARBON":
        if cls or basis == "kg_co2e" or given == "price_id":
            raise Refused("class, kg_co2e or price of another kind than CARBON")
        return
    word(cls, CLASSES)
    if row["scope"] != "element":
        raise Refused("CARBON is by element")
    if (cls == "statutory") != (payee_kind == "authority"):
        raise Refused("statutory and authority")
    if given == "price_id" and basis != "kg_co2e":
        raise Refused("a price needs kg_co2e")
    if given != "price_id" and cls != "carrier_passthrough":
        raise Refused("only carrier_passthrough has a rate or amount")


def flat_terms(row, start, end):
    if row["shipment_id"]:
        return
    if not (start and end) or end > month_end(start):
        raise Refused("a flat amount that would come again")


def charge(row, parties, prices, options, shipments):
    for party in (row["payer"], row["payee"]):
        if party not in parties:
            raise Refused(f"party {party!r}")
    if row["payer"] == row["payee"]:
        raise Refused("payer and payee are one")
    kind, cls = word(row["kind"], KINDS), row["class"]
    stage = word(row["stage"], STAGES, "agreed")
    scope, basis = word(row["scope"], {"shipment", "element"}), word(row["basis"], BASES)
    given = exactly_one(row, "rate", "amount", "price_id")
    if (given == "amount") != (basis == "flat"):
        raise Refused("amount goes with flat")
    carbon_terms(row, cls, basis, given, parties[row["payee"]]["kind"])
    never = stage == "quoted" or cls in ("shadow", "statutory")
    settles = word(row["settles"], {"yes", "no"}, "yes" if stage == options.pay and not never else "no") == "yes"
    if settles and never:
        raise Refused("never settles")
    start, end = interval(row)
    if basis == "flat":
        flat_terms(row, start, end)
    if scope == "shipment" and any(row[column] for column in ELEMENT_FILTERS):
        raise Refused("a filter on elements of a rule by shipment")
    if row["mode"]:
        word(row["mode"], MODES)
    if row["load_status"]:
        word(row["load_status"], {"laden", "empty"})
    if row["shipment_id"] and row["shipment_id"] not in shipments:
        raise Refused("a shipment that the run does not hold")
    if given == "price_id" and row["price_id"] not in prices:
        raise Refused("unknown price")
    if given == "price_id" and any((p.cls, p.currency) != (cls, row["currency"]) for p in prices[row["price_id"]]):
        raise Refused("class or currency of the price")
    paid_in = currency(row["currency"])
    amount = number(row["amount"]) if given == "amount" else None
    if amount is not None and stage == "invoiced" and (amount * 10 ** MINOR[paid_in]).denominator != 1:
        raise Refused("more decimals than the minor unit")
    if amount is not None and amount * 10 ** MINOR[paid_in] >= MOST:
        raise Refused("more than a payment order can say")
    if bool(row["tax_category"]) != bool(row["tax_rate"]):
        raise Refused("tax category and rate")
    value_date = date(row["value_date"])
    return Charge(
        row, row["charge_id"], row["payer"], row["payee"], kind, cls, stage, settles, [r for r in row["replaces"].split("|") if r], scope,
        {c: row[c] for c in ("shipment_id", "corridor_id", "load_status", *ELEMENT_FILTERS) if row[c]}, start, end, basis,
        number(row["rate"]) if given == "rate" else None, amount, row["price_id"], paid_in,
        currency(row["settle_currency"] or options.settle_currency or paid_in), row["invoice_no"], date(row["invoice_date"]),
        value_date.isoformat() if value_date else "", row["tax_category"], number(row["tax_rate"]) if row["tax_rate"] else None,
        word(row["status"], {"open", "disputed"}, "open") == "disputed")


@dataclass
class Price:
    cls: str
    jurisdiction: str
    quantity: str
    share: Fraction
    price: Fraction
    currency: str
    per: int
    start: datetime.date | None
    end: datetime.date | None
    in_force: datetime.date | None
    adopted: bool


def price(row):
    if not row["price_id"]:
        raise Refused("price_id")
    share = number(row["share"])
    if share > 1:
        raise Refused("share above 1")
    date(row["first_deadline"])
    quantity = word(row["quantity"], {"operation", "total"})
    if row["jurisdiction"] == "EU-ETS" and quantity != "operation":
        raise Refused("EU-ETS is by operation")
    return Price(word(row["class"], CLASSES), row["jurisdiction"], quantity, share, number(row["price"]), currency(row["currency"]),
                 1000 if word(row["per"], {"t", "kg"}) == "t" else 1, *interval(row), date(row["in_force"]),
                 word(row["status"], {"adopted", "not_adopted"}) == "adopted")


@dataclass
class Agreement:
    id: str
    parties: list
    currency: str
    form: str
    office: str
    rounding: str
    start: datetime.date | None
    end: datetime.date | None

    def covers(self, one, other, money, day):
        return one in self.parties and other in self.parties and money == self.currency and within(day, self.start, self.end)


def agreement(row, parties):
    members = row["parties"].split("|")
    form = word(row["form"], {"bilateral", "multilateral"})
    named = members + ([row["office"]] if row["office"] else [])
    if len(set(members)) != len(members) or len(members) < 2 or any(m not in parties for m in named):
        raise Refused("parties")
    if any(parties[m]["kind"] == "authority" for m in named):
        raise Refused("authority")
    if (form == "multilateral") != bool(row["office"]):
        raise Refused("office")
    if not row["legal_reference"]:
        raise Refused("legal_reference")
    if len({parties[m]["country"] for m in named}) > 1 and not row["permission_reference"]:
        raise Refused("permission_reference")
    return Agreement(row["agreement"], sorted(members), currency(row["currency"]), form, row["office"],
                     word(row["rounding"], {"half_up", "half_even"}), *interval(row))
