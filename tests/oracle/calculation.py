"""Movements of one shipment -> elements and late rejections: chains, hubs, distance, factor, emissions.

Contract, section 6 (steps 3 to 9) and the details of sections 4.3 and 7.
"""
from dataclasses import dataclass, field

from exact import half_even
from reference import unit_ratio

MILLION = 10 ** 6
LIMITS = {"distance_m": 10 ** 12, "mass_g": 10 ** 15, "teu": 10 ** 15, "activity_gm": 10 ** 18, "ghg_ug": 10 ** 18}
FOUR_TEU = 4 * MILLION


class Unusable(Exception):
    """The element cannot be computed: code, and the column that is to blame."""

    def __init__(self, code, column):
        super().__init__(code)
        self.code, self.column = code, column


@dataclass
class Load:
    """What is on the move: own share of the box, and the whole box for the 4 TEU rule."""
    mass_g: int
    teu: int | None
    containers: int
    whole_teu: int | None
    load_status: str
    temperature: str


@dataclass
class Element:
    movement: object              # None for an inferred hub
    kind: str
    mode: str
    operation: str
    origin: str
    destination: str
    departed_at: object
    load: Load
    flags: set
    distance_m: int = 0
    distance_basis: str | None = None
    distance_source: str | None = None
    activity_m: int = 0
    activity_basis: str | None = None
    emission_m: int = 0
    activity_gm: int = 0
    factor: object = None
    data_category: str = ""
    ghg_operation_ug: int = 0
    ghg_provision_ug: int = 0
    biogenic_co2_ug: int | None = None    # beside the total; None: the factor does not say
    lender: object = None         # of an inferred hub: the movement that it has its load from

    @property
    def carried(self):
        return (self.movement or self.lender).carried

    @property
    def ghg_total_ug(self):
        return self.ghg_operation_ug + self.ghg_provision_ug


@dataclass
class Slot:
    """One surviving row in its chain, whatever becomes of it later."""
    movement: object
    flags: set
    load: Load | None = None
    element: Element | None = None
    refused: Unusable | None = None


@dataclass
class Chain:
    """All rows of one (shipment, container) in order, and what is published of them."""
    container_id: str | None
    slots: list
    published: list = field(default_factory=list)
    lost_hub: bool = False
    by_time: bool = False

    @property
    def transport_count(self):
        return sum(not slot.movement.is_hub for slot in self.slots)


# --- chains -------------------------------------------------------------------------------------

def assemble(movements):
    """Chains of one shipment, and the movements that share a sequence (R017)."""
    by_container = {}
    for movement in movements:
        by_container.setdefault(movement.container_id, []).append(movement)
    chains, clashing = [], []
    for container_id, rows in by_container.items():
        by_time = any(not m.has_sequence for m in rows)
        if not by_time:
            times = {}
            for m in rows:
                times[m.sequence] = times.get(m.sequence, 0) + 1
            clashing += [m for m in rows if times[m.sequence] > 1]
            rows = [m for m in rows if times[m.sequence] == 1]
        if rows:
            rows.sort(key=time_order if by_time else lambda m: (m.sequence, m.movement_id.encode()))
            chains.append(Chain(container_id, [Slot(m, set(m.flags)) for m in rows], by_time=by_time))
    chains.sort(key=lambda chain: (chain.container_id or "").encode())
    for chain in chains:
        flag_continuity(chain)
    return chains, clashing


def time_order(m):
    """(departed_at, arrived_at, movement_id); an absent arrival sorts first."""
    return (m.departed_at, m.arrived_at is not None, m.arrived_at or m.departed_at, m.movement_id.encode())


def flag_continuity(chain):
    for slot in chain.slots:
        if chain.by_time:
            slot.flags.add("Q21")
    for before, after in zip(chain.slots, chain.slots[1:]):
        if before.movement.destination != after.movement.origin:
            after.flags.add("Q09")
        if before.movement.arrived_at and after.movement.departed_at < before.movement.arrived_at:
            after.flags.add("Q13")


