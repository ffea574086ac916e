#!/usr/bin/env python3
"""Slow, exact, independent second implementation of the batch run.

usage: oracle.py RUN.toml --out DIR [--movements FILE ..]

Writes elements, shipments, corridors, corridor_sections, rejected and factors as JSON lines: decimals as text
with the published scale, UTC times with microseconds. Publishes nothing, refuses nothing but broken files.
"""
import argparse
import json
import os
import sys

from calculation import assemble, calculate
from exact import decimal_text, ratio_text
from parsing import Parser, settle_duplicates
from reading import BrokenFile, read_records, read_run_file
from reference import read_reference
from rollup import roll_up_corridors, roll_up_factors, roll_up_sections, roll_up_shipment
from timestamps import iso


def compute(run):
    """run file -> {table: list of rows}."""
    reference = read_reference(run)
    parser = Parser(run, reference)
    records = read_records(run)
    stay, rejections = settle_duplicates([parser.parse(record) for record in records], run.later_file_wins)
    chains_of, late = assess(stay, reference)
    rejections += late
    shipments = publish(chains_of, rejections, reference)
    assert len(records) == len(rejections) + sum(e.movement is not None for s in shipments for c in s.chains for e in c.published)
    return {"elements": element_rows(shipments), "shipments": [shipment_row(s) for s in shipments],
            "corridors": corridor_rows(shipments), "corridor_sections": section_rows(shipments),
            "rejected": [rejected_row(r, run.carried) for r in sorted(rejections, key=lambda r: (r.file.encode(), r.row))],
            "factors": factor_rows(shipments)}


def assess(movements, reference):
    """shipment id -> computed chains; and the rejections R017 and later."""
    by_shipment, chains_of, rejections = {}, {}, []
    for movement in movements:
        by_shipment.setdefault(movement.shipment_id, []).append(movement)
    for shipment_id, rows in by_shipment.items():
        chains, clashing = assemble(rows)
        rejections += [m.reject("R017", "sequence") for m in clashing]
        for chain in chains:
            calculate(chain, reference)
            rejections += [s.movement.reject(s.refused.code, s.refused.column) for s in chain.slots if s.refused]
        chains_of[shipment_id] = chains
    return chains_of, rejections


def publish(chains_of, rejections, reference):
    codes = {}
    for rejection in rejections:
        codes.setdefault(rejection.shipment_id, []).append(rejection.code)
    shipments = []
    for shipment_id in sorted(chains_of, key=str.encode):
        shipment = roll_up_shipment(shipment_id, chains_of[shipment_id], codes.get(shipment_id, []), reference)
        if shipment:
            shipments.append(shipment)
    return shipments


# --- tables -------------------------------------------------------------------------------------

def flags_text(flags):
    return "|".join(sorted(flags))


def element_rows(shipments):
    return [element_row(s, chain, number, element) for s in shipments for chain in s.chains
            for number, element in enumerate(chain.published, start=1)]


def element_row(shipment, chain, number, e):
    own = lambda column: e.movement.value[column] if e.movement else None
    return {
        "shipment_id": shipment.shipment_id, "container_id": chain.container_id, "element": number, "kind": e.kind,
        "movement_id": own("movement_id"), "sequence": None if chain.by_time else own("sequence"), "mode": e.mode,
        "operation": e.operation, "carrier": own("carrier"), "container_type": own("container_type"),
        "origin": e.origin, "destination": e.destination, "departed_at": iso(e.departed_at),
        "arrived_at": iso(own("arrived_at")), "load_status": e.load.load_status, "temperature": e.load.temperature,
        "cargo_mass_kg": decimal_text(e.load.mass_g, 3), "teu": decimal_text(e.load.teu, 6),
        "containers": decimal_text(e.load.containers, 6), "energy_carrier": own("energy_carrier"),
        "energy_quantity": decimal_text(own("energy_quantity"), 6), "energy_unit": own("energy_unit"),
        "evidence_ref": own("evidence_ref"), "distance_km": decimal_text(e.distance_m, 3),
        "distance_basis": e.distance_basis, "distance_source": e.distance_source,
        "activity_distance_km": decimal_text(e.activity_m, 3), "activity_basis": e.activity_basis,
        "emission_distance_km": decimal_text(e.emission_m, 3),
        "transport_activity_tkm": decimal_text(e.activity_gm, 9), "factor_id": e.factor.full_id,
        "intensity_operation_g": decimal_text(e.factor.operation_g, 9),
        "intensity_provision_g": decimal_text(e.factor.provision_g, 9), "intensity_per": e.factor.per,
        "data_category": e.data_category, "ghg_operation_kg": decimal_text(e.ghg_operation_ug, 9),
        "ghg_provision_kg": decimal_text(e.ghg_provision_ug, 9), "ghg_total_kg": decimal_text(e.ghg_total_ug, 9),
        "biogenic_co2_kg": decimal_text(e.biogenic_co2_ug, 9),
        "quality_flags": flags_text(e.flags), "source_file": e.movement.file if e.movement else None,
        "source_row": e.movement.row if e.movement else None, **e.carried}


