//! Shortest ways over the sea graph, from one port to all nodes at once.

use super::frontier::{self, Frontier};
use super::{Approach, Closures, Lane, Passages, Port, SeaGraph};
use crate::geo::Vertex;
use crate::model::id::LocationCode;

/// Cost of a node that no way leads to.
const NO_WAY: u64 = u64::MAX;
/// Cost of coming into or out of an avoided passage, above that of any way in metres: the low half of a cost is metres, the
/// high half how often that happens, twice for a passage that is passed.
const AVOIDED: u64 = 1 << 32;

/// Nodes after which a search looks whether it has found what is wanted.
const LOOK_EVERY: u32 = 64;

/// A way over the sea.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeaPath {
    /// Length, metres: a shortest feasible distance without any adjustment.
    pub metres: u64,
    /// Passages on the way.
    pub passages: Passages,
    /// From port to port over the nodes, both ports included. Neighbours may lie on two sides of the 180th meridian.
    pub line: Vec<Vertex>,
}

/// How far everything is from one port.
#[derive(Clone, Debug)]
pub struct Reach<'g> {
    sea: &'g SeaGraph,
    from: Port,
    around: Closures,
    /// By node.
    costs: Vec<u64>,
}

impl SeaGraph {
    /// Distances from a port to all nodes round what is closed, and round what is avoided where a way is left.
    pub fn reach(&self, from: &Port, around: impl Into<Closures>) -> Reach<'_> {
        let around = around.into();
        Reach {
            sea: self,
            from: from.clone(),
            around,
            costs: self.costs_from(from, around, &[]),
        }
    }

    /// The shortest way between two ports. `None`: one of them is unknown here, or no way is left open.
    pub fn path(
        &self,
        from: LocationCode,
        to: LocationCode,
        around: impl Into<Closures>,
    ) -> Option<SeaPath> {
        self.paths(from, &[to], around).pop().flatten()
    }

    /// The shortest ways from one port to some, by one search that ends where they are found.
    pub fn paths(
        &self,
        from: LocationCode,
        to: &[LocationCode],
        around: impl Into<Closures>,
    ) -> Vec<Option<SeaPath>> {
        let around = around.into();
        let ports: Vec<Option<&Port>> = to.iter().map(|code| self.port(*code)).collect();
        let wanted: Vec<&Port> = ports.iter().copied().flatten().collect();
        let Some(from) = self.port(from).filter(|_| !wanted.is_empty()) else {
            return vec![None; to.len()];
        };
        let reach = Reach {
            sea: self,
            from: from.clone(),
            around,
            costs: self.costs_from(from, around, &wanted),
        };
        ports.into_iter().map(|port| reach.path(port?)).collect()
    }

    /// Costs from a port to every node, or, where ports are wanted, to all nodes that are no farther than the farthest of them. No other
    /// port is ever a way through.
    fn costs_from(&self, start: &Port, around: Closures, wanted: &[&Port]) -> Vec<u64> {
        // How far a search must go: to where no shorter way to a wanted port can be found. Beyond avoided passages it goes on to its end,
        // as what is left then is not in the order of its cost.
        let is_found = |costs: &[u64], here: u64| {
            let cost = |a: &Approach| costs[usize::from(a.node)].saturating_add(a.metres.into());
            let farthest = wanted
                .iter()
                .map(|port| port.approaches.iter().map(cost).min());
            let farthest = farthest.max().flatten().unwrap_or(NO_WAY);
            farthest < AVOIDED && here > farthest + frontier::WIDTH
        };
        let mut taken = 0u32;
        let mut costs = vec![NO_WAY; self.vertices.len()];
        let mut frontier = Frontier::new(self.vertices.len());
        let improve = |costs: &mut [u64], frontier: &mut Frontier, node: u16, cost: u64| {
            let best = &mut costs[usize::from(node)];
            if cost < *best {
                *best = cost;
                frontier.put(cost, node);
            }
        };
        for Approach { node, metres } in &start.approaches {
            improve(&mut costs, &mut frontier, *node, u64::from(*metres));
        }
        while let Some((here, node)) = frontier.take() {
            taken = taken.wrapping_add(1);
            if !wanted.is_empty() && taken.is_multiple_of(LOOK_EVERY) && is_found(&costs, here) {
                break;
            }
            if here > costs[usize::from(node)] {
                continue;
            }
            for (to, lane) in self.lanes(node) {
                if let Some(cost) = self.lane_cost([node, to], lane, around) {
                    improve(&mut costs, &mut frontier, to, here + cost);
                }
            }
        }
        costs
    }

    /// Cost of a lane between two nodes. `None`: it leads through a closed passage.
    #[inline]
    fn lane_cost(&self, ends: [u16; 2], lane: &Lane, around: Closures) -> Option<u64> {
        // As nearly every lane.
        if lane.passages.is_empty() {
            return Some(lane.metres.into());
        }
        let avoided = lane.passages.both(around.avoided);
        let edges = ends.map(|node| avoided.without(self.within[usize::from(node)]).count());
        let cost = u64::from(edges[0] + edges[1]) * AVOIDED + u64::from(lane.metres);
        (!lane.passages.meets(around.closed)).then_some(cost)
    }
}

