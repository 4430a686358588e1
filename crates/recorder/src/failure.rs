//! Why a link did not open, or broke: by name and number, without addresses, headers and texts.

use std::{fmt, io, sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode};
use nova_frame_codec::ProtocolError;
use nova_transport::{
    Cause, ConnectError, HttpRefusal, Phase, ProxyError, TlsError, TransportError, UpgradeError,
};
use serde::{Deserialize, Serialize};

/// Why a link did not open.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Failure {
    /// The kind of failure, as events and metrics name it.
    pub kind: String,
    /// What it was in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The HTTP status of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The phase that took too long, and its deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out: Option<(String, Duration)>,
}

/// How a link broke.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Break {
    /// The peer ended the stream.
    Eof,
    /// The socket failed so.
    Io(String),
    /// The peer broke the protocol so; with the number that belongs to it.
    Protocol(String, u64),
}

impl From<&ConnectError> for Failure {
    fn from(error: &ConnectError) -> Self {
        let detail = match error {
            ConnectError::Resolve { source, .. } | ConnectError::Tcp { source, .. } => {
                Some(io_name(source.kind()))
            }
            ConnectError::Proxy(error) => Some(proxy_name(error)),
            ConnectError::Tls(error) => Some(tls_name(error)),
            ConnectError::Upgrade(error) => Some(upgrade_name(error)),
            _ => None,
        };
        let timed_out = match error {
            ConnectError::TimedOut { phase, limit } => Some((phase.name().to_owned(), *limit)),
            _ => None,
        };
        Self {
            kind: error.kind().to_owned(),
            detail: detail.map(str::to_owned),
            status: error.status().map(|status| status.as_u16()),
            timed_out,
        }
    }
}

impl Failure {
    /// An error of the same name and numbers.
    pub(crate) fn rebuild(&self) -> ConnectError {
        let detail = self.detail.as_deref().unwrap_or_default();
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
        let refusal = |status| Box::new(HttpRefusal::new(status, HeaderMap::new(), Vec::new()));
        match self.kind.as_str() {
            "resolve" => ConnectError::Resolve { host: LEFT_OUT.into(), source: io_error(detail) },
            "tcp" => ConnectError::Tcp { host: LEFT_OUT.into(), port: 0, source: io_error(detail) },
            "proxy" => ConnectError::Proxy(match (status, detail) {
                (Some(status), _) => ProxyError::Refused(refusal(status)),
                (_, "address") => ProxyError::Address(LEFT_OUT.into()),
                (_, "unsupported") => ProxyError::Unsupported(LEFT_OUT.into()),
                (_, "socks") => ProxyError::Socks(LEFT_OUT.into()),
                (_, "io") => ProxyError::Io(io_error("")),
                _ => ProxyError::Authentication,
            }),
            "tls" => ConnectError::Tls(match detail {
                "untrusted_certificate" => TlsError::UntrustedCertificate(cause()),
                "wrong_host" => TlsError::WrongHost { host: LEFT_OUT.into() },
                "expired" => TlsError::Expired(cause()),
                "bad_certificate" => TlsError::BadCertificate(cause()),
                "alert" => TlsError::Alert(cause()),
                "configuration" => TlsError::Configuration(LEFT_OUT.into()),
                _ => TlsError::Io(cause()),
            }),
            "refused" => ConnectError::Refused(refusal(status.unwrap_or(StatusCode::FORBIDDEN))),
            "upgrade" => ConnectError::Upgrade(match detail {
                "not_http" => UpgradeError::NotHttp(cause()),
                "missing_upgrade" => UpgradeError::MissingUpgrade,
                "missing_connection" => UpgradeError::MissingConnection,
                "wrong_accept" => UpgradeError::WrongAccept,
                "unoffered_extension" => UpgradeError::UnofferedExtension(LEFT_OUT.into()),
                "unoffered_subprotocol" => UpgradeError::UnofferedSubprotocol(LEFT_OUT.into()),
                _ => UpgradeError::Io(io_error("")),
            }),
            "timeout" => {
                let (phase, limit) = self.timed_out.clone().unwrap_or_default();
                ConnectError::TimedOut { phase: phase_of(&phase), limit }
            }
            _ => ConnectError::Endpoint(cause()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(detail) = &self.detail {
            write!(f, " {detail}")?;
        }
        if let Some(status) = self.status {
            write!(f, " {status}")?;
        }
        match &self.timed_out {
            Some((phase, limit)) => write!(f, " {phase} {limit:?}"),
            None => Ok(()),
        }
    }
}

impl From<&TransportError> for Break {
    fn from(error: &TransportError) -> Self {
        match error {
            TransportError::Eof => Self::Eof,
            TransportError::Io(error) => Self::Io(io_name(error.kind()).to_owned()),
            TransportError::Protocol(violation) => {
                let (name, number) = violation_name(*violation);
                Self::Protocol(name.to_owned(), number)
            }
            _ => Self::Io(io_name(io::ErrorKind::Other).to_owned()),
        }
    }
}

impl Break {
    /// An error of the same name and numbers.
    pub(crate) fn rebuild(&self) -> TransportError {
        match self {
            Self::Eof => TransportError::Eof,
            Self::Io(name) => TransportError::Io(io_error(name)),
            Self::Protocol(name, number) => TransportError::Protocol(violation(name, *number)),
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eof => f.write_str("eof"),
            Self::Io(name) => write!(f, "io {name}"),
            Self::Protocol(name, 0) => write!(f, "protocol {name}"),
            Self::Protocol(name, number) => write!(f, "protocol {name} {number}"),
        }
    }
}

pub(crate) fn phase_of(name: &str) -> Phase {
    Phase::ALL.into_iter().find(|phase| phase.name() == name).unwrap_or(Phase::Resolve)
}

fn io_name(kind: io::ErrorKind) -> &'static str {
    IO_NAMES.iter().find(|(known, _)| *known == kind).map_or("other", |(_, name)| name)
}

fn io_error(name: &str) -> Arc<io::Error> {
    let kind = IO_NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind);
    Arc::new(io::Error::from(kind.unwrap_or(io::ErrorKind::Other)))
}

