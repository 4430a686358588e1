//! A session in virtual time: one real [`Session`] with any handlers, a simulated peer, and between
//! them a network that breaks as told or by chance.
//!
//! No runtime, no socket, no thread: the world owns the clocks, performs what the session asks for
//! (dial, send, read, drop, wake up), and moves on to the next thing that happens. Hours pass in
//! milliseconds, and equal seeds give equal runs, event for event.
//!
//! ```
//! use std::time::Duration;
//! use nova_behaviour::{Handlers, LocalTopics, RawMessages};
//! use nova_testkit::world::{EchoPeer, Setup};
//!
//! let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
//! let mut world = Setup::new(handlers).with_seed(7).meet(EchoPeer::default());
//! world.run_until_ready();
//! world.cut();
//! world.run_for(Duration::from_secs(60));
//! assert!(world.session().state().is_ready(), "it has come back by itself");
//! ```
//!
//! Reading order: [`Setup`] makes a [`World`]; a [`Peer`] is the other side, and [`Line`] its end of a
//! link; [`Network`] and [`Faults`] are what lies between; [`venue`] is a made-up service with login
//! and subscriptions.
//!
//! A world that [records](Setup::recorded) its session replays the recording at its end, and panics
//! where that differs.
//!
//! After every step the world checks what must always hold, whatever happens, and panics with its
//! seed and the last of its [`Trace`] where it does not: see `checks.rs`, which is the list.

mod agenda;
mod asking;
mod checks;
mod clock;
mod flag;
mod ledger;
mod marks;
mod network;
mod peer;
mod peers;
mod reception;
mod running;
mod serving;
mod setup;
mod socket;
mod trace;
pub mod venue;
mod wire;

use std::time::{Duration, Instant, SystemTime};

use nova_behaviour::{Behaviour, Policy, RequestId};
use nova_session::{RequestError, Session, Settlement, SubscriptionId};
use nova_telemetry::Event;
use nova_transport::Generation;

pub use marks::Marks;
pub use network::{Faults, Network, Way};
pub use nova_recorder::{Keep, Recorded, Recording, Verdict};
pub use peer::{Line, Peer};
pub use peers::{AcceptThenClose, EchoPeer, Refusing, Scripted, SilentPeer};
pub use reception::{Incoming, Reception};
pub use setup::Setup;
pub use trace::{Trace, What};

use agenda::Agenda;
use checks::Memory;
use clock::Clock;
use flag::Flag;
use ledger::Ledger;
use peer::Saying;
use socket::Socket;

/// A session, its peer, and all that lies between them.
pub struct World<H: Behaviour, P: Policy, V> {
    session: Recorded<H, P>,
    /// The other side.
    pub peer: V,
    /// How long things take, from now on.
    pub network: Network,
    seed: u64,
    clock: Clock,
    chance: fastrand::Rng,
    agenda: Agenda,
    sockets: Vec<Socket>,
    lanes: [Lane; 2],
    /// What goes wrong on the next links, first to last.
    planned: std::collections::VecDeque<Faults>,
    is_random: bool,
    /// Until when the timekeeper sleeps.
    sleep: Option<Instant>,
    timekeeper: Flag,
    events: Flag,
    watcher: Flag,
    version: Option<u64>,
    open: Vec<Open>,
    settled: std::collections::BTreeMap<RequestId, Result<Settlement, RequestError>>,
    streams: Vec<Stream>,
    records: Vec<nova_telemetry::Record>,
    sayings: Vec<(Duration, Saying)>,
    trace: Trace,
    ledger: Ledger,
    memory: Memory,
}

/// One of the two places for links.
#[derive(Debug)]
struct Lane {
    link: Option<Generation>,
    dialler: Flag,
}

/// A request whose caller waits.
#[derive(Debug)]
struct Open {
    id: RequestId,
    flag: Flag,
}

/// A subscription, and what its subscriber waits for.
#[derive(Debug)]
struct Stream {
    id: SubscriptionId,
    /// Raised when there is something to take; `None` while nobody waits for that.
    next: Option<Flag>,
    /// Raised when it is confirmed, or never will be; `None` while nobody waits for that.
    confirmed: Option<Flag>,
}

impl<H: Behaviour, P: Policy, V: Peer> World<H, P, V> {
    /// The session, to look at.
    #[must_use]
    pub fn session(&self) -> &Session<H, P> {
        &self.session
    }

    /// Does something with the session by hand, and then everything that follows from it at once.
    pub fn with<T>(&mut self, work: impl FnOnce(&mut Recorded<H, P>, Instant) -> T) -> T {
        let now = self.clock.now();
        let result = work(&mut self.session, now);
        self.pump();
        result
    }

    /// What was recorded, if the [setup](Setup::recorded) asked for it.
    pub fn recording(&mut self) -> Option<Recording> {
        self.session.recording()
    }

    /// The session's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Wall time.
    #[must_use]
    pub fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    /// The time since the beginning.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// An instant of the session as time since the beginning.
    #[must_use]
    pub fn since_start(&self, at: Instant) -> Duration {
        self.clock.since_start(at)
    }

    /// The number from which all chance follows.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The world's source of chance, for tests that decide at random.
    pub const fn chance(&mut self) -> &mut fastrand::Rng {
        &mut self.chance
    }

    /// What has happened.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The events the session told of, oldest first, each with its time since the beginning.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = (Duration, &Event)> {
        self.trace.iter().filter_map(|(at, what)| match what {
            What::Event(event) => Some((*at, event)),
            _ => None,
        })
    }

    /// How many events of this name the session told of.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.events().filter(|(_, event)| event.name() == name).count()
    }

    /// The link that the session holds a socket of, if any.
    #[must_use]
    pub fn link(&self) -> Option<Generation> {
        self.sockets.iter().rev().find(|socket| socket.client.is_some()).map(|socket| socket.link)
    }

    /// How many sockets the session holds.
    #[must_use]
    pub fn held(&self) -> usize {
        self.sockets.iter().filter(|socket| socket.client.is_some()).count()
    }

    /// How many times the session has dialled.
    #[must_use]
    pub const fn dials(&self) -> u64 {
        self.memory.dials
    }

    /// How many things have happened, after each of which everything was checked.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.memory.steps
    }

    /// Sets the wall clock ahead; the monotonic clock does not notice.
    pub fn jump_wall_ahead(&mut self, by: Duration) {
        self.clock.jump_ahead(by);
    }

    /// Sets the wall clock back; the monotonic clock does not notice.
    pub fn jump_wall_back(&mut self, by: Duration) {
        self.clock.jump_back(by);
    }
}

impl<H: Behaviour, P: Policy, V> Drop for World<H, P, V> {
    #[allow(clippy::print_stderr, reason = "a failed test must say how to repeat it")]
    fn drop(&mut self) {
        if !std::thread::panicking()
            && let Some(recording) = self.session.recording()
        {
            let verdict = recording.replay();
            assert!(!matches!(verdict, Verdict::Differs(_)), "the recording of seed {} {verdict}", self.seed);
        }
        if std::thread::panicking() && !self.memory.has_failed {
            eprintln!("the world of seed {} ended so:\n{}", self.seed, self.trace.tail(40));
        }
    }
}
