//! What can go wrong below the rules.

use crate::domain::{ids::InvalidId, place::InvalidPlace, refusal::Refusal};

/// Why a store method did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The rules say no; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database did not answer in time. What was asked may still happen: repeat it under the same command id.
    #[error("the database did not answer in time")]
    TimedOut,
    /// More work waits for this area than is healthy. Nothing changed.
    #[error("too much work waits for {0}")]
    Overloaded(crate::domain::ids::AreaCode),
    /// The database failed.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// The tables could not be brought up to date.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// What is stored does not read back: a bug or a damaged file.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// Sealed text did not open: another master key, or a changed box.
    #[error("sealed text does not open with this master key")]
    Seal,
    /// This node has another master key than the one that came first.
    #[error("the database was set up with another master key: give every node the same one")]
    OtherKey,
    /// The master key is being rotated, or the rotation was broken off.
    #[error("the master key is being rotated: run sigap rekey again to finish it, then start with the new key")]
    Rekeying,
    /// The master key cannot be rotated under nodes that serve.
    #[error("a node was heard of {0} s ago: stop all nodes first, or wait 20 s after a crash")]
    NodesServe(i64),
    /// The report went to the desk of another area meanwhile.
    #[error("the report moved to another desk; tried again")]
    Moved,
    /// Not on this engine.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A task of the store panicked; its transaction was rolled back.
    #[error("internal error in the store")]
    Panicked,
}

impl StoreError {
    /// The rules' own word, where it was they who said no.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(r) => Some(r),
            _ => None,
        }
    }

    /// Whether coming back later may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::TimedOut | Self::Overloaded(_) => true,
            Self::Sql(sqlx::Error::Database(e)) => e.code().is_some_and(|code| comes_back(&code)),
            Self::Sql(e) => matches!(
                e,
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::Protocol(_)
            ),
            _ => false,
        }
    }
}

/// Whether PostgreSQL says by this code that it is busy, stopping, starting, or no longer the one that is written to.
/// SQLite's codes are numbers: 5 is busy, 6 is locked.
fn comes_back(code: &str) -> bool {
    const CLASSES: [&str; 3] = ["08", "53", "57"];
    const CODES: [&str; 6] = ["40001", "40P01", "55P03", "25006", "5", "6"];
    CODES.contains(&code) || (code.len() == 5 && CLASSES.iter().any(|class| code.starts_with(class)))
}

impl From<tokio::task::JoinError> for StoreError {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::Panicked
    }
}

impl From<InvalidId> for StoreError {
    fn from(e: InvalidId) -> Self {
        Self::Corrupt(e.to_string())
    }
}

impl From<InvalidPlace> for StoreError {
    fn from(e: InvalidPlace) -> Self {
        Self::Corrupt(e.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(e: serde_json::Error) -> Self {
        Self::Corrupt(e.to_string())
    }
}

/// Shorthand for a refusal as a store error.
macro_rules! refuse {
    ($refusal:expr) => {
        return Err($crate::store::StoreError::Refused($refusal))
    };
}
pub(super) use refuse;
