//! Many short texts in one piece of memory.

use std::collections::HashMap;

/// Texts by number.
#[derive(Default)]
pub(super) struct Names {
    text: String,
    ends: Vec<u64>,
}

impl Names {
    /// Adds a text; its number.
    pub(super) fn push(&mut self, name: &str) -> usize {
        self.text.push_str(name);
        self.ends.push(self.text.len() as u64);
        self.ends.len() - 1
    }

    pub(super) fn get(&self, number: usize) -> &str {
        let end = |n: usize| usize::try_from(self.ends[n]).unwrap_or(usize::MAX);
        let from = if number == 0 { 0 } else { end(number - 1) };
        &self.text[from..end(number)]
    }

    pub(super) fn last(&self) -> Option<&str> {
        let last = self.ends.len().checked_sub(1)?;
        Some(self.get(last))
    }
}

/// Values that repeat, by number.
pub(super) struct Interned<T> {
    numbers: HashMap<T, u32>,
    pub(super) values: Vec<T>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned {
            numbers: HashMap::new(),
            values: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interned<T> {
    pub(super) fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }
}
