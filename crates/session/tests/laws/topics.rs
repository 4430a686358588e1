//! L6: wanted is not confirmed; what is wanted comes true again after every loss.

use std::collections::BTreeSet;

use nova_behaviour::{Body, Confirmation, Refusal, SubscriptionHandler, Topic, TopicRequest};
use nova_session::{NotSent, Overflow, RequestError, SubscriptionEnd, TopicState};
use nova_testkit::world::{
    Setup,
    venue::{self, Topics, VenueDialect, VenuePeer, VenueRequest},
};

use crate::kit::{Ready, each_second, fifo, millis, secs, steady, venue, wanted};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_topic_is_confirmed_when_the_answer_names_it() {
    let mut world = venue().ready_with(VenuePeer { pause: secs(1), ..VenuePeer::default() });
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(millis(500));
    assert!(world.confirmed(id).is_none());
    world.run_for(secs(1));
    assert!(matches!(world.confirmed(id), Some(Ok(()))));
}

#[test]
fn a_topic_the_answer_does_not_name_is_refused() {
    let mut world = venue().ready_with(VenuePeer { omits: set(&["a"]), ..VenuePeer::default() });
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    assert!(matches!(world.confirmed(id), Some(Err(SubscriptionEnd::Refused(_)))));
}

#[test]
fn c09_one_refused_topic_of_ten_ends_its_own_stream_only() {
    let handlers = venue::handlers().with_subscriptions(Topics { batch: 10 });
    let setup = steady(Setup::new(handlers).with_policies(each_second()));
    let mut world = setup.ready_with(VenuePeer { refuses: set(&["t3"]), ..VenuePeer::default() });
    let names: Vec<_> = (0..10).map(|number| format!("t{number}")).collect();
    let ids: Vec<_> = names.iter().map(|name| world.subscribe(wanted(&[name], |_| {})).unwrap()).collect();
    world.run_for(secs(1));
    for (number, id) in ids.iter().enumerate() {
        match (number, world.confirmed(*id)) {
            (3, Some(Err(SubscriptionEnd::Refused(_)))) | (_, Some(Ok(()))) => {}
            (_, other) => panic!("t{number}: {other:?}"),
        }
    }
    // It is not asked for again on later links.
    world.cut();
    world.run_for(secs(3));
    assert_eq!(world.peer.topics().len(), 9);
    assert_eq!(world.peer.heard_with("t3").count(), 1);
}

#[test]
fn c09_ready_is_not_claimed_before_required_topics_are_acknowledged() {
    let mut world = venue().meet(VenuePeer { pause: secs(2), ..VenuePeer::default() });
    let change = |wanted: &mut nova_session::Wanted| wanted.required = true;
    let id = world.subscribe(wanted(&["a", "b"], change)).unwrap();
    world.run_until_ready();
    assert!(matches!(world.confirmed(id), Some(Ok(()))));
    world.cut();
    world.run_until_ready();
    assert_eq!(world.peer.topics(), set(&["a", "b"]));
    assert!(world.session().topics().all(|status| status.state == TopicState::Confirmed));
}

#[test]
fn a_required_topic_nobody_acknowledges_is_a_link_of_no_use() {
    let mut world = venue().meet(VenuePeer { ignores: set(&["subscribe"]), ..VenuePeer::default() });
    world.subscribe(wanted(&["a"], |wanted| wanted.required = true)).unwrap();
    world.run_until("given up", |world| world.count("lost") == 1);
    assert!(world.elapsed() <= secs(31));
    world.peer.ignores.clear();
    world.run_until_ready();
}

