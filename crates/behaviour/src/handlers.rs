//! All behaviours in one value.

use nova_telemetry::{LoggingHandler, MetricsCollector, Registry, TracingLogger};

use crate::{
    auth::{AuthHandler, NoAuth},
    connection::{ConnectionHandler, Quiet},
    dialect::Dialect,
    error::{ErrorHandler, RetryTransient},
    message::MessageHandler,
    rate_limit::{RateLimitHandler, Unpriced},
    setting::{NoSettings, SettingHandler},
    subscription::{NoSubscriptions, SubscriptionHandler},
};

/// What a protocol means: one field per behaviour, each with a default type.
///
/// A venue's crate fills it in; an application may swap one field:
///
/// ```
/// # use nova_behaviour::*;
/// struct Loud;
/// impl ConnectionHandler for Loud {
///     fn disconnected(&mut self, reason: &nova_transport::LostReason, _: u32) -> DisconnectAction {
///         eprintln!("lost: {reason}");
///         DisconnectAction::Default
///     }
/// }
/// let handlers = Handlers::new(RawMessages).with_connection(Loud);
/// ```
#[derive(Clone, Debug)]
pub struct Handlers<
    M,
    C = Quiet,
    E = RetryTransient,
    S = NoSubscriptions,
    A = NoAuth,
    G = NoSettings,
    R = Unpriced,
    L = TracingLogger,
    X = Registry,
> {
    messages: M,
    connection: C,
    errors: E,
    subscriptions: S,
    auth: A,
    connection_settings: G,
    limits: R,
    observers: Option<Observers<L, X>>,
}

/// Those behaviours that only watch; the shell calls them outside the session's lock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Observers<L, X> {
    /// What becomes log lines.
    pub logging: L,
    /// What becomes numbers.
    pub metrics: X,
}

impl<M: MessageHandler> Handlers<M> {
    /// Handlers that speak through `messages`, with every other behaviour at its default.
    #[must_use]
    pub fn new(messages: M) -> Self {
        let observers = Observers { logging: TracingLogger::default(), metrics: Registry::default() };
        Self {
            messages,
            connection: Quiet,
            errors: RetryTransient,
            subscriptions: NoSubscriptions,
            auth: NoAuth,
            connection_settings: NoSettings,
            limits: Unpriced,
            observers: Some(observers),
        }
    }
}

