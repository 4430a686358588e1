//! The simulator on real sockets of 127.0.0.1, with a client whose frames are written by hand.

mod conversation;
mod handshakes;
mod raw_client;
mod socket_faults;
mod tls;
mod watching;