def ghg_columns(sums):
    return {"ghg_operation_kg": decimal_text(sums.operation_ug, 9), "ghg_provision_kg": decimal_text(sums.provision_ug, 9),
            "ghg_total_kg": decimal_text(sums.total_ug, 9),
            "biogenic_co2_kg": decimal_text(sums.biogenic_ug if sums.biogenic_elements else None, 9)}


def stated(sums):
    """How many elements the biogenic CO2 of a sum is of."""
    return {"biogenic_co2_elements": sums.biogenic_elements}


def mode_columns(sums):
    return {f"ghg_{mode}_kg": decimal_text(value, 9) for mode, value in sums.by_mode_ug.items()}


def intensity(sums):
    """g CO2e per t.km from micrograms and gram-metres."""
    return ratio_text(sums.total_ug * 1000, sums.activity_gm, 6)


def shipment_row(s):
    return {
        "shipment_id": s.shipment_id, "corridor_id": s.corridor_id, "period": s.period.isoformat(),
        "load_status": s.load_status, "origin": s.origin, "destination": s.destination,
        "first_departed_at": iso(s.first_departed_at), "last_arrived_at": iso(s.last_arrived_at), "modes": s.modes,
        "containers": decimal_text(s.containers, 6), "teu": decimal_text(s.teu, 6),
        "cargo_mass_kg": decimal_text(s.mass_g, 3), "elements": s.sums.elements, "rejected_rows": s.rejected_rows,
        "is_complete": s.is_complete, "transport_activity_tkm": decimal_text(s.sums.activity_gm, 9),
        **ghg_columns(s.sums), **stated(s.sums), **mode_columns(s.sums), "activity_basis": s.sums.activity_basis,
        "intensity_g_per_tkm": intensity(s.sums), "primary_share": ratio_text(s.sums.primary_ug, s.sums.total_ug, 6),
        "quality_flags": flags_text(s.sums.flags), **s.carried}


def by_key(items):
    return sorted(items, key=lambda item: [str(part).encode() for part in item[0]])


def corridor_rows(shipments):
    return [{
        "corridor_id": corridor_id, "period": period.isoformat(), "load_status": load_status, "shipments": c.shipments,
        "incomplete_shipments": c.incomplete, "containers": decimal_text(c.containers, 6), "teu": decimal_text(c.teu, 6),
        "cargo_mass_kg": decimal_text(c.mass_g, 3), "transport_activity_tkm": decimal_text(c.sums.activity_gm, 9),
        "activity_basis": c.sums.activity_basis, **ghg_columns(c.sums), **stated(c.sums), **mode_columns(c.sums),
        "intensity_g_per_tkm": intensity(c.sums), "ghg_kg_per_teu": ratio_text(c.sums.total_ug, c.teu * 1000, 6),
        "primary_share": ratio_text(c.sums.primary_ug, c.sums.total_ug, 6),
    } for (corridor_id, period, load_status), c in by_key(roll_up_corridors(shipments).items())]


def section_rows(shipments):
    names = ("corridor_id", "period", "load_status", "kind", "mode", "origin", "destination")
    rows = []
    for key, section in by_key(roll_up_sections(shipments).items()):
        row = dict(zip(names, key))
        row["period"] = row["period"].isoformat()
        rows.append({**row, "country_pair": f"{row['origin'][:2]}-{row['destination'][:2]}",
                     "movements": section.sums.elements, "teu": decimal_text(section.teu, 6),
                     "cargo_mass_kg": decimal_text(section.mass_g, 3),
                     "transport_activity_tkm": decimal_text(section.sums.activity_gm, 9), **ghg_columns(section.sums), **stated(section.sums)})
    return rows


def factor_rows(shipments):
    factors = roll_up_factors(shipments)
    return [{"factor_id": name, "rows": factors[name].elements,
             "transport_activity_tkm": decimal_text(factors[name].activity_gm, 9), **ghg_columns(factors[name])}
            for name in sorted(factors, key=str.encode)]


def rejected_row(r, carried):
    return {"file": r.file, "row": r.row, "code": r.code, "column": r.column, "value": r.value,
            "shipment_id": r.shipment_id, "movement_id": r.movement_id, **{column: r.carried.get(column) for column in carried}}


def write_tables(tables, folder):
    os.makedirs(folder, exist_ok=True)
    for name, rows in tables.items():
        with open(os.path.join(folder, name + ".jsonl"), "w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main():
    arguments = argparse.ArgumentParser(description="exact reference run")
    arguments.add_argument("run_file")
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--movements", nargs="+", help="instead of those in the run file")
    given = arguments.parse_args()
    run = read_run_file(given.run_file)
    if given.movements:
        run.movements = [os.path.abspath(path) for path in given.movements]
    try:
        tables = compute(run)
    except BrokenFile as fault:
        print(fault, file=sys.stderr)
        return 3
    write_tables(tables, given.out)
    print(", ".join(f"{name} {len(rows)}" for name, rows in tables.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
