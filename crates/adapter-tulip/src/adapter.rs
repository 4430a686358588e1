//! The adapter: where the venue is, and which handlers speak to it.

use std::time::Duration;

use nova_behaviour::{Adapter, Endpoints, Handlers, Quiet, Settings};
use nova_transport::{Endpoint, EndpointError};

use crate::{
    credits::TulipCredits, errors::TulipErrors, heartbeat::TulipHeartbeat, login::TulipLogin,
    messages::TulipMessages, topics::TulipTopics,
};

/// Everything needed to hold a conversation with the venue.
#[derive(Clone, Debug)]
pub struct Tulip {
    endpoints: Endpoints,
    login: TulipLogin,
    heartbeat: TulipHeartbeat,
    settings: Settings,
}

/// The handlers of a [`Tulip`]. An application may swap one of them and keep the others.
pub type TulipHandlers =
    Handlers<TulipMessages, Quiet, TulipErrors, TulipTopics, TulipLogin, TulipHeartbeat, TulipCredits>;

impl Tulip {
    /// The venue at this URL, without a login.
    ///
    /// # Errors
    ///
    /// Names the part of the URL that is wrong.
    pub fn at(url: &str) -> Result<Self, EndpointError> {
        Endpoint::parse(url).map(Self::new)
    }

    /// The venue at an endpoint, or wherever a source of endpoints says, without a login.
    #[must_use]
    pub fn new(endpoints: impl Into<Endpoints>) -> Self {
        Self {
            endpoints: endpoints.into(),
            login: TulipLogin::default(),
            heartbeat: TulipHeartbeat::default(),
            settings: Settings::default(),
        }
    }

    /// Logs in with this key and its secret. Default: no login, and nothing private.
    #[must_use]
    pub fn with_credentials(mut self, key: &str, secret: &str) -> Self {
        self.login = TulipLogin::new(key, secret);
        self
    }

    /// Lets the venue ask this often for a sign of life. Default: every 30 s.
    #[must_use]
    pub const fn with_heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = TulipHeartbeat::every(every);
        self
    }

    /// Changes the settings of the session.
    #[must_use]
    pub fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}

impl Adapter for Tulip {
    type Handlers = TulipHandlers;

    fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }

    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn into_handlers(self) -> TulipHandlers {
        Handlers::new(TulipMessages)
            .with_errors(TulipErrors)
            .with_subscriptions(TulipTopics)
            .with_auth(self.login)
            .with_connection_settings(self.heartbeat)
            .with_limits(TulipCredits)
    }
}
