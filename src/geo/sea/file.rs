//! The file of the sea graph: fixed-width little-endian records behind a magic word, counts and a digest, so that a
//! start costs no parsing. The layout stands in `docs/formats.md`.

use super::{Approach, Lane, Passages, Port, SeaGraph, Vertex};
use crate::model::id::LocationCode;
use petgraph::graph::{NodeIndex, UnGraph};
use sha2::{Digest, Sha256};
use std::fmt;

const MAGIC: &[u8; 6] = b"GCSEA\0";
const VERSION: u16 = 1;
/// Nodes and edges are numbered with 16 bits, of which petgraph keeps the last value for itself.
const MOST: u32 = u16::MAX as u32 - 1;
/// Half the circumference, rounded up: no edge is longer.
const LONGEST_M: u32 = 20_015_115;

/// Why a file is no sea graph. The caller knows the name of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What was found.
    pub found: String,
    /// What was wanted.
    pub wanted: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}, expected {}", self.found, self.wanted)
    }
}

impl std::error::Error for Malformed {}

fn wrong(found: impl fmt::Display, wanted: &'static str) -> Malformed {
    Malformed { found: found.to_string(), wanted }
}

/// Bytes not yet taken.
struct Rest<'b>(&'b [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) =
            self.0.split_first_chunk().ok_or_else(|| wrong("the end of the file", "more bytes: it is cut off"))?;
        self.0 = rest;
        Ok(*taken)
    }
    fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.take()?))
    }
    fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.take()?))
    }
    fn vertex(&mut self) -> Result<Vertex, Malformed> {
        let (latitude_e5, longitude_e5) = (i32::from_le_bytes(self.take()?), i32::from_le_bytes(self.take()?));
        if latitude_e5.unsigned_abs() > 9_000_000 || longitude_e5.unsigned_abs() > 18_000_000 {
            return Err(wrong(format!("{latitude_e5}, {longitude_e5}"), "a latitude and a longitude in 1e-5 degrees"));
        }
        Ok(Vertex { latitude_e5, longitude_e5 })
    }
    /// An index below `count`.
    fn index(&mut self, count: u32) -> Result<u16, Malformed> {
        let index = self.u16()?;
        if u32::from(index) >= count { Err(wrong(index, "the number of a node or port that is there")) } else { Ok(index) }
    }
    fn metres(&mut self) -> Result<u32, Malformed> {
        let metres = self.u32()?;
        if (1..=LONGEST_M).contains(&metres) { Ok(metres) } else { Err(wrong(metres, "a length of 1 to 20015115 m")) }
    }
}

impl SeaGraph {
    /// Reads a graph and checks it whole: magic word, version, digest, counts, ranges, and that nothing is left over.
    pub fn load(bytes: &[u8]) -> Result<SeaGraph, Malformed> {
        let mut rest = Rest(bytes);
        if &rest.take::<6>()? != MAGIC {
            return Err(wrong("another kind of file", "a sea graph"));
        }
        let version = rest.u16()?;
        if version != VERSION {
            return Err(wrong(format!("layout {version}"), "layout 1"));
        }
        let counts: [u32; 4] = [rest.u32()?, rest.u32()?, rest.u32()?, rest.u32()?];
        let name: [u8; 40] = rest.take()?;
        let signed = bytes.len() - rest.0.len();
        let digest: [u8; 32] = rest.take()?;
        let hash = Sha256::new().chain_update(&bytes[..signed]).chain_update(rest.0).finalize();
        if hash.as_slice() != digest {
            return Err(wrong("content of another digest", "the content that was written: the file is damaged"));
        }
        if counts.iter().any(|c| *c > MOST) {
            return Err(wrong(format!("{counts:?} nodes, edges, ports, approaches"), "at most 65534 of each"));
        }
        let network = std::str::from_utf8(&name).map_err(|_| wrong("other bytes", "a name in UTF-8"))?;
        let graph = body(&mut rest, counts, network.trim_end_matches('\0'))?;
        if !rest.0.is_empty() {
            return Err(wrong(format!("{} bytes more", rest.0.len()), "the end of the file"));
        }
        Ok(graph)
    }
}

fn body(rest: &mut Rest, [nodes, edges, ports, approaches]: [u32; 4], network: &str) -> Result<SeaGraph, Malformed> {
    let vertices = (0..nodes).map(|_| rest.vertex()).collect::<Result<Vec<_>, _>>()?;
    let mut graph: UnGraph<(), Lane, u16> = UnGraph::with_capacity(nodes as usize, edges as usize);
    for _ in 0..nodes {
        graph.add_node(());
    }
    for _ in 0..edges {
        let (a, b, metres) = (rest.index(nodes)?, rest.index(nodes)?, rest.metres()?);
        let passages = rest.u16()?;
        let passages = Passages::from_bits(passages).ok_or_else(|| wrong(passages, "bits of known passages"))?;
        graph.add_edge(NodeIndex::from(a), NodeIndex::from(b), Lane { metres, passages });
    }
    let mut harbours = Vec::with_capacity(ports as usize);
    for _ in 0..ports {
        let code = LocationCode(rest.u32()?);
        if LocationCode::parse(&code.bytes()) != Some(code) || harbours.last().is_some_and(|(last, _)| *last >= code) {
            return Err(wrong(code, "UN/LOCODEs in ascending order"));
        }
        harbours.push((code, Port { position: rest.vertex()?, approaches: Vec::new() }));
    }
    for _ in 0..approaches {
        let (port, node, metres) = (rest.index(ports)?, rest.index(nodes)?, rest.metres()?);
        harbours[usize::from(port)].1.approaches.push(Approach { node, metres });
    }
    Ok(SeaGraph { network: network.to_owned(), vertices, graph, ports: harbours })
}
