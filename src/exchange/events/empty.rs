//! Empty containers. One that is moved for a purchaser is moved under a document, and is a consignment of its own; what a carrier moves
//! to where it needs it belongs to nobody's shipment, and to the empty running of the factors.

use super::occurrence::Occurrence;

/// Why an event of an empty container is not used.
pub(crate) const REPOSITIONED: &str =
    "empty, and no event of the movement names a document: the carrier's own repositioning";

/// Takes the carrier's own repositioning out of occurrences in their order.
pub(crate) fn without_repositioning<'e>(
    occurrences: Vec<Occurrence<'e>>,
) -> (Vec<Occurrence<'e>>, Vec<Occurrence<'e>>) {
    let is_own: Vec<bool> = (0..occurrences.len())
        .map(|i| occurrences[i].is_bare_empty() && !is_for_a_purchaser(&occurrences, i))
        .collect();
    let (mut kept, mut own) = (Vec::new(), Vec::new());
    for (occurrence, is_own) in occurrences.into_iter().zip(is_own) {
        if is_own { &mut own } else { &mut kept }.push(occurrence);
    }
    (kept, own)
}

/// Whether the other end of the movement has a document, or is not of an empty container.
fn is_for_a_purchaser(occurrences: &[Occurrence], at: usize) -> bool {
    let one = &occurrences[at];
    let (other, arrives) = if one.step().arrives() {
        (at.checked_sub(1), false)
    } else {
        (Some(at + 1), true)
    };
    other
        .and_then(|other| occurrences.get(other))
        .is_some_and(|other| other.step().arrives() == arrives && !other.is_bare_empty())
}
