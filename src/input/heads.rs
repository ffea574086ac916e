//! Names of columns as people and programs write them: the normal form by which a head is known, and heads that come close to a
//! column without being one. docs/formats.md, "Column heads".

#[cfg(test)]
use super::mapping::COLUMNS;

/// The normal form of a head: lower case, without white space, underscores, hyphens and characters that nobody sees; wide letters of East
/// Asian keyboards are the letters that they show.
///
/// ```text
/// "Cargo_Mass kg", "CARGO-MASS-KG", "\u{feff}cargo\u{a0}mass_kg"  ->  "cargomasskg"
/// ```
pub(crate) fn normal(head: &str) -> String {
    head.chars()
        .map(narrow)
        .filter(|&c| !is_passed_over(c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// `ｋｇ` as `kg`.
fn narrow(c: char) -> char {
    const WIDE: u32 = 0xff01 - 0x21;
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - WIDE).unwrap_or(c),
        other => other,
    }
}

fn is_passed_over(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '_' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        || is_invisible(c)
}

/// Soft hyphen, zero-width spaces and joiners, marks of direction, word joiner, byte order mark.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Units that are written behind a name, in normal form; longer ones first.
const UNITS: [&str; 21] = [
    "kilometres",
    "kilometers",
    "kilograms",
    "tonnes",
    "metres",
    "meters",
    "pounds",
    "miles",
    "tons",
    "tonne",
    "kgs",
    "lbs",
    "utc",
    "km",
    "kg",
    "lb",
    "mt",
    "mi",
    "nm",
    "t",
    "m",
];

/// Letters and digits of a normal form: `cargomass(kg)` without the brackets.
fn plain(normal: &str) -> String {
    normal.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn without_unit(plain: &str) -> &str {
    let rest = UNITS.iter().find_map(|unit| plain.strip_suffix(unit));
    // What is left must be a name.
    rest.filter(|rest| rest.len() >= 3).unwrap_or(plain)
}

/// Whether a head that is not `name` looks as if it was meant to be: the same but for a unit, punctuation or what stands before or behind it, or
/// a few letters off.
pub(super) fn is_close(head: &str, name: &str) -> bool {
    // `movement.mode`, `Movement/Mode`.
    let ends_so = head
        .rsplit(['.', '/', ':', '|', '\\', '>'])
        .next()
        .is_some_and(|last| last.len() < head.len() && normal(last) == normal(name));
    let (head, name) = (plain(&normal(head)), plain(&normal(name)));
    if head.is_empty() || name.is_empty() {
        return false;
    }
    if ends_so || (name.len() >= LONG_NAME && head.contains(&name)) || looks_alike(&head, &name) {
        return true;
    }
    let (bare_head, bare_name) = (without_unit(&head), without_unit(&name));
    if bare_head == bare_name || bare_head == name || head == bare_name {
        return true;
    }
    let most = match name.chars().count() {
        0..3 => 0,
        3..6 => 1,
        _ => 2,
    };
    distance_within(&head, &name, most)
}

/// Letters of a name that no other head holds by chance.
const LONG_NAME: usize = 8;

/// Whether the letters are the same but for some that only look so: `саrgomasskg` with two Cyrillic letters, `𝐜𝐚𝐫𝐠𝐨`.
fn looks_alike(head: &str, name: &str) -> bool {
    let pairs = || head.chars().zip(name.chars());
    let same = pairs().filter(|(a, b)| a == b).count();
    head.chars().count() == name.chars().count()
        && pairs().all(|(a, b)| a == b || !a.is_ascii())
        && same * 2 >= name.len()
}

/// Whether at most `most` letters are exchanged, lacking, too many, or swapped with their neighbour.
fn distance_within(a: &str, b: &str, most: usize) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return false;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + (a[i - 1] != b[j - 1]) as usize;
            let mut best = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()] <= most
}

