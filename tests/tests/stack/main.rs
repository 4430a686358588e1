//! The whole stack over real sockets, through the facade and nothing else of the framework.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod venue;

mod client_api;
mod handlers;
mod isolation;
mod lifecycle;
mod recording;
mod secrets;
