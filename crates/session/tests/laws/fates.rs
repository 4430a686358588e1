//! L5: every request ends exactly once, and tells the truth about it.

use nova_behaviour::{Body, Kept, Settings};
use nova_session::{Answer, Content, NotSent, RequestError, Settlement};
use nova_testkit::world::{
    EchoPeer, Faults, Reception, Refusing, SilentPeer,
    venue::{VenuePeer, VenueRequest},
};
use nova_transport::LostReason;

use crate::kit::{FifoWorld, Ready, ask, fifo, millis, secs, text, venue};

#[test]
fn a_reply_reaches_its_caller() {
    let mut world = fifo().ready_with(EchoPeer::default());
    let id = world.echo(1, ask(|_| {})).unwrap();
    assert_eq!(text(world.wait(id)), "word#1");
}

#[test]
fn fifty_answers_in_any_order_reach_their_callers() {
    let mut world = venue().ready_with(VenuePeer { spread: secs(3), ..VenuePeer::default() });
    let ids: Vec<_> = (0..50).map(|n| (n, world.call(VenueRequest::say(format!("n{n}"))).unwrap())).collect();
    for (n, id) in ids {
        assert!(text(world.wait(id)).contains(&format!(r#""n{n}""#)));
    }
}

#[test]
fn an_error_of_the_server_is_refused_and_the_link_lives_on() {
    let mut world = venue().ready_with(VenuePeer::default());
    let id = world.call(VenueRequest::Login(1)).unwrap();
    let outcome = world.wait(id);
    assert!(
        matches!(&outcome, Err(RequestError::Refused(refusal)) if refusal.code == Some(401)),
        "{outcome:?}"
    );
    assert_eq!(world.dials(), 1);
}

#[test]
fn a_request_without_a_usable_link_fails_at_once_unsent() {
    let mut world = fifo().meet(EchoPeer::keeping());
    let refused = world.echo(1, ask(|_| {}));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::NotReady))));
    world.run_until_ready();
    world.run_for(secs(5));
    assert_eq!(world.peer.heard, []);
}

#[test]
fn a_request_that_waits_for_a_link_is_sent_once_there_is_one() {
    let mut world = fifo().meet(EchoPeer::default());
    let id = world.echo(1, ask(|ask| ask.wait = Some(secs(9)))).unwrap();
    assert_eq!(text(world.wait(id)), "word#1");
}

#[test]
fn a_request_that_waited_in_vain_says_so_when_its_wait_is_over() {
    let mut world = fifo().meet(Refusing::with(Reception::nobody()));
    world.run_for(millis(500));
    let id = world.echo(1, ask(|ask| ask.wait = Some(millis(2500)))).unwrap();
    let outcome = world.wait(id);
    assert!(matches!(outcome, Err(RequestError::NotSent(NotSent::WaitedInVain))), "{outcome:?}");
    assert_eq!(world.elapsed(), secs(3));
}

#[test]
fn no_reply_before_the_deadline_is_timed_out_as_sent() {
    let mut world = fifo().ready_with(SilentPeer::default());
    let begin = world.elapsed();
    let id = world.echo(1, ask(|ask| ask.deadline = Some(secs(3)))).unwrap();
    let outcome = world.wait(id);
    assert!(matches!(outcome, Err(RequestError::TimedOut { sent: true })), "{outcome:?}");
    assert_eq!(world.elapsed() - begin, secs(3));
    assert_eq!(world.session().live_requests(), 0);
}

#[test]
fn a_deadline_that_passes_before_sending_is_timed_out_as_not_sent() {
    let mut world = fifo().ready_with(SilentPeer::default());
    world.stop_reading(0);
    // The first fills the socket, so that the second never leaves the session.
    let first = world.echo(1, ask(|ask| ask.deadline = Some(secs(2)))).unwrap();
    let second = world.echo(2, ask(|ask| ask.deadline = Some(secs(2)))).unwrap();
    let (first, second) = (world.wait(first), world.wait(second));
    assert!(matches!(first, Err(RequestError::TimedOut { sent: true })), "{first:?}");
    assert!(matches!(second, Err(RequestError::TimedOut { sent: false })), "{second:?}");
    assert!(second.unwrap_err().is_unsent());
}

#[test]
fn the_default_deadline_is_that_of_the_settings() {
    let mut world = fifo()
        .with_settings(|settings| settings.keep_alive = nova_behaviour::KeepAlive::OFF)
        .ready_with(SilentPeer::default());
    let begin = world.elapsed();
    let id = world.echo(1, ask(|_| {})).unwrap();
    assert!(matches!(world.wait(id), Err(RequestError::TimedOut { sent: true })));
    assert_eq!(world.elapsed() - begin, Settings::default().call_deadline);
}

