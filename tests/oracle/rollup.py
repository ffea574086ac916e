"""Elements -> shipments -> corridors and sections: exact sums only (docs/methodology.md, section 11)."""
from dataclasses import dataclass, field

from calculation import Chain

MODES = ["road", "rail", "sea", "inland_waterway", "air", "hub"]


@dataclass
class Sums:
    """The figures that shipments, corridors, sections and factors add up."""
    elements: int = 0
    activity_gm: int = 0
    operation_ug: int = 0
    provision_ug: int = 0
    primary_ug: int = 0
    biogenic_ug: int = 0          # of those elements that have a figure
    biogenic_elements: int = 0
    by_mode_ug: dict = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    bases: set = field(default_factory=set)
    flags: set = field(default_factory=set)

    @property
    def total_ug(self):
        return self.operation_ug + self.provision_ug

    @property
    def activity_basis(self):
        return "mixed" if len(self.bases) > 1 else next(iter(self.bases), None)

    def add_element(self, element):
        self.elements += 1
        self.activity_gm += element.activity_gm
        self.operation_ug += element.ghg_operation_ug
        self.provision_ug += element.ghg_provision_ug
        self.by_mode_ug[element.mode] += element.ghg_total_ug
        if element.biogenic_co2_ug is not None:
            self.biogenic_ug += element.biogenic_co2_ug
            self.biogenic_elements += 1
        self.flags |= element.flags
        if element.data_category == "primary" and "Q41" not in element.flags:
            self.primary_ug += element.ghg_total_ug
        if element.activity_basis:
            self.bases.add(element.activity_basis)

    def add(self, other):
        for name in ("elements", "activity_gm", "operation_ug", "provision_ug", "primary_ug", "biogenic_ug", "biogenic_elements"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mode in MODES:
            self.by_mode_ug[mode] += other.by_mode_ug[mode]
        self.bases |= other.bases
        self.flags |= other.flags


@dataclass
class Shipment:
    shipment_id: str
    chains: list
    corridor_id: str
    period: object
    origin: str
    destination: str
    first_departed_at: object
    last_arrived_at: object
    modes: str
    load_status: str
    containers: int
    teu: int
    mass_g: int
    rejected_rows: int
    is_complete: bool
    sums: Sums
    carried: dict


def speaking_chain(chains):
    """Most transport TCEs, then the lowest container id, rows without an id last."""
    return min(chains, key=lambda c: (-c.transport_count, c.container_id is None, (c.container_id or "").encode()))


def places_visited(chain: Chain):
    """Places in order, ends included; the arrival at a place and the departure from it are one visit."""
    places = []
    for slot in chain.slots:
        for place in (slot.movement.origin, slot.movement.destination):
            if not places or places[-1] != place:
                places.append(place)
    return places


def corridor_of(chain, reference):
    places = places_visited(chain)
    for corridor in reference.corridors:
        ends_fit = (any(reference.covers(entry, places[0]) for entry in corridor["origin"])
                    and any(reference.covers(entry, places[-1]) for entry in corridor["destination"]))
        if ends_fit and passes(places, corridor.get("via", []), reference):
            return corridor["id"]
    return f"{places[0][:2]}-{places[-1][:2]}"


def passes(places, via, reference):
    """The `via` entries occur in this order, each at a visit of its own."""
    visits = iter(places)
    return all(any(any(reference.covers(entry, place) for entry in alternatives) for place in visits)
               for alternatives in via)


def modes_of(chain):
    modes = []
    for slot in chain.slots:
        mode = slot.movement.mode
        if mode != "hub" and (not modes or modes[-1] != mode):
            modes.append(mode)
    return ">".join(modes) or None


def roll_up_shipment(shipment_id, chains, rejected, reference):
    """None when no row was accepted. `rejected`: codes of all rejected rows that name the shipment."""
    if not any(slot.element for chain in chains for slot in chain.slots):
        return None
    rows = [slot.movement for chain in chains for slot in chain.slots]
    speaking = speaking_chain(chains)
    elements = [element for chain in chains for element in chain.published]
    carried = carry(elements)
    sums = Sums()
    for element in elements:
        sums.add_element(element)
    first_departed_at = min(m.departed_at for m in rows)
    boxes = first_loads(chains)
    has_hole = any("Q09" in slot.flags for chain in chains for slot in chain.slots)
    lacks_part = has_hole or any(code not in ("R008", "R024") for code in rejected) or any(chain.lost_hub for chain in chains)
    return Shipment(
        shipment_id, chains, corridor_of(speaking, reference), first_departed_at.date().replace(day=1),
        speaking.slots[0].movement.origin, speaking.slots[-1].movement.destination, first_departed_at,
        max((m.arrived_at for m in rows if m.arrived_at), default=None), modes_of(speaking),
        "empty" if all(element.load.load_status == "empty" for element in elements) else "laden",
        sum(load.containers for load in boxes), sum(load.teu or 0 for load in boxes), sum(load.mass_g for load in boxes),
        len(rejected), not lacks_part, sums, carried)


def carry(elements):
    """In each carried column the one value of the elements that have any; none where two differ, and then all are flagged."""
    found = {column: {e.carried[column] for e in elements} - {None} for column in elements[0].carried}
    if any(len(values) > 1 for values in found.values()):
        for element in elements:
            element.flags.add("Q43")
    return {column: next(iter(values)) if len(values) == 1 else None for column, values in found.items()}


def first_loads(chains):
    """Load of each container's first accepted transport TCE; rows without an id count only if no row has one."""
    if any(chain.container_id is not None for chain in chains):
        chains = [chain for chain in chains if chain.container_id is not None]
    firsts = (next((s.element for s in c.slots if s.element and s.element.kind == "transport"), None) for c in chains)
    return [element.load for element in firsts if element]


@dataclass
class Corridor:
    shipments: int = 0
    incomplete: int = 0
    containers: int = 0
    teu: int = 0
    mass_g: int = 0
    sums: Sums = field(default_factory=Sums)


def roll_up_corridors(shipments):
    corridors = {}
    for s in shipments:
        corridor = corridors.setdefault((s.corridor_id, s.period, s.load_status), Corridor())
        corridor.shipments += 1
        corridor.incomplete += not s.is_complete
        corridor.containers += s.containers
        corridor.teu += s.teu
        corridor.mass_g += s.mass_g
        corridor.sums.add(s.sums)
    return corridors


@dataclass
class Section:
    teu: int = 0
    mass_g: int = 0
    sums: Sums = field(default_factory=Sums)


def roll_up_sections(shipments):
    """`load_status` is the element's own here."""
    sections = {}
    for s in shipments:
        for element in (e for chain in s.chains for e in chain.published):
            key = (s.corridor_id, s.period, element.load.load_status, element.kind, element.mode, element.origin,
                   element.destination)
            section = sections.setdefault(key, Section())
            section.teu += element.load.teu or 0
            section.mass_g += element.load.mass_g
            section.sums.add_element(element)
    return sections


def roll_up_factors(shipments):
    factors = {}
    for s in shipments:
        for element in (e for chain in s.chains for e in chain.published):
            factors.setdefault(element.factor.full_id, Sums()).add_element(element)
    return factors