def calculate(chain, reference):
    """Fill `published`, `lost_hub` and each slot's `element` or `refused`."""
    for slot in chain.slots:
        try:
            slot.load = load_of(slot.movement, slot.flags, reference)
            slot.element = element_of(slot.movement, slot.load, slot.flags, reference)
            kind = reference.container_type(slot.movement.container_type) if slot.movement.container_type else None
            slot.flags |= reference.plausibility.flags(slot.movement, slot.load, kind, slot.element)
        except Unusable as reason:
            slot.refused = reason
    hubs = infer_hubs(chain, reference) if reference.profile.infer_hubs else {}
    for index, slot in enumerate(chain.slots):
        chain.published += hubs.get(("before", index), [])
        if slot.element:
            chain.published.append(slot.element)
        chain.published += hubs.get(("after", index), [])


# --- load: mass, TEU, share ---------------------------------------------------------------------

def load_of(m, flags, reference):
    """Adds Q01, Q11, Q14, Q24. R013 when there is no mass."""
    profile = reference.profile
    kind = reference.container_type(m.container_type) if m.container_type else None
    whole_teu = m.teu
    if whole_teu is None and kind:
        whole_teu = kind.teu
        flags.add("Q11")
    is_empty = m.load_status == "empty"
    mass = m.cargo_mass_kg
    if mass is None and is_empty:
        flags.add("Q14")
        mass = kind.tare_g if kind and kind.tare_g else default_mass(whole_teu, profile.empty_mass_per_teu_g)
        mass = part_of(mass, m.box_share)
    elif mass is None:
        flags.add("Q01")
        mass = part_of(default_mass(whole_teu, profile.default_mass_per_teu_g), m.box_share)
    if not mass:
        raise Unusable("R013", "cargo_mass_kg")
    if m.box_share and m.box_share_source == "equal":
        flags.add("Q42")
    teu, containers = part_of(whole_teu, m.box_share), part_of(MILLION, m.box_share)
    if not is_empty and m.cargo_mass_kg is not None and m.container_cargo_mass_kg is not None:
        # A consignment's part of the box; each share is rounded once and then used as published.
        teu = None if teu is None else half_even(teu * mass, m.container_cargo_mass_kg)
        containers = half_even(MILLION * mass, m.container_cargo_mass_kg)
    return Load(mass, teu, containers, whole_teu, m.load_status, temperature_of(m, kind, is_empty, flags))


def part_of(whole, share):
    """What belongs to a row that has this part of its box, in millionths; None: all of it."""
    return whole if whole is None or share is None else half_even(whole * share, MILLION)


def default_mass(teu, mass_per_teu_g):
    return None if teu is None else half_even(teu * mass_per_teu_g, MILLION)


def temperature_of(m, kind, is_empty, flags):
    """Adds Q24."""
    if m.temperature:
        return m.temperature
    if kind and kind.refrigerated and not is_empty:
        flags.add("Q24")
        return "refrigerated"
    return "ambient"


# --- one element --------------------------------------------------------------------------------

def element_of(m, load, flags, reference):
    element = Element(m, "hub" if m.is_hub else "transport", m.mode, m.resolved_operation, m.origin, m.destination,
                      m.departed_at, load, flags)
    if not m.is_hub:
        find_distance(element, m, reference)
    choose_factor(element, m, reference)
    apply_factor(element, m, reference)
    check_limits(element)
    return element


def find_distance(element, m, reference):
    """Reported, else what is found elsewhere, else R012; a distance of 0 counts as none."""
    if m.distance_km is not None:
        found, source = (m.distance_km, m.distance_basis or reference.profile.default_distance_basis), "reported"
        if not m.distance_basis:
            element.flags.add("Q04")
        network = reference.distances.of_files(m.mode, m.origin, m.destination)
        direct = reference.great_circle_m(m.origin, m.destination)
        if reference.plausibility.odd_distance(m.mode, m.distance_km, network and network[0], direct):
            element.flags.add("Q26")
    else:
        elsewhere = reference.distances.find(m.mode, m.origin, m.destination, element.departed_at.date().isoformat(), element.operation)
        if elsewhere is None:
            raise Unusable("R012", "distance_km")
        *found, source, flags = elsewhere
        element.flags |= flags
    element.distance_m, element.distance_basis = found
    element.distance_source = source
    find_activity_distance(element, reference)


