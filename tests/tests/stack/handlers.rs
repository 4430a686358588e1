//! Every behaviour is asked, and what it decides happens: each test fails once its call is removed
//! from the session or the client.

mod auth;
mod connection;
mod errors;
mod limits;
mod messages;
mod panics;
mod settings;
mod subscriptions;
mod swapping;
mod watchers;
