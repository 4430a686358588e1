//! Who has a say in the settings, and who wins.

use std::fmt;

/// A layer of settings. Each wins over those before it: user over client over adapter over default.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Layer {
    /// What is right where nobody knows better: [`Settings::default`](crate::Settings).
    #[default]
    Default,
    /// What suits the service: [`Adapter::settings`](crate::Adapter::settings).
    Adapter,
    /// What an application wants of all its clients, a [`Preset`](crate::Preset) for instance.
    Client,
    /// What was said for this one client.
    User,
}

impl Layer {
    /// All of them, the weakest first.
    pub const ALL: [Self; 4] = [Self::Default, Self::Adapter, Self::Client, Self::User];
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Adapter => "adapter",
            Self::Client => "client",
            Self::User => "user",
        })
    }
}
