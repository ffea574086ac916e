"""Random files of a settlement on a run. Clean ones hold nothing that is refused; a dirty one is a clean one with faults."""
import csv
import datetime
import pathlib
import random
from dataclasses import dataclass, field

import inputs
from generate_dirt import FAULTS

ROLES = {"charges": inputs.CHARGE_COLUMNS, "parties": inputs.PARTY_COLUMNS, "prices": inputs.PRICE_COLUMNS, "rates": inputs.RATE_COLUMNS,
         "agreements": inputs.AGREEMENT_COLUMNS, "calls": inputs.CALL_COLUMNS}
CURRENCIES = ["CNY", "CNY", "CNY", "SGD", "USD", "JPY", "KWD"]
COUNTRIES = {"CN": "Chongqing", "SG": "Singapore", "DE": "Frankfurt"}


@dataclass
class Ledger:
    seed: int
    rows: dict = field(default_factory=lambda: {role: [] for role in ROLES})
    options: list = field(default_factory=list)  # of the command line
    settle_currency: str = ""
    pay: str = "agreed"
    incomplete: str = "dispute"
    allow_refused: bool = False
    faults: list = field(default_factory=list)


def amount(rng, decimals=2, highest=5000):
    return f"{rng.randint(0, highest)}.{rng.randint(0, 10 ** decimals - 1):0{decimals}d}" if decimals else str(rng.randint(1, highest))


