//! Passwords: argon2id, a few at a time, off the runtime's own threads.
//!
//! Invariant: a bounded number runs and a bounded number waits, whoever goes away meanwhile.

use super::AuthError;
use crate::store::{StoreError, keys};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{num::NonZero, sync::Arc, thread};
use tokio::{runtime::Handle, sync::Semaphore};

/// Bytes that a new password must have.
pub const MIN: usize = 8;
/// Bytes that a password may have.
pub const MAX: usize = 1_024;
/// Logins that may wait; each hash takes some 20 ms, so that nobody waits for longer than a client has patience.
const WAITING: usize = 64;

/// Hashes and verifies.
pub struct Passwords {
    handle: Handle,
    running: Arc<Semaphore>,
    waiting: Semaphore,
    /// A hash of nobody's password, for names that nobody has.
    nobody: String,
}

fn hash(password: &str) -> Result<String, AuthError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|_| StoreError::Seal)?.to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

impl Passwords {
    /// Works on the blocking threads of `handle`, on half of the machine's cores.
    pub async fn new(handle: Handle) -> Result<Self, AuthError> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let running = Arc::new(Semaphore::new((cores / 2).max(1)));
        let mut passwords = Self { handle, running, waiting: Semaphore::new(WAITING), nobody: String::new() };
        passwords.nobody = passwords.hash(URL_SAFE_NO_PAD.encode(keys::random::<32>()?)).await?;
        Ok(passwords)
    }

    /// The PHC string of a new password.
    pub async fn hash(&self, password: String) -> Result<String, AuthError> {
        if !(MIN..=MAX).contains(&password.len()) {
            return Err(AuthError::BadPassword);
        }
        self.run(move || hash(&password)).await?
    }

    /// Whether the password fits; without a hash the same work is done for nothing.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AuthError> {
        if password.len() > MAX {
            return Ok(false);
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        Ok(self.run(move || verify(&password, &hash)).await? && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AuthError> {
        let waits = self.waiting.try_acquire().map_err(|_| AuthError::Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| AuthError::Busy)?;
        drop(waits);
        // The turn goes along: a caller that goes away does not make room for more than may run.
        let task = self.handle.spawn_blocking(move || {
            let out = work();
            drop(turn);
            out
        });
        Ok(task.await.map_err(StoreError::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash() {
        let passwords = Passwords::new(Handle::current()).await.unwrap();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("correct horse".to_owned()).await.unwrap(), "each has a salt of its own");
        for (password, hash, fits) in [
            ("correct horse", Some(&hash), true),
            ("correct horsf", Some(&hash), false),
            ("", Some(&hash), false),
            ("correct horse", None, false),
            ("correct horse", Some(&"!".to_owned()), false),
        ] {
            assert_eq!(passwords.verify(password.to_owned(), hash.cloned()).await.unwrap(), fits, "{password:?}");
        }
        for length in [MIN - 1, MAX + 1] {
            assert!(matches!(passwords.hash("x".repeat(length)).await, Err(AuthError::BadPassword)));
        }
    }

    #[tokio::test]
    async fn no_more_wait_than_there_is_room_for() {
        let passwords = Arc::new(Passwords::new(Handle::current()).await.unwrap());
        let all = u32::try_from(passwords.running.available_permits()).unwrap();
        let held = Arc::clone(&passwords.running).acquire_many_owned(all).await.unwrap();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let passwords = Arc::clone(&passwords);
                tokio::spawn(async move { passwords.run(|| true).await })
            })
            .collect();
        while passwords.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(passwords.run(|| true).await, Err(AuthError::Busy)));
        drop(held);
        for one in waiting {
            assert!(one.await.unwrap().unwrap());
        }
        assert!(passwords.run(|| true).await.unwrap());
    }
}
