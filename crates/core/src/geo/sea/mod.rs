//! The sea graph: shipping lanes between nodes of the sea, and ports that are pinned to nodes. Answers how far it is from
//! one port to others when some passages are closed.
//!
//! Lengths are great circles in whole metres, rounded up, so that no way is shorter than the great circle of its ends.
//! No vessel, draught, season or port rotation is known here, and nothing of places beyond their ports.

mod file;
mod lengths;
mod passage;

pub use lengths::Lengths;
pub use passage::Passages;

use super::land::Shores;
use super::{Point, Vertex, great_circle_exact};
use crate::model::id::LocationCode;
use petgraph::algo::dijkstra;
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::{EdgeFiltered, EdgeRef};

/// A port with a longer approach is off the lanes, metres.
pub const FAR_M: u32 = 50_000;
/// Nodes looked at when a port is pinned, and most that are taken.
const CANDIDATES: usize = 40;
const MOST_APPROACHES: usize = 4;
/// A node may be twice as far as the nearest one, and this much, metres.
const DETOUR_M: u32 = 20_000;

/// A lane between two nodes.
#[derive(Clone, Copy, Debug)]
struct Lane {
    metres: u32,
    passages: Passages,
}

/// The way from a port to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approach {
    node: u16,
    /// Length, metres.
    pub metres: u32,
}

/// A port: where it is and which nodes its ships make for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Where it is.
    pub position: Vertex,
    /// At least one in a shipped graph.
    pub approaches: Vec<Approach>,
}

impl Port {
    /// Length of the shortest approach, metres; above [`FAR_M`] distances from here deserve a look.
    pub fn approach_m(&self) -> u32 {
        self.approaches.iter().map(|a| a.metres).min().unwrap_or(0)
    }
}

/// Lanes and ports; see [`SeaGraph::load`].
#[derive(Clone, Debug)]
pub struct SeaGraph {
    network: String,
    vertices: Vec<Vertex>,
    graph: UnGraph<(), Lane, u16>,
    /// By code.
    ports: Vec<(LocationCode, Port)>,
}

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
    avoid: Passages,
    /// By node.
    metres: Vec<Option<u64>>,
}

impl SeaGraph {
    /// Name and version of the network, for the source of a distance.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// Number of nodes and of edges.
    pub fn size(&self) -> (usize, usize) {
        (self.graph.node_count(), self.graph.edge_count())
    }

    /// A port by its code.
    pub fn port(&self, code: LocationCode) -> Option<&Port> {
        self.ports
            .binary_search_by_key(&code, |(c, _)| *c)
            .ok()
            .map(|i| &self.ports[i].1)
    }

    /// Every port, by code.
    pub fn ports(&self) -> impl Iterator<Item = (LocationCode, &Port)> {
        self.ports.iter().map(|(code, port)| (*code, port))
    }

    /// A port that the file lacks: pinned to the nearest nodes whose approach does not lead over land, as far as the outline
    /// shows. `None`: there is none among the nearest. A long approach means that the port is off the lanes; see
    /// [`Port::approach_m`].
    pub fn pin(&self, position: Vertex, shores: &Shores) -> Option<Port> {
        let here = Point::from(position);
        // Rounded up, so that a way is never shorter than the great circle of its ends.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a great circle is at most 20,015,114 m"
        )]
        let metres =
            |at: &Vertex| (libm::ceil(great_circle_exact(here, Point::from(*at))) as u32).max(1);
        let mut nearest: Vec<_> = self
            .vertices
            .iter()
            .zip(0u16..)
            .map(|(at, node)| (metres(at), node))
            .collect();
        nearest.sort_unstable();
        nearest.truncate(CANDIDATES);
        let mut approaches: Vec<Approach> = Vec::new();
        for (metres, node) in nearest {
            let is_far = approaches
                .first()
                .is_some_and(|first| metres > 2 * first.metres + DETOUR_M);
            if approaches.len() == MOST_APPROACHES || is_far {
                break;
            }
            if !shores.is_crossed(position, self.vertices[usize::from(node)]) {
                approaches.push(Approach { node, metres });
            }
        }
        (!approaches.is_empty()).then_some(Port {
            position,
            approaches,
        })
    }

    /// Every edge with its ends and length, in the order of the file.
    pub fn edges(&self) -> impl Iterator<Item = (Vertex, Vertex, u32)> {
        let at = |node: NodeIndex<u16>| self.vertices[node.index()];
        self.graph
            .edge_references()
            .map(move |e| (at(e.source()), at(e.target()), e.weight().metres))
    }

    /// Distances from a port to all nodes without the passages of `avoid`.
    pub fn reach(&self, from: &Port, avoid: Passages) -> Reach<'_> {
        // The port becomes a node for as long as the search takes: no other port is ever a way through.
        let mut graph = self.graph.clone();
        let start = graph.add_node(());
        for approach in &from.approaches {
            let lane = Lane {
                metres: approach.metres,
                passages: Passages::NONE,
            };
            graph.add_edge(start, NodeIndex::from(approach.node), lane);
        }
        let open = EdgeFiltered::from_fn(&graph, |e| !e.weight().passages.meets(avoid));
        let found = dijkstra(&open, start, None, |e| u64::from(e.weight().metres));
        let mut metres = vec![None; self.vertices.len()];
        for (node, distance) in found {
            if node != start {
                metres[node.index()] = Some(distance);
            }
        }
        Reach {
            sea: self,
            from: from.clone(),
            avoid,
            metres,
        }
    }

    /// The shortest way between two ports. `None`: one of them is unknown here, or no way is left open.
    pub fn path(&self, from: LocationCode, to: LocationCode, avoid: Passages) -> Option<SeaPath> {
        let to = self.port(to)?;
        self.reach(self.port(from)?, avoid).path(to)
    }
}

impl Reach<'_> {
    /// Metres to a port. `None`: no way is left open. 0: it is the same place.
    pub fn metres(&self, to: &Port) -> Option<u64> {
        self.landfall(to).map(|(metres, _)| metres)
    }

    /// Length and last node; `None` as node: the same place. Of equal ways the one over the lowest node.
    fn landfall(&self, to: &Port) -> Option<(u64, Option<u16>)> {
        if to.position == self.from.position {
            return Some((0, None));
        }
        let over = |a: &Approach| {
            Some((
                self.metres[usize::from(a.node)]? + u64::from(a.metres),
                Some(a.node),
            ))
        };
        to.approaches.iter().filter_map(over).min()
    }

    /// The way to a port. Of equal ways always the same one, whatever order the search took.
    pub fn path(&self, to: &Port) -> Option<SeaPath> {
        let (metres, last) = self.landfall(to)?;
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
        let here = self.metres[usize::from(node)]?;
        if self
            .from
            .approaches
            .iter()
            .any(|a| a.node == node && u64::from(a.metres) == here)
        {
            return None;
        }
        let lanes = self.sea.graph.edges(NodeIndex::from(node));
        let open = lanes.filter(|lane| !lane.weight().passages.meets(self.avoid));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "vertices are counted in 16 bits by their file"
        )]
        let tight = open.filter_map(|lane| {
            let (other, weight) = (lane.target(), lane.weight());
            let there = self.metres[other.index()]?;
            (there + u64::from(weight.metres) == here)
                .then_some((other.index() as u16, weight.passages))
        });
        tight.min_by_key(|(other, _)| *other)
    }
}
