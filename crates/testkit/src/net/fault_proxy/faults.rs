//! The switchboard of a [`FaultProxy`](super::FaultProxy): which faults are on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{broadcast, watch};

use crate::net::stream::Ending;

/// A direction through the proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What becomes of the bytes of one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Flow {
    /// They are passed on.
    #[default]
    Forward,
    /// They are not read, and passed on later if at all. The sender's buffers fill up.
    Hold,
    /// They are read and thrown away, as if the network swallowed them. The sender notices nothing.
    Discard,
}

/// Sets what goes wrong on all connections through a proxy, present ones and later ones. All of it
/// takes effect with the next bytes that the proxy reads, and ends with [`heal`](Self::heal).
#[derive(Clone, Debug)]
pub struct Faults {
    to_server: Arc<Direction>,
    to_client: Arc<Direction>,
    cut: watch::Sender<Ending>,
}

/// The faults of one direction.
#[derive(Debug)]
pub(super) struct Direction {
    pub(super) plan: watch::Sender<Plan>,
    injected: broadcast::Sender<Arc<[u8]>>,
    pub(super) forwarded: AtomicU64,
}

/// What is to happen in one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    pub(super) flow: Flow,
    pub(super) delay: Duration,
    pub(super) bytes_per_second: Option<u32>,
    pub(super) is_split: bool,
    pub(super) cut: Option<Cut>,
}

/// A cut to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) after_bytes: u64,
    pub(super) ending: Ending,
    /// Tells this cut from earlier ones.
    pub(super) serial: u64,
    /// Whether it is over once one connection was cut.
    pub(super) is_single: bool,
}

/// What one direction of one connection listens to.
pub(super) struct Lines {
    pub(super) direction: Arc<Direction>,
    pub(super) plan: watch::Receiver<Plan>,
    pub(super) injected: broadcast::Receiver<Arc<[u8]>>,
}

impl Faults {
    /// Forwards, holds or discards the bytes of one direction.
    pub fn set_flow(&self, way: Way, flow: Flow) {
        self.change(way, |plan| plan.flow = flow);
    }

    /// Half-open: connections are accepted and stay open, and no byte passes in either direction
    /// from now on.
    pub fn black_hole(&self) {
        self.set_flow(Way::ToServer, Flow::Discard);
        self.set_flow(Way::ToClient, Flow::Discard);
    }

    /// Passes on what comes in one read only after this delay.
    pub fn delay(&self, way: Way, delay: Duration) {
        self.change(way, |plan| plan.delay = delay);
    }

    /// Passes on no more than this many bytes a second; 0 counts as 1.
    pub fn throttle(&self, way: Way, bytes_per_second: u32) {
        self.change(way, |plan| plan.bytes_per_second = Some(bytes_per_second.max(1)));
    }

    /// Passes on each byte in a write of its own. The receiver's kernel may join them again if it
    /// is slow to read.
    pub fn split_writes(&self, way: Way) {
        self.change(way, |plan| plan.is_split = true);
    }

    /// Cuts one connection after this many further bytes were passed on in this direction: counted
    /// from now on present connections, from their start on later ones. The first connection that
    /// gets there uses the cut up.
    pub fn cut_once_after(&self, way: Way, bytes: u64, ending: Ending) {
        self.set_cut(way, bytes, ending, true);
    }

    /// Like [`cut_once_after`](Self::cut_once_after), but every connection is cut there.
    pub fn cut_each_after(&self, way: Way, bytes: u64, ending: Ending) {
        self.set_cut(way, bytes, ending, false);
    }

    /// Cuts all present connections now.
    pub fn cut(&self, ending: Ending) {
        self.cut.send_replace(ending);
    }

    /// Slips bytes into one direction of all present connections, between what is passed on. Up to
    /// 64 such pieces may wait for a direction that is stuck.
    pub fn inject(&self, way: Way, bytes: impl AsRef<[u8]>) {
        // An error means that there is no connection.
        let _ = self.direction(way).injected.send(bytes.as_ref().into());
    }

    /// Ends all faults. What was held is passed on, what was discarded is gone.
    pub fn heal(&self) {
        self.change(Way::ToServer, |plan| *plan = Plan::default());
        self.change(Way::ToClient, |plan| *plan = Plan::default());
    }

    /// How many bytes were passed on in this direction so far, by all connections together.
    #[must_use]
    pub fn forwarded_bytes(&self, way: Way) -> u64 {
        self.direction(way).forwarded.load(Ordering::Relaxed)
    }

    /// What a new connection listens to, on its way to the server and back.
    pub(super) fn lines(&self) -> [Lines; 2] {
        [&self.to_server, &self.to_client].map(|direction| Lines {
            direction: Arc::clone(direction),
            plan: direction.plan.subscribe(),
            injected: direction.injected.subscribe(),
        })
    }

    pub(super) fn cuts(&self) -> watch::Receiver<Ending> {
        self.cut.subscribe()
    }

    fn set_cut(&self, way: Way, after_bytes: u64, ending: Ending, is_single: bool) {
        let serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        self.change(way, |plan| plan.cut = Some(Cut { after_bytes, ending, serial, is_single }));
    }

    fn change(&self, way: Way, change: impl FnOnce(&mut Plan)) {
        self.direction(way).plan.send_modify(change);
    }

    const fn direction(&self, way: Way) -> &Arc<Direction> {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }
}

impl Default for Faults {
    /// No faults.
    fn default() -> Self {
        let direction = || Direction {
            plan: watch::Sender::default(),
            injected: broadcast::Sender::new(MAX_INJECTIONS),
            forwarded: AtomicU64::new(0),
        };
        Self {
            to_server: Arc::new(direction()),
            to_client: Arc::new(direction()),
            cut: watch::Sender::new(Ending::Fin),
        }
    }
}

impl Direction {
    /// Whether this cut is still to be made; a single one is used up by asking.
    pub(super) fn claim(&self, cut: Cut) -> bool {
        let mut is_due = false;
        self.plan.send_if_modified(|plan| {
            is_due = plan.cut.is_some_and(|due| due.serial == cut.serial);
            is_due && cut.is_single && plan.cut.take().is_some()
        });
        is_due
    }
}

static SERIALS: AtomicU64 = AtomicU64::new(1);

/// Injected pieces that may wait.
const MAX_INJECTIONS: usize = 64;
