//! Feed to kernel to tables: one attempt to compute a whole run into a stage.

use crate::calc::Kernel;
use crate::calc::rollup::merge as merge_rollup;
use crate::error::Result;
use crate::model::element::{Footprints, GhgTotals, Names, Rollup, Shipments};
use crate::model::flag::Flags;
use crate::model::mode::DistanceSource;
use crate::model::symbol::Symbols;
use crate::output::elements::ELEMENTS;
use crate::output::encode::Encodings;
use crate::output::shipments::SHIPMENTS;
use crate::output::table::LendNames;
use crate::reference::Reference;
use crate::run::budget::Budget;
use crate::run::feed::{Feed, Opener, Order, Shared};
use crate::run::jobs::Job;
use crate::run::kept::Kept;
use crate::run::ledger::accepted_rows;
use crate::run::merge::{Flow, Stop, Work};
use crate::run::write::{BigTable, Footer, joined};
use crate::store::stage::Stage;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;

/// Texts that stay the same for a whole run; with the symbols they make [`Names`].
pub(crate) struct FixedNames {
    /// Operation codes.
    pub operations: Vec<String>,
    /// Full factor ids.
    pub factors: Vec<String>,
    /// Corridor ids.
    pub corridors: Vec<String>,
    /// Input files.
    pub files: Vec<String>,
    /// Names of the carried columns.
    pub carried: Vec<&'static str>,
}

impl FixedNames {
    /// The names of a reference and a list of input files.
    pub(crate) fn new(
        reference: &Reference,
        files: Vec<String>,
        carried: Vec<&'static str>,
    ) -> FixedNames {
        FixedNames {
            operations: reference
                .factors
                .operations
                .iter()
                .map(|o| o.code.to_string())
                .collect(),
            factors: reference
                .factors
                .factors
                .iter()
                .map(|f| f.id.to_string())
                .collect(),
            corridors: reference
                .corridors
                .list
                .iter()
                .map(|c| c.id.clone())
                .collect(),
            files,
            carried,
        }
    }

    /// All names, with the symbols known now.
    pub(crate) fn with<'n>(&'n self, symbols: &'n Symbols) -> Names<'n> {
        Names {
            operations: &self.operations,
            factors: &self.factors,
            symbols,
            corridors: &self.corridors,
            files: &self.files,
            carried: &self.carried,
        }
    }
}

/// The names of a run that still learns code words.
#[derive(Clone, Copy)]
pub(crate) struct GrowingNames<'n> {
    /// What stays the same.
    pub fixed: &'n FixedNames,
    /// What grows while files are read.
    pub symbols: &'n RwLock<Symbols>,
}

impl LendNames for GrowingNames<'_> {
    fn lend<R>(&self, user: impl FnOnce(&Names<'_>) -> R) -> R {
        user(
            &self
                .fixed
                .with(&self.symbols.read().unwrap_or_else(PoisonError::into_inner)),
        )
    }
}

/// Counts and sums of what was written; each table on its own, so that they can be compared.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Rows of `elements`.
    pub elements: u64,
    /// Rows of `shipments`.
    pub shipments: u64,
    /// Shipments that rows name.
    pub shipments_in: u64,
    /// Of which a gap is listed.
    pub shipments_with_gaps: u64,
    /// Rows of `elements` with a transport operation.
    pub transports: u64,
    /// Of which the distance is estimated.
    pub estimated: u64,
    /// Rows of `elements` with each of [`Flags::IMPLAUSIBLE`].
    pub implausible: [u64; 6],
    /// Sum over `elements`.
    pub element_totals: GhgTotals,
    /// Sum over `shipments`.
    pub shipment_totals: GhgTotals,
    /// Sums by corridor, section, factor.
    pub rollup: Rollup,
}

/// What an attempt works with.
pub(crate) struct Attempt<'a> {
    /// Factors, distances, corridors.
    pub reference: &'a Reference,
    /// Which file is later than which; empty: none is.
    pub file_ranks: &'a [u32],
    /// Where the tables go.
    pub stage: &'a Stage,
    /// Texts behind codes.
    pub names: &'a FixedNames,
    /// Key-value metadata of every footer.
    pub metadata: Footer<'a>,
    /// How the tables are written.
    pub encodings: Encodings,
    /// Worker threads.
    pub threads: usize,
    /// How memory is spent.
    pub budget: Budget,
}

