//! The smallest complete adapter: a service that says back whatever it is told.
//!
//! A dialect, a message handler, some calls, and a value that ties them to an endpoint. An echo
//! service has no ids, so answers are recognised by their order; it has neither login nor
//! subscriptions, and says so by the defaults of the behaviours.

mod call;
mod dialect;

use nova_behaviour::{Adapter, Endpoints, Handlers, Settings};
use nova_transport::{Endpoint, EndpointError};

pub use call::Same;
pub use dialect::{EchoDialect, EchoMessages};

/// An echo service.
///
/// ```
/// # use nova_adapter_echo::Echo;
/// let echo = Echo::at("wss://echo.example/")?;
/// # Ok::<(), nova_transport::EndpointError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Echo {
    endpoints: Endpoints,
    settings: Settings,
}

impl Echo {
    /// The echo service at this URL.
    ///
    /// # Errors
    ///
    /// Names the part of the URL that is wrong.
    pub fn at(url: &str) -> Result<Self, EndpointError> {
        Endpoint::parse(url).map(Self::new)
    }

    /// The echo service at an endpoint, or wherever a source of endpoints says.
    #[must_use]
    pub fn new(endpoints: impl Into<Endpoints>) -> Self {
        Self { endpoints: endpoints.into(), settings: Settings::default() }
    }

    /// Changes the settings.
    #[must_use]
    pub fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}

impl Adapter for Echo {
    type Handlers = Handlers<EchoMessages>;

    fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }

    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn into_handlers(self) -> Self::Handlers {
        Handlers::new(EchoMessages)
    }
}
