//! For each row the smallest change that breaks its law. A test of that row must notice.

/// One way to break a law.
#[derive(Debug)]
pub(super) struct Mutation {
    pub(super) row: u8,
    /// What is broken, in words.
    pub(super) breaks: &'static str,
    pub(super) file: &'static str,
    /// Stands in the file exactly once.
    pub(super) find: &'static str,
    pub(super) replace: &'static str,
}

const fn mutation(
    row: u8,
    breaks: &'static str,
    file: &'static str,
    find: &'static str,
    replace: &'static str,
) -> Mutation {
    Mutation { row, breaks, file, find, replace }
}

const ATTEMPT: &str = "crates/connect/src/attempt.rs";
const BEAT: &str = "crates/session/src/beat.rs";
const CALL: &str = "crates/client/src/call.rs";
const CLASSIFY: &str = "crates/behaviour/src/classify.rs";
const CONNECTOR: &str = "crates/connect/src/connector.rs";
const DELIVERIES: &str = "crates/session/src/deliveries.rs";
const DRIVER: &str = "crates/client/src/driver.rs";
const ENDPOINT: &str = "crates/transport/src/endpoint.rs";
const EVENTS: &str = "crates/client/src/events.rs";
const GUARD: &str = "crates/session/src/guard.rs";
const INBOUND: &str = "crates/session/src/session/inbound.rs";
const JITTERED: &str = "crates/reconnect/src/jittered.rs";
const LIFECYCLE: &str = "crates/session/src/session/lifecycle.rs";
const LINK: &str = "crates/session/src/link.rs";
const LOGIN: &str = "crates/session/src/session/login.rs";
const OPENING: &str = "crates/session/src/session/opening.rs";
const OUTBOUND: &str = "crates/session/src/session/outbound.rs";
const PACER: &str = "crates/reconnect/src/pacer.rs";
const SESSION: &str = "crates/session/src/session.rs";
const SHARED: &str = "crates/client/src/shared.rs";
const SUBSCRIPTION: &str = "crates/session/src/deliveries/subscription.rs";
const SUBSCRIPTIONS: &str = "crates/session/src/session/subscriptions.rs";
const TIMEOUTS: &str = "crates/session/src/session/timeouts.rs";
const TOPICS: &str = "crates/session/src/topics.rs";
const WORDS: &str = "crates/recorder/src/words.rs";

