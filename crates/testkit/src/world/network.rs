//! The network between the two: how long things take, and what breaks where.

use std::time::Duration;

use nova_transport::Phase;

/// How long things take. `Default` is a quiet network.
#[derive(Clone, Debug)]
pub struct Network {
    /// From one end to the other. Default: 10 ms.
    pub latency: Duration,
    /// Up to how much longer it may take, by chance. Order is kept, as TCP keeps it. Default: nothing.
    pub jitter: Duration,
    /// The phases of connecting; each takes one round trip. Default: resolve, TCP, TLS and upgrade.
    pub phases: Vec<Phase>,
    /// After how long the simulated transport gives up a phase that hangs. Default: 5 s.
    pub phase_limit: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(10),
            jitter: Duration::ZERO,
            phases: vec![Phase::Resolve, Phase::Tcp, Phase::Tls, Phase::Upgrade],
            phase_limit: Duration::from_secs(5),
        }
    }
}

impl Network {
    /// A network in which nothing takes any time, not even connecting.
    #[must_use]
    pub fn instant() -> Self {
        Self { latency: Duration::ZERO, phases: Vec::new(), ..Self::default() }
    }

    /// Sets how long a byte takes from one end to the other.
    #[must_use]
    pub const fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Sets up to how much longer it may take, by chance.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }
}

/// What goes wrong on one link, in each direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Faults {
    /// From the session to the peer.
    pub up: Way,
    /// From the peer to the session.
    pub down: Way,
}

/// What goes wrong in one direction of one link.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Way {
    /// The link breaks once so many bytes have passed: these still arrive, no other does.
    pub cut_at: Option<u64>,
    /// Nothing arrives any more once so many bytes have passed, and nobody is told.
    pub stall_at: Option<u64>,
    /// Bytes arrive in pieces of this size, one millisecond apart.
    pub piece: Option<usize>,
    /// How many bytes the socket takes before it blocks, as long as they have not arrived.
    pub window: Option<usize>,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self { up: Way::NONE, down: Way::NONE };

    /// The link breaks once the session has sent so many bytes.
    #[must_use]
    pub const fn cut_up(bytes: u64) -> Self {
        Self { up: Way { cut_at: Some(bytes), ..Way::NONE }, down: Way::NONE }
    }

    /// The link breaks once the peer has sent so many bytes.
    #[must_use]
    pub const fn cut_down(bytes: u64) -> Self {
        Self { up: Way::NONE, down: Way { cut_at: Some(bytes), ..Way::NONE } }
    }

    /// All packets are silently dropped from the beginning: a half-open link.
    #[must_use]
    pub const fn half_open() -> Self {
        let dead = Way { stall_at: Some(0), ..Way::NONE };
        Self { up: dead, down: dead }
    }

    /// Bytes arrive one at a time, in both directions.
    #[must_use]
    pub const fn byte_by_byte() -> Self {
        let slow = Way { piece: Some(1), ..Way::NONE };
        Self { up: slow, down: slow }
    }

    /// Something at random, or nothing.
    pub(super) fn random(chance: &mut fastrand::Rng) -> Self {
        let mut faults = Self::NONE;
        let way = if chance.bool() { &mut faults.up } else { &mut faults.down };
        match chance.u8(..) {
            0..=127 => {}
            128..=175 => way.cut_at = Some(chance.u64(0..2000)),
            176..=200 => way.stall_at = Some(chance.u64(0..2000)),
            201..=225 => way.piece = Some(chance.usize(1..20)),
            226..=240 => way.window = Some(chance.usize(1..200)),
            _ => faults = Self::half_open(),
        }
        faults
    }
}

impl Way {
    /// Nothing goes wrong.
    pub const NONE: Self = Self { cut_at: None, stall_at: None, piece: None, window: None };
}

/// One direction of a link in use.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) faults: Way,
    /// Bytes that have entered.
    passed: u64,
    /// Bytes that have entered and not left.
    underway: usize,
    last_arrival: Duration,
    is_cut: bool,
}

/// What becomes of bytes that entered a pipe.
#[derive(Debug)]
pub(super) enum Carried {
    /// These arrive then.
    Arrives(Duration, Vec<u8>),
    /// The link breaks then.
    Breaks(Duration),
}

impl Pipe {
    pub(super) const fn new(faults: Way) -> Self {
        Self { faults, passed: 0, underway: 0, last_arrival: Duration::ZERO, is_cut: false }
    }

    /// How many bytes the socket takes now.
    pub(super) fn room(&self) -> usize {
        self.faults.window.map_or(usize::MAX, |window| window.saturating_sub(self.underway))
    }

    /// Bytes have left at the other end.
    pub(super) fn left(&mut self, bytes: usize) {
        self.underway = self.underway.saturating_sub(bytes);
    }

    /// Nothing that enters from now on arrives.
    pub(super) fn stall(&mut self) {
        self.faults.stall_at = Some(self.passed);
    }

    /// When something that enters now arrives; what enters later arrives no earlier.
    pub(super) fn arrival(
        &mut self,
        now: Duration,
        network: &Network,
        chance: &mut fastrand::Rng,
    ) -> Duration {
        let late = match network.jitter {
            Duration::ZERO => Duration::ZERO,
            jitter => jitter.mul_f64(chance.f64()),
        };
        self.last_arrival = self.last_arrival.max(now + network.latency + late);
        self.last_arrival
    }

    pub(super) const fn is_stalled(&self) -> bool {
        matches!(self.faults.stall_at, Some(at) if at <= self.passed)
    }

    /// Takes bytes in, and says what becomes of them.
    pub(super) fn carry(
        &mut self,
        bytes: &[u8],
        now: Duration,
        network: &Network,
        chance: &mut fastrand::Rng,
        mut then: impl FnMut(Carried),
    ) {
        let start = self.passed;
        self.passed += bytes.len() as u64;
        self.underway = self.underway.saturating_add(bytes.len());
        let until = |at: Option<u64>| {
            at.map_or(usize::MAX, |at| usize::try_from(at.saturating_sub(start)).unwrap_or(0))
        };
        let (cut, stall) = (until(self.faults.cut_at), until(self.faults.stall_at));
        if self.is_cut {
            return;
        }
        let arriving = &bytes[..bytes.len().min(cut).min(stall)];
        let mut at = self.arrival(now, network, chance);
        for piece in arriving.chunks(self.faults.piece.unwrap_or(usize::MAX)) {
            then(Carried::Arrives(at, piece.to_vec()));
            self.last_arrival = at;
            at += Duration::from_millis(1);
        }
        if bytes.len() >= cut && cut <= stall {
            self.is_cut = true;
            then(Carried::Breaks(self.last_arrival));
        }
    }
}
