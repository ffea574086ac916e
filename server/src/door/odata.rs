//! `$filter` of PACT 2: comparisons, `and`, parentheses, `any` over a list. What it does not know is refused, never passed over.

use super::filters::{clipped, time};
use crate::answer::{Code, Refused};
use crate::exports::{Row, product_number};
use std::cmp::Ordering;

const MOST_BYTES: usize = 2048;
const MOST_DEPTH: usize = 16;
const MOST_CONDITIONS: usize = 64;

/// What a footprint must be.
#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Time(TimeField, Operator, i64),
    Text(TextField, Operator, String),
    Product(u64),
    Company(String),
    /// About a property that no footprint of an export has.
    Never,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum TimeField {
    Created,
    PeriodStart,
    PeriodEnd,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum TextField {
    Cpc,
    Country,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Operator {
    Eq,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Operator {
    fn of(word: &str) -> Option<Operator> {
        Some(match word {
            "eq" => Operator::Eq,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            _ => return None,
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Operator::Eq => order.is_eq(),
            Operator::Lt => order.is_lt(),
            Operator::Le => order.is_le(),
            Operator::Gt => order.is_gt(),
            Operator::Ge => order.is_ge(),
        }
    }
}

impl Condition {
    pub(super) fn matches(&self, row: &Row) -> bool {
        match self {
            Condition::All(all) => all.iter().all(|condition| condition.matches(row)),
            Condition::Time(field, operator, at) => {
                let found = match field {
                    TimeField::Created => row.facts.created,
                    TimeField::PeriodStart => row.period.0,
                    TimeField::PeriodEnd => row.period.1,
                };
                operator.holds(found.cmp(at))
            }
            Condition::Text(field, operator, text) => {
                let found = match field {
                    TextField::Cpc => &row.facts.cpc,
                    TextField::Country => &row.facts.country,
                };
                // A country that is not stated is none, not one before all others.
                !found.is_empty() && operator.holds(found.as_str().cmp(text))
            }
            Condition::Product(number) => row.is_of_product(*number),
            Condition::Company(id) => row.facts.companies.contains(id),
            Condition::Never => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Colon,
}

fn unsupported(what: &str) -> Refused {
    let what = format!("$filter: {} is not supported", clipped(what));
    Refused(Code::NotImplemented, what)
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Condition, Refused> {
    if text.len() > MOST_BYTES {
        return Err(Refused::bad(format!("$filter: at most {MOST_BYTES} bytes")));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        conditions: 0,
    };
    let condition = parser.conjunction(0)?;
    match parser.next() {
        None => Ok(condition),
        Some(Token::Word(word)) => Err(unsupported(&word)),
        Some(_) => Err(Refused::bad("$filter: more behind its end")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Refused> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ':' => tokens.push(Token::Colon),
            '\'' => {
                let mut value = String::new();
                loop {
                    match rest.next() {
                        // Two are one of the text.
                        Some('\'') if rest.next_if_eq(&'\'').is_some() => value.push('\''),
                        Some('\'') => break,
                        Some(c) => value.push(c),
                        None => return Err(Refused::bad("$filter: a text has no end")),
                    }
                }
                tokens.push(Token::Text(value));
            }
            c if c.is_whitespace() => (),
            c if is_letter(c) => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| is_letter(*c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            other => return Err(unsupported(&other.to_string())),
        }
    }
    Ok(tokens)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_/.-+".contains(c)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    conditions: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn expect(&mut self, wanted: &Token, what: &str) -> Result<(), Refused> {
        match self.next() {
            Some(found) if found == *wanted => Ok(()),
            _ => Err(Refused::bad(format!("$filter: expected {what}"))),
        }
    }

    fn conjunction(&mut self, depth: usize) -> Result<Condition, Refused> {
        if depth > MOST_DEPTH {
            return Err(Refused::bad(format!(
                "$filter: at most {MOST_DEPTH} parentheses"
            )));
        }
        let mut all = vec![self.condition(depth)?];
        while self.tokens.get(self.at) == Some(&Token::Word("and".to_owned())) {
            self.at += 1;
            all.push(self.condition(depth)?);
        }
        Ok(Condition::All(all))
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, Refused> {
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err(Refused::bad(format!(
                "$filter: at most {MOST_CONDITIONS} conditions"
            )));
        }
        match self.next() {
            Some(Token::Open) => {
                let inner = self.conjunction(depth + 1)?;
                self.expect(&Token::Close, "a closing parenthesis")?;
                Ok(inner)
            }
            Some(Token::Word(field)) => match field.strip_suffix("/any") {
                Some(list) => self.any(list),
                None => self.comparison(&field),
            },
            _ => Err(Refused::bad("$filter: expected a property")),
        }
    }

    fn comparison(&mut self, field: &str) -> Result<Condition, Refused> {
        let field = match field {
            "created" => Ok(TimeField::Created),
            "pcf/referencePeriodStart" => Ok(TimeField::PeriodStart),
            "pcf/referencePeriodEnd" => Ok(TimeField::PeriodEnd),
            "productCategoryCpc" => Err(TextField::Cpc),
            "pcf/geographyCountry" => Err(TextField::Country),
            // A footprint that changed has another id, so none was ever updated.
            "updated" => {
                self.operator()?;
                time("updated", &self.text()?)?;
                return Ok(Condition::Never);
            }
            other => return Err(unsupported(other)),
        };
        let operator = self.operator()?;
        let text = self.text()?;
        Ok(match field {
            Ok(field) => Condition::Time(field, operator, time("$filter", &text)?),
            Err(field) => Condition::Text(field, operator, text),
        })
    }

    fn operator(&mut self) -> Result<Operator, Refused> {
        match self.next() {
            Some(Token::Word(word)) => Operator::of(&word).ok_or_else(|| unsupported(&word)),
            Some(Token::Open) => Err(unsupported("a function")),
            _ => Err(Refused::bad("$filter: expected eq, lt, le, gt or ge")),
        }
    }

    fn text(&mut self) -> Result<String, Refused> {
        match self.next() {
            Some(Token::Text(text)) => Ok(text),
            _ => Err(Refused::bad("$filter: expected a value in single quotes")),
        }
    }

    /// `(x:(x eq '…'))` behind the name of a list; the inner parentheses may be left out.
    fn any(&mut self, list: &str) -> Result<Condition, Refused> {
        let is_products = match list {
            "productIds" => true,
            "companyIds" => false,
            other => return Err(unsupported(other)),
        };
        self.expect(&Token::Open, "a parenthesis")?;
        let Some(Token::Word(variable)) = self.next() else {
            return Err(Refused::bad("$filter: expected a variable"));
        };
        self.expect(&Token::Colon, "a colon")?;
        let is_inner = self.tokens.get(self.at) == Some(&Token::Open);
        if is_inner {
            self.at += 1;
        }
        self.expect(&Token::Word(variable), "the variable")?;
        match self.operator()? {
            Operator::Eq => (),
            Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge => {
                return Err(unsupported("another comparison of ids than eq"));
            }
        }
        let id = self.text()?;
        if is_inner {
            self.expect(&Token::Close, "a closing parenthesis")?;
        }
        self.expect(&Token::Close, "a closing parenthesis")?;
        Ok(match is_products {
            true => Condition::Product(product_number(&id)),
            false => Condition::Company(id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_read_and_what_is_not_known_is_refused() {
        for good in [
            "created ge '2025-01-01T00:00:00Z'",
            "created ge '2025-01-01T00:00:00.123Z' and pcf/geographyCountry eq 'CN'",
            "((pcf/referencePeriodStart lt '2025-01-01T00:00:00+08:00')) and (productCategoryCpc eq '83117')",
            "productIds/any(x:(x eq 'urn:gtin:1'))",
            "companyIds/any(id: id eq 'urn:o''hara') and updated lt '2025-01-01T00:00:00Z'",
        ] {
            assert!(parse(good).is_ok(), "{good}: {:?}", parse(good));
        }
        for (bad, code) in [
            ("created ne '2025-01-01T00:00:00Z'", Code::NotImplemented),
            (
                "created ge '2025-01-01T00:00:00Z' or created lt '2025-01-01T00:00:00Z'",
                Code::NotImplemented,
            ),
            (
                "not created ge '2025-01-01T00:00:00Z'",
                Code::NotImplemented,
            ),
            ("contains(comment,'x')", Code::NotImplemented),
            ("comment eq 'x'", Code::NotImplemented),
            ("productIds/all(x:(x eq '1'))", Code::NotImplemented),
            ("productIds/any(x:(x lt '1'))", Code::NotImplemented),
            ("created ge 2025", Code::BadRequest),
            ("created ge '2025'", Code::BadRequest),
            ("created ge 'x", Code::BadRequest),
            ("productIds/any(x:(y eq '1'))", Code::BadRequest),
            ("(created ge '2025-01-01T00:00:00Z'", Code::BadRequest),
            ("created ge '2025-01-01T00:00:00Z')", Code::BadRequest),
            ("", Code::BadRequest),
        ] {
            let found = parse(bad).map_err(|refused| refused.0);
            assert_eq!(found.err(), Some(code), "{bad}");
        }
        let deep = "(".repeat(40);
        assert!(parse(&deep).is_err_and(|refused| refused.0 == Code::BadRequest));
        assert!(parse(&"(".repeat(3000)).is_err());
        let long = vec!["productCategoryCpc eq '1'"; 65].join(" and ");
        assert!(parse(&long).is_err());
    }
}
