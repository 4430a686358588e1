//! Whether everything adds up.
//!
//! The venue, the client, its metrics, the callers and the subscribers counted by themselves. Each item
//! the venue sent on a link was taken, or lies where the subscriber was told a gap, or was replaced by a
//! newer one where only the newest was wanted. Each request was seen by the venue as often as its end
//! allows.

use std::collections::BTreeMap;

use websockex_nova::{
    session::{DeliveryCounts, Gap, GapCause},
    telemetry::Outcome,
    transport::Generation,
};

use super::{
    ledger::{End, Entry},
    play::{BOOK, Played},
    record::Record,
    taker::{Mark, Rule, Sight, Stream},
    venue::Holding,
};

/// What was found.
pub(super) struct Audit {
    pub(super) tally: Tally,
    /// The links of each stream.
    pub(super) legs: Vec<Vec<Leg>>,
    /// Everything that does not add up, each in a sentence; empty if all is well.
    pub(super) differences: Vec<String>,
}

/// What became of the items of a stream that the venue sent on one link.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Leg {
    /// The venue's number of the connection.
    pub(super) connection: u64,
    /// Items the venue sent.
    pub(super) sent: u64,
    /// Items the client received.
    pub(super) received: u64,
    /// Items the subscriber took.
    pub(super) taken: u64,
    /// Items that newer ones replaced, or that a snapshot held already.
    pub(super) replaced: u64,
    /// Items that lie where a gap was told.
    pub(super) told: u64,
}

/// How requests ended, counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    pub(super) made: u64,
    pub(super) answered: u64,
    pub(super) refused: u64,
    pub(super) not_sent: u64,
    pub(super) sent_unknown: u64,
    pub(super) timed_out: u64,
    pub(super) cancelled: u64,
}

impl Audit {
    pub(super) fn of(played: &Played) -> Self {
        let tally = Tally::of(&played.requests);
        let mut differences = Differences::default();
        requests(played, &tally, &mut differences);
        links(played, &mut differences);
        let legs = played.streams.iter().map(|stream| {
            let legs = walk(stream, &played.links, &played.record, &mut differences.0);
            streams(stream, &legs, &mut differences);
            legs
        });
        let legs = legs.collect();
        state(played, &mut differences);
        Self { tally, legs, differences: differences.0 }
    }
}

impl Tally {
    fn of(requests: &[Entry]) -> Self {
        let count = |fits: fn(End) -> bool| {
            requests.iter().filter(|request| request.end.is_some_and(fits)).count() as u64
        };
        Self {
            made: requests.len() as u64,
            answered: count(|end| end == End::Answered),
            refused: count(|end| end == End::Refused),
            not_sent: count(|end| end == End::NotSent),
            sent_unknown: count(|end| end == End::SentUnknown),
            timed_out: count(|end| matches!(end, End::TimedOut { .. })),
            cancelled: count(|end| end == End::Cancelled),
        }
    }

