//! Rows of a table before they are encoded: references to result chunks, cut into parts, row groups and pages.
//!
//! Nothing is copied here. A row group holds on to the chunks that it needs and lets them go when it is encoded.

use super::encode::PAGE_ROWS;
use std::ops::Range;
use std::sync::Arc;

/// A part ends after the shipment with which it reaches this many rows.
pub(crate) const PART_ROWS: usize = 4_194_304;

/// Rows `rows` of a chunk's table.
#[derive(Debug)]
pub(crate) struct Slice<C> {
    /// The chunk.
    pub chunk: Arc<C>,
    /// Rows of its table.
    pub rows: Range<usize>,
}

/// Rows of one row group to be, page by page.
#[derive(Debug)]
pub(crate) struct Rows<C> {
    /// Slices of each page in order.
    pub pages: Vec<Vec<Slice<C>>>,
    /// Number of rows.
    pub count: usize,
}

impl<C> Default for Rows<C> {
    fn default() -> Rows<C> {
        Rows {
            pages: Vec::new(),
            count: 0,
        }
    }
}

impl<C> Rows<C> {
    /// Adds rows of a chunk.
    pub(crate) fn push(&mut self, chunk: &Arc<C>, rows: Range<usize>) {
        let mut from = rows.start;
        while from < rows.end {
            if self.count.is_multiple_of(PAGE_ROWS) {
                self.pages.push(Vec::new());
            }
            let room = PAGE_ROWS - self.count % PAGE_ROWS;
            let to = rows.end.min(from + room);
            let page = self.pages.last_mut().expect("a page was begun above");
            page.push(Slice {
                chunk: chunk.clone(),
                rows: from..to,
            });
            self.count += to - from;
            from = to;
        }
    }
}

/// What the cutter gives away.
#[derive(Debug)]
pub(crate) enum Cut<C> {
    /// A row group is full, or the last of its part.
    Group(Rows<C>),
    /// The part ends here.
    EndOfPart,
}

/// Cuts a table into parts and row groups at fixed rows, whatever the chunks are.
#[derive(Debug)]
pub(crate) struct Cutter<C> {
    group_rows: usize,
    part_rows: usize,
    pending: Rows<C>,
    in_part: usize,
}

impl<C> Cutter<C> {
    /// A cutter with these sizes; `group_rows` is a multiple of [`PAGE_ROWS`].
    pub(crate) fn new(group_rows: usize, part_rows: usize) -> Cutter<C> {
        assert!(
            group_rows > 0 && group_rows.is_multiple_of(PAGE_ROWS),
            "row groups hold whole pages"
        );
        Cutter {
            group_rows,
            part_rows,
            pending: Rows::default(),
            in_part: 0,
        }
    }

    /// Adds a chunk whose table holds `shipments` rows of each shipment in turn.
    pub(crate) fn push(
        &mut self,
        chunk: &Arc<C>,
        shipments: impl Iterator<Item = usize>,
    ) -> Vec<Cut<C>> {
        let mut cuts = Vec::new();
        let (mut from, mut to) = (0, 0);
        for rows in shipments {
            to += rows;
            if self.in_part + (to - from) >= self.part_rows {
                self.add(chunk, from..to, &mut cuts);
                cuts.extend(self.take_group());
                cuts.push(Cut::EndOfPart);
                self.in_part = 0;
                from = to;
            }
        }
        self.add(chunk, from..to, &mut cuts);
        cuts
    }

    /// The last, shorter row group.
    pub(crate) fn finish(&mut self) -> Option<Rows<C>> {
        (self.pending.count > 0).then(|| std::mem::take(&mut self.pending))
    }

    fn add(&mut self, chunk: &Arc<C>, rows: Range<usize>, cuts: &mut Vec<Cut<C>>) {
        self.in_part += rows.len();
        let mut from = rows.start;
        while from < rows.end {
            let to = rows.end.min(from + self.group_rows - self.pending.count);
            self.pending.push(chunk, from..to);
            if self.pending.count == self.group_rows {
                cuts.extend(self.take_group());
            }
            from = to;
        }
    }

    fn take_group(&mut self) -> Option<Cut<C>> {
        self.finish().map(Cut::Group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row counts of the groups, `|` between parts.
    fn cut(shipments_of_chunks: &[&[usize]]) -> String {
        let mut cutter = Cutter::new(PAGE_ROWS, 2 * PAGE_ROWS + 10);
        let mut text = String::new();
        for shipments in shipments_of_chunks {
            for cut in cutter.push(&Arc::new(()), shipments.iter().copied()) {
                match cut {
                    Cut::Group(rows) => {
                        let pages: usize = rows.pages.iter().flatten().map(|s| s.rows.len()).sum();
                        assert_eq!(pages, rows.count);
                        text += &format!("{} ", rows.count);
                    }
                    Cut::EndOfPart => text += "| ",
                }
            }
        }
        if let Some(rows) = cutter.finish() {
            text += &format!("{} ", rows.count);
        }
        text
    }

    #[test]
    fn parts_end_with_a_shipment_and_groups_at_fixed_rows() {
        const P: usize = PAGE_ROWS;
        assert_eq!(cut(&[&[P + 3_616, 5]]), format!("{P} 3621 "));
        assert_eq!(
            cut(&[&[P + 3_616], &[5], &[0], &[P - 3_621], &[9], &[1, 3]]),
            format!("{P} {P} 10 | 3 ")
        );
        assert_eq!(
            cut(&[&[4 * P + 4_464, 7]]),
            format!("{P} {P} {P} {P} 4464 | 7 ")
        );
        assert_eq!(cut(&[&[2 * P + 10]]), format!("{P} {P} 10 | "));
        assert_eq!(cut(&[]), "");
    }
}
