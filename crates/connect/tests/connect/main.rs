//! A connector against real sockets on the loopback interface, and against simulated ones.

#![cfg(all(any(feature = "rustls-aws-lc", feature = "rustls-ring"), feature = "roots-platform"))]

mod answers;
mod any_answer;
mod happy_eyeballs;
#[cfg(feature = "http2")]
mod http2;
mod phases;
mod proxies;
mod support;
mod tls;
mod upgrade;
