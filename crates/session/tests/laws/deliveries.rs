//! L7, L8: a stream never jumps silently, and each overflow rule keeps what it promises.

use nova_behaviour::{
    Bound, Continuity, Handlers, Kept, Position, Quiet, RetryTransient, SubscriptionHandler, Topic,
    TopicRequest,
};
use nova_session::{Arrival, Delivery, Gap, GapCause, Overflow, SubscriptionEnd, SubscriptionId};
use nova_telemetry::Event;
use nova_testkit::world::{
    Setup, World,
    venue::{self, VenueDialect, VenuePeer, VenueRequest, Words},
};

use crate::kit::{Paced, Ready, VenueHandlers, each_second, millis, secs, steady, text, venue, wanted};

type Venue = World<VenueHandlers, Paced, VenuePeer>;

/// Deliveries as short text: items as their body, gaps as `gap(cause, missing)`.
fn shown(taken: &[(Delivery<Arrival>, Kept)]) -> Vec<String> {
    let show = |(delivery, body): &(Delivery<Arrival>, Kept)| match delivery {
        Delivery::Item(_) => String::from_utf8_lossy(body.as_body().as_bytes()).trim_matches('"').to_owned(),
        Delivery::Gap(gap) => show_gap(gap),
    };
    taken.iter().map(show).collect()
}

fn show_gap(gap: &Gap) -> String {
    match gap.missing {
        Some(count) => format!("gap({}, {count})", gap.cause.name()),
        None => format!("gap({})", gap.cause.name()),
    }
}

/// A venue with a subscription to `a` and `b` that holds up to three items.
fn three(overflow: Overflow) -> (Venue, SubscriptionId) {
    holding(overflow, Bound { count: 3, bytes: 1 << 20 })
}

fn holding(overflow: Overflow, bound: Bound) -> (Venue, SubscriptionId) {
    let mut world = venue().ready_with(VenuePeer::default());
    let change =
        |wanted: &mut nova_session::Wanted| (wanted.overflow, wanted.bound) = (overflow, Some(bound));
    let id = world.subscribe(wanted(&["a", "b"], change)).unwrap();
    world.run_until("confirmed", |world| world.confirmed(id).is_some());
    (world, id)
}

fn publish(world: &mut Venue, topic: &str, items: impl IntoIterator<Item = u32>) {
    world.peer_does(|peer, line| {
        for item in items {
            assert!(peer.publish(line, topic, &item.to_string()));
        }
    });
    world.run_for(millis(20));
}

fn gap(delivery: &(Delivery<Arrival>, Kept)) -> &Gap {
    match &delivery.0 {
        Delivery::Gap(gap) => gap,
        Delivery::Item(item) => panic!("an item: {item:?}"),
    }
}

#[test]
fn items_come_in_order_with_their_positions() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", [1, 2]);
    let taken = world.take_all(id);
    assert_eq!(shown(&taken), ["1", "2"]);
    let sequences: Vec<_> =
        taken.iter().filter_map(|(delivery, _)| delivery.clone().item()?.sequence).collect();
    assert_eq!(sequences, [1, 2]);
}

#[test]
fn drop_oldest_keeps_the_newest_and_tells_of_the_rest() {
    let (mut world, id) = three(Overflow::DropOldest);
    publish(&mut world, "a", [0]);
    assert_eq!(shown(&world.take_all(id)), ["0"]);
    publish(&mut world, "a", 1..=10);
    let taken = world.take_all(id);
    assert_eq!(shown(&taken), ["gap(overflow, 7)", "8", "9", "10"]);
    let hole = gap(&taken[0]);
    assert_eq!(hole.before.unwrap().sequence, Some(1), "the last that was taken");
    assert_eq!(hole.after.unwrap().sequence, Some(9), "the first that is left");
    let counts = world.session().delivery_counts(id).unwrap();
    assert_eq!((counts.received, counts.delivered, counts.dropped), (11, 4, 7));
}

#[test]
fn drop_newest_keeps_the_oldest_and_tells_of_the_rest_before_the_next() {
    let (mut world, id) = three(Overflow::DropNewest);
    publish(&mut world, "a", 0..10);
    assert_eq!(shown(&world.take_all(id)), ["0", "1", "2"]);
    publish(&mut world, "a", [10]);
    let taken = world.take_all(id);
    assert_eq!(shown(&taken), ["gap(overflow, 7)", "10"]);
    let hole = gap(&taken[0]);
    assert_eq!((hole.before.unwrap().sequence, hole.after.unwrap().sequence), (Some(3), Some(11)));
}

#[test]
fn conflate_keeps_the_newest_of_each_topic_without_a_gap() {
    let (mut world, id) = three(Overflow::Conflate);
    for item in 0..10 {
        publish(&mut world, "a", [item]);
        publish(&mut world, "b", [item + 100]);
    }
    assert_eq!(shown(&world.take_all(id)), ["9", "109"]);
    let counts = world.session().delivery_counts(id).unwrap();
    assert_eq!((counts.received, counts.conflated, counts.dropped), (20, 18, 0));
}

