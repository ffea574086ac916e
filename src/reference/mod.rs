//! Reference data of a run: factors and profile, places, distances, container types, aliases, corridors, services.
//!
//! Bytes with labels come in; resolved lookups come out. No file access, no clock.

pub mod aliases;
pub mod containers;
pub mod corridors;
pub mod distances;
pub mod places;
pub mod services;

pub use crate::factors::profile::{Adjustment, HubEnd};
pub use crate::factors::{DataFile, Fault, Severity, Zones};
pub use aliases::ModeAliases;
pub use containers::{ContainerType, ContainerTypes};
pub use corridors::{Corridor, Corridors};
pub use distances::{Distance, Distances};
pub use places::{Place, Places};
pub use services::{Service, Services};

use crate::factors::{FactorSet, Profile};
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DistanceSource, Mode};
use crate::model::movement::OperationIndex;
use crate::model::vocabulary::Vocabulary;

/// Everything the kernel looks things up in.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Factors of the profile.
    pub factors: FactorSet,
    /// The method.
    pub profile: Profile,
    /// Container types.
    pub containers: ContainerTypes,
    /// Network distances.
    pub distances: Distances,
    /// Places.
    pub places: Places,
    /// Corridors.
    pub corridors: Corridors,
    /// Zones.
    pub zones: Zones,
    /// Mode aliases.
    pub aliases: ModeAliases,
    /// Services for route options.
    pub services: Services,
}

impl Reference {
    /// Reads and checks everything; `Ok` carries the warnings, `Err` every fault, errors and warnings.
    pub fn load(
        _library: &[DataFile],
        _profile_name: &str,
        _data: &[DataFile],
        _extra_locations: &[DataFile],
    ) -> Result<(Reference, Vec<Fault>), Vec<Fault>> {
        todo!()
    }

    /// Code words and defaults for parsing.
    pub fn vocabulary(&self) -> Vocabulary {
        todo!()
    }

    /// Distance in metres from the network file, else the great circle where the profile allows it.
    pub fn distance(
        &self,
        _mode: Mode,
        _origin: LocationCode,
        _destination: LocationCode,
    ) -> Option<(i64, Basis, DistanceSource)> {
        todo!()
    }

    /// How the profile makes a distance of basis `to` from one of basis `from`.
    pub fn adjustment(&self, _mode: Mode, _from: Basis, _to: Basis) -> Option<Adjustment> {
        todo!()
    }

    /// The hub between two neighbours, if the profile has one.
    pub fn hub(&self, _before: HubEnd, _after: HubEnd) -> Option<OperationIndex> {
        todo!()
    }
}
