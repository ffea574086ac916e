#!/usr/bin/env python3
"""Made-up exports of four kinds of systems, dirty as such exports are. No real shipment is in them.

usage: make.py DIR        writes tms/, feed/, warehouse/, orders/ below DIR, from fixed seeds; needs openpyxl for the workbook

The files that it has written are committed beside it, so that the tests need no Python.
"""
import json
import os
import random
import sys
from datetime import datetime, timedelta


def container(random):
    """A container number with its right check digit."""
    text = random.choice(["MSCU", "HLBU", "TEMU", "CSNU"]) + f"{random.randrange(10 ** 6):06}"
    values = [int(c) if c.isdigit() else 10 + (n := ord(c) - 65) + (n + 9) // 10 for c in text]
    return text + str(sum(v << i for i, v in enumerate(values)) % 11 % 10)


def write(folder, name, data):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


# --- a forwarder's transport management system: German, semicolons, windows-1252, titles and sums ------------------

TMS_HEAD = ["Sendungsnr.", "Pos.", "Container-Nr.", "Containertyp", "Verkehrsträger", "Frachtführer", "Ladeort", "Entladeort",
            "Abfahrt Ist", "Ankunft Ist", "Entfernung (km)", "Bruttogewicht (kg)", "Nettogewicht (kg)", "Voll/Leer", "Sachbearbeiter"]
TMS_CHAINS = [
    [("Lkw", "Köln", "Duisburg", 65, 2), ("Binnenschiff", "Duisburg", "Rotterdam", 225, 20), ("See", "Rotterdam", "Shanghai", 19500, 800)],
    [("Lkw", "München", "Nürnberg", 170, 3), ("Bahn", "Nürnberg", "Hamburg", 630, 14), ("See", "Hamburg", "Singapur", 15900, 700)],
    [("Straße", "Wien", "München", 400, 6), ("Luftfracht", "München", "Chongqing", 8200, 12)],
    [("LKW", "Hamburg", "Bremerhaven", 180, 3)],
]


def german(number, places):
    whole, _, part = f"{number:,.{places}f}".partition(".")
    return whole.replace(",", ".") + ("," + part if part else "")


def tms(folder):
    rnd = random.Random(20250401)
    rows = []
    number = 0
    while len(rows) < 216:
        number += 1
        chain, box = rnd.choice(TMS_CHAINS), container(rnd)
        kind = rnd.choice(["40HC", "40' HC", "20'GP", "45R1", "1x40HC", "40 ft. High Cube", "Wechselbrücke"])
        start = datetime(2025, 3, 3, 6) + timedelta(minutes=15 * rnd.randrange(2000))
        mass = rnd.randrange(4000, 26000) + rnd.choice([0, 0.5, 0.25])
        empty = rnd.random() < 0.08
        for leg, (mode, origin, destination, km, hours) in enumerate(chain, start=1):
            end = start + timedelta(hours=hours)
            weight = "" if empty else german(mass, rnd.choice([1, 2, 3]))
            if rnd.random() < 0.04:
                weight = "k.A."
            rows.append([f"SE-25-{number:05}", str(leg * 10), f"{box[:4]} {box[4:10]}-{box[10]}" if rnd.random() < 0.3 else box, kind, mode,
                         rnd.choice(["Hapag-Lloyd AG", "HLCU", "Spedition Müller & Söhne", "DB Cargo", ""]), origin, destination,
                         f"{start:%d.%m.%Y %H:%M}" if rnd.random() < 0.9 else f"{start:%d.%m.%Y}",
                         f"{end:%d.%m.%Y %H:%M}" if rnd.random() < 0.95 else "offen",
                         german(km + rnd.random() * 3, 1) if mode not in ("Luftfracht",) else "-", weight,
                         weight and german(mass * 0.9, 1), "L" if empty else "V", rnd.choice(["Jäger", "Öztürk", "Groß"])])
            start = end + timedelta(hours=4)
        if rnd.random() < 0.1:
            rows.append([""] * len(TMS_HEAD))
    lines = ["Spedition Beispiel GmbH", "Sendungsübersicht März 2025", "erstellt am: 01.04.2025 07:12;Benutzer: JÄGER", ";".join(TMS_HEAD)]
    lines += [";".join(row) for row in rows]
    lines += [";" * (len(TMS_HEAD) - 1), f"Summe Sendungen;{number}" + ";" * (len(TMS_HEAD) - 2)]
    write(folder, "sendungen_2025-03.csv", ("\r\n".join(lines) + "\r\n").encode("cp1252"))


# --- a carrier's tracking feed: JSON array, camel case, numbers as texts, offsets, corrections and cancellations ----

def feed(folder):
    rnd = random.Random(20250402)
    lanes = [("CNQZH", "SGSIN", 2821.6), ("SGSIN", "NLRTM", 15300), ("CNSHA", "USLAX", 10900), ("VNHPH", "CNQZH", 285), ("SGSIN", "MYPKG", 370)]
    records = []
    for number in range(1, 201):
        origin, destination, km = rnd.choice(lanes)
        start = datetime(2025, 2, 1) + timedelta(minutes=10 * rnd.randrange(8000))
        record = {
            "transportDocumentReference": f"MAEU{230000000 + number // 2}",
            "legId": f"L{number:04}",
            "equipmentReference": container(rnd),
            "isoEquipmentCode": rnd.choice(["22G1", "45G1", "45R1", "L5G1", "42U1"]),
            "modeOfTransport": rnd.choice(["VESSEL", "VESSEL", "MARITIME", "Feeder"]),
            "carrierCode": "MAEU",
            "pol": origin if rnd.random() < 0.9 else origin.lower(),
            "pod": destination,
            "atd": f"{start:%Y-%m-%dT%H:%M:%S}+08:00" if rnd.random() < 0.8 else f"{start:%Y-%m-%dT%H:%M:%S}+0800",
            "ata": f"{start + timedelta(hours=km / 30):%Y-%m-%dT%H:%M:%S}+08:00",
            "distance": {"value": km, "unit": "km"} if number == 77 else rnd.choice([str(km), km]),
            "distanceUnit": "KMT",
            "cargoGrossWeight": rnd.choice([round(rnd.uniform(3000, 58000), 1), f"{rnd.uniform(3000, 58000):.1f}"]),
            "weightUnit": "LBR",
            "emptyIndicator": rnd.choice(["LADEN", "LADEN", "LADEN", "EMPTY"]),
            "status": "ACT",
            "updatedAt": f"{start + timedelta(days=20):%Y-%m-%dT%H:%M:%S}Z",
            "vessel": {"name": "MV EXAMPLE", "imo": 9999999},
        }
        if record["emptyIndicator"] == "EMPTY":
            record["cargoGrossWeight"] = None if rnd.random() < 0.5 else 0
        records.append(record)
        later = f"{start + timedelta(days=25):%Y-%m-%dT%H:%M:%S}Z"
        if rnd.random() < 0.06:
            records.append({**record, "updatedAt": later, "distance": str(km + 10)})
        elif rnd.random() < 0.05:
            names = ("transportDocumentReference", "legId")
            records.append({**{name: record[name] for name in names}, "status": "CNX", "updatedAt": later})
    write(folder, "tracking.json", (json.dumps(records, indent=1, ensure_ascii=False) + "\n").encode())


# --- a warehouse system: workbook with a cover, Chinese heads, tonnes, dates as dates, a line of units, a sum ------

def warehouse(folder):
    import openpyxl
    rnd = random.Random(20250403)
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "说明"
    cover["A1"] = "仓库系统导出 2025年3月"
    cover["A2"] = "单位：吨、公里"
    sheet = book.create_sheet("出库明细")
    sheet["A1"] = "重庆示例仓储有限公司 出库明细"
    sheet.merge_cells("A1:K1")
    head = ["发货单号", "行号", "箱号", "箱型", "运输方式", "承运商", "起运地", "目的地", "发货时间", "到货时间", "毛重(吨)", "里程(公里)", "备注"]
    sheet.append([])
    sheet.append(head)
    sheet.append(["", "", "", "", "", "", "", "", "", "", "吨", "公里", ""])
    lanes = [("集卡", "重庆", "果园港", 45.5, 2), ("铁路", "重庆", "钦州", 1150, 40), ("江运", "果园港", "上海", 2390, 200), ("卡车", "成都", "重庆", 310.2, 6),
             ("空运", "重庆", "新加坡", None, 5)]
    total = 0
    row = 5
    for number in range(1, 206):
        mode, origin, destination, km, hours = rnd.choice(lanes)
        start = datetime(2025, 3, 1, 8) + timedelta(minutes=rnd.randrange(40000))
        mass = round(rnd.uniform(2, 27), 3)
        total += mass
        cells = [f"CK{250300000 + number}", number, container(rnd) if mode != "空运" else None, rnd.choice(["40HQ", "20GP", "40RH", 40]) if mode != "空运" else None,
                 mode, rnd.choice(["长久物流", "COSU", "民生轮船"]), origin, destination, start,
                 start + timedelta(hours=hours) if rnd.random() < 0.9 else "在途", mass, km, rnd.choice(["", "加急", "#N/A"])]
        for column, value in enumerate(cells, start=1):
            cell = sheet.cell(row, column, value)
            if isinstance(value, datetime):
                cell.number_format = "yyyy-mm-dd hh:mm"
            if column == 11:
                cell.number_format = "0.000"
        row += 2 if number % 50 == 0 else 1
    sheet.cell(row, 1, "合计")
    sheet.cell(row, 11, round(total, 3)).number_format = "0.000"
    draft = book.create_sheet("草稿")
    draft.append(head)
    draft.sheet_state = "hidden"
    book.properties.created = book.properties.modified = datetime(2025, 4, 1)
    os.makedirs(folder, exist_ok=True)
    book.save(os.path.join(folder, "outbound_2025-03.xlsx"))


# --- an ERP order list: two nights of a rolling export, UTF-16 with tabs, miles and pounds, month before day --------

ORDER_HEAD = ["Order Number", "Line Item", "Ship From", "Ship To", "Ship Date", "Delivery Date", "Carrier SCAC", "Distance (mi)", "Gross Weight LBS", "Temp", "Order Status"]


def orders(folder):
    rnd = random.Random(20250404)
    ways = [("Los Angeles, CA", "Chicago, IL", 2015.3), ("Houston, TX", "Dallas, TX", 239), ("Newark, NJ", "Atlanta, GA", 865.7), ("Los Angeles, CA", "Houston, TX", 1547)]
    first = []
    for number in range(1, 111):
        start, end, miles = rnd.choice(ways)
        day = datetime(2025, 3, 3) + timedelta(days=rnd.randrange(24))
        for line in range(1, rnd.choice([2, 2, 3])):
            first.append([f"45{number:06}", str(line), start, end, f"{day.month}/{day.day}/{day.year}", f"{day + timedelta(days=3):%m/%d/%Y}",
                          rnd.choice(["JBHT", "SNLU", "KNGT", ""]), f"{miles:,.1f}", f"{rnd.randrange(2000, 44000):,}" if rnd.random() < 0.95 else "TBD",
                          rnd.choice(["Dry", "Dry", "Dry", "34F"]), rnd.choice(["Shipped", "Invoiced", "Shipped", "Cancelled"] if rnd.random() < 0.2 else ["Shipped"])])
    second = [list(row) for row in first[40:]]
    for row in second[::17]:
        row[8] = f"{rnd.randrange(2000, 44000):,}"
    for number in range(111, 131):
        start, end, miles = rnd.choice(ways)
        second.append([f"45{number:06}", "1", start, end, "3/28/2025", "03/31/2025", "JBHT", f"{miles:,.1f}", f"{rnd.randrange(2000, 44000):,}", "Dry", "Shipped"])
    for name, rows in (("orders_2025-03-27.csv", first), ("orders_2025-03-28.csv", second)):
        text = "\r\n".join("\t".join(row) for row in [ORDER_HEAD, *rows]) + "\r\n"
        write(folder, name, b"\xff\xfe" + text.encode("utf-16-le"))


if __name__ == "__main__":
    top = sys.argv[1]
    for name, make in (("tms", tms), ("feed", feed), ("warehouse", warehouse), ("orders", orders)):
        make(os.path.join(top, name))
