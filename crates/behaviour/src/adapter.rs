//! An adapter: endpoints, handlers and settings of one service, in one value.

use crate::{endpoints::Endpoints, handlers::Behaviour, settings::Settings};

/// Everything needed to hold a conversation with one service.
pub trait Adapter: Send + 'static {
    /// What the protocol means.
    type Handlers: Behaviour;

    /// Where the service is.
    fn endpoints(&self) -> Endpoints;

    /// The settings that suit the service. Default: [`Settings::default`].
    fn settings(&self) -> Settings {
        Settings::default()
    }

    /// Gives up the handlers.
    fn into_handlers(self) -> Self::Handlers;
}

/// An adapter from its parts: see [`speaking`].
#[derive(Clone, Debug)]
pub struct Speaking<H> {
    endpoints: Endpoints,
    handlers: H,
    settings: Settings,
}

/// An adapter for the service at `endpoints` that is spoken to through `handlers`.
///
/// ```
/// # use nova_behaviour::*;
/// # use nova_transport::Endpoint;
/// let endpoint: Endpoint = "wss://venue.example/ws".parse()?;
/// let adapter = speaking(endpoint, Handlers::new(RawMessages));
/// # Ok::<(), nova_transport::EndpointError>(())
/// ```
pub fn speaking<H: Behaviour>(endpoints: impl Into<Endpoints>, handlers: H) -> Speaking<H> {
    Speaking { endpoints: endpoints.into(), handlers, settings: Settings::default() }
}

impl<H> Speaking<H> {
    /// Sets the settings that suit the service.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }
}

impl<H: Behaviour> Adapter for Speaking<H> {
    type Handlers = H;

    fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }

    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn into_handlers(self) -> H {
        self.handlers
    }
}
