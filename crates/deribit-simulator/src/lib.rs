//! The Deribit WebSocket API as a local server, for tests and demonstrations without a network.

pub mod market;
pub mod trading;
