//! From an endpoint to an upgraded byte stream: resolve, TCP, proxy, TLS, HTTP upgrade.
//!
//! Reading order: a [`Connector`] holds the settings and opens [`Upgraded`] streams; [`Deadlines`]
//! bound each phase; [`TlsOptions`] say whom to trust, [`ProxyChoice`] says which way to go, and
//! [`HttpChoice`] which HTTP to speak (HTTP/2 with the feature `http2`). [`Resolve`], [`Dial`] and
//! [`Entropy`] are the doors to the outside, so that everything above also runs inside a simulated
//! network. What travels is a [`ByteStream`].
//!
//! Nothing here retries, spawns a task or knows about frames.

mod attempt;
mod connector;
mod deadlines;
mod dial;
mod entropy;
mod exchange;
#[cfg(feature = "http2")]
mod http2;
mod http_choice;
mod proxy;
mod resolve;
mod stream;
mod tls;
mod upgrade;

pub use connector::{Connector, Upgraded};
pub use deadlines::Deadlines;
pub use dial::{Dial, TcpDialer};
pub use entropy::{Entropy, SystemEntropy};
pub use http_choice::HttpChoice;
pub use proxy::{Proxy, ProxyChoice};
pub use resolve::{Resolve, SystemResolver};
pub use stream::{ByteStream, ReadHalf, WriteHalf};
pub use tls::{Roots, TlsOptions};
