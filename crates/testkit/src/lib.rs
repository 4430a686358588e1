//! What the tests of WebsockexNova, and of adapters for it, are made with.
//!
//! [`net`] holds peers on real sockets (feature `net`, on by default): an echo server, a peer that
//! follows a script down to the byte, generated certificates, a proxy that breaks connections, and
//! the proxies a client may have to go through.
//!
//! `world` holds a session in virtual time against a simulated peer (feature `world`): no runtime,
//! no sockets, faults by seed, and a checker of what must always hold.
//!
//! `venue` is a small made-up trading venue with its adapter (feature `venue`), which both of them
//! can run.
//!
//! `conformance` tries any adapter in the world against a service its author scripts (feature
//! `conformance`).
//!
//! `transports` tries any transport over real sockets (feature `transports`).
//!
//! [`canary`] holds secrets that are easy to find, and keeps what tests catch to be searched for them.
//!
//! Everything here is for tests: what goes wrong panics with the reason, no wait is endless, and
//! all sockets stay on the loopback interface.

pub mod canary;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "transports")]
pub mod transports;
#[cfg(feature = "venue")]
pub mod venue;
#[cfg(feature = "world")]
pub mod world;
