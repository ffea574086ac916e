//! How far it is from one port to all others: the part of a search that is worth keeping.

use super::{Closures, Port, SeaGraph};
use crate::model::id::LocationCode;

/// Length where no way is left open.
const NONE: u32 = u32::MAX;

/// Lengths of the shortest ways from one port to every port of the graph.
#[derive(Clone, Debug)]
pub struct Lengths {
    /// By number of the port.
    metres: Box<[u32]>,
    /// By number of the port: whether nothing but an avoided passage leads there.
    behind: Box<[bool]>,
}

impl Lengths {
    /// Metres to a port by its number. `None`: no way is left open. 0: it is the same place.
    pub fn metres(&self, port: usize) -> Option<u32> {
        self.metres.get(port).copied().filter(|m| *m != NONE)
    }

    /// Whether nothing but an avoided passage leads to a port by its number.
    pub fn passes_avoided(&self, port: usize) -> bool {
        self.behind.get(port).is_some_and(|behind| *behind)
    }

    /// Whether the port of this search lies between avoided passages: nothing else leads to most ports.
    pub fn is_enclosed(&self) -> bool {
        2 * self.behind.iter().filter(|behind| **behind).count() > self.behind.len()
    }
}

impl SeaGraph {
    /// Bytes of the lengths from one port.
    pub fn bytes_of_lengths(&self) -> usize {
        self.ports.len() * (size_of::<u32>() + size_of::<bool>())
    }

    /// The number of a port, by its code.
    pub fn port_number(&self, code: LocationCode) -> Option<usize> {
        self.ports.binary_search_by_key(&code, |(c, _)| *c).ok()
    }

    /// The lengths from a port by its number: the metres that [`SeaGraph::reach`] gives, the same in both directions.
    pub fn lengths(&self, from: usize, around: Closures) -> Lengths {
        let reach = self.reach(&self.ports[from].1, around);
        // No way is longer than all edges together, which 32 bits hold.
        let to = |port: &Port| reach.metres(port).and_then(|m| u32::try_from(m).ok());
        let ports = || self.ports.iter().map(|(_, port)| port);
        Lengths {
            metres: ports().map(|port| to(port).unwrap_or(NONE)).collect(),
            behind: ports().map(|port| reach.passes_avoided(port)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::sea::Passages;

    /// Ports of the shipped graph far apart in it, all of whose ways are compared.
    const STARTS: usize = 7;

    #[test]
    fn lengths_are_those_of_the_ways_and_the_same_in_both_directions() {
        let sea = SeaGraph::load(include_bytes!("../../../../../data/sea/marnet.bin")).unwrap();
        let avoid = Closures::from(Passages::USUALLY_CLOSED);
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

    #[test]
    fn a_search_that_ends_where_it_may_finds_the_ways_of_one_that_goes_on() {
        let sea = SeaGraph::load(include_bytes!("../../../../../data/sea/marnet.bin")).unwrap();
        let ports: Vec<_> = sea.ports().collect();
        let ends: Vec<_> = ports.iter().step_by(23).map(|(code, _)| *code).collect();
        for closed in [Passages::NONE, Passages::USUALLY_CLOSED] {
            for (code, port) in ports.iter().step_by(ports.len() / STARTS) {
                let reach = sea.reach(port, closed);
                let wanted: Vec<_> = ends.iter().map(|end| reach.path(sea.port(*end)?)).collect();
                let few = sea.paths(*code, &ends[3..6], closed);
                assert_eq!(few, wanted[3..6], "{code}");
                for (end, wanted) in ends.iter().zip(wanted) {
                    assert_eq!(sea.path(*code, *end, closed), wanted, "{code} {end}");
                }
            }
        }
    }
}
