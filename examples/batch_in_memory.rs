//! A batch in memory: rows that never were in a file, to footprints that are in none.
//!
//!     cargo run --release --example batch_in_memory

use arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use green_corridor::Engine;
use green_corridor::quantity::{NANO_SCALE, decimal_text, grouped};
use std::error::Error;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::shipped("open")?;
    // Two calls, as two tasks of a larger engine would make them; a shipment never stands in both.
    let mut sums = green_corridor::Sums::default();
    for shipment in ["S1", "S2"] {
        let computed = engine.compute(&[movements(shipment)?])?;
        println!(
            "{shipment}: {} elements, {} rows rejected",
            computed.elements.num_rows(),
            computed.rejected.num_rows()
        );
        sums.merge(&computed.sums);
    }
    println!(
        "{} shipments: {} kg CO2e",
        sums.shipments,
        grouped(&decimal_text(sums.totals.total(), NANO_SCALE))
    );
    Ok(())
}

/// Chongqing - Qinzhou by rail, Qinzhou - Singapore by sea: movement records with the columns of docs/formats.md.
fn movements(shipment: &str) -> Result<RecordBatch, Box<dyn Error>> {
    let text = |cells: [&str; 2]| Arc::new(StringArray::from(cells.to_vec())) as ArrayRef;
    Ok(RecordBatch::try_from_iter([
        ("shipment_id", text([shipment, shipment])),
        ("movement_id", text(["rail", "sea"])),
        ("container_id", text(["CSQU3054383", "CSQU3054383"])),
        ("container_type", text(["42G1", "42G1"])),
        (
            "sequence",
            Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef,
        ),
        ("mode", text(["rail", "sea"])),
        ("origin", text(["CNCKG", "CNQZH"])),
        ("destination", text(["CNQZH", "SGSIN"])),
        (
            "departed_at",
            text(["2025-03-15T04:52:00Z", "2025-03-19T02:00:00Z"]),
        ),
        (
            "cargo_mass_kg",
            Arc::new(Float64Array::from(vec![18_250.125, 18_250.125])) as ArrayRef,
        ),
    ])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_and_two_calls_come_to_what_one_does() {
        main().unwrap();
        let engine = Engine::shipped("open").unwrap();
        let batches = ["S1", "S2"].map(|shipment| movements(shipment).unwrap());
        let together = engine.compute(&batches).unwrap();
        let mut apart = engine.compute(&batches[..1]).unwrap().sums;
        apart.merge(&engine.compute(&batches[1..]).unwrap().sums);
        assert_eq!(together.sums, apart);
        assert_eq!((apart.rows, apart.accepted, apart.shipments), (4, 4, 2));
        assert!(apart.totals.total() > 0 && together.rejected.num_rows() == 0);
    }
}
