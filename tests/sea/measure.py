"""Measures the sea graph against published distances, with a reader and a search of its own.

    python3 tests/sea/measure.py PAIRS [--graph data/sea/marnet.bin] [--closed suez,panama] [--worst 20] [--list]

PAIRS is a CSV with the columns from, to and published_km, or origin, destination and nautical_miles. All passages are open but those of
the ice. Prints the median deviation, the share of pairs within 10 %, those of more than 50 %, and the worst, among
them pairs without a way, of ports that the graph lacks too; --list prints from,to,metres of every pair instead. Nothing but Python's own library is needed.
"""

import argparse
import csv
import hashlib
import heapq
import struct
import sys

PASSAGES = (
    "bab_el_mandeb bering bosporus cape_horn cape_of_good_hope dardanelles gibraltar hormuz malacca northwest panama suez sunda northeast kiel corinth"
).split()
ICE = ("northwest", "northeast")


class Graph:
    """Lanes by node and approaches by port; the layout stands in docs/formats.md."""

    def __init__(self, path):
        with open(path, "rb") as file:
            content = file.read()
        magic, version, nodes, edges, ports, approaches = struct.unpack_from("<6sHIIII", content)
        if (magic, version) != (b"GCSEA\0", 1):
            sys.exit(f"{path}: no sea graph")
        if hashlib.sha256(content[:64] + content[96:]).digest() != content[64:96]:
            sys.exit(f"{path}: damaged")
        at = 96 + 8 * nodes
        self.lanes = [[] for _ in range(nodes)]
        for a, b, metres, through in struct.iter_unpack("<HHIH", content[at : at + 10 * edges]):
            self.lanes[a].append((b, metres, through))
            self.lanes[b].append((a, metres, through))
        # Passages that a node lies within: all of its lanes lead through them.
        self.within = [0xFFFF if lanes else 0 for lanes in self.lanes]
        for node, lanes in enumerate(self.lanes):
            for _, _, through in lanes:
                self.within[node] &= through
        at += 10 * edges
        codes = [code(c) for c, _, _ in struct.iter_unpack("<Iii", content[at : at + 12 * ports])]
        at += 12 * ports
        self.ports = {c: [] for c in codes}
        for port, node, metres in struct.iter_unpack("<HHI", content[at : at + 8 * approaches]):
            self.ports[codes[port]].append((node, metres))
        if at + 8 * approaches != len(content):
            sys.exit(f"{path}: more bytes than its head says")

    def distances(self, origin, destinations, closed, avoided=0):
        """Metres from a port to others, into and out of avoided passages as seldom as can be; None: no way."""
        best, done = {}, {}
        queue = [((0, metres), node) for node, metres in self.ports[origin]]
        missing = {node for d in destinations for node, _ in self.ports[d]}
        heapq.heapify(queue)
        while queue and missing:
            here, node = heapq.heappop(queue)
            if node in done:
                continue
            done[node] = here
            missing.discard(node)
            for to, metres, bits in self.lanes[node]:
                if bits & closed or to in done:
                    continue
                edges = [(bits & avoided & ~self.within[end]).bit_count() for end in (node, to)]
                there = here[0] + sum(edges), here[1] + metres
                if to not in best or there < best[to]:
                    best[to] = there
                    heapq.heappush(queue, (there, to))
        ways = {d: [(done[n][0], done[n][1] + metres) for n, metres in self.ports[d] if n in done] for d in destinations}
        return {d: min(costs)[1] if costs else None for d, costs in ways.items()}


def bits(words):
    """The bits of passages in a text such as `suez panama`."""
    return sum(1 << PASSAGES.index(word) for word in words.split())


def code(packed):
    """A UN/LOCODE of five letters or digits of six bits each."""
    values = [packed >> shift & 63 for shift in (24, 18, 12, 6, 0)]
    return "".join(chr(v + 56) if v >= 9 else chr(v + 49) for v in values)


def read_pairs(path):
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if "published_km" in row:
                yield row["from"], row["to"], float(row["published_km"])
            else:
                yield row["origin"], row["destination"], float(row["nautical_miles"]) * 1.852


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("pairs")
    arguments.add_argument("--graph", default="data/sea/marnet.bin")
    arguments.add_argument("--closed", default="")
    arguments.add_argument("--worst", type=int, default=20)
    arguments.add_argument("--list", action="store_true")
    options = arguments.parse_args()
    graph = Graph(options.graph)
    closed = bits(" ".join({*ICE, *filter(None, options.closed.split(","))}))
    by_origin = {}
    for origin, destination, km in read_pairs(options.pairs):
        by_origin.setdefault(origin, []).append((destination, km))
    found = []
    for origin, pairs in by_origin.items():
        known = [d for d, _ in pairs if d in graph.ports and origin in graph.ports]
        metres = dict.fromkeys((d for d, _ in pairs), None) | graph.distances(origin, known, closed) if known else {}
        found += [(origin, d, km, metres.get(d)) for d, km in pairs]
    if options.list:
        for origin, destination, _, metres in found:
            print(f"{origin},{destination},{'' if metres is None else metres}")
        return
    deviation = sorted((abs(m / 1000 / km - 1) * 100 if m else float("inf"), o, d, km, m) for o, d, km, m in found)
    count = len(deviation)
    print(f"pairs {count}")
    print(f"median {deviation[(count - 1) // 2][0]:.2f} %")
    print(f"within 10 % {sum(x[0] <= 10 for x in deviation) / count:.4f}")
    print(f"p95 {deviation[min(count - 1, count * 95 // 100)][0]:.2f} %")
    print(f"over 50 % {sum(x[0] > 50 for x in deviation)}")
    for percent, origin, destination, km, metres in deviation[: -options.worst - 1 : -1]:
        print(f"{percent:8.1f} % {origin} - {destination}: published {km:.0f} km, graph {'none' if metres is None else round(metres / 1000)}")


if __name__ == "__main__":
    main()