class Maker:
    def __init__(self, seed, run, period, uniform=False):
        # Uniform: one value date and status per payer and payee, so that claims are told apart without both.
        self.uniform, self.terms = uniform, {}
        self.rng = random.Random(seed)
        self.run = [s for s in run.values() if s.period == period]
        self.others = [s for s in run.values() if s.period != period]
        self.elements = [e for s in self.run for e in s.elements]
        self.period = period
        self.ledger = Ledger(seed)
        self.settling, self.invoices = {}, {}

    def chance(self, share):
        return self.rng.random() < share

    def pick(self, some):
        return self.rng.choice(some)

    def parties(self):
        for i in range(self.rng.randint(2, 5)):
            country = self.pick(sorted(COUNTRIES))
            self.ledger.rows["parties"].append(dict(
                party=f"P{i}", name=f"Party {i} (invented)", kind="company", country=country, town=COUNTRIES[country], street="1 Road\nFloor 2", postcode="1",
                account=f"000{i}", account_scheme=self.pick(["ECNY-WALLET", "ACCOUNT"]), bic="AAAACNBJ", fee_per_payment=amount(self.rng, 2, 20),
                fee_currency=self.pick(["CNY", "SGD"]), tax_id=f"T{i}", tax_currency=self.pick(["", "CNY", "SGD"])))
        self.companies = [row["party"] for row in self.ledger.rows["parties"]]
        self.ledger.rows["parties"].append(dict(party="AUTH", name="Authority (invented)", kind="authority", country="SG", town="Singapore", street="1 Road",
                                                postcode="1", account="0009", account_scheme="ACCOUNT", bic="BBBBSGSG"))

    def prices(self):
        self.price_ids = []
        for i in range(self.rng.randint(1, 5)):
            eu = self.chance(0.3)
            cls = self.pick(["carrier_passthrough", "contract", "shadow", "statutory"])
            start = datetime.date(2025, 1, 1)
            cuts = [start] + sorted(self.rng.sample([datetime.date(2025, 3, d) for d in range(2, 31)], self.rng.randint(0, 2))) + [None]
            status = self.pick(["adopted", "not_adopted"]) if cls == "shadow" else "adopted"
            row = dict(price_id=f"PR{i}", jurisdiction="EU-ETS" if eu else self.pick(["SG", "CN", "OTHER"]), status=status, source="invented",
                       quantity="operation" if eu else self.pick(["operation", "total"]), currency=self.pick(CURRENCIES), in_force="", first_deadline="")
            row["class"] = cls
            for begin, end in zip(cuts, cuts[1:]):
                more = dict(share=self.pick(["1", "0.7", "0.15948315", "0"]), price=amount(self.rng, self.pick([0, 2, 6]), 300),
                            per=self.pick(["t", "t", "kg"]), valid_from=begin.isoformat(), valid_to=end.isoformat() if end else "",
                            in_force=self.pick(["", "2024-01-01"] + (["2027-01-01"] if cls == "shadow" else [])))
                self.ledger.rows["prices"].append(row | more)
            self.price_ids.append(row)
        for element in self.elements:
            if element.mode == "sea" and self.chance(0.5):
                self.ledger.rows["calls"].append(dict(shipment_id=element.bill, container_id=element.container_id, element=str(element.element),
                                                      voyage_share=self.pick(["0", "0.5", "1"]), source="invented"))

    def rates(self):
        money = sorted(set(CURRENCIES))
        for i, one in enumerate(money):
            for other in money[i + 1:]:
                for day in ["2025-03-31", "2025-03-24", "2025-03-20", "2025-03-13", "2025-03-06"]:
                    # A direct row, an inverse one, or both on one day.
                    kind = self.rng.randint(0, 2)
                    for source, target, wanted in ((one, other, kind != 1), (other, one, kind != 0)):
                        if wanted:
                            self.ledger.rows["rates"].append({"from": source, "to": target, "date": day, "source_ref": f"invented {day}",
                                                              "rate": amount(self.rng, self.pick([4, 9, 12]), 9).replace("0.", "1.", 1)})

    def agreements(self):
        free = {(a, b, money) for a in self.companies for b in self.companies if a < b for money in CURRENCIES}
        for i in range(self.rng.randint(0, 5)):
            members = self.rng.sample(self.companies, self.rng.randint(2, min(4, len(self.companies))))
            money = self.pick(["CNY"] + CURRENCIES)
            pairs = {(a, b, money) for a in members for b in members if a < b}
            if not pairs <= free:
                continue
            free -= pairs
            form = self.pick(["bilateral", "multilateral"])
            self.ledger.rows["agreements"].append(dict(
                agreement=f"AG{i}", parties="|".join(members), currency=money, form=form,
                office=self.pick(self.companies) if form == "multilateral" else "", rounding=self.pick(["half_up", "half_even"]),
                valid_from=self.pick(["2025-01-01", "2025-04-15"]), valid_to=self.pick(["", "2025-04-20"]), legal_reference="L", permission_reference="P"))

    def carbon(self, row):
        row["kind"], row["scope"] = "CARBON", "element"
        fitting = self.pick([None] + self.price_ids)
        if fitting is None:
            row["class"] = "carrier_passthrough"
            self.metered(row, ["unit", "container", "teu", "t", "tkm", "kg_co2e", "flat"])
        else:
            row |= {"class": fitting["class"], "price_id": fitting["price_id"], "basis": "kg_co2e", "currency": fitting["currency"]}
        if row["class"] == "statutory":
            row["payee"] = "AUTH"

    def metered(self, row, bases):
        row["basis"] = self.pick(bases)
        if row["basis"] == "flat":
            digits = inputs.MINOR[row["currency"]] if row["stage"] == "invoiced" else 3
            row["amount"] = amount(self.rng, digits, 9000)
            if self.chance(0.05):
                row["amount"] = self.pick(["10000000000000", "0", "1"])
        else:
            row["rate"] = amount(self.rng, self.pick([0, 1, 2, 4, 12]), 300)
            if self.chance(0.03):  # the widest and the smallest
                row["rate"] = self.pick(["123456789.123456789012", "0.000000000001", "0"])

    def filters(self, row):
        shipment = self.pick(self.run)
        if self.chance(0.45) or row["basis"] == "flat" and self.chance(0.7):
            row["shipment_id"] = shipment.bill
        if self.chance(0.2):
            row["corridor_id"] = shipment.corridor_id
        if self.chance(0.1):
            row["load_status"] = shipment.load_status
        if row["scope"] == "element" and shipment.elements:
            element = self.pick(shipment.elements)
            for column in inputs.ELEMENT_FILTERS:
                if self.chance(0.15 if column != "mode" else 0.4) and getattr(element, column):
                    row[column] = getattr(element, column)
        if self.chance(0.25):
            row["valid_from"] = self.pick(["2025-03-01", "2025-03-05", "2025-02-01"])
        if self.chance(0.25):
            row["valid_to"] = self.pick(["2025-04-01", "2025-03-28", "2025-05-01"])
        if row["basis"] == "teu" and self.chance(0.9):  # else a shipment without TEU may be among them
            row["shipment_id"] = self.pick([s for s in self.run if all(e.teu is not None for e in s.elements)]).bill
        if row["basis"] == "flat" and not row.get("shipment_id"):
            row["valid_from"], row["valid_to"] = "2025-03-01", "2025-04-01"
            if self.chance(0.1):  # left out: of the next month
                row["valid_from"], row["valid_to"] = "2025-04-01", "2025-05-01"
        if row["basis"] == "flat" and row.get("shipment_id") and self.others and self.chance(0.1):
            row["shipment_id"] = self.pick(self.others).bill

    def invoice(self, row):
        flow = row["payer"], row["payee"]
        if row["stage"] == "invoiced" or self.chance(0.2):
            if flow not in self.invoices or self.chance(0.3):
                form = self.pick(["INV-{}"] * 6 + ["=1+{}", "@{}", "-{}", '"{}", y', "Rëch №{}", "x:{}|y"])
                self.invoices[flow] = (form.format(row["charge_id"]), self.pick(["2025-03-31", "2025-03-26", "2025-03-25", "2025-03-12", ""]))
            row["invoice_no"], row["invoice_date"] = self.invoices[flow]

    def charge(self, i):
        row = {"charge_id": f"C{i}", "stage": self.pick(["agreed", "agreed", "agreed", "invoiced", "quoted"]), "currency": self.pick(CURRENCIES),
               "scope": self.pick(["shipment", "element"]), "class": ""}
        row["payer"], row["payee"] = self.rng.sample(self.companies, 2)
        if self.chance(0.4):
            self.carbon(row)
        else:
            row["kind"] = self.pick(["FREIGHT", "HANDLING", "OTHER"])
            if self.chance(0.05):
                row["payee"] = "AUTH"
            self.metered(row, ["unit", "container", "teu", "t", "tkm", "flat", "flat"])
        self.filters(row)
        self.invoice(row)
        never = row["stage"] == "quoted" or row["class"] in ("shadow", "statutory")
        row["settles"] = "" if never else self.pick(["", "", "yes", "no"])
        settles = row["settles"] == "yes" or not row["settles"] and row["stage"] == self.ledger.pay and not never
        obligation = row["payer"], row["payee"], row["kind"], row["class"]
        if settles and self.settling.setdefault(obligation, row["stage"]) != row["stage"]:
            row["settles"] = "no"
        if self.chance(0.3):
            row["settle_currency"] = self.pick(["CNY"] + CURRENCIES)
        if self.chance(0.4):
            row["value_date"] = self.pick(["2025-04-10", "2025-04-15", "2025-04-30"])
        if self.uniform:
            row["value_date"], row["status"] = self.terms.setdefault((row["payer"], row["payee"]), (row.get("value_date", ""), ""))
        if self.chance(0.35):
            row["tax_category"], row["tax_rate"] = self.pick([("S", "9"), ("S", "6.5"), ("Z", "0"), ("R", "9"), ("S", "9.00")])
        if not self.uniform and self.chance(0.1):
            row["status"] = "disputed"
        if row["stage"] == "agreed" and self.chance(0.5):
            row["stage"] = ""
        earlier = [r["charge_id"] for r in self.ledger.rows["charges"] if r["scope"] == row["scope"]]
        if earlier and self.chance(0.15):
            row["replaces"] = "|".join(self.rng.sample(earlier, min(len(earlier), self.rng.randint(1, 2))))
        return row

    def make(self):
        ledger = self.ledger
        if self.chance(0.3):
            ledger.settle_currency = self.pick(["CNY", "SGD"])
            ledger.options += ["--settle-currency", ledger.settle_currency]
        if self.chance(0.2):
            ledger.pay = "invoiced"
            ledger.options += ["--pay", "invoiced"]
        if self.chance(0.2):
            ledger.incomplete = "settle"
            ledger.options += ["--incomplete", "settle"]
        self.parties()
        self.prices()
        self.rates()
        self.agreements()
        for i in range(self.rng.randint(2, 28)):
            ledger.rows["charges"].append(self.charge(i))
        return ledger


