//! Refrigerated factors and uplift.

use crate::factors::testkit::*;

#[test]
fn a_refrigerated_factor_even_an_ended_one_comes_before_uplift() {
    let rows = [
        "factor_id=warm",
        "factor_id=cold temperature=refrigerated valid_to=2024-01-01",
    ];
    let set = set(vec![transport("one/1", &rows)], &[]);
    assert_eq!(
        ask(&set, "CNCKG CNQZH 2023-05-01 cold"),
        "one/1:cold 10/2 Q05"
    );
    assert_eq!(
        ask(&set, "CNCKG CNQZH 2024-05-01 cold"),
        "one/1:cold 10/2 Q05|Q17"
    );
    assert_eq!(ask(&set, "CNCKG CNQZH 2024-05-01"), "one/1:warm 10/2 Q05");
}

#[test]
fn both_parts_are_uplifted_half_to_even() {
    let rows = ["factor_id=warm operation_g=0.000000125 provision_g=7.5 valid_to=2024-01-01"];
    let set = set(vec![transport("one/1", &rows)], &["sea = \"1.1\""]);
    // 125 x 1.1 = 137.5 goes to the even 138.
    assert_eq!(
        ask(&set, "CNCKG CNQZH 2023-05-01 cold"),
        "one/1:warm 0.000000138/8.25 Q05|Q07"
    );
    assert_eq!(
        ask(&set, "CNCKG CNQZH 2024-05-01 cold"),
        "one/1:warm 0.000000138/8.25 Q05|Q07|Q17"
    );
}

#[test]
fn without_an_uplift_for_the_mode_nothing_applies() {
    let set = set(
        vec![transport("one/1", &["factor_id=warm operation=road.truck"])],
        &[],
    );
    assert_eq!(
        ask(&set, "CNCKG CNQZH 2024-05-01 op:road.truck cold"),
        "NoUplift"
    );
}

#[test]
fn hubs_have_their_own_uplift() {
    let set = set(
        vec![hub("one/1", &["factor_id=t"])],
        &["sea = \"1.12\"\nhub = \"2\""],
    );
    assert_eq!(
        ask(&set, "CNQZH CNQZH 2024-05-01 op:hub.terminal cold"),
        "one/1:t 20/4 Q05|Q07"
    );
}
