//! Whether everything adds up.
//!
//! Each side counted by itself: the callers, the server, the client's metrics. They must agree; where
//! a lost link makes a number unknowable, it must lie where the losses allow.

use websockex_nova::telemetry::Outcome;

use super::{
    ledger::{End, Entry},
    play::Played,
};

/// How calls ended, counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    pub(super) made: u64,
    pub(super) answered: u64,
    pub(super) refused: u64,
    pub(super) not_sent: u64,
    pub(super) sent_unknown: u64,
    pub(super) timed_out: u64,
    pub(super) cancelled: u64,
    pub(super) mistaken: u64,
}

impl Tally {
    pub(super) fn of(calls: &[Entry]) -> Self {
        let count =
            |fits: fn(End) -> bool| calls.iter().filter(|call| call.end.is_some_and(fits)).count() as u64;
        Self {
            made: calls.len() as u64,
            answered: count(|end| end == End::Answered),
            refused: count(|end| end == End::Refused),
            not_sent: count(|end| end == End::NotSent),
            sent_unknown: count(|end| end == End::SentUnknown),
            timed_out: count(|end| matches!(end, End::TimedOut { .. })),
            cancelled: count(|end| end == End::Cancelled),
            mistaken: count(|end| end == End::Mistaken),
        }
    }

    const fn ended(&self) -> u64 {
        self.answered + self.refused + self.not_sent + self.sent_unknown + self.timed_out + self.cancelled
    }
}

/// Everything that does not add up, each in a sentence; empty if all is well.
pub(super) fn differences(played: &Played) -> Vec<String> {
    let mut found = Vec::new();
    let tally = Tally::of(&played.calls);
    let mut same = |what: &str, one: u64, other: u64| {
        if one != other {
            found.push(format!("{what}: {one} against {other}"));
        }
    };
    let (metrics, seen, progress) = (&played.metrics, &played.seen, &played.progress);

    same("calls made, and calls ended", tally.made, tally.ended());
    for (name, counted, outcome) in [
        ("answers", tally.answered, Outcome::Reply),
        ("refusals", tally.refused, Outcome::Refused),
        ("calls not sent", tally.not_sent, Outcome::NotSent),
        ("calls of unknown fate", tally.sent_unknown, Outcome::SentUnknown),
        ("calls timed out", tally.timed_out, Outcome::TimedOut),
        ("calls given up", tally.cancelled, Outcome::Cancelled),
        ("pings answered", played.pongs, Outcome::Pong),
    ] {
        same(&format!("{name}, by the callers and by the metrics"), counted, metrics.settled(outcome));
    }
    same("attempts, by the events and by the metrics", progress.attempts, metrics.connects);
    same("failed attempts, by the events and by the metrics", progress.failed, metrics.connect_failures);
    same("lost links, by the events and by the metrics", progress.lost, metrics.links_lost);
    same(
        "links opened, and handshakes the server answered",
        metrics.connects - metrics.connect_failures,
        seen.handshakes,
    );
    same("links opened, and links lost", metrics.connects - metrics.connect_failures, metrics.links_lost);
    same("links still open, and none", metrics.links_open, 0);
    same("messages at the server that nobody sent, and none", seen.strange, 0);
    same(
        "close frames at the server, and one if the end was clean",
        seen.closes,
        u64::from(played.shutdown.is_clean),
    );
    same("a clean end, and one", u64::from(played.shutdown.is_clean), 1);
    same("events nobody took, and none", metrics.events_dropped, 0);

    found.extend(played.calls.iter().filter_map(|call| strange_sighting(call, played)));
    found.extend(frames_sent(played));
    found.extend(frames_received(played, &tally));
    found
}

/// Whether the server saw a call as often as its end allows.
fn strange_sighting(call: &Entry, played: &Played) -> Option<String> {
    let times = played.seen.calls.get(&call.number).copied().unwrap_or_default();
    let (least, most) = sightings(call, played);
    let is_strange = times < least || times > most;
    is_strange
        .then(|| format!("call {} ended as {:?}, and the server saw it {times} times", call.number, call.end))
}

/// How often the server may have seen a call.
fn sightings(call: &Entry, played: &Played) -> (u64, u64) {
    let (least, most) = match call.end {
        Some(End::Answered | End::Mistaken | End::Refused) => (1, 1),
        Some(End::SentUnknown | End::Cancelled | End::TimedOut { sent: true }) => (0, 1),
        Some(End::NotSent | End::TimedOut { sent: false }) | None => (0, 0),
    };
    if call.replays { (least, most + played.progress.lost) } else { (least, most) }
}

/// What the client says it handed to sockets, against what the calls and the server account for.
fn frames_sent(played: &Played) -> Option<String> {
    let seen = &played.seen;
    let (mut least, mut most) = (0, 0);
    for call in &played.calls {
        let times = seen.calls.get(&call.number).copied().unwrap_or_default();
        match call.end {
            Some(End::NotSent | End::TimedOut { sent: false }) | None => {}
            _ if call.replays => {
                least += times;
                most += sightings(call, played).1;
            }
            _ => {
                least += 1;
                most += 1;
            }
        }
    }
    // A link may have been lost with one probe on its way.
    least += seen.pings + seen.closes;
    most += seen.pings + seen.closes + played.progress.lost;
    let sent = played.metrics.frames_sent;
    let fits = (least..=most).contains(&sent);
    (!fits).then(|| format!("frames handed to sockets: {sent}, where {least} to {most} can be accounted for"))
}

/// What the client says it received, against what it was owed.
fn frames_received(played: &Played, tally: &Tally) -> Option<String> {
    let owed = tally.answered + played.metrics.round_trip.count() + played.seen.closes;
    // Answers to calls that were given up come too late for anybody, unless their link is lost.
    let late = tally.timed_out + tally.cancelled;
    let received = played.metrics.frames_received;
    let fits = (owed..=owed + late).contains(&received);
    (!fits)
        .then(|| format!("frames received: {received}, where {owed} to {} can be accounted for", owed + late))
}