    const fn ended(&self) -> u64 {
        self.answered + self.refused + self.not_sent + self.sent_unknown + self.timed_out + self.cancelled
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn same(&mut self, what: &str, one: u64, other: u64) {
        if one != other {
            self.0.push(format!("{what}: {one} against {other}"));
        }
    }
}

/// What became of requests: the callers, the metrics and the venue.
fn requests(played: &Played, tally: &Tally, found: &mut Differences) {
    found.same("requests made, and requests ended", tally.made, tally.ended());
    if let Some(metrics) = &played.metrics {
        for (name, counted, outcome) in [
            ("answers", tally.answered, Outcome::Reply),
            ("refusals", tally.refused, Outcome::Refused),
            ("requests not sent", tally.not_sent, Outcome::NotSent),
            ("requests of unknown fate", tally.sent_unknown, Outcome::SentUnknown),
            ("requests timed out", tally.timed_out, Outcome::TimedOut),
            ("requests given up", tally.cancelled, Outcome::Cancelled),
        ] {
            found.same(&format!("{name}, by callers and by metrics"), counted, metrics.settled(outcome));
        }
    }
    let mut allowed: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for request in &played.requests {
        let (least, most) = sightings(request, played.progress.lost);
        let so_far = allowed.entry(&request.method).or_default();
        *so_far = (so_far.0 + least, so_far.1 + most);
    }
    for (method, (least, most)) in allowed {
        let seen = played.record.requests.get(method).copied().unwrap_or_default();
        if !(least..=most).contains(&seen) {
            found
                .0
                .push(format!("{method} came {seen} times, where the callers account for {least} to {most}"));
        }
    }
    for (label, times) in &played.record.orders {
        found.same(&format!("the order \"{label}\" came to the venue, and once"), *times, 1);
    }
}

/// How often the venue may have seen a request.
fn sightings(request: &Entry, lost: u64) -> (u64, u64) {
    let (least, most) = match request.end {
        Some(End::Answered | End::Mistaken | End::Refused) => (1, 1),
        Some(End::SentUnknown | End::Cancelled | End::TimedOut { sent: true }) => (0, 1),
        Some(End::NotSent | End::TimedOut { sent: false }) | None => (0, 0),
    };
    if request.replays { (least, most + lost) } else { (least, most) }
}

/// Links and what was restored on each: the events, the metrics and the venue.
fn links(played: &Played, found: &mut Differences) {
    let (progress, record) = (&played.progress, &played.record);
    found.same("links lost, and three with the last", progress.lost, 3);
    found.same("links that fell silent, and one", progress.silent, 1);
    found.same("links on which the client was ready, and links lost", progress.ready, progress.lost);
    found.same("links ready, and seen so at the venue", progress.ready, played.links.len() as u64);
    found.same("links ready, and handshakes the venue granted", progress.ready, record.opened);
    found.same("attempts, by the client and by the venue", progress.attempts, record.attempts);
    let [by_credentials, by_refresh] = record.logins;
    found.same("logins, granted and asked for", progress.logins, by_credentials + by_refresh);
    found.same("logins by credentials, and one a link and one more", by_credentials, progress.ready + 1);
    found.same("logins that lapsed, and one", progress.lapsed, 1);
    found.same("a clean end, and one", u64::from(played.shutdown.is_clean), 1);
    if let Some(metrics) = &played.metrics {
        found.same("attempts, by events and by metrics", progress.attempts, metrics.connects);
        found.same("failed attempts, by events and by metrics", progress.failed, metrics.connect_failures);
        found.same("lost links, by events and by metrics", progress.lost, metrics.links_lost);
        found.same("links still open, and none", metrics.links_open, 0);
        found.same("events nobody took, and none", metrics.events_dropped, 0);
    }
    let mut wanted: Vec<_> = played.streams.iter().map(|stream| stream.channel).collect();
    wanted.sort_unstable();
    for (link, holding) in &played.links {
        if !holding.is_whole(&wanted) {
            found.0.push(format!("not everything was restored on {link}: {holding}"));
        }
    }
}

/// What the client holds at the end, and what it should not have done.
fn state(played: &Played, found: &mut Differences) {
    let (books, orders, record) = (&played.books, &played.orders, &played.record);
    if books.ours != books.real || books.ours.is_empty() {
        found.0.push("the client's book is not the venue's".to_owned());
    }
    if orders.told != orders.real {
        found.0.push("the open orders are not what the client was told".to_owned());
    }
    found.same("orders wanted, and orders open", orders.wanted, orders.real.len() as u64);
    found.same("calls refused for too many, and none", record.exhausted, 0);
    let [asked, given] = record.heartbeats;
    if asked == 0 || given != asked {
        found.0.push(format!("signs of life: {asked} were asked for, {given} given"));
    }
    found.same("entries of the journal that were forgotten, and none", record.forgotten, 0);
    found.0.extend(record.complaints.iter().map(|complaint| format!("the venue complains: {complaint}")));
}

/// Goes along what the venue sent and what the subscriber saw, link by link.
fn walk(
    stream: &Stream,
    links: &[(Generation, Holding)],
    record: &Record,
    found: &mut Vec<String>,
) -> Vec<Leg> {
    let mut rest = stream.seen.as_slice();
    let legs = links.iter().enumerate().map(|(place, (link, holding))| {
        let connection = holding.connection;
        let sent = record.sent_on(connection, stream.channel);
        let received = stream.received.get(place).copied().unwrap_or_default();
        let mut leg = Leg { connection, sent: sent.len() as u64, received, ..Leg::default() };
        let mut last = None;
        for mark in sent {
            let gaps = rest.iter().take_while(|sight| matches!(sight, Sight::Gap(_))).count();
            let next = rest.get(gaps);
            if matches!(next, Some(Sight::Item { link: on, mark: seen }) if on == link && seen == mark) {
                rest = &rest[gaps + 1..];
                leg.taken += 1;
                last = Some(mark);
            } else if stream.channel == BOOK && is_covered(mark, last) {
                leg.replaced += 1;
            } else if gaps > 0 {
                leg.told += 1;
            } else if stream.rule == Rule::Conflate {
                leg.replaced += 1;
            } else {
                found.push(format!(
                    "{}: {mark:?}, sent on connection {connection}, was not taken, and no gap tells so",
                    stream.channel
                ));
            }
        }
        leg
    });
    let legs = legs.collect();
    if let Some(Sight::Item { link, mark }) = rest.iter().find(|sight| matches!(sight, Sight::Item { .. })) {
        found.push(format!("{}: {mark:?} was taken on {link}, and the venue never sent it", stream.channel));
    }
    legs
}

/// Whether a change of a book is part of what was taken before it.
const fn is_covered(mark: &Mark, last: Option<&Mark>) -> bool {
    match (mark, last) {
        (Mark::Number(mark), Some(Mark::Number(last))) => *mark <= *last,
        _ => false,
    }
}

/// What the client counted, against what the subscriber saw and the venue sent.
fn streams(stream: &Stream, legs: &[Leg], found: &mut Differences) {
    let DeliveryCounts { received, delivered, conflated, dropped, undecodable, queued, .. } = stream.counts;
    let sum = |of: fn(&Leg) -> u64| legs.iter().map(of).sum::<u64>();
    let mut same = |what: &str, one, other| found.same(&format!("{}: {what}", stream.channel), one, other);
    same("items received, and their fates", received, delivered + conflated + dropped + undecodable + queued);
    same("items delivered, and items taken", delivered, sum(|leg| leg.taken));
    same("items received, link by link", received, sum(|leg| leg.received));
    same("items that cannot be read, and none", undecodable, 0);
    same("links, by the client and by the venue", stream.received.len() as u64, legs.len() as u64);
    same("items sent, and their fates", sum(|leg| leg.sent), sum(|leg| leg.taken + leg.replaced + leg.told));
    let gaps = |fits: fn(&GapCause) -> bool| stream.gaps().filter(move |gap| fits(&gap.cause));
    // Of a book with a break in it also those were dropped that had nothing to stand on.
    if gaps(|cause| matches!(cause, GapCause::SequenceBreak)).next().is_none() {
        let missing = gaps(|cause| matches!(cause, GapCause::Overflow)).filter_map(|gap| gap.missing).sum();
        same("items dropped, and missing by the gaps", dropped, missing);
    }
    let disconnected = gaps(|cause| matches!(cause, GapCause::Disconnected(_))).count() as u64;
    same("gaps by lost links, and links that changed between items", disconnected, stream.changes_of_link());
    for leg in legs.iter().filter(|leg| leg.received > leg.sent) {
        found.0.push(format!("{}: more was received than sent: {leg:?}", stream.channel));
    }
}

impl Stream {
    /// How often an item came on another link than the one before it.
    fn changes_of_link(&self) -> u64 {
        let links: Vec<_> = self.seen.iter().filter_map(Sight::link).collect();
        links.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64
    }

