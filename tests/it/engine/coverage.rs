//! What coverage is reckoned from: places that were kept, and the boundary that is in force.

use super::*;
use sigap::{
    domain::{area::Level, boundary::Boundary, import::NewArea, time::UnixMs},
    engine::CityCoverage,
    live::{Health, RedisSettings},
};

async fn coverage(world: &World) -> CityCoverage {
    world.engine.coverage(&Scope::system(), code("BPN"), Priority::P1).await.unwrap()
}

/// Live positions in a Redis that nobody serves.
async fn away() -> Live {
    let settings = RedisSettings { url: "redis://127.0.0.1:1".to_owned(), ..RedisSettings::default() };
    let live = Live::redis(settings, Arc::new(|| T0), &Handle::current()).unwrap();
    for _ in 0..400 {
        if live.health() != Health::Well {
            return live;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody noticed that there is no Redis");
}

on_both! {
    async fn kept_places_count_while_the_live_index_is_away(db: Db) {
        for (live, counted) in [(Live::memory(), 0), (away().await, 1)] {
            let world = World::over(&db, live).await;
            if counted == 0 {
                let (unit, ..) = crewed(&world.store, "BPN-M1", T0).await;
                world.store.save_places(vec![(unit, scene(), UnixMs(T0.0 - 30_000))]).await.unwrap();
            }
            let now = coverage(&world).await;
            assert_eq!((now.free.len(), now.left_out.len()), (counted, 1 - counted));
            assert_eq!(now.coverage.within.cells > 50, counted == 1);
            world.pass(30_001);
            assert_eq!(coverage(&world).await.free.len(), 0, "they count as long as a fix would");
        }
    }

    async fn a_new_boundary_has_new_cells(db: Db) {
        let world = World::start(&db).await;
        let before = coverage(&world).await;
        let half = Boundary::outline(&[(116.76, -1.34), (116.83, -1.34), (116.83, -1.20), (116.76, -1.20)]).unwrap();
        let new = NewArea { area: area("BPN", Some("KALTIM"), Level::City), boundary: Some(half.clone()) };
        world.store.put_area(&system(0), new).await.unwrap();
        for _ in 0..400 {
            if world.engine.catalog().boundary(code("BPN")) == Some(&half) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let after = coverage(&world).await;
        let share = after.coverage.whole.area_m2 / before.coverage.whole.area_m2;
        assert!((share - 0.5).abs() < 0.01, "{share}");
        assert!(!Arc::ptr_eq(&before.tiling, &after.tiling));
        assert!(Arc::ptr_eq(&after.tiling, &coverage(&world).await.tiling), "made once");
    }
}
