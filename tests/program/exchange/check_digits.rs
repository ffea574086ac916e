//! Check digits of container numbers, computed as the standard describes them and as the program does.

/// Letters of ISO 6346 with their values: from 10 on, 11, 22 and 33 left out. Written out, where the program counts.
const LETTER_VALUES: [(char, u64); 26] = [
    ('A', 10),
    ('B', 12),
    ('C', 13),
    ('D', 14),
    ('E', 15),
    ('F', 16),
    ('G', 17),
    ('H', 18),
    ('I', 19),
    ('J', 20),
    ('K', 21),
    ('L', 23),
    ('M', 24),
    ('N', 25),
    ('O', 26),
    ('P', 27),
    ('Q', 28),
    ('R', 29),
    ('S', 30),
    ('T', 31),
    ('U', 32),
    ('V', 34),
    ('W', 35),
    ('X', 36),
    ('Y', 37),
    ('Z', 38),
];

/// The check digit as the standard describes it: the weighted sum, less 11 times its rounded-down eleventh; 10 counts as 0.
fn check_digit(ten: &str) -> u64 {
    let (mut sum, mut weight) = (0, 1);
    for c in ten.chars() {
        let letter = LETTER_VALUES.iter().find(|(letter, _)| *letter == c);
        let value = letter.map_or_else(|| c.to_digit(10).map(u64::from), |(_, value)| Some(*value));
        sum += value.expect("a letter or a digit") * weight;
        weight *= 2;
    }
    match sum - sum / 11 * 11 {
        10 => 0,
        rest => rest,
    }
}

/// 4,000 container numbers from a fixed seed, each with all ten digits; every letter stands at every place of the owner code.
#[test]
fn check_digits_are_those_of_the_standard() {
    // The example of the standard's own text, and one whose rest is 10.
    assert_eq!(
        (check_digit("CSQU305438"), check_digit("OJKZ472047")),
        (3, 0)
    );
    let letter = |n: u64| LETTER_VALUES[(n % 26) as usize].0;
    let mut state = 6346u64;
    let mut digits = [0; 10];
    for n in 0..4000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let owner: String = [n, n / 26 + state % 7, state >> 40]
            .map(letter)
            .iter()
            .collect();
        let category = ['U', 'J', 'Z'][n as usize % 3];
        let ten = format!("{owner}{category}{:06}", (state >> 20) % 1_000_000);
        let right = check_digit(&ten);
        digits[right as usize] += 1;
        for digit in 0..10 {
            let id = format!("{ten}{digit}");
            let is_right = green_corridor_core::model::id::is_iso6346(id.as_bytes());
            assert_eq!(is_right, digit == right, "{id}");
        }
    }
    assert!(digits.iter().all(|&n| n > 200), "{digits:?}");
}
