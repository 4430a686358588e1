//! What the client meets: an echo server that keeps a journal, behind a proxy that breaks links.

use std::{collections::HashMap, io, time::Duration};

use nova_testkit::net::{Answer, Event, FaultProxy, Faults, Peer, RawFrame, Served};

use super::ledger::Number;

pub(super) struct World {
    server: Served,
    pub(super) proxy: FaultProxy,
}

/// What the server saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Opening handshakes, all of them answered.
    pub(super) handshakes: u64,
    /// How often each call's message came.
    pub(super) calls: HashMap<Number, u64>,
    /// Messages that are no call's.
    pub(super) strange: u64,
    pub(super) pings: u64,
    pub(super) closes: u64,
}

impl World {
    pub(super) async fn begin() -> io::Result<Self> {
        let server = Peer::serve(|conn| async move {
            let mut conn = conn.with_patience(LIFETIME);
            if let Some(request) = conn.next_request().await {
                conn.answer(&Answer::accepting(&request)).await;
                conn.echo().await;
            }
        });
        let server = server.await?;
        let proxy = FaultProxy::to(server.addr()).await?;
        Ok(Self { server, proxy })
    }

    pub(super) const fn faults(&self) -> &Faults {
        self.proxy.faults()
    }

    /// Waits until the server has seen at least so many of these calls.
    pub(super) async fn has_seen(&self, calls: &[Number], at_least: usize) {
        let enough = |entries: &[nova_testkit::net::Entry]| {
            let numbers = entries.iter().filter_map(|entry| match &entry.what {
                Event::Frame(frame) => number_in(frame),
                _ => None,
            });
            numbers.filter(|number| calls.contains(number)).count() >= at_least
        };
        self.server.journal().wait_patiently_for(LIFETIME, "the server to see calls", enough).await;
    }

    pub(super) fn seen(&self) -> Seen {
        let mut seen = Seen::default();
        for entry in self.server.journal().entries() {
            match &entry.what {
                Event::Request(_) => seen.handshakes += 1,
                Event::Frame(frame) if frame.opcode == 0x9 => seen.pings += 1,
                Event::Frame(frame) if frame.opcode == 0x8 => seen.closes += 1,
                Event::Frame(frame) => match number_in(frame) {
                    Some(number) => *seen.calls.entry(number).or_default() += 1,
                    None => seen.strange += 1,
                },
                _ => {}
            }
        }
        seen
    }
}

/// The number of the call that this message belongs to.
fn number_in(frame: &RawFrame) -> Option<Number> {
    match frame.opcode {
        0x1 => Number::in_text(frame.as_text()),
        0x2 => Number::in_bytes(&frame.payload),
        _ => None,
    }
}

/// Longer than the demonstration may take.
const LIFETIME: Duration = Duration::from_secs(60);
