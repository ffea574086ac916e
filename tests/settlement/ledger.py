"""Units, claims and files of a settlement."""
import datetime
from dataclasses import dataclass
from fractions import Fraction

import inputs


@dataclass
class Options:
    period: str
    settle_currency: str = ""
    pay: str = "agreed"
    max_rate_age: int = 7
    incomplete: str = "dispute"
    allow_refused: bool = False

    @property
    def last_day(self):
        year, month = map(int, self.period.split("-"))
        return inputs.month_end(datetime.date(year, month, 1)) - datetime.timedelta(days=1)


@dataclass
class Unit:
    charge: inputs.Charge
    bill: str
    container_id: str
    element: int  # 0: the shipment
    source: object
    quantity: Fraction | None = None
    share: Fraction | None = None
    voyage_share: Fraction | None = None
    rate: Fraction | None = None
    upper_bound: bool = False
    exact: Fraction = Fraction(0)  # minor units of the settle currency
    fx: tuple | None = None  # from, to, rate, date, source, factor
    minor: int = 0

    @property
    def place(self):
        return self.bill, self.container_id, self.element

    @property
    def order(self):
        return self.bill, self.charge.id, self.container_id, self.element


KEY = "bill payer payee kind class stage settles settle_currency value_date invoice_no tax_category tax_rate status".split()


@dataclass
class Claim:
    key: tuple
    units: list
    exact: Fraction = Fraction(0)
    minor: int = 0
    tax: int = 0
    corrects: tuple | None = None  # the bare key of the claim that it corrects
    note: str = ""
    tax_group: tuple | None = None

    def __getattr__(self, name):
        if name in KEY:
            return self.key[KEY.index(name)]
        raise AttributeError(name)

    @property
    def bare(self):
        """The key without status and value date."""
        return tuple(cell for name, cell in zip(KEY, self.key) if name not in ("status", "value_date"))

    @property
    def cls(self):
        return self.key[4]

    @property
    def upper_bound(self):
        return any(unit.upper_bound for unit in self.units)

    @property
    def settling(self):
        return self.settles == "yes" and not self.upper_bound

    @property
    def payable(self):
        return self.settling and self.status == "open"

    @property
    def gross(self):
        return self.minor + self.tax

    @property
    def order(self):
        return claim_order(self.key), (0,) if self.corrects is None else (1, claim_order(self.corrects))


def claim_order(key):
    """Texts by bytes, numbers by number, absent first."""
    return tuple((0,) if cell in ("", None) else (1, cell.encode() if isinstance(cell, str) else cell) for cell in key)


@dataclass
class Files:
    """The inputs as read; rows that are refused are not in them."""
    parties: dict
    prices: dict
    charges: list
    rates: dict
    agreements: list
    calls: dict
    refused_flows: set
    known_ids: set
    refusals: list
