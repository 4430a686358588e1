//! The Tulip exchange: what its messages mean.
//!
//! Reading order: `dialect` says what can be asked, `messages` how it is written and how what arrives
//! is routed; then the other behaviours, one file each; [`Tulip`] ties them to an endpoint.
//!
#![doc = include_str!("../README.md")]
//!
//! # The wire
//!
//! Everything is JSON text. A request is `{"req":7,"do":…}`; its reply is `{"re":7,"ok":…}` or
//! `{"re":7,"no":{"code":…,"text":…}}`, and replies may overtake each other.
//!
//! | `do` | Fields | `ok` |
//! |---|---|---|
//! | `login` | `key`, `time` (ms), `nonce`, `sig` | `{"expires":seconds}` |
//! | `beat` | `every` (seconds) | `{}` |
//! | `listen` | `topics`, at most five | `{"on":[…],"refused":[{"topic":…,"code":…,"text":…}]}` |
//! | `leave` | `topics` | `{"off":[…]}` |
//! | `place_order` | `ref`, `instrument`, `side`, `lots`, `price` | `{"order":n,"ref":…}` |
//!
//! Items are `{"topic":"trades.ABC","n":12,"item":{…}}`; `n` counts the items of a topic on this
//! connection by one. The venue asks for signs of life by `{"beat":17}` and wants `{"echo":17}`.

mod adapter;
mod calls;
mod channels;
mod credits;
mod dialect;
mod errors;
mod heartbeat;
mod login;
mod messages;
mod topics;

pub use adapter::{Tulip, TulipHandlers};
pub use calls::{PlaceOrder, Placed, Side};
pub use channels::{Trade, Trades};
pub use credits::{REQUESTS, TulipCredits};
pub use dialect::{Request, TulipDialect};
pub use errors::{Meaning, TulipErrors, meaning};
pub use heartbeat::TulipHeartbeat;
pub use login::TulipLogin;
pub use messages::{TulipMessages, Unreadable};
pub use topics::TulipTopics;
