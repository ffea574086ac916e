//! `docs/factors.md` is what the program makes of the shipped library today.

use crate::support::binary::green_corridor;

#[test]
fn the_document_of_the_library_is_current() {
    let made = green_corridor(["factors", "document"]).expect(0).stdout;
    let shipped = std::fs::read_to_string("docs/factors.md").expect("docs/factors.md");
    let first = made.lines().zip(shipped.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or(made.lines().count().min(shipped.lines().count()));
    assert!(
        made == shipped,
        "docs/factors.md is not current from line {}; make it anew: green-corridor factors document > docs/factors.md\nmade:    {:?}\nshipped: {:?}",
        line + 1,
        made.lines().nth(line),
        shipped.lines().nth(line)
    );
}