#[test]
fn conflate_does_not_conflate_across_a_lost_link() {
    let (mut world, id) = three(Overflow::Conflate);
    publish(&mut world, "a", [1, 2]);
    world.cut();
    world.run_for(secs(2));
    publish(&mut world, "a", [3, 4]);
    assert_eq!(shown(&world.take_all(id)), ["2", "gap(disconnected)", "4"]);
}

#[test]
fn close_ends_the_stream_after_what_it_held() {
    let (mut world, id) = three(Overflow::Close);
    publish(&mut world, "a", 0..10);
    assert_eq!(shown(&world.take_all(id)), ["0", "1", "2"]);
    assert!(matches!(world.session().why_ended(id), Some(SubscriptionEnd::Overflow)));
    assert!(world.take(id).is_none());
}

#[test]
fn c18_a_burst_of_ten_thousand_in_one_read_loses_nothing_under_block() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", 0..10_000);
    assert_eq!(world.session().delivery_counts(id).unwrap().received, 3, "reading pauses");
    let taken = world.take_all(id);
    assert_eq!(shown(&taken), (0..10_000).map(|item| item.to_string()).collect::<Vec<_>>());
    assert_eq!(world.dials(), 1);
}

#[test]
fn block_pauses_for_its_maximum_and_then_drops_the_oldest() {
    let (mut world, id) = three(Overflow::Block { max_pause: secs(2) });
    publish(&mut world, "a", 0..10);
    world.run_for(millis(1900));
    assert_eq!(world.session().delivery_counts(id).unwrap().received, 3);
    world.run_for(millis(200));
    assert_eq!(world.session().delivery_counts(id).unwrap().received, 10);
    assert_eq!(shown(&world.take_all(id)), ["gap(overflow, 7)", "7", "8", "9"]);
    // Having drained, it blocks again.
    publish(&mut world, "a", 0..10);
    assert_eq!(world.session().delivery_counts(id).unwrap().received, 13);
}

#[test]
fn c20_a_full_subscription_delays_a_reply_by_its_maximum_pause_at_most() {
    let rules = [
        (Overflow::Block { max_pause: secs(2) }, secs(2)),
        (Overflow::DropOldest, millis(20)),
        (Overflow::DropNewest, millis(20)),
        (Overflow::Conflate, millis(20)),
        (Overflow::Close, millis(20)),
    ];
    for (overflow, most) in rules {
        let (mut world, _) = three(overflow);
        publish(&mut world, "a", 0..100);
        let began = world.elapsed();
        let call = world.call(VenueRequest::say("still there?")).unwrap();
        assert!(text(world.wait(call)).contains("still there?"));
        assert!(world.elapsed() - began <= most, "{overflow:?}: {:?}", world.elapsed() - began);
    }
}

#[test]
fn the_bound_in_bytes_holds_and_a_large_item_passes_alone() {
    let (mut world, id) = holding(Overflow::DropOldest, Bound { count: 1000, bytes: 10 });
    let item = |world: &mut Venue, item: &str| {
        world.peer_does(|peer, line| peer.publish(line, "a", item));
        world.run_for(millis(20));
    };
    ["aa", "bb", "cc"].into_iter().for_each(|text| item(&mut world, text));
    assert_eq!(shown(&world.take_all(id)), ["gap(overflow, 1)", "bb", "cc"], "four bytes each, with quotes");
    item(&mut world, "a long one, longer than ten bytes");
    assert_eq!(shown(&world.take_all(id)), ["a long one, longer than ten bytes"]);
}

#[test]
fn c19_losses_are_told_in_one_notice_with_their_exact_count() {
    let (mut world, id) = three(Overflow::DropOldest);
    for round in 0..20 {
        publish(&mut world, "a", (0..1000).map(|item| round * 1000 + item));
    }
    let taken = world.take_all(id);
    assert_eq!(shown(&taken)[0], "gap(overflow, 19997)");
    assert_eq!(taken.len(), 4);
    world.cut();
    let told: Vec<_> = world
        .events()
        .filter_map(|(_, event)| if let Event::ItemsDropped { count } = event { Some(*count) } else { None })
        .collect();
    assert_eq!(told.iter().sum::<u64>(), 19_997);
    assert!(told.len() <= 20, "{} notices for twenty bursts", told.len());
}

#[test]
fn c08_a_lost_link_is_a_gap_before_the_next_item_of_each_topic() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", [1]);
    publish(&mut world, "b", [2]);
    assert_eq!(shown(&world.take_all(id)), ["1", "2"]);
    world.cut();
    world.run_for(secs(2));
    publish(&mut world, "a", [3]);
    let taken = world.take_all(id);
    assert_eq!(shown(&taken), ["gap(disconnected)", "3"]);
    let hole = gap(&taken[0]);
    assert_eq!((hole.before.unwrap().link.get(), hole.after.unwrap().link.get()), (1, 2));
    assert!(hole.before.unwrap().at < hole.after.unwrap().at);
    assert!(matches!(hole.cause, GapCause::Disconnected(_)));
    publish(&mut world, "b", [4]);
    assert_eq!(shown(&world.take_all(id)), ["gap(disconnected)", "4"]);
}

