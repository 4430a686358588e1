//! StatsD lines over UDP.
//!
//! Counters travel as what came on top since the last time, levels as they stand. Of a spread, StatsD
//! has no notion that could be filled from buckets, so it becomes two counters, `.count` and `.sum` (of
//! microseconds or bytes, whole numbers both), and the gauges `.p50`, `.p90` and `.p99`, in the unit of
//! the metric, over what came on top since the last time.
//!
//! UDP loses what it loses; nothing is sent twice, and nobody ever waits for it but its own task.

mod lines;

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    sync::oneshot,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use self::lines::Lines;
pub use self::lines::Tags;
use crate::watchlist::Watchlist;

/// How StatsD lines are written and sent.
#[derive(Clone, Debug)]
pub struct StatsD {
    to: SocketAddr,
    every: Duration,
    datagram_bytes: usize,
    tags: Tags,
}

impl StatsD {
    /// To this address.
    #[must_use]
    pub const fn to(to: SocketAddr) -> Self {
        Self { to, every: Duration::from_secs(10), datagram_bytes: 1432, tags: Tags::InName }
    }

    /// How often. Default: 10 s, after which StatsD itself flushes. At least a millisecond.
    #[must_use]
    pub fn with_interval(mut self, every: Duration) -> Self {
        self.every = every.max(Duration::from_millis(1));
        self
    }

    /// How long a datagram may become, in bytes; a line that is longer than that travels alone. Default:
    /// 1432, which passes any Ethernet unfragmented.
    #[must_use]
    pub const fn with_datagram_bytes(mut self, datagram_bytes: usize) -> Self {
        self.datagram_bytes = datagram_bytes;
        self
    }

    /// Where the client's name and the labels go. Default: [`Tags::InName`], which every daemon reads.
    #[must_use]
    pub const fn with_tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Begins to send the numbers of these clients.
    ///
    /// # Errors
    ///
    /// There is no socket to be had.
    ///
    /// # Cancel safety
    ///
    /// Nothing is sent if the future is dropped.
    pub async fn start(self, watched: Watchlist) -> io::Result<Pushing> {
        let from: SocketAddr = match self.to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(from).await?;
        socket.connect(self.to).await?;
        let unsent = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = oneshot::channel();
        let pusher = Pusher { lines: Lines::new(self.tags), socket, unsent: unsent.clone(), settings: self };
        Ok(Pushing { unsent, stop: Some(stop), task: tokio::spawn(pusher.run(watched, stopped)) })
    }
}

/// Numbers on their way. Dropping it ends it at once.
#[derive(Debug)]
pub struct Pushing {
    unsent: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Pushing {
    /// How many datagrams the socket did not take.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        self.unsent.load(Relaxed)
    }

    /// Sends what came on top since the last time, and ends. That takes a second at the most.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it ends at once.
    pub async fn finish(mut self) {
        drop(self.stop.take());
        // It ends without a value; a panic would have been told where it happened.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Pushing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Pusher {
    lines: Lines,
    socket: UdpSocket,
    unsent: Arc<AtomicU64>,
    settings: StatsD,
}

impl Pusher {
    async fn run(mut self, watched: Watchlist, mut stopped: oneshot::Receiver<()>) {
        let mut ticks = interval(self.settings.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_last = tokio::select! {
                _ = &mut stopped => true,
                _ = ticks.tick() => false,
            };
            self.push(&watched).await;
            if is_last {
                return;
            }
        }
    }

    /// Sends everything once, in whole lines.
    async fn push(&mut self, watched: &Watchlist) {
        let limit = self.settings.datagram_bytes;
        let mut datagrams = vec![String::new()];
        for line in self.lines.of(&watched.read()) {
            match datagrams.last_mut() {
                Some(last) if last.is_empty() => *last = line,
                Some(last) if last.len() + 1 + line.len() <= limit => {
                    last.push('\n');
                    last.push_str(&line);
                }
                _ => datagrams.push(line),
            }
        }
        datagrams.retain(|datagram| !datagram.is_empty());
        let mut sent = 0;
        let sending = async {
            for datagram in &datagrams {
                // An error is that of an earlier datagram as often as not (nobody listens): the next
                // may well arrive.
                if self.socket.send(datagram.as_bytes()).await.is_ok() {
                    sent += 1;
                }
            }
        };
        // A socket that takes nothing must not hold what is counted until the next time.
        let _ = timeout(PATIENCE, sending).await;
        self.unsent.fetch_add(datagrams.len() as u64 - sent, Relaxed);
    }
}

const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use nova_telemetry::{MetricSource, Registry, Sample, metric};

    use super::*;

    /// Counts how often it was asked.
    #[derive(Clone, Default)]
    struct Asked(Arc<AtomicU64>);

    impl MetricSource for Asked {
        fn samples(&self) -> Vec<Sample> {
            vec![Sample::total(&metric::ATTEMPTS, self.0.fetch_add(1, Relaxed) + 1)]
        }
    }

    async fn received(socket: &UdpSocket) -> String {
        let mut buffer = [0; 2048];
        let length = timeout(Duration::from_secs(10), socket.recv(&mut buffer)).await.unwrap().unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn what_came_on_top_arrives_again_and_again_and_once_more_at_the_end() {
        let daemon = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let watched = Watchlist::default();
        let asked = Asked::default();
        watched.count("a", asked.clone());
        let settings = StatsD::to(daemon.local_addr().unwrap()).with_interval(Duration::from_millis(5));
        let pushing = settings.start(watched).await.unwrap();
        for _ in 0..3 {
            assert_eq!(received(&daemon).await, "a.websocket.client.connection.attempts:1|c");
        }
        pushing.finish().await;
        let mut later = 0;
        while daemon.try_recv(&mut [0; 64]).is_ok() {
            later += 1;
        }
        assert_eq!(3 + later, asked.0.load(Relaxed), "each reading is one datagram, the last one included");
    }

    #[tokio::test]
    async fn datagrams_keep_to_their_length_and_break_between_lines() {
        let daemon = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let watched = Watchlist::default();
        watched.count("a", Registry::default());
        watched.count("b", Asked::default());
        watched.count("c", Asked::default());
        let settings = StatsD::to(daemon.local_addr().unwrap()).with_datagram_bytes(90);
        let pushing = settings.start(watched).await.unwrap();
        let first = received(&daemon).await;
        let second = received(&daemon).await;
        assert!(first.starts_with("a.websocket.client.connection.active:0|g\nb."), "{first}");
        assert!(first.len() <= 90 && second.starts_with("c."), "{first} / {second}");
        drop(pushing);
    }
}
