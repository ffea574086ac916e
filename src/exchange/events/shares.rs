//! The part that each of several shipments has in one container: as a list says, else equal ones.

use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Parts by shipment and container, in any unit that is the same for all of a container: percent, kilograms, cubic metres.
pub(crate) type Shares = BTreeMap<[String; 2], i128>;

/// Millionths of a whole container.
pub(super) const ONE: i128 = 1_000_000;

/// The part of a shipment, and whether it is known or assumed equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Decimal of six places.
    pub part: String,
    /// `stated` or `equal`.
    pub source: &'static str,
}

/// The parts of shipments in a container, one for each; together exactly one. `None`: it has one shipment.
pub(crate) fn of(
    shipments: &[String],
    container: &str,
    shares: &Shares,
) -> Result<Option<Vec<Share>>> {
    if shipments.len() < 2 {
        return Ok(None);
    }
    let stated = |shipment: &String| {
        shares
            .get(&[shipment.clone(), container.to_owned()])
            .copied()
    };
    let given: Vec<Option<i128>> = shipments.iter().map(stated).collect();
    let source = if given.iter().any(Option::is_some) {
        "stated"
    } else {
        "equal"
    };
    if let (true, Some(at)) = (source == "stated", given.iter().position(Option::is_none)) {
        return Err(Error::Usage(format!(
            "--shares: container {container} is shared by {}, and the list has no part for {}",
            shipments.join(", "),
            shipments[at]
        )));
    }
    let weights: Vec<i128> = given.into_iter().map(|g| g.unwrap_or(1)).collect();
    let total: i128 = weights.iter().sum();
    let mut parts: Vec<i128> = weights.iter().map(|w| w * ONE / total).collect();
    // What rounding left goes to the largest remainders, of equal ones to the first.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(weights[i] * ONE % total));
    let mut rest = ONE - parts.iter().sum::<i128>();
    for i in order {
        if rest > 0 {
            parts[i] += 1;
            rest -= 1;
        }
    }
    let share = |part: i128| Share {
        part: format!("{}.{:06}", part / ONE, part % ONE),
        source,
    };
    Ok(Some(parts.into_iter().map(share).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_together_are_one_container() {
        let names = ["A", "B", "C"].map(str::to_owned);
        let parts = |shares: &Shares| -> Vec<String> {
            let shares = of(&names, "X", shares).unwrap().unwrap();
            shares
                .into_iter()
                .map(|s| format!("{} {}", s.part, s.source))
                .collect()
        };
        assert_eq!(
            parts(&Shares::new()),
            ["0.333334 equal", "0.333333 equal", "0.333333 equal"]
        );
        let of_x = |shipment: &str| [shipment.to_owned(), "X".to_owned()];
        let mut shares = Shares::from([(of_x("A"), 500), (of_x("B"), 1000), (of_x("C"), 500)]);
        assert_eq!(
            parts(&shares),
            ["0.250000 stated", "0.500000 stated", "0.250000 stated"]
        );
        shares.remove(&of_x("C"));
        let fault = of(&names, "X", &shares).unwrap_err().to_string();
        assert!(fault.contains("no part for C"), "{fault}");
        assert_eq!(of(&names[..1], "X", &shares).unwrap(), None);
    }
}
