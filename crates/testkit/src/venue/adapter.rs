//! The client's side of the venue: what an adapter's author writes.
//!
//! It shares no code with the venue but the made-up signature, so that a mistake on one side shows.
//!
//! ```
//! use nova_testkit::venue::adapter::{Prices, Side, VenueAdapter};
//! # use nova_transport::Endpoint;
//! let endpoint: Endpoint = "wss://venue.example/ws".parse()?;
//! let adapter = VenueAdapter::at(endpoint).with_credentials("alice", "her secret");
//! // With the facade: Client::connect(adapter).await?.subscribe(Prices("BTC")).conflated().await?
//! # Ok::<(), nova_transport::EndpointError>(())
//! ```

mod calls;
mod channels;
mod dialect;
mod errors;
mod limits;
mod login;
mod messages;
mod settings;
mod topics;

use std::time::Duration;

use nova_behaviour::{Adapter, Endpoints, Handlers, Settings};

pub use calls::{Accepted, Clock, Order, Side, Time};
pub use channels::{Delta, Deltas, Fill, Fills, Price, Prices};
pub use dialect::{Request, VenueDialect};
pub use errors::{Group, VenueErrors, group};
pub use limits::{CONNECTION, VenueCredits, limiter};
pub use login::{Credentials, VenueLogin};
pub use messages::{Unreadable, VenueMessages};
pub use settings::VenueSettings;
pub use topics::VenueTopics;

/// Everything needed to hold a conversation with the venue.
#[derive(Clone, Debug)]
pub struct VenueAdapter {
    endpoints: Endpoints,
    messages: VenueMessages,
    login: VenueLogin,
    connection: VenueSettings,
    settings: Settings,
}

/// The handlers of a [`VenueAdapter`].
pub type VenueHandlers = Handlers<
    VenueMessages,
    nova_behaviour::Quiet,
    VenueErrors,
    VenueTopics,
    VenueLogin,
    VenueSettings,
    VenueCredits,
>;

impl VenueAdapter {
    /// The venue at this endpoint, without a login.
    #[must_use]
    pub fn at(endpoints: impl Into<Endpoints>) -> Self {
        Self {
            endpoints: endpoints.into(),
            messages: VenueMessages::default(),
            login: VenueLogin::default(),
            connection: VenueSettings::default(),
            settings: Settings::default(),
        }
    }

    /// Logs in with this key and its secret. Default: no login, and nothing private.
    #[must_use]
    pub fn with_credentials(mut self, key: &str, secret: &str) -> Self {
        self.login = self.login.with_credentials(Credentials::new(key, secret));
        self
    }

    /// Logs out again, so to speak: nothing private.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.login = VenueLogin::default();
        self
    }

    /// How long before its expiry a login is renewed. Default: 60 s.
    #[must_use]
    pub fn with_renewal_lead(mut self, lead: Duration) -> Self {
        self.login = self.login.with_lead(lead);
        self
    }

    /// Lets the venue ask this often whether we live. Default: never.
    #[must_use]
    pub const fn with_heartbeat(mut self, every: Duration) -> Self {
        self.connection.heartbeat = Some(every);
        self
    }

    /// Lets open orders end with the connection; needs a login. Default: no.
    #[must_use]
    pub const fn with_cancel_on_drop(mut self) -> Self {
        self.connection.cancels_on_drop = true;
        self
    }

    /// Speaks without ids: replies come in the order of the requests.
    #[must_use]
    pub const fn without_ids(mut self) -> Self {
        self.messages.has_ids = false;
        self
    }

    /// Changes the settings of the session.
    #[must_use]
    pub fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}

impl Adapter for VenueAdapter {
    type Handlers = VenueHandlers;

    fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }

    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn into_handlers(self) -> VenueHandlers {
        Handlers::new(self.messages)
            .with_errors(VenueErrors)
            .with_subscriptions(VenueTopics)
            .with_auth(self.login)
            .with_connection_settings(self.connection)
            .with_limits(VenueCredits)
    }
}
