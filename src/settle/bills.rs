//! Published shipments as bills: the columns that a charge may look at, and the walk over a run that hands out bill after bill.

use crate::error::Result;
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::{Day, Instant};
use crate::output::elements::element;
use crate::output::shipments::shipment;
use crate::published::batches::Kept;
use crate::published::row::{Row, row};
use crate::published::run::{Chunk, Chunks, stray};
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use rayon::prelude::*;
use std::path::Path;

row! {
    /// A shipment; quantities are mantissas of the published decimals.
    #[derive(Clone, Debug)]
    pub(super) struct Bill<'b> of shipment {
        pub id from shipment_id: &'b str,
        pub corridor from corridor_id: &'b str,
        pub period: Day,
        pub load_status: LoadStatus,
        pub departed_at from first_departed_at: Instant,
        pub containers: i128,
        pub teu: i128,
        pub mass from cargo_mass_kg: i128,
        pub is_complete: bool,
        pub activity from transport_activity_tkm: i128,
        pub ghg_total from ghg_total_kg: i128,
    }
}

row! {
    /// An element of one.
    #[derive(Clone, Debug)]
    pub(super) struct Section<'b> of element {
        pub bill from shipment_id: &'b str,
        pub container from container_id: &'b str,
        pub number from element: i64,
        pub mode: Mode,
        pub operation: &'b str,
        pub carrier: &'b str,
        pub origin: LocationCode,
        pub destination: LocationCode,
        pub departed_at: Instant,
        pub mass from cargo_mass_kg: i128,
        pub teu: Option<i128>,
        pub containers: i128,
        pub activity from transport_activity_tkm: i128,
        pub factor_id: &'b str,
        pub ghg_operation from ghg_operation_kg: i128,
        pub ghg_total from ghg_total_kg: i128,
    }
}

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The UTC date of an instant.
pub(super) fn date(at: Instant) -> Day {
    Day::try_from(at.div_euclid(DAY)).unwrap_or(Day::MAX)
}

/// Chunks that are worked on at a time.
const ABREAST: usize = 32;

/// Hands each chunk, with its number, to `work` on the threads of the pool, and what comes of it to `take` in order.
pub(super) fn each_chunk<T: Send>(
    dir: &Path,
    manifest: &Manifest,
    interrupt: &Interrupt,
    work: impl Fn(usize, &Chunk) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut chunks = Chunks::new(dir, manifest, Bill::columns(), Section::columns());
    let mut read = || -> Result<Vec<Chunk>> {
        let mut some = Vec::with_capacity(ABREAST);
        while some.len() < ABREAST
            && let Some(chunk) = chunks.next_chunk()?
        {
            some.push(chunk);
        }
        Ok(some)
    };
    let (mut now, mut before) = (read()?, 0);
    while !now.is_empty() {
        interrupt.check()?;
        let done = now
            .par_iter()
            .enumerate()
            .map(|(at, chunk)| work(before + at, chunk))
            .collect::<Vec<Result<T>>>();
        before += now.len();
        done.into_iter().try_for_each(|made| take(made?))?;
        now = read()?;
    }
    Ok(())
}

/// Hands each bill of a chunk to `take`, with its elements in order of (container, number).
pub(super) fn each_bill(
    dir: &Path,
    chunk: &Chunk,
    mut take: impl FnMut(&Bill<'_>, &[Section<'_>]) -> Result<()>,
) -> Result<()> {
    let (heads, elements) = chunk.parts();
    let rows = elements.iter().map(Kept::rows::<Section<'_>>);
    let mut rows = rows.collect::<Result<Vec<_>>>()?.into_iter().flatten();
    let mut next = rows.next().transpose()?;
    let mut sections = Vec::new();
    for bill in heads.rows::<Bill<'_>>()? {
        let bill = bill?;
        sections.clear();
        while let Some(section) = next.take_if(|s| s.bill == bill.id) {
            sections.push(section);
            next = rows.next().transpose()?;
        }
        take(&bill, &sections)?;
    }
    next.map_or(Ok(()), |left| Err(stray(dir, left.bill)))
}
