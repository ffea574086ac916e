//! Pages of lists. The link to the next page has the place in what the client sees, and the export that it sees it of, so that it gives
//! the same page whenever it is called.

use super::filters::{FilterTad, PAGING, Parameters, has_all};
use super::unreadable;
use crate::answer::{Answer, Refused, json};
use crate::exports::{Activities, Row, Seen, Table};
use crate::front::Asked;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LINK};

/// Documents of a page that nobody asked a size of.
const USUAL: usize = 200;
/// Bytes of a page, but for its last document.
const MOST_BYTES: usize = 2 << 20;
/// Documents that are read for a page of activity data: one that few match ends early, with a link.
const MOST_READ: usize = 30_000;

/// Which part of a list is asked for.
pub(super) struct Paging {
    limit: usize,
    /// Limit as it was asked for.
    asked: Option<usize>,
    offset: usize,
    /// Of the documents of a shipment, those before this one are on the page before.
    within: usize,
    /// The export of a link.
    pub(super) list: Option<String>,
}

impl Paging {
    pub(super) fn of(parameters: &Parameters, most: usize) -> Result<Paging, Refused> {
        let mut paging = Paging {
            limit: USUAL.min(most),
            asked: None,
            offset: 0,
            within: 0,
            list: None,
        };
        for (key, value) in parameters {
            match key.as_str() {
                "limit" => {
                    let limit = positive(value)
                        .ok_or_else(|| Refused::bad("limit: expected a whole number above 0"))?;
                    paging.asked = Some(limit);
                    paging.limit = limit.min(most);
                }
                "offset" => {
                    let (offset, within) = value.split_once('.').unwrap_or((value, "0"));
                    let number = |text: &str| text.parse::<u32>().ok().map(|n| n as usize);
                    let wrong = || Refused::bad("offset: expected that of a link");
                    paging.offset = number(offset).ok_or_else(wrong)?;
                    paging.within = number(within).ok_or_else(wrong)?;
                }
                "list" => paging.list = Some(value.clone()),
                _ => (),
            }
        }
        Ok(paging)
    }
}

/// A number above 0; one that is too large for anything counts as the largest.
fn positive(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_above = text.bytes().any(|b| b != b'0');
    (is_number && is_above).then(|| text.parse().unwrap_or(usize::MAX))
}

/// A page, and where the next one begins.
pub(super) struct Page {
    body: Vec<u8>,
    next: Option<(usize, usize)>,
}

impl Page {
    fn new() -> Page {
        Page {
            body: br#"{"data":["#.to_vec(),
            next: None,
        }
    }

    fn separate(&mut self) {
        if self.body.last() != Some(&b'[') {
            self.body.push(b',');
        }
    }

    /// The answer with its link.
    pub(super) fn answer(
        mut self,
        asked: &Asked,
        parameters: &Parameters,
        export: &str,
        paging: &Paging,
    ) -> Result<Answer, Refused> {
        self.body.extend_from_slice(b"]}");
        let mut answer = json(StatusCode::OK, self.body);
        if let Some((offset, within)) = self.next {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (key, value) in parameters {
                if !PAGING.contains(&key.as_str()) {
                    query.append_pair(key, value);
                }
            }
            if let Some(limit) = paging.asked {
                query.append_pair("limit", &limit.to_string());
            }
            let offset = match within {
                0 => offset.to_string(),
                within => format!("{offset}.{within}"),
            };
            query
                .append_pair("offset", &offset)
                .append_pair("list", export);
            let link = format!(
                "<{}{}?{}>; rel=\"next\"",
                asked.base(),
                asked.path,
                query.finish()
            );
            let link = HeaderValue::from_str(&link);
            let link = link.map_err(|_| Refused::bad("a link cannot be made of this request"))?;
            answer.headers_mut().insert(LINK, link);
        }
        Ok(answer)
    }
}

/// A page of footprints.
pub(super) fn footprints(
    table: &Table,
    seen: &Seen,
    paging: &Paging,
    matches: impl Fn(Row) -> bool,
) -> Result<Page, Refused> {
    let mut page = Page::new();
    let rows = seen.order.iter().enumerate().skip(paging.offset);
    let matching = rows.filter(|(_, row)| matches(table.row(**row)));
    for (count, (place, row)) in matching.enumerate() {
        let is_full = count > 0 && page.body.len() + table.length(*row) > MOST_BYTES;
        if count == paging.limit || is_full {
            page.next = Some((place, 0));
            break;
        }
        page.separate();
        table
            .append(*row, &mut page.body)
            .map_err(|e| unreadable(&e))?;
    }
    Ok(page)
}

/// A page of activity data.
pub(super) fn activities(
    activities: &Activities,
    seen: &Seen,
    paging: &Paging,
    filter: &FilterTad,
) -> Result<Page, Refused> {
    let mut page = Page::new();
    let (mut count, mut read) = (0, 0);
    let mut skip = paging.within;
    for (place, run) in seen.order.iter().enumerate().skip(paging.offset) {
        let documents = activities.of_shipment(*run).map_err(|e| unreadable(&e))?;
        for (within, document) in documents.iter().enumerate().skip(std::mem::take(&mut skip)) {
            let is_full = count > 0 && page.body.len() + document.len() > MOST_BYTES;
            let matches = filter.is_empty()
                || serde_json::from_slice(document).is_ok_and(|found| has_all(&found, filter));
            if matches && (count == paging.limit || is_full) || read == MOST_READ {
                page.next = Some((place, within));
                return Ok(page);
            }
            read += 1;
            if matches {
                page.separate();
                page.body.extend_from_slice(document);
                count += 1;
            }
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_whole_number_above_zero() {
        let limit = |text: &str| {
            let all = vec![("limit".to_owned(), text.to_owned())];
            Paging::of(&all, 1000).ok().map(|paging| paging.limit)
        };
        assert_eq!(limit("1"), Some(1));
        assert_eq!(limit("007"), Some(7));
        assert_eq!(limit("100000"), Some(1000));
        assert_eq!(limit("99999999999999999999999999"), Some(1000));
        for bad in ["0", "-1", "+1", "1.5", "", "abc", "1e3", "00"] {
            assert_eq!(limit(bad), None, "{bad}");
        }
    }
}
