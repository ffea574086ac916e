//! Where the named place of an Incoterms rule cuts a chain, and on whose account each side of it is.

use super::rule::{Account, Known, Reason, coded};
use crate::model::id::LocationCode;
use std::cmp::Ordering;

coded! {
    /// A rule of Incoterms 2020.
    Incoterm {
        /// Ex works.
        Exw = "EXW",
        /// Free carrier.
        Fca = "FCA",
        /// Free alongside ship.
        Fas = "FAS",
        /// Free on board.
        Fob = "FOB",
        /// Cost and freight.
        Cfr = "CFR",
        /// Cost, insurance and freight.
        Cif = "CIF",
        /// Carriage paid to.
        Cpt = "CPT",
        /// Carriage and insurance paid to.
        Cip = "CIP",
        /// Delivered at place.
        Dap = "DAP",
        /// Delivered at place unloaded.
        Dpu = "DPU",
        /// Delivered duty paid.
        Ddp = "DDP",
    }
}

/// An element of a chain, as far as the cut needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub is_hub: bool,
    pub from: LocationCode,
    pub to: LocationCode,
}

/// Where an element lies, seen from a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Before it.
    Before,
    /// A hub there; whether the chain begins with it.
    Hub(bool),
    /// Behind it.
    After,
}

/// Which side of the place each element of a container's chain is on, in its order.
pub(super) fn sides(links: &[Link], place: LocationCode) -> Vec<Known<Side>> {
    // The places in order; two elements that meet share one.
    let mut stops: Vec<LocationCode> = Vec::new();
    let mut spans = Vec::new();
    for link in links {
        if stops.last() != Some(&link.from) {
            stops.push(link.from);
        }
        let from = stops.len() - 1;
        if link.to != link.from {
            stops.push(link.to);
        }
        spans.push((from, stops.len() - 1));
    }
    let mut found = (0..stops.len()).filter(|at| stops[*at] == place);
    let at = match (found.next(), found.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(_)) => Err(Reason::PlaceTwice),
        (None, _) => Err(Reason::PlaceElsewhere),
    };
    let begins_with_hub = links.first().is_some_and(|link| link.is_hub);
    // An element ends at the stop where it begins, or at the next one.
    let side = |(link, (from, to)): (&Link, (usize, usize))| {
        let at = at?;
        match from.cmp(&at) {
            Ordering::Less => Ok(Side::Before),
            Ordering::Greater => Ok(Side::After),
            Ordering::Equal if to > at => Ok(Side::After),
            Ordering::Equal if link.is_hub => Ok(Side::Hub(at == 0 && begins_with_hub)),
            Ordering::Equal => Err(Reason::WithinPlace),
        }
    };
    links.iter().zip(spans).map(side).collect()
}

