//! Areas, boundaries, districts and units' kinds in memory: read at start and whenever the journal says they changed.

use super::{Engine, Error};
use crate::domain::{
    access::Scope,
    area::{Area, AreaTree},
    atlas::{Atlas, District, Districts, Located},
    boundary::Boundary,
    desk::{Desk, Flow},
    ids::*,
    place::Place,
    unit::UnitKind,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Nation, region, city; the bound keeps a broken tree from looping.
const LEVELS: usize = 4;

/// One reading of the catalog.
#[derive(Default)]
pub struct Catalog {
    areas: HashMap<AreaCode, Area>,
    tree: Arc<AreaTree>,
    atlas: Atlas,
    districts: Districts,
    kinds: HashMap<UnitId, UnitKind>,
    desks: Vec<Desk>,
    flows: HashMap<AreaCode, Flow>,
}

/// The current reading.
#[derive(Default)]
pub(super) struct Catalogs {
    now: RwLock<Arc<Catalog>>,
    /// One reading at a time, so that an older one never takes the place of a newer one.
    reading: tokio::sync::Mutex<()>,
    /// A change was heard of and could not be read.
    stale: AtomicBool,
}

impl Catalogs {
    pub(super) fn current(&self) -> Arc<Catalog> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Catalog {
    /// One area.
    #[must_use]
    pub fn area(&self, code: AreaCode) -> Option<&Area> {
        self.areas.get(&code)
    }

    /// All areas, in no order.
    pub fn areas(&self) -> impl Iterator<Item = &Area> {
        self.areas.values()
    }

    /// The tree, for scopes.
    #[must_use]
    pub fn tree(&self) -> Arc<AreaTree> {
        Arc::clone(&self.tree)
    }

    /// Which city a place lies in.
    #[must_use]
    pub fn locate(&self, place: Place) -> Located {
        self.atlas.locate(place)
    }

    /// The cities beside `city` that begin within `within_m` of a place of it, with the metres, nearest first.
    #[must_use]
    pub fn neighbours(&self, city: AreaCode, place: Place, within_m: f64) -> Vec<(AreaCode, f64)> {
        self.atlas.neighbours(city, place, within_m)
    }

    /// Whether `other` begins within `within_m` of a place of `city`.
    #[must_use]
    pub fn is_neighbour(&self, city: AreaCode, other: AreaCode, place: Place, within_m: f64) -> bool {
        self.atlas.is_neighbour(city, other, place, within_m)
    }

    /// The boundary of a city.
    #[must_use]
    pub fn boundary(&self, city: AreaCode) -> Option<&Boundary> {
        self.atlas.boundary(city)
    }

    /// The districts of a city.
    #[must_use]
    pub fn districts(&self, city: AreaCode) -> &[District] {
        self.districts.of(city)
    }

    /// The district of a city that a place lies in.
    #[must_use]
    pub fn district(&self, city: AreaCode, place: Place) -> Option<String> {
        self.districts.district_of(city, place).map(|d| d.code.clone())
    }

    /// The desks of an area.
    pub fn desks(&self, area: AreaCode) -> impl Iterator<Item = &Desk> {
        self.desks.iter().filter(move |desk| desk.id.area == area)
    }

    /// The desk of a city's district, where it has one.
    #[must_use]
    pub fn district_desk(&self, city: AreaCode, district: &str) -> Option<DeskId> {
        self.desks(city).find(|desk| desk.district.as_deref() == Some(district)).map(|desk| desk.id)
    }

    /// An area and those above it, up to the nation.
    #[must_use]
    pub fn path(&self, area: AreaCode) -> Vec<AreaCode> {
        std::iter::successors(Some(area), |&area| self.tree.parent(area)).take(LEVELS).collect()
    }

    /// By which flow an area's reports go: its own, or the usual one.
    #[must_use]
    pub fn flow(&self, area: AreaCode) -> Flow {
        self.flows.get(&area).cloned().unwrap_or_else(|| Flow::usual(&self.path(area)))
    }

    /// What a unit rides in or on; a car where that is not known.
    #[must_use]
    pub fn unit_kind(&self, unit: UnitId) -> UnitKind {
        self.kinds.get(&unit).copied().unwrap_or(UnitKind::Car)
    }
}

impl Engine {
    /// Reads the catalog anew after a change; where that fails, it is tried again until it succeeds.
    pub(super) async fn renew_catalog(&self) {
        if let Err(error) = self.reload_catalog().await {
            self.inner.catalogs.stale.store(true, Ordering::Relaxed);
            tracing::error!(%error, "could not read the areas anew");
        }
    }

    /// Reads the catalog where the last try failed.
    pub(super) async fn renew_stale_catalog(&self) {
        if self.inner.catalogs.stale.swap(false, Ordering::Relaxed) {
            self.renew_catalog().await;
        }
    }

    /// Reads the catalog anew.
    pub(super) async fn reload_catalog(&self) -> Result<(), Error> {
        let _one_at_a_time = self.inner.catalogs.reading.lock().await;
        let (store, everywhere) = (&self.inner.store, Scope::system());
        let areas = store.areas(&everywhere, self.now()).await?;
        let mut boundaries = Vec::new();
        for (city, text) in store.boundaries().await? {
            match text.parse::<Boundary>() {
                Ok(boundary) => boundaries.push((city, boundary)),
                Err(error) => tracing::error!(%city, %error, "a stored boundary does not read back"),
            }
        }
        let catalog = Catalog {
            tree: Arc::new(AreaTree::new(areas.iter().map(|a| (a.code, a.parent)))),
            areas: areas.into_iter().map(|a| (a.code, a)).collect(),
            atlas: Atlas::new(boundaries),
            districts: Districts::new(store.all_districts().await?),
            kinds: store.unit_kinds().await?.into_iter().collect(),
            desks: store.all_desks().await?,
            flows: store.all_flows().await?.into_iter().collect(),
        };
        *self.inner.catalogs.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
        Ok(())
    }
}
