//! Payment orders as pain.001.001.09, one message per payer. What the schema lets through is judged here: minor units, sums, addresses, account numbers.

use crate::escape::html;
use crate::model::unit::decimal_text;
use crate::settle::money::Money;
use crate::settle::tables::Party;
use crate::settle::terms::digest;
use std::fmt::Write as _;

/// Characters of structured remittance that banks pass on.
const MOST_REMITTANCE: usize = 9_000;
/// Decimals of a control sum over several currencies.
const SUM_DIGITS: u32 = 4;
/// Digits that a control sum may have.
const MOST_SUM_DIGITS: usize = 18;

/// What an order pays, in its message.
pub(super) struct Instruction<'a> {
    pub order: &'a str,
    pub payee: &'a Party,
    pub currency: Money,
    pub amount: i64,
    pub value_date: &'a str,
    pub lines: Vec<RemittanceLine>,
    /// Digest of the payer's statement.
    pub statement: &'a str,
}

/// A claim in a remittance.
#[derive(Clone, Debug)]
pub(super) struct RemittanceLine {
    pub bill: String,
    pub kind: String,
    pub claim: String,
    pub description: String,
    pub gross: i64,
    /// Whether it is owed the other way round.
    pub is_credit: bool,
}

/// Why a party cannot stand in a message.
pub(super) fn lacks(party: &Party) -> Option<String> {
    let long = |text: &str, most: usize| text.chars().count() > most;
    let why = match () {
        () if party.town.is_empty() || party.country.is_empty() => "no town and country",
        () if long(&party.town, 35) => "a town of more than 35 characters",
        () if long(&party.street, 70) => "a street of more than 70 characters",
        () if long(&party.postcode, 16) => "a postcode of more than 16 characters",
        () if party.account.is_empty() => "no account",
        () if party.account_scheme.is_empty() && !is_iban(&party.account) => {
            "an account that is no IBAN, and no account_scheme"
        }
        () if long(&party.account, 34) => "an account of more than 34 characters",
        () if long(&party.account_scheme, 35) => "an account_scheme of more than 35 characters",
        () if long(&party.purpose_code, 4) => "a purpose_code of more than 4 characters",
        () if long(&party.regulatory_code, 10) => "a regulatory_code of more than 10 characters",
        () if long(&party.regulatory_info, 35) => "a regulatory_info of more than 35 characters",
        () if !party.bic.is_empty() && !is_bic(&party.bic) => "a bic of another form",
        () => return None,
    };
    Some(why.to_owned())
}

/// Whether a text is an IBAN: its form and its check digits.
pub(super) fn is_iban(text: &str) -> bool {
    let b = text.as_bytes();
    let form = (15..=34).contains(&b.len())
        && b[..2].iter().all(u8::is_ascii_uppercase)
        && b[2..4].iter().all(u8::is_ascii_digit)
        && b[4..]
            .iter()
            .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let value = |c: &u8| {
        if c.is_ascii_digit() {
            u32::from(c - b'0')
        } else {
            u32::from(c - b'A') + 10
        }
    };
    let rest = |rest: u32, c: &u8| {
        let v = value(c);
        (rest * if v > 9 { 100 } else { 10 } + v) % 97
    };
    form && b[4..].iter().chain(&b[..4]).fold(0, rest) == 1
}

fn is_bic(text: &str) -> bool {
    let b = text.as_bytes();
    let plain = |c: &u8| c.is_ascii_uppercase() || c.is_ascii_digit();
    matches!(b.len(), 8 | 11) && b.iter().all(plain) && b[4..6].iter().all(u8::is_ascii_uppercase)
}

