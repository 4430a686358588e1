//! A small HTTP endpoint for probes and scrapers.
//!
//! `/livez` and `/healthz` say whether a restart would help, `/readyz` whether all clients can be used,
//! `/metrics` all numbers. There is no access control here and nothing can be changed through it; it
//! listens where it is told to, and [`Endpoint::serve_locally`] on the loopback interface only.

mod server;

use std::{net::SocketAddr, time::Duration};

use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};
use serde_json::json;

pub use self::server::Serving;
use crate::{
    prometheus::Exposition,
    watchlist::{Standing, Watchlist},
};

/// What answers probes and scrapers.
#[derive(Clone, Debug)]
pub struct Endpoint {
    watched: Watchlist,
    deadline: Duration,
    connections: usize,
}

impl Endpoint {
    /// An endpoint that speaks for these clients.
    #[must_use]
    pub const fn new(watched: Watchlist) -> Self {
        Self { watched, deadline: Duration::from_secs(5), connections: 32 }
    }

    /// How long a connection may take from its beginning to its end; each serves one request. Default:
    /// 5 s, half of what Prometheus waits.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many connections may be open at once; further ones wait to be accepted. Default: 32.
    #[must_use]
    pub const fn with_connections(mut self, connections: usize) -> Self {
        self.connections = if connections == 0 { 1 } else { connections };
        self
    }

    /// The answer to a request; the body of the request does not matter. For those who have an HTTP
    /// server already.
    #[must_use]
    pub fn answer<B>(&self, request: &Request<B>) -> Response<String> {
        let page = match request.uri().path() {
            "/healthz" | "/livez" => self.life(),
            "/readyz" => self.readiness(),
            "/metrics" => self.metrics(request),
            _ => return told(StatusCode::NOT_FOUND, "there are /healthz, /livez, /readyz and /metrics\n"),
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = told(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        page
    }

    /// Serves on this port of the loopback interface; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// The port cannot be had.
    ///
    /// # Cancel safety
    ///
    /// Nothing is served if the future is dropped.
    pub async fn serve_locally(self, port: u16) -> std::io::Result<Serving> {
        self.serve(SocketAddr::from(([127, 0, 0, 1], port))).await
    }

    /// Serves on this address, for whoever can reach it.
    ///
    /// # Errors
    ///
    /// The address cannot be had.
    ///
    /// # Cancel safety
    ///
    /// Nothing is served if the future is dropped.
    pub async fn serve(self, addr: SocketAddr) -> std::io::Result<Serving> {
        Serving::start(self, addr).await
    }

    /// 503 once a client has ended for good.
    fn life(&self) -> Response<String> {
        let standings = self.watched.examine();
        let all_live = standings.iter().all(|standing| standing.vitals.is_alive);
        report(all_live, &standings)
    }

    /// 503 unless all clients are ready. With none to watch, the program is not ready either: it has not
    /// come so far.
    fn readiness(&self) -> Response<String> {
        let standings = self.watched.examine();
        let all_ready = standings.iter().all(|standing| standing.vitals.is_ready);
        report(all_ready && !standings.is_empty(), &standings)
    }

    fn metrics<B>(&self, request: &Request<B>) -> Response<String> {
        let accept = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let exposition = Exposition::accepted(&accept.collect::<Vec<_>>().join(","));
        let page = exposition.write(&self.watched);
        response(StatusCode::OK, HeaderValue::from_static(exposition.content_type()), page)
    }
}

/// How the clients are, as JSON.
fn report(is_well: bool, standings: &[Standing]) -> Response<String> {
    let client = |standing: &Standing| {
        let vitals = &standing.vitals;
        json!({
            "client": &*standing.client,
            "condition": vitals.condition,
            "ready": vitals.is_ready,
            "alive": vitals.is_alive,
            "reasons": vitals.reasons,
        })
    };
    let page = json!({ "ok": is_well, "clients": standings.iter().map(client).collect::<Vec<_>>() });
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    response(status, HeaderValue::from_static("application/json"), format!("{page}\n"))
}

fn told(status: StatusCode, text: &str) -> Response<String> {
    response(status, HeaderValue::from_static("text/plain; charset=utf-8"), text.to_owned())
}

fn response(status: StatusCode, content: HeaderValue, page: String) -> Response<String> {
    let mut response = Response::new(page);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content);
    // What a cache keeps was true once.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use nova_telemetry::{MetricSource, Patient, Registry, Sample, Vitals};
    use serde_json::Value;

    use super::*;

    /// A client that is as it is told to be.
    #[derive(Clone)]
    struct Actor(Arc<Mutex<Vitals>>);

    impl Actor {
        fn new(is_ready: bool, is_alive: bool) -> Self {
            let reasons = if is_ready { vec![] } else { vec!["a \"quoted\" reason".to_owned()] };
            Self(Arc::new(Mutex::new(Vitals { is_ready, is_alive, condition: "acted", reasons })))
        }
    }

    impl MetricSource for Actor {
        fn samples(&self) -> Vec<Sample> {
            Registry::default().samples()
        }
    }

    impl Patient for Actor {
        fn vitals(&self) -> Vitals {
            self.0.lock().unwrap().clone()
        }
    }

    fn asked(endpoint: &Endpoint, method: Method, path: &str) -> Response<String> {
        endpoint.answer(&Request::builder().method(method).uri(path).body(()).unwrap())
    }

    fn status(endpoint: &Endpoint, path: &str) -> u16 {
        asked(endpoint, Method::GET, path).status().as_u16()
    }

    #[test]
    fn one_client_that_is_not_ready_makes_all_unready_and_says_why() {
        let watched = Watchlist::default();
        let endpoint = Endpoint::new(watched.clone());
        assert_eq!((status(&endpoint, "/readyz"), status(&endpoint, "/livez")), (503, 200));
        watched.watch("good", Actor::new(true, true));
        assert_eq!((status(&endpoint, "/readyz"), status(&endpoint, "/healthz")), (200, 200));
        watched.watch("bad", Actor::new(false, true));
        let answer = asked(&endpoint, Method::GET, "/readyz");
        assert_eq!(answer.status(), 503);
        let page: Value = serde_json::from_str(answer.body()).unwrap();
        assert_eq!(page["ok"], false);
        assert_eq!(page["clients"][0]["client"], "bad");
        assert_eq!(page["clients"][0]["reasons"][0], "a \"quoted\" reason");
        assert_eq!(page["clients"][1]["ready"], true);
        assert_eq!(status(&endpoint, "/livez"), 200);
    }

    #[test]
    fn a_client_that_ended_is_told_of_until_it_is_forgotten() {
        let watched = Watchlist::default();
        let endpoint = Endpoint::new(watched.clone());
        watched.watch("a", Actor::new(false, false));
        assert_eq!((status(&endpoint, "/livez"), status(&endpoint, "/healthz")), (503, 503));
        watched.forget("a");
        assert_eq!(status(&endpoint, "/livez"), 200);
    }

    #[test]
    fn other_paths_and_other_methods_are_refused() {
        let endpoint = Endpoint::new(Watchlist::default());
        for path in ["/", "/metrics/", "/readyz/x", "//healthz"] {
            assert_eq!(status(&endpoint, path), 404, "{path}");
        }
        for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
            let answer = asked(&endpoint, method, "/metrics");
            assert_eq!(answer.status(), 405);
            assert_eq!(answer.headers()[ALLOW], "GET, HEAD");
        }
        assert_eq!(asked(&endpoint, Method::HEAD, "/metrics").status(), 200);
        assert_eq!(status(&endpoint, "/metrics?debug=1"), 200);
    }
}
