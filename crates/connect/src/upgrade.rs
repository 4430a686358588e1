//! The opening handshake of RFC 6455 §4.1 and RFC 8441 §5: what is asked, and what counts as a yes.

use std::{io, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
#[cfg(feature = "http2")]
use h2::ext::Protocol;
#[cfg(feature = "http2")]
use http::Method;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, Version, header, response::Parts};
use http_body_util::Empty;
#[cfg(feature = "http2")]
use nova_transport::Scheme;
use nova_transport::{Endpoint, UpgradeError};
use sha1::{Digest, Sha1};

use crate::entropy::Entropy;

/// The nonce a server proves to have read.
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn draw(entropy: &dyn Entropy) -> io::Result<Self> {
        let mut nonce = [0; 16];
        entropy.fill(&mut nonce)?;
        Ok(Self(BASE64.encode(nonce)))
    }

    /// What `Sec-WebSocket-Accept` must say.
    fn accept(&self) -> String {
        let digest = Sha1::new().chain_update(&self.0).chain_update(GUID).finalize();
        BASE64.encode(digest)
    }
}

/// Fixed by RFC 6455 §1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The request. Equal endpoints give equal requests but for the key.
pub(crate) fn request(
    endpoint: &Endpoint,
    key: &Key,
    extensions: &[&str],
) -> Result<Request<Empty<Bytes>>, UpgradeError> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = Uri::builder()
        .path_and_query(endpoint.path_and_query())
        .build()
        .map_err(|error| unusable(error.to_string()))?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, value(&endpoint.authority())?);
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::SEC_WEBSOCKET_KEY, value(&key.0)?);
    offer(headers, endpoint, extensions)?;
    Ok(request)
}

/// The same request over HTTP/2 (RFC 8441 §4 and §5): no key, since nothing between could take a
/// CONNECT for anything else.
#[cfg(feature = "http2")]
pub(crate) fn extended_connect(
    endpoint: &Endpoint,
    extensions: &[&str],
) -> Result<Request<()>, UpgradeError> {
    let mut request = Request::new(());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::builder()
        .scheme(match endpoint.scheme() {
            Scheme::Ws => "http",
            Scheme::Wss => "https",
        })
        .authority(endpoint.authority())
        .path_and_query(endpoint.path_and_query())
        .build()
        .map_err(|error| unusable(error.to_string()))?;
    *request.version_mut() = Version::HTTP_2;
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    offer(request.headers_mut(), endpoint, extensions)?;
    Ok(request)
}

/// What is asked by whichever HTTP.
fn offer(headers: &mut HeaderMap, endpoint: &Endpoint, extensions: &[&str]) -> Result<(), UpgradeError> {
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    if !endpoint.subprotocols().is_empty() {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value(&endpoint.subprotocols().join(", "))?);
    }
    if !extensions.is_empty() {
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, value(&extensions.join(", "))?);
    }
    for (name, value) in endpoint.headers() {
        headers.append(name, value.clone());
    }
    Ok(())
}

/// Checks a 101 as RFC 6455 §4.1 demands of a client; gives the chosen subprotocol.
pub(crate) fn check(
    head: &Parts,
    endpoint: &Endpoint,
    key: &Key,
    extensions: &[&str],
) -> Result<Option<String>, UpgradeError> {
    if head.version < Version::HTTP_11 {
        let old = io::Error::new(io::ErrorKind::InvalidData, "the answer is HTTP/1.0");
        return Err(UpgradeError::NotHttp(Arc::new(old)));
    }
    let headers = &head.headers;
    if !lists(headers, &header::UPGRADE, "websocket") {
        return Err(UpgradeError::MissingUpgrade);
    }
    if !lists(headers, &header::CONNECTION, "upgrade") {
        return Err(UpgradeError::MissingConnection);
    }
    let mut accepts = headers.get_all(header::SEC_WEBSOCKET_ACCEPT).iter();
    if accepts.next().is_none_or(|accept| accept != key.accept().as_str()) || accepts.next().is_some() {
        return Err(UpgradeError::WrongAccept);
    }
    check_choices(headers, endpoint, extensions)
}

/// Nothing may be chosen that was not offered; gives the chosen subprotocol.
pub(crate) fn check_choices(
    headers: &HeaderMap,
    endpoint: &Endpoint,
    extensions: &[&str],
) -> Result<Option<String>, UpgradeError> {
    check_extensions(headers, extensions)?;
    subprotocol(headers, endpoint)
}

/// Each chosen extension must have been offered; its parameters are the business of whoever
/// offered it.
fn check_extensions(headers: &HeaderMap, offered: &[&str]) -> Result<(), UpgradeError> {
    let name = |extension: &str| extension.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    for line in headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS) {
        let text = shown(line);
        for chosen in text.split(',').map(name).filter(|chosen| !chosen.is_empty()) {
            if !offered.iter().any(|offer| name(offer) == chosen) {
                return Err(UpgradeError::UnofferedExtension(chosen));
            }
        }
    }
    Ok(())
}

