//! How far it is from one port to all others: the part of a search that is worth keeping.

use super::{Passages, Port, SeaGraph};
use crate::model::id::LocationCode;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Length where no way is left open.
const NONE: u32 = u32::MAX;

/// Lengths of the shortest ways from one port to every port of the graph.
#[derive(Clone, Debug)]
pub struct Lengths {
    /// By number of the port.
    metres: Box<[u32]>,
}

impl Lengths {
    /// Metres to a port by its number. `None`: no way is left open. 0: it is the same place.
    pub fn metres(&self, port: usize) -> Option<u32> {
        self.metres.get(port).copied().filter(|m| *m != NONE)
    }
}

impl SeaGraph {
    /// How many ports there are.
    pub fn port_count(&self) -> usize {
        self.ports.len()
    }

    /// The number of a port, by its code.
    pub fn port_number(&self, code: LocationCode) -> Option<usize> {
        self.ports.binary_search_by_key(&code, |(c, _)| *c).ok()
    }

    /// The lengths from a port by its number without the passages of `avoid`: the same metres as [`SeaGraph::reach`] gives, and
    /// the same in both directions.
    pub fn lengths(&self, from: usize, avoid: Passages) -> Lengths {
        let start = &self.ports[from].1;
        let nodes = self.nodes_from(start, avoid);
        let to = |port: &Port| {
            if port.position == start.position {
                return 0;
            }
            let over = |a: &super::Approach| {
                nodes[usize::from(a.node)]
                    .checked_add(a.metres)
                    .unwrap_or(NONE)
            };
            port.approaches.iter().map(over).min().unwrap_or(NONE)
        };
        Lengths {
            metres: self.ports.iter().map(|(_, port)| to(port)).collect(),
        }
    }

    /// Metres from a port to every node. No way is longer than all edges together, which 32 bits hold.
    fn nodes_from(&self, start: &Port, avoid: Passages) -> Vec<u32> {
        let mut metres = vec![NONE; self.vertices.len()];
        let mut queue = BinaryHeap::new();
        for approach in &start.approaches {
            let at = usize::from(approach.node);
            if approach.metres < metres[at] {
                metres[at] = approach.metres;
                queue.push(Reverse((approach.metres, approach.node)));
            }
        }
        while let Some(Reverse((here, node))) = queue.pop() {
            if here > metres[usize::from(node)] {
                continue;
            }
            for lane in self.graph.edges(NodeIndex::from(node)) {
                if lane.weight().passages.meets(avoid) {
                    continue;
                }
                let to = lane.target().index();
                let there = here.saturating_add(lane.weight().metres);
                if there < metres[to] {
                    metres[to] = there;
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "vertices are counted in 16 bits by their file"
                    )]
                    queue.push(Reverse((there, to as u16)));
                }
            }
        }
        metres
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ports of the shipped graph far apart in it, all of whose ways are compared.
    const STARTS: usize = 7;

    #[test]
    fn lengths_are_those_of_the_ways_and_the_same_in_both_directions() {
        let sea = SeaGraph::load(include_bytes!("../../../../../data/sea/marnet.bin")).unwrap();
        let avoid = Passages::USUALLY_CLOSED;
        let ports: Vec<_> = sea.ports().collect();
        let starts = (0..ports.len()).step_by(ports.len() / STARTS);
        for start in starts {
            let (code, port) = ports[start];
            assert_eq!(sea.port_number(code), Some(start));
            let (lengths, reach) = (sea.lengths(start, avoid), sea.reach(port, avoid));
            for (end, (_, to)) in ports.iter().enumerate() {
                assert_eq!(
                    lengths.metres(end).map(u64::from),
                    reach.metres(to),
                    "{code} {end}"
                );
            }
            let back = sea.lengths(ports.len() / 2, avoid);
            assert_eq!(
                lengths.metres(ports.len() / 2),
                back.metres(start),
                "{code}"
            );
        }
        assert_eq!(sea.lengths(0, avoid).metres(ports.len()), None);
    }
}
