//! The peers of `nova_testkit::net`, seen from plain sockets.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod client;
mod echo_server;
mod fault_proxy;
mod peer;
mod proxies;
mod tls;
