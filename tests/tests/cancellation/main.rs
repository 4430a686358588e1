//! Every public future of the client is dropped after each number of polls, and nothing is lost.
//!
//! The client's driver is polled by hand, one poll at a time, over a transport in memory and in
//! virtual time: so equal runs are equal, and a sweep visits every point at which a future can be
//! dropped. `docs/cancellation.md` tells what was found.

mod language;
mod lifecycle;
mod memory;
mod requests;
mod streams;
mod supervision;
mod watching;
mod world;
