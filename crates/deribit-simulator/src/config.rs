//! What a simulator is made of: every key of a configuration file, with its default.
//!
//! Defaults work as they are. Where the behaviour of the live service is not known, the default is the
//! harder case for a client, and a switch gives the others.

mod account;
mod switches;

use std::{fmt, fs, io, path::Path, time::Duration};

use serde::Deserialize;

pub use self::{
    account::{Account, AccountSecret},
    switches::{
        AckOrder, HeartbeatAnswer, HeartbeatGrace, MissingId, OnExhaust, OnExpiry, Oversize,
        PrivateViaPublic, ScopeMissing, TokenBinds,
    },
};
use crate::market::MarketConfig;

/// The configuration of a simulator. Durations are in seconds of the simulator's clock.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where all randomness comes from.
    pub seed: u64,
    /// What moves the clock.
    pub clock: ClockKind,
    /// How many times faster than real time the clock runs; it divides every duration. Limits told to
    /// clients, such as the least heartbeat interval, keep their nominal value. Without effect under a
    /// manual clock.
    pub time_scale: f64,
    /// Wall time at the start under a manual clock, in milliseconds. Default: 2026-01-01.
    pub epoch_ms: u64,
    /// The `testnet` member of replies.
    pub testnet: bool,
    /// A port to listen on; 0 takes a free one.
    pub port: u16,
    /// Certificate and key, if it speaks TLS.
    pub tls: Option<Tls>,
    /// Compression, which the simulator does not speak: `true` is refused at the start.
    pub deflate: bool,
    /// Who may log in.
    pub accounts: Vec<Account>,
    /// Instruments, prices, books, trading.
    pub market: MarketConfig,
    /// What every reply and notification is late by; the order is kept.
    pub latency_ms: Latency,
    /// The order of members in what is sent.
    pub key_order: KeyOrder,
    /// A client message of more bytes than this is refused.
    pub max_request_bytes: usize,
    /// What follows a message that is too large.
    pub oversize: Oversize,
    /// Seconds between the server's own pings; 0 sends none.
    pub server_ping_s: f64,
    /// How many connections one address may hold open.
    pub max_connections_per_ip: usize,
    /// Seconds after which a connection is dropped that subscribed nothing, has no heartbeat and is
    /// silent; 0 never.
    pub idle_drop_s: f64,
    /// Seconds a connection may last; 0 for ever.
    pub max_age_s: f64,
    /// What becomes of a request without an id.
    pub missing_id: MissingId,
    /// For how long a private call with a token authenticates.
    pub token_binds: TokenBinds,
    /// How long access tokens live, in seconds.
    pub token_ttl_s: f64,
    /// Whether a signature without a nonce is refused.
    pub nonce_required: bool,
    /// What becomes of a connection whose token expires.
    pub on_expiry: OnExpiry,
    /// What counts as the answer to a test request.
    pub heartbeat_answer: HeartbeatAnswer,
    /// How long a test request may stay unanswered.
    pub heartbeat_grace: HeartbeatGrace,
    /// What becomes of a private channel in `public/subscribe`.
    pub private_via_public: PrivateViaPublic,
    /// What becomes of a private channel beyond the scope.
    pub scope_missing: ScopeMissing,
    /// The order of the channels in an acknowledgement.
    pub ack_order: AckOrder,
    /// Whether snapshots are sent before the acknowledgement.
    pub snapshot_before_ack: bool,
    /// Seconds over which the snapshots of one call are spread.
    pub snapshot_spread_s: f64,
    /// Whether events of trading are sent before the reply to the call that caused them.
    pub events_before_reply: bool,
    /// What follows an empty bucket.
    pub on_exhaust: OnExhaust,
    /// How many public calls may wait for their replies at once; 0 for any number.
    pub max_pending: usize,
    /// What may wait to be sent to one connection, in bytes.
    pub send_queue_bytes: usize,
    /// How long something may wait to be sent, in seconds. Without effect under a manual clock.
    pub send_queue_s: f64,
    /// The send buffer of the sockets, in bytes; the system's default if none is given.
    pub socket_buffer_bytes: Option<u32>,
    /// What the journal holds, in bytes of frames; the oldest entries go first.
    pub journal_bytes: usize,
}

/// What moves the clock.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// Real time.
    #[default]
    Real,
    /// The control handle.
    Manual,
}

/// The order of members in what is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrder {
    /// Always the one of the documentation.
    Canonical,
    /// Each connection has its own, by the seed.
    #[default]
    Mixed,
}

/// What frames are late by.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// The mean, in milliseconds.
    pub mean: f64,
    /// How far it strays to both sides, in milliseconds.
    pub jitter: f64,
}

/// A certificate chain and its key.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tls {
    /// As texts.
    Pem {
        /// The chain, its own certificate first.
        certificates: String,
        /// The private key.
        key: String,
    },
    /// As bytes; not from a file.
    #[serde(skip)]
    Der {
        /// The chain, its own certificate first.
        certificates: Vec<Vec<u8>>,
        /// The private key: PKCS#8, PKCS#1 or SEC1.
        key: Vec<u8>,
    },
}

impl Config {
    /// This seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// A clock that the control handle moves.
    #[must_use]
    pub fn with_manual_clock(self) -> Self {
        Self { clock: ClockKind::Manual, ..self }
    }