impl<M, C, E, S, A, G, R, L, X> Handlers<M, C, E, S, A, G, R, L, X> {
    /// Replaces the message handler.
    #[must_use]
    pub fn with_messages<N: MessageHandler>(self, messages: N) -> Handlers<N, C, E, S, A, G, R, L, X> {
        let Self { connection, errors, subscriptions, auth, connection_settings, limits, observers, .. } =
            self;
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the connection handler.
    #[must_use]
    pub fn with_connection<N: ConnectionHandler>(self, connection: N) -> Handlers<M, N, E, S, A, G, R, L, X> {
        let Self { messages, errors, subscriptions, auth, connection_settings, limits, observers, .. } = self;
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the error handler.
    #[must_use]
    pub fn with_errors<N: ErrorHandler>(self, errors: N) -> Handlers<M, C, N, S, A, G, R, L, X> {
        let Self {
            messages, connection, subscriptions, auth, connection_settings, limits, observers, ..
        } = self;
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the subscription handler.
    #[must_use]
    pub fn with_subscriptions<N>(self, subscriptions: N) -> Handlers<M, C, E, N, A, G, R, L, X> {
        let Self { messages, connection, errors, auth, connection_settings, limits, observers, .. } = self;
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the login handler.
    #[must_use]
    pub fn with_auth<N>(self, auth: N) -> Handlers<M, C, E, S, N, G, R, L, X> {
        let Self {
            messages, connection, errors, subscriptions, connection_settings, limits, observers, ..
        } = self;
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the settings every connection must have.
    #[must_use]
    pub fn with_connection_settings<N>(self, connection_settings: N) -> Handlers<M, C, E, S, A, N, R, L, X> {
        let Self { messages, connection, errors, subscriptions, auth, limits, observers, .. } = self;
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the pricing of requests.
    #[must_use]
    pub fn with_limits<N>(self, limits: N) -> Handlers<M, C, E, S, A, G, N, L, X> {
        let Self {
            messages, connection, errors, subscriptions, auth, connection_settings, observers, ..
        } = self;
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the logging handler.
    #[must_use]
    pub fn with_logging<N: LoggingHandler>(self, logging: N) -> Handlers<M, C, E, S, A, G, R, N, X> {
        let Self {
            messages,
            connection,
            errors,
            subscriptions,
            auth,
            connection_settings,
            limits,
            observers,
        } = self;
        let observers = observers.map(|old| Observers { logging, metrics: old.metrics });
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }

    /// Replaces the metrics collector.
    #[must_use]
    pub fn with_metrics<N: MetricsCollector>(self, metrics: N) -> Handlers<M, C, E, S, A, G, R, L, N> {
        let Self {
            messages,
            connection,
            errors,
            subscriptions,
            auth,
            connection_settings,
            limits,
            observers,
        } = self;
        let observers = observers.map(|old| Observers { logging: old.logging, metrics });
        Handlers { messages, connection, errors, subscriptions, auth, connection_settings, limits, observers }
    }
}

/// The bundle a session works with. Sealed: it is [`Handlers`] with fitting fields.
pub trait Behaviour: Send + 'static + sealed::Sealed {
    /// The language all fields speak.
    type Dialect: Dialect;
    /// The message handler.
    type Messages: MessageHandler<Dialect = Self::Dialect>;
    /// The connection handler.
    type Connection: ConnectionHandler;
    /// The error handler.
    type Errors: ErrorHandler;
    /// The subscription handler.
    type Subscriptions: SubscriptionHandler<Self::Dialect>;
    /// The login handler.
    type Auth: AuthHandler<Self::Dialect>;
    /// The settings every connection must have.
    type ConnectionSettings: SettingHandler<Self::Dialect>;
    /// The pricing of requests.
    type Limits: RateLimitHandler<Self::Dialect>;
    /// The logging handler.
    type Logging: LoggingHandler;
    /// The metrics collector.
    type Metrics: MetricsCollector;

    /// The message handler.
    fn messages(&mut self) -> &mut Self::Messages;
    /// The connection handler.
    fn connection(&mut self) -> &mut Self::Connection;
    /// The error handler.
    fn errors(&mut self) -> &mut Self::Errors;
    /// The subscription handler.
    fn subscriptions(&mut self) -> &mut Self::Subscriptions;
    /// The login handler.
    fn auth(&mut self) -> &mut Self::Auth;
    /// The settings every connection must have.
    fn connection_settings(&mut self) -> &mut Self::ConnectionSettings;
    /// The pricing of requests.
    fn limits(&mut self) -> &mut Self::Limits;
    /// Takes out those that only watch; `None` the second time.
    fn take_observers(&mut self) -> Option<Observers<Self::Logging, Self::Metrics>>;
}

impl<M, C, E, S, A, G, R, L, X> Behaviour for Handlers<M, C, E, S, A, G, R, L, X>
where
    M: MessageHandler,
    C: ConnectionHandler,
    E: ErrorHandler,
    S: SubscriptionHandler<M::Dialect>,
    A: AuthHandler<M::Dialect>,
    G: SettingHandler<M::Dialect>,
    R: RateLimitHandler<M::Dialect>,
    L: LoggingHandler,
    X: MetricsCollector,
{
    type Dialect = M::Dialect;
    type Messages = M;
    type Connection = C;
    type Errors = E;
    type Subscriptions = S;
    type Auth = A;
    type ConnectionSettings = G;
    type Limits = R;
    type Logging = L;
    type Metrics = X;

    fn messages(&mut self) -> &mut M {
        &mut self.messages
    }

    fn connection(&mut self) -> &mut C {
        &mut self.connection
    }

    fn errors(&mut self) -> &mut E {
        &mut self.errors
    }

    fn subscriptions(&mut self) -> &mut S {
        &mut self.subscriptions
    }

    fn auth(&mut self) -> &mut A {
        &mut self.auth
    }

    fn connection_settings(&mut self) -> &mut G {
        &mut self.connection_settings
    }

    fn limits(&mut self) -> &mut R {
        &mut self.limits
    }

    fn take_observers(&mut self) -> Option<Observers<L, X>> {
        self.observers.take()
    }
}

mod sealed {
    pub trait Sealed {}
    impl<M, C, E, S, A, G, R, L, X> Sealed for super::Handlers<M, C, E, S, A, G, R, L, X> {}
}
