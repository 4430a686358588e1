//! What a world is made of.

use std::collections::VecDeque;

use nova_behaviour::{Adapter, Behaviour, Policies, Policy, Settings};
use nova_recorder::{Keep, Recorded};
use nova_session::{Session, Start};

use super::{
    Lane, World,
    agenda::Agenda,
    checks::Memory,
    clock::Clock,
    flag::Flag,
    ledger::Ledger,
    marks::Marks,
    network::{Faults, Network},
    peer::Peer,
    trace::Trace,
};

/// A session that has not met its peer yet.
#[derive(Debug)]
pub struct Setup<H, P = Policies> {
    handlers: H,
    policies: P,
    settings: Settings,
    network: Network,
    marks: Marks,
    seed: u64,
    trace: usize,
    planned: VecDeque<Faults>,
    is_random: bool,
    keep: Option<Keep>,
}

impl<H: Behaviour> Setup<H> {
    /// A session that speaks through these handlers; everything else is at its default, and the seed
    /// is 1.
    #[must_use]
    pub fn new(handlers: H) -> Self {
        Self {
            handlers,
            policies: Policies::default(),
            settings: Settings::default(),
            network: Network::default(),
            marks: Marks::NONE,
            seed: 1,
            trace: 100_000,
            planned: VecDeque::new(),
            is_random: false,
            keep: None,
        }
    }

    /// A session of this adapter, with its settings. Its endpoints play no part: the peer decides who
    /// is received.
    #[must_use]
    pub fn of(adapter: impl Adapter<Handlers = H>) -> Self {
        let settings = adapter.settings();
        Self { settings, ..Self::new(adapter.into_handlers()) }
    }
}

impl<H: Behaviour, P: Policy> Setup<H, P> {
    /// Sets the policies.
    #[must_use]
    pub fn with_policies<N: Policy>(self, policies: N) -> Setup<H, N> {
        let Self { handlers, settings, network, marks, seed, trace, planned, is_random, keep, .. } = self;
        Setup { handlers, policies, settings, network, marks, seed, trace, planned, is_random, keep }
    }

    /// Changes the settings.
    #[must_use]
    pub fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Sets how long things take.
    #[must_use]
    pub fn with_network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Lets the checker recognise requests on the wire.
    #[must_use]
    pub const fn with_marks(mut self, marks: Marks) -> Self {
        self.marks = marks;
        self
    }

    /// What goes wrong on the first link, or on the next one that has nothing planned yet.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.planned.push_back(faults);
        self
    }

    /// Lets links break at random, unless something is planned for them.
    #[must_use]
    pub const fn with_random_faults(mut self) -> Self {
        self.is_random = true;
        self
    }

    /// Sets from what all chance follows. Default: 1.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Records the session.
    #[must_use]
    pub const fn recorded(mut self, keep: Keep) -> Self {
        self.keep = Some(keep);
        self
    }

    /// Sets how many entries of the trace are kept. Default: 100 000, enough for any test of minutes.
    #[must_use]
    pub const fn with_trace(mut self, entries: usize) -> Self {
        self.trace = entries;
        self
    }

    /// Begins: the session has ordered its first link.
    #[must_use]
    pub fn meet<V: Peer>(self, peer: V) -> World<H, P, V> {
        let Self { handlers, policies, settings, network, marks, seed, trace, planned, is_random, keep } =
            self;
        let clock = Clock::new();
        let mut chance = fastrand::Rng::with_seed(seed);
        let policies = policies.into_policies();
        let start = Start { now: clock.now(), wall: clock.wall(), seed: chance.u64(..) };
        let (reconnect, limiter) = (policies.reconnect, policies.limiter);
        let session = match keep {
            None => Session::new(handlers, reconnect, limiter, settings, start).into(),
            Some(keep) => Recorded::recording_from_start(handlers, reconnect, limiter, settings, start, keep),
        };
        let lane = || Lane { link: None, dialler: Flag::new() };
        let mut world = World {
            session,
            peer,
            network,
            seed,
            clock,
            chance,
            agenda: Agenda::default(),
            sockets: Vec::new(),
            lanes: [lane(), lane()],
            planned,
            is_random,
            sleep: None,
            timekeeper: Flag::new(),
            events: Flag::new(),
            watcher: Flag::new(),
            version: None,
            open: Vec::new(),
            settled: Default::default(),
            streams: Vec::new(),
            records: Vec::new(),
            sayings: Vec::new(),
            trace: Trace::new(trace),
            ledger: Ledger::new(marks),
            memory: Memory::default(),
        };
        world.pump();
        world
    }
}
