//! What must survive: one row for each way in which clients like this one have failed their users.

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its number: tests of it are named `cNN_…`.
    pub(crate) number: u8,
    pub(crate) family: &'static str,
    /// What must hold.
    pub(crate) holds: &'static str,
    pub(crate) runs: Runs,
    /// What it has to wait for, if that is not there yet.
    pub(crate) later: Option<&'static str>,
}

/// Where a row must be tested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Runs {
    /// Wherever it can be told; most often in virtual time.
    Anywhere,
    /// As `Anywhere`, and once more through the facade over real sockets.
    AlsoOverSockets,
    /// There is nothing to see but over real sockets.
    OverSockets,
}

impl Row {
    /// As it is spoken of: `C-07`.
    pub(crate) fn name(&self) -> String {
        format!("C-{:02}", self.number)
    }

    /// What the names of its tests begin with: `c07_`.
    pub(crate) fn prefix(&self) -> String {
        format!("c{:02}_", self.number)
    }

    /// Whether nothing of it is expected yet.
    pub(crate) const fn is_later(&self) -> bool {
        self.later.is_some()
    }

    const fn and_over_sockets(mut self) -> Self {
        self.runs = Runs::AlsoOverSockets;
        self
    }

    const fn only_over_sockets(mut self) -> Self {
        self.runs = Runs::OverSockets;
        self
    }

    const fn waiting_for(mut self, what: &'static str) -> Self {
        self.later = Some(what);
        self
    }
}

const fn row(number: u8, family: &'static str, holds: &'static str) -> Row {
    Row { number, family, holds, runs: Runs::Anywhere, later: None }
}

