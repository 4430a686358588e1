//! Where a link goes: a URL that is checked once, headers, and subprotocols.
//!
//! How to get there (TLS roots, proxies, deadlines) belongs to the transport.

use std::{fmt, net::IpAddr, str::FromStr};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::{Host, Url};

/// A WebSocket address with what its opening handshake carries.
///
/// ```
/// # use nova_transport::{Endpoint, EndpointError};
/// let endpoint: Endpoint = "wss://venue.example/ws?compress=0".parse()?;
/// assert_eq!((endpoint.host(), endpoint.port()), ("venue.example", 443));
/// assert_eq!(endpoint.path_and_query(), "/ws?compress=0");
/// assert_eq!("http://venue.example/".parse::<Endpoint>(), Err(EndpointError::Scheme("http".into())));
/// # Ok::<(), EndpointError>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Endpoint {
    url: Url,
    headers: HeaderMap,
    subprotocols: Vec<String>,
}

/// Whether a link is encrypted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// `ws`: plain TCP, port 80 unless given.
    Ws,
    /// `wss`: TLS, port 443 unless given.
    Wss,
}

impl Endpoint {
    /// Checks a URL.
    ///
    /// # Errors
    ///
    /// Names the part that is wrong; see [`EndpointError`].
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let text = url.trim();
        // The URL standard would read `ws:///path` and `ws:path` as host "path": here they lack one.
        if let Some((_, rest)) = text.split_once(':') {
            let authority = rest.strip_prefix("//").ok_or(EndpointError::Malformed);
            if text.starts_with("ws") && authority?.starts_with(['/', '\\']) {
                return Err(EndpointError::MissingHost);
            }
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::EmptyHost => EndpointError::MissingHost,
            url::ParseError::RelativeUrlWithoutBase => EndpointError::MissingScheme,
            url::ParseError::InvalidPort => EndpointError::Port,
            url::ParseError::InvalidIpv4Address
            | url::ParseError::InvalidIpv6Address
            | url::ParseError::InvalidDomainCharacter
            | url::ParseError::IdnaError => EndpointError::Host,
            _ => EndpointError::Malformed,
        })?;
        if !matches!(url.scheme(), "ws" | "wss") {
            return Err(EndpointError::Scheme(url.scheme().to_owned()));
        }
        if url.host().is_none() {
            return Err(EndpointError::MissingHost);
        }
        if url.port() == Some(0) {
            return Err(EndpointError::Port);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        Ok(Self { url, headers: HeaderMap::new(), subprotocols: Vec::new() })
    }

    /// Adds a header to the opening handshake, such as an authorization or a cookie. Its value is
    /// treated as secret: no `Debug` output shows it.
    ///
    /// # Errors
    ///
    /// A name or value that HTTP does not allow, or a header that the handshake itself writes
    /// (`Host`, `Connection`, `Upgrade`, `Sec-WebSocket-*`, and the length of the empty body).
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, EndpointError> {
        let name = HeaderName::from_str(name).map_err(|_| EndpointError::HeaderName(name.to_owned()))?;
        if OWN_HEADERS.contains(&name) {
            return Err(EndpointError::OwnHeader(name.to_string()));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|_| EndpointError::HeaderValue(name.to_string()))?;
        value.set_sensitive(true);
        self.headers.append(name, value);
        Ok(self)
    }

    /// Offers a subprotocol (RFC 6455 §1.9); the first offered is the most preferred.
    ///
    /// # Errors
    ///
    /// Not a token as HTTP defines it, or offered twice.
    pub fn with_subprotocol(mut self, name: &str) -> Result<Self, EndpointError> {
        let is_token = !name.is_empty() && name.bytes().all(is_token_byte);
        if !is_token || self.subprotocols.iter().any(|known| known == name) {
            return Err(EndpointError::Subprotocol(name.to_owned()));
        }
        self.subprotocols.push(name.to_owned());
        Ok(self)
    }

    /// Whether the link is encrypted.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        if self.url.scheme() == "wss" { Scheme::Wss } else { Scheme::Ws }
    }

    /// The host: a name in its ASCII form, or an address; IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The host, if it is an address and needs no resolving.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
        }
    }

    /// The port, with the scheme's own where the URL gives none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// What the `Host` header says: the host, and the port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Path and query as the request line carries them; the query may hold secrets.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// Headers beyond those the handshake writes itself.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The offered subprotocols, most preferred first.
    #[must_use]
    pub fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Self::parse(url)
    }
}

impl TryFrom<&str> for Endpoint {
    type Error = EndpointError;

    fn try_from(url: &str) -> Result<Self, Self::Error> {
        Self::parse(url)
    }
}

