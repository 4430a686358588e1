//! What the environment says about proxies.

use hyper_util::client::proxy::matcher::Matcher;
use nova_transport::{Endpoint, ProxyError, Scheme};

use super::{Proxy, authority};

/// The proxy variables, empty where unset.
#[derive(Default)]
pub(super) struct Environment {
    http: String,
    https: String,
    all: String,
    no: String,
}

impl Environment {
    pub(super) fn read(var: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            let values = names.iter().filter_map(|name| var(name));
            values.map(|value| value.trim().to_owned()).find(|value| !value.is_empty()).unwrap_or_default()
        };
        // A web server puts a request's header "Proxy" into this very variable (CVE-2016-5385).
        let is_cgi = var("REQUEST_METHOD").is_some();
        Self {
            http: if is_cgi { first(&["http_proxy"]) } else { first(&["http_proxy", "HTTP_PROXY"]) },
            https: first(&["https_proxy", "HTTPS_PROXY"]),
            all: first(&["all_proxy", "ALL_PROXY"]),
            no: first(&["no_proxy", "NO_PROXY"]),
        }
    }

    pub(super) fn on_the_way_to(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, ProxyError> {
        let own = match endpoint.scheme() {
            Scheme::Ws => &self.http,
            Scheme::Wss => &self.https,
        };
        let proxy = if own.is_empty() { &self.all } else { own };
        if proxy.is_empty() || is_loopback(endpoint) || self.is_excepted(endpoint) {
            return Ok(None);
        }
        // Not left to hyper-util, which takes a proxy it cannot read for none at all.
        Proxy::parse(proxy).map(Some)
    }

    /// Asks hyper-util's matcher, which knows all forms that `NO_PROXY` can take.
    fn is_excepted(&self, endpoint: &Endpoint) -> bool {
        let url = format!("http://{}/", authority(endpoint.host(), endpoint.port()));
        let matcher = Matcher::builder().all("http://matched.invalid").no(self.no.as_str()).build();
        // A host that HTTP could not write goes through the proxy.
        url.parse().is_ok_and(|url| matcher.intercept(&url).is_none())
    }
}

fn is_loopback(endpoint: &Endpoint) -> bool {
    let host = endpoint.host().trim_end_matches('.');
    host == "localhost"
        || host.ends_with(".localhost")
        || endpoint.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(vars: &[(&str, &str)], url: &str) -> Option<String> {
        let environment = Environment::read(|name| {
            vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let endpoint = Endpoint::parse(url).unwrap();
        environment.on_the_way_to(&endpoint).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_share_one() {
        let vars = [("HTTP_PROXY", "http://plain:1"), ("HTTPS_PROXY", "http://tls:2")];
        assert_eq!(chosen(&vars, "ws://venue.example").as_deref(), Some("http://plain:1"));
        assert_eq!(chosen(&vars, "wss://venue.example").as_deref(), Some("http://tls:2"));
        let vars =
            [("ALL_PROXY", "socks5://any:3"), ("https_proxy", "http://lower:4"), ("HTTPS_PROXY", "upper")];
        assert_eq!(chosen(&vars, "ws://venue.example").as_deref(), Some("socks5://any:3"));
        assert_eq!(chosen(&vars, "wss://venue.example").as_deref(), Some("http://lower:4"));
        assert_eq!(chosen(&[("HTTP_PROXY", " ")], "ws://venue.example"), None);
    }

    #[test]
    fn excepted_hosts_are_dialled_directly() {
        let no = ".corp.example, 10.0.0.0/8, 2001:db8::/32, exact.example";
        let vars = [("ALL_PROXY", "http://p:1"), ("NO_PROXY", no)];
        for url in ["wss://a.corp.example", "ws://10.1.2.3:9", "wss://[2001:db8::7]", "ws://EXACT.example"] {
            assert_eq!(chosen(&vars, url), None, "{url}");
        }
        for url in ["wss://corp.example.org", "ws://11.1.2.3", "wss://notexact.example"] {
            assert_eq!(chosen(&vars, url).as_deref(), Some("http://p:1"), "{url}");
        }
        assert_eq!(chosen(&[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "*")], "wss://venue.example"), None);
    }

    #[test]
    fn loopback_needs_no_proxy() {
        let vars = [("ALL_PROXY", "http://p:1")];
        for url in [
            "ws://localhost:1",
            "ws://a.localhost",
            "ws://127.0.0.1:1",
            "ws://[::1]",
            "ws://[::ffff:127.0.0.1]",
        ] {
            assert_eq!(chosen(&vars, url), None, "{url}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_read_is_an_error_and_not_none() {
        for proxy in ["https://p:1", "socks4://p:1", "http://"] {
            let environment = Environment { all: proxy.into(), ..Environment::default() };
            let endpoint = Endpoint::parse("wss://venue.example").unwrap();
            assert!(environment.on_the_way_to(&endpoint).is_err(), "{proxy}");
        }
    }

    #[test]
    fn a_request_to_a_cgi_program_cannot_choose_the_proxy() {
        let vars = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(chosen(&vars, "ws://venue.example"), None);
        let vars = [("REQUEST_METHOD", "GET"), ("http_proxy", "http://p:1")];
        assert_eq!(chosen(&vars, "ws://venue.example").as_deref(), Some("http://p:1"));
    }
}
