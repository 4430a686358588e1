//! OpenTelemetry, through its API: which SDK takes it, and where it goes, is the application's choice.
//!
//! [`instruments`] registers one observable instrument for each metric of the catalogue that is a count
//! or a level, and the histogram of the sizes of messages, which is fed at each collection. The API has no
//! observable histogram, so durations are recorded as they happen, by the observer [`Durations`]. [`Spans`]
//! makes spans out of events.
//!
//! Names follow the semantic conventions; there are none for WebSockets yet, so ours are in their style,
//! below `websocket.`.

mod durations;
mod instruments;
mod sizes;
mod spans;

pub use self::{durations::Durations, instruments::instruments, spans::Spans};

/// The attribute that tells clients apart.
const CLIENT: &str = "websocket.client.name";

/// The attribute that names an error, in a word out of a small set.
const ERROR_TYPE: &str = "error.type";

/// The attribute that tells how a request ended.
const OUTCOME: &str = "websocket.outcome";
