//! The figures of a city's board with a million past incidents, beside the same figures by an aggregate over their rows.
//!
//! Thousand days of a thousand incidents each, the last of them until ten in the evening, and some that are open. The
//! rows are copied in; the sums come from `Tally`, as the store keeps them. Both sides must tell the same figures.

use super::{
    city::City,
    common::{Random, Summary, median},
    database::{Database, Kind},
};
use sigap::{
    app::Clock,
    domain::{
        access::Scope,
        board::PRESSING_MAX,
        gazetteer::balikpapan,
        ids::*,
        incident::*,
        sla::{
            Clock as Moments, Standing,
            fact::{Beside, Dimension, Fact},
            policy::Band,
            tally::Tally,
        },
        time::{UnixMs, Zone},
    },
    store::Store,
};
use sqlx::{Connection, PgConnection, Row, postgres::PgRow};
use std::{collections::BTreeMap, fmt::Write, hint::black_box, time::Instant};

const DAYS: i64 = 1_000;
const A_DAY: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;
/// How long the last day is when it is asked: until ten in the evening.
const TODAY_MS: i64 = 22 * 3_600_000;
/// Days whose sums are kept by every dimension; of older ones the whole day is enough to make the table large.
const DETAILED: i64 = 30;
/// Open ones: waiting, at risk, late.
const OPEN: i64 = 12;
const UNITS: u16 = 80;
const ASKED: usize = 2_000;
const AGGREGATED: usize = 15;

const COLUMNS: &str = "area, no, kind, priority, origin, status, lat, lng, place_version, notes, opened_ms, closed_ms,
    disposition, start_ms, target_ms, answered_ms, validated_ms, accepted_ms, en_route_ms, on_scene_ms, verified,
    at_risk_ms, breached_ms";

/// The day's figures out of the rows. `$2` is the day's first moment; whoever arrived after it, or never, can be found by
/// the index on arrivals, which the second form permits.
const AGGREGATE: &str = "SELECT
        COUNT(*) FILTER (WHERE counts AND (closed_ms IS NOT NULL OR on_scene_ms IS NOT NULL OR breached_ms IS NOT NULL)),
        COUNT(*) FILTER (WHERE counts AND on_scene_ms <= start_ms + target_ms),
        COUNT(*) FILTER (WHERE counts AND on_scene_ms <= start_ms + target_ms AND verified = 1),
        COUNT(*) FILTER (WHERE NOT counts),
        percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY (on_scene_ms - start_ms + 999) / 1000)
            FILTER (WHERE counts AND on_scene_ms IS NOT NULL)
    FROM (SELECT *, origin = 'citizen' AND (disposition IS NULL
            OR disposition NOT IN ('invalid', 'cancelled_by_caller', 'duplicate')) AS counts
        FROM incident WHERE area = $1 AND start_ms >= $2) i";
const OPEN_NOW: &str = "SELECT COUNT(*), COUNT(*) FILTER (WHERE status = 'waiting'),
        COUNT(*) FILTER (WHERE at_risk_ms IS NOT NULL AND breached_ms IS NULL AND on_scene_ms IS NULL),
        COUNT(*) FILTER (WHERE breached_ms IS NOT NULL AND on_scene_ms IS NULL)
    FROM incident WHERE area = $1 AND closed_ms IS NULL AND origin = 'citizen'";

pub async fn run(summary: &mut Summary) {
    let database = Database::create(Kind::Postgres).await;
    City::build(&database, UNITS).await.leave().await;
    let city = balikpapan::area();
    let day = city.zone.day(Clock::start().now());
    let now = city.zone.midnight(day).plus(TODAY_MS);
    let mut c = PgConnection::connect(database.url()).await.expect("PostgreSQL is there");
    let begun = Instant::now();
    fill(&mut c, city.code, city.zone, day).await.expect("the rows are copied");
    println!("board: {} incidents written in {:.0?}", DAYS * A_DAY + OPEN, begun.elapsed());
    let store = database.open().await;
    let (ours_us, standing) = ask(&store, city.code, city.zone, now).await;
    let begins = city.zone.midnight(day);
    let with_index = format!("{AGGREGATE} WHERE on_scene_ms >= $2 OR on_scene_ms IS NULL");
    let mut peer_us = f64::INFINITY;
    for (name, statement) in [("by its start", AGGREGATE), ("by the index on arrivals", &with_index)] {
        let (us, figures) = aggregate(&mut c, city.code, begins, statement).await.expect("the rows are read");
        assert_eq!(figures, told(&standing), "the rows tell something else: {name}");
        println!("aggregate over the rows, {name}: {us:.0} µs");
        peer_us = peer_us.min(us);
    }
    summary.add_beside("sla_board_read_us", ours_us, "µs", peer_us, super::common::Better::Lower);
    summary.add("sla_board_scene_us", scenes(&store, city.code, now).await, "µs");
    c.close().await.expect("PostgreSQL lets go");
    store.close().await;
    database.remove().await;
}