fn cause() -> Cause {
    Arc::new(io::Error::other(LEFT_OUT))
}

const fn proxy_name(error: &ProxyError) -> &'static str {
    match error {
        ProxyError::Address(_) => "address",
        ProxyError::Unsupported(_) => "unsupported",
        ProxyError::Authentication => "authentication",
        ProxyError::Refused(_) => "refused",
        ProxyError::Socks(_) => "socks",
        _ => "io",
    }
}

const fn tls_name(error: &TlsError) -> &'static str {
    match error {
        TlsError::UntrustedCertificate(_) => "untrusted_certificate",
        TlsError::WrongHost { .. } => "wrong_host",
        TlsError::Expired(_) => "expired",
        TlsError::BadCertificate(_) => "bad_certificate",
        TlsError::Alert(_) => "alert",
        TlsError::Configuration(_) => "configuration",
        _ => "io",
    }
}

const fn upgrade_name(error: &UpgradeError) -> &'static str {
    match error {
        UpgradeError::NotHttp(_) => "not_http",
        UpgradeError::MissingUpgrade => "missing_upgrade",
        UpgradeError::MissingConnection => "missing_connection",
        UpgradeError::WrongAccept => "wrong_accept",
        UpgradeError::UnofferedExtension(_) => "unoffered_extension",
        UpgradeError::UnofferedSubprotocol(_) => "unoffered_subprotocol",
        _ => "io",
    }
}

fn violation_name(violation: ProtocolError) -> (&'static str, u64) {
    match violation {
        ProtocolError::ReservedOpCode(code) => ("reserved_opcode", code.into()),
        ProtocolError::InvalidCloseCode(code) => ("invalid_close_code", code.into()),
        ProtocolError::TooBig { limit } => ("too_big", limit as u64),
        plain => (PLAIN.iter().find(|(known, _)| *known == plain).map_or("other", |(_, name)| name), 0),
    }
}

fn violation(name: &str, number: u64) -> ProtocolError {
    match name {
        "reserved_opcode" => ProtocolError::ReservedOpCode(number as u8),
        "invalid_close_code" => ProtocolError::InvalidCloseCode(number as u16),
        "too_big" => ProtocolError::TooBig { limit: usize::try_from(number).unwrap_or(usize::MAX) },
        plain => PLAIN.iter().find(|(_, known)| *known == plain).map_or(PLAIN[0].0, |(known, _)| *known),
    }
}

