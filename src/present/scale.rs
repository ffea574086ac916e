//! Places on a logarithmic axis, in whole numbers: the same page on every machine.

/// Fraction bits of a logarithm.
const BITS: u32 = 16;

/// log2 of a positive number, in 2^-16, cut; 0 for what is not positive.
pub(crate) fn log2(value: i128) -> i64 {
    if value <= 0 {
        return 0;
    }
    let whole = value.ilog2();
    // The mantissa in [1, 2) with 32 fraction bits; squaring it gives one bit of the logarithm after the other.
    let mut mantissa = if whole >= 32 {
        (value >> (whole - 32)) as u128
    } else {
        (value as u128) << (32 - whole)
    };
    let mut fraction = 0i64;
    for _ in 0..BITS {
        mantissa = (mantissa * mantissa) >> 32;
        fraction <<= 1;
        if mantissa >= 1 << 33 {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    (i64::from(whole) << BITS) + fraction
}

/// A logarithmic axis from a round number below the least value to one above the greatest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    low: i64,
    high: i64,
    /// Round numbers on the axis: 1, 2 and 5 times powers of ten.
    pub ticks: Vec<i128>,
}

impl Axis {
    /// The axis for positive values; `None` when there is none.
    pub(crate) fn new(values: &[i128]) -> Option<Axis> {
        let positive = || values.iter().copied().filter(|v| *v > 0);
        let (least, greatest) = (positive().min()?, positive().max()?);
        let round: Vec<i128> = (0..36)
            .flat_map(|power| [1, 2, 5].map(|n| n * 10i128.pow(power)))
            .collect();
        let below = round.iter().rposition(|r| *r <= least)?;
        let above = round.iter().position(|r| *r >= greatest)?.max(below + 1);
        let ticks = round.get(below..=above)?.to_vec();
        Some(Axis {
            low: log2(*ticks.first()?),
            high: log2(*ticks.last()?),
            ticks,
        })
    }

    /// Where a value lies on an axis of this length.
    pub(crate) fn at(&self, value: i128, length: i64) -> i64 {
        (log2(value) - self.low) * length / (self.high - self.low).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_whole_numbers() {
        assert_eq!(
            (log2(1), log2(8), log2(10) - log2(5)),
            (0, 3 << 16, 1 << 16)
        );
    }

    #[test]
    fn an_axis_holds_its_values_between_round_numbers() {
        let axis = Axis::new(&[0, 690, 20_750]).unwrap();
        assert_eq!(axis.ticks, [500, 1000, 2000, 5000, 10_000, 20_000, 50_000]);
        assert_eq!(
            (axis.at(500, 300), axis.at(50_000, 300), axis.at(5000, 300)),
            (0, 300, 150)
        );
        assert_eq!(Axis::new(&[0]), None);
        assert_eq!(Axis::new(&[5]).unwrap().ticks, [5, 10]);
    }
}
