//! A recording lived again, and held against what was recorded.

use std::{
    collections::HashMap,
    fmt,
    task::{Context, Waker},
    time::{Instant, SystemTime},
};

use nova_behaviour::{Kept, Policies, RequestId};
use nova_frame_codec::Frame;
use nova_session::{Answer, Ask, Content, Start, SubscriptionId, tape::Said};
use nova_telemetry::NoObserver;
use nova_transport::{Generation, Handshake};

use crate::{
    failure::phase_of,
    line::{Asked, Input, Kind, Line, Opcode, Shape, Told},
    playback::{FILLER, MOST, Playback, Script, filler, instant},
    recorded::Recorded,
    recording::Recording,
    ring::Keep,
};

/// What a replay came to.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Everything the session said was what was recorded.
    Equal {
        /// How many inputs were replayed.
        inputs: usize,
    },
    /// Something was not.
    Differs(Box<Difference>),
    /// The recording does not begin with the session, so nothing was replayed.
    Unchecked {
        /// How many inputs are missing before its first line.
        missing: u64,
    },
}

/// The first line that came out different.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Its index among the recording's lines.
    pub index: usize,
    /// What was recorded.
    pub recorded: Line,
    /// What came of it this time; `None` if nothing did.
    pub replayed: Option<Line>,
}

impl Recording {
    /// Lives it again: a session is told what was recorded, foreign code answers what it answered,
    /// payloads are filler of the same length. Everything the session says is held against what was
    /// recorded: dial orders, frames, events, deliveries, outcomes, timeouts, states.
    ///
    /// Only a recording that [begins with the session](Self::is_whole) can be replayed.
    #[must_use]
    pub fn replay(&self) -> Verdict {
        let missing = self.header.missing;
        if missing > 0 {
            return Verdict::Unchecked { missing };
        }
        let cuts = cuts(&self.lines);
        let mut stage: Option<Stage> = None;
        for (index, line) in self.lines.iter().enumerate() {
            let replayed = match (&mut stage, &line.input) {
                (None, Input::Begin) => {
                    let stage = stage.insert(Stage::begin(self, line));
                    stage.session.take_lines()
                }
                (Some(stage), input) if *input != Input::Begin => {
                    stage.play(line, cuts.get(&index).copied().unwrap_or_default())
                }
                _ => Vec::new(),
            };
            if replayed.len() != 1 || replayed.first() != Some(line) {
                let replayed = replayed.into_iter().next();
                return Verdict::Differs(Box::new(Difference { index, recorded: line.clone(), replayed }));
            }
        }
        Verdict::Equal { inputs: self.lines.len() }
    }
}

impl Verdict {
    /// Whether everything was as recorded.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        matches!(self, Self::Equal { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal { inputs } => write!(f, "equal: all {inputs} inputs had the recorded outcome"),
            Self::Unchecked { missing } => {
                write!(f, "not checked: {missing} inputs are missing at its beginning")
            }
            Self::Differs(difference) => difference.fmt(f),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "differs at input {}:", self.index + 1)?;
        writeln!(f, "  recorded: {}", self.recorded)?;
        match &self.replayed {
            Some(line) => write!(f, "  replayed: {line}"),
            None => write!(f, "  replayed: nothing came of it"),
        }
    }
}

/// A session under replay.
struct Stage {
    session: Recorded<Playback, Policies<Script, Script, NoObserver>>,
    script: Script,
    start: Instant,
}

impl Stage {
    fn begin(recording: &Recording, line: &Line) -> Self {
        let start = Instant::now();
        let script = Script::new(start);
        script.load(&line.said);
        // Wall time is told to handlers alone, which answer from the recording.
        let told = Start { now: start, wall: SystemTime::UNIX_EPOCH, seed: recording.header.seed };
        let settings = (&recording.header.settings).into();
        let session = Recorded::recording_from_start(
            script.handlers(),
            script.clone(),
            script.clone(),
            settings,
            told,
            Keep::default(),
        );
        Self { session, script, start }
    }

    /// Tells the session one input, and yields what it made of it.
    fn play(&mut self, line: &Line, cut: Cut) -> Vec<Line> {
        self.script.load(&line.said);
        self.tell(line, cut);
        self.session.take_lines()
    }