/// Open, waiting, at risk, breached; decided, kept, confirmed, excluded; percentiles, milliseconds.
type Figures = ([i64; 8], Vec<i64>);

fn told(s: &Standing) -> Figures {
    let counts = [s.open, s.waiting, s.at_risk, s.breached];
    let today = [s.decided_today, s.within_target_today, s.verified_today, s.excluded_today];
    let all = [counts, today].concat().try_into().expect("they are eight");
    (all, [s.p50_ms, s.p90_ms, s.p95_ms].into_iter().flatten().collect())
}

/// The median of asking the store, and what it says.
async fn ask(store: &Store, area: AreaCode, zone: Zone, now: UnixMs) -> (f64, Standing) {
    let (mut times, scope) = (Vec::with_capacity(ASKED), Scope::system());
    let mut standing = Standing::default();
    for n in 0..ASKED + 200 {
        let begun = Instant::now();
        let all = store.standings(&scope, vec![(area, zone)], now).await.expect("the figures are read");
        standing = black_box(all[0].1.standing());
        // The first ones warm up.
        if n >= 200 {
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    (median(times), standing)
}

/// The median of asking for units and lists.
async fn scenes(store: &Store, area: AreaCode, now: UnixMs) -> f64 {
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let begun = Instant::now();
        let all = store.scenes(&Scope::system(), vec![area], now).await.expect("the lists are read");
        times.push(begun.elapsed().as_secs_f64() * 1e6);
        assert!(all[0].1.breached.len() <= PRESSING_MAX && all[0].1.units.off_duty == i64::from(UNITS));
    }
    median(times)
}

async fn aggregate(
    c: &mut PgConnection,
    area: AreaCode,
    begins: UnixMs,
    statement: &str,
) -> sqlx::Result<(f64, Figures)> {
    let mut times = Vec::with_capacity(AGGREGATED);
    let mut figures = ([0; 8], Vec::new());
    for n in 0..AGGREGATED + 2 {
        let begun = Instant::now();
        let open: PgRow = sqlx::query(OPEN_NOW).bind(area.as_str()).fetch_one(&mut *c).await?;
        let today = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(area.as_str()).bind(begins.0);
        let today: PgRow = today.fetch_one(&mut *c).await?;
        if n >= 2 {
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        let mut counts = [0; 8];
        for i in 0..4 {
            counts[i] = open.get(i);
            counts[4 + i] = today.get(i);
        }
        let seconds: Vec<i64> = today.get(4);
        figures = (counts, seconds.into_iter().map(|s| s * 1_000).collect());
    }
    Ok((median(times), figures))
}

/// Writes the incidents and the sums of what they came to.
async fn fill(c: &mut PgConnection, area: AreaCode, zone: Zone, last: i64) -> sqlx::Result<()> {
    let (mut random, mut no) = (Random(7), 0);
    let mut sums = String::new();
    for day in last - DAYS + 1..=last {
        let (mut rows, mut tallies) = (String::new(), BTreeMap::<(Dimension, String), Tally>::new());
        let length_ms = if day == last { TODAY_MS - 3_600_000 } else { DAY_MS };
        for _ in 0..A_DAY {
            no += 1;
            let start = zone.midnight(day).plus(random.below(usize::try_from(length_ms).expect("a day")) as i64);
            let (incident, verified) = past(IncidentId { area, no }, start, &mut random);
            write_row(&mut rows, &incident, verified);
            let beside = Beside { verified, ..Beside::default() };
            let fact = Fact::of(&incident, zone, &Band::everywhere(incident.clock.target_ms), beside);
            let fact = fact.expect("it is closed");
            let detailed = day > last - DETAILED;
            for key in fact.keys().into_iter().filter(|(dim, _)| detailed || *dim == Dimension::Day) {
                tallies.entry(key).or_default().add(&fact);
            }
        }
        if day == last {
            for n in 0..OPEN {
                no += 1;
                write_row(&mut rows, &open(IncidentId { area, no }, zone.midnight(day).plus(TODAY_MS), n), None);
            }
        }
        copy(c, &format!("COPY incident ({COLUMNS}) FROM STDIN"), rows).await?;
        for ((dim, key), tally) in tallies {
            let tally = serde_json::to_string(&tally).expect("a sum is JSON");
            writeln!(sums, "{area}\t{day}\t{dim}\t{key}\t{tally}").expect("a text takes it");
        }
    }
    copy(c, "COPY sla_sum (area, day, dim, key, tally) FROM STDIN", sums).await?;
    sqlx::raw_sql("VACUUM ANALYZE incident").execute(&mut *c).await?;
    sqlx::raw_sql("VACUUM ANALYZE sla_sum").execute(&mut *c).await.map(drop)
}

async fn copy(c: &mut PgConnection, statement: &str, rows: String) -> sqlx::Result<()> {
    let mut copy = c.copy_in_raw(statement).await?;
    copy.send(rows.into_bytes()).await?;
    copy.finish().await.map(drop)
}

/// An incident that is over: one in twelve does not count, one in twenty-five of the others nobody reached.
fn past(id: IncidentId, start: UnixMs, random: &mut Random) -> (Incident, Option<bool>) {
    let after = |ms: i64| Some(start.plus(ms));
    let reached = random.below(25) > 0;
    let excluded = [Disposition::Invalid, Disposition::CancelledByCaller, Disposition::Duplicate];
    let disposition = match random.below(36) {
        n @ 0..3 => excluded[n],
        _ => Disposition::Handled,
    };
    let travel_ms = 60_000 + (random.within(0.0, 1.0).powi(2) * 900_000.0) as i64;
    let there = (reached && disposition == Disposition::Handled).then_some(60_000 + travel_ms);
    let clock = Moments {
        start,
        target_ms: 600_000,
        policy: 1,
        answered: after(5_000),
        validated: after(35_000),
        accepted: there.and(after(45_000)),
        en_route: there.and(after(60_000)),
        on_scene: there.and_then(after),
        at_risk: there.filter(|there| *there > 420_000).and(after(420_000)),
        breached: there.filter(|there| *there > 600_000).and(after(600_000)),
    };
    let verified = there.map(|_| random.below(10) > 0);
    let closed = after(there.unwrap_or(60_000) + 900_000);
    (incident(id, clock, IncidentStatus::Closed, closed, Some(disposition)), verified)
}

/// An open one: the first third waits, the next is at risk, the last is late.
fn open(id: IncidentId, now: UnixMs, n: i64) -> Incident {
    let start = now.plus(-(n % 3) * 450_000 - 30_000);
    let since = now.since(start);
    let clock = Moments {
        start,
        target_ms: 600_000,
        policy: 1,
        answered: Some(start),
        validated: Some(start),
        at_risk: (since > 420_000).then(|| start.plus(420_000)),
        breached: (since > 600_000).then(|| start.plus(600_000)),
        ..Moments::default()
    };
    incident(id, clock, IncidentStatus::Waiting, None, None)
}

fn incident(
    id: IncidentId,
    clock: Moments,
    status: IncidentStatus,
    closed: Option<UnixMs>,
    disposition: Option<Disposition>,
) -> Incident {
    Incident {
        id,
        kind: "theft".to_owned(),
        priority: Priority::ALL[usize::try_from(id.no % 4).expect("less than four")],
        origin: Origin::Citizen,
        status,
        place: balikpapan::area().centre,
        place_version: 1,
        district: None,
        opened_by_unit: None,
        opened: clock.start,
        closed,
        disposition,
        unassigned_since: None,
        station_m: None,
        clock,
    }
}

fn write_row(rows: &mut String, incident: &Incident, verified: Option<bool>) {
    let Incident { id, clock, .. } = incident;
    let ms = |at: Option<UnixMs>| at.map_or_else(|| "\\N".to_owned(), |at| at.0.to_string());
    let words =
        [incident.kind.as_str(), incident.priority.as_str(), incident.origin.as_str(), incident.status.as_str()];
    let place = format!("{}\t{}\t1\t0", incident.place.lat(), incident.place.lng());
    let end = incident.disposition.map_or("\\N", Disposition::as_str);
    let moments = [clock.answered, clock.validated, clock.accepted, clock.en_route, clock.on_scene].map(ms).join("\t");
    let confirmed = verified.map_or_else(|| "\\N".to_owned(), |verified| i64::from(verified).to_string());
    writeln!(
        rows,
        "{}\t{}\t{}\t{place}\t{}\t{}\t{end}\t{}\t{}\t{moments}\t{confirmed}\t{}\t{}",
        id.area,
        id.no,
        words.join("\t"),
        incident.opened.0,
        ms(incident.closed),
        clock.start.0,
        clock.target_ms,
        ms(clock.at_risk),
        ms(clock.breached)
    )
    .expect("a text takes it");
}
