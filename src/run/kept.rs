//! What a run holds to its end, however many rows stream through: distinct code words, what is carried, and sums by corridor, section and factor.
//!
//! Ordinary inputs have few of them. An input in which they do not repeat must not fill the memory (exit 8).

use crate::error::{Error, Result};
use crate::model::symbol::Symbols;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes held, by thread and in common.
pub(super) struct Kept {
    of_thread: Vec<AtomicUsize>,
    words: AtomicUsize,
    word_bytes: AtomicUsize,
    most: usize,
}

impl Kept {
    /// Nothing yet; `most` bytes may be.
    pub(super) fn new(threads: usize, most: usize) -> Kept {
        Kept {
            of_thread: (0..threads.max(1)).map(|_| AtomicUsize::new(0)).collect(),
            words: AtomicUsize::new(0),
            word_bytes: AtomicUsize::new(0),
            most,
        }
    }

    /// What the kernel of a thread holds now, and the code words of the run.
    pub(super) fn note(&self, thread: usize, bytes: usize, symbols: &Symbols) {
        self.of_thread[thread].store(bytes, Ordering::Relaxed);
        self.words.fetch_max(symbols.len(), Ordering::Relaxed);
        self.word_bytes
            .fetch_max(symbols.bytes(), Ordering::Relaxed);
    }

    /// Whether it is too much.
    pub(super) fn check(&self) -> Result<()> {
        let sums: usize = (self.of_thread.iter())
            .map(|bytes| bytes.load(Ordering::Relaxed))
            .sum();
        let bytes = sums + self.word_bytes.load(Ordering::Relaxed);
        if bytes <= self.most {
            return Ok(());
        }
        Err(Error::Limit(format!(
            "{} distinct container types, carriers, energy carriers and combinations of carried values, and the sums by corridor and section, take {} MiB, more than the {} MiB that \
             the memory limit leaves for them; raise --memory-limit, or see whether one of these columns is read from one that holds ids",
            self.words.load(Ordering::Relaxed),
            bytes.div_ceil(1 << 20),
            self.most >> 20
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_sums_of_all_threads_count_together() {
        let mut symbols = Symbols::default();
        for n in 0..1_000 {
            symbols.intern(&format!("carrier {n}"));
        }
        let kept = Kept::new(2, symbols.bytes() + 300);
        kept.note(0, 100, &symbols);
        kept.note(1, 200, &symbols);
        assert!(kept.check().is_ok());
        kept.note(0, 101, &Symbols::default());
        assert_eq!(kept.check().unwrap_err().exit_code(), 8);
    }
}