/// Stands where a host, an address or a text stood.
const LEFT_OUT: &str = "left out";

const PLAIN: &[(ProtocolError, &str)] = &[
    (ProtocolError::ReservedBit, "reserved_bit"),
    (ProtocolError::FragmentedControl, "fragmented_control"),
    (ProtocolError::ControlTooLong, "control_too_long"),
    (ProtocolError::NonMinimalLength, "non_minimal_length"),
    (ProtocolError::LengthOverflow, "length_overflow"),
    (ProtocolError::MaskedByServer, "masked_by_server"),
    (ProtocolError::UnmaskedByClient, "unmasked_by_client"),
    (ProtocolError::UnexpectedContinuation, "unexpected_continuation"),
    (ProtocolError::InterruptedMessage, "interrupted_message"),
    (ProtocolError::InvalidUtf8, "invalid_utf8"),
    (ProtocolError::TruncatedCloseCode, "truncated_close_code"),
    (ProtocolError::InvalidDeflate, "invalid_deflate"),
];

const IO_NAMES: &[(io::ErrorKind, &str)] = &[
    (io::ErrorKind::NotFound, "not_found"),
    (io::ErrorKind::PermissionDenied, "permission_denied"),
    (io::ErrorKind::ConnectionRefused, "connection_refused"),
    (io::ErrorKind::ConnectionReset, "connection_reset"),
    (io::ErrorKind::HostUnreachable, "host_unreachable"),
    (io::ErrorKind::NetworkUnreachable, "network_unreachable"),
    (io::ErrorKind::ConnectionAborted, "connection_aborted"),
    (io::ErrorKind::NotConnected, "not_connected"),
    (io::ErrorKind::AddrInUse, "addr_in_use"),
    (io::ErrorKind::AddrNotAvailable, "addr_not_available"),
    (io::ErrorKind::NetworkDown, "network_down"),
    (io::ErrorKind::BrokenPipe, "broken_pipe"),
    (io::ErrorKind::InvalidInput, "invalid_input"),
    (io::ErrorKind::InvalidData, "invalid_data"),
    (io::ErrorKind::TimedOut, "timed_out"),
    (io::ErrorKind::WriteZero, "write_zero"),
    (io::ErrorKind::Interrupted, "interrupted"),
    (io::ErrorKind::UnexpectedEof, "unexpected_eof"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_rebuilt_with_its_name_and_numbers_and_nothing_else() {
        let refusal = |status| Box::new(HttpRefusal::new(status, HeaderMap::new(), b"hunter2".to_vec()));
        let host = || "hunter2.example".to_owned();
        let errors = [
            ConnectError::Endpoint(cause()),
            ConnectError::Resolve { host: host(), source: io_error("not_found") },
            ConnectError::Tcp { host: host(), port: 7, source: io_error("connection_refused") },
            ConnectError::Proxy(ProxyError::Refused(refusal(StatusCode::BAD_GATEWAY))),
            ConnectError::Proxy(ProxyError::Address(host())),
            ConnectError::Proxy(ProxyError::Authentication),
            ConnectError::Tls(TlsError::WrongHost { host: host() }),
            ConnectError::Tls(TlsError::Expired(cause())),
            ConnectError::Refused(refusal(StatusCode::TOO_MANY_REQUESTS)),
            ConnectError::Upgrade(UpgradeError::UnofferedSubprotocol(host())),
            ConnectError::Upgrade(UpgradeError::WrongAccept),
            ConnectError::TimedOut { phase: Phase::Tls, limit: Duration::from_millis(3) },
        ];
        for error in errors {
            let failure = Failure::from(&error);
            assert_eq!(Failure::from(&failure.rebuild()), failure, "{error}");
            assert!(!serde_json::to_string(&failure).unwrap().contains("hunter2"), "{failure}");
        }
    }

    #[test]
    fn every_violation_is_rebuilt_as_it_was() {
        let numbered = [
            ProtocolError::ReservedOpCode(0xB),
            ProtocolError::InvalidCloseCode(1005),
            ProtocolError::TooBig { limit: 125 },
        ];
        for known in PLAIN.iter().map(|(known, _)| *known).chain(numbered) {
            let (name, number) = violation_name(known);
            assert_eq!(violation(name, number), known);
        }
    }
}
