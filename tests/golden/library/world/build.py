#!/usr/bin/env python3
"""Makes the made-up sea graph and land outline of this folder: python3 tests/golden/library/world/build.py

Two lands of rectangles with 1 degree of sea between them, three ports with round distances. No place of the world is meant.
"""
import hashlib
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
SIGNS = "?23456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def signed(magic, counts, name, body):
    head = magic + struct.pack("<H", 1) + b"".join(struct.pack("<I", c) for c in counts) + name.encode().ljust(40, b"\0")
    return head + hashlib.sha256(head + body).digest() + body


def code(text):
    number = 0
    for sign in text:
        number = number << 6 | SIGNS.index(sign)
    return number


def sea():
    # A canal (Suez by its bit) and the way round it join two more ports.
    canal = 1 << 11
    nodes = [(6, 12), (6, 20), (6, 35), (-6, 12), (-6, 20), (-30, 16)]
    edges = [(0, 1, 1_000_000, 0), (1, 2, 2_000_000, 0), (3, 4, 1_000_000, canal), (3, 5, 1_500_000, 0), (4, 5, 1_500_000, 0)]
    ports = [("AQ22A", (4.9, 12), 0, 100_000), ("AQ22B", (4.9, 20), 1, 200_000), ("AQ22M", (-4.9, 12), 3, 100_000), ("AQ22N", (-4.9, 20), 4, 100_000),
             ("BV22A", (4.9, 35), 2, 300_000)]
    e5 = lambda point: struct.pack("<ii", *(round(x * 100_000) for x in point))
    body = b"".join(map(e5, nodes))
    body += b"".join(struct.pack("<HHIH", *edge) for edge in edges)
    body += b"".join(struct.pack("<I", code(port)) + e5(at) for port, at, _, _ in ports)
    body += b"".join(struct.pack("<HHI", i, node, metres) for i, (_, _, node, metres) in enumerate(ports))
    return signed(b"GCSEA\0", [len(nodes), len(edges), len(ports), len(ports)], "made up", body)


def land():
    rings = [[(-500, 1000), (-500, 3000), (500, 3000), (500, 1000), (-500, 1000)],
             [(-500, 3100), (-500, 4000), (500, 4000), (500, 3100), (-500, 3100)]]
    body = b"".join(struct.pack("<I", len(ring)) + b"".join(struct.pack("<hh", *p) for p in ring) for ring in rings)
    return signed(b"GCLAND", [len(rings), sum(map(len, rings)), 10_000], "made up", body)


for name, content in [("marnet.bin", sea()), ("land.bin", land())]:
    with open(os.path.join(HERE, "data", "sea", name), "wb") as file:
        file.write(content)
