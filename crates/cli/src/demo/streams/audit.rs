//! Whether everything adds up.
//!
//! The venue, the client and the subscriber counted by themselves. What the venue published on a link
//! was received, or lies in the gap between this link and the next; so does what nobody could hear.

use websockex_nova::session::{DeliveryCounts, Gap, GapCause};

use super::{HEARTBEAT, Streamed, taker::Stream};

/// What came of one link.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Leg {
    /// The venue's number of it.
    pub(super) link: u64,
    /// Items the venue published on it.
    pub(super) published: u64,
    /// Items the client received on it.
    pub(super) received: u64,
    /// Items published after it, before there was another.
    pub(super) unheard: u64,
}

impl Stream {
    /// Link by link.
    pub(super) fn legs(&self) -> Vec<Leg> {
        let mut legs: Vec<Leg> = Vec::new();
        for stretch in &self.published {
            match (stretch.link, legs.last_mut()) {
                (Some(link), _) => legs.push(Leg { link, published: stretch.items, ..Leg::default() }),
                (None, Some(leg)) => leg.unheard += stretch.items,
                (None, None) => legs.push(Leg { unheard: stretch.items, ..Leg::default() }),
            }
        }
        legs.iter_mut().zip(&self.received).for_each(|(leg, received)| leg.received = *received);
        legs
    }

    fn gaps(&self, fits: fn(&GapCause) -> bool) -> impl Iterator<Item = &Gap> {
        self.seen.gaps.iter().filter(move |gap| fits(&gap.cause))
    }
}

/// Everything that does not add up, each in a sentence; empty if all is well.
pub(in super::super) fn differences(streamed: &Streamed) -> Vec<String> {
    let mut found: Vec<_> = streamed.streams.iter().flat_map(stream_differences).collect();
    let mut same = |what: &str, one: u64, other: u64| {
        if one != other {
            found.push(format!("{what}: {one} against {other}"));
        }
    };
    let (progress, holdings) = (&streamed.progress, &streamed.holdings);
    same("subscriber's links, ready and lost", progress.ready, progress.lost);
    same("subscriber's links, ready and seen by the venue", progress.ready, holdings.len() as u64);
    same("subscriber's clean end, and one", u64::from(streamed.shutdown.is_clean), 1);
    let topics: Vec<_> = streamed.streams.iter().map(|stream| stream.topic).collect();
    for holding in holdings {
        let is_whole = holding.key.is_some()
            && holding.heartbeat == Some(HEARTBEAT)
            && holding.topics.iter().map(String::as_str).eq(topics.iter().copied());
        if !is_whole {
            found.push(format!("not everything was restored: {holding}"));
        }
    }
    found.extend(streamed.complaints.iter().map(|complaint| format!("the venue complains: {complaint}")));
    found
}

fn stream_differences(stream: &Stream) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |what: &str, one: u64, other: u64| {
        if one != other {
            found.push(format!("{}: {what}: {one} against {other}", stream.topic));
        }
    };
    let (counts, seen) = (&stream.counts, &stream.seen);
    let DeliveryCounts { received, delivered, conflated, dropped, undecodable, queued, .. } = *counts;
    same("items received, and their fates", received, delivered + conflated + dropped + undecodable + queued);
    same("items delivered, and items taken", delivered, seen.items);
    same("items out of order, and none", seen.disordered, 0);
    let overflown = stream.gaps(|cause| matches!(cause, GapCause::Overflow));
    same("items dropped, and missing by the gaps", dropped, overflown.filter_map(|gap| gap.missing).sum());
    let unreadable = stream.gaps(|cause| matches!(cause, GapCause::Undecodable));
    same("items that cannot be read, and their gaps", undecodable, unreadable.count() as u64);

    let legs = stream.legs();
    same("links of the client, and of the venue", stream.received.len() as u64, legs.len() as u64);
    let gaps: Vec<_> = stream.gaps(|cause| matches!(cause, GapCause::Disconnected(_))).collect();
    same("gaps by lost links, and lost links", gaps.len() as u64 + 1, legs.len() as u64);
    let others = |cause: &GapCause| {
        !matches!(cause, GapCause::Overflow | GapCause::Undecodable | GapCause::Disconnected(_))
    };
    same("gaps of other causes, and none", stream.gaps(others).count() as u64, 0);

    let known_losses = gaps.into_iter().map(width).chain([Some(0)]);
    for (Leg { link, published, received, unheard }, lost) in legs.into_iter().zip(known_losses) {
        let Some(lost) = lost else {
            found.push(format!("{}: the gap after link {link} has no two sides", stream.topic));
            continue;
        };
        if published + unheard != received + lost || received > published {
            found.push(format!(
                "{}: on link {link} {published} were published, after it {unheard}: \
                 {received} were received, and {lost} lie in the gap",
                stream.topic
            ));
        }
    }
    found
}

/// How many positions lie between the two sides of a gap.
fn width(gap: &Gap) -> Option<u64> {
    let (before, after) = (gap.before?.sequence?, gap.after?.sequence?);
    after.checked_sub(before)?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{exchange::Stretch, taker::Seen},
        *,
    };

    fn stream(published: u64, received: u64) -> Stream {
        let mut counts = DeliveryCounts::default();
        (counts.received, counts.delivered) = (received, received);
        Stream {
            topic: "prices.BTC",
            rule: "conflate",
            counts,
            received: vec![received],
            published: vec![Stretch { link: Some(1), items: published }],
            seen: Seen { items: received, ..Seen::default() },
        }
    }

    #[test]
    fn an_item_that_nobody_can_account_for_is_named() {
        assert_eq!(stream_differences(&stream(7, 7)), Vec::<String>::new());
        for wrong in [stream(7, 6), stream(6, 7)] {
            let [difference] = &stream_differences(&wrong)[..] else { panic!("one difference") };
            assert!(difference.starts_with("prices.BTC: on link 1 "), "{difference}");
        }
    }

    #[test]
    fn a_count_that_is_not_conserved_is_named() {
        let mut wrong = stream(7, 7);
        wrong.counts.conflated = 1;
        assert_eq!(stream_differences(&wrong), ["prices.BTC: items received, and their fates: 7 against 8"]);
    }

    #[test]
    fn a_gap_nobody_told_of_is_named() {
        let mut wrong = stream(7, 7);
        wrong.published.extend([Stretch { link: None, items: 3 }, Stretch { link: Some(2), items: 2 }]);
        wrong.received.push(2);
        let found = stream_differences(&wrong);
        assert!(found.iter().any(|it| it.contains("gaps by lost links")), "{found:?}");
        assert!(found.iter().any(|it| it.contains("on link 1 7 were published, after it 3")), "{found:?}");
    }
}