/// The `name=value` folders on the way to a file, where the name is a column of ours or one that `[columns]` names: the column
/// and its value, `%20` and the like resolved.
pub(super) fn folder_values(label: &str, names: &[&str]) -> Result<Vec<(usize, String)>, String> {
    let mut values: Vec<(usize, String)> = Vec::new();
    let mut folders: Vec<&str> = label.split(['/', '\\']).collect();
    folders.pop();
    for folder in folders {
        let Some((name, value)) = folder.split_once('=') else {
            continue;
        };
        let name = normal(name);
        for (ours, _) in names
            .iter()
            .enumerate()
            .filter(|(_, theirs)| normal(theirs) == name)
        {
            let value = match unescaped(value) {
                // What writers of such folders put in the place of no value.
                value if value == "__HIVE_DEFAULT_PARTITION__" => String::new(),
                value => value,
            };
            match values.iter().find(|(column, _)| *column == ours) {
                Some((_, other)) if *other != value => {
                    return Err(format!(
                        "its folders give {} twice, as {other:?} and as {value:?}",
                        names[ours]
                    ));
                }
                Some(_) => {}
                None => values.push((ours, value)),
            }
        }
    }
    Ok(values)
}

/// Without the `%XX` escapes of a folder name.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = bytes
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|digits| {
                let digit = |b: u8| (b as char).to_digit(16);
                u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
            });
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_one_normal_form() {
        for head in [
            "cargo_mass_kg",
            "CARGO_MASS_KG",
            "Cargo Mass kg",
            "cargo-mass-kg",
            "cargo\u{a0}mass\u{a0}kg",
            "\u{feff}cargo_mass_kg",
            "cargo_\u{200b}mass_kg\u{200d}",
            "cargoMassKg",
            "cargo\u{202f}mass\u{2011}kg\t",
            "cargo_mass_kg\r",
            "ｃａｒｇｏ＿Ｍａｓｓ　ｋｇ",
        ] {
            assert_eq!(normal(head), "cargomasskg", "{head:?}");
        }
        assert_eq!(normal("Größe"), "größe");
        assert_ne!(normal("cargo_mass_(kg)"), "cargomasskg");
    }

    #[test]
    fn close_heads() {
        for (head, name) in [
            ("cargo_mass", "cargo_mass_kg"),
            ("Cargo Mass (kg)", "cargo_mass_kg"),
            ("cargo_mass_t", "cargo_mass_kg"),
            ("distance", "distance_km"),
            ("Distance [mi]", "distance_km"),
            ("distanec_km", "distance_km"),
            ("teus", "teu"),
            ("departed", "departed_at"),
            ("shipment", "shipment_id"),
            ("mdoe", "mode"),
            ("arrived_at_utc", "arrived_at"),
            ("movement.mode", "mode"),
            ("Movement/Container Type", "container_type"),
            ("leg_cargo_mass_kg", "cargo_mass_kg"),
            ("container_type_code", "container_type"),
            ("саrgо_mаss_kg", "cargo_mass_kg"),
            ("𝐜𝐚𝐫𝐠𝐨_mass_kg", "cargo_mass_kg"),
        ] {
            assert!(is_close(head, name), "{head} is close to {name}");
        }
        for (head, name) in [
            ("remark", "carrier"),
            ("weight", "cargo_mass_kg"),
            ("id", "teu"),
            ("", "mode"),
            ("name", "mode"),
            ("t", "teu"),
            ("vessel", "sequence"),
            ("transport_mode_of_payment", "mode"),
            ("货物重量", "mode"),
            ("(kg)", "cargo_mass_kg"),
        ] {
            assert!(!is_close(head, name), "{head} is not close to {name}");
        }
    }

    #[test]
    fn folders_that_name_a_column() {
        let values = |label: &str| folder_values(label, &COLUMNS);
        assert_eq!(
            values("in/mode=sea/part-0.parquet"),
            Ok(vec![(5, "sea".into())])
        );
        assert_eq!(
            values("in/year=2025/Carrier=A%20B%26C/origin=__HIVE_DEFAULT_PARTITION__/a.csv"),
            Ok(vec![(7, "A B&C".into()), (8, String::new())])
        );
        assert_eq!(
            values("in/mode=sea.csv"),
            Ok(vec![]),
            "a file's own name says nothing"
        );
        assert_eq!(values("mode=100%/a.csv"), Ok(vec![(5, "100%".into())]));
        assert!(values("mode=sea/mode=rail/a.csv").is_err());
    }
}
