//! Settings for common situations, to begin with.

use std::{fmt, time::Duration};

use nova_reconnect::{Jittered, Retries};

use super::{Bound, KeepAlive, overrides::Overrides};

/// What suits a kind of application, where nobody knows better: a layer of settings, and a pace of
/// reconnection.
///
/// | | reconnection | attempts | connect phase | probe, answer |
/// |---|---|---|---|---|
/// | [`Financial`](Self::Financial) | 0.1 to 30 s, a quarter of it jitter | without end | 5 s | 15 s, 5 s |
/// | [`Standard`](Self::Standard) | 1 to 60 s, full jitter | 10 | 10 s | 30 s, 10 s |
/// | [`Lightweight`](Self::Lightweight) | 2 to 10 s, full jitter | 3 | 15 s | 60 s, 15 s |
/// | [`Messaging`](Self::Messaging) | 1 to 30 s, full jitter | 20 | 8 s | 45 s, 10 s |
///
/// A preset is of the layer [`Client`](super::Layer::Client): what is said for one client wins.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Preset {
    /// Money moves meanwhile: back within a tenth of a second at best and never given up, a silent link
    /// noticed within 20 s, and a call that has no answer after 10 s is one to ask about.
    Financial,
    /// A service like others. It ends after ten attempts, so that somebody looks.
    Standard,
    /// A small device, or one of very many clients: few probes, little memory, and soon out of the way of
    /// a service that is down.
    Lightweight,
    /// People wait at both ends: patient attempts, and probes seldom enough for a telephone's radio to
    /// sleep, but more often than the 60 s after which many proxies cut idle links.
    Messaging,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Financial, Self::Standard, Self::Lightweight, Self::Messaging];

    /// What it says about the settings.
    #[must_use]
    pub const fn overrides(self) -> Overrides {
        let none = Overrides::new();
        match self {
            Self::Financial => none.with_keep_alive(probe(15, 5)).with_call_deadline(secs(10)),
            Self::Standard => none.with_keep_alive(probe(30, 10)),
            Self::Lightweight => none
                .with_keep_alive(probe(60, 15))
                .with_message_bytes(1 << 20)
                .with_lanes_user(Bound { count: 128, bytes: 1 << 20 })
                .with_in_flight(128)
                .with_subscription(Bound { count: 256, bytes: 1 << 20 })
                .with_events(128),
            Self::Messaging => none.with_keep_alive(probe(45, 10)),
        }
    }

    /// When to try again.
    #[must_use]
    pub const fn reconnect(self) -> Jittered {
        match self {
            Self::Financial => Jittered::new(Duration::from_millis(100), secs(30)).with_spread(0.25),
            Self::Standard => Jittered::new(secs(1), secs(60)).with_retries(Retries::Limited(10)),
            Self::Lightweight => Jittered::new(secs(2), secs(10)).with_retries(Retries::Limited(3)),
            Self::Messaging => Jittered::new(secs(1), secs(30)).with_retries(Retries::Limited(20)),
        }
    }

    /// How long each phase of connecting may take. It is the transport's to keep, whose deadlines are set
    /// when it is made.
    #[must_use]
    pub const fn connect_deadline(self) -> Duration {
        secs(match self {
            Self::Financial => 5,
            Self::Standard => 10,
            Self::Lightweight => 15,
            Self::Messaging => 8,
        })
    }
}

impl From<Preset> for Overrides {
    fn from(preset: Preset) -> Self {
        preset.overrides()
    }
}

impl From<Preset> for Jittered {
    fn from(preset: Preset) -> Self {
        preset.reconnect()
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Financial => "financial",
            Self::Standard => "standard",
            Self::Lightweight => "lightweight",
            Self::Messaging => "messaging",
        })
    }
}

const fn probe(every: u64, deadline: u64) -> KeepAlive {
    KeepAlive { every: secs(every), deadline: secs(deadline), misses: 1 }
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use nova_reconnect::Strategy;

    use super::*;
    use crate::{Layer, SettingName, SettingValue, Settings};

    fn settings(preset: Preset) -> Settings {
        let mut settings = Settings::default();
        settings.overlay(Layer::Client, &preset.overrides());
        settings
    }

    #[test]
    fn every_preset_makes_sense() {
        for preset in Preset::ALL {
            assert_eq!(settings(preset).check(), Ok(()), "{preset}");
            assert!(preset.overrides().said().count() >= 3, "{preset}");
        }
    }

    /// The table above, as numbers: shortest and longest pause without jitter, attempts, phase, probe.
    #[test]
    fn presets_are_what_their_table_says() {
        let rows = [
            (Preset::Financial, 100, 30_000, None, 5, (15, 5)),
            (Preset::Standard, 1000, 60_000, Some(10), 10, (30, 10)),
            (Preset::Lightweight, 2000, 10_000, Some(3), 15, (60, 15)),
            (Preset::Messaging, 1000, 30_000, Some(20), 8, (45, 10)),
        ];
        for (preset, base, cap, attempts, phase, (every, deadline)) in rows {
            let longest = |attempt| preset.reconnect().delay(attempt, 0).map(|pause| pause.as_millis());
            assert_eq!(longest(1), Some(base), "{preset}");
            let last = attempts.unwrap_or(1000);
            assert_eq!(longest(last), Some(cap.min(base << (last - 1).min(20))), "{preset}");
            assert_eq!(longest(last + 1).is_none(), attempts.is_some(), "{preset}");
            assert_eq!(preset.connect_deadline(), secs(phase), "{preset}");
            let settings = settings(preset);
            assert_eq!(
                SettingName::KeepAliveEvery.of(&settings),
                SettingValue::Time(secs(every)),
                "{preset}"
            );
            assert_eq!(SettingName::KeepAliveDeadline.of(&settings), SettingValue::Time(secs(deadline)));
        }
        let soonest = Preset::Financial.reconnect().delay(1, u64::MAX);
        assert_eq!(soonest, Some(Duration::from_millis(75)), "a quarter is jitter");
    }
}