#[test]
fn topics_are_asked_for_in_batches() {
    let handlers = venue::handlers().with_subscriptions(Topics { batch: 4 });
    let setup = steady(Setup::new(handlers).with_policies(each_second()));
    let mut world = setup.ready_with(VenuePeer::default());
    let names: Vec<_> = (0..10).map(|number| format!("t{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let id = world.subscribe(wanted(&names, |_| {})).unwrap();
    world.run_for(secs(1));
    let sizes = |word: &str| {
        world.peer.heard_with(word).map(|(_, text)| text.matches("\"t").count()).collect::<Vec<_>>()
    };
    assert_eq!(sizes("\"subscribe\""), [4, 4, 2]);
    world.unsubscribe(id);
    world.run_for(secs(1));
    assert_eq!(world.peer.heard_with("\"unsubscribe\"").count(), 3);
    assert_eq!(world.peer.topics(), set(&[]));
}

#[test]
fn an_unanswered_subscribe_is_tried_again_after_a_pause() {
    let mut world = venue().ready_with(VenuePeer { ignores: set(&["subscribe"]), ..VenuePeer::default() });
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(60));
    let asked = world.peer.heard_with("subscribe").count();
    assert!((2..=3).contains(&asked), "{asked} times in a minute");
    world.peer.ignores.clear();
    world.run_for(secs(60));
    assert!(matches!(world.confirmed(id), Some(Ok(()))));
    assert_eq!(world.dials(), 1);
}

#[test]
fn c03_a_thousand_topics_return_after_fifty_drops() {
    let handlers = venue::handlers().with_subscriptions(Topics { batch: 100 });
    let setup = steady(Setup::new(handlers).with_policies(each_second()).with_trace(1000));
    let mut world = setup.ready_with(VenuePeer { spread: secs(1), ..VenuePeer::default() });
    let names: Vec<_> = (0..1000).map(|number| format!("t{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let id = world.subscribe(wanted(&names, |wanted| wanted.overflow = Overflow::DropOldest)).unwrap();
    world.run_until("confirmed", |world| world.confirmed(id).is_some());
    for _ in 0..50 {
        world.peer_does(|peer, line| assert!(peer.publish(line, "t500", "x")));
        world.run_for(millis(50));
        let taken = world.take_all(id);
        let gaps =
            taken.iter().filter(|(delivery, _)| matches!(delivery, nova_session::Delivery::Gap(_))).count();
        assert_eq!(gaps, usize::from(world.dials() > 1), "a gap for each drop");
        // At a random point, often in the middle of subscribing.
        world.cut();
        let pause = millis(world.chance().u64(1000..2500));
        world.run_for(pause);
        world.cut();
        world.run_until("confirmed", |world| {
            world.session().state().is_ready() && matches!(world.confirmed(id), Some(Ok(())))
        });
        assert_eq!(world.peer.topics().len(), 1000);
    }
    assert_eq!(world.peer.complaints, <[String; 0]>::default());
}

#[test]
fn what_was_unsubscribed_does_not_come_back() {
    let mut world = venue().ready_with(VenuePeer::default());
    let a = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.subscribe(wanted(&["b"], |_| {})).unwrap();
    world.run_for(secs(1));
    world.unsubscribe(a);
    world.run_for(secs(1));
    assert_eq!(world.peer.topics(), set(&["b"]));
    // Neither by a late item, nor by a new link.
    world.peer_does(|_, line| line.text(r#"{"topic":"a","sequence":9,"item":1}"#));
    world.run_for(secs(1));
    world.cut();
    world.run_for(secs(3));
    assert_eq!(world.peer.topics(), set(&["b"]));
    assert_eq!(world.session().topics().count(), 1);
}

#[test]
fn c04_two_subscriptions_to_a_topic_are_one_request_until_the_last_is_gone() {
    let mut world = venue().ready_with(VenuePeer::default());
    let first = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    let second = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    assert!(matches!(world.confirmed(second), Some(Ok(()))));
    world.unsubscribe(first);
    world.run_for(secs(1));
    assert_eq!(world.peer.topics(), set(&["a"]));
    world.unsubscribe(second);
    world.run_for(secs(1));
    assert_eq!(world.peer.topics(), set(&[]));
    assert_eq!(world.peer.heard.len(), 2, "one subscribe, one unsubscribe");
    assert_eq!(world.peer.complaints, <[String; 0]>::default());
}

#[test]
fn c06_unsubscribing_before_the_acknowledgement_wins() {
    let mut world = venue().ready_with(VenuePeer { pause: secs(2), ..VenuePeer::default() });
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    world.unsubscribe(id);
    world.run_for(secs(10));
    assert_eq!(world.peer.topics(), set(&[]));
    assert_eq!(world.session().topics().count(), 0);
}

#[test]
fn c06_subscribing_again_before_the_goodbye_is_acknowledged_wins() {
    let mut world = venue().ready_with(VenuePeer { pause: secs(2), ..VenuePeer::default() });
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(5));
    world.unsubscribe(id);
    world.run_for(secs(1));
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(10));
    assert!(matches!(world.confirmed(id), Some(Ok(()))));
    assert_eq!(world.peer.topics(), set(&["a"]));
    assert_eq!(world.peer.complaints, <[String; 0]>::default());
}

#[test]
fn subscribing_before_the_first_link_is_remembered() {
    let mut world = venue().meet(VenuePeer::default());
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    assert!(matches!(world.confirmed(id), Some(Ok(()))));
}

#[test]
fn a_refused_topic_can_be_asked_for_anew() {
    let mut world = venue().ready_with(VenuePeer { refuses: set(&["a"]), ..VenuePeer::default() });
    let first = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    assert!(matches!(world.confirmed(first), Some(Err(_))));
    world.peer.refuses.clear();
    let second = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    assert!(matches!(world.confirmed(second), Some(Ok(()))));
    assert!(matches!(world.confirmed(first), Some(Err(_))), "the first has ended for good");
}

#[test]
fn what_cannot_be_subscribed_to_is_a_typed_error() {
    let mut world = fifo().ready_with(nova_testkit::world::EchoPeer::default());
    let refused = world.subscribe(wanted(&["a"], |_| {}));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::Unsupported(_)))));
    let mut world = venue().ready_with(VenuePeer::default());
    let overflow = Overflow::Block { max_pause: secs(5) };
    let refused = world.subscribe(wanted(&["a"], |wanted| wanted.overflow = overflow));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::PauseTooLong { .. }))));
    world.with(|session, now| session.shutdown(now, secs(1)));
    let refused = world.subscribe(wanted(&["a"], |_| {}));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::Closed(_)))));
}

