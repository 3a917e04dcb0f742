//! JSON at the door: bodies and frames to and from the domain. The API specs are generated from these types.
//!
//! Invariant: what parses here is checked as far as a value alone can be; what depends on state is the engine's.

pub mod bodies;
pub mod command;
pub mod compliance;
pub mod frames;
pub mod packed;
pub mod params;
pub mod problem;
pub mod trackers;
