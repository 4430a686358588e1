//! The macros, through the facade and over real sockets, against the made-up venue.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod by_hand;
mod by_macro;
mod client;
// Lints on what is public have to see it as such.
pub mod hygiene;
mod names;
mod roles;
mod same;
