//! How a gateway treats its clients.

use std::sync::Arc;

use h2::{Reason, server::Builder};
use rustls::ServerConfig;

use crate::net::answer::Answer;

/// How a [`Gateway`](super::Gateway) treats its clients. By default it serves plain TCP, knows
/// extended CONNECT, and lets everybody through.
#[derive(Clone, Debug)]
pub struct GatewayRules {
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) refusal: Option<Answer>,
    pub(super) reset: Option<Reason>,
    pub(super) is_silent: bool,
    pub(super) data_frame_bytes: usize,
    knows_connect: bool,
    max_streams: Option<u32>,
}

impl GatewayRules {
    /// Serves TLS; see [`Identity::server_config_offering`](crate::net::Identity::server_config_offering).
    #[must_use]
    pub fn with_tls(self, config: Arc<ServerConfig>) -> Self {
        Self { tls: Some(config), ..self }
    }

    /// Does not announce extended CONNECT (SETTINGS_ENABLE_CONNECT_PROTOCOL, RFC 8441 §3).
    #[must_use]
    pub fn without_extended_connect(self) -> Self {
        Self { knows_connect: false, ..self }
    }

    /// Gives this answer to every request, its status, headers and body.
    #[must_use]
    pub fn with_refusal(self, answer: Answer) -> Self {
        Self { refusal: Some(answer), ..self }
    }

    /// Resets the stream of every request with this code (RFC 9113 §7).
    #[must_use]
    pub fn with_reset(self, code: u32) -> Self {
        Self { reset: Some(code.into()), ..self }
    }

    /// Reads requests and never answers.
    #[must_use]
    pub fn with_silence(self) -> Self {
        Self { is_silent: true, ..self }
    }

    /// Cuts what the server says into DATA frames of at most so many bytes.
    #[must_use]
    pub fn with_data_frames_of(self, bytes: usize) -> Self {
        Self { data_frame_bytes: bytes, ..self }
    }

    /// Lets a client open so many streams at once (SETTINGS_MAX_CONCURRENT_STREAMS).
    #[must_use]
    pub fn with_max_streams(self, count: u32) -> Self {
        Self { max_streams: Some(count), ..self }
    }

    pub(super) fn builder(&self) -> Builder {
        let mut builder = Builder::new();
        if self.knows_connect {
            builder.enable_connect_protocol();
        }
        if let Some(count) = self.max_streams {
            builder.max_concurrent_streams(count);
        }
        builder
    }
}

impl Default for GatewayRules {
    fn default() -> Self {
        Self {
            tls: None,
            refusal: None,
            reset: None,
            is_silent: false,
            data_frame_bytes: 16 << 10,
            knows_connect: true,
            max_streams: None,
        }
    }
}
