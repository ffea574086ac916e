"""Hostile texts: CSV, JSON, TOML and what wraps them, made of sound ones."""

import gzip
import io
import json
import zlib

import pyarrow as pa

HEAD = "shipment_id,movement_id,container_id,container_type,sequence,mode,operation,carrier,origin,destination,departed_at,arrived_at,distance_km,distance_basis,cargo_mass_kg,teu,recorded_at,record_status,energy_carrier,energy_quantity,energy_unit,evidence_ref,load_status,temperature,container_cargo_mass_kg"
ROW = "BL-1,{n},CSQU3054383,42G1,{n},road,road.truck_driven,ACME,CNCKG,CNQZH,2025-06-01T08:00:00Z,,1000,actual,10000,,,,,,,,,,"

NASTY = [
    "", "0", "-0", "-1", "1e309", "NaN", "9" * 400, "0" * 5_000 + "1", "." , "1.", "--1", "+1", "0x1F", "1_000", "١٢", "18446744073709551616",
    "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "2025-06-01T08:00:00+99:99", "2025-06-01", "-9999-01-01T00:00:00Z", "24:00", "2016-12-31T23:59:60Z",
    "\"", "\"\"", "\"\"\"", "'", "\\", "\\\"", "\\u0000", "\\ud800", "\0", "\x01", "\x1b[2J", "\u202e", "\ufeff", "\ufffd", "\u0085", "e\u0301" * 70,
    "=1+1", "@SUM(A1)", "../../../etc/passwd", "%s%n%x", "{{7*7}}", "${HOME}", "\r", "\n", "\r\n", "\n\n\n", ",", ",,", ";", "\t", " " * 70_000,
    "x" * 65, "x" * 257, "x" * 65_535, "x" * 65_537, "x" * 300_000, "重" * 30_000, "\U0010ffff" * 80, "[" * 200, "[" * 70_000, "{" * 70_000, "{\"a\":" * 20_000,
    "null", "true", "[]", "{}", "[[]]", "{}{}", "]", "}", "CNQZ", "cnqzh", "CNQZH", "ZZZZZ", "CSQU3054384", "sea", "hub", "SEA ", "cancelled", "%Y-%m-%d",
]


def nasty(random):
    return random.choice(NASTY)


def bytes_changed(random, content, times=None):
    """A few bytes flipped, put in, left out, doubled, or all behind a place cut off."""
    content = bytearray(content)
    for _ in range(times or random.choice([1, 1, 2, 5, 20])):
        at = random.randrange(len(content) + 1)
        what = random.randrange(8)
        if what == 0 and at < len(content):
            content[at] ^= 1 << random.randrange(8)
        elif what == 1 and at < len(content):
            content[at] = random.choice([0, 10, 13, 34, 44, 91, 92, 123, 0x80, 0xC3, 0xFF])
        elif what == 2:
            content[at:at] = nasty(random).encode("utf-8", "surrogatepass")
        elif what == 3:
            del content[at : at + random.choice([1, 2, 30, 1_000])]
        elif what == 4:
            piece = content[at : at + random.choice([1, 10, 400])]
            content[at:at] = piece * random.choice([1, 3, 200])
        elif what == 5 and random.random() < 0.3:
            del content[at:]
        elif what == 6:
            content[at:at] = bytes(random.randrange(256) for _ in range(random.choice([1, 4, 60])))
        elif len(content) > 4:
            other = random.randrange(len(content))
            size = random.choice([1, 4, 64])
            content[at : at + size] = content[other : other + size]
    return bytes(content)


def rows(random, count):
    lines = []
    for n in range(count):
        cells = ROW.format(n=n + 1).split(",")
        for _ in range(random.choice([0, 0, 1, 1, 3])):
            text = nasty(random)
            if random.random() < 0.5 and any(c in text for c in "\",\n\r"):
                text = '"' + text.replace('"', '""') + '"'
            cells[random.randrange(len(cells))] = text
        lines.append(",".join(cells))
    return lines


def csv(random):
    head = HEAD
    what = random.random()
    if what < 0.15:
        names = head.split(",")
        for _ in range(random.choice([1, 3])):
            names[random.randrange(len(names))] = nasty(random)
        head = ",".join(names)
    elif what < 0.2:
        head += "," + ",".join(f"c{i}" for i in range(random.choice([2_000, 50_000])))
    end = random.choice(["\n", "\n", "\r\n", "\r", "\n\r"])
    text = end.join([head] + rows(random, random.choice([1, 5, 60]))) + random.choice(["", end])
    encoding = random.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "latin-1", "gb18030"])
    content = text.encode(encoding, "replace")
    return bytes_changed(random, content) if random.random() < 0.5 else content