fn subprotocol(headers: &HeaderMap, endpoint: &Endpoint) -> Result<Option<String>, UpgradeError> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let chosen = lines.iter().map(shown).collect::<Vec<_>>().join(", ");
    if lines.iter().next().is_none() {
        return Ok(None);
    }
    // Two lines join to a text that no token can equal, so a second choice is refused as well.
    match endpoint.subprotocols().contains(&chosen) {
        true => Ok(Some(chosen)),
        false => Err(UpgradeError::UnofferedSubprotocol(chosen)),
    }
}

/// Whether a comma-separated header holds `token`, in any case and on any of its lines.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// A peer's header as text for comparison and for errors: escaped, so that it cannot forge a log
/// line, and cut, so that it cannot flood one.
fn shown(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    bytes[..bytes.len().min(LONGEST_SHOWN_BYTES)].escape_ascii().to_string()
}

/// Longer than any extension or subprotocol in use.
const LONGEST_SHOWN_BYTES: usize = 512;

fn value(text: &str) -> Result<HeaderValue, UpgradeError> {
    HeaderValue::from_str(text).map_err(|error| unusable(error.to_string()))
}

/// The request cannot be written; nothing was sent.
fn unusable(why: String) -> UpgradeError {
    UpgradeError::Io(Arc::new(io::Error::new(io::ErrorKind::InvalidInput, why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        // The example of RFC 6455 §1.3.
        Key("dGhlIHNhbXBsZSBub25jZQ==".into())
    }

    fn answer(lines: &[(&str, &str)]) -> Parts {
        let mut builder = http::Response::builder().status(101);
        for (name, value) in lines {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    fn checked(more: &[(&str, &str)], offered: &[&str]) -> Result<Option<String>, UpgradeError> {
        let endpoint =
            Endpoint::parse("ws://h").and_then(|endpoint| endpoint.with_subprotocol("v1")).unwrap();
        let mut lines = vec![
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ];
        lines.extend(more);
        check(&answer(&lines), &endpoint, &key(), offered)
    }

    #[test]
    fn the_accept_value_is_that_of_the_rfc() {
        assert_eq!(key().accept(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_yes_needs_every_word_of_it() {
        let accept = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let refused = |lines: &[(&str, &str)]| {
            let endpoint = Endpoint::parse("ws://h").unwrap();
            check(&answer(lines), &endpoint, &key(), &[]).unwrap_err()
        };
        let connection = ("connection", "upgrade");
        let upgrade = ("upgrade", "websocket");
        assert!(matches!(refused(&[connection, accept]), UpgradeError::MissingUpgrade));
        assert!(matches!(refused(&[("upgrade", "h2c"), connection, accept]), UpgradeError::MissingUpgrade));
        assert!(matches!(refused(&[upgrade, accept]), UpgradeError::MissingConnection));
        assert!(matches!(refused(&[upgrade, connection]), UpgradeError::WrongAccept));
        assert!(matches!(refused(&[upgrade, connection, accept, accept]), UpgradeError::WrongAccept));
        let wrong = ("sec-websocket-accept", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(matches!(refused(&[upgrade, connection, wrong]), UpgradeError::WrongAccept));
    }

    #[test]
    fn nothing_is_accepted_that_was_not_offered() {
        let protocol = |value| ("sec-websocket-protocol", value);
        let extension = |value| ("sec-websocket-extensions", value);
        assert_eq!(checked(&[], &[]).unwrap(), None);
        assert_eq!(checked(&[protocol("v1")], &[]).unwrap().as_deref(), Some("v1"));
        for lines in
            [&[protocol("v2")][..], &[protocol("v1"), protocol("v1")], &[protocol("")], &[protocol("v1, v1")]]
        {
            assert!(matches!(checked(lines, &[]), Err(UpgradeError::UnofferedSubprotocol(_))), "{lines:?}");
        }
        let deflate = "permessage-deflate; client_max_window_bits";
        assert!(checked(&[extension("Permessage-Deflate; x=1")], &[deflate]).is_ok());
        let other = checked(&[extension("permessage-deflate, other; x")], &[deflate]);
        assert!(matches!(other, Err(UpgradeError::UnofferedExtension(name)) if name == "other"));
    }

    #[test]
    fn a_peer_cannot_write_into_logs_through_an_error() {
        let mut head = answer(&[]);
        let forged = HeaderValue::from_bytes(b"v\tlevel=error\xFF").unwrap();
        head.headers.insert(header::SEC_WEBSOCKET_PROTOCOL, forged);
        let error = subprotocol(&head.headers, &Endpoint::parse("ws://h").unwrap()).unwrap_err();
        assert!(error.to_string().contains(r"v\tlevel=error\xff"), "{error}");
    }
}