def clean(seed, run, period):
    return Maker(seed, run, period).make()


def uniform(seed, run, period):
    return Maker(seed, run, period, uniform=True).make()


def dirty(seed, run, period):
    maker = Maker(seed, run, period)
    ledger = maker.make()
    rng = random.Random(seed + 1_000_000)
    for fault in rng.sample(sorted(FAULTS), rng.randint(1, 3)):
        if FAULTS[fault](rng, ledger.rows):
            ledger.faults.append(fault)
    ledger.allow_refused = rng.random() < 0.75
    if ledger.allow_refused:
        ledger.options.append("--allow-refused")
    return ledger


def write(ledger, folder, shuffle=None):
    """Role -> paths. Charges come in two files, in any order of rows; cells with spaces around them, some in quotes."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(ledger.seed + 2_000_000 + (shuffle or 0))
    named = {}
    for role, columns in ROLES.items():
        rows = list(ledger.rows[role])
        if not rows and role not in ("charges", "parties"):
            continue
        order = list(columns)
        if shuffle is not None:
            rng.shuffle(rows)
            rng.shuffle(order)
        parts = [rows[::2], rows[1::2]] if role == "charges" and ledger.seed % 3 == 0 and len(rows) > 1 else [rows]
        named[role] = []
        for i, part in enumerate(parts):
            path = folder / (f"{role}.csv" if len(parts) == 1 else f"{role}-{i}.csv")
            with open(path, "w", newline="", encoding="utf-8-sig" if ledger.seed % 5 == 0 else "utf-8") as file:
                writer = csv.writer(file, quoting=csv.QUOTE_ALL if ledger.seed % 4 == 0 else csv.QUOTE_MINIMAL, lineterminator="\r\n" if ledger.seed % 2 else "\n")
                writer.writerow(order)
                for row in part:
                    writer.writerow([f" {row.get(c, '')} " if ledger.seed % 7 == 0 and row.get(c) else row.get(c, "") for c in order])
            named[role].append(path)
    return named
