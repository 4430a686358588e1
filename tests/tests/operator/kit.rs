//! What these tests share: an HTTP client that knows the least, and a look at metrics.

use std::net::SocketAddr;

use nova_testkit::{
    canary::caught,
    net::{PATIENCE, within},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};
use websockex_nova::{
    prelude::*,
    telemetry_export::{
        Watchlist,
        endpoint::{Endpoint as Probes, Serving},
    },
};

/// An endpoint that speaks for these clients.
pub(crate) async fn serving(watched: &Watchlist) -> Serving {
    Probes::new(watched.clone()).serve_locally(0).await.unwrap()
}

/// Gets a page: its status, and its text.
pub(crate) async fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let getting = async {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        // Of version 1.0, so that no answer comes in chunks.
        let request = format!("GET {path} HTTP/1.0\r\nHost: {addr}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        caught("http", &answer);
        let (head, page) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), page.to_owned())
    };
    within(PATIENCE, path, getting).await
}

/// Asks again and again until something holds of the answer.
pub(crate) async fn until_page(
    addr: SocketAddr,
    path: &str,
    what: &str,
    holds: impl Fn(u16, &str) -> bool,
) -> String {
    let asking = async {
        loop {
            let (status, page) = get(addr, path).await;
            if holds(status, &page) {
                return page;
            }
            // A page cannot be waited for; whoever probes asks again, too.
            sleep(millis(5)).await;
        }
    };
    // Prometheus takes five seconds before it looks at its targets for the first time.
    within(PATIENCE * 6, what, asking).await
}

/// The value of the series that begins so on a page of metrics.
pub(crate) fn value(page: &str, series: &str) -> Option<f64> {
    let line = page.lines().find(|line| line.starts_with(series))?;
    line.rsplit_once(' ').and_then(|(_, value)| value.parse().ok())
}
