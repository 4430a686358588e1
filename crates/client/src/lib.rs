//! The tokio shell around the session, and the handles applications hold.
//!
//! [`Connect`] puts adapter, transport and policies together and yields a [`Client`]; its calls,
//! sends and subscriptions are small builders that can be awaited. A handle is a view of the
//! session, not a channel to it: a call locks, changes, unlocks; no lock is held across an await.
//! It holds no link data and so never goes stale.
//!
//! The shell itself is one task, the [`Driver`]: two lanes that dial, read and write, one
//! timekeeper, and one pump that carries events to observers.

mod branch;
mod budget;
mod call;
mod client;
mod connect;
mod decode;
mod driver;
mod events;
mod ping;
mod recorder;
mod send;
mod shared;
mod standing;
mod subscribe;
mod subscription;
mod supervisor;
mod watch;

pub use budget::ReconnectBudget;
pub use call::CallBuilder;
pub use client::{Client, ShutdownError, Status};
pub use connect::Connect;
pub use driver::Driver;
pub use events::Events;
pub use ping::PingBuilder;
pub use recorder::Recorder;
pub use send::{Notify, SendBuilder};
pub use standing::Monitor;
pub use subscribe::{SubscribeBuilder, SubscribeError};
pub use subscription::Subscription;
pub use supervisor::{
    Child, ChildEnd, ChildReport, ChildStatus, RestartPolicy, Standing, StartError, Supervisor,
    SupervisorEvent, SupervisorEvents,
};
pub use watch::Watch;
