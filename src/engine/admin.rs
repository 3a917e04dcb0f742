//! Setting up: areas from files, units, accounts.

use super::{Engine, Error, auth::AuthError};
use crate::{
    domain::{
        access::*,
        account::LoginName,
        area::*,
        gazetteer::balikpapan,
        ids::*,
        import::{self, Import, ImportOptions},
        refusal::Refusal,
        unit::{Unit, UnitKind},
    },
    store,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How many of each an import brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Nation and regions.
    pub regions: usize,
    /// Cities.
    pub cities: usize,
    /// Districts.
    pub districts: usize,
}

impl Engine {
    /// The areas that somebody may see, in code order.
    #[must_use]
    pub fn areas(&self, scope: &Scope) -> Vec<Area> {
        let catalog = self.catalog();
        let mut areas: Vec<Area> = catalog.areas().filter(|a| scope.may(a.code, Act::See)).cloned().collect();
        areas.sort_by_key(|a| a.code);
        areas
    }

    /// Loads areas from a GeoJSON text; what exists is changed. A file with one bad feature changes nothing.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with the feature and the reason, or the database's failure.
    pub async fn import_areas(&self, cause: &Cause, geojson: &str, only: Vec<String>) -> Result<Imported, Error> {
        let options = ImportOptions { known: self.catalog().areas().cloned().collect(), only };
        let import = import::parse(geojson, &options).map_err(|e| Refusal::invalid("file", e.to_string()))?;
        self.put_areas(cause, import).await
    }

    /// Stores areas in their order: parents first.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn put_areas(&self, cause: &Cause, import: Import) -> Result<Imported, Error> {
        let done =
            Imported { regions: import.regions.len(), cities: import.cities.len(), districts: import.districts.len() };
        for new in import.regions.into_iter().chain(import.cities) {
            self.inner.store.put_area(cause, new).await?;
        }
        for district in import.districts {
            self.inner.store.put_district(cause, district).await?;
        }
        self.reload_catalog().await?;
        Ok(done)
    }

    /// Loads the built-in Balikpapan where there is none: outline, districts, and demo stations, labelled so.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn put_balikpapan(&self, cause: &Cause) -> Result<AreaCode, Error> {
        let city = balikpapan::area();
        if self.catalog().area(city.code).is_none() {
            let region = self.region_of_city(&city);
            let regions = [Some(crate::domain::gazetteer::nation()), region]
                .into_iter()
                .flatten()
                .map(|area| import::NewArea { area, boundary: None })
                .collect();
            let cities = vec![import::NewArea { area: city.clone(), boundary: Some(balikpapan::outline()) }];
            self.put_areas(cause, Import { regions, cities, districts: balikpapan::districts() }).await?;
            for (n, station) in (1..).zip(balikpapan::stations()) {
                let new = store::Station {
                    area: station.city,
                    code: format!("S{n}"),
                    name: station.name,
                    district: station.district,
                    place: station.place,
                    demo: true,
                };
                self.inner.store.put_station(cause, new).await?;
            }
        }
        Ok(city.code)
    }

    fn region_of_city(&self, city: &Area) -> Option<Area> {
        let official = city.official_code.as_deref()?;
        Some(crate::domain::gazetteer::serving_province(official)?.region())
    }

    /// Sets what a new incident does in a city.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn set_offers(&self, cause: &Cause, area: AreaCode, offers: OfferMode) -> Result<(), Error> {
        self.inner.store.set_offers(cause, area, offers).await
    }

    /// Sets how near to a neighbour a scene must be for the neighbour's units to be candidates too, metres; 0 takes the
    /// city out of mutual aid.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn set_aid(&self, cause: &Cause, area: AreaCode, aid_m: i64) -> Result<(), Error> {
        self.inner.store.set_aid(cause, area, aid_m).await
    }

    /// Sets up a unit.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn add_unit(&self, cause: &Cause, id: UnitId, kind: UnitKind) -> Result<Unit, Error> {
        self.inner.store.add_unit(cause, id, kind).await
    }

    /// Sets up an account, at home in the area of its first grant.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn add_account(
        &self,
        cause: &Cause,
        login: LoginName,
        password: String,
        grants: Vec<Grant>,
    ) -> Result<AccountId, AuthError> {
        let area =
            grants.first().ok_or_else(|| Error::from(Refusal::invalid("grants", "an account needs a role")))?.area;
        let password_hash = self.inner.auth.hash_password(password).await?;
        let id = AccountId::random();
        self.inner.store.add_account(cause, store::NewAccount { id, login, area, password_hash, grants }).await?;
        Ok(id)
    }

    /// Ends an account: its logins, its tickets and its sockets on every node.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn close_account(&self, cause: &Cause, account: AccountId) -> Result<(), Error> {
        self.inner.store.close_account(cause, account).await
    }

    /// Shuts out a device that was lost: its sockets on every node, and all logins of its account.
    ///
    /// # Errors
    /// [`Error`] with the refusal, or the database's failure.
    pub async fn revoke_device(&self, cause: &Cause, device: DeviceId) -> Result<(), Error> {
        self.inner.store.revoke_device(cause, device).await
    }

    /// A password that nobody has to think up: 128 bits in base64url.
    ///
    /// # Errors
    /// [`Error::Seal`] when the system has no randomness to give.
    pub fn random_password(&self) -> Result<String, Error> {
        Ok(URL_SAFE_NO_PAD.encode(store::keys::random::<16>()?))
    }

    /// Copies a SQLite database into a new file.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on PostgreSQL; [`Error`] when the file exists or cannot be written.
    pub async fn backup(&self, file: &str) -> Result<(), Error> {
        self.inner.store.backup(file).await
    }

    /// Which engine stores: `sqlite` or `postgres`.
    #[must_use]
    pub fn database(&self) -> &'static str {
        self.inner.store.engine()
    }
}
