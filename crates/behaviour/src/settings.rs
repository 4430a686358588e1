//! Plain numbers that shape a session, each with its default and the reason for it.
//!
//! They come in layers: the adapter knows the service, the application its clients, and the user this
//! one client. Here is what the numbers are; `layer` says whose word counts, `overrides` holds what one
//! layer says, and `explain` tells where each number came from.

mod explain;
mod layer;
mod overrides;
mod preset;

use std::{fmt, time::Duration};

pub use explain::{Explained, SettingValue};
pub use layer::Layer;
pub use overrides::{Overrides, SettingName};
pub use preset::Preset;

use overrides::Origins;

/// The settings of a session. `Default` is safe in production.
///
/// Each setting remembers the [`Layer`] that said it: see [`origin`](Self::origin) and
/// [`explain`](Self::explain). Settings are equal when their values are.
#[derive(Clone, Debug)]
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
    /// The longest message accepted after reassembly and inflation, in bytes. Default: 16 MiB. The
    /// transport is told so when a link opens, and refuses what must become longer before it is there. A
    /// change counts from the next link on.
    pub message_bytes: usize,
    /// What may wait for the socket.
    pub lanes: Lanes,
    /// How many requests may wait for replies. Default: 4 096.
    pub in_flight: usize,
    /// What a subscription may hold before its overflow rule applies. Default: 4 096 items, 16 MiB.
    pub subscription: Bound,
    /// How many events may wait for the observers and in the event stream. Default: 1 024.
    pub events: usize,
    /// Who said so.
    origins: Origins,
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
            origins: Origins::default(),
        }
    }
}

impl Settings {
    /// Lays over them what a layer says. Of two layers the higher wins, in whatever order they come; of
    /// the same layer, the later word.
    pub fn overlay(&mut self, layer: Layer, overrides: &Overrides) {
        overrides.lay_on(self, layer);
    }

    /// Lays over them what `change` does to them, as the word of a layer. What it leaves as it was, it
    /// does not say.
    pub fn change(&mut self, layer: Layer, change: impl FnOnce(&mut Self)) {
        let mut changed = self.clone();
        change(&mut changed);
        self.overlay(layer, &Overrides::between(self, &changed));
    }

    /// The default, under whatever these settings say differently or explicitly, as the word of a layer.
    #[must_use]
    pub fn said_by(&self, layer: Layer) -> Self {
        let mut settings = Self::default();
        settings.overlay(layer, &Overrides::stated_in(self));
        settings
    }

    /// The layer a setting comes from.
    #[must_use]
    pub const fn origin(&self, name: SettingName) -> Layer {
        self.origins.0[name as usize]
    }

    /// Checks that every number makes sense.
    ///
    /// # Errors
    ///
    /// Names the first setting that does not, what it has to be, and the layer it comes from.
    pub fn check(&self) -> Result<(), InvalidSetting> {
        use SettingName as Name;
        let (lanes, beat) = (&self.lanes, &self.keep_alive);
        let is_on = beat.every < Duration::MAX;
        let rules = [
            ("keep_alive.every", Name::KeepAliveEvery, !beat.every.is_zero(), "longer than zero"),
            ("keep_alive.deadline", Name::KeepAliveDeadline, !beat.deadline.is_zero(), "longer than zero"),
            // What comes of one layer that switches probes off, and another that says how often.
            (
                "keep_alive.deadline",
                Name::KeepAliveDeadline,
                !is_on || beat.deadline < Duration::MAX,
                "finite where probes are sent",
            ),
            ("keep_alive.misses", Name::KeepAliveMisses, beat.misses > 0, "at least 1"),
            (
                "keep_alive.misses",
                Name::KeepAliveMisses,
                !is_on || beat.misses < u32::MAX,
                "finite where probes are sent",
            ),
            ("call_deadline", Name::CallDeadline, !self.call_deadline.is_zero(), "longer than zero"),
            ("opening_deadline", Name::OpeningDeadline, !self.opening_deadline.is_zero(), "longer than zero"),
            (
                "message_bytes",
                Name::MessageBytes,
                self.message_bytes >= 125,
                "at least 125, the size of a control frame",
            ),
            ("lanes.control", Name::LanesControlCount, lanes.control.count > 0, "room for at least one"),
            ("lanes.session", Name::LanesSessionCount, lanes.session.count > 0, "room for at least one"),
            ("lanes.user", Name::LanesUserCount, lanes.user.count > 0, "room for at least one"),
            ("in_flight", Name::InFlight, self.in_flight > 0, "at least 1"),
            ("subscription", Name::SubscriptionCount, self.subscription.count > 0, "room for at least one"),
            ("events", Name::Events, self.events > 0, "at least 1"),
        ];
        match rules.iter().find(|(_, _, holds, _)| !holds) {
            None => Ok(()),
            Some((name, leaf, _, must_be)) => Err(InvalidSetting {
                said_by: Some(self.origin(*leaf)),
                ..InvalidSetting::new(name, must_be)
            }),
        }
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        SettingName::ALL.iter().all(|name| name.of(self) == name.of(other))
    }
}

/// A setting that makes no sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct InvalidSetting {
    /// Its name.
    pub name: &'static str,
    /// What it has to be.
    pub must_be: &'static str,
    /// The layer it comes from, where that is known.
    pub said_by: Option<Layer>,
}

impl InvalidSetting {
    /// This setting has to be something else.
    #[must_use]
    pub const fn new(name: &'static str, must_be: &'static str) -> Self {
        Self { name, must_be, said_by: None }
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the setting \"{}\" must be {}", self.name, self.must_be)?;
        match self.said_by {
            None | Some(Layer::Default) => Ok(()),
            Some(layer) => write!(f, " (it comes from the {layer})"),
        }
    }
}

impl std::error::Error for InvalidSetting {}

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
        let mut none = Settings::default();
        none.overlay(Layer::User, &Overrides::new().with_in_flight(0));
        let error = none.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the setting \"in_flight\" must be at least 1 (it comes from the user)"
        );
    }

    #[test]
    fn layers_that_do_not_go_together_are_refused() {
        let mut half_off = Settings::default();
        half_off.overlay(Layer::Adapter, &Overrides::new().with_keep_alive(KeepAlive::OFF));
        assert_eq!(half_off.check(), Ok(()));
        half_off.overlay(Layer::User, &Overrides::new().with_keep_alive_every(Duration::from_secs(1)));
        let error = half_off.check().unwrap_err();
        assert_eq!((error.name, error.said_by), ("keep_alive.deadline", Some(Layer::Adapter)));
        half_off.overlay(Layer::User, &Overrides::new().with_keep_alive_deadline(Duration::from_secs(1)));
        assert_eq!(half_off.check().unwrap_err().name, "keep_alive.misses");
        half_off.overlay(Layer::User, &Overrides::new().with_keep_alive_misses(1));
        assert_eq!(half_off.check(), Ok(()));
    }
}
