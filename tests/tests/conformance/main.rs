//! The conformance kit: two adapters that pass, and some that each fail where they are wrong.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod broken;
mod echo;
mod venue;
