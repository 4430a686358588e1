//! What a client says of itself: gauges, health, what it waits for, and all its numbers for exporters.

use std::{fmt, sync::Arc};

use nova_behaviour::{Behaviour, Policy};
use nova_session::{Gauges, Health, Wait};
use nova_telemetry::{MetricSource, Patient, Registry, Sample, Snapshot, Vitals, metric};

use crate::{
    client::Client,
    shared::{Shared, now},
};

impl<H: Behaviour, P: Policy> Client<H, P> {
    /// The numbers of the client's registry, as far as events have been carried to it; `None` if its
    /// metrics collector keeps none.
    #[must_use]
    pub fn metrics(&self) -> Option<Snapshot> {
        self.shared().registry.as_ref().map(Registry::snapshot)
    }

    /// How full everything is: queues, lanes, budgets, the wanted set. The link is not stopped for it;
    /// the session is locked for as long as it takes to count its topics.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        self.shared().with(|session| session.gauges(now()))
    }

    /// Whether the client is as the application wants it, and if not, why not.
    ///
    /// A link that has gone dead is told of from the moment its probe is unanswered, and the client is
    /// not ready from the probe's deadline on (see the setting `keep_alive`).
    #[must_use]
    pub fn health(&self) -> Health {
        self.shared().with(|session| session.health(now()))
    }

    /// Everything the client waits for: since when, until when, and who decided so. Empty while it
    /// waits for nothing but messages.
    #[must_use]
    pub fn explain(&self) -> Vec<Wait> {
        self.shared().with(|session| session.explain(now()))
    }

    /// A view for exporters and probes that does not keep the client open.
    #[must_use]
    pub fn monitor(&self) -> Monitor<H, P> {
        Monitor(Arc::clone(&self.hold().0))
    }
}

/// A view of a client for exporters and probes: all its numbers, and its health. It does not keep the
/// client open, and speaks on of its end.
pub struct Monitor<H: Behaviour, P: Policy>(Arc<Shared<H, P>>);

impl<H: Behaviour, P: Policy> Clone for Monitor<H, P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H: Behaviour, P: Policy> fmt::Debug for Monitor<H, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("state", &self.0.state().name()).finish_non_exhaustive()
    }
}

impl<H: Behaviour, P: Policy> MetricSource for Monitor<H, P> {
    fn samples(&self) -> Vec<Sample> {
        samples(&self.0)
    }
}

fn samples<H: Behaviour, P: Policy>(shared: &Shared<H, P>) -> Vec<Sample> {
    let mut samples = shared.registry.as_ref().map(MetricSource::samples).unwrap_or_default();
    let gauges = shared.with(|session| session.gauges(now()));
    let level = |metric, count: usize| Sample::level(metric, count as f64);
    samples.push(level(&metric::READY, usize::from(gauges.is_ready)));
    samples.push(level(&metric::REQUESTS_ACTIVE, gauges.live_requests));
    samples.push(level(&metric::ITEMS_WAITING, gauges.items_waiting));
    samples.push(level(&metric::ITEMS_WAITING_BYTES, gauges.bytes_waiting));
    let sizes = [("received", &gauges.message_sizes.received), ("sent", &gauges.message_sizes.sent)];
    samples.extend(sizes.map(|(way, of)| Sample::spread(&metric::MESSAGE_SIZE, of.spread()).of(way)));
    samples.extend(gauges.lanes.map(|usage| level(&metric::LANE_USAGE, usage.count).of(usage.lane.name())));
    let topics = gauges.topics;
    let states = [
        ("wanted", topics.wanted),
        ("asked", topics.asked),
        ("confirmed", topics.confirmed),
        ("refused", topics.refused),
        ("leaving", topics.leaving),
    ];
    samples.extend(states.map(|(state, count)| level(&metric::TOPICS, count).of(state)));
    let seconds = |metric, span: std::time::Duration| Sample::level(metric, span.as_secs_f64());
    samples.extend(gauges.silence.map(|span| seconds(&metric::SILENCE, span)));
    samples.extend(gauges.login_expires_in.map(|span| seconds(&metric::LOGIN_EXPIRY, span)));
    let budgets = gauges.budgets.iter();
    samples.extend(budgets.map(|held| level(&metric::TOKENS, held.tokens as usize).of(held.budget.name())));
    samples
}

impl<H: Behaviour, P: Policy> Patient for Monitor<H, P> {
    fn vitals(&self) -> Vitals {
        let health = self.0.with(|session| session.health(now()));
        Vitals {
            is_ready: health.is_ready(),
            is_alive: health.is_alive(),
            condition: health.condition.name(),
            reasons: health.ailments.iter().map(ToString::to_string).collect(),
        }
    }
}
