//! Confirmations of banks, camt.053 and camt.054: the entries that name an order by its end-to-end id.

use crate::error::{Error, Result};
use crate::settle::money::{Money, number};
use crate::settle::terms::digest;
use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use rust_decimal::Decimal;

/// A transaction of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    /// Order that it names.
    pub end_to_end: String,
    pub currency: String,
    pub amount: String,
    /// `BOOK`, `PDNG`, `INFO`.
    pub status: String,
    /// `DBIT`, `CRDT`.
    pub side: String,
    pub is_reversal: bool,
    pub is_return: bool,
    /// The bank's reference.
    pub reference: String,
    pub booked: String,
}

impl Transaction {
    /// What makes it one and the same in whichever file it is told.
    pub(super) fn identity(&self) -> String {
        let is = |yes: bool| if yes { "yes" } else { "no" };
        let when = if self.reference.is_empty() {
            &self.booked
        } else {
            &self.reference
        };
        digest([
            "transaction",
            &self.end_to_end,
            &self.currency,
            &self.amount,
            &self.side,
            is(self.is_reversal),
            is(self.is_return),
            when,
        ])
    }

    /// The amount in minor units of its currency.
    pub(super) fn minor(&self) -> Option<(Money, i64)> {
        let currency = Money::parse(&self.currency)?;
        let amount = number(&self.amount)?.normalize();
        let minor = amount
            .checked_mul(Decimal::from(10i64.pow(currency.digits())))?
            .normalize();
        let minor = (minor.scale() == 0).then_some(minor)?;
        Some((currency, i64::try_from(minor.mantissa()).ok()?))
    }
}

/// Deepest nesting that is read.
const MOST_DEPTH: usize = 64;

