//! Why there is no chain: which condition closes it, or which link is missing.

use super::network::{Network, PlaceIndex};
use super::request::{Avoid, Request};
use super::search::MOST_ELEMENTS;
use crate::geo::great_circle_m;
use crate::reference::Reference;

/// One sentence. `has_chain` tells whether a request with fewer conditions has one.
pub fn no_chain(
    network: &Network,
    reference: &Reference,
    request: &Request,
    mut has_chain: impl FnMut(&Request) -> bool,
) -> String {
    let lane = format!(
        "no chain from {} to {}",
        request.origin, request.destination
    );
    let opening: Vec<&str> = relaxed(request)
        .into_iter()
        .filter(|(_, r)| has_chain(r))
        .map(|(name, _)| name)
        .collect();
    if !opening.is_empty() {
        return format!(
            "{lane} under these conditions; there is one without {}",
            opening.join(", or without ")
        );
    }
    format!("{lane}: {}", missing(network, reference, request))
}

/// The request with each of its conditions lifted in turn, and then all of them.
fn relaxed(request: &Request) -> Vec<(&'static str, Request)> {
    let lift = |name, change: &dyn Fn(&mut Request)| {
        let mut lifted = request.clone();
        change(&mut lifted);
        (name, lifted)
    };
    let all = vec![
        lift("--via", &|r| r.via.clear()),
        lift("--avoid", &|r| r.avoid = Avoid::default()),
        lift("--modes", &|r| r.modes.clear()),
        lift("--max-days", &|r| r.most_hours = None),
        lift("--arrive-by", &|r| r.arrive_by = None),
        lift("any condition", &|r| {
            r.via.clear();
            r.avoid = Avoid::default();
            r.modes.clear();
            r.most_hours = None;
            r.arrive_by = None;
        }),
    ];
    all.into_iter()
        .filter(|(_, lifted)| lifted != request)
        .collect()
}

fn missing(network: &Network, reference: &Reference, request: &Request) -> String {
    let (Some(origin), Some(destination)) = (
        network.place(request.origin),
        network.place(request.destination),
    ) else {
        let lost = if network.place(request.origin).is_none() {
            request.origin
        } else {
            request.destination
        };
        return format!(
            "no service and no distance touches {lost}; add one with --services or --distances"
        );
    };
    let from = joined(network, request, origin, true);
    let to = joined(network, request, destination, false);
    let count = |side: &[bool]| side.iter().filter(|r| **r).count() - 1;
    if from.iter().zip(&to).any(|(a, b)| *a && *b) {
        return format!(
            "it would take more than {MOST_ELEMENTS} elements, or leaves the validity of its services"
        );
    }
    let point = |i: usize| reference.point(network.places[i]);
    let side =
        |reached: &[bool]| -> Vec<usize> { (0..reached.len()).filter(|i| reached[*i]).collect() };
    let pairs = side(&from)
        .into_iter()
        .flat_map(|a| side(&to).into_iter().map(move |b| (a, b)));
    let nearest = pairs
        .filter_map(|(a, b)| Some((great_circle_m(point(a)?, point(b)?), a, b)))
        .min();
    let gap = match nearest {
        Some((metres, a, b)) => format!(
            "the shortest missing link is {} - {}, {} km great circle",
            network.places[a],
            network.places[b],
            metres / 1000
        ),
        None => "places without coordinates, so that the missing link cannot be named".to_owned(),
    };
    format!(
        "{} leads on to {} places and {} is reached from {}, none of them the same; {gap}",
        request.origin,
        count(&from),
        request.destination,
        count(&to)
    )
}

/// Places that admitted links join to `start`, itself included: on from it, or leading to it.
fn joined(network: &Network, request: &Request, start: PlaceIndex, onward: bool) -> Vec<bool> {
    let mut reached = vec![false; network.places.len()];
    reached[start as usize] = true;
    let mut is_growing = true;
    while is_growing {
        is_growing = false;
        for (link, (a, b)) in network.links.iter().zip(&network.ends) {
            let (near, far) = if onward { (*a, *b) } else { (*b, *a) };
            if reached[near as usize] && !reached[far as usize] && request.admits(link) {
                reached[far as usize] = true;
                is_growing = true;
            }
        }
    }
    reached
}
