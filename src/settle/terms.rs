//! The key of a claim: its bill, and the terms that many bills share.

use crate::model::time::{Day, date_text};
use crate::settle::money::{Money, short};
use crate::settle::words::{ChargeKind, Class, Settles, Stage, Status};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// All of a claim's key but the bill, in the order of the key; what is absent comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Terms {
    pub payer: Arc<str>,
    pub payee: Arc<str>,
    pub kind: ChargeKind,
    pub class: Option<Class>,
    pub stage: Stage,
    pub settles: Settles,
    pub currency: Money,
    pub value_date: Option<Day>,
    pub invoice_no: Arc<str>,
    pub tax_category: Arc<str>,
    pub tax_rate: Option<Decimal>,
    pub status: Status,
}

/// Between the fields of a canonical line.
pub(super) const UNIT_SEPARATOR: char = '\u{1f}';

/// Names of the columns of [`Terms::cells`].
pub(super) const TERMS: [&str; 12] = [
    "payer",
    "payee",
    "kind",
    "class",
    "stage",
    "settles",
    "settle_currency",
    "value_date",
    "invoice_no",
    "tax_category",
    "tax_rate",
    "status",
];

/// [`Terms`] as texts. One text holds them all, since there may be as many terms as charges.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    text: String,
    ends: [usize; 12],
}

impl Cells {
    /// The text of a column of [`TERMS`], by its place.
    pub(super) fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start..self.ends[at]]
    }

    /// All twelve.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| self.get(at))
    }
}

impl Terms {
    /// As texts in the order of the key; absent is empty.
    pub(super) fn cells(&self) -> Cells {
        let mut cells = Cells::default();
        let texts: [&str; 12] = [
            &self.payer,
            &self.payee,
            self.kind.code(),
            self.class.map_or("", Class::code),
            self.stage.code(),
            self.settles.code(),
            self.currency.code(),
            &self.value_date.map_or(String::new(), date_text),
            &self.invoice_no,
            &self.tax_category,
            &self.tax_rate.map_or(String::new(), short),
            self.status.code(),
        ];
        for (text, end) in texts.into_iter().zip(&mut cells.ends) {
            cells.text.push_str(text);
            *end = cells.text.len();
        }
        cells
    }

    /// The parts of the key that two settlements of one thing share, a separator between them: without value date and status.
    pub(super) fn lasting(&self) -> String {
        let cells = self.cells();
        let parts = TERMS.iter().zip(cells.iter());
        let lasting = parts.filter(|(name, _)| !matches!(**name, "value_date" | "status"));
        let mut text = String::new();
        for (at, (_, part)) in lasting.enumerate() {
            if at > 0 {
                text.push(UNIT_SEPARATOR);
            }
            text.push_str(part);
        }
        text
    }

    /// The pair of its parties, in byte order.
    pub(super) fn pair(&self) -> String {
        pair(&self.payer, &self.payee)
    }

    /// The same, disputed.
    pub(super) fn disputed(&self) -> Terms {
        Terms {
            status: Status::Disputed,
            ..self.clone()
        }
    }
}

pub(super) fn pair(one: &str, other: &str) -> String {
    let (first, second) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    format!("{first}|{second}")
}

/// The first 32 hexadecimal digits of the digest of fields: what fits every id of ISO 20022.
pub(super) fn digest<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            text.push(UNIT_SEPARATOR);
        }
        text.push_str(field);
    }
    let mut hex = crate::store::digest::hex(Sha256::digest(text));
    hex.truncate(32);
    hex
}
