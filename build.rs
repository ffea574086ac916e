//! Library, data and table templates are compiled in file by file: a file that is added or removed must bring a new build.

fn main() {
    for folder in ["emission_factors", "data", "examples/factor-tables"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
