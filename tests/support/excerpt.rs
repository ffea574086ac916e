//! Printed text that a document shows, compared with what the program prints.

/// The blocks of printed text in a document.
pub(crate) fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```text\n")
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap_or_default())
}

/// Panics unless each line that is shown begins a line of `printed`. Columns may be closer to each other where an excerpt leaves out the
/// rows that make them wide.
#[track_caller]
pub(crate) fn assert_shown(shown: &str, printed: &str, what: &str) {
    let narrow = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let printed: Vec<String> = printed.lines().map(narrow).collect();
    let mut checked = 0;
    for line in shown.lines() {
        let wanted = narrow(line.split("...").next().unwrap_or_default());
        if !wanted.is_empty() {
            assert!(
                printed.iter().any(|line| line.starts_with(&wanted)),
                "{what} no longer prints: {line}"
            );
            checked += 1;
        }
    }
    assert!(checked >= 3, "{what}: {checked} lines were checked");
}
