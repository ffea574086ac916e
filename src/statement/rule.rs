//! Which scope and category of the GHG Protocol the figures of an element belong to, from what is known of it. What is not known is a reason,
//! never a guess.

/// A closed list, each with the word for it in files.
pub(super) trait Coded: Copy + 'static {
    /// All of them, in order.
    const ALL: &'static [Self];

    /// The word in files.
    fn code(self) -> &'static str;

    /// The one with this word, in whatever case.
    fn of(code: &str) -> Option<Self> {
        let is = |one: &&Self| one.code().eq_ignore_ascii_case(code);
        Self::ALL.iter().find(is).copied()
    }
}

/// Declares a closed list.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum $name { $($(#[$each])* $variant,)+ }

        impl $crate::statement::rule::Coded for $name {
            const ALL: &'static [$name] = &[$($name::$variant),+];

            fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }
        }
    };
}
pub(super) use coded;

coded! {
    /// Where emissions are reported.
    Category {
        /// Direct emissions.
        Scope1 = "scope_1",
        /// Purchased electricity.
        Scope2 = "scope_2",
        /// Purchased goods and services: what moves before the own supplier.
        Purchased = "scope_3_1",
        /// Fuel- and energy-related activities that are in neither scope 1 nor scope 2.
        Energy = "scope_3_3",
        /// Upstream transportation and distribution.
        Upstream = "scope_3_4",
        /// Downstream transportation and distribution.
        Downstream = "scope_3_9",
        /// Something that decides is not known.
        Unknown = "not_determined",
    }
}

coded! {
    /// What the reporter is to the goods.
    Role {
        /// Sells them.
        Seller = "seller",
        /// Buys them.
        Buyer = "buyer",
        /// Moves them for others.
        Carrier = "carrier",
        /// Has them moved for others.
        Forwarder = "forwarder",
    }
}

coded! {
    /// Which way goods go, seen from the reporter.
    Direction {
        /// To the reporter: bought.
        Inbound = "inbound",
        /// From the reporter: sold.
        Outbound = "outbound",
        /// Between its own places.
        Internal = "internal",
    }
}

coded! {
    /// Who operates a vehicle or a hub.
    Operator {
        /// The reporter.
        Own = "own",
        /// Somebody else.
        Other = "other",
    }
}

coded! {
    /// Who pays for an element of sold goods.
    Account {
        /// The seller.
        Seller = "seller",
        /// The buyer.
        Buyer = "buyer",
    }
}

coded! {
    /// Whose supplier the goods come from.
    Tier {
        /// The reporter's own.
        First = "1",
        /// One of a supplier.
        Beyond = "2",
    }
}

coded! {
    /// Why a category is not known.
    Reason {
        /// No carrier, and nothing else says who operates.
        NoOperator = "no_operator",
        /// A word for the operator that is none.
        OperatorWord = "operator_word",
        /// A hub that no record is of, and nothing says who operates hubs.
        InferredHub = "inferred_hub",
        /// An own vehicle whose energy nothing names.
        NoEnergy = "no_energy",
        /// Own electricity whose generation and upstream are one figure.
        Electricity = "electricity",
        /// No direction.
        NoDirection = "no_direction",
        /// A word for the direction that is none.
        DirectionWord = "direction_word",
        /// No tier.
        NoTier = "no_tier",
        /// A word for the tier that is none.
        TierWord = "tier_word",
        /// No incoterm.
        NoIncoterm = "no_incoterm",
        /// A word for the incoterm that is none.
        IncotermWord = "incoterm_word",
        /// No named place.
        NoPlace = "no_place",
        /// A named place that is no location code.
        PlaceWord = "place_word",
        /// The chain does not touch the named place.
        PlaceElsewhere = "place_elsewhere",
        /// The chain comes to the named place more than once.
        PlaceTwice = "place_twice",
        /// A transport within the named place.
        WithinPlace = "within_place",
        /// FCA at the first place of the chain, and a hub there: premises or terminal is not known.
        FcaHub = "fca_hub",
    }
}

/// What is known, or why it is not.
pub(super) type Known<T> = Result<T, Reason>;

/// What an own vehicle runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    /// Something that it burns or converts itself.
    Fuel,
    /// Electricity from outside; millionths of the provision that are its generation, where somebody says so.
    Electricity(Option<i128>),
}

/// What decides about an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub operator: Known<Operator>,
    pub power: Known<Power>,
    pub direction: Known<Direction>,
    pub tier: Known<Tier>,
    pub account: Known<Account>,
}

/// Figures of an element by category, with the first reason why one is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub operation: Category,
    /// The provision, or what is left of it.
    pub provision: Category,
    /// Millionths of the provision that are scope 2.
    pub scope_2_share: i128,
    pub reason: Option<Reason>,
}

impl Verdict {
    fn both(category: Category) -> Verdict {
        Verdict {
            operation: category,
            provision: category,
            scope_2_share: 0,
            reason: None,
        }
    }

