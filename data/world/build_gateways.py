#!/usr/bin/env python3
"""Makes data/gateways.csv, the ports, airports and rail terminals that a way from door to door may lead through.

    python3 data/world/build_gateways.py FOLDER    # container_ports.csv airports.csv inland_terminals.csv, see README.md

`size` orders the gateways of one mode: terminals of a container port; 2 for an airport of the list below, 1 for one that calls itself
international, and for the one nearest to a container port that has none of these near it; 1 for a rail terminal. The output depends on the input alone.
"""
import csv
import os
import sys

from build_places import km, rows

HERE = os.path.dirname(os.path.abspath(__file__))
# Airports that freighters fly to on a timetable: own judgement, no ranking.
FREIGHTER_AIRPORTS = """
AMS ANC ATH ATL AUH BAH BCN BKK BLL BNE BOG BOM BRU BUD CAI CAN CDG CGK CGN CGO CKG CLT CMB CMN CPH CPT CTU CVG CVT DAC DEL DEN DFW DMM DOH DSS DTW
DUB DWC DXB EMA EWR EZE FCO FRA GDL GRU GUM GVA GYD HAM HAN HEL HGH HHN HKG HNL HYD IAD IAH ICN IND IST JED JFK JNB KHH KHI KIX KMG KUL KUN KWI LAD LAX LED LEJ
LGG LHE LHR LIM LIS LOS LUX LYS MAA MAD MAN MCT MEL MEM MEX MFM MIA MNL MSP MUC MXP NBO NGO NKG NRT OAK OKA ONT ORD ORY OSL OTP PEK PEN PER PHL PHX PIT 
PRG PTY PVG RFD RGN RUH SAN SCL SDF SEA SFO SGN SHA SHJ SIN STN STR SVO SYD SZX TAO TAS TFU TLV TPE TSN UIO UPG URC VCP VIE VNO VTE WAW WUH XIY XMN YHM YUL
YVR YYC YYZ ZAZ ZRH
""".split()

# Airports of regions that no road leads to (../estimates/cut_off.csv): own judgement.
ROADLESS_AIRPORTS = """
GOH SFJ JAV UAK JHS LYR YFB YVP YCB YRT OME BET OTZ BRW DLG AKN TBT TFF DYR PWE IKS NSK TIM WMX MKQ DKS
""".split()

# An airport serves a port up to here, km.
NEAR_KM = 100


def main(folder):
    with_point = set()
    for name in ("places-1.csv", "places-2.csv"):
        with_point |= {row["locode"] for row in rows(HERE, name) if row["latitude"]}
    found = {}

    def gateway(mode, place, size, source):
        if place in with_point:
            key = (mode, place)
            if key not in found or size > found[key][0]:
                found[key] = (size, source)

    for row in rows(folder, "container_ports.csv"):
        if row["check"] != "DOUBTFUL":
            gateway("sea", row["unlocode"], max(int(row["terminals_valid"]), 1), "terminals listed by SMDG, 2026-01")
    for row in rows(folder, "airports.csv"):
        if row["iata"] in FREIGHTER_AIRPORTS:
            gateway("air", row["unlocode"], 2, "own judgement: freighters on a timetable")
        elif "International" in row["name"]:
            gateway("air", row["unlocode"], 1, "its name, airportsdata 20260905")
        elif row["iata"] in ROADLESS_AIRPORTS:
            gateway("air", row["unlocode"], 1, "own judgement: the airport of a region without roads to others")
    airports = [((float(row["latitude"]), float(row["longitude"])), row["unlocode"]) for row in rows(folder, "airports.csv") if row["unlocode"]]
    served = [point for point, place in airports if ("air", place) in found]
    for row in rows(folder, "container_ports.csv"):
        port = (float(row["latitude"]), float(row["longitude"]))
        if all(km(port, point) > NEAR_KM for point in served):
            metres, place = min((km(port, point), place) for point, place in airports)
            if metres <= NEAR_KM:
                gateway("air", place, 1, "the airport next to a container port, airportsdata 20260905")
    for row in rows(folder, "inland_terminals.csv"):
        if row["mode"] == "rail" and row["unlocode"]:
            gateway("rail", row["unlocode"], 1, "UNECE AGTC agreement, annex II" if "AGTC" in row["source"] else "terminal, see world/README.md")
    with open(os.path.join(os.path.dirname(HERE), "gateways.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["mode", "place", "size", "source"])
        for (mode, place), (size, source) in sorted(found.items()):
            writer.writerow([mode, place, size, source])


if __name__ == "__main__":
    main(sys.argv[1])
