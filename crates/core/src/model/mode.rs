//! Transport modes and the small closed code lists of a movement record.

use std::ops::{AddAssign, Index, IndexMut};

/// Mode of a transport chain element; `Hub` stands for hub operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum Mode {
    /// Road transport.
    #[default]
    Road = 0,
    /// Rail transport.
    Rail = 1,
    /// Sea transport.
    Sea = 2,
    /// Inland waterway transport.
    InlandWaterway = 3,
    /// Air transport.
    Air = 4,
    /// A hub operation: terminal, warehouse, transhipment.
    Hub = 5,
}

impl Mode {
    /// All modes in the order of docs/formats.md; `ALL[m as usize] == m`.
    pub const ALL: [Mode; 6] = [
        Mode::Road,
        Mode::Rail,
        Mode::Sea,
        Mode::InlandWaterway,
        Mode::Air,
        Mode::Hub,
    ];

    /// The code word used in files.
    pub const fn code(self) -> &'static str {
        match self {
            Mode::Road => "road",
            Mode::Rail => "rail",
            Mode::Sea => "sea",
            Mode::InlandWaterway => "inland_waterway",
            Mode::Air => "air",
            Mode::Hub => "hub",
        }
    }

    /// The mode with this code word, compared without case; aliases are data and live elsewhere.
    ///
    /// ```
    /// use green_corridor_core::model::mode::Mode;
    /// assert_eq!(Mode::from_code("Rail"), Some(Mode::Rail));
    /// ```
    pub fn from_code(code: &str) -> Option<Mode> {
        Mode::ALL
            .into_iter()
            .find(|m| m.code().eq_ignore_ascii_case(code))
    }
}

/// One value for each mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ByMode<T>(pub [T; Mode::ALL.len()]);

impl<T> ByMode<T> {
    /// A value for each mode.
    pub fn of(value: impl FnMut(Mode) -> T) -> ByMode<T> {
        ByMode(Mode::ALL.map(value))
    }

    /// The values with their modes, in the order of [`Mode::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Mode, &T)> {
        Mode::ALL.into_iter().zip(&self.0)
    }
}

impl<T> Index<Mode> for ByMode<T> {
    type Output = T;

    #[inline]
    fn index(&self, mode: Mode) -> &T {
        &self.0[mode as usize]
    }
}

impl<T> IndexMut<Mode> for ByMode<T> {
    #[inline]
    fn index_mut(&mut self, mode: Mode) -> &mut T {
        &mut self.0[mode as usize]
    }
}

/// Adds value by value.
impl AddAssign<&ByMode<i128>> for ByMode<i128> {
    fn add_assign(&mut self, other: &ByMode<i128>) {
        for (sum, part) in self.0.iter_mut().zip(other.0) {
            *sum += part;
        }
    }
}

/// Declares a closed list of code words with its file spelling.
macro_rules! code_list {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $value:literal => $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(u8)]
        pub enum $name { #[default] $($(#[$vdoc])* $variant = $value),+ }
        impl $name {
            /// All values; `ALL[v as usize] == v`.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The code word used in files; empty for "absent".
            pub const fn code(self) -> &'static str { match self { $($name::$variant => $code),+ } }
            /// The value with exactly this code word; `None` for an unknown or empty word.
            pub fn from_code(code: &str) -> Option<$name> {
                if code.is_empty() { return None; }
                $name::ALL.iter().copied().find(|v| v.code() == code)
            }
        }
    };
}

code_list! {
    /// Basis of a distance, in the terms of ISO 14083:2023: shortest feasible, great circle, actual.
    Basis {
        /// No distance, or a hub.
        Absent = 0 => "",
        /// Shortest feasible distance.
        Sfd = 1 => "sfd",
        /// Great-circle distance.
        Gcd = 2 => "gcd",
        /// Actual distance.
        Actual = 3 => "actual",
    }
}

code_list! {
    /// Where a distance was found.
    DistanceSource {
        /// A hub has none.
        Absent = 0 => "",
        /// The movement record itself.
        Reported = 1 => "reported",
        /// The distance file.
        Network = 2 => "network",
        /// Great circle between the two places.
        GreatCircle = 3 => "great_circle",
        /// A distance file of the user's own.
        OwnFile = 4 => "own_file",
        /// The shortest way over the sea graph.
        SeaGraph = 5 => "sea_graph",
        /// Great circle times a detour ratio, or a difference of river kilometres.
        Estimate = 6 => "estimate",
    }
}

code_list! {
    /// Load status of a container.
    LoadStatus {
        /// Carries cargo.
        Laden = 0 => "laden",
        /// An empty box being moved.
        Empty = 1 => "empty",
    }
}

code_list! {
    /// Temperature class of a movement or an intensity.
    Temperature {
        /// Not stated in the record; derived from the container type.
        Absent = 0 => "",
        /// Without temperature control.
        Ambient = 1 => "ambient",
        /// Temperature controlled.
        Refrigerated = 2 => "refrigerated",
    }
}

code_list! {
    /// Unit of an energy quantity.
    EnergyUnit {
        /// No quantity.
        Absent = 0 => "",
        /// Kilograms.
        Kg = 1 => "kg",
        /// Litres.
        Litre = 2 => "l",
        /// Kilowatt-hours.
        KWh = 3 => "kWh",
        /// Megajoules.
        Mj = 4 => "MJ",
    }
}

code_list! {
    /// Status of a record.
    RecordStatus {
        /// Counts.
        Active = 0 => "active",
        /// Withdraws its movement when it is the latest record.
        Cancelled = 1 => "cancelled",
    }
}

code_list! {
    /// What an emission intensity is per.
    Per {
        /// Tonne-kilometre.
        Tkm = 0 => "tkm",
        /// TEU-kilometre.
        TeuKm = 1 => "teukm",
        /// Tonne (hubs).
        T = 2 => "t",
        /// TEU (hubs).
        Teu = 3 => "teu",
        /// Container (hubs).
        Container = 4 => "container",
        /// Kilogram of an energy carrier.
        Kg = 5 => "kg",
        /// Litre of an energy carrier.
        Litre = 6 => "l",
        /// Kilowatt-hour of an energy carrier.
        KWh = 7 => "kWh",
        /// Megajoule of an energy carrier.
        Mj = 8 => "MJ",
    }
}

impl Per {
    /// The unit as people write it; tables hold [`Per::code`].
    pub const fn unit(self) -> &'static str {
        match self {
            Per::Tkm => "t.km",
            Per::TeuKm => "TEU.km",
            Per::T => "t",
            Per::Teu => "TEU",
            Per::Container => "container",
            Per::Kg => "kg",
            Per::Litre => "l",
            Per::KWh => "kWh",
            Per::Mj => "MJ",
        }
    }
}

code_list! {
    /// ISO 14083 data category of an intensity.
    DataCategory {
        /// Primary data.
        Primary = 0 => "primary",
        /// Modelled data.
        Modelled = 1 => "modelled",
        /// Default values.
        Default = 2 => "default",
    }
}

impl DataCategory {
    /// The category of what such a figure and a distance of this source make together: no better than the worse of the two.
    pub fn over(self, distance: DistanceSource) -> DataCategory {
        match (self, distance) {
            (DataCategory::Primary, DistanceSource::Estimate) => DataCategory::Modelled,
            (own, _) => own,
        }
    }
}
