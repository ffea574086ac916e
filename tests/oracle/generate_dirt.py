"""The faults of real exports, one method each, put on random rows of a case.

A row is a dict of texts in the marks of the case; faults of whole records (quoting, JSON) are in `generate_files`.
"""
from parsing import NUMBERS
from reading import COLUMNS

BAD_NUMBERS = ["12 t", "1e3", "+5", ".5", "5.", "1_000", "NaN", "inf", "--1", "1.2.3", "0x10", "１２", "12\u00a0", "-", "1 2", "1''2"]
BAD_TIMES = ["yesterday", "2025-02-30T00:00:00Z", "2025-03-01T24:00:00Z", "2025-03-01T10:00:60Z", "2025-03-01", "2025-03-01T10:00:00",
             "2025-03-01T10:00:00.1234567890Z", "2025-03-01T10:00:00+24:00", "31-Feb-25", "2025/03/30 02:30", "2025/10/26 02:30",
             "2025/03/09 02:30", "2025/11/02 01:30", "2025-3-1T10:00:00Z"]
NUMERIC = list(NUMBERS)


class Dirt:
    """Each dirt_ method spoils one row in place and may return rows to add; all are equally likely."""

    def __init__(self, case):
        self.case, self.random = case, case.random

    def spoil(self, rows):
        kinds = [getattr(self, name) for name in dir(self) if name.startswith("dirt_")]
        dirtied = []
        for row in rows:
            extra = []
            if self.case.flip(0.22):
                extra = self.random.choice(kinds)(row) or []
            dirtied += [row] + extra
        return dirtied

    def dirt_empty_required(self, row):
        row[self.random.choice(["movement_id", "shipment_id", "sequence", "mode", "origin", "destination", "departed_at"])] = self.random.choice(["", "  "])

    def dirt_bad_number(self, row):
        row[self.random.choice(NUMERIC)] = self.random.choice([n for n in BAD_NUMBERS if self.case.encoding == "utf-8" or n.isascii()])

    def dirt_out_of_range(self, row):
        row[self.random.choice(NUMERIC)] = self.random.choice(["-5", "0", "-0", "999999999999999999", "50001000", "9" * 40])

    def dirt_bad_time(self, row):
        row[self.random.choice(["departed_at", "arrived_at", "recorded_at"])] = self.random.choice(BAD_TIMES)

    def dirt_arrival_first(self, row):
        row.update(departed_at="2025-05-05T05:05:05.000001Z", arrived_at="2025-05-05T05:05:05.000000999Z")

    def dirt_unknown_word(self, row):
        row[self.random.choice(["mode", "distance_basis", "load_status", "temperature", "energy_unit", "record_status"])] = \
            self.random.choice(["unknown", "teleport", "n/a", "gallons"])

    def dirt_bad_place(self, row):
        row[self.random.choice(["origin", "destination"])] = self.random.choice(["China", "CnCKG", "C1CKG", "CNCK1", "CNCK", "CN CKG", "CNCKG1"])

    def dirt_odd_place(self, row):
        row[self.random.choice(["origin", "destination"])] = self.random.choice(["sgsin", "CNXXX", "us2ab", "  DEDUI "])

    def dirt_no_distance(self, row):
        row.update(distance_km="", origin="CNQZH", destination="CNQYY")

    def dirt_no_mass(self, row):
        row.update(cargo_mass_kg="", container_type=self.random.choice(["", "????", "99X9"]), teu="")

    def dirt_no_teu(self, row):
        row.update(container_type=self.random.choice(["", "X9X9"]), teu="")

    def dirt_many_boxes(self, row):
        row.update(teu=self.random.choice(["40", "4", "5"]))

    def dirt_per_box(self, row):
        row.update(mode="sea", operation="sea.per_box", container_type="", teu="", origin="CNQZH", destination="SGSIN")

    def dirt_per_container(self, row):
        row.update(mode="hub", operation="hub.per_container", teu=self.random.choice(["40", "4", ""]), distance_km="0",
                   destination=row["origin"], energy_quantity="")

    def dirt_hub(self, row):
        row.update(mode=self.random.choice(["hub", "HUB", "terminal"]), operation="", distance_km=self.random.choice(["", "5", "0"]))
        if self.case.flip(0.4):
            row["destination"] = row["origin"]

    def dirt_long_text(self, row):
        if self.case.flip(0.5):
            letter = "é" if self.case.encoding != "gb18030" else "e"
            row[self.random.choice(["movement_id", "carrier", "evidence_ref", "operation"])] = letter * self.random.choice([64, 65, 130])
        else:
            row["carrier"] = "A very long foreign carrier name of more than sixty-four characters, limited"

    def dirt_control(self, row):
        row[self.random.choice(["shipment_id", "carrier", "evidence_ref", "container_id"])] += self.random.choice(["\t", "a\nb", "\x7f", "\x00x", "\u0085"
                                                                                           if self.case.encoding == "utf-8" else "\x1f"])

    def dirt_not_utf8(self, row):
        row[self.random.choice(["carrier", "movement_id", "teu", "origin", "shipment_id"])] += "\udcff\udce4\udcbd"

    def dirt_same_sequence(self, row):
        return [row | {"movement_id": row["movement_id"] + "b", "recorded_at": ""}]

    def dirt_sequence_point(self, row):
        row["sequence"] = self.random.choice(["3" + self.case.decimal + "0", "3" + self.case.decimal + "5", "10000", "10001"])

    def dirt_other_mode(self, row):
        row["operation"] = self.random.choice(["road.articulated", "sea.container_feeder", "hub.warehouse"])

    def dirt_unknown_operation(self, row):
        row["operation"] = self.random.choice(["road.flying", "Road.articulated", "ROAD"])

    def dirt_no_factor(self, row):
        row["operation"] = self.random.choice(["road.unlisted", "hub.unlisted"]) if self.case.flip(0.5) else row["operation"]
        row["departed_at"] = self.random.choice(["2014-05-05T00:00:00Z", "2021-12-31T23:59:59Z", "2021-12-31T23:59:59-00:30", row["departed_at"]])

    def dirt_unlisted_road(self, row):
        row.update(mode="road", operation="road.unlisted", energy_quantity="")

    def dirt_overflow(self, row):
        row.update(mode="rail", operation="rail.heavy", cargo_mass_kg=self.case.mass(10 ** 9), load_status="", container_cargo_mass_kg="",
                   distance_km=self.case.number(40_000_000, 3), origin="CNCKG", destination="SGSIN")

    def dirt_tiny_distance(self, row):
        row.update(distance_km=self.random.choice(["0" + self.case.decimal + "001", "1", "94"]))

    def dirt_energy(self, row):
        carrier, unit = self.random.choice([("", "kg"), ("diesel", ""), ("plutonium", "kg"), ("diesel", "kWh"), ("diesel", "l"), ("electricity", "MJ")])
        row.update(energy_carrier=carrier, energy_unit=unit, energy_quantity=self.case.number(123_456_789, 6))

    def dirt_unit_alone(self, row):
        row.update(energy_unit="l", energy_quantity="")

    def dirt_bad_container(self, row):
        row["container_id"] = self.random.choice(["CSQU3054384", "XX", "CSQX3054383"])

    def dirt_share(self, row):
        row.update(container_cargo_mass_kg=self.random.choice(["0", "0" + self.case.decimal + "001", "900000"]))

    # --- duplicates -----------------------------------------------------------------------------

    def dirt_identical(self, row):
        twin = dict(row)
        if twin["mode"] == "road":
            twin["mode"] = "TRUCK"         # equal by value
        return [twin] * self.random.choice([1, 2])

    def dirt_rounded_twin(self, row):
        """Equal after rounding, in either order (Q20 of one of them)."""
        plain = dict(row)
        if self.case.decimal in row["distance_km"]:
            row["distance_km"] += "0004"
        if self.case.flip(0.5):
            return [plain]
        finer = dict(row)
        row.update(plain)
        return [finer]

    def dirt_conflicting(self, row):
        return [row | {"evidence_ref": "another", "energy_quantity": "", "destination": "NLRTM"}]

    def dirt_replaced(self, row):
        row["recorded_at"] = self.random.choice(["", "2024-01-01T00:00:00Z"])
        return [row | {"recorded_at": "2024-01-01T00:00:00.000001+00:00", "carrier": "NEW"}]

    def dirt_bad_then_replaced(self, row):
        later = row | {"recorded_at": "2025-01-01T00:00:00Z"}
        row.update(origin="Nowhere", recorded_at=self.random.choice(["", "2025-01-01T00:00:00Z", "2024-12-31T00:00:00Z"]))
        return [later]

    def dirt_cancelled(self, row):
        row["recorded_at"] = "2024-01-01T00:00:00Z"
        gone = dict.fromkeys(COLUMNS, "") | {"movement_id": row["movement_id"], "shipment_id": row["shipment_id"], "record_status": "cancelled",
                                             "recorded_at": self.random.choice(["2024-01-02T00:00:00Z", "2023-01-01T00:00:00Z"])}
        if self.case.flip(0.3):
            gone["cargo_mass_kg"] = "never mind"
        return [gone]

    def dirt_cancelled_alone(self, row):
        row.update(record_status="cancelled", movement_id="cancelled-" + row["movement_id"][:50], origin="")
