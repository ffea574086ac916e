//! A sheet: computes the run file of `data/`, publishes the run into a folder of its own, and explains one shipment.
//!
//!     cargo run --release --example sheet

use green_corridor::plan::{Flags, Plan};
use green_corridor::sheet::Sheet;
use green_corridor::{Engine, Result};
use std::path::Path;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let sheet = sheet(home.path(), "SAMPLE-0000000001")?;
    println!("shipment {} of run {}", sheet.shipment_id, sheet.run_id);
    for element in &sheet.elements {
        let (from, to) = (&element.origin, &element.destination);
        println!(
            "  {:<16} {from} - {to}, factor {}",
            element.mode, element.factor.id
        );
    }
    for sum in &sheet.sums {
        println!("  {}: {}", sum.name, sum.value);
    }
    Ok(())
}

fn sheet(out: &Path, shipment: &str) -> Result<Sheet> {
    let said = Flags {
        run_file: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/run.toml")),
        out: Some(out.to_owned()),
        ..Flags::default()
    };
    let engine = Engine::of(Plan::open(&said, true)?);
    engine.run()?;
    engine.verify(None, true, None)?;
    engine.explain(shipment, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_has_a_factor() {
        let home = tempfile::tempdir().unwrap();
        let sheet = sheet(home.path(), "SAMPLE-0000000001").unwrap();
        assert!(sheet.elements.len() > 1 && sheet.elements.iter().all(|e| !e.factor.id.is_empty()));
        let error = super::sheet(home.path(), "nobody's").err().unwrap();
        assert_eq!(error.exit_code(), 2, "{error}");
    }
}
