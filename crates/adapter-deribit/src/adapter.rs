//! The adapter: where the venue is, who talks to it, and on which terms.

use std::time::Duration;

use nova_behaviour::{Adapter, Endpoints, Handlers, KeepAlive, Quiet, Settings};
use nova_transport::Endpoint;

use crate::{
    credits::{DeribitCredits, Tier},
    errors::DeribitErrors,
    login::{Credentials, DeribitLogin, GrantedScope, NarrowScope, Scope},
    messages::DeribitMessages,
    settings::{CancelScope, DeribitSettings, Heartbeat, HeartbeatTooShort},
    shared::Shared,
    topics::DeribitTopics,
};

/// Everything needed to hold a conversation with Deribit.
///
/// ```
/// use nova_adapter_deribit::{CancelScope, Credentials, Deribit, Tier};
///
/// let public = Deribit::production();
///
/// let private = Deribit::testnet()
///     .with_credentials(Credentials::new("my client id", "its secret").signing())
///     .with_scope("account:read trade:read_write")
///     .with_cancel_on_disconnect(CancelScope::Connection)
///     .with_tier(Tier::THREE);
/// # let _ = (public, private);
/// ```
///
/// With the defaults it asks the venue for a heartbeat each thirty seconds, answers it, keeps to the
/// venue's credits, and logs in if it has credentials. Channels with an interval of `raw` and private
/// ones need credentials; without them they are refused before anything is sent.
///
/// Cloned before use, each clone makes a session of its own; only the [`GrantedScope`] is one for all.
#[derive(Clone, Debug)]
pub struct Deribit {
    endpoints: Endpoints,
    credentials: Option<Credentials>,
    scope: Scope,
    narrow: NarrowScope,
    granted: GrantedScope,
    label: Option<String>,
    takes_unlisted: bool,
    has_raw_for_all: bool,
    repeats_token: bool,
    connection: DeribitSettings,
    tier: Tier,
    settings: Settings,
}

/// The handlers of a [`Deribit`].
pub type DeribitHandlers = Handlers<
    DeribitMessages,
    Quiet,
    DeribitErrors,
    DeribitTopics,
    DeribitLogin,
    DeribitSettings,
    DeribitCredits,
>;

/// A name that the venue would not take.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// A label has at most 16 characters, and at least one.
    #[error("the label {0:?} does not have 1 to 16 characters")]
    Label(String),
    /// The name of a session is one word.
    #[error("the name of a session {0:?} is not one word of letters, digits, '_' and '-'")]
    Session(String),
}

impl Deribit {
    /// The venue itself: real money.
    #[must_use]
    pub fn production() -> Self {
        Self::at(known(PRODUCTION))
    }

    /// The test network, with accounts and keys of its own.
    #[must_use]
    pub fn testnet() -> Self {
        Self::at(known(TESTNET))
    }

    /// Another place that speaks the same protocol: a nearer address, or a simulator.
    #[must_use]
    pub fn at(endpoints: impl Into<Endpoints>) -> Self {
        Self {
            endpoints: endpoints.into(),
            credentials: None,
            scope: Scope::default(),
            narrow: NarrowScope::default(),
            granted: GrantedScope::default(),
            label: None,
            takes_unlisted: false,
            has_raw_for_all: false,
            repeats_token: false,
            connection: DeribitSettings { heartbeat: Some(Heartbeat::default()), cancel_on_disconnect: None },
            tier: Tier::default(),
            settings: settings(),
        }
    }

    /// Logs in with these credentials. Default: no login, and nothing private.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Asks for these words of scope as well, such as `trade:read_write`. Default: none, so that the key
    /// decides.
    #[must_use]
    pub fn with_scope(mut self, words: &str) -> Self {
        self.scope = self.scope.with(words);
        self
    }

