//! The file of the sea graph; its layout stands in `docs/formats.md`.

use super::{Approach, Lane, Passages, Port, SeaGraph, Vertex};
use crate::geo::signed::{Malformed, Records, open, wrong};
use crate::model::id::LocationCode;
use petgraph::graph::{NodeIndex, UnGraph};

/// Nodes and edges are numbered with 16 bits, of which petgraph keeps the last value for itself.
const MOST: u32 = u16::MAX as u32 - 1;
/// Half the circumference, rounded up: no edge is longer.
const LONGEST_M: u32 = 20_015_115;

fn vertex(records: &mut Records) -> Result<Vertex, Malformed> {
    let (latitude_e5, longitude_e5) = (records.i32()?, records.i32()?);
    if latitude_e5.unsigned_abs() > 9_000_000 || longitude_e5.unsigned_abs() > 18_000_000 {
        return Err(wrong(
            format!("{latitude_e5}, {longitude_e5}"),
            "a latitude and a longitude in 1e-5 degrees",
        ));
    }
    Ok(Vertex {
        latitude_e5,
        longitude_e5,
    })
}

/// An index below `count`.
fn index(records: &mut Records, count: u32) -> Result<u16, Malformed> {
    let index = records.u16()?;
    if u32::from(index) < count {
        Ok(index)
    } else {
        Err(wrong(index, "the number of a node or port that is there"))
    }
}

fn metres(records: &mut Records) -> Result<u32, Malformed> {
    let metres = records.u32()?;
    if (1..=LONGEST_M).contains(&metres) {
        Ok(metres)
    } else {
        Err(wrong(metres, "a length of 1 to 20015115 m"))
    }
}

impl SeaGraph {
    /// Reads a graph and checks it whole: magic word, version, digest, counts, ranges, and that nothing is left over.
    pub fn load(bytes: &[u8]) -> Result<SeaGraph, Malformed> {
        let opened = open::<4>(bytes, b"GCSEA\0")?;
        if opened.counts.iter().any(|c| *c > MOST) {
            return Err(wrong(
                format!("{:?} nodes, edges, ports, approaches", opened.counts),
                "at most 65534 of each",
            ));
        }
        let mut records = opened.records;
        let graph = body(&mut records, opened.counts, opened.name)?;
        records.end()?;
        Ok(graph)
    }
}

fn body(
    records: &mut Records,
    [nodes, edges, ports, approaches]: [u32; 4],
    network: &str,
) -> Result<SeaGraph, Malformed> {
    let vertices = (0..nodes)
        .map(|_| vertex(records))
        .collect::<Result<Vec<_>, _>>()?;
    let mut graph: UnGraph<(), Lane, u16> = UnGraph::with_capacity(nodes as usize, edges as usize);
    for _ in 0..nodes {
        graph.add_node(());
    }
    for _ in 0..edges {
        let (a, b, metres) = (
            index(records, nodes)?,
            index(records, nodes)?,
            metres(records)?,
        );
        let passages = records.u16()?;
        let passages = Passages::from_bits(passages)
            .ok_or_else(|| wrong(passages, "bits of known passages"))?;
        graph.add_edge(
            NodeIndex::from(a),
            NodeIndex::from(b),
            Lane { metres, passages },
        );
    }
    let mut harbours = Vec::with_capacity(ports as usize);
    for _ in 0..ports {
        let code = LocationCode(records.u32()?);
        if LocationCode::parse(&code.bytes()) != Some(code)
            || harbours.last().is_some_and(|(last, _)| *last >= code)
        {
            return Err(wrong(code, "UN/LOCODEs in ascending order"));
        }
        harbours.push((
            code,
            Port {
                position: vertex(records)?,
                approaches: Vec::new(),
            },
        ));
    }
    for _ in 0..approaches {
        let (port, node, metres) = (
            index(records, ports)?,
            index(records, nodes)?,
            metres(records)?,
        );
        harbours[usize::from(port)]
            .1
            .approaches
            .push(Approach { node, metres });
    }
    Ok(SeaGraph {
        network: network.to_owned(),
        vertices,
        graph,
        ports: harbours,
    })
}
