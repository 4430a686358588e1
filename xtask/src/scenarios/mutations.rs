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

const BEAT: &str = "crates/session/src/beat.rs";
const INBOUND: &str = "crates/session/src/session/inbound.rs";
const LIFECYCLE: &str = "crates/session/src/session/lifecycle.rs";
const SESSION: &str = "crates/session/src/session.rs";
const TIMEOUTS: &str = "crates/session/src/session/timeouts.rs";
const TOPICS: &str = "crates/session/src/topics.rs";

/// All of them, by row.
pub(super) const MUTATIONS: [Mutation; 6] = [
    mutation(1, "silence is never noticed", BEAT, "return Beating::Silent;", "return Beating::Rest;"),
    mutation(
        2,
        "a silent peer is asked to close first",
        TIMEOUTS,
        "Beating::Silent => self.lose(now, index, LostReason::Silent),",
        "Beating::Silent => self.not_established(now, index, String::new()),",
    ),
    mutation(
        6,
        "a topic wanted again while it leaves is forgotten",
        TOPICS,
        "TopicState::Leaving => entry.wanted_again = true,",
        "TopicState::Leaving => {}",
    ),
    mutation(
        32,
        "a link is known by its place alone",
        SESSION,
        ".filter(|known| known.generation == link).map(",
        ".map(",
    ),
    mutation(
        35,
        "a call without id that is settled gives up its place",
        INBOUND,
        "to.or_else(|| fifo.pop_front())",
        "to.or_else(|| { while fifo.front().is_some_and(|id| requests.live_mut(*id).is_none()) { fifo.pop_front(); } fifo.pop_front() })",
    ),
    mutation(
        16,
        "a link that is being dialled stays when the session ends",
        LIFECYCLE,
        "if Some(index) != active {\n                self.drop_link(index);",
        "if Some(index) != active {",
    ),
];