    /// Asks for a session of this name, whose tokens outlive the connection. At most 16 sessions exist
    /// for a key. Default: none; the tokens die with the connection.
    ///
    /// The login of a new connection uses the credentials all the same.
    ///
    /// # Errors
    ///
    /// The name is not one word.
    pub fn with_session(mut self, name: &str) -> Result<Self, InvalidName> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || !name.bytes().all(is_good) {
            return Err(InvalidName::Session(name.to_owned()));
        }
        self.scope = self.scope.with(&format!("session:{name}"));
        Ok(self)
    }

    /// What to do when the login is granted less than was asked for. Default: go on, and tell it by
    /// [`granted_scope`](Self::granted_scope).
    #[must_use]
    pub const fn on_narrow_scope(mut self, narrow: NarrowScope) -> Self {
        self.narrow = narrow;
        self
    }

    /// A view of what the login is granted, to be kept while the session lives.
    #[must_use]
    pub fn granted_scope(&self) -> GrantedScope {
        self.granted.clone()
    }

    /// How often the venue asks whether we live, in whole seconds. Default: every 30 s.
    ///
    /// # Errors
    ///
    /// The venue takes ten seconds at least.
    pub fn with_heartbeat(mut self, interval: Duration) -> Result<Self, HeartbeatTooShort> {
        self.connection.heartbeat = Some(Heartbeat::try_from(interval)?);
        Ok(self)
    }

    /// Asks for no heartbeat. Then the venue drops a connection that has no subscription and is silent
    /// for a minute.
    #[must_use]
    pub const fn without_heartbeat(mut self) -> Self {
        self.connection.heartbeat = None;
        self
    }

    /// Lets open orders end with the connection; needs credentials and the scope `account:read_write`.
    /// Default: they stay.
    #[must_use]
    pub const fn with_cancel_on_disconnect(mut self, scope: CancelScope) -> Self {
        self.connection.cancel_on_disconnect = Some(scope);
        self
    }

    /// Marks what private channels send by this label; see [`Envelope`](crate::Envelope). Default: none.
    ///
    /// # Errors
    ///
    /// The label is empty, or longer than 16 characters.
    pub fn with_label(mut self, label: impl Into<String>) -> Result<Self, InvalidName> {
        let label = label.into();
        if !(1..=16).contains(&label.chars().count()) {
            return Err(InvalidName::Label(label));
        }
        self.label = Some(label);
        Ok(self)
    }

    /// Repeats the token in every private request. Default: no, since the connection is logged in.
    #[must_use]
    pub const fn with_tokens_in_requests(mut self) -> Self {
        self.repeats_token = true;
        self
    }

    /// Lets channels through that this crate does not know, for those the venue has since added.
    /// Default: no, since the venue says nothing of a channel that does not exist.
    #[must_use]
    pub const fn with_unlisted_channels(mut self) -> Self {
        self.takes_unlisted = true;
        self
    }

    /// Says that whoever is not logged in may have raw channels too, as on the venue's nodes for public
    /// subscriptions. Default: no; the venue would refuse all that is asked for together with one.
    #[must_use]
    pub const fn with_raw_for_all(mut self) -> Self {
        self.has_raw_for_all = true;
        self
    }

    /// How many calls to the matching engine the account may make. Default: [`Tier::FOUR`], anybody's.
    #[must_use]
    pub const fn with_tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Changes the settings of the session.
    #[must_use]
    pub fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}

impl Adapter for Deribit {
    type Handlers = DeribitHandlers;

    fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }

    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn into_handlers(self) -> DeribitHandlers {
        let (shared, has_credentials) = (Shared::default(), self.credentials.is_some());
        let scope = (self.scope, self.narrow, self.granted);
        let mut connection = self.connection;
        // Without a login it could only be refused, and every connection with it.
        connection.cancel_on_disconnect = connection.cancel_on_disconnect.filter(|_| has_credentials);
        let topics = DeribitTopics::new(has_credentials, self.label)
            .taking_unlisted(self.takes_unlisted)
            .with_raw_for_all(self.has_raw_for_all);
        Handlers::new(DeribitMessages::new(shared.clone(), has_credentials, self.repeats_token))
            .with_errors(DeribitErrors::new(shared.clone()))
            .with_subscriptions(topics)
            .with_auth(DeribitLogin::new(shared, self.credentials, scope))
            .with_connection_settings(connection)
            .with_limits(DeribitCredits::new(self.tier))
    }
}

/// What suits the venue.
///
/// A probe each 15 s with 5 s for its answer finds a dead link in 20 s, before the venue would give it
/// up over the default heartbeat; a subscription may pause reading for a second by default, well below
/// both that and the ten seconds the venue waits for the answer to a heartbeat. A call is answered in
/// well under a second, a pause for the settlement takes a few: 10 s. A list of all instruments takes
/// some megabytes, below the usual 16 MiB.
fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.keep_alive =
        KeepAlive { every: Duration::from_secs(15), deadline: Duration::from_secs(5), misses: 1 };
    settings.call_deadline = Duration::from_secs(10);
    settings
}

fn known(address: &str) -> Endpoint {
    address.parse().expect("the addresses below are parsed by a test")
}

const PRODUCTION: &str = "wss://www.deribit.com/ws/api/v2";
const TESTNET: &str = "wss://test.deribit.com/ws/api/v2";

#[cfg(test)]
mod tests;