/// All rows, by number.
pub(crate) const ROWS: [Row; 40] = [
    row(
        1,
        "liveness",
        "A network that swallows every packet is noticed within the interval of probes and their deadline, \
         whatever the session was about to do.",
    )
    .and_over_sockets(),
    row(
        2,
        "liveness",
        "A peer that has missed its last probe is dropped on the spot: no close frame is awaited, a writer \
         that is stuck changes nothing, and the session is not called ready again.",
    ),
    row(
        3,
        "topics",
        "After each of fifty lost links a thousand topics are acknowledged anew, and each stream knows that \
         it missed something.",
    )
    .and_over_sockets(),
    row(
        4,
        "topics",
        "No topic is carried by two links, none is asked for again while it is acknowledged, and no item is \
         handed out twice.",
    ),
    row(
        5,
        "liveness",
        "How many probes may go unanswered, and for how long, is a setting; whatever arrives counts as life, \
         and a pause below the limit costs no link.",
    ),
    row(
        6,
        "topics",
        "However subscribing, unsubscribing, lost links and late answers interleave, the service ends up \
         publishing what was wanted last.",
    ),
    row(
        7,
        "freshness",
        "A topic that falls silent on a link that lives is told as stale, asked for once more, and then left \
         to the policy.",
    ),
    row(
        8,
        "gaps",
        "Whoever follows a stream of changes learns of a break before the first change after it, and a \
         change without its base never passes for a good one.",
    ),
    row(
        9,
        "topics",
        "One refused topic among ten ends its own stream only, and nothing is called ready while a required \
         topic is missing.",
    )
    .and_over_sockets(),
    row(
        10,
        "limits",
        "Five hundred topics go out as fast as the credits allow, urgent ones first, without provoking a \
         refusal, and go on where a failure has stopped them.",
    ),
    row(
        11,
        "pacing",
        "A server that accepts and closes again is met forty times in ten minutes at most, and a fatal close \
         code is the end.",
    )
    .and_over_sockets(),
    row(
        12,
        "errors",
        "Each phase, error, HTTP status and close code has one class, and what a server answers to a request \
         never costs the link.",
    ),
    row(
        13,
        "login",
        "Address, headers and credentials are asked for at each attempt; a grant is renewed before it runs \
         out, once even after a long sleep; a refusal of fresh credentials is final.",
    ),
    row(14, "shutdown", "Once a shutdown is done, no timer, no task and no socket is left."),
    row(
        15,
        "shutdown",
        "A peer that never answers the close, or reads nothing, cannot hold a shutdown beyond its time, and \
         what was not delivered is reported.",
    )
    .and_over_sockets(),
    row(16, "shutdown", "Shutdown works in every phase, and a link that opens afterwards is closed again."),
    row(
        17,
        "leaks",
        "Any number of reconnections leaves allocations, tasks and descriptors where they were.",
    )
    .only_over_sockets(),
    row(
        18,
        "back-pressure",
        "A consumer that stops under a flood costs the configured memory and no more; one that keeps up \
         loses nothing of ten thousand items that come at once.",
    )
    .and_over_sockets(),
    row(
        19,
        "back-pressure",
        "However many items are dropped, a stream hears of it once per interval, and the count is exact.",
    ),
    row(
        20,
        "lanes",
        "A flood on one subscription loses no reply, no pong and no login, and holds them up for the pause \
         of `Block` at most.",
    ),
    row(
        21,
        "conservation",
        "Each item received is accounted for: delivered, conflated, dropped, undecodable, or still queued.",
    ),
    row(22, "rotation", "A numbered stream passes ten rotations without a hole and without a repetition.")
        .waiting_for("rotation"),
    row(23, "rotation", "A link that breaks after it has taken over is replaced like any other.")
        .waiting_for("rotation"),
    row(
        24,
        "rotation",
        "Rotation keeps to its windows, can be asked for and forbidden, and leaves the old link alone when \
         it fails.",
    )
    .waiting_for("rotation"),
    row(
        25,
        "requests",
        "Whichever byte of a request the link breaks at, the peer sees the request once at most, and \"not \
         sent\" is said only where it is true.",
    ),
    row(
        26,
        "cancellation",
        "Each public future can be dropped at each of its awaits, and no item, no credit and no waiter goes \
         missing.",
    ),
    row(
        27,
        "isolation",
        "A handler that panics or fails is contained and counted, reading goes on, and no message makes the \
         session reconnect in circles.",
    ),
    row(
        28,
        "isolation",
        "Every method of the client may be called from every handler and from any task without a deadlock.",
    ),
    row(
        29,
        "isolation",
        "A message that nobody can read is an event and a count, and costs the link only where the policy \
         says so.",
    ),
    row(
        30,
        "idle",
        "A stream that has ended stays ended, and an idle client wakes up for its deadlines only.",
    ),
    row(
        31,
        "deadlines",
        "Names, TCP, proxy, TLS and upgrade have a deadline each, and the error says which of them passed.",
    )
    .and_over_sockets(),
    row(
        32,
        "generations",
        "Replies, acknowledgements, pongs and timers of an earlier link move a counter and nothing else.",
    ),
    row(33, "forgery", "Nothing a peer can write becomes an event of the session's own life."),
    row(
        34,
        "proxies",
        "Where a proxy fails or is of an unknown kind, that is the error; the target is never dialled around \
         it.",
    )
    .only_over_sockets(),
    row(
        35,
        "requests",
        "Where replies bear no ids, a call that timed out keeps its place, so that later replies reach their \
         own callers.",
    ),
    row(
        36,
        "limits",
        "A huge frame, fragments without end and a message that grows when it is inflated are refused at the \
         bound, with 1009, and take no more memory than it.",
    ),
    row(37, "slow peers", "Bytes that arrive one at a time outlast no deadline, and keep nothing spinning."),
    row(38, "secrets", "No log line, span, event, error or `Debug` text shows a secret.").only_over_sockets(),
    row(
        39,
        "pacing",
        "Of ten thousand clients that lost their server for a minute, no second sees eight percent come \
         back.",
    ),
    row(
        40,
        "time",
        "A wall clock set a day ahead or back, and an hour of sleep, are followed by one orderly recovery, \
         no storm and no early renewal.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_without_holes() {
        let numbers: Vec<_> = ROWS.iter().map(|row| row.number).collect();
        assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    }

    #[test]
    fn a_row_is_one_sentence() {
        for row in &ROWS {
            assert!(row.holds.ends_with('.') && !row.holds.contains("  "), "{}", row.name());
        }
    }
}
