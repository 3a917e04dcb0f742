//! A report of compliance as something to read outside of the program: a table for spreadsheets, a page for paper.
//!
//! Invariant: whatever text comes from outside (names of areas, of districts) is quoted or escaped where it is written.

mod charts;
pub mod csv;
mod numbers;
mod page;
mod svg;
mod tables;
mod view;
mod words;

pub use page::{STYLE, page};
pub use view::GROUPINGS;