def adjust(distance_m, rule):
    """Distance x ratio or + metres, rounded half to even to whole metres."""
    kind, amount = rule
    return half_even(distance_m * amount, MILLION) if kind == "ratio" else distance_m + amount


def find_activity_distance(element, reference):
    """ISO 14083 wants SFD or GCD: an actual distance is turned into one where the profile says how."""
    element.activity_m, element.activity_basis = element.distance_m, element.distance_basis
    if element.distance_basis != "actual":
        return
    for basis in ("sfd", "gcd"):
        rule = reference.profile.adjustments.get((element.mode, "actual", basis))
        if rule:
            metres = adjust(element.distance_m, rule)
            if metres > 0:
                element.activity_m, element.activity_basis = metres, basis
            break                  # a result <= 0 by the first entry is not tried again by the second
    if element.activity_basis == "actual":
        element.flags.add("Q18")


def choose_factor(element, m, reference):
    """The intensity, or for primary data the energy row; R022, R011. Flags of the factor."""
    place, day = (element.origin, element.destination), element.departed_at.date()
    if m and m.energy_quantity is not None:
        if not m.energy_carrier:
            raise Unusable("R022", "energy_carrier")
        if not m.energy_unit:
            raise Unusable("R022", "energy_unit")
        element.factor = reference.library.select_energy(m.energy_carrier, m.energy_unit, *place, day)
        if element.factor is None:
            raise Unusable("R022", "energy_carrier")
    else:
        element.factor = reference.library.select(element.operation, m and m.energy_carrier, m and m.carrier,
                                                  element.load.temperature, *place, day)
        if element.factor is None:
            raise Unusable("R011", "operation")
        if is_too_old(element.factor, day, reference.max_primary_age_months):
            raise Unusable("R025", "departed_at")
    element.data_category = element.factor.data_category
    if element.data_category == "primary" and element.distance_source == "estimate":
        element.data_category = "modelled"          # no better than the worse of figure and distance
    element.flags |= factor_flags(element.factor, day)


