//! Quality flags, `Q` and a number: a set of bits per element, and its text form.

/// A set of quality flags; bit `n` stands for code `Q<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub struct Flags(pub u64);

/// Declares the flags with their code and one line of explanation.
macro_rules! flags {
    ($($name:ident = $n:literal, $title:literal;)+) => {
        impl Flags {
            $(#[doc = $title] pub const $name: Flags = Flags(1 << $n);)+
            /// Every flag with its number and title, ascending.
            pub const LIST: &'static [(u8, &'static str)] = &[$(($n, $title)),+];
        }
    };
}

flags! {
    MASS_DEFAULTED = 1, "mass defaulted";
    DISTANCE_NETWORK = 2, "distance from network";
    DISTANCE_GREAT_CIRCLE = 3, "distance from great circle";
    BASIS_ASSUMED = 4, "distance basis assumed";
    WIDER_REGION = 5, "factor of a wider region";
    DISTANCE_ADJUSTED = 6, "distance adjusted";
    REFRIGERATED_UPLIFT = 7, "refrigerated uplift";
    HUB_INFERRED = 8, "hub inferred";
    CHAIN_GAP = 9, "chain gap";
    CHECK_DIGIT = 10, "container check digit";
    TEU_FROM_TYPE = 11, "TEU from type";
    OPERATION_DEFAULTED = 12, "operation defaulted";
    DEPARTS_EARLY = 13, "element departs before the previous one arrived";
    EMPTY_DEFAULT_MASS = 14, "empty box at tare or default mass";
    HUB_WITHOUT_FACTOR = 15, "hub without a factor";
    UNKNOWN_CONTAINER_TYPE = 16, "unknown container type";
    PAST_LAST_EDITION = 17, "factor past its last edition";
    ACTIVITY_ON_ACTUAL = 18, "activity on actual distance";
    WEAK_GWP_SET = 19, "factor of a CO2-only or unstated GWP set";
    DECIMALS_ROUNDED = 20, "decimals rounded";
    ORDER_BY_TIME = 21, "order by time";
    EMPTY_COUNTED_TWICE = 22, "empty box on an intensity that already holds empty running";
    UNKNOWN_PLACE = 23, "unknown place";
    REFRIGERATION_ASSUMED = 24, "refrigeration assumed from the container type";
    MASS_IMPLAUSIBLE = 25, "mass implausible";
    DISTANCE_IMPLAUSIBLE = 26, "distance implausible";
    TIME_IMPLAUSIBLE = 27, "duration or speed implausible";
    DATE_FAR_OUTSIDE = 28, "date far outside";
    BEFORE_FIRST_EDITION = 29, "factor before its first edition";
    TEU_IMPLAUSIBLE = 30, "TEU implausible";
    ENERGY_IMPLAUSIBLE = 31, "energy implausible";
    DISTANCE_SEA_GRAPH = 32, "distance over the sea graph";
    DISTANCE_ESTIMATED = 33, "distance estimated";
    DETOUR_ASSUMED = 34, "detour ratio is an own estimate";
    DISTANCE_RIVER = 35, "distance of river kilometres";
    DISTANCE_OWN_FILE = 36, "distance from an own file";
    DEPENDS_ON_PASSAGES = 37, "length depends on the state of a passage";
    GAUGE_BREAK = 38, "change of gauge on the way";
    PLACE_ALIAS = 39, "place known by another code";
    CARRIER_BASIS_ASSUMED = 40, "distance basis of a carrier's figure assumed";
    OUTSIDE_REFERENCE_PERIOD = 41, "activity outside the reference period of a carrier's figure";
    SHARE_ASSUMED = 42, "part of a shared box assumed equal";
    CARRIED_DIFFERS = 43, "records differ in a carried column";
}

impl Flags {
    /// No flag.
    pub const NONE: Flags = Flags(0);

    /// Flags of what a record states and cannot well be.
    pub const IMPLAUSIBLE: [Flags; 6] = [
        Flags::MASS_IMPLAUSIBLE,
        Flags::DISTANCE_IMPLAUSIBLE,
        Flags::TIME_IMPLAUSIBLE,
        Flags::DATE_FAR_OUTSIDE,
        Flags::TEU_IMPLAUSIBLE,
        Flags::ENERGY_IMPLAUSIBLE,
    ];

    /// Whether every flag of `other` is set.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// This set without the flags of `other`.
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// `other` when `condition` holds, else no flag.
    pub const fn when(self, condition: bool) -> Flags {
        if condition { self } else { Flags::NONE }
    }

    /// The set of a published text; `None` when it is not one: another spelling, or a flag that this program does not know.
    ///
    /// ```
    /// use green_corridor_core::model::flag::Flags;
    /// assert_eq!(Flags::from_text("Q02|Q06"), Some(Flags::DISTANCE_ADJUSTED | Flags::DISTANCE_NETWORK));
    /// assert_eq!(Flags::from_text("Q02|Q44"), None);
    /// ```
    pub fn from_text(text: &str) -> Option<Flags> {
        let codes = text.split('|').filter(|code| !code.is_empty());
        let bit = |code: &str| {
            let number = code.strip_prefix('Q')?.parse::<u8>().ok()?;
            let is_known = Flags::LIST.iter().any(|(known, _)| *known == number);
            is_known.then(|| 1u64 << number)
        };
        codes
            .map(bit)
            .try_fold(0, |set, bit| bit.map(|b| set | b))
            .map(Flags)
            .filter(|set| set.text() == text)
    }

    /// Codes ascending, joined by `|`; empty text when none.
    ///
    /// ```
    /// use green_corridor_core::model::flag::Flags;
    /// assert_eq!((Flags::DISTANCE_ADJUSTED | Flags::DISTANCE_NETWORK).text(), "Q02|Q06");
    /// ```
    pub fn text(self) -> String {
        let mut out = String::new();
        for n in 1..64 {
            if self.0 >> n & 1 == 1 {
                if !out.is_empty() {
                    out.push('|');
                }
                out.push_str(&format!("Q{n:02}"));
            }
        }
        out
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}