def csv_of_one_kind(random):
    """Many records that are alike, and short, or one that is very long."""
    record = random.choice(["A", "", "\"", "\"A\"", ",", "," * 30_000, "\"\n\"", " ", "x" * 70_000, ROW.format(n=1)])
    times = min(random.choice([1_000, 400_000]), (12 << 20) // (len(record) + 1))
    return (HEAD + "\n" + (record + "\n") * times).encode()


def record(random):
    fields = dict(zip(HEAD.split(","), ROW.format(n=random.randrange(90)).split(",")))
    fields = {k: v for k, v in fields.items() if v or random.random() < 0.3}
    for _ in range(random.choice([0, 0, 1, 2])):
        name = random.choice(list(fields) + ["x", "", "shipment_id\0"])
        fields[name] = random.choice([nasty(random), None, True, 7, 1e300, -1, [], {}, [nasty(random)], {"a": {"b": nasty(random)}}])
    return fields


def ndjson(random):
    lines = [json.dumps(record(random), ensure_ascii=random.random() < 0.5) for _ in range(random.choice([1, 5, 60]))]
    content = ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")
    return bytes_changed(random, content) if random.random() < 0.6 else content


def json_array(random):
    content = json.dumps([record(random) for _ in range(random.choice([0, 1, 40]))], indent=random.choice([None, 1])).encode("utf-8", "surrogatepass")
    return bytes_changed(random, content) if random.random() < 0.7 else content


def json_of_one_kind(random):
    record = random.choice(["{}", "[", "{", "1", "null", "[]", "{\"a\":1}", "{\"a\":1,\"a\":1}", "{\"" + "k" * 60_000 + "\":1}", "{" + ",".join(f"\"k{i}\":0" for i in range(5_000)) + "}"])
    times = min(random.choice([100, 300_000]), (8 << 20) // (len(record) + 1))
    if random.random() < 0.5:
        return ("[" + (record + ",") * times + "{}]").encode()
    return ((record + "\n") * times).encode()


def packed(random, content, ending):
    """As gzip or zstd, whole, changed, in several members, or with something behind."""
    if ending == ".gz":
        data = gzip.compress(content, 1)
    else:
        data = pa.Codec("zstd").compress(content, asbytes=True)
    what = random.random()
    if what < 0.3:
        return data
    if what < 0.4:
        return data * random.choice([2, 40])
    if what < 0.5:
        return data + bytes_changed(random, data[:200])
    return bytes_changed(random, data, random.choice([1, 2, 3]))


def bomb(random, ending):
    """Very much in very little."""
    unit = random.choice([b"\0", b"A\n", b"{}\n", b"\n", b" ", b"[", b"\"", HEAD.encode() + b"\n", ROW.format(n=1).encode() + b"\n"])
    size = random.choice([20 << 20, 300 << 20, 1 << 30])
    start = HEAD.encode() + b"\n" if random.random() < 0.6 else b""
    block = unit * max(1, (1 << 20) // len(unit))
    out = io.BytesIO()
    if ending == ".gz":
        packer = zlib.compressobj(6, wbits=31)
        out.write(packer.compress(start))
        for _ in range(size >> 20):
            out.write(packer.compress(block))
        out.write(packer.flush())
    else:
        with pa.CompressedOutputStream(out, "zstd") as stream:
            stream.write(start)
            for _ in range(size >> 20):
                stream.write(block)
            stream.flush()
            stream.close()
    return out.getvalue() if not out.closed else b""


def event(random, n):
    event = {
        "eventID": f"e{n}", "eventType": "EQUIPMENT", "eventClassifierCode": "ACT", "equipmentEventTypeCode": random.choice(["GTIN", "LOAD", "DISC", "GTOT", "PICK"]),
        "eventCreatedDateTime": "2025-01-01T00:00:00Z", "eventDateTime": f"2025-03-0{1 + n % 9}T08:00:00Z", "equipmentReference": "CSQU3054383",
        "ISOEquipmentCode": "45G1", "eventLocation": {"UNLocationCode": random.choice(["CNCKG", "CNQZH", "SGSIN"])}, "emptyIndicatorCode": "LADEN",
        "transportCall": {"transportCallID": "c", "modeOfTransport": "VESSEL", "vessel": {"vesselOperatorCarrierCode": "MAEU"}},
        "documentReferences": [{"documentReferenceType": "TRD", "documentReferenceValue": "BL1"}],
    }
    return json_changed(random, event)


def json_changed(random, value):
    """Some values somewhere in a document become nasty ones."""
    if random.random() < 0.06:
        return random.choice([nasty(random), None, [], {}, 1e300, -5, True, [value] * 3, {"a": value}])
    if isinstance(value, dict):
        return {(nasty(random) if random.random() < 0.01 else k): json_changed(random, v) for k, v in value.items()}
    if isinstance(value, list):
        return [json_changed(random, v) for v in value]
    return value


def dcsa(random):
    events = [event(random, n) for n in range(random.choice([1, 8, 60]))]
    form = random.randrange(3)
    if form == 0:
        content = json.dumps(events)
    elif form == 1:
        content = json.dumps({"events": events})
    else:
        content = "\n".join(json.dumps(e) for e in events)
    content = content.encode("utf-8", "surrogatepass")
    return bytes_changed(random, content) if random.random() < 0.5 else content


def ileap(random):
    toc = {"tocId": "t", "mode": "Sea", "energyCarriers": [], "co2eIntensityWTW": "0.0123", "co2eIntensityTTW": "0.01", "transportActivityUnit": "TEUkm", "loadFactor": "0.7"}
    hoc = {"hocId": "h", "hubType": "MaritimeContainerTerminal", "energyCarriers": [], "co2eIntensityWTW": "5", "co2eIntensityTTW": "2.5", "hubActivityUnit": "tonnes"}
    tad = {
        "activityId": "a", "consignmentIds": ["BL1"], "distance": {"actual": "130.5"}, "mass": "20000", "mode": "Sea", "energyCarriers": [{"energyCarrier": "MGO"}],
        "origin": {"city": "Qinzhou", "country": "CN", "locode": "CNQZH"}, "destination": {"city": "Singapore", "country": "SG", "locode": "SGSIN"},
        "departureAt": "2025-03-01T08:00:00+08:00", "arrivalAt": "2025-03-08T08:00:00Z", "packagingOrTrEqType": "Container-TEU", "packagingOrTrEqAmount": 2,
    }
    tce = {"tceId": "1", "prevTceIds": [], "tocId": "t", "shipmentId": "BL1", "mass": "20000", "distance": {"actual": "100"}, "transportActivity": "2000", "co2eWTW": "24.6", "co2eTTW": "20"}
    shipment = {"shipmentId": "BL1", "mass": "20000", "tces": [tce, {**tce, "tceId": "2", "prevTceIds": ["1"]}]}
    period = {"referencePeriodStart": "2025-01-01T00:00:00Z", "referencePeriodEnd": "2026-01-01T00:00:00Z"}
    documents = []
    for data in (toc, hoc, shipment):
        document = {"id": "f", "version": 3, "companyName": "C", "status": "Active", "extensions": [{"data": data}], "pcf": period}
        documents.append(json_changed(random, document))
    documents.append(json_changed(random, tad))
    content = json.dumps({"data": documents * random.choice([1, 1, 30])}).encode("utf-8", "surrogatepass")
    return bytes_changed(random, content) if random.random() < 0.5 else content


def lines_changed(random, content):
    """A table or a TOML file whose lines and cells were changed."""
    text = content.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    for _ in range(random.choice([1, 1, 3])):
        at = random.randrange(len(lines))
        what = random.randrange(6)
        if what == 0:
            lines.insert(at, lines[random.randrange(len(lines))])
        elif what == 1:
            del lines[at]
            lines = lines or [""]
        elif what == 2:
            lines.insert(at, nasty(random))
        else:
            for mark in random.sample([",", "=", "\"", " "], 4):
                if mark in lines[at]:
                    cells = lines[at].split(mark)
                    cells[random.randrange(len(cells))] = nasty(random)
                    lines[at] = mark.join(cells)
                    break
    content = "\n".join(lines).encode("utf-8", "surrogateescape")
    return bytes_changed(random, content) if random.random() < 0.3 else content
