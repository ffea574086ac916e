"""Workbooks made part by part, and what a few bytes of them can stand for."""

import io
import zipfile

from text_files import HEAD, ROW, bytes_changed, nasty

WORKBOOK = '<workbook xmlns:r="r"><sheets><sheet name="moves" r:id="rId1"/></sheets></workbook>'
RELATIONS = '<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
STYLES = '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="0.00"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="170"/></cellXfs></styleSheet>'


def letters(column):
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\0", "")


def row(number, cells):
    inner = "".join(f'<c r="{letters(c)}{number}" t="inlineStr"><is><t>{escaped(cell)}</t></is></c>' for c, cell in enumerate(cells) if cell)
    return f'<row r="{number}">{inner}</row>'


def archive(parts, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as zipped:
        for name, text in parts.items():
            zipped.writestr(name, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return out.getvalue()


def parts(sheet, shared="", merged="", styles=STYLES, workbook=WORKBOOK, relations=RELATIONS):
    return {
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": relations,
        "xl/styles.xml": styles,
        "xl/sharedStrings.xml": f'<sst count="9" uniqueCount="9">{shared}</sst>',
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{sheet}</sheetData>{merged}</worksheet>",
    }


def movements(random):
    """Rows of movements, some with nasty cells; then tags, numbers or bytes changed."""
    rows = [row(1, HEAD.split(","))]
    for n in range(random.choice([1, 10, 60])):
        cells = ROW.format(n=n + 1).split(",")
        for _ in range(random.choice([0, 0, 1, 2])):
            cells[random.randrange(len(cells))] = nasty(random)
        rows.append(row(n + 2, cells))
    book = parts("".join(rows), "<si><t>a</t></si>")
    for _ in range(random.choice([0, 1, 2])):
        name = random.choice(list(book))
        book[name] = swapped(random, book[name])
    content = archive(book, random.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED]))
    return bytes_changed(random, content, random.choice([1, 3])) if random.random() < 0.5 else content


def swapped(random, text):
    what = random.randrange(5)
    if what == 0:
        return bytes_changed(random, text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
    pairs = [
        ('t="inlineStr"', random.choice(['t="s"', 't="d"', 't="e"', 't="b"', 't="n"', 't="?"', ""])),
        ('r="2"', random.choice(['r="0"', 'r="-1"', 'r="1048577"', 'r="4294967295"', 'r="99999999999999999999"', ""])),
        ('r="A2"', random.choice(['r="XFE2"', 'r="A0"', 'r="ZZZZZZZZ2"', 'r="2"', 'r="A4294967296"', 'r=""'])),
        ("<is><t>", random.choice(["<v>", "<f>", "<is><t><t>", "<is>", "<is><r><t>"])),
        ("</worksheet>", random.choice(["", "<mergeCells><mergeCell ref=\"A1:XFD1048576\"/></mergeCells></worksheet>", "&lol;</worksheet>"])),
        ("<worksheet>", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><a>&b;</a>'),
        ('numFmtId="170"', f'numFmtId="{random.choice([0, 4294967295, -1, 14, 46])}"'),
        ('formatCode="0.00"', f'formatCode="{escaped(nasty(random))[:300]}"'),
        ("rId1", random.choice(["rId2", "", "rId1" * 2_000])),
        ("sheet1.xml", random.choice(["../../../etc/passwd", "sheet1.xml/..", "/xl/worksheets/sheet1.xml", ""])),
    ]
    random.shuffle(pairs)
    for old, new in pairs:
        if old in text:
            return text.replace(old, new, random.choice([1, -1]))
    return text


def heavy(random):
    head = row(1, HEAD.split(","))
    count = random.choice([2_000, 100_000])
    what = random.randrange(9)
    if what == 0:
        shared = "<si><t>" + random.choice(["x", " ", "\u00a0"]) * random.choice([3_000, 30_000, 3_000_000]) + "</t></si>"
        cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="H{n}" t="s"><v>0</v></c></row>' for n in range(2, count))
        return archive(parts(head + cells, shared))
    if what == 1:
        merged = "<mergeCells>" + f'<mergeCell ref="A2:XFD1048576"/>' * count + "</mergeCells>"
        cells = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, count))
        return archive(parts(head + cells, "", merged))
    if what == 2:
        cells = row(2, ["z" * 3_000_000]) + "".join(row(n, ["1", "2"]) for n in range(3, count))
        merged = f'<mergeCells><mergeCell ref="A2:A{count}"/></mergeCells>'
        return archive(parts(head + cells, "", merged))
    if what == 3:
        book = "<workbook xmlns:r='r'><sheets>" + "".join(f'<sheet name="s{n}" r:id="rId1"/>' for n in range(count)) + "</sheets></workbook>"
        return archive(parts("".join(row(n, ["1"]) for n in range(1, 20_000)), workbook=book))
    if what == 4:
        styles = f'<styleSheet><numFmts><numFmt numFmtId="170" formatCode="{"0" * 2_000_000}"/></numFmts><cellXfs>' + '<xf numFmtId="170"/>' * count + "</cellXfs></styleSheet>"
        return archive(parts(head + row(2, ROW.format(n=1).split(",")), styles=styles))
    if what == 5:
        return archive(parts(head + f'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    if what == 6:
        return archive(parts(head + "<row r='2'>" + "<c/>" * 5_000_000 + "</row>"))
    if what == 7:
        return archive(parts(head + " " * (600 << 20)))
    return archive(parts(head + "".join(f'<row r="{n}"/>' for n in range(2, 1_048_577))))
