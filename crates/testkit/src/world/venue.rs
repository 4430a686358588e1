//! A made-up service that speaks JSON with ids: requests, login, subscriptions, heartbeats.
//!
//! [`handlers`] is how a session speaks to it, and [`VenuePeer`] the service. On the wire:
//!
//! ```text
//! -> {"id":7,"say":"hello"}              <- {"id":7,"result":{"id":7,"said":"hello"}}
//! -> {"id":8,"subscribe":["a","b"]}      <- {"id":8,"result":{"id":8,"on":["a"],"refused":["b"]}}
//! -> {"id":9,"login":12345}              <- {"id":9,"error":[401,"no"]}
//!                                        <- {"topic":"a","sequence":1,"item":"x"}
//! -> {"beat":3}                          <- {"beat":3}
//! ```

mod handlers;
mod service;

pub use handlers::{Login, MARKS, Topics, VenueDialect, VenueRequest, Words, handlers};
pub use service::{LoginRule, Seat, VenuePeer};