    fn unknown(reason: Reason) -> Verdict {
        Verdict {
            reason: Some(reason),
            ..Verdict::both(Category::Unknown)
        }
    }
}

/// The verdict on an element.
pub(super) fn verdict(role: Role, facts: &Facts) -> Verdict {
    judged(role, facts).unwrap_or_else(Verdict::unknown)
}

fn judged(role: Role, facts: &Facts) -> Known<Verdict> {
    if facts.operator? == Operator::Own {
        return Ok(own(facts.power?));
    }
    let category = match role {
        Role::Carrier | Role::Forwarder => Category::Upstream,
        Role::Seller | Role::Buyer => match facts.direction? {
            Direction::Internal => Category::Upstream,
            Direction::Inbound => match facts.tier? {
                Tier::First => Category::Upstream,
                Tier::Beyond => Category::Purchased,
            },
            Direction::Outbound => match facts.account? {
                Account::Seller => Category::Upstream,
                Account::Buyer => Category::Downstream,
            },
        },
    };
    Ok(Verdict::both(category))
}

fn own(power: Power) -> Verdict {
    let (operation, provision, scope_2_share, reason) = match power {
        Power::Fuel => (Category::Scope1, Category::Energy, 0, None),
        Power::Electricity(Some(share)) => (Category::Scope2, Category::Energy, share, None),
        Power::Electricity(None) => {
            let reason = Some(Reason::Electricity);
            (Category::Scope2, Category::Unknown, 0, reason)
        }
    };
    Verdict {
        operation,
        provision,
        scope_2_share,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(operator: Operator, direction: Direction, tier: Tier, account: Account) -> Facts {
        Facts {
            operator: Ok(operator),
            power: Ok(Power::Fuel),
            direction: Ok(direction),
            tier: Ok(tier),
            account: Ok(account),
        }
    }

    #[test]
    fn each_role_and_direction() {
        use {Account as A, Category as C, Direction as D, Operator as O, Role as R, Tier as T};
        let is = |role, direction, tier, account, wanted| {
            let found = verdict(role, &facts(O::Other, direction, tier, account));
            assert_eq!(found, Verdict::both(wanted), "{role:?} {direction:?}");
            // Who drives decides before anything else does.
            let found = verdict(role, &facts(O::Own, direction, tier, account));
            assert_eq!((found.operation, found.provision), (C::Scope1, C::Energy));
        };
        for role in [R::Seller, R::Buyer] {
            is(role, D::Outbound, T::First, A::Seller, C::Upstream);
            is(role, D::Outbound, T::First, A::Buyer, C::Downstream);
            // Bought from the own supplier: whoever pays.
            is(role, D::Inbound, T::First, A::Seller, C::Upstream);
            is(role, D::Inbound, T::First, A::Buyer, C::Upstream);
            is(role, D::Inbound, T::Beyond, A::Buyer, C::Purchased);
            is(role, D::Internal, T::Beyond, A::Buyer, C::Upstream);
        }
        for role in [R::Carrier, R::Forwarder] {
            is(role, D::Outbound, T::Beyond, A::Buyer, C::Upstream);
        }
    }

    #[test]
    fn what_is_not_asked_need_not_be_known() {
        let nothing = Facts {
            operator: Ok(Operator::Other),
            power: Err(Reason::NoEnergy),
            direction: Err(Reason::NoDirection),
            tier: Err(Reason::NoTier),
            account: Err(Reason::NoIncoterm),
        };
        let reason = |role, facts: &Facts| verdict(role, facts).reason;
        assert_eq!(reason(Role::Carrier, &nothing), None);
        assert_eq!(reason(Role::Buyer, &nothing), Some(Reason::NoDirection));
        let inbound = Facts {
            direction: Ok(Direction::Inbound),
            ..nothing
        };
        assert_eq!(reason(Role::Buyer, &inbound), Some(Reason::NoTier));
        let outbound = Facts {
            direction: Ok(Direction::Outbound),
            ..nothing
        };
        assert_eq!(reason(Role::Seller, &outbound), Some(Reason::NoIncoterm));
        let own = Facts {
            operator: Ok(Operator::Own),
            ..nothing
        };
        assert_eq!(reason(Role::Carrier, &own), Some(Reason::NoEnergy));
    }

    #[test]
    fn electricity_is_divided_only_where_somebody_says_how() {
        let told = own(Power::Electricity(Some(900_000)));
        assert_eq!(told.operation, Category::Scope2);
        assert_eq!(
            (told.provision, told.scope_2_share, told.reason),
            (Category::Energy, 900_000, None)
        );
        let untold = own(Power::Electricity(None));
        assert_eq!(
            (untold.operation, untold.provision, untold.reason),
            (
                Category::Scope2,
                Category::Unknown,
                Some(Reason::Electricity)
            )
        );
    }
}
