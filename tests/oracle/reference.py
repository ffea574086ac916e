"""Reference data, profile, factor library and the choice of a factor (docs/methodology.md, section 7).

Expects a valid library: it stops at what it cannot read, but does not look for every fault (exit 9).
"""
import csv
import functools
import math
import os
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from distances import Distances, World, haversine_m
from exact import exact_scaled, half_even, parse_number
from plausibility import Plausibility

NANO = 9
EMPTY_RANK = (-1, 0)


def read_table(path, columns):
    """Rows of one of our own CSV files, empty cells as None; unknown columns are an error."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        unknown = set(reader.fieldnames or []) - set(columns)
        if unknown:
            raise ValueError(f"{path}: unknown columns {sorted(unknown)}")
        return [{name: (row.get(name) or "").strip(" ") or None for name in columns} for row in reader]


def words(text):
    return text.replace(",", " ").split()


# --- regions ------------------------------------------------------------------------------------

def member_of(place, members):
    """A place is covered if it or its country is a member; a country only as itself."""
    return place in members or place[:2] in members


@dataclass(frozen=True)
class Region:
    name: str
    pairs: frozenset | None       # of members (countries or places); None for GLOBAL
    names_places: bool
    is_wide: bool                 # GLOBAL, or holds a zone with members in more than one country: Q05

    @property
    def rank(self):
        """Narrower sorts first: zones with places before all others, then fewer pairs."""
        return (0 if self.names_places else 1, math.inf if self.pairs is None else len(self.pairs))

    def covers(self, origin, destination):
        if self.pairs is None:
            return True
        return any(member_of(origin, {a}) and member_of(destination, {b}) for a, b in self.pairs)

    def is_within(self, other):
        if other.pairs is None:
            return True
        return self.pairs is not None and all(other.covers(a, b) for a, b in self.pairs)


def make_region(name, zones):
    if name == "GLOBAL":
        return Region(name, None, False, True)
    def members(part):
        return zones.get(part) or frozenset([part])
    parts = name.split("<>") if "<>" in name else name.split(">")
    a, b = (members(parts[0]), members(parts[-1]))
    pairs = {(x, y) for x in a for y in b}
    if "<>" in name:
        pairs |= {(y, x) for x, y in pairs}
    named_zones = [zones[part] for part in parts if part in zones]
    return Region(name, frozenset(pairs), any(len(m) == 5 for zone in named_zones for m in zone),
                  any(len({m[:2] for m in zone}) > 1 for zone in named_zones))


# --- factors ------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Factor:
    full_id: str
    source_rank: int
    operation: str | None
    energy_carrier: str | None
    region: Region                # where it holds (composed: the contained one)
    row_region: Region            # what the transport or hub row names
    carrier: str | None
    temperature: str | None
    per: str
    operation_g: int              # 10^-9 g
    provision_g: int
    biogenic_g: int | None        # None: not stated
    distance_basis: str | None
    holds_empty_running: bool
    valid_from: date
    valid_to: date | None
    data_category: str
    gwp_sets: tuple
    wide: bool
    energy_region_rank: tuple = EMPTY_RANK
    energy_source_rank: int = -1
    reference: tuple | None = None    # first day of the reference period, first day after it
    basis_assumed: bool = False
    past_last_edition: bool = False
    uplifted: bool = False
    series: tuple = ()            # what the editions of one source have figures for, of both rows of a composed factor
    is_first: bool = False        # the earliest of its series, which the profile lets stand in before it begins
    before_first_edition: bool = False

    def is_valid_on(self, day):
        return (self.is_first or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def has_ended(self, day):
        return self.valid_to is not None and self.valid_to <= day


TRANSPORT = words("factor_id, operation, energy_carrier, region, carrier, temperature, per, operation_g, provision_g, "
                  "energy_quantity, energy_unit, distance_basis, load_factor, empty_share, valid_from, valid_to, "
                  "data_category, gwp_set, licence, source_ref, basis_note, note, reference_from, reference_to, basis_assumed, biogenic_co2_g")
HUB = words("factor_id, operation, energy_carrier, region, carrier, temperature, per, operation_g, provision_g, "
            "energy_quantity, energy_unit, valid_from, valid_to, data_category, gwp_set, licence, source_ref, note, "
            "reference_from, reference_to, biogenic_co2_g")
ENERGY = words("energy_id, energy_carrier, region, per, operation_g, provision_g, valid_from, valid_to, gwp_set, "
               "licence, source_ref, note, biogenic_co2_g")
SOURCES = words("source, edition, title, publisher, published_on, url, licence, redistributable, gwp_set")


def unit_ratio(have, want):
    """How many `want` one `have` is, exactly; None when they do not convert."""
    if have == want:
        return Fraction(1)
    return {("kWh", "MJ"): Fraction(18, 5), ("MJ", "kWh"): Fraction(5, 18)}.get((have, want))


def day_or_none(text):
    return date.fromisoformat(text) if text else None


def stated(row):
    """Biogenic CO2 of a row, 10^-9 g; None where it is left empty, which is not 0."""
    return None if row["biogenic_co2_g"] is None else exact_scaled(row["biogenic_co2_g"], NANO)


def earlier(a, b):
    return b if a is None else a if b is None else min(a, b)


class Library:
    """The emission factors that one profile admits."""

    def __init__(self, folder, profile, zones):
        self.profile, self.zones = profile, zones
        operations = read_table(os.path.join(folder, "operations.csv"),
                                words("operation, mode, kind, energy_carrier, title, description"))
        self.operations = {row["operation"]: row for row in operations}
        editions = {f"{r['source']}/{r['edition']}": r for r in read_table(os.path.join(folder, "sources.csv"), SOURCES)}
        raw, self.energy = [], []
        for rank, source in enumerate(profile.sources):
            read = lambda name, columns: _read_if_there(os.path.join(folder, source, name), columns)
            gwp_set = editions[source]["gwp_set"]
            raw += [(row, source, rank, gwp_set) for row in read("transport.csv", TRANSPORT) + read("hub.csv", HUB)]
            self.energy += [self._energy_factor(row, source, rank, gwp_set) for row in read("energy.csv", ENERGY)]
        self.factors = [factor for entry in raw for factor in self._factors_of(*entry)]
        if profile.uses_earliest:
            self.factors, self.energy = mark_first(self.factors), mark_first(self.energy)

    def _energy_factor(self, row, source, rank, gwp_set):
        region = make_region(row["region"], self.zones)
        return Factor(f"{source}:{row['energy_id']}", rank, None, row["energy_carrier"], region, region, None, None,
                      row["per"], exact_scaled(row["operation_g"], NANO), exact_scaled(row["provision_g"], NANO), stated(row), None,
                      False, date.fromisoformat(row["valid_from"]), day_or_none(row["valid_to"]), "primary",
                      (row["gwp_set"] or gwp_set,), region.is_wide,
                      series=(source.split("/")[0], row["energy_carrier"], row["region"], row["per"]))

    def _factors_of(self, row, source, rank, gwp_set):
        """The factor of a plain row; of a row that states energy, one per matching energy row."""
        region = make_region(row["region"], self.zones)
        empty_share = row.get("empty_share")
        bare = Factor(f"{source}:{row['factor_id']}", rank, row["operation"], row["energy_carrier"], region, region,
                      row["carrier"], row["temperature"], row["per"], 0, 0, stated(row), row.get("distance_basis"),
                      bool(empty_share) and parse_number(empty_share)[0] > 0, date.fromisoformat(row["valid_from"]),
                      day_or_none(row["valid_to"]), row["data_category"], (row["gwp_set"] or gwp_set,), region.is_wide,
                      series=(source.split("/")[0], row["operation"], row["energy_carrier"], row["region"], row["carrier"],
                              row["temperature"]),
                      reference=row["reference_from"] and tuple(date.fromisoformat(row[f"reference_{end}"]) for end in ("from", "to")),
                      basis_assumed=row.get("basis_assumed") == "yes")
        if row["operation_g"] is not None:
            return [replace(bare, operation_g=exact_scaled(row["operation_g"], NANO),
                            provision_g=exact_scaled(row["provision_g"], NANO))]
        composed = (compose(bare, row["energy_quantity"], row["energy_unit"], energy) for energy in self.energy)
        return [factor for factor in composed if factor]

    # --- the choice -----------------------------------------------------------------------------

    def select(self, operation, row_energy_carrier, carrier, temperature, origin, destination, day):
        """The factor for a transport or hub element, or None (R011)."""
        wanted = row_energy_carrier or self.operations[operation]["energy_carrier"]
        def candidates(temperature):
            return [f for f in self.factors
                    if f.operation == operation and f.temperature == temperature
                    and f.carrier in (None, carrier) and f.energy_carrier in (None, wanted)
                    and f.region.covers(origin, destination)]
        found = self._first(candidates(temperature), day, self._order)
        if found or temperature == "ambient":
            return found
        uplift = self.profile.uplifts.get(self.operations[operation]["mode"])
        ambient = self._first(candidates("ambient"), day, self._order)
        return ambient and uplift and lift(ambient, uplift)

    def select_energy(self, carrier, unit, origin, destination, day):
        """The energy row for primary data, or None (R022). `prefer` plays no part."""
        fitting = [f for f in self.energy if f.energy_carrier == carrier and unit_ratio(unit, f.per)
                   and f.region.covers(origin, destination)]
        return self._first(fitting, day, lambda f, ended: (f.region.rank, f.source_rank, ended, f.full_id.encode()))

    def _first(self, candidates, day, order):
        if self.profile.ignore_validity:
            return min(candidates, key=lambda f: order(f, 0), default=None)
        valid = min((f for f in candidates if f.is_valid_on(day)), key=lambda f: order(f, 0), default=None)
        if valid and day < valid.valid_from:
            return replace(valid, before_first_edition=True)
        if valid or not self.profile.uses_ended:
            return valid
        # Among ended factors the later valid_to comes right after source order.
        ended = min((f for f in candidates if f.has_ended(day)), key=lambda f: order(f, -f.valid_to.toordinal()), default=None)
        return ended and replace(ended, past_last_edition=True)

    def _order(self, factor, ended):
        where, source = (factor.row_region.rank,), (factor.source_rank, ended)
        middle = source + where if self.profile.prefer == "source" else where + source
        return (factor.carrier is None, factor.energy_carrier is None, *middle,
                factor.energy_region_rank, factor.energy_source_rank, factor.full_id.encode())


def _read_if_there(path, columns):
    return read_table(path, columns) if os.path.exists(path) else []


def mark_first(factors):
    """The same factors, the earliest of each series marked as such."""
    begins = {}
    for factor in factors:
        begins[factor.series] = min(factor.valid_from, begins.get(factor.series, factor.valid_from))
    return [replace(f, is_first=f.reference is None and f.valid_from == begins[f.series]) for f in factors]


def compose(bare, quantity, unit, energy):
    """Energy per unit of activity x emissions per unit of energy; None when the two rows do not meet."""
    ratio = unit_ratio(unit, energy.per)
    if ratio is None or bare.energy_carrier != energy.energy_carrier:
        return None
    if bare.region.is_within(energy.region):
        region = bare.region
    elif energy.region.is_within(bare.region):
        region = energy.region
    else:
        return None
    start, end = max(bare.valid_from, energy.valid_from), earlier(bare.valid_to, energy.valid_to)
    if end is not None and start >= end:
        return None
    value, places = parse_number(quantity)
    times = Fraction(value, 10 ** places) * ratio
    product = lambda grams: half_even(grams * times.numerator, times.denominator)
    return replace(bare, full_id=f"{bare.full_id}@{energy.full_id}", region=region, valid_from=start, valid_to=end,
                   operation_g=product(energy.operation_g), provision_g=product(energy.provision_g),
                   biogenic_g=None if energy.biogenic_g is None else product(energy.biogenic_g),
                   gwp_sets=bare.gwp_sets + energy.gwp_sets, wide=bare.wide or energy.wide,
                   energy_region_rank=energy.region.rank, energy_source_rank=energy.source_rank,
                   series=bare.series + energy.series)


def lift(ambient, uplift):
    """An ambient factor x the refrigerated uplift (millionths), both parts rounded to 10^-9 g."""
    times = lambda grams: half_even(grams * uplift, 10 ** 6)
    return replace(ambient, operation_g=times(ambient.operation_g), provision_g=times(ambient.provision_g),
                   biogenic_g=None if ambient.biogenic_g is None else times(ambient.biogenic_g), uplifted=True)


# --- profile ------------------------------------------------------------------------------------

@dataclass
class Profile:
    sources: list
    uses_ended: bool
    uses_earliest: bool
    ignore_validity: bool
    prefer: str
    great_circle: list
    estimated: list               # modes of which a distance may be estimated
    default_distance_basis: str
    default_mass_per_teu_g: int
    empty_mass_per_teu_g: int
    strict_container_id: bool
    infer_hubs: bool
    default_operation: dict
    uplifts: dict                 # mode -> millionths
    adjustments: dict             # (mode, activity basis, intensity basis) -> ("ratio", millionths) or ("add", metres)
    hubs: dict                    # (before, after) -> operation


def read_profile(folder, name):
    with open(os.path.join(folder, "profiles", name + ".toml"), "rb") as file:
        raw = tomllib.load(file)
    adjustments = {}
    for entry in raw.get("distance_adjustment", []):
        key = (entry["mode"], entry["activity_basis"], entry["intensity_basis"])
        adjustments[key] = (("ratio", exact_scaled(entry["ratio"], 6)) if "ratio" in entry
                            else ("add", exact_scaled(entry["add_km"], 3)))
    return Profile(raw["sources"], raw["after_last_edition"] == "use_latest",
                   raw.get("before_first_edition") == "use_earliest", raw["ignore_validity"], raw["prefer"],
                   raw["great_circle"], raw.get("estimated", ["road", "rail", "inland_waterway"]), raw["default_distance_basis"], exact_scaled(raw["default_mass_per_teu_kg"], 3),
                   exact_scaled(raw["empty_mass_per_teu_kg"], 3), raw["strict_container_id"], raw["infer_hubs"],
                   raw.get("default_operation", {}),
                   {mode: exact_scaled(text, 6) for mode, text in raw.get("refrigerated_uplift", {}).items()},
                   adjustments, {(e["before"], e["after"]): e["operation"] for e in raw.get("hub", [])})


# --- places, distances, containers, corridors ---------------------------------------------------

@dataclass
class ContainerType:
    teu: int                      # millionths
    tare_g: int | None
    refrigerated: bool


@dataclass
class Reference:
    """Everything that a run reads beside the movements."""
    profile: Profile
    library: Library
    zones: dict
    mode_aliases: dict
    locations: dict               # locode -> (latitude, longitude) or None
    distances: Distances          # what is found where a record has none
    container_rows: list
    corridors: list
    plausibility: Plausibility
    max_primary_age_months: int | None = None
    known_places: set = field(default_factory=set)

    def container_type(self, code):
        """The row of the code, else the pattern with fewest `?`, then file order; None when the type is unknown."""
        code = normal_type(code)
        return self._type_of(code) or (self._type_of(code[2:]) if code.startswith("1X") else None)

    def _type_of(self, code):
        is_known = SIZE_TYPE.fullmatch(code)
        fitting = [(pattern.count("?"), index) for index, (pattern, _) in enumerate(self.container_rows)
                   if pattern == code or is_known and len(pattern) == 4 and all(p in ("?", c) for p, c in zip(pattern, code))]
        return self.container_rows[min(fitting)[1]][1] if fitting else None

    def covers(self, entry, place):
        """An entry of corridors.toml is a zone, a country or a place."""
        return member_of(place, self.zones.get(entry) or {entry})

    def great_circle_m(self, origin, destination):
        a, b = self.distances.point(origin), self.distances.point(destination)
        return haversine_m(a, b) if a and b else None


# Length, height and width, type or its group; or the four digits of the coding of 1984.
SIZE_TYPE = re.compile("[1-4][0-9]{3}|[1-4A-HK-NP][024-689C-FL-NP]"
                       "([GVBSRHUPTKNA][0-9]|GP|VH|BU|BK|SN|RE|RT|RS|HR|HI|UT|PL|PF|PC|PS|TN|TD|TG|KL|NH|NN|NP|AS)")


def normal_type(code):
    """Upper case, without spaces, hyphens and marks of feet and inches; a multiplication sign is an X."""
    code = re.sub(r"[\s'\"`\u00b4\u2018-\u201d\u2032\u2033-]", "", code.upper()).replace("\u00d7", "X").replace("*", "X")
    return re.sub("^((?:1X)?[0-9]+)FT", r"\1", code)


def read_reference(run):
    zones = _read_zones(os.path.join(run.reference, "zones.csv"))
    profile = read_profile(run.factors, run.profile)
    data = lambda name: os.path.join(run.reference, name)
    locations = _read_locations(run.locations + [data("locations.csv")])
    own, shipped = _read_distances(run.distances), _read_distances([data("distances.csv")])
    world = _world()
    point = lambda code: locations[code] if code in locations else world.get(code)
    distances = Distances(own, shipped, run.reference, profile, point, lambda name: make_region(name, zones),
                          run.passages)
    with open(data("corridors.toml"), "rb") as file:
        corridors = tomllib.load(file).get("corridor", [])
    aliases = {row["alias"].lower(): row["mode"] for row in read_table(data("mode_aliases.csv"), ["alias", "mode"])}
    known = set(locations) | set(world) | {place for _, a, b in [*own, *shipped] for place in (a, b)}
    return Reference(profile, Library(run.factors, profile, zones), zones, aliases, locations, distances,
                     _read_containers(data("containers.csv")), corridors,
                     Plausibility(data("plausibility.csv")), run.max_primary_age_months, known)


def _read_zones(path):
    zones = {}
    for row in read_table(path, ["zone", "member"]):
        zones.setdefault(row["zone"], set()).add(row["member"])
    return {zone: frozenset(members) for zone, members in zones.items()}


def _read_locations(paths):
    """Files named in the run file come first and win."""
    locations = {}
    for path in paths:
        for row in read_table(path, words("locode, name, kind, latitude, longitude, source, licence")):
            at = (float(row["latitude"]), float(row["longitude"])) if row["latitude"] and row["longitude"] else None
            locations.setdefault(row["locode"], at)
    return locations


def _read_distances(paths):
    distances = {}
    for path in paths:
        for row in read_table(path, words("mode, origin, destination, distance_km, basis, source_ref")):
            key = (row["mode"], row["origin"], row["destination"])
            distances.setdefault(key, (exact_scaled(row["distance_km"], 3), row["basis"]))
    return distances


@functools.cache
def _world():
    return World()


def _read_containers(path):
    rows = read_table(path, words("code, teu, tare_kg, refrigerated, title"))
    return [(normal_type(row["code"]), ContainerType(exact_scaled(row["teu"], 6),
                                        exact_scaled(row["tare_kg"], 3) or None if row["tare_kg"] else None,
                                        row["refrigerated"] == "yes")) for row in rows]
