//! A connector against real sockets on the loopback interface, and against simulated ones.

mod happy_eyeballs;
mod phases;
mod proxies;
mod support;
mod tls;
mod upgrade;
