//! Energy rows that give way to those of a what-if.

use super::factor::Section;
use super::library::Library;
use super::region::Region;
use super::zones::Zones;

impl Library {
    /// Removes energy rows of other editions whose energy carrier has a row in `edition` for a region that holds theirs. A narrower
    /// region would win over it otherwise, and the what-if would change nothing.
    pub fn displace_energy(&mut self, edition: &str, zones: &Zones) {
        let Some(own) = self
            .sources
            .iter()
            .position(|s| &*s.folder == edition)
            .map(|i| i as u32)
        else {
            return;
        };
        let regions: Vec<Option<Region>> = self
            .regions
            .iter()
            .map(|name| Region::resolve(name, zones).ok())
            .collect();
        let of = |index: u32| regions[index as usize].as_ref();
        let energy = |source_is_own: bool| {
            self.rows.iter().filter(move |r| {
                r.factor.section == Section::Energy && (r.factor.source == own) == source_is_own
            })
        };
        let wins: Vec<_> = energy(true).map(|r| (r.energy_carrier, r.region)).collect();
        let gives_way = |carrier, region| {
            let inside = |wide: u32| {
                of(region)
                    .zip(of(wide))
                    .is_some_and(|(narrow, wide)| narrow.is_within(wide))
            };
            wins.iter().any(|(c, wide)| *c == carrier && inside(*wide))
        };
        let gone: Vec<_> = energy(false)
            .filter(|r| gives_way(r.energy_carrier, r.region))
            .map(|r| r.factor.id.clone())
            .collect();
        self.rows.retain(|r| !gone.contains(&r.factor.id));
    }
}