impl Reach<'_> {
    /// Metres to a port. `None`: no way is left open. 0: it is the same place.
    pub fn metres(&self, to: &Port) -> Option<u64> {
        self.landfall(to).map(|(cost, _)| cost % AVOIDED)
    }

    /// Whether nothing but an avoided passage leads to a port.
    pub(super) fn passes_avoided(&self, to: &Port) -> bool {
        self.landfall(to).is_some_and(|(cost, _)| cost >= AVOIDED)
    }

    /// Cost of a node, if a way is left open.
    fn cost(&self, node: u16) -> Option<u64> {
        Some(self.costs[usize::from(node)]).filter(|cost| *cost != NO_WAY)
    }

    /// Cost and last node; `None` as node: the same place. Of equal ways the one over the lowest node.
    fn landfall(&self, to: &Port) -> Option<(u64, Option<u16>)> {
        if to.position == self.from.position {
            return Some((0, None));
        }
        let over = |a: &Approach| Some((self.cost(a.node)? + u64::from(a.metres), Some(a.node)));
        to.approaches.iter().filter_map(over).min()
    }

    /// The way to a port. Of equal ways always the same one, whatever order the search took.
    pub fn path(&self, to: &Port) -> Option<SeaPath> {
        let (cost, last) = self.landfall(to)?;
        let metres = cost % AVOIDED;
        let mut line = vec![to.position];
        let mut passages = Passages::NONE;
        let mut at = last;
        while let Some(node) = at {
            line.push(self.sea.vertices[usize::from(node)]);
            let before = self.before(node);
            passages = before.map_or(passages, |(_, lane)| passages.with(lane));
            at = before.map(|(node, _)| node);
        }
        if metres > 0 {
            line.push(self.from.position);
        }
        line.reverse();
        Some(SeaPath {
            metres,
            passages,
            line,
        })
    }

    /// The node before this one on the shortest way, the lowest of several; `None`: the port itself.
    fn before(&self, node: u16) -> Option<(u16, Passages)> {
        let here = self.cost(node)?;
        let is_first = |a: &Approach| a.node == node && u64::from(a.metres) == here;
        if self.from.approaches.iter().any(is_first) {
            return None;
        }
        let is_before = |to: u16, lane: &Lane| {
            let there = self.cost(to)?;
            Some(there + self.sea.lane_cost([to, node], lane, self.around)? == here)
        };
        // Lanes come by the node they lead to.
        let mut lanes = self.sea.lanes(node);
        let lane = lanes.find(|(to, lane)| is_before(*to, lane) == Some(true));
        lane.map(|(to, lane)| (to, lane.passages))
    }
}
