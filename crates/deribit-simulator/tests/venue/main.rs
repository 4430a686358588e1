//! The venue without sockets, in virtual time.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod auth;
mod determinism;
mod fault_books;
mod fault_frames;
mod fault_lives;
mod fault_platform;
mod fault_replies;
mod heartbeat;
mod life;
mod limits;
mod pipeline;
mod private;
mod requests;
mod rig;
mod scenarios;
mod strangers;
mod subscriptions;
