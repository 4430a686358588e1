//! Plain numbers that shape a session, each with its default and the reason for it.

use std::time::Duration;

/// The settings of a session. `Default` is safe in production.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Whether the first connect is retried. Default: no, so that a wrong address shows at once.
    pub initial_connect: InitialConnect,
    /// Probes for life. Default: every 15 s, 5 s for an answer, one miss ends the link.
    pub keep_alive: KeepAlive,
    /// How long a call waits for its reply unless it says otherwise. Default: 30 s.
    pub call_deadline: Duration,
    /// How long login and the rest of re-establishment may take together. Default: 30 s, the time a
    /// call has.
    pub opening_deadline: Duration,
    /// How long a session must have been ready for the count of attempts to start again.
    /// Default: 10 s, so that accept-then-close is paced like a refusal.
    pub stable_after: Duration,
    /// How long a closing handshake may take before the socket is dropped. Default: 1 s; the peer
    /// has nothing to compute.
    pub close_deadline: Duration,
    /// How long dropping the last handle leaves for the closing handshake. Default: 1 s.
    pub drop_deadline: Duration,
    /// The longest message accepted after reassembly, in bytes. Default: 16 MiB.
    pub message_bytes: usize,
    /// What may wait for the socket.
    pub lanes: Lanes,
    /// How many requests may wait for replies. Default: 4 096.
    pub in_flight: usize,
    /// What a subscription may hold before its overflow rule applies. Default: 4 096 items, 16 MiB.
    pub subscription: Bound,
    /// How many events may wait for the observers and in the event stream. Default: 1 024.
    pub events: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            initial_connect: InitialConnect::FailFast,
            keep_alive: KeepAlive::default(),
            call_deadline: Duration::from_secs(30),
            opening_deadline: Duration::from_secs(30),
            stable_after: Duration::from_secs(10),
            close_deadline: Duration::from_secs(1),
            drop_deadline: Duration::from_secs(1),
            message_bytes: 16 << 20,
            lanes: Lanes::default(),
            in_flight: 4096,
            subscription: Bound { count: 4096, bytes: 16 << 20 },
            events: 1024,
        }
    }
}

impl Settings {
    /// Checks that every number makes sense.
    ///
    /// # Errors
    ///
    /// Names the first setting that does not, and what it has to be.
    pub fn check(&self) -> Result<(), InvalidSetting> {
        let (lanes, beat) = (&self.lanes, &self.keep_alive);
        let rules = [
            ("keep_alive.every", !beat.every.is_zero(), "longer than zero"),
            ("keep_alive.deadline", !beat.deadline.is_zero(), "longer than zero"),
            ("keep_alive.misses", beat.misses > 0, "at least 1"),
            ("call_deadline", !self.call_deadline.is_zero(), "longer than zero"),
            ("opening_deadline", !self.opening_deadline.is_zero(), "longer than zero"),
            ("message_bytes", self.message_bytes >= 125, "at least 125, the size of a control frame"),
            ("lanes.control", lanes.control.count > 0, "room for at least one"),
            ("lanes.session", lanes.session.count > 0, "room for at least one"),
            ("lanes.user", lanes.user.count > 0, "room for at least one"),
            ("in_flight", self.in_flight > 0, "at least 1"),
            ("subscription", self.subscription.count > 0, "room for at least one"),
            ("events", self.events > 0, "at least 1"),
        ];
        match rules.iter().find(|(_, holds, _)| !holds) {
            None => Ok(()),
            Some((name, _, must_be)) => Err(InvalidSetting::new(name, must_be)),
        }
    }
}

/// A setting that makes no sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the setting \"{name}\" must be {must_be}")]
#[non_exhaustive]
pub struct InvalidSetting {
    /// Its name.
    pub name: &'static str,
    /// What it has to be.
    pub must_be: &'static str,
}

impl InvalidSetting {
    /// This setting has to be something else.
    #[must_use]
    pub const fn new(name: &'static str, must_be: &'static str) -> Self {
        Self { name, must_be }
    }
}

/// Whether the first connect is retried. Reconnections always follow the plan.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum InitialConnect {
    /// The first failure is returned at once.
    #[default]
    FailFast,
    /// Failures that may pass are retried by plan.
    Retry,
}

/// Probes for life: WebSocket pings on schedule, whatever the traffic (RFC 6455 §5.5.2).
///
/// Any frame from the peer counts as life until a probe's deadline. Half-open links are noticed
/// within `every` + `deadline` × `misses`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeepAlive {
    /// The time between probes.
    pub every: Duration,
    /// How long a probe waits for a sign of life.
    pub deadline: Duration,
    /// How many probes in a row may go unanswered before the link is given up; at least 1.
    pub misses: u32,
}

impl KeepAlive {
    /// No probes. A half-open link is then noticed only by writing to it, which can take minutes.
    pub const OFF: Self = Self { every: Duration::MAX, deadline: Duration::MAX, misses: u32::MAX };
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self { every: Duration::from_secs(15), deadline: Duration::from_secs(5), misses: 1 }
    }
}

/// A bound by count and by bytes; whichever is reached first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bound {
    /// How many entries.
    pub count: usize,
    /// How many bytes of payload together. A single entry may exceed it when it is alone.
    pub bytes: usize,
}

/// What may wait for the socket, per lane. The lanes never share a bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lanes {
    /// Pongs, close frames, heartbeat answers. Default: 512, more than one turn of reading can ask
    /// for, and 64 KiB. When it is full, a pong replaces an older one.
    pub control: Bound,
    /// Login, settings, subscriptions. Default: 1 024, 4 MiB.
    pub session: Bound,
    /// What the application sends. Default: 1 024, 16 MiB.
    pub user: Bound,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            control: Bound { count: 512, bytes: 64 << 10 },
            session: Bound { count: 1024, bytes: 4 << 20 },
            user: Bound { count: 1024, bytes: 16 << 20 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_sense() {
        assert_eq!(Settings::default().check(), Ok(()));
        let off = Settings { keep_alive: KeepAlive::OFF, ..Settings::default() };
        assert_eq!(off.check(), Ok(()));
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_named() {
        let none = Settings { in_flight: 0, ..Settings::default() };
        let error = none.check().unwrap_err();
        assert_eq!(error.to_string(), "the setting \"in_flight\" must be at least 1");
    }
}