    fn tell(&mut self, line: &Line, cut: Cut) {
        let Self { session, script, start } = self;
        let now = instant(*start, line.at);
        let cx = &Context::from_waker(Waker::noop());
        let generation = |link: &u64| Generation::new(*link);
        match &line.input {
            Input::Begin => {}
            Input::Dial { place } => {
                let _ = session.poll_dial(place & 1, cx);
            }
            Input::Phase { link, name } => session.handle_phase(now, generation(link), phase_of(name)),
            Input::ConnectFailed { link, error } => {
                session.handle_connect_failed(now, generation(link), error.rebuild());
            }
            Input::Connected { link } => {
                let wall = SystemTime::UNIX_EPOCH;
                session.handle_connected(now, wall, generation(link), &Handshake::default());
            }
            Input::Heard { link } => session.handle_heard(generation(link)),
            Input::Frame { link, frame } => {
                let payload = payload(frame, cut, line.said.contains(&Said::NotUtf8));
                let frame = Frame { fin: frame.fin, opcode: frame.op.into(), payload: &payload };
                session.handle_frame(now, generation(link), frame);
            }
            Input::Lost { link, error } => session.handle_lost(now, generation(link), error.rebuild()),
            Input::Transmit { link } => {
                let _ = session.poll_transmit(now, generation(link), cx);
            }
            Input::Flushed { link } => session.handle_flushed(now, generation(link)),
            Input::Over { link } => {
                let _ = session.poll_over(generation(link), cx);
            }
            Input::Sleep => {
                let _ = session.poll_timekeeper(cx);
            }
            Input::Timeout => session.handle_timeout(now),
            Input::Events => {
                let _ = session.poll_events(now, &mut Vec::new(), cx);
            }
            Input::Request(asked) => {
                let _ = session.request(now, content(asked), ask(asked, script, line));
            }
            Input::Ping { deadline } => {
                let _ = session.ping(now, *deadline);
            }
            Input::Settled { id } => {
                let _ = session.poll_settled(RequestId::new(*id), cx);
            }
            Input::Cancel { id } => session.cancel(now, RequestId::new(*id)),
            Input::UndecodableReply => session.handle_undecodable_reply(),
            Input::Subscribe(wish) => {
                let _ = session.subscribe((&**wish).into());
            }
            Input::Unsubscribe { id } => {
                let _ = session.unsubscribe(now, SubscriptionId::new(*id));
            }
            Input::Take { id, clock } => {
                let clock = || clock.map_or(now, |at| instant(*start, at));
                let _ = session.poll_delivery(clock, SubscriptionId::new(*id), &mut Kept::default(), cx);
            }
            Input::UndecodableItem { id, topic } => {
                let _ = session.handle_undecodable(SubscriptionId::new(*id), topic);
            }
            Input::Restore(topics) => session.restore(topics),
            Input::ForgetRestored => session.forget_restored(),
            Input::Authenticate => {
                let _ = session.authenticate(now);
            }
            Input::Reconnect => session.reconnect(now),
            Input::Reconfigure(settings) => {
                let _ = session.reconfigure(now, (&**settings).into());
            }
            Input::Shutdown { within } => session.shutdown(now, *within),
            Input::Abandon => session.abandon(now),
        }
    }
}

fn content(asked: &Asked) -> Content<crate::playback::Silence> {
    asked.raw.map_or(Content::Request(()), |size| Content::Raw(filler(size)))
}

fn ask(asked: &Asked, script: &Script, line: &Line) -> Ask {
    let mut ask = Ask::default();
    (ask.deadline, ask.wait) = (asked.deadline, asked.wait);
    (ask.priority, ask.replay) = (asked.priority, asked.replay);
    ask.answer = match asked.ends {
        Kind::Correlated => Answer::Correlated,
        Kind::Nothing => Answer::None,
        Kind::Matching => {
            let id = line.told.iter().find_map(|told| match told {
                Told::Accepted(id) => Some(*id),
                _ => None,
            });
            Answer::Matching(script.matcher(id))
        }
    };
    ask
}

/// How the text of a fragment ends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Cut {
    /// Between two characters.
    #[default]
    Between,
    /// Inside one that never goes on.
    Inside,
}

/// A payload with the properties that were recorded.
fn payload(frame: &Shape, cut: Cut, is_not_utf8: bool) -> Vec<u8> {
    let mut payload = vec![FILLER; frame.len.min(MOST)];
    if let Some(code) = frame.code
        && let [high, low, ..] = payload.as_mut_slice()
    {
        [*high, *low] = code.to_be_bytes();
    }
    if let Some(nonce) = frame.nonce
        && payload.len() == 8
    {
        payload.copy_from_slice(&nonce.to_be_bytes());
    }
    let first_free = if frame.code.is_some() { 2 } else { 0 };
    if let Some(last) = payload.get_mut(first_free..).and_then(<[u8]>::last_mut) {
        match (is_not_utf8, cut) {
            // No text contains this byte.
            (true, _) => *last = 0xFF,
            // A character of two bytes begins.
            (false, Cut::Inside) => *last = 0xC3,
            (false, Cut::Between) => {}
        }
    }
    payload
}

/// The fragments whose text has to end inside a character, since the empty one that ends the message
/// was found to be no text.
fn cuts(lines: &[Line]) -> HashMap<usize, Cut> {
    let mut cuts = HashMap::new();
    for (index, line) in lines.iter().enumerate() {
        let Input::Frame { link, frame: Shape { len: 0, op: Opcode::Continuation, .. } } = &line.input else {
            continue;
        };
        if !line.said.contains(&Said::NotUtf8) {
            continue;
        }
        let is_part = |line: &Line| match &line.input {
            Input::Frame { link: on, frame } if on == link && frame.len > 0 => {
                matches!(frame.op, Opcode::Text | Opcode::Continuation)
            }
            _ => false,
        };
        if let Some(part) = lines[..index].iter().rposition(is_part) {
            cuts.insert(part, Cut::Inside);
        }
    }
    cuts
}
