//! What is wanted, asked, confirmed and left, step by step.

use super::*;

const REQUIRED: Hold = Hold { required: true, priority: 0, fresh_within: None };

fn topic() -> Topic {
    Topic::from("t")
}

#[test]
fn a_late_confirmation_does_not_bring_back_a_released_topic() {
    let mut topics = Topics::default();
    topics.want(&topic(), Hold::default());
    assert_eq!(topics.ask(Instant::now(), 9), [topic()]);
    topics.release(&topic(), Hold::default());
    assert_eq!(topics.leave(9), [topic()], "the server has to be told");
    topics.confirmed(&topic(), Instant::now());
    assert_eq!(topics.state(&topic()), Some(&TopicState::Leaving));
    topics.left(&topic());
    assert_eq!(topics.state(&topic()), None);
}

#[test]
fn wanting_again_while_leaving_asks_again_once_it_has_left() {
    let mut topics = Topics::default();
    topics.want(&topic(), Hold::default());
    topics.ask(Instant::now(), 9);
    topics.confirmed(&topic(), Instant::now());
    topics.release(&topic(), Hold::default());
    assert_eq!(topics.leave(9), [topic()]);
    topics.want(&topic(), Hold::default());
    assert!(topics.ask(Instant::now(), 9).is_empty(), "its leaving is under way");
    topics.left(&topic());
    assert_eq!(topics.ask(Instant::now(), 9), [topic()]);
}

#[test]
fn two_holders_share_one_topic() {
    let mut topics = Topics::default();
    topics.want(&topic(), Hold::default());
    topics.want(&topic(), REQUIRED);
    assert_eq!(topics.ask(Instant::now(), 9).len(), 1);
    assert!(topics.lacks_required());
    topics.confirmed(&topic(), Instant::now());
    assert!(!topics.lacks_required());
    topics.release(&topic(), REQUIRED);
    assert!(topics.leave(9).is_empty(), "somebody still holds it");
    topics.release(&topic(), Hold::default());
    assert_eq!(topics.leave(9), [topic()]);
}

#[test]
fn a_lost_link_makes_everything_wanted_but_what_was_refused_or_left() {
    let mut topics = Topics::default();
    for name in ["kept", "refused", "left"] {
        topics.want(&Topic::from(name), Hold::default());
    }
    topics.ask(Instant::now(), 9);
    topics.confirmed(&Topic::from("kept"), Instant::now());
    topics.refused(&Topic::from("refused"), Refusal::new("no"));
    topics.release(&Topic::from("left"), Hold::default());
    topics.link_lost();
    assert_eq!(topics.ask(Instant::now(), 9), [Topic::from("kept")]);
}

#[test]
fn an_unanswered_topic_is_asked_for_again_after_a_pause() {
    let now = Instant::now();
    let mut topics = Topics::default();
    topics.want(&topic(), Hold::default());
    topics.ask(now, 9);
    topics.unanswered(&topic(), now);
    assert!(topics.ask(now, 9).is_empty());
    assert_eq!(topics.timeout(), Some(now + RETRY_PAUSE));
    assert_eq!(topics.ask(now + RETRY_PAUSE, 9), [topic()]);
}

#[test]
fn the_most_urgent_topics_are_asked_for_first() {
    let mut topics = Topics::default();
    let hold = |priority| Hold { priority, ..Hold::default() };
    for (name, hold) in [("a", hold(0)), ("b", hold(7)), ("c", REQUIRED), ("d", hold(7))] {
        topics.want(&Topic::from(name), hold);
    }
    let order: Vec<_> = std::iter::repeat_with(|| topics.ask(Instant::now(), 1)).take(5).flatten().collect();
    assert_eq!(order, ["c", "b", "d", "a"].map(Topic::from));
    assert!(!topics.has_work());
}

#[test]
fn resynchronising_leaves_and_asks_again() {
    let now = Instant::now();
    let mut topics = Topics::default();
    topics.want(&topic(), Hold::default());
    topics.ask(now, 9);
    topics.confirmed(&topic(), now);
    topics.resynchronise("t");
    assert_eq!(topics.leave(9), [topic()]);
    assert!(topics.ask(now, 9).is_empty(), "not before the server has let go");
    topics.left(&topic());
    assert_eq!(topics.ask(now, 9), [topic()]);
}

#[test]
fn a_stream_that_broke_before_its_confirmation_is_subscribed_to_anew_after_it() {
    let now = Instant::now();
    let mut topics = Topics::default();
    topics.want(&topic(), Hold::default());
    topics.ask(now, 9);
    topics.resynchronise("t");
    assert!(topics.leave(9).is_empty(), "it is not yet known to the server");
    assert!(topics.confirmed(&topic(), now));
    assert_eq!(topics.leave(9), [topic()]);
}

#[test]
fn silence_is_stale_once_then_escalates_and_an_item_ends_it() {
    let start = Instant::now();
    let second = |n| start + Duration::from_secs(n);
    let mut topics = Topics::default();
    topics.want(&topic(), Hold { fresh_within: Some(Duration::from_secs(5)), ..Hold::default() });
    topics.ask(start, 9);
    topics.confirmed(&topic(), start);
    assert_eq!(topics.timeout(), Some(second(5)));
    assert!(topics.silences(second(5), |_| Some(second(3))).is_empty(), "it was heard at 3");
    assert_eq!(topics.silences(second(8), |_| Some(second(3))), [Silence::Stale(topic())]);
    assert_eq!(topics.silences(second(13), |_| Some(second(3))), [Silence::StillStale(topic())]);
    assert!(topics.silences(second(18), |_| Some(second(17))).is_empty());
    assert!(topics.statuses().all(|status| !status.is_stale));
}

#[test]
fn a_restored_topic_is_wanted_until_taken_over_or_forgotten() {
    let mut topics = Topics::default();
    topics.restore(&topic());
    topics.restore(&Topic::from("other"));
    topics.want(&topic(), Hold::default());
    topics.forget_restored();
    assert_eq!(topics.wanted(), [topic()]);
    topics.release(&topic(), Hold::default());
    assert!(topics.wanted().is_empty(), "the subscription had taken it over");
}
