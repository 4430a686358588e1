//! The way over HTTP/2, and back from it.

use std::mem;

use nova_transport::{ConnectError, Endpoint, Handshake, Phase, Scheme, UpgradeError};

use super::{Connector, Upgraded};
use crate::{
    attempt::Attempt,
    http_choice::{HTTP_2, HttpChoice},
    http2::{Answer, ask},
    tls::{alert_in, is_unknown_protocol},
    upgrade,
};

impl Connector {
    /// Opens a stream by HTTP/2 where that is wanted. `None`: by HTTP/1.1, then, on another
    /// connection.
    pub(super) async fn connect_by_http2(
        &self,
        attempt: &mut Attempt<'_>,
        endpoint: &Endpoint,
        extensions: &[&str],
    ) -> Result<Option<Upgraded>, ConnectError> {
        let is_required = match (self.http, endpoint.scheme()) {
            (HttpChoice::Two, _) => true,
            (HttpChoice::Either, Scheme::Wss) => false,
            (HttpChoice::One, _) | (HttpChoice::Either, Scheme::Ws) => return Ok(None),
        };
        let way = match self.clear(attempt, endpoint, self.http).await {
            Err(ConnectError::Tls(error)) if is_required && is_unknown_protocol(&error) => {
                return Err(ConnectError::Upgrade(UpgradeError::NoHttp2));
            }
            cleared => cleared?,
        };
        // Without TLS nobody is asked: RFC 9113 §3.3.
        if endpoint.scheme() == Scheme::Wss && way.secured.protocol.as_deref() != Some(HTTP_2) {
            return match is_required {
                true => Err(ConnectError::Upgrade(UpgradeError::NoHttp2)),
                false => self.upgrade(attempt, way, endpoint, extensions).await.map(Some),
            };
        }
        let request = upgrade::extended_connect(endpoint, extensions).map_err(ConnectError::Upgrade)?;
        let asking = async { ask(way.secured.stream, request, self.head_bytes).await.map_err(not_asked) };
        let (head, stream) = match attempt.run(Phase::Upgrade, asking).await? {
            Answer::Accepted(head, stream) => (head, stream),
            Answer::Refused(refused) => return Err(ConnectError::Refused(Box::new(refused.finish().await))),
            Answer::Unable if is_required => {
                return Err(ConnectError::Upgrade(UpgradeError::NoExtendedConnect));
            }
            Answer::Unable => return Ok(None),
        };
        let mut handshake = Handshake::default();
        handshake.subprotocol =
            upgrade::check_choices(&head.headers, endpoint, extensions).map_err(ConnectError::Upgrade)?;
        handshake.headers = head.headers;
        handshake.peer = Some(way.peer);
        handshake.timings = mem::take(&mut attempt.timings);
        Ok(Some(Upgraded { stream, handshake }))
    }
}

fn not_asked(error: UpgradeError) -> ConnectError {
    // A client's certificate is judged this late in TLS 1.3.
    match &error {
        UpgradeError::Io(cause) => match alert_in(cause) {
            Some(alert) => ConnectError::Tls(alert),
            None => ConnectError::Upgrade(error),
        },
        _ => ConnectError::Upgrade(error),
    }
}
