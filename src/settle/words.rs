//! The closed lists of words in the files of a settlement. Variants stand in the order of their texts, which is their order in keys.

use crate::model::mode::{LoadStatus, Mode};

/// What a cell says that may hold a word of a closed list.
pub(super) trait Word: Copy + 'static {
    /// The list.
    const ALL: &'static [Self];

    /// The word as it is written.
    fn text(self) -> &'static str;

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.text() == text)
    }
}

impl Word for LoadStatus {
    const ALL: &'static [LoadStatus] = LoadStatus::ALL;

    fn text(self) -> &'static str {
        self.code()
    }
}

impl Word for Mode {
    const ALL: &'static [Mode] = &Mode::ALL;

    fn text(self) -> &'static str {
        self.code()
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($word:ident = $code:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum $name { $(#[doc = $code] $word),+ }

        impl $name {
            pub(super) fn code(self) -> &'static str {
                match self { $($name::$word => $code),+ }
            }
        }

        impl Word for $name {
            const ALL: &'static [$name] = &[$($name::$word),+];

            fn text(self) -> &'static str {
                self.code()
            }
        }
    )+};
}

words! {
    /// What is charged for.
    ChargeKind { Carbon = "CARBON", Freight = "FREIGHT", Handling = "HANDLING", Other = "OTHER" }
    /// What kind of carbon charge it is.
    Class {
        CarrierPassthrough = "carrier_passthrough",
        Contract = "contract",
        Shadow = "shadow",
        Statutory = "statutory",
    }
    /// How far a charge has come.
    Stage { Agreed = "agreed", Invoiced = "invoiced", Quoted = "quoted" }
    /// What a unit is.
    Scope { Element = "element", Shipment = "shipment" }
    /// What a rate is for.
    Per {
        Container = "container",
        Flat = "flat",
        KgCo2e = "kg_co2e",
        T = "t",
        Teu = "teu",
        Tkm = "tkm",
        Unit = "unit",
    }
    /// Whether it may be paid.
    Status { Disputed = "disputed", Open = "open" }
    /// Whether it settles.
    Settles { No = "no", Yes = "yes" }
    /// Kind of a party.
    PartyKind { Authority = "authority", Company = "company" }
    /// Which emissions a price is for.
    Emissions { Operation = "operation", Total = "total" }
    /// Mass that a price is for.
    PriceUnit { Kg = "kg", T = "t" }
    /// Whether a price is in the law.
    Adoption { Adopted = "adopted", NotAdopted = "not_adopted" }
    /// Form of an agreement.
    Form { Bilateral = "bilateral", Multilateral = "multilateral" }
    /// Rounding of an agreement.
    RoundingWord { HalfEven = "half_even", HalfUp = "half_up" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_the_order_of_their_texts() {
        let sorted = |codes: Vec<&str>| codes.is_sorted();
        assert!(sorted(ChargeKind::ALL.iter().map(|w| w.code()).collect()));
        assert!(sorted(Class::ALL.iter().map(|w| w.code()).collect()));
        assert!(sorted(Stage::ALL.iter().map(|w| w.code()).collect()));
        assert!(sorted(Status::ALL.iter().map(|w| w.code()).collect()));
    }
}
