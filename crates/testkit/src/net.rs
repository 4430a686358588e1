//! Peers on real sockets of the loopback interface.
//!
//! Reading order: [`EchoServer`] behaves well. [`Peer`] accepts connections, by hand or with a
//! handler for each, and a [`Conn`] does to the client whatever the test says, with [`RawFrame`]s
//! and [`Answer`]s that may be wrong in any way. [`Certificates`] serve TLS. [`FaultProxy`] stands
//! between two that behave well, and breaks what passes. [`ConnectProxy`] and [`SocksProxy`] are
//! what a client may have to go through. `Gateway` (feature `http2`) lets all of them be reached over
//! HTTP/2.
//!
//! ```
//! use nova_testkit::net::{Answer, Peer, RawFrame};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let venue = Peer::serve(|mut conn| async move {
//!     conn.read_request().await;
//!     match conn.number() {
//!         1 => conn.answer(&Answer::refusing(503).with_header("Retry-After", "1")).await,
//!         2 => conn.reset().await,
//!         _ => {
//!             conn.accept_upgrade().await;
//!             conn.send(RawFrame::text("a reserved bit").with_rsv(0b100)).await;
//!             conn.stall().await;
//!         }
//!     }
//! })
//! .await?;
//! println!("let the client connect to {}", venue.url());
//! # Ok(())
//! # }
//! ```
//!
//! Nobody listens on a [`Port`], and nobody answers at a [`DeafPort`]. Whoever is dropped takes its
//! sockets and tasks with it.

mod answer;
mod certificates;
mod conn;
mod connect_proxy;
mod deaf_port;
#[cfg(feature = "deflate")]
mod deflate;
mod echo_server;
mod fault_proxy;
#[cfg(feature = "http2")]
mod gateway;
mod journal;
mod patience;
mod peer;
mod port;
mod raw_frame;
mod request;
mod service;
mod socks_proxy;
mod stream;
mod tunnels;

pub use answer::{Answer, accept_key};
pub use certificates::{Certificates, Identity};
pub use conn::Conn;
pub use connect_proxy::{ConnectProxy, ConnectRules};
pub use deaf_port::DeafPort;
#[cfg(feature = "deflate")]
pub use deflate::{Packer, Unpacker};
pub use echo_server::EchoServer;
pub use fault_proxy::{FaultProxy, Faults, Flow, Way};
#[cfg(feature = "http2")]
pub use gateway::{Gateway, GatewayRules};
pub use journal::{Entry, Event, Journal};
pub use patience::{PATIENCE, within};
pub use peer::{Peer, Served};
pub use port::Port;
pub use raw_frame::{LengthForm, RawFrame};
pub use request::Request;
pub use socks_proxy::{SocksProxy, SocksRules};
pub use stream::Ending;