#[test]
fn c07_a_topic_that_falls_silent_is_subscribed_to_anew_once_and_then_judged() {
    let mut world = venue().ready_with(VenuePeer::default());
    world.subscribe(wanted(&["a"], |wanted| wanted.fresh_within = Some(secs(10)))).unwrap();
    for _ in 0..20 {
        world.run_for(secs(5));
        world.peer_does(|peer, line| peer.publish(line, "a", "x"));
    }
    assert_eq!((world.count("topic_stale"), world.dials()), (0, 1));
    world.run_for(secs(15));
    assert_eq!((world.count("topic_stale"), world.dials()), (1, 1));
    assert_eq!(world.peer.heard_with("\"subscribe\"").count(), 2);
    world.run_for(secs(15));
    assert_eq!(world.dials(), 2, "by default the link is given up then");
}

#[test]
fn a_topic_that_is_to_be_asked_for_again_does_not_spin_behind_a_blocked_writer() {
    let mut world = venue().ready_with(VenuePeer { ignores: set(&["subscribe"]), ..VenuePeer::default() });
    world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(millis(30_050));
    // The first was not answered; before it is time for the second, the socket is full.
    world.stop_reading(0);
    world.call(nova_testkit::world::venue::VenueRequest::say("x")).unwrap();
    world.run_for(secs(10));
    assert!(world.session().poll_timeout().is_none_or(|at| at > world.now()));
}

#[test]
fn c07_silence_is_minded_for_as_long_as_somebody_minds() {
    let mut world = venue().ready_with(VenuePeer::default());
    world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(60));
    assert_eq!(world.count("topic_stale"), 0, "nobody minds");
    let minds = world.subscribe(wanted(&["a"], |wanted| wanted.fresh_within = Some(secs(10)))).unwrap();
    world.run_for(secs(11));
    assert_eq!(world.count("topic_stale"), 1, "although the topic was confirmed long before");
    world.peer_does(|peer, line| peer.publish(line, "a", "x"));
    world.run_for(secs(1));
    world.unsubscribe(minds);
    world.run_for(secs(60));
    assert_eq!((world.count("topic_stale"), world.dials()), (1, 1), "nobody minds any more");
}