/// On whose account an element is.
pub(super) fn account(rule: Incoterm, side: Side) -> Known<Account> {
    use Incoterm::{Cfr, Cif, Cip, Cpt, Dap, Ddp, Dpu, Exw, Fas, Fca, Fob};
    match side {
        Side::Before => Ok(Account::Seller),
        Side::After => Ok(Account::Buyer),
        Side::Hub(is_first) => match rule {
            // Alongside, on board, unloaded: what is done there is done by the seller.
            Fas | Fob | Dpu => Ok(Account::Seller),
            // At the seller's premises the seller loads, at a terminal nobody unloads for the buyer.
            Fca if is_first => Err(Reason::FcaHub),
            // Handed over not loaded, or not unloaded.
            Exw | Fca | Cfr | Cif | Cpt | Cip | Dap | Ddp => Ok(Account::Buyer),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Coded;
    use super::*;

    fn place(code: &str) -> LocationCode {
        LocationCode::parse(code.as_bytes()).unwrap()
    }

    /// `CNCKG-CNQZH` is a transport, `CNQZH` a hub.
    fn chain(text: &str) -> Vec<Link> {
        let link = |text: &str| match text.split_once('-') {
            Some((from, to)) => Link {
                is_hub: false,
                from: place(from),
                to: place(to),
            },
            None => Link {
                is_hub: true,
                from: place(text),
                to: place(text),
            },
        };
        text.split(' ').map(link).collect()
    }

    fn accounts(text: &str, rule: Incoterm, at: &str) -> String {
        let letter = |side: Known<Side>| match side.and_then(|side| account(rule, side)) {
            Ok(Account::Seller) => "s",
            Ok(Account::Buyer) => "b",
            Err(reason) => reason.code(),
        };
        let sides = sides(&chain(text), place(at)).into_iter().map(letter);
        sides.collect::<Vec<_>>().join(" ")
    }

    const WAY: &str = "CNLZH-CNCKG CNCKG CNCKG-CNQZH CNQZH CNQZH-SGSIN SGSIN SGSIN-SGJUR";

    #[test]
    fn the_named_place_cuts_the_chain() {
        use Incoterm::{Cfr, Cif, Cip, Cpt, Dap, Ddp, Dpu, Exw, Fas, Fca, Fob};
        for (rule, at, wanted) in [
            (Exw, "CNLZH", "b b b b b b b"),
            (Fca, "CNLZH", "b b b b b b b"),
            (Fca, "CNCKG", "s b b b b b b"),
            (Fca, "CNQZH", "s s s b b b b"),
            (Fas, "CNQZH", "s s s s b b b"),
            (Fob, "CNQZH", "s s s s b b b"),
            (Cfr, "SGSIN", "s s s s s b b"),
            (Cif, "SGSIN", "s s s s s b b"),
            (Cpt, "SGSIN", "s s s s s b b"),
            (Cip, "SGJUR", "s s s s s s s"),
            (Dap, "SGSIN", "s s s s s b b"),
            (Dpu, "SGSIN", "s s s s s s b"),
            (Ddp, "SGJUR", "s s s s s s s"),
        ] {
            assert_eq!(accounts(WAY, rule, at), wanted, "{rule:?} {at}");
        }
    }

    #[test]
    fn where_the_cut_is_not_known_nothing_is_guessed() {
        let all = |text: &str, reason: Reason| vec![reason.code(); chain(text).len()].join(" ");
        assert_eq!(
            accounts(WAY, Incoterm::Fob, "CNSHA"),
            all(WAY, Reason::PlaceElsewhere)
        );
        let there_and_back = "CNLZH-CNCKG CNCKG-CNLZH CNLZH-CNQZH";
        assert_eq!(
            accounts(there_and_back, Incoterm::Fob, "CNLZH"),
            all(there_and_back, Reason::PlaceTwice)
        );
        let within = "CNLZH-CNQZH CNQZH-CNQZH CNQZH CNQZH-SGSIN";
        assert_eq!(
            accounts(within, Incoterm::Fob, "CNQZH"),
            "s within_place s b"
        );
        let at_first = "CNQZH CNQZH-SGSIN";
        assert_eq!(accounts(at_first, Incoterm::Fca, "CNQZH"), "fca_hub b");
        assert_eq!(accounts(at_first, Incoterm::Fob, "CNQZH"), "s b");
    }

    #[test]
    fn a_gap_is_no_stop_twice() {
        // Nothing is known between Chongqing and Qinzhou; the cut is where it is.
        let gap = "CNLZH-CNCKG CNQZH-SGSIN SGSIN SGSIN-SGJUR";
        assert_eq!(accounts(gap, Incoterm::Fob, "CNQZH"), "s b b b");
        // A transport within a place on the way is on that side of the cut.
        let drayage = "CNCKG-CNCKG CNCKG-CNQZH CNQZH-SGSIN SGSIN-SGSIN";
        assert_eq!(accounts(drayage, Incoterm::Fob, "CNQZH"), "s s b b");
    }
}
