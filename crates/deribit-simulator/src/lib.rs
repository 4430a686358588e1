//! The Deribit WebSocket API as a local server, for tests and demonstrations without a network.
//!
//! It shares no protocol code with any client: shared code would hide shared mistakes. What it says and
//! when is a matter of one seed and one clock, so that a scenario can be run again as it was.
//!
//! Reading order: [`Simulator`] runs in a process, [`Control`] watches and disturbs it, [`Config`] says
//! what it is like, [`Fault`] and [`Scenario`] what goes wrong, [`Journal`] what happened. [`Run`] is
//! the same as a program. [`Venue`] is the whole server without sockets; below it lie [`market`] and
//! [`trading`].
//!
//! ```
//! use std::time::Duration;
//!
//! use nova_deribit_simulator::{Config, Fault, Simulator};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let simulator = Simulator::start(Config::default().with_manual_clock()).await?;
//! let control = simulator.control();
//! control.set_fault(Fault::Gap { n: 1 }.on_channel("book.BTC-PERPETUAL.100ms"));
//! control.advance(Duration::from_secs(60));
//! assert_eq!(control.journal(|journal| journal.answers(101)), 0);
//! # Ok::<(), nova_deribit_simulator::StartError>(()) }).unwrap();
//! ```

mod config;
mod control;
mod counters;
mod fault;
mod journal;
mod json;
pub mod market;
mod run;
mod scenario;
mod server;
mod simulator;
pub mod trading;
mod venue;

pub use config::{
    Account, AccountSecret, AckOrder, ClockKind, Config, ConfigError, HeartbeatAnswer, HeartbeatGrace,
    KeyOrder, Latency, MissingId, OnExhaust, OnExpiry, Oversize, PrivateViaPublic, ScopeMissing, Tls,
    TokenBinds,
};
pub use control::{Control, FaultId, WaitedInVain};
pub use counters::Counters;
pub use fault::{Ending, Fault, FaultPlan, Lasting, Malformed, Refusal, Start, Target};
pub use journal::{CheckFailed, Entry, Event, Frame, FrameKind, Journal};
pub use run::{Run, RunError, Summary};
pub use scenario::{Scenario, ScenarioError};
pub use server::StartError;
pub use simulator::Simulator;
pub use venue::{Output, Reception, Venue};