#[test]
fn what_was_queued_before_a_loss_is_delivered_before_its_gap() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", [1, 2]);
    world.cut();
    world.run_for(secs(2));
    publish(&mut world, "a", [3]);
    assert_eq!(shown(&world.take_all(id)), ["1", "2", "gap(disconnected)", "3"]);
}

#[test]
fn a_stream_that_never_had_an_item_has_no_gap() {
    let (mut world, id) = three(Overflow::default());
    world.cut();
    world.run_for(secs(2));
    publish(&mut world, "a", [1]);
    assert_eq!(shown(&world.take_all(id)), ["1"]);
}

#[test]
fn several_losses_without_an_item_between_are_one_gap() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", [1]);
    for _ in 0..3 {
        world.cut();
        world.run_for(secs(2));
    }
    publish(&mut world, "a", [2]);
    let taken = world.take_all(id);
    assert_eq!(shown(&taken), ["1", "gap(disconnected)", "2"]);
    assert_eq!(gap(&taken[1]).after.unwrap().link.get(), 4);
}

#[test]
fn c21_what_a_dropped_subscription_held_counts_as_dropped() {
    let (mut world, id) = three(Overflow::DropNewest);
    publish(&mut world, "a", 0..5);
    world.take(id);
    let counts = world.unsubscribe(id).unwrap();
    assert_eq!((counts.received, counts.delivered, counts.dropped, counts.queued), (5, 1, 4, 0));
}

#[test]
fn an_item_that_cannot_be_decoded_is_counted_and_a_gap() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", [1]);
    let (delivery, _) = world.take(id).unwrap();
    let arrival = delivery.item().unwrap();
    let hole = world.with(|session, _| session.handle_undecodable(id, &arrival.topic)).unwrap();
    assert_eq!((hole.cause.name(), hole.missing), ("undecodable", Some(1)));
    let counts = world.session().delivery_counts(id).unwrap();
    assert_eq!((counts.received, counts.delivered, counts.undecodable), (1, 0, 1));
}

#[test]
fn two_subscriptions_to_a_topic_live_by_their_own_rules() {
    let (mut world, slow) = three(Overflow::DropOldest);
    let fast = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    publish(&mut world, "a", 0..5);
    assert_eq!(shown(&world.take_all(fast)), ["0", "1", "2", "3", "4"]);
    assert_eq!(shown(&world.take_all(slow)), ["gap(overflow, 2)", "2", "3", "4"]);
}

#[test]
fn at_the_end_of_the_session_what_is_queued_is_still_delivered() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", [1, 2]);
    world.with(|session, now| session.shutdown(now, secs(1)));
    world.run_until_closed();
    assert_eq!(shown(&world.take_all(id)), ["1", "2"]);
    assert!(matches!(world.session().why_ended(id), Some(SubscriptionEnd::Closed(_))));
}

#[test]
fn a_subscription_that_is_forgotten_while_it_blocks_lets_reading_go_on() {
    let (mut world, id) = three(Overflow::default());
    publish(&mut world, "a", 0..10);
    world.unsubscribe(id);
    let call = world.call(VenueRequest::say("x")).unwrap();
    let began = world.elapsed();
    world.wait(call).unwrap();
    assert!(world.elapsed() - began <= millis(20));
}

/// Positions follow each other by one, or the stream is of no use.
struct Strict;

impl SubscriptionHandler<VenueDialect> for Strict {
    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<VenueRequest> {
        TopicRequest::Send(VenueRequest::Subscribe(topics.to_vec()))
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<VenueRequest> {
        TopicRequest::Send(VenueRequest::Unsubscribe(topics.to_vec()))
    }

    fn continuity(&mut self, _: &str, last: Option<u64>, next: Position) -> Continuity {
        Continuity::by_one(last, next, true)
    }
}

#[test]
fn a_break_of_the_sequence_is_a_gap_and_the_topic_is_subscribed_to_anew() {
    let handlers = venue::handlers().with_subscriptions(Strict);
    let setup: Setup<Handlers<Words, Quiet, RetryTransient, Strict>, _> =
        steady(Setup::new(handlers).with_policies(each_second()));
    let mut world = setup.ready_with(VenuePeer::default());
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    let publish = |world: &mut World<_, _, VenuePeer>, skip: u64| {
        world.peer_does(|peer, line| {
            *peer.published.entry("a".into()).or_default() += skip;
            peer.publish(line, "a", "x")
        });
        world.run_for(secs(1));
    };
    for skip in [0, 0, 5, 0] {
        publish(&mut world, skip);
    }
    let taken = world.take_all(id);
    assert_eq!(shown(&taken)[..3], ["x", "x", "gap(sequence_break, 5)"]);
    assert_eq!(world.dials(), 1);
    assert_eq!(world.peer.heard_with("\"subscribe\"").count(), 2);
    assert!(world.peer.topics().contains("a"));
}
