//! Going through a proxy: which one, and what it is told.
//!
//! A proxy that fails, or that cannot be understood, is an error. There is never a direct dial
//! instead: whoever demands a proxy does so for a reason.

mod environment;
mod http_connect;
mod login;
mod socks5;

use std::{fmt, net::IpAddr, str::FromStr};

use nova_transport::{Endpoint, ProxyError};
use url::Url;

use self::{environment::Environment, login::Login};
pub(crate) use self::{http_connect::ask as connect_request, socks5::open as open_socks5};

/// Whether there is a proxy on the way.
///
/// The default is [`FromEnvironment`](Self::FromEnvironment), as in curl and most HTTP clients:
/// where the environment demands a proxy, a direct dial would break that rule or hang at a
/// firewall.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum ProxyChoice {
    /// What the environment says when an attempt begins: `HTTP_PROXY` for `ws`, `HTTPS_PROXY` for
    /// `wss`, else `ALL_PROXY`; none for hosts in `NO_PROXY`. Lower-case names are read too, and
    /// win. Loopback hosts are always dialled directly.
    ///
    /// Inside a CGI program upper-case `HTTP_PROXY` is ignored, since a request could have set it.
    #[default]
    FromEnvironment,
    /// No proxy.
    Direct,
    /// This proxy, for every host.
    Explicit(Proxy),
}

impl ProxyChoice {
    /// The proxy on the way to `endpoint`, if there is one.
    pub(crate) fn on_the_way_to(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, ProxyError> {
        match self {
            Self::Direct => Ok(None),
            Self::Explicit(proxy) => Ok(Some(proxy.clone())),
            Self::FromEnvironment => {
                Environment::read(|name| std::env::var(name).ok()).on_the_way_to(endpoint)
            }
        }
    }
}

/// A proxy's kind, address and login. No output shows the login.
///
/// ```
/// # use nova_connect::Proxy;
/// let proxy: Proxy = "socks5h://user:secret@proxy.example:1080".parse()?;
/// assert_eq!(proxy.to_string(), "socks5h://proxy.example:1080");
/// assert!("https://proxy.example".parse::<Proxy>().is_err());
/// # Ok::<(), nova_transport::ProxyError>(())
/// ```
#[derive(Clone)]
pub struct Proxy {
    pub(crate) kind: Kind,
    host: String,
    port: u16,
    login: Option<Login>,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// HTTP, asked to CONNECT.
    Http,
    /// SOCKS5, told an address: we resolve.
    Socks5,
    /// SOCKS5, told a name: the proxy resolves.
    Socks5h,
}

impl Proxy {
    /// Reads `http://`, `socks5://` (names are resolved here) or `socks5h://` (the proxy resolves
    /// them) with a host, and optionally a port and `user:password@`, percent-encoded. Without a
    /// scheme it is HTTP; the default port is 80 for HTTP and 1080 for SOCKS5.
    ///
    /// # Errors
    ///
    /// [`ProxyError::Unsupported`] for other schemes, `https` among them;
    /// [`ProxyError::Address`] for what is no address. Neither repeats the login.
    pub fn parse(url: &str) -> Result<Self, ProxyError> {
        let unusable = |why: &str| ProxyError::Address(why.to_owned());
        let url = url.trim();
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let url = Url::parse(&url).map_err(|error| unusable(&error.to_string()))?;
        let (kind, default_port) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "socks5" => (Kind::Socks5, 1080),
            "socks5h" => (Kind::Socks5h, 1080),
            other => return Err(ProxyError::Unsupported(other.to_owned())),
        };
        let host =
            url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| unusable("it has no host"))?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(Login::decode(user, password.unwrap_or_default())?),
        };
        let port = url.port().unwrap_or(default_port);
        Ok(Self { kind, host: host.to_owned(), port, login })
    }

    /// Sets the user name and password.
    #[must_use]
    pub fn with_login(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some(Login::new(user.into(), password.into()));
        self
    }

    /// The proxy's host: a name or an address, IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The proxy's port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    pub(crate) const fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Self::parse(url)
    }
}

impl fmt::Display for Proxy {
    /// Scheme, host and port; never the login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks5 => "socks5",
            Kind::Socks5h => "socks5h",
        };
        write!(f, "{scheme}://{}", authority(&self.host, self.port))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self}, login: {})", if self.login.is_some() { "set" } else { "none" })
    }
}

/// Where a proxy shall lead.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A name, for the proxy to resolve.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

/// Host and port as HTTP writes them.
fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Proxy {
        Proxy::parse(url).unwrap_or_else(|error| panic!("{url}: {error:?}"))
    }

    #[test]
    fn kind_host_and_port_are_read() {
        let table = [
            ("http://p:3128", Kind::Http, "p", 3128),
            ("p:3128", Kind::Http, "p", 3128),
            ("10.0.0.1", Kind::Http, "10.0.0.1", 80),
            ("socks5://p", Kind::Socks5, "p", 1080),
            ("SOCKS5H://[::1]:99/", Kind::Socks5h, "::1", 99),
        ];
        for (url, kind, host, port) in table {
            let proxy = parse(url);
            assert_eq!((proxy.kind, proxy.host(), proxy.port()), (kind, host, port), "{url}");
        }
        assert_eq!(parse("socks5h://[::1]:99").to_string(), "socks5h://[::1]:99");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for url in ["https://p", "socks4://p", "ftp://p"] {
            assert!(matches!(Proxy::parse(url), Err(ProxyError::Unsupported(_))), "{url}");
        }
        for url in ["", "http://", "socks5://", "http://p:port", "socks5://%ff@p"] {
            assert!(matches!(Proxy::parse(url), Err(ProxyError::Address(_))), "{url}");
        }
    }

    #[test]
    fn no_output_shows_the_login() {
        let proxy = parse("http://someone:hunter2@p:1");
        let choice = ProxyChoice::Explicit(proxy.clone());
        let shown = format!("{proxy} {proxy:?} {choice:?} {:?}", proxy.login());
        assert!(!shown.contains("hunter2") && !shown.contains("someone"), "{shown}");
        let error = Proxy::parse("http://someone:hunter2@p:port").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
