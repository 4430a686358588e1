//! The request that opens a connection, as it stood on the wire.
//!
//! HTTP is read by hand, because a test wants to see each byte: the order of headers, their case,
//! and what came behind the head.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The head of an HTTP request.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// The method, `GET` in an opening handshake.
    pub method: String,
    /// What is asked for: path and query, or `host:port` for `CONNECT`.
    pub target: String,
    /// The headers in their order and case.
    pub headers: Vec<(String, String)>,
    /// The head as it arrived, with the empty line that ends it.
    pub raw: Vec<u8>,
}

impl Request {
    /// The first value of a header, found without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// All values of a header, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// Reads a head. Bytes behind it stay in `buffer`, where bytes read before may lie. `None`
    /// when the stream ends before its first byte.
    ///
    /// # Errors
    ///
    /// The stream failed or ended within the head, or what came is not a head of at most 64 KiB.
    pub(crate) async fn read(
        stream: &mut (impl AsyncRead + Unpin),
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<Self>> {
        loop {
            if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = buffer.split_off(end + 4);
                let head = std::mem::replace(buffer, rest);
                return Self::parse(head).map(Some).ok_or_else(|| invalid("not the head of a request"));
            }
            if buffer.len() > MAX_HEAD_BYTES {
                return Err(invalid("the head of a request is longer than 64 KiB"));
            }
            match stream.read_buf(buffer).await? {
                0 if buffer.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }

    fn parse(raw: Vec<u8>) -> Option<Self> {
        let head = std::str::from_utf8(&raw).ok()?;
        let mut lines = head.trim_end_matches("\r\n").split("\r\n");
        let (method, rest) = lines.next()?.split_once(' ')?;
        let target = rest.strip_suffix(" HTTP/1.1")?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        let headers = lines.map(header).collect::<Option<_>>()?;
        Some(Self { method: method.to_owned(), target: target.to_owned(), headers, raw })
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The longest head that is read.
const MAX_HEAD_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"GET /ws?a=1 HTTP/1.1\r\nHost: x\r\nX-Two:  2 \r\nx-two: 3\r\n\r\n";

    #[tokio::test]
    async fn order_case_and_bytes_behind_the_head_are_kept() {
        let wire = [HEAD, b"early"].concat();
        let mut buffer = Vec::new();
        let request = Request::read(&mut wire.as_slice(), &mut buffer).await.unwrap().unwrap();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/ws?a=1"));
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        assert_eq!(headers.collect::<Vec<_>>(), [("Host", "x"), ("X-Two", "2"), ("x-two", "3")]);
        assert_eq!(request.values("X-TWO").collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!((request.raw.as_slice(), buffer.as_slice()), (HEAD, &b"early"[..]));
    }

    #[tokio::test]
    async fn an_end_before_and_an_end_within_the_head_differ() {
        let mut nothing: &[u8] = b"";
        assert!(Request::read(&mut nothing, &mut Vec::new()).await.unwrap().is_none());
        let mut half = &HEAD[..20];
        let error = Request::read(&mut half, &mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_is_not_http_or_never_ends_is_refused() {
        for wire in [b"hello\r\n\r\n".to_vec(), vec![b'x'; 2 * MAX_HEAD_BYTES]] {
            let error = Request::read(&mut wire.as_slice(), &mut Vec::new()).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
