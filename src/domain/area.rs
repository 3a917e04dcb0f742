//! Areas: nation > region > city, and where a place belongs.

use super::{ids::*, incident::Priority, place::Place, time::Zone, words::words};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

words! {
    /// Where an area stands in the tree.
    Level, "level" {
        /// Mabes.
        Nation = "nation",
        /// Polda.
        Region = "region",
        /// Polres, Polresta, Polrestabes.
        City = "city",
    }
}

words! {
    /// What happens when an incident opens.
    OfferMode, "offer mode" {
        /// The nearest free unit is asked at once.
        Auto = "auto",
        /// The nearest free unit is asked when a desk of the city takes the report, or when none took it in time; at
        /// once where the city's flow has no follow-up.
        OnClaim = "on_claim",
        /// The nearest free unit is proposed to a dispatcher.
        Manual = "manual",
    }
}

/// How near to a neighbour a scene must be for the neighbour's units to be candidates too, unless a city sets it
/// otherwise, metres: some three minutes of an urgent ride. As in the migration that brought the setting.
pub const DEFAULT_AID_M: i64 = 2_000;

/// The most that a city may set, metres: as far as units are looked for.
pub const AID_M_MAX: i64 = 30_000;

/// Ten minutes: what Balikpapan promises, and the national target of 2026, milliseconds.
pub const DEFAULT_TARGET_MS: i64 = 600_000;

/// The promise of a city for each priority, milliseconds, P1 first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Targets(pub [i64; 4]);

impl Default for Targets {
    fn default() -> Self {
        Self([DEFAULT_TARGET_MS; 4])
    }
}

impl Targets {
    /// The target for one priority, milliseconds.
    #[must_use]
    pub const fn of(self, priority: Priority) -> i64 {
        self.0[priority as usize]
    }
}

/// An area without its boundary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Area {
    /// `BPN`.
    pub code: AreaCode,
    /// The area above; `None` for the nation.
    pub parent: Option<AreaCode>,
    /// Where it stands in the tree.
    pub level: Level,
    /// As people say it.
    pub name: String,
    /// The government's code, as in `64.71`.
    pub official_code: Option<String>,
    /// Whose days count.
    pub zone: Zone,
    /// The middle, where a map opens.
    pub centre: Place,
    /// What happens when an incident opens.
    pub offers: OfferMode,
    /// Mutual aid: how near to a neighbouring city a scene must be for the neighbour's units to be candidates too,
    /// metres. 0: the city takes no part, it neither asks nor is asked.
    pub aid_m: i64,
    /// The promise.
    pub targets: Targets,
}

/// The tree of areas, as far as permission needs it.
#[derive(Clone, Debug, Default)]
pub struct AreaTree {
    parents: HashMap<AreaCode, Option<AreaCode>>,
}

impl AreaTree {
    /// The tree of these areas.
    #[must_use]
    pub fn new(areas: impl IntoIterator<Item = (AreaCode, Option<AreaCode>)>) -> Self {
        Self { parents: areas.into_iter().collect() }
    }

    /// Whether `area` is `root` or lies below it. Unknown areas are within nothing, not even themselves.
    #[must_use]
    pub fn is_within(&self, area: AreaCode, root: AreaCode) -> bool {
        let mut at = Some(area);
        // Nation, region, city: three levels; the bound keeps a broken tree from looping.
        for _ in 0..4 {
            let Some(code) = at else { return false };
            let Some(parent) = self.parents.get(&code) else { return false };
            if code == root {
                return true;
            }
            at = *parent;
        }
        false
    }

    /// All areas within `root`, itself included, in code order.
    #[must_use]
    pub fn within(&self, root: AreaCode) -> Vec<AreaCode> {
        let mut all: Vec<_> = self.parents.keys().copied().filter(|&a| self.is_within(a, root)).collect();
        all.sort_unstable();
        all
    }

    /// The area above.
    #[must_use]
    pub fn parent(&self, area: AreaCode) -> Option<AreaCode> {
        self.parents.get(&area).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{access::*, refusal::Refusal};
    use std::sync::Arc;

    fn code(s: &str) -> AreaCode {
        s.parse().unwrap()
    }

    #[test]
    fn a_region_includes_its_cities_and_hides_the_others() {
        let (id, kaltim, bpn, smd) = (code("ID"), code("KALTIM"), code("BPN"), code("SMD"));
        let tree = Arc::new(AreaTree::new([(id, None), (kaltim, Some(id)), (bpn, Some(kaltim)), (smd, Some(kaltim))]));
        assert_eq!(tree.within(kaltim), [bpn, kaltim, smd]);
        let scope = Scope::new(AccountId::random(), [Grant { area: bpn, role: Role::Commander }], tree.clone());
        assert_eq!(scope.require(bpn, Act::SeeDesk), Ok(()));
        assert_eq!(scope.require(bpn, Act::Dispatch), Err(Refusal::Forbidden { needs: Role::Dispatcher }));
        assert_eq!(scope.require(smd, Act::See), Err(Refusal::NotFound("area")));
        assert_eq!(scope.require(code("XX"), Act::See), Err(Refusal::NotFound("area")));
        let region = Scope::new(AccountId::random(), [Grant { area: kaltim, role: Role::Dispatcher }], tree);
        assert!(region.may(smd, Act::Dispatch) && !region.may(id, Act::See));
        // Passing a report on goes up from one's own desk, and nowhere else.
        assert!(region.require_pass(id).is_ok() && region.require_pass(smd).is_ok());
        assert_eq!(region.areas(Act::TakeReport).collect::<Vec<_>>(), [kaltim]);
        assert_eq!(scope.require_pass(kaltim), Err(Refusal::NotFound("area")), "a commander takes no reports");
    }
}
