//! What an operator sees: events, metrics, health and reports, over real sockets and through the facade.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod kit;
#[path = "../stack/venue.rs"]
#[allow(dead_code, reason = "the made-up service is that of the other tests")]
mod venue;

mod catalogue;
mod health;
mod otlp;
mod prometheus;
mod reports;
mod secrets;
mod spans;
mod standing;
mod statsd;
