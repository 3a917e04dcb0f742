//! The same question to PostGIS: the nearest free of 10,000 units, half of them busy, by its index for neighbours.
//!
//! The peer is given what it can be given: one table that nobody writes to meanwhile, a GiST index on the free units
//! alone, freshly analysed, a prepared statement on an open connection. It is asked on a `geography`, whose order is that
//! of distances along the ground, and on a `geometry`, which orders by degrees and can be wrong; the faster one counts.

use super::common::median;
use crate::fleet::Fleet;
use sigap::domain::place::Place;
use sqlx::{AssertSqlSafe, Connection, PgConnection, QueryBuilder};
use std::{hint::black_box, time::Instant};

/// The median of the faster way, microseconds; or why there is none.
pub async fn p50_us(fleet: &Fleet, places: &[Place]) -> Result<f64, String> {
    let url = std::env::var("SIGAP_TEST_POSTGRES_URL").map_err(|_| "no PostgreSQL is here".to_owned())?;
    let mut c = PgConnection::connect(&url).await.map_err(|error| error.to_string())?;
    let extension = sqlx::query("CREATE EXTENSION IF NOT EXISTS postgis").execute(&mut c).await;
    extension.map_err(|error| format!("PostGIS is not installed beside this PostgreSQL: {error}"))?;
    let mut best_us = f64::INFINITY;
    for kind in ["geography", "geometry"] {
        fill(&mut c, fleet, kind).await.map_err(|error| error.to_string())?;
        let us = ask(&mut c, fleet, places, kind).await.map_err(|error| error.to_string())?;
        println!("PostGIS, {kind}: {us:.1} µs");
        best_us = best_us.min(us);
    }
    c.close().await.map_err(|error| error.to_string())?;
    Ok(best_us)
}

async fn fill(c: &mut PgConnection, fleet: &Fleet, kind: &str) -> sqlx::Result<()> {
    let table = format!(
        "DROP TABLE IF EXISTS unit_place;
         CREATE TABLE unit_place (sign TEXT PRIMARY KEY, free BOOLEAN NOT NULL, g {kind}(Point, 4326) NOT NULL)"
    );
    sqlx::raw_sql(AssertSqlSafe(table)).execute(&mut *c).await?;
    for chunk in (0..fleet.ids.len()).collect::<Vec<_>>().chunks(500) {
        let mut insert = QueryBuilder::new("INSERT INTO unit_place (sign, free, g) ");
        insert.push_values(chunk, |mut row, i| {
            row.push_bind(fleet.ids[*i].sign().to_owned()).push_bind(fleet.free[*i]);
            row.push("ST_SetSRID(ST_MakePoint(").push_bind_unseparated(fleet.places[*i].lng());
            row.push_unseparated(", ").push_bind_unseparated(fleet.places[*i].lat()).push_unseparated("), 4326)");
        });
        insert.build().execute(&mut *c).await?;
    }
    let index = "CREATE INDEX unit_place_free ON unit_place USING gist (g) WHERE free";
    sqlx::raw_sql(index).execute(&mut *c).await?;
    sqlx::raw_sql("VACUUM ANALYZE unit_place").execute(&mut *c).await.map(drop)
}

async fn ask(c: &mut PgConnection, fleet: &Fleet, places: &[Place], kind: &str) -> sqlx::Result<f64> {
    let nearest = format!(
        "SELECT sign FROM unit_place WHERE free
         ORDER BY g <-> ST_SetSRID(ST_MakePoint($1, $2), 4326)::{kind} LIMIT 1"
    );
    let mut times = Vec::with_capacity(places.len());
    let mut wrong = 0;
    // The first round warms up.
    for round in 0..2 {
        times.clear();
        for from in places {
            let began = Instant::now();
            let question = sqlx::query_scalar(AssertSqlSafe(nearest.clone())).bind(from.lng()).bind(from.lat());
            let sign: String = question.fetch_one(&mut *c).await?;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            if round == 0 {
                wrong += usize::from(black_box(&sign) != nearest_sign(fleet, *from));
            }
        }
    }
    println!("PostGIS, {kind}: {wrong} of {} answers are another unit than ours", places.len());
    Ok(median(times))
}

/// The nearest free unit, by looking at all of them.
fn nearest_sign(fleet: &Fleet, from: Place) -> &str {
    let free = (0..fleet.ids.len()).filter(|i| fleet.free[*i]);
    let nearest = free.min_by(|a, b| from.distance_m(fleet.places[*a]).total_cmp(&from.distance_m(fleet.places[*b])));
    fleet.ids[nearest.expect("half of them are free")].sign()
}