/// The message of a payer. Its id and time follow from the period and the orders, so that it is the same whenever it is written.
pub(super) fn message(
    period: &str,
    cut_off: &str,
    payer: (&str, &Party),
    instructions: &[Instruction<'_>],
) -> String {
    let ids = instructions.iter().map(|i| i.order);
    let id = digest(["message", payer.0].into_iter().chain(ids));
    let id = format!("{period}-{}", &id[..24]);
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">\n<CstmrCdtTrfInitn>\n",
    );
    let _ = writeln!(
        out,
        "<GrpHdr><MsgId>{id}</MsgId><CreDtTm>{cut_off}T23:59:59Z</CreDtTm><NbOfTxs>{}</NbOfTxs>{}<InitgPty><Nm>{}</Nm></InitgPty></GrpHdr>",
        instructions.len(),
        control_sum(instructions),
        xml(&payer.1.name)
    );
    let mut dates: Vec<&str> = instructions.iter().map(|i| i.value_date).collect();
    dates.sort_unstable();
    dates.dedup();
    for date in dates {
        let some: Vec<&Instruction<'_>> = instructions
            .iter()
            .filter(|i| i.value_date == date)
            .collect();
        payment(&mut out, &id, date, payer.1, &some);
    }
    out + "</CstmrCdtTrfInitn>\n</Document>\n"
}

