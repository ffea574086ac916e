#!/usr/bin/env python3
"""Payment orders of the example, checked beyond their schema, and a bank's answers to them.

usage: iso20022.py PROGRAM RUN_OUT      RUN_OUT holds a run of the sample
       iso20022.py check FILE..         checks payment orders
       iso20022.py answers FOLDER STATE FILE..    writes a camt.054 with that state for every payment of the orders

Needs what tests/requirements.txt names. Exit 0 when nothing is wrong. Last line: iso20022: N checks, M faults
"""
import datetime
import json
import pathlib
import shutil
import sys
import tempfile
from collections import Counter

import answers
import compare
import payments

PAIN, CAMT = "pain.001.001.09", ("camt.053", "camt.054")

GOOD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-01T00:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>1234.56</CtrlSum><InitgPty><Nm>A</Nm></InitgPty></GrpHdr>
<PmtInf><PmtInfId>B1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>1</NbOfTxs><CtrlSum>1234.56</CtrlSum><ReqdExctnDt><Dt>2026-02-01</Dt></ReqdExctnDt>
<Dbtr><Nm>A</Nm><PstlAdr><TwnNm>Chongqing</TwnNm><Ctry>CN</Ctry></PstlAdr></Dbtr>
<DbtrAcct><Id><Othr><Id>0001</Id><SchmeNm><Prtry>ECNY-WALLET</Prtry></SchmeNm></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>AAAACNBJ</BICFI></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy="CNY">1234.56</InstdAmt></Amt>
<CdtrAgt><FinInstnId><BICFI>BBBBSGSG</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>B</Nm><PstlAdr><TwnNm>Singapore</TwnNm><Ctry>SG</Ctry></PstlAdr></Cdtr>
<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>
<RmtInf><Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>BOLD</Cd></CdOrPrtry></Tp><Nb>TBL1</Nb>
<LineDtls><Id><Tp><CdOrPrtry><Prtry>FREIGHT</Prtry></CdOrPrtry></Tp><Nb>1</Nb></Id><Amt><DuePyblAmt Ccy="CNY">1300.00</DuePyblAmt></Amt></LineDtls>
<LineDtls><Id><Tp><CdOrPrtry><Prtry>CARBON</Prtry></CdOrPrtry></Tp><Nb>2</Nb></Id><Amt><CdtNoteAmt Ccy="CNY">65.44</CdtNoteAmt></Amt></LineDtls>
</RfrdDocInf><RfrdDocAmt><DuePyblAmt Ccy="CNY">1300.00</DuePyblAmt><CdtNoteAmt Ccy="CNY">65.44</CdtNoteAmt><RmtdAmt Ccy="CNY">1234.56</RmtdAmt></RfrdDocAmt></Strd></RmtInf>
</CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>
"""
# Each must be found: what stands in GOOD, what instead.
BAD = [
    ("1234.56", "1234.567890"), ("1234.56", "1234.561"), ('Ccy="CNY"', 'Ccy="e-CNY"'), ('Ccy="CNY"', 'Ccy="XXE"'), ('Ccy="CNY"', 'Ccy="CNH"'),
    ("<CtrlSum>1234.56</CtrlSum><Init", "<CtrlSum>1234.55</CtrlSum><Init"), ("<NbOfTxs>1</NbOfTxs><CtrlSum>1234.56</CtrlSum><Req", "<NbOfTxs>2</NbOfTxs><CtrlSum>1234.56</CtrlSum><Req"),
    ("<TwnNm>Singapore</TwnNm>", ""), ("<Ctry>CN</Ctry>", ""), ("BOLD", "BILL"), ("<EndToEndId>E1", "<EndToEndId>" + "E" * 36),
    ("<EndToEndId>E1</EndToEndId>", "<EndToEndId>E1</EndToEndId><UETR>8a562c67-ca16-48ba-b074-65581be6f001</UETR>"),
    ("DE89370400440532013000", "DE88370400440532013000"), ("<SchmeNm><Prtry>ECNY-WALLET</Prtry></SchmeNm>", ""),
    ('<CdtNoteAmt Ccy="CNY">65.44</CdtNoteAmt><RmtdAmt', '<CdtNoteAmt Ccy="CNY">65.43</CdtNoteAmt><RmtdAmt'),
    ('<DuePyblAmt Ccy="CNY">1300.00</DuePyblAmt></Amt>', '<DuePyblAmt Ccy="CNY">1299.00</DuePyblAmt></Amt>'), ("1234.56", "-1234.56"), ("1234.56", "0.00"),
]


class Report:
    def __init__(self):
        self.checks, self.faults = 0, 0

    def check(self, what, faults):
        self.checks += 1
        self.faults += len(faults)
        for fault in faults[:12]:
            print(f"{what}: {fault}")

    def close(self):
        print(f"iso20022: {self.checks} checks, {self.faults} faults")
        return 1 if self.faults else 0


def self_check(report, schema, folder):
    """The checks find what they are for."""
    path = folder / "good.xml"
    path.write_text(GOOD)
    report.check("a good order", payments.faults([path], schema))
    for old, new in BAD:
        bad = folder / "bad.xml"
        bad.write_text(GOOD.replace(old, new))
        report.check("a bad order", [] if payments.faults([bad], schema) else [f"{new!r} instead of {old!r} was not found"])
    report.check("two orders of one id", [] if len(payments.faults([path, path], schema)) == 2 else ["not found"])


def orders_below(folder):
    return sorted(path for path in pathlib.Path(folder).rglob("*.xml") if PAIN.encode() in path.read_bytes()[:400])


def events(out):
    path = pathlib.Path(out) / "settlement/state.ndjson"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def same_payments(instructions, published):
    """One payment for each order of the settlement."""
    wanted = Counter((row["amount"], row["currency"]) for row in published.rows("orders"))
    found = Counter((payment["amount"], payment["currency"]) for payment in instructions)
    return [f"order {key} without payment" for key in (wanted - found).elements()] + [f"payment {key} without order" for key in (found - wanted).elements()]


def whole(report, program, run_out, folder, schema):
    """Settle the example, order it, and answer."""
    out = folder / "out"
    shutil.copytree(run_out, out, symlinks=True, ignore=shutil.ignore_patterns("settlement"))
    named = {role: [compare.HOME / "data/settlement" / f"{role}.csv"] for role in compare.FLAGS}
    settled = compare.Settled(program, out, named)
    if settled.folder is None:
        report.check("settle", [settled.said])
        return
    day = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
    done = compare.call(program, "settle", "order", out, "--value-date", day)
    files = orders_below(out)
    report.check("settle order", [] if done.returncode == 0 and files else [f"exit {done.returncode}, {len(files)} orders: {done.stderr[-600:]}"])
    report.check("orders", payments.faults(files, schema))
    instructed = payments.instructions(files)
    report.check("orders", same_payments(instructed, compare.Published(settled.folder)))
    report.check("orders", [f"{p['id']}: to be executed on {p['day']}" for p in instructed if p["day"] != day])
    again = compare.call(program, "settle", "order", out, "--value-date", day)
    report.check("ordered once", [] if len(orders_below(out)) == len(files) and "already_ordered" in again.stdout + again.stderr or again.returncode == 0 and
                 orders_below(out) == files else [f"a second order: exit {again.returncode}, {len(orders_below(out))} files"])
    answered(report, program, out, instructed, folder)


def answered(report, program, out, instructed, folder):
    schemas = {kind: payments.Schema("camt053", f"{kind}.001.08") for kind in CAMT}
    states = [answers.STATES[i % len(answers.STATES)] for i in range(len(instructed))]
    for number, kind in enumerate(CAMT):
        some = [(p, s) for i, (p, s) in enumerate(zip(instructed, states)) if i // len(answers.STATES) % 2 == number]
        if not some:
            continue
        path = answers.write(folder, kind, [p for p, _ in some], [s for _, s in some], f"{kind.replace('.', '-')}-answers")
        report.check("answers", schemas[kind].faults(path))
        before = events(out)
        done = compare.call(program, "settle", "pay", out, "--camt", path)
        report.check("settle pay", [] if done.returncode in (0, 4) else [f"exit {done.returncode}: {done.stderr[-600:]}"])
        said = Counter(kind_of(event) for event in events(out)[len(before):])
        wanted = Counter(s for _, s in some)
        for state in ("paid", "short", "excess"):
            report.check("settle pay", [] if bool(said[state]) == bool(wanted[state]) else [f"{wanted[state]} answers {state}, events {dict(said)}"])
        for state in ("pending", "unknown", "other_currency"):
            names = [p["id"] for p, s in some if s == state and state != "unknown"]
            report.check("settle pay", [f"{state} {name} is not listed" for name in names if name not in done.stdout + done.stderr])
        mark = events(out)
        again = compare.call(program, "settle", "pay", out, "--camt", path)
        report.check("a file read twice", [] if events(out) == mark else [f"{len(events(out)) - len(mark)} more events: {again.stdout[-300:]}"])


def kind_of(event):
    words = {"ordered", "netted", "paid", "short", "excess", "returned", "disputed", "reopened"}
    return next((value for value in event.values() if isinstance(value, str) and value in words), "")


def main():
    report = Report()
    if sys.argv[1] == "answers":
        folder, state, files = pathlib.Path(sys.argv[2]), sys.argv[3], [pathlib.Path(f) for f in sys.argv[4:]]
        instructed = payments.instructions(files)
        print(answers.write(folder, "camt.054", instructed, [state] * len(instructed), f"answers-{state}"))
        return 0
    schema = payments.Schema("pain001", PAIN)
    if sys.argv[1] == "check":
        report.check("orders", payments.faults([pathlib.Path(f) for f in sys.argv[2:]], schema))
        return report.close()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        self_check(report, schema, folder)
        whole(report, pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), folder, schema)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
