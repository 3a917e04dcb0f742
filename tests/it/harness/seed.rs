//! A small world: ID > KALTIM > BPN and SMD, people with roles, units.

use super::T0;
use sigap::{
    domain::{
        access::*,
        area::{Area, DEFAULT_AID_M, Level, OfferMode, Targets},
        boundary::Boundary,
        dispatch::{Dispatch, Mode, OfferLimits},
        ids::*,
        import::NewArea,
        incident::{NewIncident, Origin, Priority},
        place::Place,
        time::{UnixMs, Zone},
        unit::UnitKind,
    },
    store::{NewAccount, NewDispatch, Store, StoreError},
};
use std::sync::Arc;

/// A square of some 15 km around the middle of Balikpapan.
pub fn square() -> Boundary {
    Boundary::outline(&[(116.76, -1.34), (116.90, -1.34), (116.90, -1.20), (116.76, -1.20)]).unwrap()
}

pub fn code(s: &str) -> AreaCode {
    s.parse().unwrap()
}

pub fn unit(s: &str) -> UnitId {
    s.parse().unwrap()
}

pub fn device() -> DeviceId {
    DeviceId::random()
}

/// The program's own cause, `ms` milliseconds after [`T0`].
pub fn system(ms: i64) -> Cause {
    Cause::system(T0.plus(ms))
}

/// Somebody's cause, `ms` milliseconds after [`T0`].
pub fn by(scope: &Scope, source: Source, ms: i64) -> Cause {
    Cause { scope: scope.clone(), source, now: T0.plus(ms), device_at: None, command: None }
}

/// The same cause under a command's name.
pub fn named(cause: Cause, id: CommandId, body: u8) -> Cause {
    Cause { command: Some(CommandKey { id, digest: [body; 32] }), ..cause }
}

/// An area of the small world; BPN is a city in WITA that offers by itself.
pub fn area(name: &str, parent: Option<&str>, level: Level) -> Area {
    Area {
        code: code(name),
        parent: parent.map(code),
        level,
        name: format!("Area {name}"),
        official_code: None,
        zone: Zone::Wita,
        centre: Place::new(-1.268, 116.832).unwrap(),
        offers: OfferMode::Auto,
        aid_m: DEFAULT_AID_M,
        targets: Targets::default(),
    }
}

/// Sets up ID > KALTIM > BPN and SMD; BPN has [`square`] as its boundary.
pub async fn areas(store: &Store) {
    let boundary = Some(square());
    for new in [
        NewArea { area: area("ID", None, Level::Nation), boundary: None },
        NewArea { area: area("KALTIM", Some("ID"), Level::Region), boundary: None },
        NewArea { area: area("BPN", Some("KALTIM"), Level::City), boundary },
        NewArea { area: area("SMD", Some("KALTIM"), Level::City), boundary: None },
    ] {
        store.put_area(&system(0), new).await.unwrap();
    }
}

/// Sets up an account with one role and gives its scope. The password hash is none that any password fits.
pub async fn person(store: &Store, login: &str, area: &str, role: Role) -> Scope {
    let grant = Grant { area: code(area), role };
    let new = NewAccount {
        id: AccountId::random(),
        login: login.parse().unwrap(),
        area: code(area),
        password_hash: "!".to_owned(),
        grants: vec![grant],
    };
    store.add_account(&system(0), new.clone()).await.unwrap();
    Scope::new(new.id, [grant], Arc::new(store.area_tree().await.unwrap()))
}

/// Sets up motorcycles, off duty.
pub async fn units(store: &Store, names: &[&str]) -> Vec<UnitId> {
    let mut ids = Vec::new();
    for name in names {
        store.add_unit(&system(0), unit(name), UnitKind::Motorcycle).await.unwrap();
        ids.push(unit(name));
    }
    ids
}

/// A unit on duty with one officer and one phone.
pub async fn crewed(store: &Store, name: &str, now: UnixMs) -> (UnitId, Scope, DeviceId) {
    let id = units(store, &[name]).await[0];
    let login = format!("officer.{}", name.to_lowercase());
    let officer = person(store, &login, id.area.as_str(), Role::Officer).await;
    let phone = device();
    store.sign_on(&by(&officer, Source::Phone, now.since(T0)), id, phone, true).await.unwrap();
    (id, officer, phone)
}

/// An incident in the middle of Balikpapan, as an officer finds it.
pub fn incident() -> NewIncident {
    NewIncident {
        kind: "traffic".to_owned(),
        priority: Priority::P2,
        origin: Origin::Officer,
        place: Place::new(-1.268, 116.832).unwrap(),
        district: None,
        by_unit: None,
        note: None,
    }
}

/// Opens an incident at the middle of the unit's area and orders the unit there.
pub async fn assigned(store: &Store, unit: UnitId) -> DispatchId {
    let incident = store.open_incident(&system(0), unit.area, incident()).await.unwrap().id;
    order(store, incident, unit).await.unwrap().id
}

/// Orders a unit to an incident.
pub async fn order(store: &Store, incident: IncidentId, unit: UnitId) -> Result<Dispatch, StoreError> {
    let limits = OfferLimits::default();
    let new = NewDispatch { incident, unit, mode: Mode::Assign, at_most: None, limits, travel_ms: None, pick: None };
    store.dispatch(&system(0), new).await
}
