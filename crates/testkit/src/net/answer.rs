//! The answer to a request: a right one, or one that is wrong in a chosen way.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

use super::request::Request;

/// An HTTP answer, with whatever shall follow it in the same write.
///
/// ```
/// # use nova_testkit::net::Answer;
/// let busy = Answer::refusing(503).with_header("Retry-After", "2").with_body("later");
/// let text = String::from_utf8(busy.to_bytes()).unwrap();
/// assert!(text.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n"));
/// assert!(text.ends_with("Content-Length: 5\r\n\r\nlater"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    tail: Vec<u8>,
}

impl Answer {
    /// The right answer to an opening handshake (RFC 6455 §4.2.2): 101 with its three headers.
    #[must_use]
    pub fn accepting(request: &Request) -> Self {
        let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
        Self::with_status(101)
            .with_header("Upgrade", "websocket")
            .with_header("Connection", "Upgrade")
            .with_header("Sec-WebSocket-Accept", &accept_key(key))
    }

    /// An answer with this status, and an empty body until another is given.
    #[must_use]
    pub fn refusing(status: u16) -> Self {
        Self::with_status(status).with_header("Content-Length", "0")
    }

    /// An answer with this status and nothing else, not even a length.
    #[must_use]
    pub fn with_status(status: u16) -> Self {
        Self { status, headers: Vec::new(), tail: Vec::new() }
    }

    /// Adds a header behind the others.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a header away, however often it is there.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Gives the answer a body, and a `Content-Length` that fits.
    #[must_use]
    pub fn with_body(self, body: &str) -> Self {
        let length = body.len().to_string();
        let mut this = self.without_header("Content-Length").with_header("Content-Length", &length);
        this.tail = body.into();
        this
    }

    /// Lets bytes follow, such as frames right behind a 101, in the same write.
    #[must_use]
    pub fn followed_by(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.tail.extend_from_slice(bytes.as_ref());
        self
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.tail].concat()
    }
}

/// The value of `Sec-WebSocket-Accept` that proves a key was read (RFC 6455 §4.2.2).
#[must_use]
pub fn accept_key(key: &str) -> String {
    const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// The usual phrase for a status; clients ignore it.
const fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unnamed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_key_is_the_one_of_the_rfc() {
        assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn headers_can_be_taken_away_and_bytes_can_follow() {
        let answer = Answer::with_status(101).with_header("Upgrade", "websocket").with_header("A", "b");
        let bytes = answer.without_header("upgrade").followed_by(b"\x81\0").to_bytes();
        assert_eq!(bytes, b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n\x81\0");
    }

    #[test]
    fn a_new_body_replaces_the_old_one_and_its_length() {
        let bytes = Answer::refusing(404).with_body("first").with_body("no").to_bytes();
        assert_eq!(bytes, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    }
}
