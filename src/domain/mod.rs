//! The rules of the work, pure: no async, no database, no clock. Types parse on construction; `now` is an argument.

pub mod access;
pub mod account;
pub mod area;
pub mod atlas;
pub mod boundary;
pub mod cell;
pub mod checkpoint;
pub mod deadline;
pub mod dispatch;
pub mod event;
pub mod fix;
pub mod gazetteer;
pub mod ids;
pub mod import;
pub mod incident;
pub mod nearest;
pub mod phone;
pub mod place;
pub mod refusal;
pub mod report;
pub mod sla;
pub mod time;
pub mod track;
pub mod unit;
mod words;