#[test]
fn a_lost_link_settles_at_once_what_was_sent_and_what_was_not() {
    let mut world = fifo().ready_with(SilentPeer::default());
    world.stop_reading(0);
    let sent = world.echo(1, ask(|_| {})).unwrap();
    let queued = world.echo(2, ask(|_| {})).unwrap();
    world.cut();
    let (sent, queued) = (world.outcome(sent).unwrap(), world.outcome(queued).unwrap());
    assert!(matches!(sent, Err(RequestError::SentUnknown { reason: LostReason::Broken(_), .. })), "{sent:?}");
    assert!(matches!(queued, Err(RequestError::NotSent(NotSent::LinkLost(_)))), "{queued:?}");
}

#[test]
fn what_waits_for_a_link_survives_the_loss_of_one_unless_it_was_sent() {
    let mut world = fifo().ready_with(EchoPeer::keeping());
    world.stop_reading(0);
    let waits = |ask: &mut nova_session::Ask| ask.wait = Some(secs(20));
    let sent = world.echo(1, ask(waits)).unwrap();
    let queued = world.echo(2, ask(waits)).unwrap();
    world.cut();
    assert!(matches!(world.outcome(sent), Some(Err(RequestError::SentUnknown { .. }))));
    assert_eq!(text(world.wait(queued)), "word#2");
    assert_eq!(world.peer.heard.len(), 1, "the first was not sent again");
}

#[test]
fn only_what_asked_for_it_is_replayed_and_once_on_each_link() {
    let mut world = fifo().ready_with(EchoPeer { pause: secs(1), ..EchoPeer::keeping() });
    let plain = world.echo(1, ask(|_| {})).unwrap();
    let first = world.echo(2, ask(|ask| ask.replay = true)).unwrap();
    let second = world.echo(3, ask(|ask| ask.replay = true)).unwrap();
    world.run_for(millis(100));
    world.cut();
    assert!(matches!(world.outcome(plain), Some(Err(RequestError::SentUnknown { .. }))));
    assert_eq!(text(world.wait(first)), "word#2");
    assert_eq!(text(world.wait(second)), "word#3");
    let order: Vec<_> = world.peer.heard.iter().map(|(link, text)| (link.get(), text.as_str())).collect();
    assert_eq!(order, [(1, "word#1"), (1, "word#2"), (1, "word#3"), (2, "word#2"), (2, "word#3")]);
}

#[test]
fn a_replay_that_finds_no_link_in_time_does_not_claim_it_was_never_sent() {
    let mut world = fifo().ready_with(EchoPeer { pause: secs(1), ..EchoPeer::default() });
    let ids = [
        world.echo(1, ask(|ask| (ask.replay, ask.wait) = (true, Some(millis(300))))).unwrap(),
        world.echo(2, ask(|ask| (ask.replay, ask.deadline) = (true, Some(millis(400))))).unwrap(),
        world.echo(3, ask(|ask| ask.replay = true)).unwrap(),
    ];
    world.run_for(millis(100));
    world.cut();
    world.run_for(millis(500));
    world.with(|session, now| session.shutdown(now, secs(1)));
    world.run_until_closed();
    for id in ids {
        let outcome = world.outcome(id).unwrap();
        assert!(!outcome.as_ref().unwrap_err().is_unsent(), "{outcome:?}");
    }
}

#[test]
fn a_full_lane_refuses_and_sends_nothing() {
    let mut world =
        fifo().with_settings(|settings| settings.lanes.user.count = 2).ready_with(SilentPeer::default());
    world.stop_reading(0);
    world.echo(0, ask(|_| {})).unwrap();
    world.echo(1, ask(|_| {})).unwrap();
    world.echo(2, ask(|_| {})).unwrap();
    let refused = world.echo(3, ask(|_| {}));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::LaneFull))), "{refused:?}");
}

#[test]
fn too_many_in_flight_are_refused_until_one_ends() {
    let mut world = fifo().with_settings(|settings| settings.in_flight = 2).ready_with(EchoPeer::default());
    let first = world.echo(1, ask(|_| {})).unwrap();
    world.echo(2, ask(|_| {})).unwrap();
    let refused = world.echo(3, ask(|_| {}));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::TooManyInFlight))), "{refused:?}");
    world.wait(first).unwrap();
    world.echo(4, ask(|_| {})).unwrap();
}

#[test]
fn cancelled_before_sending_it_is_never_sent() {
    let mut world = fifo().meet(EchoPeer::keeping());
    let id = world.echo(1, ask(|ask| ask.wait = Some(secs(20)))).unwrap();
    world.cancel(id);
    world.run_until_ready();
    world.run_for(secs(3));
    assert_eq!(world.peer.heard, []);
    assert_eq!(world.session().live_requests(), 0);
}

#[test]
fn cancelled_after_sending_its_reply_disturbs_nobody() {
    let mut world = venue().ready_with(VenuePeer::default());
    let first = world.call(VenueRequest::say("one")).unwrap();
    let second = world.call(VenueRequest::say("two")).unwrap();
    world.cancel(first);
    assert!(text(world.wait(second)).contains("two"));
    world.run_for(secs(1));
    assert_eq!(world.count("stale"), 1, "the reply nobody waits for is counted");
}

