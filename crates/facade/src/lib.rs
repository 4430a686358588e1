//! WebsockexNova: a managed WebSocket client framework.
//!
//! An application states what it wants to hold: a login, subscriptions, requests with deadlines. The
//! framework keeps that true over a network that breaks.
//!
//! ```no_run
//! use websockex_nova::prelude::*;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let client = Client::connect(Echo::at("wss://echo.example/")?).await?;
//! let reply = client.call("hello").deadline(secs(2)).await?;
//! println!("{reply}");
//! client.shutdown(secs(1)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The [`prelude`] is the paved path; every crate of the framework stands here as a module. There is
//! no logic in this crate.
//!
//! # Features
//!
//! | Feature | Adds | Default |
//! |---|---|---|
//! | `echo` | the echo adapter | yes |
//! | `deribit` | the Deribit adapter | no |
//! | `macros` | typed clients, channels and adapters from traits and structs | no |
//! | `native` | the transport over our own codec, and [`prelude::ClientExt`] with it | yes |
//! | `fastwebsockets` | the transport over fastwebsockets | no |
//! | `deflate` | permessage-deflate in the transport over our own codec | no |
//! | `http2` | WebSocket over HTTP/2 (RFC 8441) in both transports, by `connect::HttpChoice` | no |
//! | `rustls-aws-lc` | TLS by aws-lc-rs | yes |
//! | `rustls-ring` | TLS by ring | no |
//! | `roots-platform` | trust what the operating system trusts | yes |
//! | `roots-webpki` | trust the bundled roots | no |
//! | `roots-native` | trust the roots in the system's files | no |
//! | `simd-json` | JSON of unknown shape by simd-json | yes |
//! | `backoff` | reconnection by a configured `backoff` policy | no |
//! | `codecs` | the module `codecs`: payloads of raw bytes | no |
//! | `msgpack` | payloads in MessagePack | no |
//! | `protobuf` | payloads in Protobuf | no |
//! | `cbor` | payloads in CBOR | no |
//! | `prometheus` | the text that Prometheus scrapes | no |
//! | `statsd` | StatsD lines over UDP | no |
//! | `otel` | instruments and spans through the OpenTelemetry API | no |
//! | `http-endpoint` | `/healthz`, `/livez`, `/readyz` and `/metrics` | no |
//! | `error-reporter` | serious events for a service that collects errors | no |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(feature = "deribit", doc = include_str!("deribit.md"))]
#![cfg_attr(feature = "macros", doc = include_str!("macros.md"))]

#[cfg(feature = "native")]
mod connect_with_default;
mod error;

#[cfg(feature = "deribit")]
pub use nova_adapter_deribit as deribit;
#[cfg(feature = "echo")]
pub use nova_adapter_echo as echo;
pub use nova_behaviour as behaviour;
pub use nova_client as client;
#[cfg(feature = "codecs")]
pub use nova_codecs as codecs;
#[cfg(any(feature = "fastwebsockets", feature = "native"))]
pub use nova_connect as connect;
pub use nova_frame_codec as frame_codec;
#[cfg(feature = "macros")]
pub use nova_macros as macros;
pub use nova_ratelimit as ratelimit;
pub use nova_reconnect as reconnect;
pub use nova_recorder as recorder;
pub use nova_session as session;
pub use nova_telemetry as telemetry;
#[cfg(any(
    feature = "prometheus",
    feature = "statsd",
    feature = "otel",
    feature = "http-endpoint",
    feature = "error-reporter"
))]
pub use nova_telemetry_export as telemetry_export;
pub use nova_transport as transport;
#[cfg(feature = "fastwebsockets")]
pub use nova_transport_fastwebsockets as transport_fastwebsockets;
#[cfg(feature = "native")]
pub use nova_transport_native as transport_native;

pub use error::{Error, Result};

/// What most programs import.
pub mod prelude {
    use std::time::Duration;

    #[cfg(feature = "native")]
    pub use crate::connect_with_default::ClientExt;
    pub use crate::{Error, Result};
    #[cfg(feature = "echo")]
    pub use nova_adapter_echo::Echo;
    pub use nova_behaviour::{Adapter, Handlers, Overrides, Policies, Preset, Settings, speaking};
    pub use nova_client::{Client, Connect, ReconnectBudget, Subscription, Supervisor};
    #[cfg(feature = "macros")]
    pub use nova_macros::{Adapter, Channel, client};
    pub use nova_session::{Delivery, EndCause, Gap, RequestError, State};
    pub use nova_transport::Endpoint;

    /// So many seconds.
    #[must_use]
    pub const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn millis(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }
}
