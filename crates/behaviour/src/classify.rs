//! One total function from what went wrong to what it means for the next attempt.

use std::{
    error::Error as StdError,
    time::{Duration, SystemTime},
};

use http::StatusCode;
use nova_frame_codec::CloseCode;
use nova_transport::{ConnectError, HttpRefusal, LostReason, ProxyError, TlsError, UpgradeError};

use crate::{refusal::Refusal, topic::Topic};

/// Something that went wrong and wants a decision.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault<'a> {
    /// A link is gone, or could not be opened.
    Lost(&'a LostReason),
    /// The server refused the login.
    LoginRefused(&'a Refusal),
    /// The message handler could not make sense of a message. This is its own error.
    Undecodable(&'a (dyn StdError + Send + Sync + 'static)),
    /// A topic is silent for longer than its subscribers wished, although it was subscribed to
    /// anew.
    Stale(&'a Topic),
    /// A handler panicked; names its role.
    Panicked(&'static str),
}

/// What a fault means for the next attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// Trying again by plan may help.
    Transient,
    /// Trying again cannot help: wrong credentials, wrong address, distrust.
    Fatal,
    /// The peer said when to come back: a pause of at least `least`, and up to `spread` more, so
    /// that not all of its clients return at once.
    Wait {
        /// The pause the peer asked for.
        least: Duration,
        /// The room for jitter above it.
        spread: Duration,
    },
}

/// Classifies a fault. `wall` is used to read a `Retry-After` that is a date.
///
/// The whole table stands in the tests of this file and in the documentation of the architecture.
#[must_use]
pub fn classify(fault: &Fault<'_>, wall: SystemTime) -> Class {
    match fault {
        Fault::Lost(LostReason::Connect(error)) => connect(error, wall),
        Fault::Lost(LostReason::ClosedByPeer(Some(frame))) => close_code(frame.code()),
        Fault::Lost(LostReason::Shutdown) | Fault::LoginRefused(_) => Class::Fatal,
        Fault::Lost(_) | Fault::Undecodable(_) | Fault::Stale(_) | Fault::Panicked(_) => Class::Transient,
    }
}

fn connect(error: &ConnectError, wall: SystemTime) -> Class {
    match error {
        ConnectError::Refused(refusal) => status(refusal, wall),
        ConnectError::Proxy(error) => match error {
            ProxyError::Refused(refusal) => status(refusal, wall),
            ProxyError::Address(_) | ProxyError::Unsupported(_) | ProxyError::Authentication => Class::Fatal,
            _ => Class::Transient,
        },
        // An alert or a broken conversation may come from a server that is being restarted.
        ConnectError::Tls(TlsError::Alert(_) | TlsError::Io(_)) => Class::Transient,
        ConnectError::Tls(_) => Class::Fatal,
        // Whoever chooses what was not offered will do so again; a cache or a captive portal that
        // answered in the server's place may be gone next time.
        ConnectError::Upgrade(
            UpgradeError::UnofferedExtension(_) | UpgradeError::UnofferedSubprotocol(_),
        ) => Class::Fatal,
        _ => Class::Transient,
    }
}

/// By RFC 9110 §15 and RFC 6585: what depends on the request is fatal, what depends on the moment
/// is not.
fn status(refusal: &HttpRefusal, wall: SystemTime) -> Class {
    let status = refusal.status;
    let of_the_moment = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    match refusal.retry_after() {
        Some(after) if of_the_moment => {
            let least = after.delay_from(wall);
            Class::Wait { least, spread: least / 10 }
        }
        _ if of_the_moment => Class::Transient,
        _ => Class::Fatal,
    }
}

/// By RFC 6455 §7.4 and the IANA registry of close codes.
fn close_code(code: CloseCode) -> Class {
    match code.get() {
        // "A client may reconnect, and if it does, should use a randomized delay of 5 - 30 s."
        1012 => Class::Wait { least: Duration::from_secs(5), spread: Duration::from_secs(25) },
        1013 => Class::Wait { least: Duration::from_secs(10), spread: Duration::from_secs(50) },
        1003 | 1008 | 1010 | 3000 | 3003 => Class::Fatal,
        _ => Class::Transient,
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use http::HeaderMap;
    use nova_frame_codec::CloseFrame;
    use nova_transport::{Phase, TransportError};

    use super::*;

    fn of(reason: LostReason) -> Class {
        classify(&Fault::Lost(&reason), SystemTime::UNIX_EPOCH)
    }

    fn refused(status: u16, retry_after: Option<&str>) -> Class {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", value.parse().unwrap());
        }
        let refusal = HttpRefusal::new(StatusCode::from_u16(status).unwrap(), headers, Vec::new());
        let server = of(LostReason::Connect(ConnectError::Refused(Box::new(refusal.clone()))));
        let proxy = of(LostReason::Connect(ConnectError::Proxy(ProxyError::Refused(Box::new(refusal)))));
        assert_eq!(server, proxy, "a proxy's refusal means what a server's does");
        server
    }

    #[test]
    fn c12_statuses_are_classified() {
        for fatal in [200, 301, 302, 400, 401, 403, 404, 405, 410, 426, 451, 501] {
            assert_eq!(refused(fatal, Some("5")), Class::Fatal, "{fatal}");
        }
        for transient in [408, 425, 429, 500, 502, 503, 504, 520] {
            assert_eq!(refused(transient, None), Class::Transient, "{transient}");
        }
        let wait = |seconds| Class::Wait {
            least: Duration::from_secs(seconds),
            spread: Duration::from_secs(seconds) / 10,
        };
        assert_eq!(refused(429, Some("7")), wait(7));
        assert_eq!(refused(503, Some("Thu, 01 Jan 1970 00:01:00 GMT")), wait(60));
    }

    #[test]
    fn c12_close_codes_are_classified() {
        let of = |code: u16| {
            let frame = CloseFrame::from(CloseCode::try_from(code).unwrap());
            of(LostReason::ClosedByPeer(Some(frame)))
        };
        for transient in [1000, 1001, 1002, 1007, 1009, 1011, 1014, 3001, 4000, 4999] {
            assert_eq!(of(transient), Class::Transient, "{transient}");
        }
        for fatal in [1003, 1008, 1010, 3000, 3003] {
            assert_eq!(of(fatal), Class::Fatal, "{fatal}");
        }
        for wait in [1012, 1013] {
            assert!(matches!(of(wait), Class::Wait { .. }), "{wait}");
        }
    }

    #[test]
    fn c12_everything_else_is_classified() {
        let io = || Arc::new(io::Error::from(io::ErrorKind::ConnectionReset));
        let connect = |error| of(LostReason::Connect(error));
        let transient = [
            connect(ConnectError::Endpoint(Arc::new(io::Error::other("x")))),
            connect(ConnectError::Resolve { host: "h".into(), source: io() }),
            connect(ConnectError::Tcp { host: "h".into(), port: 1, source: io() }),
            connect(ConnectError::Proxy(ProxyError::Io(io()))),
            connect(ConnectError::Proxy(ProxyError::Socks("host unreachable".into()))),
            connect(ConnectError::Tls(TlsError::Io(io()))),
            connect(ConnectError::Tls(TlsError::Alert(io()))),
            connect(ConnectError::Upgrade(UpgradeError::WrongAccept)),
            connect(ConnectError::Upgrade(UpgradeError::NoHttp2)),
            connect(ConnectError::Upgrade(UpgradeError::NoExtendedConnect)),
            connect(ConnectError::Upgrade(UpgradeError::Io(io()))),
            connect(ConnectError::TimedOut { phase: Phase::Tls, limit: Duration::ZERO }),
            of(LostReason::ClosedByPeer(None)),
            of(LostReason::Broken(TransportError::Eof)),
            of(LostReason::Silent),
            of(LostReason::NotEstablished("x".into())),
            of(LostReason::ClosedByHandler),
            of(LostReason::Reconnect),
        ];
        assert!(transient.iter().all(|class| *class == Class::Transient), "{transient:?}");
        let fatal = [
            connect(ConnectError::Proxy(ProxyError::Authentication)),
            connect(ConnectError::Proxy(ProxyError::Unsupported("https".into()))),
            connect(ConnectError::Proxy(ProxyError::Address("x".into()))),
            connect(ConnectError::Tls(TlsError::WrongHost { host: "h".into() })),
            connect(ConnectError::Tls(TlsError::UntrustedCertificate(io()))),
            connect(ConnectError::Tls(TlsError::Expired(io()))),
            connect(ConnectError::Tls(TlsError::BadCertificate(io()))),
            connect(ConnectError::Tls(TlsError::Configuration("x".into()))),
            connect(ConnectError::Upgrade(UpgradeError::UnofferedExtension("x".into()))),
            connect(ConnectError::Upgrade(UpgradeError::UnofferedSubprotocol("x".into()))),
            of(LostReason::Shutdown),
            classify(&Fault::LoginRefused(&Refusal::new("no")), SystemTime::UNIX_EPOCH),
        ];
        assert!(fatal.iter().all(|class| *class == Class::Fatal), "{fatal:?}");
    }
}
