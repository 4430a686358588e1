//! The program itself: started as anybody starts it, against peers on the loopback interface.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod connect;
mod demo;
mod process;
