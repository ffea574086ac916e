"""Answers of a bank: camt.053 and camt.054 on given payments."""
from decimal import Decimal

STATES = "paid short excess returned reversed pending unknown other_currency".split()


def entry(payment, state, number):
    """One entry and what becomes of the payment."""
    amount = Decimal(payment["amount"])
    step = Decimal(1).scaleb(amount.as_tuple().exponent)
    if state == "short":
        amount -= step
    if state == "excess":
        amount += step
    money = {"other_currency": "HKD" if payment["currency"] != "HKD" else "USD"}.get(state, payment["currency"])
    end_to_end = "NOT-ONE-OF-OURS-%d" % number if state == "unknown" else payment["id"]
    direction = "CRDT" if state in ("returned", "reversed") else "DBIT"
    status = "PDNG" if state == "pending" else "BOOK"
    reversal = "<RvslInd>true</RvslInd>" if state == "reversed" else ""
    back = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" if state == "returned" else ""
    sum_ = f'<Amt Ccy="{money}">{amount}</Amt>'
    return (f"<Ntry><NtryRef>{number}</NtryRef>{sum_}<CdtDbtInd>{direction}</CdtDbtInd>{reversal}<Sts><Cd>{status}</Cd></Sts>"
            f"<BookgDt><Dt>{payment['day']}</Dt></BookgDt><ValDt><Dt>{payment['day']}</Dt></ValDt><AcctSvcrRef>BANK-{number}</AcctSvcrRef>"
            f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{'RRTN' if state in ('returned', 'reversed') else 'XBCT'}</SubFmlyCd></Fmly></Domn></BkTxCd>"
            f"<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>{sum_}<CdtDbtInd>{direction}</CdtDbtInd>{back}</TxDtls></NtryDtls></Ntry>")


def document(kind, message, account, currency, entries):
    """`kind`: camt.053 or camt.054, of version 08."""
    own = f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>"
    zero = "<Amt Ccy=\"%s\">0</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt>" % currency
    balance = f"<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>{zero}</Bal>" if kind == "camt.053" else ""
    outer, inner = ("BkToCstmrStmt", "Stmt") if kind == "camt.053" else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.08"><{outer}>'
            f"<GrpHdr><MsgId>{message}</MsgId><CreDtTm>2026-01-01T00:00:00Z</CreDtTm></GrpHdr>"
            f"<{inner}><Id>{message}</Id><CreDtTm>2026-01-01T00:00:00Z</CreDtTm>{own}{balance}{''.join(entries)}</{inner}></{outer}></Document>\n")


def write(folder, kind, payments, states, name):
    """One file for the payments with one state each."""
    entries = [entry(payment, state, number) for number, (payment, state) in enumerate(zip(payments, states), 1)]
    path = folder / f"{name}.xml"
    path.write_text(document(kind, name, payments[0]["account"], payments[0]["currency"], entries), encoding="utf-8")
    return path