/// Text for a message, without the two characters that XML cannot hold.
fn xml(text: &str) -> String {
    html(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn control_sum<'a>(instructions: impl IntoIterator<Item = &'a Instruction<'a>>) -> String {
    let scaled =
        |i: &Instruction<'_>| i128::from(i.amount) * 10i128.pow(SUM_DIGITS - i.currency.digits());
    let sum = decimal_text(instructions.into_iter().map(scaled).sum(), SUM_DIGITS);
    let sum = sum.trim_end_matches('0').trim_end_matches('.');
    // Optional in the message, and of limited digits.
    match sum.bytes().filter(u8::is_ascii_digit).count() {
        0..=MOST_SUM_DIGITS => format!("<CtrlSum>{sum}</CtrlSum>"),
        _ => String::new(),
    }
}

fn payment(out: &mut String, id: &str, date: &str, payer: &Party, some: &[&Instruction<'_>]) {
    let payment = digest(["payment", id, date]);
    let _ = writeln!(
        out,
        "<PmtInf><PmtInfId>{payment}</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{}</NbOfTxs>{}<ReqdExctnDt><Dt>{date}</Dt></ReqdExctnDt>",
        some.len(),
        control_sum(some.iter().copied())
    );
    let _ = writeln!(
        out,
        "<Dbtr>{}</Dbtr><DbtrAcct>{}</DbtrAcct><DbtrAgt>{}</DbtrAgt><ChrgBr>SHAR</ChrgBr>",
        party(payer),
        account(payer),
        agent(payer)
    );
    for i in some {
        let _ = writeln!(
            out,
            "<CdtTrfTxInf><PmtId><InstrId>{0}</InstrId><EndToEndId>{0}</EndToEndId></PmtId><Amt>{1}</Amt>\n<CdtrAgt>{2}</CdtrAgt><Cdtr>{3}</Cdtr><CdtrAcct>{4}</CdtrAcct>{6}\n<RmtInf>{5}</RmtInf></CdtTrfTxInf>",
            i.order,
            amount("InstdAmt", i.currency, i.amount),
            agent(i.payee),
            party(i.payee),
            account(i.payee),
            remittance(i),
            purpose(i.payee)
        );
    }
    out.push_str("</PmtInf>\n");
}

/// An element; none for an empty text.
fn tag(name: &str, text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("<{name}>{}</{name}>", xml(text)),
    }
}

fn party(party: &Party) -> String {
    format!(
        "<Nm>{}</Nm><PstlAdr>{}{}{}{}</PstlAdr>",
        xml(&party.name),
        tag("StrtNm", &party.street),
        tag("PstCd", &party.postcode),
        tag("TwnNm", &party.town),
        tag("Ctry", &party.country)
    )
}

fn account(party: &Party) -> String {
    if party.account_scheme.is_empty() {
        return format!("<Id><IBAN>{}</IBAN></Id>", xml(&party.account));
    }
    format!(
        "<Id><Othr><Id>{}</Id><SchmeNm><Prtry>{}</Prtry></SchmeNm></Othr></Id>",
        xml(&party.account),
        xml(&party.account_scheme)
    )
}

fn agent(party: &Party) -> String {
    match party.bic.as_str() {
        "" => "<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>".to_owned(),
        bic => format!("<FinInstnId><BICFI>{bic}</BICFI></FinInstnId>"),
    }
}

/// What the country of the payee asks of payments, passed on as it is given.
fn purpose(payee: &Party) -> String {
    let mut out = match payee.purpose_code.as_str() {
        "" => String::new(),
        code => format!("<Purp>{}</Purp>", tag("Cd", code)),
    };
    let details = tag("Cd", &payee.regulatory_code) + &tag("Inf", &payee.regulatory_info);
    if !details.is_empty() {
        let _ = write!(out, "<RgltryRptg><Dtls>{details}</Dtls></RgltryRptg>");
    }
    out
}

fn amount(name: &str, currency: Money, minor: i64) -> String {
    format!(
        "<{name} Ccy=\"{}\">{}</{name}>",
        currency.code(),
        currency.text(minor.into())
    )
}

/// The claims as documents of their bills; amounts due less credit notes are what is remitted.
fn remittance(i: &Instruction<'_>) -> String {
    let mut out = String::from("<Strd>");
    let fits = |line: &RemittanceLine| line.bill.chars().count() <= 35;
    for bill in i.lines.chunk_by(|a, b| a.bill == b.bill) {
        let _ = write!(
            out,
            "<RfrdDocInf><Tp><CdOrPrtry><Cd>BOLD</Cd></CdOrPrtry></Tp><Nb>{}</Nb>",
            xml(&bill[0].bill)
        );
        for line in bill {
            let name = if line.is_credit {
                "CdtNoteAmt"
            } else {
                "DuePyblAmt"
            };
            let _ = write!(
                out,
                "<LineDtls><Id><Tp><CdOrPrtry><Prtry>{}</Prtry></CdOrPrtry></Tp><Nb>{}</Nb></Id><Desc>{}</Desc><Amt>{}</Amt></LineDtls>",
                line.kind,
                line.claim,
                xml(&line.description),
                amount(name, i.currency, line.gross)
            );
        }
        out.push_str("</RfrdDocInf>");
    }
    out += &sums(i);
    out += "</Strd>";
    if i.lines.iter().all(fits) && out.len() <= MOST_REMITTANCE {
        return out;
    }
    format!(
        "<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>SOAC</Cd></CdOrPrtry></Tp><Nb>{}</Nb></RfrdDocInf>{}<AddtlRmtInf>statement sha256 {}</AddtlRmtInf></Strd>",
        i.order,
        sums(i),
        i.statement
    )
}

fn sums(i: &Instruction<'_>) -> String {
    let sum = |is_credit: bool| -> i64 {
        let lines = i.lines.iter().filter(|line| line.is_credit == is_credit);
        lines.map(|line| line.gross).sum()
    };
    let credit = match sum(true) {
        0 => String::new(),
        sum => amount("CdtNoteAmt", i.currency, sum),
    };
    format!(
        "<RfrdDocAmt>{}{credit}{}</RfrdDocAmt>",
        amount("DuePyblAmt", i.currency, sum(false)),
        amount("RmtdAmt", i.currency, i.amount)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_has_its_check_digits() {
        assert!(is_iban("GB82WEST12345698765432") && is_iban("DE89370400440532013000"));
        assert!(
            !is_iban("GB82WEST12345698765433") && !is_iban("0000000000000001") && !is_iban("GB82")
        );
        assert!(is_bic("AAAACNBJ") && is_bic("AAAACNBJXXX") && !is_bic("AAAA1NBJ"));
    }
}
