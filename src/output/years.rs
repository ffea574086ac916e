//! The tables of one period against another (docs/years.md), written as those of two runs are.

use super::columns::{Optional, Required, Sum, Text, published_table};

published_table! {
    /// Drivers by corridor, load status, basis and mode.
    YearDrivers = "drivers", columns of driver;
    corridor_id: Optional<Text>;
    load_status: Optional<Text>;
    activity_basis: Optional<Text>;
    mode: Optional<Text>;
    activity_base: Required<Sum<9>>;
    activity_new: Required<Sum<9>>;
    ghg_base_kg: Required<Sum<9>>;
    ghg_new_kg: Required<Sum<9>>;
    difference_kg: Required<Sum<9>>;
    activity_kg: Required<Sum<9>>;
    mode_mix_kg: Required<Sum<9>>;
    intensity_kg: Required<Sum<9>>;
    of_which_factor_year_kg: Required<Sum<9>>;
    of_which_method_break_kg: Required<Sum<9>>;
    without_activity_kg: Required<Sum<9>>;
}

published_table! {
    /// Lanes that both periods have.
    YearLanes = "lanes", columns of lane;
    corridor_id: Optional<Text>;
    load_status: Optional<Text>;
    activity_basis: Optional<Text>;
    mode: Optional<Text>;
    origin: Optional<Text>;
    destination: Optional<Text>;
    activity_base: Required<Sum<9>>;
    activity_new: Required<Sum<9>>;
    ghg_base_kg: Required<Sum<9>>;
    ghg_new_kg: Required<Sum<9>>;
}

published_table! {
    /// Restatement of the base.
    YearRestatement = "restatement", columns of restated;
    corridor_id: Optional<Text>;
    load_status: Optional<Text>;
    activity_basis: Optional<Text>;
    mode: Optional<Text>;
    ghg_published_kg: Required<Sum<9>>;
    ghg_restated_kg: Required<Sum<9>>;
    corrections: Required<Sum<9>>;
    method_breaks: Required<Sum<9>>;
    factor_choice: Required<Sum<9>>;
    method: Required<Sum<9>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::columns::PublishedTable;

    #[test]
    fn the_causes_are_the_last_columns_in_their_order() {
        let names: Vec<&str> = YearRestatement::FIELDS.iter().map(|f| f.name).collect();
        let causes = ["corrections", "method_breaks", "factor_choice", "method"];
        assert_eq!(names[names.len() - causes.len()..], causes);
    }
}
