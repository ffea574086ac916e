//! A program built without the feature `query` knows the command and says what it lacks.
#![cfg(not(feature = "query"))]

mod support;

use support::binary::green_corridor;

#[test]
fn report_says_what_this_build_lacks() {
    let ended = green_corridor(["report", "out"]).expect(2);
    assert!(
        ended.stderr.contains("built without reports"),
        "{}",
        ended.stderr
    );
}