impl fmt::Display for Endpoint {
    /// Scheme, host, port and path; never the query, which often holds a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url[..url::Position::AfterPath])
    }
}

impl fmt::Debug for Endpoint {
    /// Shows which headers are set, not their values, and no query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("url", &format_args!("{self}"))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("subprotocols", &self.subprotocols)
            .finish()
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const OWN_HEADERS: [HeaderName; 10] = [
    header::HOST,
    header::CONNECTION,
    header::UPGRADE,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_ACCEPT,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_EXTENSIONS,
];

/// What is wrong with an endpoint. No variant repeats a whole URL, which could hold a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not a URL at all.
    #[error("the address is not a URL: write it as ws://host/path or wss://host/path")]
    Malformed,
    /// No `ws://` or `wss://` in front.
    #[error("the URL has no scheme: begin it with wss:// (or ws:// without encryption)")]
    MissingScheme,
    /// Another scheme.
    #[error("the URL's scheme is \"{0}\": use wss (or ws without encryption)")]
    Scheme(String),
    /// No host.
    #[error("the URL has no host")]
    MissingHost,
    /// A host that is neither a name nor an address.
    #[error("the URL's host is neither a host name nor an IP address")]
    Host,
    /// A port that is not a number from 1 to 65535.
    #[error("the URL's port is not a number from 1 to 65535")]
    Port,
    /// A fragment, which RFC 6455 §3 forbids.
    #[error("the URL has a fragment (\"#...\"), which WebSocket URLs may not have")]
    Fragment,
    /// A user name or password in the URL, where they would leak.
    #[error("the URL holds a user name or password: send them in an Authorization header")]
    UserInfo,
    /// Not a header name.
    #[error("\"{0}\" is not a header name")]
    HeaderName(String),
    /// A header value with bytes HTTP forbids.
    #[error("the value of header \"{0}\" holds a character that HTTP forbids")]
    HeaderValue(String),
    /// A header the handshake writes itself.
    #[error("header \"{0}\" is written by the handshake itself")]
    OwnHeader(String),
    /// Not a token, or offered twice.
    #[error("subprotocol \"{0}\" is not a token, or is offered twice")]
    Subprotocol(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> EndpointError {
        Endpoint::parse(url).expect_err(url)
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        assert_eq!(error("venue.example/ws"), EndpointError::MissingScheme);
        assert_eq!(error("https://venue.example"), EndpointError::Scheme("https".into()));
        assert_eq!(error("wss://"), EndpointError::MissingHost);
        assert_eq!(error("ws:path"), EndpointError::Malformed);
        assert_eq!(error("ws:///path"), EndpointError::MissingHost);
        assert_eq!(error("ws://a b/"), EndpointError::Host);
        assert_eq!(error("ws://host:99999/"), EndpointError::Port);
        assert_eq!(error("ws://host:0/"), EndpointError::Port);
        assert_eq!(error("ws://host/#top"), EndpointError::Fragment);
        assert_eq!(error("ws://user:pw@host/"), EndpointError::UserInfo);
    }

    #[test]
    fn defaults_follow_the_scheme() {
        let plain = Endpoint::parse("ws://h").unwrap();
        assert_eq!((plain.port(), plain.path_and_query(), plain.authority().as_str()), (80, "/", "h"));
        let six = Endpoint::parse("wss://[::1]:8443/a?b=c").unwrap();
        assert_eq!((six.host(), six.port(), six.authority().as_str()), ("::1", 8443, "[::1]:8443"));
        assert_eq!(six.ip(), Some("::1".parse().unwrap()));
        assert_eq!(six.path_and_query(), "/a?b=c");
    }

    #[test]
    fn no_output_shows_a_secret() {
        let endpoint = Endpoint::parse("wss://h/p?token=hunter2")
            .and_then(|endpoint| endpoint.with_header("authorization", "hunter2"))
            .unwrap();
        assert!(!format!("{endpoint:?} {endpoint}").contains("hunter2"));
        assert_eq!(endpoint.to_string(), "wss://h/p");
    }

    #[test]
    fn headers_and_subprotocols_are_checked() {
        let endpoint = || Endpoint::parse("ws://h").unwrap();
        let refused = |name: &str, value: &str| endpoint().with_header(name, value).unwrap_err();
        assert_eq!(refused("a b", "c"), EndpointError::HeaderName("a b".into()));
        assert_eq!(refused("x-a", "c\r\nx: y"), EndpointError::HeaderValue("x-a".into()));
        assert_eq!(refused("Upgrade", "h2c"), EndpointError::OwnHeader("upgrade".into()));
        assert!(endpoint().with_subprotocol("v1, v2").is_err());
        assert!(endpoint().with_subprotocol("v1").unwrap().with_subprotocol("v1").is_err());
    }
}
