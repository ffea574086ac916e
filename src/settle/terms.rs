//! The key of a claim: its bill, and the terms that many bills share.

use crate::model::time::{Day, date_text};
use crate::settle::money::{Money, short};
use crate::settle::words::{ChargeKind, Class, Settles, Stage, Status};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

/// All of a claim's key but the bill, in the order of the key; what is absent comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Terms {
    pub payer: String,
    pub payee: String,
    pub kind: ChargeKind,
    pub class: Option<Class>,
    pub stage: Stage,
    pub settles: Settles,
    pub currency: Money,
    pub value_date: Option<Day>,
    pub invoice_no: String,
    pub tax_category: String,
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

impl Terms {
    /// As texts in the order of the key; absent is empty.
    pub(super) fn cells(&self) -> [String; 12] {
        [
            self.payer.clone(),
            self.payee.clone(),
            self.kind.code().to_owned(),
            self.class.map_or("", Class::code).to_owned(),
            self.stage.code().to_owned(),
            self.settles.code().to_owned(),
            self.currency.code(),
            self.value_date.map_or(String::new(), date_text),
            self.invoice_no.clone(),
            self.tax_category.clone(),
            self.tax_rate.map_or(String::new(), short),
            self.status.code().to_owned(),
        ]
    }

    /// The parts of the key that two settlements of one thing share: without value date and status.
    pub(super) fn lasting(&self) -> [String; 10] {
        let [
            payer,
            payee,
            kind,
            class,
            stage,
            settles,
            currency,
            _,
            invoice,
            category,
            rate,
            _,
        ] = self.cells();
        [
            payer, payee, kind, class, stage, settles, currency, invoice, category, rate,
        ]
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
