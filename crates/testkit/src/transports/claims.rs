//! The claims, each a function over the transport. [`transport_tests!`](crate::transport_tests) makes tests of them.

#![allow(clippy::missing_panics_doc, reason = "a claim that does not hold panics, and nothing else does")]
#![allow(clippy::missing_errors_doc, reason = "claims return nothing")]

pub mod ending;
pub mod holding;
#[cfg(feature = "http2")]
pub mod http2;
pub mod judging;
pub mod moving;
pub mod opening;
pub mod securing;
pub mod sharing;
