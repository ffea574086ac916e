//! Codes for texts that repeat: container types, carriers, energy carriers, values of carried columns.

use rustc_hash::FxHashMap;

/// Code of a text in a [`Symbols`] table; `0` stands for the empty text, "absent".
pub type Symbol = u32;

/// The code of the empty text.
pub const ABSENT: Symbol = 0;

/// An append-only table of texts with a code each.
///
/// ```
/// use green_corridor_core::model::symbol::Symbols;
/// let mut symbols = Symbols::default();
/// let code = symbols.intern("MAEU");
/// assert_eq!((symbols.intern("MAEU"), symbols.intern("")), (code, 0));
/// assert_eq!(symbols.text(code), "MAEU");
/// ```
#[derive(Clone, Debug)]
pub struct Symbols {
    texts: Vec<Box<str>>,
    codes: FxHashMap<Box<str>, Symbol>,
    /// Of the texts, once.
    text_bytes: usize,
}

/// What a text costs beside its bytes: two places in lists, two in a table that is half empty, and the allocator's part of both copies.
const OF_A_TEXT: usize =
    2 * size_of::<Box<str>>() + 2 * (size_of::<(Box<str>, Symbol)>() + 1) + 2 * 16;

impl Default for Symbols {
    fn default() -> Symbols {
        Symbols {
            texts: vec!["".into()],
            codes: FxHashMap::from_iter([("".into(), ABSENT)]),
            text_bytes: 0,
        }
    }
}

impl Symbols {
    /// The code of `text`, made when it is new.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(&code) = self.codes.get(text) {
            return code;
        }
        let code = Symbol::try_from(self.texts.len()).expect("fewer than 2^32 distinct code words");
        self.text_bytes += text.len();
        self.texts.push(text.into());
        self.codes.insert(text.into(), code);
        code
    }

    /// The code of `text` if it is known.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.codes.get(text).copied()
    }

    /// The text of a code.
    pub fn text(&self, code: Symbol) -> &str {
        &self.texts[code as usize]
    }

    /// Number of codes, the empty text included.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Bytes that the table takes.
    pub fn bytes(&self) -> usize {
        2 * self.text_bytes + self.len() * OF_A_TEXT
    }

    /// Whether only the empty text is known.
    pub fn is_empty(&self) -> bool {
        self.texts.len() == 1
    }

    /// For each code of `other` the code in this table, or `None` when a text is not in it.
    pub fn translate(&self, other: &Symbols) -> Option<Vec<Symbol>> {
        other.texts.iter().map(|t| self.find(t)).collect()
    }

    /// Takes over every text of `other`; returns for each of its codes the code in this table.
    pub fn absorb(&mut self, other: &Symbols) -> Vec<Symbol> {
        other.texts.iter().map(|t| self.intern(t)).collect()
    }
}
