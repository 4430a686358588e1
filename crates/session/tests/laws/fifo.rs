//! Replies that are recognised by their order alone.

use std::{collections::VecDeque, time::Duration};

use nova_behaviour::{Body, Kept};
use nova_frame_codec::Message;
use nova_session::{Answer, Content, RequestError};
use nova_testkit::world::{EchoPeer, Line, Peer};

use crate::kit::{FifoWorld, Ready, ask, fifo, millis, secs, text};

/// Says back everything, after a pause that is the next of a list.
struct Slow(VecDeque<Duration>);

impl Peer for Slow {
    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        line.echo_after(self.0.pop_front().unwrap_or_default(), message);
    }
}

#[test]
fn c35_a_timed_out_call_does_not_shift_later_replies() {
    let mut world = fifo().ready_with(Slow([secs(3), secs(3), secs(3)].into()));
    let first = world.echo(1, ask(|ask| ask.deadline = Some(secs(1)))).unwrap();
    let second = world.echo(2, ask(|_| {})).unwrap();
    let third = world.echo(3, ask(|_| {})).unwrap();
    assert!(matches!(world.wait(first), Err(RequestError::TimedOut { sent: true })));
    assert_eq!(text(world.wait(second)), "word#2");
    assert_eq!(text(world.wait(third)), "word#3");
}

#[test]
fn c35_a_cancelled_call_does_not_shift_later_replies() {
    let mut world = fifo().ready_with(EchoPeer { pause: millis(50), ..EchoPeer::default() });
    let first = world.echo(1, ask(|_| {})).unwrap();
    let second = world.echo(2, ask(|_| {})).unwrap();
    world.cancel(first);
    assert_eq!(text(world.wait(second)), "word#2");
}

#[test]
fn c35_tombstones_do_not_outlive_their_link() {
    let mut world = fifo().ready_with(EchoPeer { pause: secs(5), ..EchoPeer::default() });
    let lost = world.echo(1, ask(|ask| ask.deadline = Some(secs(1)))).unwrap();
    world.wait(lost).unwrap_err();
    world.cut();
    world.peer.pause = Duration::ZERO;
    world.run_until_ready();
    let next = world.echo(2, ask(|_| {})).unwrap();
    assert_eq!(text(world.wait(next)), "word#2");
}

#[test]
fn a_call_never_sent_leaves_no_tombstone() {
    let mut world = fifo().ready_with(EchoPeer::default());
    let sent = world.echo(1, ask(|_| {})).unwrap();
    world.wait(sent).unwrap();
    world.cut();
    let waits = world.echo(2, ask(|ask| ask.wait = Some(millis(100)))).unwrap();
    assert!(matches!(world.wait(waits), Err(RequestError::NotSent(_))));
    world.run_until_ready();
    let next = world.echo(3, ask(|_| {})).unwrap();
    assert_eq!(text(world.wait(next)), "word#3");
}

#[test]
fn a_matcher_and_calls_in_order_do_not_disturb_each_other() {
    let mut world = fifo().ready_with(EchoPeer { pause: millis(10), ..EchoPeer::default() });
    let first = world.echo(1, ask(|_| {})).unwrap();
    let matcher = |body: Body<'_>| body.as_text().is_some_and(|text| text.starts_with("special"));
    let content = Content::Request(Kept::from("special#2"));
    let special = ask(|ask| ask.answer = Answer::Matching(Box::new(matcher)));
    let special = world.ask(Some(2), content, special).unwrap();
    let third = world.echo(3, ask(|_| {})).unwrap();
    assert_eq!(text(world.wait(first)), "word#1");
    assert_eq!(text(world.wait(special)), "special#2");
    assert_eq!(text(world.wait(third)), "word#3");
}

#[test]
fn an_unasked_message_in_a_protocol_without_ids_answers_nobody() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.peer_does(|_, line| line.text("unasked"));
    world.run_for(secs(1));
    let id = world.echo(1, ask(|_| {})).unwrap();
    assert_eq!(text(world.wait(id)), "word#1");
    assert_eq!(world.count("stale"), 1);
}
