//! The endpoint on a socket of its own.
//!
//! A connection serves one request and has one deadline for all of its life, so that whoever is slow,
//! in asking or in reading, is cut off by one rule. There is no keep-alive to guard: a scrape now and
//! then does not need it.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, time::Duration};

use http_body_util::Full;
use hyper::{body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use super::Endpoint;

/// An endpoint that serves. Dropping it ends it at once.
#[derive(Debug)]
pub struct Serving {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Serving {
    pub(super) async fn start(endpoint: Endpoint, addr: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        Ok(Self { addr, stop, task: tokio::spawn(serve(endpoint, listener, stopped)) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Accepts nobody any more, answers who has asked already, and returns. That takes no longer than
    /// the deadline of a connection.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the endpoint ends at once.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // It ends without a value; a panic would have been told where it happened.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // The connections belong to the task, and go with it.
        self.task.abort();
    }
}

async fn serve(endpoint: Endpoint, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept(), if open.len() < endpoint.connections => match accepted {
                Ok((stream, _)) => {
                    open.spawn(converse(endpoint.clone(), stream, stopped.clone()));
                }
                // Mostly a lack of file descriptors, of which this must not make a busy loop.
                Err(_) => sleep(PAUSE).await,
            },
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

async fn converse(endpoint: Endpoint, stream: TcpStream, mut stopped: watch::Receiver<bool>) {
    let deadline = endpoint.deadline;
    let answer = service_fn(|request| {
        let answer = endpoint.answer(&request).map(|page| Full::new(Bytes::from(page)));
        async { Ok::<_, Infallible>(answer) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).keep_alive(false).max_buf_size(REQUEST_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
    let conversation = async {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    };
    // A conversation that fails, or takes too long, concerns nobody but the one who asked.
    let _ = timeout(deadline, conversation).await;
}

/// A request with its headers; hyper takes no less.
const REQUEST_BYTES: usize = 8 * 1024;

const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::Watchlist;

    async fn serving(deadline: Duration) -> Serving {
        Endpoint::new(Watchlist::default())
            .with_deadline(deadline)
            .with_connections(2)
            .serve_locally(0)
            .await
            .unwrap()
    }

    async fn said(addr: SocketAddr, words: &str) -> String {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(words.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn requests_good_and_bad_are_answered_and_the_connection_ends() {
        let serving = serving(LONG).await;
        assert!(serving.addr().ip().is_loopback());
        let cases = [
            ("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 "),
            ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 "),
            ("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 "),
            ("GET\r\n\r\n", "HTTP/1.1 400 "),
            ("\x16\x03\x01 not http\r\n\r\n", "HTTP/1.1 400 "),
            ("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.0 200 "),
        ];
        for (request, expected) in cases {
            let answer = said(serving.addr(), request).await;
            assert!(answer.starts_with(expected), "{request:?}: {answer:?}");
        }
        let head = said(serving.addr(), "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(head.ends_with("\r\n\r\n") && head.contains("text/plain; version=0.0.4"), "{head}");
        let long = format!("GET /livez HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(REQUEST_BYTES));
        let mut stream = TcpStream::connect(serving.addr()).await.unwrap();
        let _ = stream.write_all(long.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431 "), "{answer:?}");
    }

    #[tokio::test]
    async fn the_slow_are_cut_off_and_do_not_keep_others_out_for_longer() {
        let deadline = Duration::from_millis(200);
        let serving = serving(deadline).await;
        let began = Instant::now();
        let mut slow = Vec::new();
        for words in ["", "GET /livez HT"] {
            let mut stream = TcpStream::connect(serving.addr()).await.unwrap();
            stream.write_all(words.as_bytes()).await.unwrap();
            slow.push(stream);
        }
        let answer = said(serving.addr(), "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        // All places were taken until the first of the slow lost its own.
        assert!(began.elapsed() >= deadline);
        for mut stream in slow {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
    }

    #[tokio::test]
    async fn shutdown_does_not_wait_for_those_who_have_not_asked() {
        let serving = serving(LONG).await;
        let addr = serving.addr();
        let mut idle = TcpStream::connect(addr).await.unwrap();
        // Once another has been answered, the first is known to have been accepted.
        said(addr, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await;
        timeout(LONG / 2, serving.shutdown()).await.expect("nobody has to be waited for");
        assert_eq!(idle.read(&mut [0; 8]).await.unwrap_or(0), 0);
        assert!(TcpStream::connect(addr).await.is_err());
    }
}