#[test]
fn c10_the_most_urgent_topics_are_asked_for_first_and_required_ones_before_all() {
    let mut world = venue().meet(VenuePeer::default());
    world.subscribe(wanted(&["low"], |_| {})).unwrap();
    world.subscribe(wanted(&["high"], |wanted| wanted.priority = 9)).unwrap();
    world.subscribe(wanted(&["middle"], |wanted| wanted.priority = 5)).unwrap();
    world.subscribe(wanted(&["required"], |wanted| wanted.required = true)).unwrap();
    world.run_for(secs(1));
    let order: Vec<_> =
        world.peer.heard_with("subscribe").map(|(_, text)| text.split('"').nth(5).unwrap()).collect();
    assert_eq!(order, ["required", "high", "middle", "low"]);
}

#[test]
fn the_wanted_set_of_one_session_can_be_restored_in_another() {
    let mut world = venue().ready_with(VenuePeer { refuses: set(&["c"]), ..VenuePeer::default() });
    let gone = world.subscribe(wanted(&["b"], |_| {})).unwrap();
    world.subscribe(wanted(&["a", "d"], |_| {})).unwrap();
    world.subscribe(wanted(&["c"], |_| {})).unwrap();
    world.run_for(secs(1));
    world.unsubscribe(gone);
    let snapshot = world.session().wanted();
    assert_eq!(snapshot.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "d"]);

    let mut world = venue().meet(VenuePeer::default());
    world.with(|session, _| session.restore(&snapshot));
    world.run_for(secs(1));
    assert_eq!(world.peer.topics(), set(&["a", "d"]));
    let taken = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    assert!(matches!(world.confirmed(taken), Some(Ok(()))));
    world.with(|session, _| session.forget_restored());
    world.run_for(secs(1));
    assert_eq!(world.peer.topics(), set(&["a"]), "nobody took the other over");
    assert_eq!(world.peer.complaints, <[String; 0]>::default());
}

#[test]
fn whoever_waits_for_a_confirmation_is_told_of_the_end() {
    let mut world = venue().ready_with(VenuePeer { ignores: set(&["subscribe"]), ..VenuePeer::default() });
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    assert!(world.confirmed(id).is_none());
    world.with(|session, now| session.shutdown(now, secs(1)));
    world.run_until_closed();
    assert!(matches!(world.confirmed(id), Some(Err(SubscriptionEnd::Closed(_)))));
}

#[test]
fn c09_a_refused_required_topic_is_missing_until_it_is_given_up() {
    let peer = VenuePeer { refuses: set(&["a"]), ..VenuePeer::default() };
    let mut world = venue().meet(peer);
    let id = world.subscribe(wanted(&["a"], |wanted| wanted.required = true)).unwrap();
    world.run_for(secs(5));
    assert!(matches!(world.confirmed(id), Some(Err(SubscriptionEnd::Refused(_)))), "its stream was told");
    assert_eq!(world.session().state().name(), "opening");
    world.unsubscribe(id);
    world.run_until_ready();
    assert_eq!(world.dials(), 1);
}

#[test]
fn c10_a_postponed_topic_is_asked_for_again_and_not_refused() {
    /// Takes the first answer for "too many at once".
    struct Limited(bool);
    impl SubscriptionHandler<VenueDialect> for Limited {
        fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<VenueRequest> {
            TopicRequest::Send(VenueRequest::Subscribe(topics.to_vec()))
        }

        fn unsubscribe(&mut self, _: &[Topic]) -> TopicRequest<VenueRequest> {
            TopicRequest::Local
        }

        fn answered(&mut self, asked: &[Topic], _: Result<Body<'_>, &Refusal>) -> Confirmation {
            let was_limited = std::mem::replace(&mut self.0, true);
            let (confirmed, postponed) = if was_limited { (asked, &[][..]) } else { (&[][..], asked) };
            Confirmation { confirmed: confirmed.to_vec(), postponed: postponed.to_vec(), refused: Vec::new() }
        }
    }
    let setup = Setup::new(venue::handlers().with_subscriptions(Limited(false)));
    let mut world = setup.ready_with(VenuePeer::default());
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(millis(900));
    assert!(world.confirmed(id).is_none());
    world.run_for(millis(200));
    assert!(matches!(world.confirmed(id), Some(Ok(()))));
    assert_eq!(world.peer.heard_with("subscribe").count(), 2);
}
