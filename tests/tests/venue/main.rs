//! The whole stack against the made-up venue, over real sockets and through the facade.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod kit;

mod ending;
mod heartbeats;
mod holding;
mod opening;
mod orders;
mod overflow;
mod pacing;
mod recovery;
mod streams;
mod topics;
