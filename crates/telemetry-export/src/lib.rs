//! What an operator plugs in: exporters of metrics, spans, health, and reports of what went wrong.
//!
//! Reading order: [`Watchlist`], the clients by name; then, by feature, [`prometheus`], [`statsd`],
//! [`otel`], [`endpoint`] and [`reporter`].
//!
//! Names, units and meanings come from the catalogues of `nova-telemetry`; nothing is named here. What
//! is exported holds no payload and no secret, because samples, vitals and events hold none.
//!
//! # Features
//!
//! | Feature | Adds |
//! |---|---|
//! | `prometheus` | the text that Prometheus scrapes |
//! | `statsd` | StatsD lines over UDP |
//! | `otel` | instruments and spans through the OpenTelemetry API |
//! | `http` | an endpoint with `/healthz`, `/livez`, `/readyz` and `/metrics` |
//! | `error-reporter` | serious events for a service that collects errors, such as Sentry |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "http")]
pub mod endpoint;
#[cfg(feature = "otel")]
pub mod otel;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(feature = "error-reporter")]
pub mod reporter;
#[cfg(feature = "statsd")]
pub mod statsd;
mod watchlist;

pub use watchlist::{Reading, Standing, Watchlist};
