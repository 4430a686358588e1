//! How long each phase of an attempt may take.

use std::time::Duration;

use nova_transport::Phase;

/// A deadline per phase; an attempt cannot take longer than their sum, or than twice that where it
/// needs a second connection ([`HttpChoice`](crate::HttpChoice)). Default: 5 s each, which a healthy
/// peer on any continent meets many times over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Deadlines {
    /// Turning host names into addresses.
    pub resolve: Duration,
    /// Opening the TCP connection, over all addresses together.
    pub tcp: Duration,
    /// Asking a proxy for a tunnel.
    pub proxy: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// The HTTP upgrade; over HTTP/2 from its preface to the answer.
    pub upgrade: Duration,
}

impl Deadlines {
    /// The same deadline for every phase.
    #[must_use]
    pub const fn all(limit: Duration) -> Self {
        Self { resolve: limit, tcp: limit, proxy: limit, tls: limit, upgrade: limit }
    }

    /// Sets the deadline of one phase.
    #[must_use]
    pub const fn with(mut self, phase: Phase, limit: Duration) -> Self {
        match phase {
            Phase::Resolve => self.resolve = limit,
            Phase::Tcp => self.tcp = limit,
            Phase::Proxy => self.proxy = limit,
            Phase::Tls => self.tls = limit,
            Phase::Upgrade => self.upgrade = limit,
        }
        self
    }

    /// The deadline of a phase.
    #[must_use]
    pub const fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Resolve => self.resolve,
            Phase::Tcp => self.tcp,
            Phase::Proxy => self.proxy,
            Phase::Tls => self.tls,
            Phase::Upgrade => self.upgrade,
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self::all(Duration::from_secs(5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_has_its_own_deadline() {
        for changed in Phase::ALL {
            let deadlines = Deadlines::default().with(changed, Duration::from_millis(7));
            for phase in Phase::ALL {
                let expected = if phase == changed { 7 } else { 5_000 };
                assert_eq!(deadlines.of(phase), Duration::from_millis(expected), "{phase}");
            }
        }
    }
}