    pub(super) fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.seen.iter().filter_map(|sight| match sight {
            Sight::Gap(gap) => Some(gap),
            Sight::Item { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::play::{TICKER, TRADES},
        *,
    };

    /// What a walk finds where these items were sent and those were taken, all on one link.
    fn walked(channel: &'static str, rule: Rule, sent: &[u64], taken: &[u64]) -> (Leg, Vec<String>) {
        let link = Generation::new(1);
        let seen = taken.iter().map(|number| Sight::Item { link, mark: Mark::Number(*number) }).collect();
        let (counts, received) = (DeliveryCounts::default(), vec![taken.len() as u64]);
        let stream = Stream { channel, rule, counts, received, seen };
        let holding = Holding { connection: 7, is_logged_in: true, heartbeats: 1, channels: Vec::new() };
        let mut record = Record::default();
        let sent = sent.iter().map(|number| Mark::Number(*number)).collect();
        record.sent.insert((7, channel.to_owned()), sent);
        let mut found = Vec::new();
        let legs = walk(&stream, &[(link, holding)], &record, &mut found);
        (legs[0], found)
    }

    #[test]
    fn an_item_that_nobody_can_account_for_is_named() {
        let (leg, found) = walked(TRADES, Rule::Block, &[1, 2, 3], &[1, 2, 3]);
        assert_eq!((leg.sent, leg.taken, found.len()), (3, 3, 0));
        let (_, missing) = walked(TRADES, Rule::Block, &[1, 2, 3], &[1, 3]);
        assert!(missing.len() == 1 && missing[0].contains("Number(2), sent on connection 7"), "{missing:?}");
        for taken in [&[1, 2, 3, 4][..], &[1, 3, 2], &[1, 2, 2, 3]] {
            let (_, invented) = walked(TRADES, Rule::Block, &[1, 2, 3], taken);
            assert!(invented.last().is_some_and(|told| told.ends_with("never sent it")), "{invented:?}");
        }
    }

    #[test]
    fn what_is_replaced_needs_no_gap_and_only_where_that_was_wished() {
        let (leg, found) = walked(TICKER, Rule::Conflate, &[1, 2, 3], &[3]);
        assert_eq!((leg.taken, leg.replaced, found.len()), (1, 2, 0));
        let (leg, found) = walked(BOOK, Rule::Block, &[5, 4, 6], &[5, 6]);
        assert_eq!((leg.taken, leg.replaced, found.len()), (2, 1, 0));
        let (_, found) = walked(BOOK, Rule::Block, &[5, 6, 7], &[5, 7]);
        assert_eq!(found.len(), 1, "a change that is newer than the book is not part of it");
    }

    #[test]
    fn an_order_may_be_seen_once_and_what_replays_once_more_for_each_lost_link() {
        let seen =
            |end, replays| sightings(&Entry { method: "private/buy".to_owned(), replays, end: Some(end) }, 2);
        assert_eq!(seen(End::Answered, false), (1, 1));
        assert_eq!(seen(End::SentUnknown, false), (0, 1));
        assert_eq!(seen(End::NotSent, false), (0, 0));
        assert_eq!(seen(End::Answered, true), (1, 3));
    }
}