/// All of them, by row.
pub(super) const MUTATIONS: [Mutation; 43] = [
    mutation(1, "silence is never noticed", BEAT, "return Beating::Silent;", "return Beating::Rest;"),
    mutation(
        2,
        "a silent peer is asked to close first",
        TIMEOUTS,
        "Beating::Silent => self.lose(now, index, LostReason::Silent),",
        "Beating::Silent => self.not_established(now, index, String::new()),",
    ),
    mutation(
        3,
        "what was confirmed on a lost link counts as confirmed on the next",
        LIFECYCLE,
        "        self.topics.link_lost();\n",
        "",
    ),
    mutation(
        4,
        "the first of two subscribers to leave takes the topic along",
        TOPICS,
        "        if entry.is_held() {\n            return;\n        }\n",
        "",
    ),
    mutation(
        5,
        "one missed probe is one too many, whatever the settings say",
        BEAT,
        "self.plan.misses.max(1)",
        "1",
    ),
    mutation(
        6,
        "a topic wanted again while it leaves is forgotten",
        TOPICS,
        "TopicState::Leaving => entry.wanted_again = true,",
        "TopicState::Leaving => {}",
    ),
    mutation(
        7,
        "a stale topic is not asked for anew",
        SUBSCRIPTIONS,
        "                    self.topics.resynchronise(topic.as_str());\n",
        "",
    ),
    mutation(
        8,
        "a lost link leaves no hole in a stream",
        LIFECYCLE,
        "let holes = self.deliveries.link_lost(reason);",
        "let holes = 0;",
    ),
    mutation(
        9,
        "required topics are not waited for",
        OPENING,
        "                Step::Subscriptions if self.topics.lacks_required() => return self.reconcile(),\n",
        "",
    ),
    mutation(
        10,
        "credits are not asked for",
        OUTBOUND,
        "limiter.admit(now, &front.charge)",
        "{ let _ = (limiter, now); Ok(Admission::Now) }",
    ),
    mutation(
        10,
        "urgent topics wait for their turn",
        TOPICS,
        "        askable.sort_by_key(|(urgency, _)| std::cmp::Reverse(*urgency));\n",
        "",
    ),
    mutation(
        11,
        "a connection that was ready for no time counts as useful",
        PACER,
        "since| now.saturating_duration_since(since) >= self.stable_after",
        "_| now >= now",
    ),
    mutation(
        12,
        "a policy violation is worth another try",
        CLASSIFY,
        "1003 | 1008 | 1010 |",
        "1003 | 1010 |",
    ),
    mutation(
        13,
        "a grant is never renewed",
        LOGIN,
        "renew_at: grant.expires_in.and_then(",
        "renew_at: grant.expires_in.filter(|_| false).and_then(",
    ),
    mutation(
        14,
        "the timekeeper outlives the session",
        DRIVER,
        "Sleep::Ended => return Poll::Ready(()),",
        "Sleep::Ended => return if true { Poll::Pending } else { Poll::Ready(()) },",
    ),
    mutation(
        15,
        "closing may take twice as long as it was given",
        LIFECYCLE,
        "let until = after(now, within);\n        self.set_life(now, Life::Closing",
        "let until = after(now, within * 2);\n        self.set_life(now, Life::Closing",
    ),
    mutation(
        16,
        "a session without a link waits before it ends",
        LIFECYCLE,
        "            self.report.is_clean = true;\n            return self.end(now, cause);",
        "            self.report.is_clean = true;\n            return;",
    ),
    mutation(
        17,
        "each link leaves an allocation behind",
        DRIVER,
        "let link = dial.link;\n        tokio::select!",
        "let link = *Box::leak(Box::new(dial.link));\n        tokio::select!",
    ),
    mutation(
        18,
        "a full queue does not hold the link back",
        SUBSCRIPTION,
        "            self.full_since.get_or_insert(side.at);\n",
        "",
    ),
    mutation(
        18,
        "a queue knows no bound",
        SUBSCRIPTION,
        "        if is_full {",
        "        if is_full && self.overflow != Overflow::DropOldest {",
    ),
    mutation(
        19,
        "each dropped item has a notice of its own",
        SUBSCRIPTION,
        "merge(&mut gaps, Gap { topic, cause, before, after: None, missing: Some(1) });",
        "gaps.push(Gap { topic, cause, before, after: None, missing: Some(1) });",
    ),
    mutation(
        20,
        "holding back lasts longer than it may",
        SUBSCRIPTION,
        "self.full_since?.checked_add(max_pause)",
        "self.full_since?.checked_add(max_pause * 3)",
    ),
    mutation(
        21,
        "what a dropped subscription held is not accounted for",
        DELIVERIES,
        "counts.dropped += std::mem::take(&mut counts.queued);",
        "std::mem::take(&mut counts.queued);",
    ),
    mutation(
        25,
        "what was sent on a lost link is called unsent",
        LIFECYCLE,
        "let unknown = RequestError::SentUnknown { link, reason: reason.clone() };",
        "let unknown = RequestError::NotSent(NotSent::LinkLost(reason.clone()));",
    ),
    mutation(
        26,
        "a dropped call is not cancelled",
        CALL,
        "            self.hold.0.later(move |session| session.cancel(now(), id));\n",
        "            let _ = id;\n",
    ),
    mutation(
        27,
        "nobody contains a panic",
        GUARD,
        "catch_unwind(AssertUnwindSafe(call)).map_err(|_| Panicked)",
        "let _ = (catch_unwind::<fn(), ()>, AssertUnwindSafe(()), Panicked);\n    Ok(call())",
    ),
    mutation(
        28,
        "a thread that has locked once is taken for a handler ever after",
        SHARED,
        "        self.0.store(0, Ordering::Relaxed);\n",
        "",
    ),
    mutation(
        29,
        "messages that nobody can read are not counted",
        INBOUND,
        "                self.events.counters.undecodable += 1;\n",
        "",
    ),
    mutation(
        29,
        "the policy is not asked about messages that nobody can read",
        INBOUND,
        "self.judge(now, index, &Fault::Undecodable(&*error));",
        "drop(error);",
    ),
    mutation(
        30,
        "an idle link is probed twice as often",
        BEAT,
        "self.next = now.checked_add(self.plan.every);",
        "self.next = now.checked_add(self.plan.every / 2);",
    ),
    mutation(
        30,
        "the stream of events goes on after its end",
        EVENTS,
        "self.has_ended = matches!(record.event, Event::Closed);",
        "self.has_ended = false;",
    ),
    mutation(31, "deadlines are not kept", ATTEMPT, "timeout(limit, work)", "timeout(limit * 1000, work)"),
    mutation(
        32,
        "a link is known by its place alone",
        SESSION,
        ".filter(|known| known.generation == link).map(",
        ".map(",
    ),
    mutation(
        33,
        "an answer that nobody waits for ends the link",
        INBOUND,
        "Order::Stale => self.stale(),",
        "Order::Stale => self.lose(now, index, LostReason::Reconnect),",
    ),
    mutation(
        34,
        "where the proxy fails, the target is dialled directly",
        CONNECTOR,
        "Some(proxy) => self.open_through(attempt, endpoint, &proxy).await?,",
        "Some(proxy) => match self.open_through(attempt, endpoint, &proxy).await {\n                Ok(opened) => opened,\n                Err(_) => self.open(attempt, endpoint).await?,\n            },",
    ),
    mutation(
        35,
        "a call that has ended gives up its place in the order",
        INBOUND,
        "to.or_else(|| fifo.pop_front())",
        "to.or_else(|| {\n                    fifo.retain(|id| requests.live_mut(*id).is_some());\n                    fifo.pop_front()\n                })",
    ),
    mutation(
        36,
        "a message may be of any length",
        LINK,
        "Assembler::new(settings.message_bytes)",
        "Assembler::new(usize::MAX)",
    ),
    mutation(
        37,
        "an upgrade may take as long as it likes",
        ATTEMPT,
        "let limit = self.deadlines.of(phase);",
        "let limit =\n            if phase == Phase::Upgrade { Duration::from_secs(3600) } else { self.deadlines.of(phase) };",
    ),
    mutation(
        38,
        "an endpoint shows its query",
        ENDPOINT,
        "f.write_str(&self.url[..url::Position::AfterPath])",
        "f.write_str(self.url.as_str())",
    ),
    mutation(
        38,
        "an endpoint shows the values of its headers",
        ENDPOINT,
        "&self.headers.keys().collect::<Vec<_>>()",
        "&self.headers.values().map(|value| value.as_bytes().escape_ascii().to_string()).collect::<Vec<_>>()",
    ),
    mutation(
        38,
        "a recording holds what a refusal said",
        WORDS,
        "    let Refused { code, text } = refusal.into();\n",
        "    if !refusal.message.is_empty() {\n        return refusal.to_string();\n    }\n    let Refused { code, text } = refusal.into();\n",
    ),
    mutation(
        39,
        "pauses are the same for everybody",
        JITTERED,
        "Self { envelope: Exponential::default(), spread: FULL }",
        "Self { envelope: Exponential::default(), spread: 0.0 }",
    ),
    mutation(
        40,
        "wall time is that of the first link for ever",
        OPENING,
        "        self.wall = WallClock::new(now, wall);\n",
        "        let _ = (WallClock::new, wall);\n",
    ),
];
