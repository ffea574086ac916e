//! Tests that need what is not here: the skip is noted where `tests/run` counts it.

use std::io::Write;

/// Notes that `test` was skipped for want of `missing`, in the file that $GREEN_CORRIDOR_SKIPS names, if any.
pub(crate) fn skip(test: &str, missing: &str) {
    println!("{test}: skipped, {missing}");
    if let Some(path) = std::env::var_os("GREEN_CORRIDOR_SKIPS") {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("the file of skips opens");
        file.write_all(format!("{test}: {missing}\n").as_bytes())
            .expect("the skip is noted");
    }
}
