//! All integration tests in one binary: built once, each test with a database of its own.

mod accounts;
mod aid;
mod areas;
mod auth;
mod cli;
mod crash;
mod crews;
mod desk;
mod dispatches;
mod e2e;
mod engine;
mod first_offer;
mod floors;
mod harness;
mod http;
mod journal;
mod live;
mod logins;
mod nodes;
mod replay;
mod specs;
mod trackers;
mod tracks;
mod units;
mod whatsapp;
mod ws;
