//! Nodes whose lanes are still to be followed, about the nearest first.

/// A bucket is 8,192 m wide; the ring of them is longer than any lane.
const WIDTH_BITS: u32 = 13;
/// Metres by which what is taken may be farther than what is taken after it.
pub(super) const WIDTH: u64 = 1 << WIDTH_BITS;
const BUCKETS: usize = 1 << 12;
/// Bits of a node in an entry; the cost stands above them.
const NODE_BITS: u32 = 16;

/// End of a list.
const NONE: u32 = u32::MAX;

/// A ring of buckets by metres, for one level of avoided passages at a time: no node of a higher level is taken while one of a lower level
/// is left. Within a bucket the order is free, so a node can be taken before its cost is final; then it is put in again with the lower
/// cost, and the costs at the end are the least in any order.
#[derive(Debug)]
pub(super) struct Frontier {
    /// By bucket, the entry put in last.
    ring: Vec<u32>,
    /// Every entry that was in the ring, with the one put into its bucket before.
    entries: Vec<(u64, u32)>,
    at: usize,
    in_ring: usize,
    level: usize,
    /// By level, those above the one at hand.
    later: Vec<Vec<u64>>,
}

impl Frontier {
    pub(super) fn new(nodes: usize) -> Frontier {
        Frontier {
            ring: vec![NONE; BUCKETS],
            entries: Vec::with_capacity(2 * nodes),
            at: 0,
            in_ring: 0,
            level: 0,
            later: Vec::new(),
        }
    }

    /// Puts in a node with its cost: metres in the low 32 bits, the level above them in at most 16.
    #[inline]
    pub(super) fn put(&mut self, cost: u64, node: u16) {
        let entry = cost << NODE_BITS | u64::from(node);
        let level = usize::from(((cost >> 32) & 0xffff) as u16);
        if level > self.level {
            if self.later.len() <= level {
                self.later.resize_with(level + 1, Vec::new);
            }
            self.later[level].push(entry);
        } else {
            self.enter(entry);
        }
    }

    #[inline]
    fn enter(&mut self, entry: u64) {
        let last = &mut self.ring[bucket(entry)];
        let number = u32::try_from(self.entries.len()).expect("fewer than 2^32 improvements");
        self.entries.push((entry, *last));
        *last = number;
        self.in_ring += 1;
    }

    /// Takes a node and the cost it was put in with, of the lowest bucket that holds any.
    #[inline]
    pub(super) fn take(&mut self) -> Option<(u64, u16)> {
        if self.in_ring == 0 {
            self.rise()?;
        }
        while self.ring[self.at] == NONE {
            self.at = (self.at + 1) % BUCKETS;
        }
        let last = &mut self.ring[self.at];
        let (entry, before) = self.entries[*last as usize];
        *last = before;
        self.in_ring -= 1;
        Some((entry >> NODE_BITS, (entry & 0xffff) as u16))
    }

    /// Goes on with the next level that holds a node.
    fn rise(&mut self) -> Option<()> {
        let found = self.later.iter().position(|entries| !entries.is_empty())?;
        let entries = std::mem::take(&mut self.later[found]);
        self.level = found;
        self.at = entries.iter().map(|e| bucket(*e)).min()?;
        entries.into_iter().for_each(|entry| self.enter(entry));
        Some(())
    }
}

/// The bucket of an entry, by its metres.
#[inline]
fn bucket(entry: u64) -> usize {
    let metres = ((entry >> NODE_BITS) & 0xffff_ffff) as u32;
    (metres >> WIDTH_BITS) as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_levels_come_first_then_nearer_buckets() {
        const LEVEL: u64 = 1 << 32;
        let mut frontier = Frontier::new(8);
        let put = [
            (2 * LEVEL + 1, 1),
            (LEVEL + 90_000, 2),
            (30_000_000, 3),
            (LEVEL + 7, 4),
            (12_000, 5),
            // Another turn of the ring: its bucket is that of node 5, and a lower cost may yet come behind it.
            (12_000 + (1 << (WIDTH_BITS + 12)), 6),
        ];
        for (cost, node) in put {
            frontier.put(cost, node);
        }
        let mut taken = Vec::new();
        while let Some((cost, node)) = frontier.take() {
            taken.push(node);
            assert!(node == 7 || put.contains(&(cost, node)));
            if node == 3 {
                frontier.put(30_000_001, 7);
            }
        }
        let (near, far) = taken.split_at(4);
        assert!(near.contains(&5) && near.contains(&3) && near.contains(&6) && near.contains(&7));
        assert_eq!(far, [4, 2, 1]);
        assert!(frontier.take().is_none());
    }
}
