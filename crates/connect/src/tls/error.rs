//! From rustls' errors to ours.

use std::{error::Error as StdError, io, sync::Arc};

use nova_transport::TlsError;
#[cfg(feature = "http2")]
use rustls::AlertDescription;
use rustls::{CertificateError, Error};

/// Why a handshake with `host` failed.
pub(super) fn of_handshake(error: io::Error, host: &str) -> TlsError {
    let cause = Arc::new(error);
    let Some(tls) = tls_error(&cause) else { return TlsError::Io(cause) };
    match tls {
        Error::InvalidCertificate(why) => match why {
            // A bad signature under a trusted name is no more trusted than an unknown name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsError::UntrustedCertificate(cause)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsError::WrongHost { host: host.to_owned() }
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsError::Expired(cause),
            _ => TlsError::BadCertificate(cause),
        },
        Error::AlertReceived(_) => TlsError::Alert(cause),
        _ => TlsError::Io(cause),
    }
}

/// The alert in an error of a stream that was open already. In TLS 1.3 a server judges a client's
/// certificate after the client's part of the handshake is over, so its alert comes this late.
pub(crate) fn alert_in(error: &io::Error) -> Option<TlsError> {
    match tls_error(error)? {
        alert @ Error::AlertReceived(_) => Some(TlsError::Alert(Arc::new(alert.clone()))),
        _ => None,
    }
}

/// Whether the server speaks nothing of what it was offered (RFC 7301 §3.2).
#[cfg(feature = "http2")]
pub(crate) fn is_unknown_protocol(error: &TlsError) -> bool {
    let TlsError::Alert(cause) = error else { return false };
    let cause: &(dyn StdError + 'static) = &**cause;
    let alert = cause.downcast_ref::<Error>().or_else(|| tls_error(cause.downcast_ref()?));
    matches!(alert, Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)))
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    let mut cause: &(dyn StdError + 'static) = error.get_ref()?;
    loop {
        if let Some(tls) = cause.downcast_ref() {
            return Some(tls);
        }
        // An IO error is no step of the chain by itself: it stands for what it holds.
        cause = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => inner,
            None => cause.source()?,
        };
    }
}