/// All transactions of a file, in order. An entry without transactions of its own is one.
pub(super) fn transactions(name: &str, bytes: &[u8]) -> Result<Vec<Transaction>> {
    let fault = |what: &dyn std::fmt::Display| Error::Input(format!("{name}: {what}"));
    let text = std::str::from_utf8(bytes).map_err(|_| fault(&"is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut walk = Walk::default();
    let mut is_camt = false;
    loop {
        match reader.read_event().map_err(|e| fault(&e))? {
            Xml::Start(tag) => {
                let local = tag.local_name().as_ref().to_owned();
                is_camt |= matches!(local.as_str(), "BkToCstmrStmt" | "BkToCstmrDbtCdtNtfctn");
                walk.text.clear();
                if local == "Amt" {
                    let found = tag.attributes().flatten().find(|a| a.key.as_ref() == "Ccy");
                    walk.currency = found.map_or(String::new(), |a| a.value.into_owned());
                }
                path.push(local);
                if path.len() > MOST_DEPTH {
                    return Err(fault(&"is nested too deeply"));
                }
                walk.begin(&path);
            }
            Xml::Text(text) => walk.text += &text.xml10_content(),
            Xml::GeneralRef(name) => {
                walk.text += match name.as_ref() {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => return Err(fault(&"names an entity")),
                };
            }
            Xml::End(_) => {
                walk.end(&path);
                path.pop();
                walk.text.clear();
            }
            Xml::DocType(_) => return Err(fault(&"has a document type, which no bank sends")),
            Xml::Eof => break,
            _ => {}
        }
    }
    if !is_camt || !path.is_empty() {
        return Err(fault(&"is no whole camt.053 or camt.054 message"));
    }
    Ok(walk.done)
}

#[derive(Default)]
struct Walk {
    text: String,
    currency: String,
    entry: Transaction,
    /// Of the entry, while it has any.
    details: Vec<Transaction>,
    done: Vec<Transaction>,
}

impl Walk {
    fn begin(&mut self, path: &[String]) {
        match path.last().map(String::as_str) {
            Some("Ntry") => {
                self.entry = Transaction::default();
                self.details.clear();
            }
            Some("TxDtls") => self.details.push(Transaction::default()),
            Some("RtrInf") => self.now().is_return = true,
            _ => {}
        }
    }

    fn now(&mut self) -> &mut Transaction {
        self.details.last_mut().unwrap_or(&mut self.entry)
    }

    fn end(&mut self, path: &[String]) {
        let of: Vec<&str> = path.iter().rev().take(3).map(String::as_str).collect();
        let text = self.text.trim().to_owned();
        match of.as_slice() {
            ["Ntry", ..] => self.close(),
            ["EndToEndId", "Refs", ..] => self.now().end_to_end = text,
            ["AcctSvcrRef", "Refs" | "Ntry", ..] => self.now().reference = text,
            ["Amt", "Ntry" | "TxDtls", ..] => {
                let currency = std::mem::take(&mut self.currency);
                let now = self.now();
                (now.amount, now.currency) = (text, currency);
            }
            // Where a transaction has no amount of its own kind.
            ["Amt", "TxAmt", "AmtDtls"]
                if self.details.last().is_some_and(|t| t.amount.is_empty()) =>
            {
                let currency = std::mem::take(&mut self.currency);
                let now = self.now();
                (now.amount, now.currency) = (text, currency);
            }
            ["CdtDbtInd", "Ntry" | "TxDtls", ..] => self.now().side = text,
            ["RvslInd", "Ntry", ..] => self.entry.is_reversal = text == "true" || text == "1",
            ["Cd", "Sts", "Ntry"] | ["Sts", "Ntry", ..] if !text.is_empty() => {
                self.entry.status = text
            }
            ["Dt" | "DtTm", "BookgDt", "Ntry"] => self.entry.booked = text,
            _ => {}
        }
    }

    fn close(&mut self) {
        let entry = std::mem::take(&mut self.entry);
        let mut some = std::mem::take(&mut self.details);
        if some.is_empty() {
            some.push(entry.clone());
        }
        let is_single = some.len() == 1;
        for mut one in some {
            let fill = |mine: &mut String, all: &String| {
                if mine.is_empty() {
                    mine.clone_from(all);
                }
            };
            if is_single && one.amount.is_empty() {
                (one.amount, one.currency) = (entry.amount.clone(), entry.currency.clone());
            }
            fill(&mut one.side, &entry.side);
            fill(&mut one.status, &entry.status);
            fill(&mut one.booked, &entry.booked);
            if is_single {
                fill(&mut one.reference, &entry.reference);
            }
            one.is_reversal |= entry.is_reversal;
            one.is_return |= entry.is_return;
            self.done.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "<Ntry><Amt Ccy=\"CNY\">12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2025-04-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>abc</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>";

    fn read(entries: &str) -> Vec<Transaction> {
        let text = format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>{entries}</Stmt></BkToCstmrStmt></Document>"
        );
        transactions("x.xml", text.as_bytes()).unwrap()
    }

    #[test]
    fn an_entry_names_its_order() {
        let found = &read(ENTRY)[0];
        assert_eq!(found.end_to_end, "abc");
        assert_eq!(
            found.minor().map(|(c, n)| (c.code(), n)),
            Some(("CNY", 1_250))
        );
        assert_eq!(
            (found.status.as_str(), found.side.as_str()),
            ("BOOK", "DBIT")
        );
        let reversed = ENTRY.replace("<Sts>", "<RvslInd>true</RvslInd><Sts>");
        assert!(read(&reversed)[0].is_reversal);
        let returned = ENTRY.replace(
            "</TxDtls>",
            "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>",
        );
        assert!(read(&returned)[0].is_return);
        let odd = ENTRY.replace("12.50", "12.505");
        assert_eq!(read(&odd)[0].minor(), None);
        assert!(transactions("x", b"<Document/>").is_err());
        assert!(transactions("x", b"<!DOCTYPE a><Document/>").is_err());
    }
}
