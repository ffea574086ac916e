//! Where the transport activity data of each shipment stand. A file may have tens of millions of them, but it has the data of a shipment
//! one after the other.

use super::names::Names;
use super::{each_document, read_at};
use crate::clients::Client;
use green_corridor::{Error, Result};
use serde::Deserialize;
use std::borrow::Cow;
use std::fs::File;

/// Activity data of an export.
pub(crate) struct Activities {
    file: File,
    /// By shipment: place, bytes and documents.
    offsets: Vec<u64>,
    lengths: Vec<u32>,
    counts: Vec<u32>,
    shipments: Names,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'d> {
    #[serde(borrow)]
    consignment_ids: Vec<Cow<'d, str>>,
}

impl Activities {
    pub(super) fn read(file: File) -> Result<Activities> {
        let mut offsets: Vec<u64> = Vec::new();
        let mut lengths: Vec<u32> = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut shipments = Names::default();
        each_document(&file, |offset, bytes| {
            let fault =
                |what: String| Error::Verification(format!("document at byte {offset}: {what}"));
            let document: Document = serde_json::from_slice(bytes)
                .map_err(|e| fault(format!("no activity data: {e}")))?;
            let [shipment] = &document.consignment_ids[..] else {
                return Err(fault("expected one consignment".to_owned()));
            };
            if shipments.last() != Some(shipment) {
                let too_many = || fault("too many shipments".to_owned());
                shipments.push(shipment).ok_or_else(too_many)?;
                offsets.push(offset);
                lengths.push(0);
                counts.push(0);
            }
            if let (Some(from), Some(length), Some(count)) =
                (offsets.last(), lengths.last_mut(), counts.last_mut())
            {
                let end = offset + bytes.len() as u64 - from;
                *length =
                    u32::try_from(end).map_err(|_| fault("too many of one shipment".to_owned()))?;
                *count += 1;
            }
            Ok(())
        })?;
        Ok(Activities {
            file,
            offsets,
            lengths,
            counts,
            shipments,
        })
    }

    pub(super) fn runs(&self) -> usize {
        self.offsets.len()
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// The shipments that a client may see.
    pub(super) fn order_for(&self, client: &Client) -> Vec<u32> {
        let all = (0..).take(self.runs());
        all.filter(|run: &u32| client.sees_all() || client.sees(self.shipments.get(*run as usize)))
            .collect()
    }

    /// The documents of a shipment, each as its bytes.
    pub(crate) fn of_shipment(&self, run: u32) -> std::io::Result<Vec<Vec<u8>>> {
        let run = run as usize;
        let mut bytes = vec![0; self.lengths[run] as usize];
        read_at(&self.file, self.offsets[run], &mut bytes)?;
        let lines = bytes.split(|byte| *byte == b'\n');
        let document = |line: &[u8]| {
            let line = line.trim_ascii_end();
            line.strip_suffix(b",").unwrap_or(line).to_vec()
        };
        Ok(lines.map(document).collect())
    }
}
