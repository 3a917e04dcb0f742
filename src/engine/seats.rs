//! Sessions over all nodes: which one of a device counts, and which must close.

use super::{Engine, Error};
use crate::domain::ids::{AccountId, DeviceId};
use tokio::sync::broadcast;

/// Sessions that have to close, wherever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Those of the device with a smaller number: a newer session of it began, on whatever node.
    Replaced {
        /// Whose.
        device: DeviceId,
        /// The newest one's number.
        seat: i64,
    },
    /// All of an account that was closed.
    Account(AccountId),
    /// Those of a device that was revoked.
    Device(DeviceId),
}

/// How a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seating {
    /// It is the newest of its device.
    Newest,
    /// There is a newer one.
    Replaced,
    /// Its account was closed, or its device revoked.
    Revoked,
}

impl Engine {
    /// The sessions that have to close, as it becomes known. Who lagged behind looks at each of its own.
    #[must_use]
    pub fn closings(&self) -> broadcast::Receiver<Closing> {
        self.inner.closings.subscribe()
    }

    /// A device has session number `seat` here: older ones on other nodes close.
    pub fn seated(&self, device: DeviceId, seat: i64) {
        self.inner.bus.seated(device, seat);
    }

    /// How a session stands by the database.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn standing_of(&self, account: AccountId, device: DeviceId, seat: i64) -> Result<Seating, Error> {
        Ok(match self.inner.store.newest_seat(account, device).await? {
            None => Seating::Revoked,
            Some(newest) if newest > seat => Seating::Replaced,
            Some(_) => Seating::Newest,
        })
    }
}