#[test]
fn a_notification_ends_when_it_is_handed_to_the_socket() {
    let mut world = venue().ready_with(VenuePeer::default());
    let request = Content::Request(VenueRequest::Tell("x".into()));
    let id = world.ask(None, request, ask(|ask| ask.answer = Answer::None)).unwrap();
    assert!(matches!(world.outcome(id), Some(Ok(Settlement::Handed))));
}

#[test]
fn a_notification_into_a_blocked_socket_has_not_been_handed_over() {
    let mut world = venue().ready_with(VenuePeer::default());
    world.stop_reading(3);
    let request = Content::Request(VenueRequest::Tell("x".into()));
    let id = world.ask(None, request, ask(|ask| ask.answer = Answer::None)).unwrap();
    world.run_for(secs(1));
    assert!(world.outcome(id).is_none());
    world.cut();
    assert!(matches!(world.outcome(id), Some(Err(RequestError::SentUnknown { .. }))));
}

#[test]
fn a_request_whose_reply_nothing_would_recognise_is_refused() {
    let mut world = venue().ready_with(VenuePeer::default());
    let refused = world.call(VenueRequest::Tell("x".into()));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::Uncorrelated))), "{refused:?}");
}

#[test]
fn a_matcher_claims_its_message_and_leaves_the_others_alone() {
    let mut world = venue().ready_with(VenuePeer { pause: millis(100), ..VenuePeer::default() });
    let raw = Content::Raw(Kept::from(r#"{"id":900,"say":"raw"}"#));
    let matcher = |body: Body<'_>| body.as_text().is_some_and(|text| text.contains("raw"));
    let matching = ask(|ask| ask.answer = Answer::Matching(Box::new(matcher)));
    let raw = world.ask(Some(900), raw, matching).unwrap();
    let plain = world.call(VenueRequest::say("plain")).unwrap();
    assert!(text(world.wait(raw)).contains("raw"));
    assert!(text(world.wait(plain)).contains("plain"));
}

#[test]
fn a_raw_message_without_a_matcher_is_refused() {
    let mut world = venue().ready_with(VenuePeer::default());
    let refused = world.ask(None, Content::Raw(Kept::from("{}")), ask(|_| {}));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::Uncorrelated))), "{refused:?}");
}

#[test]
fn a_ping_of_the_application_is_answered_by_its_own_pong_only() {
    let mut world = fifo().ready_with(EchoPeer::default());
    let id = world.ping(None).unwrap();
    world.peer_does(|_, line| line.pong(b"not yours"));
    assert!(world.is_open(id));
    let outcome = world.wait(id);
    assert!(matches!(outcome, Ok(Settlement::Pong(span)) if span == millis(20)), "{outcome:?}");
}

#[test]
fn a_ping_nobody_answers_is_timed_out() {
    let mut world = fifo().ready_with(SilentPeer::default());
    let id = world.ping(Some(secs(2))).unwrap();
    assert!(matches!(world.wait(id), Err(RequestError::TimedOut { sent: true })));
}

#[test]
fn c25_whatever_byte_a_request_breaks_at_the_peer_sees_it_at_most_once() {
    let length = 2 + 4 + "word#1".len() as u64;
    for cut in 0..=length + 1 {
        let mut world = fifo().with_faults(Faults::cut_up(cut)).ready_with(EchoPeer::keeping());
        let id = world.echo(1, ask(|_| {})).unwrap();
        let outcome = world.wait(id);
        let arrived = world.peer.heard.len();
        assert_eq!(arrived, usize::from(cut >= length), "cut after {cut} bytes");
        let is_unknown = matches!(outcome, Err(RequestError::SentUnknown { .. }));
        assert!(is_unknown || outcome.is_ok() && arrived == 1, "cut after {cut} bytes: {outcome:?}");
        world.run_for(secs(60));
        assert_eq!(world.peer.heard.len(), arrived, "nothing is sent again");
    }
}

#[test]
fn what_a_matcher_declines_does_not_answer_its_request_by_id_either() {
    let mut world = venue().ready_with(VenuePeer::default());
    let matcher = |body: Body<'_>| body.as_text().is_some_and(|text| text.contains("the right one"));
    let matching = ask(|ask| ask.answer = Answer::Matching(Box::new(matcher)));
    let id = world.ask(Some(900), Content::Raw(Kept::from(r#"{"id":900,"tell":1}"#)), matching).unwrap();
    let number = id.get();
    world.peer_does(|_, line| {
        line.text(format!(r#"{{"id":{number},"result":"the wrong one"}}"#));
        line.text(r#"{"id":900,"result":"the right one"}"#);
    });
    assert!(text(world.wait(id)).contains("the right one"));
}