    /// A clock so many times faster than real time.
    #[must_use]
    pub fn with_time_scale(self, time_scale: f64) -> Self {
        Self { time_scale, ..self }
    }

    /// TLS with this certificate and key.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Reads a file of JSON. What it does not say keeps its default.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no configuration.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(ConfigError::Read)?;
        serde_json::from_str(&text).map_err(ConfigError::Parse)
    }

    /// What is wrong with it, if anything.
    ///
    /// # Errors
    ///
    /// A value that no simulator could run with.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.deflate {
            return Err(ConfigError::Deflate);
        }
        if !(self.time_scale.is_finite() && self.time_scale > 0.0) {
            return Err(ConfigError::TimeScale(self.time_scale));
        }
        let spans = [
            ("server_ping_s", self.server_ping_s),
            ("idle_drop_s", self.idle_drop_s),
            ("max_age_s", self.max_age_s),
            ("token_ttl_s", self.token_ttl_s),
            ("snapshot_spread_s", self.snapshot_spread_s),
            ("send_queue_s", self.send_queue_s),
            ("latency_ms.mean", self.latency_ms.mean),
            ("latency_ms.jitter", self.latency_ms.jitter),
        ];
        match spans.into_iter().find(|(_, span)| !(0.0..=MOST_SECONDS).contains(span)) {
            Some((key, _)) => Err(ConfigError::Span(key)),
            None => Ok(()),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: ClockKind::Real,
            time_scale: 1.0,
            epoch_ms: 1_767_225_600_000,
            testnet: true,
            port: 0,
            tls: None,
            deflate: false,
            accounts: Account::defaults(),
            market: MarketConfig::default(),
            latency_ms: Latency::default(),
            key_order: KeyOrder::default(),
            max_request_bytes: 32_768,
            oversize: Oversize::default(),
            server_ping_s: 30.0,
            max_connections_per_ip: 32,
            idle_drop_s: 60.5,
            max_age_s: 0.0,
            missing_id: MissingId::default(),
            token_binds: TokenBinds::default(),
            token_ttl_s: 31_536_000.0,
            nonce_required: false,
            on_expiry: OnExpiry::default(),
            heartbeat_answer: HeartbeatAnswer::default(),
            heartbeat_grace: HeartbeatGrace::default(),
            private_via_public: PrivateViaPublic::default(),
            scope_missing: ScopeMissing::default(),
            ack_order: AckOrder::default(),
            snapshot_before_ack: false,
            snapshot_spread_s: 0.6,
            events_before_reply: false,
            on_exhaust: OnExhaust::default(),
            max_pending: 0,
            send_queue_bytes: 8 << 20,
            send_queue_s: 30.0,
            socket_buffer_bytes: None,
            journal_bytes: 64 << 20,
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration cannot be read")]
    Read(#[source] io::Error),
    /// It is no configuration.
    #[error("the configuration makes no sense")]
    Parse(#[source] serde_json::Error),
    /// Compression was asked for.
    #[error("the simulator does not speak permessage-deflate")]
    Deflate,
    /// A clock cannot run at this speed.
    #[error("the clock cannot run {0} times as fast as real time")]
    TimeScale(f64),
    /// Not a span of time.
    #[error("{0} must be a span from zero to three centuries")]
    Span(&'static str),
    /// The certificate or the key cannot be used.
    #[error("certificate or key cannot be used: {0}")]
    Tls(String),
}

/// Seconds as microseconds of the clock.
pub(crate) fn micros(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}

/// A span of real time as microseconds of the clock.
pub(crate) fn span_micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX / 4)
}

/// More than any simulation lasts, and far from where sums of times overflow.
const MOST_SECONDS: f64 = 1e10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_and_every_key_is_known_by_its_name() {
        let empty: Config = serde_json::from_str("{}").unwrap();
        assert_eq!(format!("{empty:?}"), format!("{:?}", Config::default()));
        let text = r#"{"seed":7,"clock":"manual","time_scale":10.0,"epoch_ms":1576074319000,"testnet":false,
            "tls":null,"deflate":false,"latency_ms":{"mean":5,"jitter":1},"key_order":"canonical",
            "oversize":"error_close","missing_id":"reject","token_binds":"connection","on_expiry":"close",
            "heartbeat_answer":"any_request","heartbeat_grace":"0","private_via_public":"accept_if_auth",
            "scope_missing":"error","ack_order":"shuffled","on_exhaust":"error_only","max_pending":4}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        assert_eq!((config.seed, config.clock), (7, ClockKind::Manual));
        assert_eq!(config.heartbeat_grace, HeartbeatGrace::NextCheck);
        assert!(serde_json::from_str::<Config>(r#"{"sead":7}"#).is_err(), "a slip is not passed over");
    }

    #[test]
    fn what_cannot_run_is_refused() {
        assert!(Config::default().check().is_ok());
        assert!(matches!(Config { deflate: true, ..Config::default() }.check(), Err(ConfigError::Deflate)));
        for time_scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Config { time_scale, ..Config::default() }.check().is_err());
        }
        assert!(Config { idle_drop_s: -1.0, ..Config::default() }.check().is_err());
    }
}
