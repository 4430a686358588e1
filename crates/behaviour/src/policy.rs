//! How the application treats the network: its own choices, apart from what the protocol means.

use nova_ratelimit::{Limiter, Stated};
use nova_reconnect::{Jittered, Strategy};
use nova_telemetry::{NoObserver, Observer};

/// The application's choices in one value: when to try again, how much to send, who watches.
#[derive(Clone, Debug)]
pub struct Policies<S = Jittered, L = Stated, O = NoObserver> {
    /// When to try again. Default: full jitter over 1 s doubling up to 60 s, without end.
    pub reconnect: S,
    /// Whether a priced request may go now. Default: within the budgets that the adapter states.
    pub limiter: L,
    /// Sees every event. Default: nobody.
    pub observer: O,
}

// For these types alone, so that `Policies::default()` needs no annotation.
impl Default for Policies {
    fn default() -> Self {
        Self { reconnect: Jittered::default(), limiter: Stated::default(), observer: NoObserver }
    }
}

impl<S, L, O> Policies<S, L, O> {
    /// Sets when to try again.
    #[must_use]
    pub fn with_reconnect<N: Strategy>(self, reconnect: N) -> Policies<N, L, O> {
        Policies { reconnect, limiter: self.limiter, observer: self.observer }
    }

    /// Sets whether a priced request may go now.
    #[must_use]
    pub fn with_limiter<N: Limiter>(self, limiter: N) -> Policies<S, N, O> {
        Policies { reconnect: self.reconnect, limiter, observer: self.observer }
    }

    /// Sets who sees every event.
    #[must_use]
    pub fn with_observer<N: Observer>(self, observer: N) -> Policies<S, L, N> {
        Policies { reconnect: self.reconnect, limiter: self.limiter, observer }
    }
}

/// The types of a [`Policies`]. Sealed.
pub trait Policy: Send + 'static + sealed::Sealed {
    /// When to try again.
    type Strategy: Strategy;
    /// Whether a priced request may go now.
    type Limiter: Limiter;
    /// Sees every event.
    type Observer: Observer;

    /// The value in its common form.
    fn into_policies(self) -> Policies<Self::Strategy, Self::Limiter, Self::Observer>;
}

impl<S: Strategy, L: Limiter, O: Observer> Policy for Policies<S, L, O> {
    type Strategy = S;
    type Limiter = L;
    type Observer = O;

    fn into_policies(self) -> Self {
        self
    }
}

mod sealed {
    pub trait Sealed {}
    impl<S, L, O> Sealed for super::Policies<S, L, O> {}
}
