//! What stands in a recording, what does not, and what becomes of one that was changed or cut.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{
    fs,
    task::{Context, Poll, Waker},
    time::{Duration, Instant, SystemTime},
};

use nova_behaviour::{
    Body, Channel, Everything, Handlers, Kept, LocalTopics, Policies, RawMessages, Settings, Topic,
};
use nova_frame_codec::{CloseCode, CloseFrame, ControlPayload, Frame, OpCode};
use nova_recorder::{Input, Keep, ReadError, Recorded, Recording, Verdict};
use nova_session::{Answer, Ask, Content, Start, Wanted};
use nova_transport::{Generation, Handshake, TransportError};

const SECRET: &str = "hunter2";

type Life = Recorded<
    Handlers<RawMessages, nova_behaviour::Quiet, nova_behaviour::RetryTransient, LocalTopics>,
    Policies,
>;

/// A session with an open link, recorded.
struct Stage {
    session: Life,
    now: Instant,
    link: Generation,
}

impl Stage {
    fn open(keep: Keep) -> Self {
        let now = Instant::now();
        let start = Start { now, wall: SystemTime::now(), seed: 7 };
        let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
        let Policies { reconnect, limiter, .. } = Policies::default();
        let session =
            Life::recording_from_start(handlers, reconnect, limiter, Settings::default(), start, keep);
        let mut stage = Self { session, now, link: Generation::new(1) };
        stage.dial();
        stage
    }

    fn dial(&mut self) {
        let place = (self.link.get() % 2) as usize;
        assert!(self.session.poll_dial(place, &noop()).is_ready());
        self.tick();
        self.session.handle_connected(self.now, SystemTime::now(), self.link, &Handshake::default());
        self.send();
        let _ = self.session.poll_timekeeper(&noop());
    }

    fn tick(&mut self) -> Instant {
        self.now += Duration::from_millis(3);
        self.now
    }

    fn frame(&mut self, fin: bool, opcode: OpCode, payload: &[u8]) {
        let now = self.tick();
        self.session.handle_heard(self.link);
        self.session.handle_frame(now, self.link, Frame { fin, opcode, payload });
    }

    /// Takes all frames that are to be sent.
    fn send(&mut self) {
        let now = self.tick();
        while self.session.poll_transmit(now, self.link, &noop()).is_ready() {}
        self.session.handle_flushed(now, self.link);
    }

