//! Several nodes over one PostgreSQL and one Redis: what one commits, the others know; what one leaves, the others do.

mod blows;
mod board;
mod devices;
mod drain;
mod load;
mod offers;
mod pair;
mod phones;
mod words;
