"""What a payment order (pain.001.001.09) must hold that its schema lets through, and the schema itself."""
import importlib.util
import pathlib
import re
from collections import Counter, defaultdict
from decimal import Decimal

import xmlschema
from lxml import etree

PAIN = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

# ISO 4217, currencies in use; none of the codes for metals, tests and "no currency".
TWO = """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP
ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA
MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE
SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG""".split()
NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()
THREE = "BHD IQD JOD KWD LYD OMR TND".split()
MINOR = {code: 2 for code in TWO} | {code: 0 for code in NONE} | {code: 3 for code in THREE}


def schema_file(package, name):
    """The XSD that a package brings, without importing it."""
    home = pathlib.Path(importlib.util.find_spec(package).origin).parent
    return next(home.rglob(f"{name}.xsd"))


class Schema:
    """Two validators, since each has let through what the other has not."""

    def __init__(self, package, name):
        path = schema_file(package, name)
        self.one = xmlschema.XMLSchema(str(path))
        self.other = etree.XMLSchema(etree.parse(str(path)))

    def faults(self, path):
        document = etree.parse(str(path))
        out = [f"{path.name}: schema: {error.reason} at {error.path}" for error in self.one.iter_errors(str(path))]
        if not self.other.validate(document):
            out += [f"{path.name}: schema: {error.message} in line {error.line}" for error in self.other.error_log]
        return out


def tag(name):
    return f"{{{PAIN}}}{name}"


def at(node, path):
    return node.find("/".join(tag(part) for part in path.split("/")))


def all_at(node, path):
    return node.findall("/".join(tag(part) for part in path.split("/")))


def text(node, path):
    found = at(node, path)
    return "" if found is None else (found.text or "").strip()


def amount_faults(where, node):
    """Currency in the list and no more decimals than its minor unit."""
    money, value = node.get("Ccy"), (node.text or "").strip()
    if money not in MINOR:
        return [f"{where}: currency {money!r}"]
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) or len(value.partition(".")[2]) > MINOR[money]:
        return [f"{where}: {value!r} {money}"]
    return []


def address_faults(where, party):
    if not text(party, "Nm"):
        return [f"{where}: no name"]
    if not text(party, "PstlAdr/TwnNm") or not re.fullmatch("[A-Z]{2}", text(party, "PstlAdr/Ctry")):
        return [f"{where}: no town or country"]
    return []


def account_faults(where, account):
    iban, other, scheme = text(account, "Id/IBAN"), text(account, "Id/Othr/Id"), text(account, "Id/Othr/SchmeNm/Prtry")
    if iban:
        digits = "".join(str(int(c, 36)) for c in iban[4:] + iban[:4])
        return [] if int(digits) % 97 == 1 else [f"{where}: IBAN {iban}"]
    return [] if other and len(other) <= 34 and scheme else [f"{where}: account without IBAN, or number and scheme"]


def remittance_faults(where, transaction):
    """Due less credited is remitted, document by document, and the remitted add to the instructed amount."""
    out, remitted, structured = [], Decimal(0), all_at(transaction, "RmtInf/Strd")
    if not structured:
        return [] if text(transaction, "RmtInf/Ustrd") else [f"{where}: no remittance information"]
    signed = {"DuePyblAmt": 1, "CdtNoteAmt": -1, "RmtdAmt": 0}
    for number, document in enumerate(structured, 1):
        lines, total = Decimal(0), Decimal(0)
        for line in all_at(document, "RfrdDocInf/LineDtls/Amt"):
            lines += sum(signed.get(etree.QName(cell).localname, 0) * Decimal(cell.text) for cell in line)
        amounts = at(document, "RfrdDocAmt")
        if amounts is None:
            continue
        total = sum(signed.get(etree.QName(cell).localname, 0) * Decimal(cell.text) for cell in amounts)
        said = Decimal(text(amounts, "RmtdAmt") or "0")
        remitted += said
        if total != said:
            out.append(f"{where}: document {number}: due less credited {total}, remitted {said}")
        if all_at(document, "RfrdDocInf/LineDtls") and lines != total:
            out.append(f"{where}: document {number}: lines add to {lines}, the document to {total}")
    instructed = Decimal(text(transaction, "Amt/InstdAmt"))
    if any(at(document, "RfrdDocAmt") is not None for document in structured) and remitted != instructed:
        out.append(f"{where}: remitted {remitted}, instructed {instructed}")
    return out


