//! The promise in SQL: policies by version, what each decided incident came to, and the sums that reports read.

mod beside;
mod compliance;
mod facts;
mod policies;
mod rebuild;
mod sums;

pub(super) use beside::besides;
pub(super) use policies::{InForce, Versions, targets_at, write_policy};
pub use rebuild::Rebuilt;
