//! The file of the sea graph; its layout stands in `docs/formats.md`.

use super::{Approach, Lane, Passages, Port, SeaGraph, Vertex};
use crate::geo::signed::{Malformed, Records, open, wrong};
use crate::model::id::LocationCode;
use petgraph::csr::Csr;

/// Nodes and ports are numbered with 16 bits.
const MOST: u32 = u16::MAX as u32;
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
        let [nodes, _, ports, _] = opened.counts;
        if nodes.max(ports) > MOST {
            return Err(wrong(
                format!("{nodes} nodes, {ports} ports"),
                "at most 65535 of each",
            ));
        }
        let mut records = opened.records;
        let graph = body(&mut records, opened.counts, opened.name)?;
        records.end()?;
        Ok(graph)
    }
}

fn csr(
    mut lanes: Vec<(u16, u16, Lane)>,
    nodes: u32,
) -> Result<Csr<(), Lane, petgraph::Directed, u16>, Malformed> {
    lanes.sort_unstable_by_key(|(from, to, _)| (*from, *to));
    let mut graph = Csr::from_sorted_edges(&lanes)
        .map_err(|_| wrong("edges out of order", "edges in ascending order"))?;
    // Nodes above the last one with a lane are places all the same.
    while graph.node_count() < nodes as usize {
        graph.add_node(());
    }
    Ok(graph)
}

fn body(
    records: &mut Records,
    [nodes, edges, ports, approaches]: [u32; 4],
    network: &str,
) -> Result<SeaGraph, Malformed> {
    let vertices = (0..nodes)
        .map(|_| vertex(records))
        .collect::<Result<Vec<_>, _>>()?;
    // A lane in each direction; a damaged count may not reserve more than the file can hold.
    let mut lanes: Vec<(u16, u16, Lane)> = Vec::with_capacity(2 * records.at_most(edges, 10));
    let mut last = None;
    for _ in 0..edges {
        let (a, b) = (index(records, nodes)?, index(records, nodes)?);
        if a >= b || last.is_some_and(|last| last >= (a, b)) {
            return Err(wrong(
                format!("an edge of nodes {a} and {b}"),
                "edges from a lower node to a higher one, in ascending order",
            ));
        }
        last = Some((a, b));
        let metres = metres(records)?;
        let passages = Passages::from_bits(records.u16()?);
        let lane = Lane { metres, passages };
        lanes.push((a, b, lane));
        lanes.push((b, a, lane));
    }
    let mut within = vec![None; nodes as usize];
    for (from, _, lane) in &lanes {
        let of_node = &mut within[usize::from(*from)];
        *of_node = Some(of_node.map_or(lane.passages, |p: Passages| p.both(lane.passages)));
    }
    let within = within.into_iter().map(Option::unwrap_or_default).collect();
    let graph = csr(lanes, nodes)?;
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
        within,
        graph,
        ports: harbours,
    })
}
