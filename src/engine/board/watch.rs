//! Somebody who looks at a board.

use super::{Engine, city_days};
use crate::{
    domain::{
        board::{Board, CityBoard},
        ids::AreaCode,
    },
    engine::Catalog,
    store::CityDay,
};
use std::sync::Arc;
use tokio::sync::watch::Receiver;

/// Somebody who looks at an area's board. Dropped, nobody does.
pub struct BoardWatch {
    engine: Engine,
    /// Whose.
    pub area: AreaCode,
    catalog: Arc<Catalog>,
    cities: Vec<CityDay>,
    bell: Receiver<u64>,
    /// The version that was taken last.
    sent: u64,
}

impl BoardWatch {
    pub(super) fn new(engine: Engine, area: AreaCode) -> Self {
        let catalog = engine.catalog();
        let cities = city_days(&catalog, area);
        engine.inner.boards.watch(&cities);
        let bell = engine.inner.boards.bell.subscribe();
        Self { engine, area, catalog, cities, bell, sent: 0 }
    }

    /// Waits until some board has changed. Safe to drop while waiting.
    pub async fn changed(&mut self) {
        // The engine holds the sender; it is never closed while this lives.
        let _ = self.bell.changed().await;
    }

    /// The board if it has changed since it was taken last, or in any case; with the cities that changed. `None` where it
    /// has not, or is not known yet.
    pub fn take(&mut self, in_any_case: bool) -> Option<Board> {
        self.renew();
        let boards = &self.engine.inner.boards;
        let (version, whole) = boards.whole(self.area, &self.cities)?;
        if version == self.sent && !in_any_case {
            return None;
        }
        let changed = boards.changed(&self.cities, self.sent);
        self.sent = version;
        let cities = changed.iter().map(|city| CityBoard::from(&**city)).collect();
        let (now, good) = (self.engine.now(), boards.good(&self.cities));
        Some(Board::new(self.area, version, &whole, cities, now, good))
    }

    /// Follows the catalog, where cities were added.
    fn renew(&mut self) {
        let catalog = self.engine.catalog();
        if Arc::ptr_eq(&catalog, &self.catalog) {
            return;
        }
        let cities = city_days(&catalog, self.area);
        self.engine.inner.boards.watch(&cities);
        self.engine.inner.boards.unwatch(&std::mem::replace(&mut self.cities, cities));
        self.catalog = catalog;
    }
}

impl Drop for BoardWatch {
    fn drop(&mut self) {
        self.engine.inner.boards.unwatch(&self.cities);
    }
}
