//! The simulator on real sockets of 127.0.0.1, with a client whose frames are written by hand.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod conversation;
mod handshakes;
mod raw_client;
mod socket_faults;
mod tls;
mod watching;
