//! When to try again: how long to stay away after a lost connection, and when to give up.
//!
//! A [`Strategy`] answers one question: how long to pause before attempt number `n`. [`Jittered`] is
//! the one to use for a fleet of clients and the default everywhere; [`Linear`] and [`Exponential`] are
//! predictable; [`ImmediateFirst`] puts a first attempt without a pause before any of them. How many
//! attempts there may be is a [`Retries`] of each.
//!
//! A [`Pacer`] counts the attempts and knows when the count starts again: only after a connection that
//! proved useful, so that a server which accepts and closes at once is paced like one that refuses.
//!
//! Nothing here reads a clock or draws a random number: both come in as arguments, so equal inputs give
//! equal pauses.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use nova_reconnect::{Jittered, Pacer, Retries, STABLE_AFTER};
//!
//! let strategy = Jittered::default().with_retries(Retries::Limited(8));
//! let mut pacer = Pacer::new(strategy, STABLE_AFTER);
//!
//! pacer.lost(Instant::now());
//! let pause = pacer.next_delay(0x8000_0000_0000_0000).expect("the first of eight attempts");
//! assert!(pause <= Duration::from_secs(1));
//! ```
//!
//! # Features
//!
//! `backoff` adds `Envelope`, a strategy for those who already configure the `backoff` crate. That crate
//! is unmaintained, so it is in nobody's dependency tree by default.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "backoff")]
mod envelope;
mod exponential;
mod immediate_first;
mod jittered;
mod linear;
mod pacer;
mod retries;
mod strategy;

#[cfg(feature = "backoff")]
pub use envelope::Envelope;
pub use exponential::Exponential;
pub use immediate_first::ImmediateFirst;
pub use jittered::Jittered;
pub use linear::Linear;
pub use pacer::{Pacer, STABLE_AFTER};
pub use retries::Retries;
pub use strategy::Strategy;
