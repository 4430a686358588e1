//! The venue without sockets, in virtual time.

mod auth;
mod heartbeat;
mod life;
mod limits;
mod pipeline;
mod rig;
mod subscriptions;