    fn recording(&mut self) -> Recording {
        self.session.recording().unwrap()
    }
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// A life in which everything secret happens: requests, replies, items, pings, a close, a broken link.
fn life(keep: Keep) -> Stage {
    let mut stage = Stage::open(keep);
    let topic = Everything.topic();
    let id = stage.session.subscribe(Wanted::new(vec![topic])).unwrap();
    stage.send();
    let claims = |body: Body<'_>| body.as_text().is_some_and(|text| text.starts_with("reply"));
    let ask = {
        let mut ask = Ask::default();
        ask.answer = Answer::Matching(Box::new(claims));
        ask
    };
    let now = stage.tick();
    let asked = stage.session.request(now, Content::Raw(Kept::from(SECRET)), ask).unwrap();
    stage.send();
    stage.frame(true, OpCode::Text, format!("item {SECRET}").as_bytes());
    stage.frame(true, OpCode::Text, format!("reply {SECRET}").as_bytes());
    assert!(stage.session.poll_settled(asked, &noop()).is_ready());
    let ping = stage.session.ping(stage.now, None).unwrap();
    let nonce = match stage.session.poll_transmit(stage.now, stage.link, &noop()) {
        Poll::Ready(nova_session::Transmit::Frame(frame)) => frame.payload().to_vec(),
        _ => panic!("a ping goes out"),
    };
    stage.frame(true, OpCode::Pong, SECRET.as_bytes());
    stage.frame(true, OpCode::Pong, &nonce);
    assert!(stage.session.poll_settled(ping, &noop()).is_ready(), "its own pong ends it");
    stage.frame(true, OpCode::Ping, SECRET.as_bytes());
    stage.send();
    let mut body = Kept::default();
    let now = stage.now;
    assert!(stage.session.poll_delivery(|| now, id, &mut body, &noop()).is_ready());
    let close = CloseFrame::new(CloseCode::GOING_AWAY, SECRET);
    stage.frame(true, OpCode::Close, ControlPayload::from(&close).as_bytes());
    stage.send();
    let now = stage.tick();
    let io = std::io::Error::new(std::io::ErrorKind::ConnectionReset, SECRET);
    stage.session.handle_lost(now, stage.link, TransportError::from(io));
    assert!(stage.session.poll_over(stage.link, &noop()).is_ready());
    let mut records = Vec::new();
    assert!(stage.session.poll_events(stage.now, &mut records, &noop()).is_ready());
    let Some(due) = stage.session.poll_timeout() else { panic!("it comes back") };
    let _ = stage.session.poll_timekeeper(&noop());
    stage.now = due;
    stage.session.handle_timeout(due);
    stage.link = stage.link.next();
    stage.dial();
    stage
}

#[test]
fn a_life_replays_equal() {
    let recording = life(Keep::default()).recording();
    assert_eq!(recording.replay(), Verdict::Equal { inputs: recording.lines.len() });
    assert!(recording.lines.len() > 30);
}

#[test]
fn nothing_that_was_said_stands_in_a_recording() {
    let recording = life(Keep::default()).recording();
    let text = format!("{}{recording:?}{}", recording.to_text(), recording.lines[0]);
    assert!(!text.contains(SECRET));
    let story: String = recording.lines.iter().map(ToString::to_string).collect();
    assert!(!story.contains(SECRET));
    assert!(story.contains("closed by the peer with 1001"), "{story}");
}

#[test]
fn a_name_that_nobody_wants_is_the_peers_text() {
    let mut stage = Stage::open(Keep::default());
    stage.session.restore(&[Topic::from("wanted")]);
    stage.frame(true, OpCode::Text, SECRET.as_bytes());
    let recording = stage.recording();
    assert!(recording.replay().is_equal());
    assert!(recording.to_text().contains("wanted") && !recording.to_text().contains(SECRET));
}

#[test]
fn text_that_ends_inside_a_character_replays_equal() {
    for end in [&b""[..], b"x", b"\xFF"] {
        let mut stage = Stage::open(Keep::default());
        stage.frame(false, OpCode::Text, "na\u{ef}".as_bytes().split_last().unwrap().1);
        stage.frame(true, OpCode::Ping, b"between");
        stage.frame(true, OpCode::Continuation, end);
        stage.send();
        let recording = stage.recording();
        assert!(recording.to_text().contains("not_utf8"), "{end:?} is no text");
        assert!(recording.replay().is_equal(), "{end:?}: {}", recording.replay());
    }
}

#[test]
fn every_line_that_is_changed_or_missing_is_named() {
    let recording = life(Keep::default()).recording();
    for index in 0..recording.lines.len() {
        let mut changed = recording.clone();
        if changed.lines[index].told.pop().is_none() {
            continue;
        }
        match changed.replay() {
            Verdict::Differs(difference) => assert_eq!(difference.index, index),
            other => panic!("line {index} was changed: {other}"),
        }
    }
    let frames = recording.lines.iter().enumerate();
    for (index, _) in frames.filter(|(_, line)| matches!(line.input, Input::Frame { .. })) {
        let mut shorter = recording.clone();
        shorter.lines.remove(index);
        assert!(matches!(shorter.replay(), Verdict::Differs(_)), "frame {index} is missing");
    }
}

#[test]
fn another_seed_or_another_setting_is_another_life() {
    let recording = life(Keep::default()).recording();
    let mut other = recording.clone();
    other.header.seed += 1;
    assert!(matches!(other.replay(), Verdict::Differs(_)));
    let mut other = recording;
    other.header.settings.keep_alive.0 += Duration::from_millis(1);
    assert!(matches!(other.replay(), Verdict::Differs(_)));
}

#[test]
fn a_full_ring_keeps_the_newest_and_says_how_much_is_missing() {
    let all = life(Keep::default()).recording();
    let few = life(Keep::default().with_inputs(10)).recording();
    assert_eq!(few.lines.len(), 10);
    let missing = all.lines.len() as u64 - 10;
    assert_eq!((few.header.missing, few.is_whole()), (missing, false));
    assert_eq!(few.replay(), Verdict::Unchecked { missing });
    let kinds =
        |lines: &[nova_recorder::Line]| lines.iter().map(|line| line.input.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&few.lines), kinds(&all.lines[all.lines.len() - 10..]));
}

#[test]
fn a_ring_is_bounded_by_bytes_as_well() {
    let mut stage = Stage::open(Keep::default().with_bytes(20_000));
    for _ in 0..1000 {
        stage.frame(true, OpCode::Text, b"item");
    }
    let recording = stage.recording();
    assert!((20..400).contains(&recording.lines.len()), "{}", recording.lines.len());
    assert!(recording.header.missing > 1600);
}

#[test]
fn a_last_line_that_was_cut_off_is_left_out() {
    let recording = life(Keep::default()).recording();
    let text = recording.to_text();
    let torn = Recording::parse(&text[..text.len() - 9]).unwrap();
    assert!(torn.is_torn);
    assert_eq!(torn.lines, recording.lines[..recording.lines.len() - 1]);
    assert!(torn.replay().is_equal());
    let whole = Recording::parse(&text).unwrap();
    assert_eq!(whole, recording);
}

#[test]
fn what_is_no_recording_is_refused() {
    let text = life(Keep::default()).recording().to_text();
    assert!(matches!(Recording::parse(""), Err(ReadError::NoHeader)));
    assert!(matches!(Recording::parse("{}\n"), Err(ReadError::NoHeader)));
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(Recording::parse(&newer), Err(ReadError::OtherVersion { found: 2 })));
    let spoilt = text.replacen("\"in\":\"begin\"", "\"in\":\"bogus\"", 1);
    assert!(matches!(Recording::parse(&spoilt), Err(ReadError::Line { line: 2, .. })));
}

#[test]
fn a_file_is_there_whole_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("nova-recorder-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("life.recording.jsonl");
    let recording = life(Keep::default()).recording().with_incident("lost: io");
    recording.save(&path).unwrap();
    assert_eq!(Recording::load(&path).unwrap(), recording);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing lies beside it");
    assert!(recording.save(folder.join("missing").join("life")).is_err());
    assert!(matches!(Recording::load(folder.join("none")), Err(ReadError::Io(_))));
    fs::remove_dir_all(&folder).unwrap();
}
