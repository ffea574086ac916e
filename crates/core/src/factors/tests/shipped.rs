//! The library and data that ship with the program load under each profile without an error.

use crate::factors::*;
use crate::reference::Reference;
use std::path::Path;

fn read(root: &Path, folder: &Path, list: &mut Vec<DataFile>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(root, &path, list);
        } else {
            let label: Vec<_> = path
                .strip_prefix(root)
                .unwrap()
                .iter()
                .map(|p| p.to_str().unwrap())
                .collect();
            list.push(DataFile::new(
                label.join("/"),
                std::fs::read(&path).unwrap(),
            ));
        }
    }
}

#[test]
fn every_profile_loads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (factors, data) = (root.join("emission_factors"), root.join("data"));
    let (mut library, mut reference) = (Vec::new(), Vec::new());
    read(&factors, &factors, &mut library);
    read(&data, &data, &mut reference);
    let profiles: Vec<_> = library
        .iter()
        .filter_map(|f| f.path.strip_prefix("profiles/")?.strip_suffix(".toml"))
        .collect();
    assert!(!profiles.is_empty());
    for profile in profiles {
        match Reference::load(&library, profile, &reference, &[]) {
            Ok((loaded, _)) => assert!(!loaded.factors.factors.is_empty(), "{profile}"),
            Err(faults) => panic!(
                "{profile}:\n{}",
                faults
                    .iter()
                    .map(Fault::to_string)
                    .collect::<Vec<_>>()
                    .join("\n")
            ),
        }
    }
}
