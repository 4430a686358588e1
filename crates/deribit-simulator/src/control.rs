//! The handle by which a simulator is watched and disturbed. None of it can be reached by a client.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time;

use crate::{
    config::{Config, span_micros},
    counters::Counters,
    fault::{Fault, FaultPlan},
    journal::Journal,
    market::{Market, Notice},
    scenario::Scenario,
    server::Shared,
    trading::Trading,
    venue::Venue,
};

/// A handle on a simulator. Copies are handles on the same one; it does not keep it running.
#[derive(Clone, Debug)]
pub struct Control {
    shared: Arc<Shared>,
}

/// The number of a fault that was set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FaultId(u64);

/// What was waited for did not come.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it did not come within {0:?}")]
pub struct WaitedInVain(pub Duration);

impl Control {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Looks at the whole of the venue. Everything waits meanwhile, this handle included: it must not be
    /// used inside.
    pub fn look<T>(&self, look: impl FnOnce(&Venue) -> T) -> T {
        self.shared.look(look)
    }

    /// The simulator's clock, in microseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.shared.change(|venue, now| {
            venue.handle_timeout(now);
            venue.now()
        })
    }

    /// Moves the manual clock on, and does all that is due on the way, each thing at its own time.
    /// Under the real clock it does nothing.
    pub fn advance(&self, span: Duration) {
        if self.look(|venue| venue.config().clock) == crate::config::ClockKind::Manual {
            self.shared.change(|venue, now| venue.handle_timeout(now.saturating_add(span_micros(span))));
        }
    }

    /// Turns switches.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        self.shared.change(|venue, _| change(venue.config_mut()));
    }
}

/// Faults.
impl Control {
    /// Sets a fault, or a fault with its place and time.
    pub fn set_fault(&self, plan: impl Into<FaultPlan>) -> FaultId {
        FaultId(self.shared.change(|venue, now| venue.set_fault(now, plan)))
    }

    /// Takes a fault away, if it is still there.
    pub fn clear_fault(&self, fault: FaultId) {
        self.shared.change(|venue, now| venue.clear_fault(now, fault.0));
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.change(|venue, now| venue.clear_faults(now));
    }

    /// Sets all faults of a scenario; its time begins now. What it says of the configuration is for
    /// the start, see [`Scenario::adjust`].
    pub fn run_scenario(&self, scenario: &Scenario) {
        self.shared.change(|venue, now| {
            for plan in &scenario.steps {
                venue.set_fault(now, plan.clone());
            }
        });
    }

    /// Sends a text to one connection, or to all.
    pub fn inject(&self, connection: Option<u64>, text: impl Into<String>) {
        self.act(connection, Fault::Inject { text: text.into() });
    }

    /// Sends a notification to all who subscribed its channel, on one connection or on all.
    pub fn notify(&self, connection: Option<u64>, channel: impl Into<String>, data: Value) {
        self.act(connection, Fault::Notify { channel: channel.into(), data });
    }

    /// Does something to the market; who listens is told what follows.
    pub fn change_market<T>(&self, change: impl FnOnce(&mut Market, &mut Vec<Notice>) -> T) -> T {
        self.shared.change(|venue, now| venue.change_market(now, change))
    }

    fn act(&self, connection: Option<u64>, fault: Fault) {
        match connection {
            Some(connection) => self.set_fault(fault.on_connection(connection)),
            None => self.set_fault(fault),
        };
    }
}

/// Observation.
impl Control {
    /// Reads the journal.
    pub fn journal<T>(&self, read: impl FnOnce(&Journal) -> T) -> T {
        self.look(|venue| read(venue.journal()))
    }

    /// The counters of a connection, also of one that is gone; the first is 1.
    #[must_use]
    pub fn counters(&self, connection: u64) -> Option<Counters> {
        self.look(|venue| venue.counters(connection))
    }

    /// The open WebSockets, oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<u64> {
        self.look(|venue| venue.connections().collect())
    }

    /// Reads the market: books, trades, tickers as they are.
    pub fn market<T>(&self, read: impl FnOnce(&Market) -> T) -> T {
        self.look(|venue| read(venue.market()))
    }

    /// Reads orders and positions.
    pub fn trading<T>(&self, read: impl FnOnce(&Trading) -> T) -> T {
        self.look(|venue| read(venue.trading()))
    }

    /// Waits until this holds of the journal, for 10 s of real time at most.
    ///
    /// # Errors
    ///
    /// It did not hold in time.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping it.
    pub async fn wait_until(&self, mut holds: impl FnMut(&Journal) -> bool) -> Result<(), WaitedInVain> {
        let mut seen = 0;
        let holds = |venue: &Venue| {
            let next = venue.journal().next_number();
            // The clock moves far more often than the journal grows.
            std::mem::replace(&mut seen, next) != next && holds(venue.journal())
        };
        self.wait_within(PATIENCE, holds).await
    }

    /// Waits until this holds of the venue, for this span of real time at most.
    ///
    /// # Errors
    ///
    /// It did not hold in time.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping it.
    pub async fn wait_within(
        &self,
        span: Duration,
        holds: impl FnMut(&Venue) -> bool,
    ) -> Result<(), WaitedInVain> {
        time::timeout(span, self.shared.wait_until(holds)).await.map_err(|_| WaitedInVain(span))
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