def transaction_faults(where, transaction, seen):
    end_to_end = text(transaction, "PmtId/EndToEndId")
    where = f"{where} {end_to_end}"
    out = []
    if not 1 <= len(end_to_end) <= 35:
        out.append(f"{where}: end-to-end id of {len(end_to_end)} characters")
    seen[end_to_end] += 1
    if at(transaction, "PmtId/UETR") is not None:
        out.append(f"{where}: UETR, which is the bank's to set")
    for node in transaction.iter():
        if isinstance(node.tag, str) and node.get("Ccy") is not None:
            out += amount_faults(where, node)
    if Decimal(text(transaction, "Amt/InstdAmt") or "0") <= 0:
        out.append(f"{where}: nothing to pay")
    out += address_faults(f"{where} creditor", at(transaction, "Cdtr"))
    out += account_faults(f"{where} creditor", at(transaction, "CdtrAcct"))
    return out + remittance_faults(where, transaction)


def sums_faults(where, node, amounts):
    out = []
    if text(node, "NbOfTxs") and int(text(node, "NbOfTxs")) != len(amounts):
        out.append(f"{where}: NbOfTxs {text(node, 'NbOfTxs')}, {len(amounts)} transactions")
    if text(node, "CtrlSum") and Decimal(text(node, "CtrlSum")) != sum(amounts):
        out.append(f"{where}: CtrlSum {text(node, 'CtrlSum')}, sum {sum(amounts)}")
    return out


def file_faults(path, seen):
    root = at(etree.parse(str(path)).getroot(), "CstmrCdtTrfInitn")
    header, out, every, ids = at(root, "GrpHdr"), [], [], Counter()
    if not text(header, "CtrlSum"):
        out.append(f"{path.name}: no control sum")
    for block in all_at(root, "PmtInf"):
        where = f"{path.name} {text(block, 'PmtInfId')}"
        ids[text(block, "PmtInfId")] += 1
        transactions = all_at(block, "CdtTrfTxInf")
        amounts = [Decimal(text(t, "Amt/InstdAmt")) for t in transactions]
        out += sums_faults(where, block, amounts) + address_faults(f"{where} debtor", at(block, "Dbtr")) + account_faults(f"{where} debtor", at(block, "DbtrAcct"))
        for transaction in transactions:
            out += transaction_faults(where, transaction, seen)
        every += amounts
    out += [f"{path.name}: payment block {name} twice" for name, count in ids.items() if count > 1]
    return out + sums_faults(path.name, header, every)


def faults(paths, schema):
    """Of the files of one call of `settle order`."""
    seen, messages, out = Counter(), defaultdict(list), []
    for path in paths:
        wrong = schema.faults(path)
        out += wrong or file_faults(path, seen)
        if not wrong:
            messages[text(at(etree.parse(str(path)).getroot(), "CstmrCdtTrfInitn"), "GrpHdr/MsgId")].append(path.name)
    out += [f"end-to-end id {name} {count} times" for name, count in seen.items() if count > 1]
    return out + [f"MsgId {name} in {', '.join(files)}" for name, files in messages.items() if len(files) > 1]


def instructions(paths):
    """Payments as the bank sees them: end-to-end id, amount as written, currency, names and accounts."""
    out = []
    for path in paths:
        root = at(etree.parse(str(path)).getroot(), "CstmrCdtTrfInitn")
        for block in all_at(root, "PmtInf"):
            for t in all_at(block, "CdtTrfTxInf"):
                amount = at(t, "Amt/InstdAmt")
                out.append({"id": text(t, "PmtId/EndToEndId"), "amount": amount.text.strip(), "currency": amount.get("Ccy"), "debtor": text(block, "Dbtr/Nm"),
                            "account": text(block, "DbtrAcct/Id/IBAN") or text(block, "DbtrAcct/Id/Othr/Id"),
                            "creditor": text(t, "Cdtr/Nm"), "day": text(block, "ReqdExctnDt/Dt")})
    return out
