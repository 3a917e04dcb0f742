//! Sigap ("alert, quick to act"): the backend behind the police emergency number 110.
//!
//! The floors, lowest first; a file imports from its own room and from lower floors only (see ARCHITECTURE.md).

#![forbid(unsafe_code)]

pub mod domain;

pub mod live;
pub mod post;
pub mod road;
pub mod store;

pub mod engine;

pub mod wire;

pub mod cli;
pub mod http;
pub mod sim;
pub mod ws;

pub mod app;
pub mod config;
