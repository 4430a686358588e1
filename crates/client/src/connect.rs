//! Putting adapter, transport and policies together.

use std::{sync::Arc, time::SystemTime};

use nova_behaviour::{Adapter, Behaviour, Layer, Overrides, Policies, Policy, Preset, Settings};
use nova_recorder::Recorded;
use nova_session::{EndCause, Session, Start};
use nova_telemetry::MetricsCollector;
use nova_transport::Transport;

use crate::{
    budget::ReconnectBudget,
    client::Client,
    driver::{Dialler, Driver, Watchers},
    recorder::Recorder,
    shared::{Hold, Shared, now},
};

/// A client about to be started: what it speaks, over what, and how.
///
/// What is required is given to [`new`](Self::new); everything else has a default.
///
/// # Whose settings count
///
/// Of each setting the highest [`Layer`] that says something: the user's word here over the client's
/// (a preset, or what an application wants of all its clients), over the adapter's, over the default;
/// in whatever order they are given. [`settings`](Self::settings) tells the outcome, and
/// [`explain`](Settings::explain) whose word each one is.
#[derive(Debug)]
#[must_use = "nothing happens until it is connected or started"]
pub struct Connect<A, T, P = Policies> {
    adapter: A,
    transport: T,
    policies: P,
    /// Who chose the policies.
    policies_of: Layer,
    settings: Settings,
    budget: Option<ReconnectBudget>,
    recorder: Option<Recorder>,
    seed: u64,
}

impl<A: Adapter, T: Transport> Connect<A, T> {
    /// A client that speaks what `adapter` speaks, over links that `transport` opens, with the
    /// adapter's settings and the default policies.
    pub fn new(adapter: A, transport: T) -> Self {
        let settings = adapter.settings().said_by(Layer::Adapter);
        Self {
            adapter,
            transport,
            policies: Policies::default(),
            policies_of: Layer::Default,
            settings,
            budget: None,
            recorder: None,
            seed: fastrand::u64(..),
        }
    }
}

impl<A: Adapter, T: Transport, P: Policy> Connect<A, T, P> {
    /// Replaces the policies: when to try again, how much to send, who watches.
    pub fn with_policies<N: Policy>(self, policies: N) -> Connect<A, T, N> {
        let Self { adapter, transport, settings, budget, recorder, seed, .. } = self;
        let policies_of = Layer::User;
        Connect { adapter, transport, policies, policies_of, settings, budget, recorder, seed }
    }

    /// Changes the settings as the user, beginning with what the other layers say. What stays as it was
    /// is not said: [`with_overrides`](Self::with_overrides) can say also that.
    pub fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        self.settings.change(Layer::User, change);
        self
    }

    /// Says as the user what some settings are. It wins over everything else.
    pub fn with_overrides(mut self, overrides: &Overrides) -> Self {
        self.settings.overlay(Layer::User, overrides);
        self
    }

    /// Says what an application wants of all its clients. It wins over the adapter, and the user over it.
    pub fn with_client_overrides(mut self, overrides: &Overrides) -> Self {
        self.settings.overlay(Layer::Client, overrides);
        self
    }

    /// The settings as they stand, each with the layer it comes from.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Shares a budget of reconnections with other clients. Default: none, each paces itself.
    pub fn with_reconnect_budget(mut self, budget: ReconnectBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Records what the client is told and says, without payloads and secrets, for when something goes
    /// wrong: see [`Recorder`]. Default: nothing is recorded, and nothing is paid for it.
    pub fn with_recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Makes jitter and nonces follow from this seed, for tests. Default: from the system.
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts the client and waits until it is ready for use.
    ///
    /// # Errors
    ///
    /// Why it ended instead: at once with the first failure, unless the settings let the initial
    /// connect be retried.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the client.
    pub async fn connect(self) -> Result<Client<A::Handlers, P>, EndCause> {
        let client = self.start();
        client.ready().await?;
        Ok(client)
    }

    /// Starts the client and returns its handle at once, while it connects in the background.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(self) -> Client<A::Handlers, P> {
        let (client, driver) = self.into_parts();
        // The task ends with the session, and tells every handle; nobody needs to join it.
        drop(tokio::spawn(driver));
        client
    }

    /// The handle and the driver apart, for those who spawn the driver themselves.
    pub fn into_parts(self) -> (Client<A::Handlers, P>, Driver) {
        let Self { adapter, transport, policies, settings, budget, recorder, seed, .. } = self;
        let Policies { reconnect, limiter, observer } = policies.into_policies();
        let dialler = Dialler { transport, endpoints: adapter.endpoints(), budget };
        let start = Start { now: now(), wall: SystemTime::now(), seed };
        let mut handlers = adapter.into_handlers();
        let (logging, metrics) =
            handlers.take_observers().map(|observers| (observers.logging, observers.metrics)).unzip();
        let registry = metrics.as_ref().and_then(MetricsCollector::registry);
        let session = match &recorder {
            None => Session::new(handlers, reconnect, limiter, settings, start).into(),
            Some(recorder) => {
                let keep = recorder.keep();
                Recorded::recording_from_start(handlers, reconnect, limiter, settings, start, keep)
            }
        };
        let shared = Arc::new(Shared::new(session, registry));
        let watchers = Watchers { logging, metrics, observer: Some(observer) };
        let incidents = recorder.and_then(Recorder::into_incidents);
        let driver = Driver::new(Arc::clone(&shared), dialler, watchers, incidents);
        (Client::new(Arc::new(Hold(shared))), driver)
    }
}

impl<A: Adapter, T: Transport, S: From<Preset>, L, O> Connect<A, T, Policies<S, L, O>>
where
    Policies<S, L, O>: Policy,
{
    /// Begins with what suits a kind of application: settings of the layer [`Client`](Layer::Client), and
    /// when to try again, unless [`with_policies`](Self::with_policies) says it.
    ///
    /// How long connecting may take is said to the transport, see [`Preset::connect_deadline`].
    pub fn with_preset(mut self, preset: Preset) -> Self {
        if self.policies_of <= Layer::Client {
            self.policies.reconnect = preset.into();
            self.policies_of = Layer::Client;
        }
        self.with_client_overrides(&preset.overrides())
    }
}
