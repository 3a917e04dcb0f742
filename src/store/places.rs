//! What lies in a city: districts (Polsek) and stations.

use super::{
    Store, StoreError,
    areas::check_name,
    sql::{Conn, sql},
};
use crate::domain::{
    access::{Act, Cause, Scope},
    atlas::District,
    boundary::{BadBoundary, Boundary},
    ids::*,
    place::Place,
    refusal::Refusal,
};

/// Characters that a district's or station's code may have.
const CODE_MAX: usize = 40;

/// A police station.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// The city that it stands in.
    pub area: AreaCode,
    /// Short and unique in the city.
    pub code: String,
    /// As people say it.
    pub name: String,
    /// The code of its district.
    pub district: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// Whether the place is made up for a demonstration.
    pub demo: bool,
}

fn check_code(code: &str) -> Result<(), Refusal> {
    let good = (1..=CODE_MAX).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
    if good { Ok(()) } else { Err(Refusal::invalid("code", format!("1 to {CODE_MAX} letters, digits or signs"))) }
}

#[derive(sqlx::FromRow)]
struct DistrictRow {
    area: String,
    code: String,
    name: String,
    lat: f64,
    lng: f64,
    boundary: Option<String>,
}

impl TryFrom<DistrictRow> for District {
    type Error = StoreError;

    fn try_from(row: DistrictRow) -> Result<Self, StoreError> {
        let boundary = row.boundary.map(|text| text.parse()).transpose();
        let boundary = boundary.map_err(|e: BadBoundary| StoreError::Corrupt(e.to_string()))?;
        let centre = Place::new(row.lat, row.lng)?;
        Ok(Self { city: row.area.parse()?, code: row.code, name: row.name, centre, boundary })
    }
}

#[derive(sqlx::FromRow)]
struct StationRow {
    area: String,
    code: String,
    name: String,
    district: Option<String>,
    lat: f64,
    lng: f64,
    demo: i64,
}

impl TryFrom<StationRow> for Station {
    type Error = StoreError;

    fn try_from(row: StationRow) -> Result<Self, StoreError> {
        Ok(Self {
            area: row.area.parse()?,
            code: row.code,
            name: row.name,
            district: row.district,
            place: Place::new(row.lat, row.lng)?,
            demo: row.demo != 0,
        })
    }
}

async fn find_district(c: &mut Conn<'_>, area: AreaCode, code: &str) -> Result<Option<District>, StoreError> {
    let row = sql!(
        row DistrictRow,
        c,
        "SELECT area, code, name, lat, lng, boundary FROM district WHERE area = $1 AND code = $2",
        area.as_str(),
        code
    )?;
    row.map(District::try_from).transpose()
}

async fn find_station(c: &mut Conn<'_>, area: AreaCode, code: &str) -> Result<Option<Station>, StoreError> {
    let row = sql!(
        row StationRow,
        c,
        "SELECT area, code, name, district, lat, lng, demo FROM station WHERE area = $1 AND code = $2",
        area.as_str(),
        code
    )?;
    row.map(Station::try_from).transpose()
}

impl Store {
    /// Sets up a district, or changes one; the same again changes nothing. No boundary keeps the one that there is.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a bad name or code, [`StoreError`] when out of scope or the database fails.
    pub async fn put_district(&self, cause: &Cause, new: District) -> Result<(), StoreError> {
        cause.scope.require(new.city, Act::Manage)?;
        check_name("name", &new.name)?;
        check_code(&new.code)?;
        self.write(&[new.city], cause, move |tx| {
            Box::pin(async move {
                let city = new.city;
                if let Some(before) = find_district(&mut tx.conn(), city, &new.code).await? {
                    let boundary = new.boundary.clone().or_else(|| before.boundary.clone());
                    if (District { boundary, ..new.clone() }) == before {
                        return Ok(());
                    }
                }
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO district (area, code, name, lat, lng, boundary) VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (area, code) DO UPDATE SET name = excluded.name, lat = excluded.lat,
                        lng = excluded.lng, boundary = COALESCE(excluded.boundary, district.boundary)",
                    city.as_str(),
                    &new.code,
                    &new.name,
                    new.centre.lat(),
                    new.centre.lng(),
                    new.boundary.as_ref().map(Boundary::to_string)
                )?;
                tx.area_changed(city, &format!("district {}", new.code)).await
            })
        })
        .await
    }

    /// The districts of a city, in code order.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn districts(&self, scope: &Scope, area: AreaCode) -> Result<Vec<District>, StoreError> {
        scope.require(area, Act::See)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all DistrictRow,
                    c,
                    "SELECT area, code, name, lat, lng, boundary FROM district WHERE area = $1 ORDER BY code",
                    area.as_str()
                )?;
                rows.into_iter().map(District::try_from).collect()
            })
        })
        .await
    }

    /// The districts of all cities: what finds the district of a place.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn all_districts(&self) -> Result<Vec<District>, StoreError> {
        self.read(|c| {
            Box::pin(async move {
                let rows = sql!(
                    all DistrictRow,
                    c,
                    "SELECT area, code, name, lat, lng, boundary FROM district ORDER BY area, code"
                )?;
                rows.into_iter().map(District::try_from).collect()
            })
        })
        .await
    }

    /// Sets up a station, or changes one; the same again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a bad name or code, [`StoreError`] when out of scope or the database fails.
    pub async fn put_station(&self, cause: &Cause, new: Station) -> Result<(), StoreError> {
        cause.scope.require(new.area, Act::Manage)?;
        check_name("name", &new.name)?;
        check_code(&new.code)?;
        self.write(&[new.area], cause, move |tx| {
            Box::pin(async move {
                if find_station(&mut tx.conn(), new.area, &new.code).await?.as_ref() == Some(&new) {
                    return Ok(());
                }
                sql!(
                    run,
                    tx.conn(),
                    "INSERT INTO station (area, code, name, district, lat, lng, demo) VALUES ($1, $2, $3, $4, $5, $6, $7)
                     ON CONFLICT (area, code) DO UPDATE SET name = excluded.name, district = excluded.district,
                        lat = excluded.lat, lng = excluded.lng, demo = excluded.demo",
                    new.area.as_str(),
                    &new.code,
                    &new.name,
                    &new.district,
                    new.place.lat(),
                    new.place.lng(),
                    i64::from(new.demo)
                )?;
                tx.area_changed(new.area, &format!("station {}", new.code)).await
            })
        })
        .await
    }

    /// The stations of a city, in code order.
    ///
    /// # Errors
    /// [`StoreError`] when out of scope or the database fails.
    pub async fn stations(&self, scope: &Scope, area: AreaCode) -> Result<Vec<Station>, StoreError> {
        scope.require(area, Act::See)?;
        self.read(move |c| {
            Box::pin(async move {
                let rows = sql!(
                    all StationRow,
                    c,
                    "SELECT area, code, name, district, lat, lng, demo FROM station WHERE area = $1 ORDER BY code",
                    area.as_str()
                )?;
                rows.into_iter().map(Station::try_from).collect()
            })
        })
        .await
    }
}
