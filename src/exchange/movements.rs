//! Movement records as `run` reads them: CSV with inert ids, or NDJSON with the ids as they are.

use crate::error::{Error, Result};
use crate::escape::inert::{id, write_json};
use serde_json::{Map, Value};
use std::io::Write;

/// Form of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// RFC 4180; hostile ids are percent-encoded.
    Csv,
    /// One object per line; ids are unchanged.
    Ndjson,
}

/// Writes records with these columns; a value for each, empty where there is none.
pub(crate) fn write<const N: usize>(
    mut out: impl Write,
    form: Form,
    columns: [&str; N],
    records: &[[String; N]],
) -> Result<()> {
    let storage = |e: &dyn std::fmt::Display| Error::Storage(e.to_string());
    match form {
        Form::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(columns).map_err(|e| storage(&e))?;
            for record in records {
                csv.write_record(record.each_ref().map(|text| id(text)))
                    .map_err(|e| storage(&e))?;
            }
            csv.flush().map_err(|e| storage(&e))
        }
        Form::Ndjson => {
            for record in records {
                let given = columns
                    .iter()
                    .zip(record)
                    .filter(|(_, text)| !text.is_empty());
                let object: Map<String, Value> = given
                    .map(|(c, text)| ((*c).to_owned(), text.clone().into()))
                    .collect();
                write_json(&mut out, &object)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(|e| storage(&e))?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_inert_and_ndjson_is_exact() {
        let records = [
            ["=1+1".to_owned(), String::new()],
            ["a,\"b".to_owned(), "x".to_owned()],
        ];
        let text = |form| {
            let mut out = Vec::new();
            write(&mut out, form, ["shipment_id", "carrier"], &records).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            text(Form::Csv),
            "shipment_id,carrier\n%3D1+1,\n\"a,\"\"b\",x\n"
        );
        assert_eq!(
            text(Form::Ndjson),
            "{\"shipment_id\":\"=1+1\"}\n{\"carrier\":\"x\",\"shipment_id\":\"a,\\\"b\"}\n"
        );
    }
}
