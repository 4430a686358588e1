//! What a session says of itself: its gauges, its health, and what it waits for (laws L10, L16).

use std::time::{Duration, Instant};

use nova_behaviour::{Behaviour, Policy, Topic};
use nova_ratelimit::Limiter;
use nova_telemetry::Lane as LaneName;

use super::{Life, Session};
use crate::{
    guard::guarded,
    link::Link,
    standing::{Ailment, Condition, Decider, Gauges, Health, LaneUsage, Wait, Waiting},
    state::Step,
    topics::{TopicState, TopicStatus},
};

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// How full everything is, read without changing anything.
    pub fn gauges(&self, now: Instant) -> Gauges {
        let link = self.living();
        let mut gauges = Gauges {
            is_ready: matches!(self.life, Life::Ready { .. }),
            live_requests: self.requests.live(),
            lanes: [
                usage(LaneName::Control, link.map(|link| &link.control)),
                usage(LaneName::Session, link.map(|link| &link.session)),
                usage(LaneName::User, Some(&self.outbox)),
            ],
            message_sizes: self.sizes.clone(),
            silence: link.and_then(|link| silence(link, now)),
            round_trip: link.and_then(|link| link.round_trip),
            login_expires_in: link
                .and_then(|link| Some(link.login.expires_at?.saturating_duration_since(now))),
            budgets: guarded(|| self.limiter.levels(now)).unwrap_or_default(),
            ..Gauges::default()
        };
        (gauges.items_waiting, gauges.bytes_waiting) = self.deliveries.waiting();
        for TopicStatus { state, .. } in self.topics.statuses() {
            match state {
                TopicState::Wanted { .. } => gauges.topics.wanted += 1,
                TopicState::Asked => gauges.topics.asked += 1,
                TopicState::Confirmed => gauges.topics.confirmed += 1,
                TopicState::Refused(_) => gauges.topics.refused += 1,
                TopicState::Leaving => gauges.topics.leaving += 1,
            }
        }
        gauges
    }

    /// Whether the session is as the application wants it, and if not, why not.
    pub fn health(&self, now: Instant) -> Health {
        let mut ailments = Vec::new();
        let link = self.living();
        match &self.life {
            Life::Ready { .. } => {}
            Life::Closed(cause) => ailments.push(Ailment::Closed(cause.clone())),
            _ => ailments.push(Ailment::NotReady { state: self.state(), since: self.since }),
        }
        if let Some((until, missed)) = link.and_then(|link| link.beat.unanswered()) {
            ailments.push(Ailment::Unanswered { until, missed });
        }
        let expired = link.and_then(|link| link.login.expires_at).filter(|at| *at <= now);
        ailments.extend(expired.map(|since| Ailment::LoginExpired { since }));
        ailments.extend(self.held_until.filter(|at| *at > now).map(|until| Ailment::HeldBack { until }));
        let topics = |is_such: fn(&TopicStatus) -> bool| -> Vec<Topic> {
            self.topics.statuses().filter(is_such).map(|status| status.topic).collect()
        };
        let missing = self.topics.missing();
        let refused = topics(|status| matches!(status.state, TopicState::Refused(_)));
        let stale = topics(|status| status.is_stale);
        for (topics, ailment) in [
            (missing, Ailment::MissingTopics as fn(Vec<Topic>) -> Ailment),
            (refused, Ailment::RefusedTopics),
            (stale, Ailment::StaleTopics),
        ] {
            if !topics.is_empty() {
                ailments.push(ailment(topics));
            }
        }
        let condition = match &self.life {
            Life::Ready { .. } if ailments.is_empty() => Condition::Well,
            Life::Ready { .. } if ailments.iter().all(|ailment| !ailment.is_grave()) => Condition::Impaired,
            Life::Closed(_) => Condition::Over,
            _ => Condition::Down,
        };
        Health {
            condition,
            ailments,
            state: self.state(),
            since: self.since,
            silence: link.and_then(|link| silence(link, now)),
            round_trip: link.and_then(|link| link.round_trip),
            login_expires_in: link
                .and_then(|link| Some(link.login.expires_at?.saturating_duration_since(now))),
        }
    }

    /// Everything the session waits for: since when, until when, and who decided so.
    pub fn explain(&self, now: Instant) -> Vec<Wait> {
        let mut waits: Vec<Wait> = self.life_wait().into_iter().collect();
        let link = self.living();
        if let Some((until, _)) = link.and_then(|link| link.beat.unanswered()) {
            waits.push(Wait::new(Waiting::Pong, None, Some(until), Decider::KeepAlive));
        }
        if let Some(login) = link.map(|link| &link.login) {
            if let Some(at) = login.renew_at {
                waits.push(Wait::new(Waiting::Renewal, login.at, Some(at), Decider::AuthHandler));
            }
            if login.is_asked && !matches!(self.life, Life::Opening { .. }) {
                waits.push(Wait::new(Waiting::Login, None, None, Decider::CallDeadline));
            }
        }
        let held = self.held_until.filter(|at| *at > now);
        waits.extend(held.map(|at| Wait::new(Waiting::HeldBack, None, Some(at), Decider::RateLimitHandler)));
        let limited = self.limited_until.filter(|at| held.is_none_or(|held| *at > held));
        waits.extend(limited.map(|at| Wait::new(Waiting::Credits, None, Some(at), Decider::Limiter)));
        let paused = self.deliveries.timeout();
        waits.extend(paused.map(|at| Wait::new(Waiting::Subscriber, None, Some(at), Decider::Overflow)));
        let retry = self.topics.statuses().filter_map(|status| match status.state {
            TopicState::Wanted { retry_at } => retry_at,
            _ => None,
        });
        waits.extend(retry.min().map(|at| Wait::new(Waiting::TopicRetry, None, Some(at), Decider::Session)));
        let (count, first) = (self.requests.live(), self.requests.timeout());
        if count > 0 {
            waits.push(Wait::new(Waiting::Replies(count), None, first, Decider::CallDeadline));
        }
        waits
    }

    fn life_wait(&self) -> Option<Wait> {
        let since = Some(self.since);
        Some(match &self.life {
            Life::Waiting { hurries: true, until, .. } => {
                Wait::new(Waiting::OldLink, since, Some(*until), Decider::CloseDeadline)
            }
            Life::Waiting { until, decider, .. } => {
                let attempt = self.pacer.attempt();
                Wait::new(Waiting::Attempt(attempt), since, Some(*until), *decider)
            }
            Life::Linking { phase, .. } => {
                Wait::new(Waiting::Phase(*phase), since, None, Decider::ConnectDeadline)
            }
            Life::Opening { step, deadline, .. } => {
                let missing = if *step == Step::Subscriptions { self.topics.missing().len() } else { 0 };
                Wait::new(Waiting::Step(*step, missing), since, Some(*deadline), Decider::OpeningDeadline)
            }
            Life::Closing { until, .. } => {
                Wait::new(Waiting::Close, since, Some(*until), Decider::CloseDeadline)
            }
            Life::Ready { .. } | Life::Closed(_) => return None,
        })
    }

    /// The link the session lives on, once it is open.
    fn living(&self) -> Option<&Link> {
        self.active().and_then(|link| self.index(link)).and_then(|index| self.link(index))
    }
}

fn silence(link: &Link, now: Instant) -> Option<Duration> {
    link.heard_at.map(|at| now.saturating_duration_since(at))
}

fn usage<T>(lane: LaneName, queue: Option<&crate::lane::Lane<T>>) -> LaneUsage {
    let (count, bytes) = queue.map_or((0, 0), |queue| (queue.len(), queue.bytes()));
    LaneUsage { lane, count, bytes }
}
