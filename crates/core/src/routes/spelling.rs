//! Places that a misspelt one may have meant.

use crate::model::id::LocationCode;
use crate::reference::Reference;

/// Suggestions offered.
const MOST: usize = 5;

/// The places nearest to `text` in code or name, nearest first, each as `CNCKG (Chongqing)`.
pub fn nearest(text: &str, reference: &Reference) -> Vec<String> {
    let wanted = text.trim().to_lowercase();
    let mut ranked: Vec<(usize, LocationCode, &str)> = Vec::new();
    for code in reference.places.codes() {
        let name = reference.places.get(code).map_or("", |p| &p.name);
        ranked.push((distance(&wanted, code, name), code, name));
    }
    ranked.sort_unstable();
    ranked.truncate(MOST);
    let shown = |(_, code, name): (usize, LocationCode, &str)| {
        if name.is_empty() {
            code.to_string()
        } else {
            format!("{code} ({name})")
        }
    };
    ranked.into_iter().map(shown).collect()
}

/// Edits to the code, or to the name or its first word; a name that begins with the text is as near as one edit.
fn distance(wanted: &str, code: LocationCode, name: &str) -> usize {
    let name = name.to_lowercase();
    let first = name.split([' ', '(', ',', '/']).next().unwrap_or("");
    let by_name = if wanted.len() > 2 && name.starts_with(wanted) {
        1
    } else {
        edits(wanted, &name).min(edits(wanted, first))
    };
    by_name.min(edits(wanted, &code.to_string().to_lowercase()))
}

/// Insertions, deletions, replacements and swaps of neighbours from one text to the other (optimal string alignment).
pub fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=b.len()).collect()];
    for i in 1..=a.len() {
        rows.rotate_left(1);
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = (a[i - 1] != b[j - 1]) as usize;
            row[j] = (rows[1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[0][j - 2] + 1);
            }
        }
        rows[2] = row;
    }
    rows[2][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_count_swaps_once() {
        for (a, b, want) in [
            ("kitten", "sitting", 3),
            ("cnckg", "cnckg", 0),
            ("cnckg", "cncgk", 1),
            ("sgsn", "sgsin", 1),
            ("", "abc", 3),
            ("cnckg", "sgsin", 5),
        ] {
            assert_eq!((edits(a, b), edits(b, a)), (want, want), "{a} {b}");
        }
    }
}
