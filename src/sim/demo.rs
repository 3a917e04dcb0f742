//! The demo's city by name: its units, its accounts, and the line that tells how it goes.

use super::stats::Snapshot;
use crate::domain::{
    access::Role,
    gazetteer::{self, balikpapan},
    ids::{AreaCode, UnitId},
    sla::Standing,
    unit::UnitKind,
};
use std::{fmt::Write, time::Duration};

/// Cars of a fleet at most: the rest are motorcycles. Balikpapan set 70 motorcycles and 10 cars aside for 110.
const CARS_MAX: u16 = 10;

/// An account of the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoAccount {
    /// The name to log in with.
    pub login: String,
    /// Its role.
    pub role: Role,
    /// Where.
    pub area: AreaCode,
    /// The unit whose phone it is.
    pub unit: Option<UnitId>,
}

/// The units of a fleet, motorcycles first: 25 are M1–M20 and C1–C5, 80 are M1–M70 and C1–C10.
#[must_use]
pub fn fleet(area: AreaCode, units: u16) -> Vec<(UnitId, UnitKind)> {
    let cars = (units / 5).min(CARS_MAX);
    let named = |letter: &'static str, kind, count: u16| {
        (1..=count).filter_map(move |no| Some((UnitId::new(area, &format!("{letter}{no}")).ok()?, kind)))
    };
    named("M", UnitKind::Motorcycle, units - cars).chain(named("C", UnitKind::Car, cars)).collect()
}

/// The login of a unit's officer: `bpn-m12`.
#[must_use]
pub fn officer_login(unit: UnitId) -> String {
    unit.to_string().to_lowercase()
}

/// The login of a desk: `bpn-dispatch`, `kaltim-operator`.
fn desk_login(area: AreaCode, desk: &str) -> String {
    format!("{}-{desk}", area.as_str().to_lowercase())
}

/// Who can log in to the demo, the desks first: dispatcher and commander of the city, the simulated one beside the
/// dispatcher, the operator of its region, an administrator of the nation, and an officer for each unit.
#[must_use]
pub fn accounts(fleet: &[(UnitId, UnitKind)]) -> Vec<DemoAccount> {
    let city = balikpapan::area();
    let region = city.parent.unwrap_or(city.code);
    let desk = |login, role, area| DemoAccount { login, role, area, unit: None };
    let mut all = vec![
        desk(desk_login(city.code, "dispatch"), Role::Dispatcher, city.code),
        desk(desk_login(city.code, "commander"), Role::Commander, city.code),
        desk(colleague_login(), Role::Dispatcher, city.code),
        desk(desk_login(region, "operator"), Role::Operator, region),
        desk("admin".to_owned(), Role::Admin, gazetteer::nation_code()),
    ];
    all.extend(fleet.iter().map(|&(unit, _)| DemoAccount {
        login: officer_login(unit),
        role: Role::Officer,
        area: unit.area,
        unit: Some(unit),
    }));
    all
}

/// The login of the exchange that posts the citizens' reports: the region's operator.
#[must_use]
pub fn exchange_login() -> String {
    let city = balikpapan::area();
    desk_login(city.parent.unwrap_or(city.code), "operator")
}

/// The login of the simulated colleague at the city's desk. Not one that people use: who takes a call has it alone.
#[must_use]
pub fn colleague_login() -> String {
    desk_login(balikpapan::area().code, "desk")
}

/// How the city does, in one line: what changed since the snapshot before, `passed` ago, and how the promise stands.
#[must_use]
pub fn live_line(now: &Snapshot, before: &Snapshot, passed: Duration, standing: Option<&Standing>) -> String {
    #[expect(clippy::cast_precision_loss, reason = "fixes of a second")]
    let per_s = now.fixes.saturating_sub(before.fixes) as f64 / passed.as_secs_f64().max(1e-3);
    let mut line = format!("{:>3} units online · {per_s:>5.1} fixes/s", now.online);
    // Writing into a text does not fail.
    let _ = match standing {
        Some(s) => write!(line, " · {} open ({} waiting, {} late)", s.open, s.waiting, s.breached),
        None => write!(line, " · the service does not answer"),
    };
    let _ = match standing.and_then(|s| Some((s, s.share_today?))) {
        Some((s, share)) => {
            write!(line, " · within target today {:.0} % of {}", share * 100.0, s.decided_today)
        }
        None => write!(line, " · within target today: none decided yet"),
    };
    if let (Some(p50), Some(p99)) = (now.offer_p50_ms, now.offer_p99_ms) {
        let _ = write!(line, " · report to offer p50 {p50:.1} ms, p99 {p99:.1} ms");
    }
    if now.errors > 0 {
        let _ = write!(line, " · {} errors", now.errors);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fleets_are_named_as_on_the_street() {
        let bpn = "BPN".parse().unwrap();
        let signs = |units| -> Vec<String> { fleet(bpn, units).iter().map(|(u, _)| u.sign().to_owned()).collect() };
        let demo = signs(25);
        assert_eq!((demo.len(), &*demo[0], &*demo[19], &*demo[20], &*demo[24]), (25, "M1", "M20", "C1", "C5"));
        let whole = signs(80);
        assert_eq!((whole.len(), &*whole[69], &*whole[79]), (80, "M70", "C10"));
        assert_eq!(signs(1_000).len(), 1_000);
        assert_eq!(signs(1), ["M1"]);
    }

    #[test]
    fn everybody_has_a_login_of_their_own() {
        let all = accounts(&fleet("BPN".parse().unwrap(), 25));
        assert_eq!(all.len(), 30);
        let logins: std::collections::BTreeSet<_> = all.iter().map(|a| &*a.login).collect();
        assert_eq!(logins.len(), 30);
        for login in ["bpn-m12", "bpn-c5", "bpn-dispatch", "bpn-desk", "bpn-commander", "kaltim-operator", "admin"] {
            assert!(logins.contains(login), "{login}");
        }
        assert_eq!(exchange_login(), "kaltim-operator");
    }

    #[test]
    fn the_line_says_what_matters() {
        let before = Snapshot { fixes: 100, ..Snapshot::default() };
        let now = Snapshot { online: 25, fixes: 150, offer_p50_ms: Some(8.04), offer_p99_ms: Some(14.2), ..before };
        let standing =
            Standing { open: 3, waiting: 1, decided_today: 17, share_today: Some(16.0 / 17.0), ..Standing::default() };
        assert_eq!(
            live_line(&now, &before, Duration::from_secs(2), Some(&standing)),
            " 25 units online ·  25.0 fixes/s · 3 open (1 waiting, 0 late) · within target today 94 % of 17 · \
             report to offer p50 8.0 ms, p99 14.2 ms"
        );
        let silent = live_line(&now, &now, Duration::ZERO, None);
        assert!(silent.contains("0.0 fixes/s · the service does not answer · within target today: none"), "{silent}");
    }
}
