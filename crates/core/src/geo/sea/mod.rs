//! The sea graph: shipping lanes between nodes of the sea, and ports that are pinned to nodes. Answers how far it is from
//! one port to others when some passages are closed.
//!
//! Lengths are great circles in whole metres, rounded up, so that no way is shorter than the great circle of its ends.
//! No vessel, draught, season or port rotation is known here, and nothing of places beyond their ports.

mod file;
mod frontier;
mod lengths;
mod passage;
mod search;

pub use lengths::Lengths;
pub use passage::Closures;
pub use passage::Passages;
pub use search::Reach;
pub use search::SeaPath;

use super::land::Shores;
use super::{Point, Vertex, great_circle_exact};
use crate::model::id::LocationCode;
use petgraph::csr::Csr;

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
    /// By node: passages that it lies within, all of its lanes leading through them.
    within: Vec<Passages>,
    /// Every lane in both directions.
    graph: Csr<(), Lane, petgraph::Directed, u16>,
    /// By code.
    ports: Vec<(LocationCode, Port)>,
}

impl SeaGraph {
    /// Name and version of the network, for the source of a distance.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// Number of nodes and of edges.
    pub fn size(&self) -> (usize, usize) {
        (self.vertices.len(), self.graph.edge_count() / 2)
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

    /// Every edge with its ends and length, from the lower node to the higher.
    pub fn edges(&self) -> impl Iterator<Item = (Vertex, Vertex, u32)> {
        (0u16..).zip(&self.vertices).flat_map(move |(node, at)| {
            let lanes = self.lanes(node).filter(move |(to, _)| *to > node);
            lanes.map(move |(to, lane)| (*at, self.vertices[usize::from(to)], lane.metres))
        })
    }

    /// Lanes from a node, by the node that they lead to.
    #[inline]
    fn lanes(&self, node: u16) -> impl Iterator<Item = (u16, &Lane)> {
        let to = self.graph.neighbors_slice(node);
        to.iter().copied().zip(self.graph.edges_slice(node))
    }
}