/// Computes and writes `elements` and `shipments`.
///
/// Reading, computing and writing go on at the same time, each at the head of a queue that holds a few batches: whatever
/// of them has work uses the pool. The order of results is the order of the feed.
pub(crate) fn compute(
    attempt: &Attempt,
    readers: Vec<(u32, Opener)>,
    order: Order,
    shared: &Shared,
) -> Flow<Written> {
    let Attempt {
        reference,
        file_ranks,
        stage,
        names,
        metadata,
        encodings,
        threads,
        ref budget,
    } = *attempt;
    let (to_results, results) = sync_channel(budget.batches_queued);
    let (to_elements, footprints) = sync_channel(budget.chunks_queued);
    let (to_shipments, shipments) = sync_channel(budget.chunks_queued);
    let kernels: Vec<_> = (0..threads)
        .map(|_| {
            let kernel = Kernel::new(reference).with_file_ranks(file_ranks);
            Mutex::new(kernel.with_lane_bytes(budget.lane_bytes))
        })
        .collect();
    let kept = Kept::new(threads, budget.kept_bytes);
    let kernel = |work: Vec<Work>| -> Vec<Done> {
        // Neither lock is held across anything that waits for the pool.
        let thread = rayon::current_thread_index().unwrap_or(0) % kernels.len();
        let kernel = &kernels[thread];
        let symbols = shared
            .symbols
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut kernel = kernel.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work
            .into_iter()
            .map(|work| Done::new(kernel.footprint(work.batch, work.range, &symbols)))
            .collect();
        kept.note(thread, kernel.kept_bytes(), &symbols);
        done
    };
    let mut written = thread::scope(|scope| {
        let kernel = &kernel;
        let feed = scope
            .spawn(move || Feed::run(readers, order, threads, budget, shared, kernel, to_results));
        let groups_queued = budget.groups_queued;
        let elements = BigTable {
            table: &ELEMENTS,
            name: "elements",
            encodings,
            stage,
            groups_queued,
            names,
            metadata,
        };
        let elements = scope.spawn(move || elements.write(footprints, shared));
        let of_shipments = BigTable {
            table: &SHIPMENTS,
            name: "shipments",
            encodings,
            stage,
            groups_queued,
            names,
            metadata,
        };
        let of_shipments = scope.spawn(move || of_shipments.write(shipments, shared));
        let counted = hand_on(results, shared, &kept, to_elements, to_shipments);
        // A reader that stops has the better reason: a writer only sees its stream end.
        joined(feed)?;
        let mut written = counted?;
        written.elements = joined(elements)?;
        written.shipments = joined(of_shipments)?;
        Ok::<_, Stop>(written)
    })?;
    for kernel in kernels {
        merge_rollup(
            &mut written.rollup,
            &kernel
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .take_rollup(),
        );
    }
    Ok(written)
}

/// Counts results and hands them on to the tables in order, until the feed ends or a table is gone, which says why itself.
fn hand_on(
    results: Receiver<Job<Vec<Done>>>,
    shared: &Shared,
    kept: &Kept,
    elements: SyncSender<Arc<Footprints>>,
    shipments: SyncSender<Arc<Shipments>>,
) -> Result<Written> {
    let mut written = Written::default();
    for Done {
        mut footprints,
        accepted,
        totals,
        transports,
        estimated,
        implausible,
    } in results.into_iter().map_while(Job::wait).flatten()
    {
        kept.check()?;
        shared
            .ledger()
            .computed(&accepted, std::mem::take(&mut footprints.rejected))?;
        written.element_totals.add(&totals);
        written.transports += transports;
        written.estimated += estimated;
        for (sum, count) in written.implausible.iter_mut().zip(implausible) {
            *sum += count;
        }
        written.shipments_in += footprints.shipments_in;
        written.shipments_with_gaps += footprints.shipments_with_gaps;
        let chunk = std::mem::take(&mut footprints.shipments);
        chunk
            .totals
            .iter()
            .for_each(|totals| written.shipment_totals.add(totals));
        if shipments.send(Arc::new(chunk)).is_err() || elements.send(Arc::new(footprints)).is_err()
        {
            break;
        }
    }
    Ok(written)
}

fn implausible(flags: &[Flags]) -> [u64; 6] {
    // Most chunks have none, which one pass says.
    let any = flags.iter().fold(Flags::NONE, |any, &flags| any | flags);
    Flags::IMPLAUSIBLE.map(|odd| match any.has(odd) {
        true => flags.iter().filter(|flags| flags.has(odd)).count() as u64,
        false => 0,
    })
}

/// A kernel call's result with what is counted from its elements themselves, not taken from the kernel's word.
struct Done {
    footprints: Footprints,
    /// Accepted rows by file.
    accepted: Vec<(u32, u64)>,
    totals: GhgTotals,
    /// Elements that move, and those of them whose distance is estimated.
    transports: u64,
    estimated: u64,
    /// Elements with each of [`Flags::IMPLAUSIBLE`].
    implausible: [u64; 6],
}

impl Done {
    fn new(footprints: Footprints) -> Done {
        let e = &footprints.elements;
        let sum = |column: &[i64]| column.iter().map(|&v| v as i128).sum();
        let totals = GhgTotals {
            activity: sum(&e.activity),
            operation: sum(&e.ghg_operation),
            provision: sum(&e.ghg_provision),
        };
        let count = |is: fn(DistanceSource) -> bool| {
            e.distance_source
                .iter()
                .filter(|source| is(**source))
                .count() as u64
        };
        Done {
            transports: count(|source| source != DistanceSource::Absent),
            estimated: count(|source| source == DistanceSource::Estimate),
            implausible: implausible(&e.flags),
            accepted: accepted_rows(&footprints),
            totals,
            footprints,
        }
    }
}
