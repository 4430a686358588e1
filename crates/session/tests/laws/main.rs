//! The laws of the session, in virtual time: one real session, a simulated peer, faults by seed.
//!
//! After every step `nova_testkit::world` checks what must always hold; the tests here say what must
//! hold besides. A test that bears a number such as `c35` covers that scenario of the catalogue.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod closing;
mod deliveries;
mod events;
mod fates;
mod fifo;
mod generations;
mod isolation;
mod kit;
mod lanes;
mod limits;
mod liveness;
mod login;
mod reconnection;
mod recordings;
mod replay;
mod settings;
mod shutdown;
mod topics;
mod topics_model;
mod walk;