def is_too_old(factor, day, months):
    """Whether a carrier's reference period ended so many months before the day; the last day of a month that is too short."""
    if factor.reference is None or months is None:
        return False
    end = factor.reference[1]
    month = end.year * 12 + end.month - 1 + months
    for last in range(end.day, 27, -1):
        try:
            return end.replace(year=month // 12, month=month % 12 + 1, day=last) <= day
        except ValueError:
            continue
    return end.replace(year=month // 12, month=month % 12 + 1) <= day


def factor_flags(factor, day):
    holds = {"Q05": factor.wide, "Q07": factor.uplifted, "Q17": factor.past_last_edition, "Q29": factor.before_first_edition,
             "Q19": any(gwp_set in ("CO2", "unstated") for gwp_set in factor.gwp_sets), "Q40": factor.basis_assumed,
             "Q41": factor.reference is not None and not factor.reference[0] <= day < factor.reference[1]}
    return {code for code, is_so in holds.items() if is_so}


def apply_factor(element, m, reference):
    """Activity x intensity, each part rounded once to the microgram; R014, R021."""
    load, factor = element.load, element.factor
    element.activity_gm = load.mass_g * element.activity_m
    element.emission_m = element.distance_m
    if factor.per in ("kg", "l", "kWh", "MJ"):
        ratio = unit_ratio(m.energy_unit, factor.per)
        amount, divisor = m.energy_quantity * ratio.numerator, 10 ** 9 * ratio.denominator
    else:
        if load.load_status == "empty" and factor.holds_empty_running:
            element.flags.add("Q22")
        check_boxes(load, factor)
        if factor.per in ("tkm", "teukm"):
            element.emission_m = emission_distance(element, reference)
        amount, divisor = {"tkm": (load.mass_g * element.emission_m, 10 ** 12),
                           "teukm": ((load.teu or 0) * element.emission_m, 10 ** 12),
                           "t": (load.mass_g, 10 ** 9), "teu": (load.teu, 10 ** 9),
                           "container": (load.containers, 10 ** 9)}[factor.per]
    element.ghg_operation_ug = half_even(amount * factor.operation_g, divisor)
    element.ghg_provision_ug = half_even(amount * factor.provision_g, divisor)
    if factor.biogenic_g is not None:
        element.biogenic_co2_ug = half_even(amount * factor.biogenic_g, divisor)


def check_boxes(load, factor):
    if factor.per in ("teukm", "teu") and load.teu is None:
        raise Unusable("R014", "teu")
    # One row that stands for many boxes cannot be counted in containers.
    if factor.per == "container" and load.whole_teu is not None and load.whole_teu > FOUR_TEU:
        raise Unusable("R014", "teu")


def emission_distance(element, reference):
    """The distance as found x DAF, in one step; R021."""
    wanted = element.factor.distance_basis
    if wanted == element.distance_basis:
        return element.distance_m
    rule = reference.profile.adjustments.get((element.mode, element.distance_basis, wanted))
    metres = adjust(element.distance_m, rule) if rule else 0
    if metres <= 0:
        raise Unusable("R021", "distance_basis")
    element.flags.add("Q06")
    return metres


def check_limits(element):
    """What its Parquet type cannot hold is R020."""
    if element.load.mass_g >= LIMITS["mass_g"]:
        raise Unusable("R020", "cargo_mass_kg")
    if max(element.emission_m, element.activity_m) >= LIMITS["distance_m"]:
        raise Unusable("R020", "distance_km")
    if element.activity_gm >= LIMITS["activity_gm"]:
        raise Unusable("R020", "cargo_mass_kg")
    if element.ghg_total_ug >= LIMITS["ghg_ug"]:
        per = element.factor.per
        raise Unusable("R020", "cargo_mass_kg" if per in ("tkm", "t") else "teu" if per in ("teukm", "teu", "container") else "energy_quantity")


# --- inferred hubs ------------------------------------------------------------------------------

def infer_hubs(chain, reference):
    """("before" | "after", slot index) -> [hub]. Sets Q15 and `lost_hub` where one has no usable factor."""
    table, slots, hubs = reference.profile.hubs, chain.slots, {}
    def place_hub(where, lender, operation, place, time):
        if operation is None or lender.load is None:      # a TCE without a mass lends no hub
            return
        hub = hub_element(lender.load, operation, place, time, reference)
        if hub:
            hub.lender = lender.movement
            hubs[where] = [hub]
        else:
            lender.flags.add("Q15")
            chain.lost_hub = True
    first, last = slots[0], slots[-1]
    if not first.movement.is_hub:
        m = first.movement
        place_hub(("before", 0), first, table.get(("start", m.mode)), m.origin, m.departed_at)
    for index in range(1, len(slots)):
        one, two = slots[index - 1].movement, slots[index].movement
        if not one.is_hub and not two.is_hub and one.destination == two.origin:
            place_hub(("before", index), slots[index], table.get((one.mode, two.mode)), two.origin,
                      one.arrived_at or two.departed_at)
    if not last.movement.is_hub:
        m = last.movement
        place_hub(("after", len(slots) - 1), last, table.get((m.mode, "end")), m.destination, m.arrived_at or m.departed_at)
    return hubs


def hub_element(load, operation, place, time, reference):
    hub = Element(None, "hub", "hub", operation, place, place, time, load, {"Q08"})
    try:
        choose_factor(hub, None, reference)
        apply_factor(hub, None, reference)
        check_limits(hub)
    except Unusable:
        return None
    return hub
