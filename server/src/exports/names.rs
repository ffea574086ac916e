//! Many short texts in one piece of memory.

use std::collections::HashMap;

/// Texts by number.
#[derive(Default)]
pub(super) struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    /// Adds a text; its number. `None`: there is no room for it.
    pub(super) fn push(&mut self, name: &str) -> Option<u32> {
        let end = u32::try_from(self.text.len() + name.len()).ok()?;
        let number = u32::try_from(self.ends.len()).ok()?;
        self.text.push_str(name);
        self.ends.push(end);
        Some(number)
    }

    pub(super) fn get(&self, number: usize) -> &str {
        let end = |n: usize| self.ends[n] as usize;
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
