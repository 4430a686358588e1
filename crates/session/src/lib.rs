//! The sans-IO core: one conversation that outlives its sockets.
//!
//! A [`Session`] decides; whoever holds it performs. It has no clock, no socket, no runtime, no
//! lock and no randomness of its own: `now` and a seed come in as arguments, so equal inputs give
//! equal outputs. Inputs are named `handle_*`, outputs `poll_*`, questions `wants_*`.
//!
//! Reading order: [`Session`]; [`State`]; [`RequestError`], the fate of requests; [`Delivery`] and
//! [`Overflow`], what subscribers receive. The inner modules follow the parts: `lane` (outbound
//! queues), `beat` (liveness), `requests`, `topics`, `deliveries`, and `session` itself, whose
//! children are the chapters of its life.

mod beat;
mod deliveries;
mod delivery;
mod events;
mod guard;
mod hash;
mod lane;
mod link;
mod request_error;
mod requests;
mod session;
mod standing;
mod state;
pub mod tape;
mod topics;
mod wakes;
mod wall;

pub use deliveries::{DeliveryCounts, Overflow, SubscriptionEnd, SubscriptionId};
pub use delivery::{Arrival, Delivery, Gap, GapCause, Side};
pub use request_error::{NotSent, RequestError};
pub use requests::{Matcher, Settlement};
pub use session::{Answer, Ask, Content, Dial, Session, Sleep, Start, Transmit, Wanted};
pub use standing::{
    Ailment, Condition, Decider, Gauges, Health, LaneUsage, MessageSizes, TopicCounts, Wait, Waiting,
};
pub use state::{EndCause, ShutdownReport, State, Step};
pub use topics::{TopicState, TopicStatus};
pub use wakes::Wakes;
