//! A small made-up trading venue, and the adapter that speaks its language.
//!
//! The venue is what scenarios and demonstrations run against: it has a login that expires, settings
//! of a connection, streams that are numbered, private streams, credits, a heartbeat of its own, and
//! orders that must not be placed twice. It belongs to no library.
//!
//! [`Core`] is the venue itself, a state machine that is told the time and neither reads nor writes a
//! socket; [`Rules`] are its switches, faults included; its record is made of [`Entry`]s. [`Venue`]
//! (feature `net`) puts it on a real port. [`adapter`] is the client's side.
//!
//! # The wire
//!
//! Everything is JSON text. A request is `{"id":7,"op":…}`; its reply is `{"id":7,"ok":…}` or
//! `{"id":7,"error":{"code":…,"message":…}}`. By [`Rules::replies_carry_ids`] both sides leave the
//! ids out, and replies come in the order of the requests.
//!
//! | `op` | Fields | `ok` |
//! |---|---|---|
//! | `login` | `key`, `time` (ms), `nonce`, `sign` | `{"expires":seconds}` |
//! | `set` | `heartbeat` (ms) or `cancel_on_drop` | `{}` |
//! | `subscribe` | `topics`, at most ten | `{"on":[…],"refused":[{"topic":…,"code":…,"message":…}]}` |
//! | `unsubscribe` | `topics` | `{"off":[…]}` |
//! | `time` | | `{"time":ms}` |
//! | `order` | `client_id`, `instrument`, `side`, `quantity`, `price` | `{"order":n,"client_id":…}` |
//!
//! Items are `{"topic":"prices.BTC","seq":12,"data":{…}}`, in this order of fields. The topics are
//! `prices.*`, `deltas.*` and, for those who have logged in, `fills`. A position counts the items of
//! the topic, whoever received them.
//!
//! The venue may ask `{"op":"alive?"}`, which wants `{"op":"alive"}` in time, and it may say
//! `{"op":"expired"}` when a login has run out.
//!
//! | `code` | Means |
//! |---|---|
//! | 400 | the request makes no sense |
//! | 401 | it needs a login |
//! | 403 | the login is refused |
//! | 404 | there is no such topic |
//! | 409 | an order with this `client_id` is there already |
//! | 429 | too few credits |

pub mod adapter;
mod core;
mod credits;
mod journal;
mod rules;
#[cfg(feature = "net")]
mod server;
mod signature;

pub use self::core::{Core, Output, Placed, Seat};
pub use credits::Credits;
pub use journal::{Entry, Heard};
pub use rules::{Answering, Logins, Op, Reception, Rules};
#[cfg(feature = "net")]
pub use server::Venue;
pub use signature::signature;
