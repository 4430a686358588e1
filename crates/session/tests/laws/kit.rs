//! What the tests of all laws share.

use std::{convert::Infallible, time::Duration};

use nova_behaviour::{
    Body, Correlation, Dialect, Handlers, Inbound, InitialConnect, Kept, MessageHandler, Plain, Policies,
    RequestId, Topic,
};
use nova_frame_codec::{Frame, Message, OpCode};
use nova_reconnect::Linear;
use nova_session::{Ask, RequestError, Settlement, Wanted};
use nova_testkit::world::{
    Incoming, Keep, Line, Marks, Peer, Reception, Setup, World,
    venue::{self, Topics, Words},
};
use nova_transport::Generation;

/// A service without ids, whose answers come in order.
pub(crate) struct Fifo;

impl Dialect for Fifo {
    type Request = Kept;
    type Codec = Plain;
}

impl MessageHandler for Fifo {
    type Dialect = Self;
    type Error = Infallible;

    fn encode(&mut self, _: RequestId, request: Kept, out: &mut Kept) -> Result<Correlation, Infallible> {
        *out = request;
        Ok(Correlation::Fifo)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Infallible> {
        Ok(Inbound::Reply { to: None, result: Ok(message) })
    }
}

pub(crate) type Paced = Policies<Linear>;
pub(crate) type VenueHandlers =
    Handlers<Words, nova_behaviour::Quiet, nova_behaviour::RetryTransient, Topics>;

/// Reconnects after a second each time, which makes for readable tests.
pub(crate) fn each_second() -> Paced {
    Policies::default().with_reconnect(Linear::every(secs(1)))
}

/// A session that speaks to a service without ids.
pub(crate) fn fifo() -> Setup<Handlers<Fifo>, Paced> {
    steady(Setup::new(Handlers::new(Fifo)).with_marks(Marks::HASH).with_policies(each_second()))
}

/// A session that speaks to the made-up venue.
pub(crate) fn venue() -> Setup<VenueHandlers, Paced> {
    steady(Setup::new(venue::handlers()).with_marks(venue::MARKS).with_policies(each_second()))
}

/// Such that the first connect is retried, and the life is recorded: it is replayed at its end.
pub(crate) fn steady<H: nova_behaviour::Behaviour, P: nova_behaviour::Policy>(
    setup: Setup<H, P>,
) -> Setup<H, P> {
    setup.with_settings(|settings| settings.initial_connect = InitialConnect::Retry).recorded(Keep::default())
}

/// Makes a world and waits for it to be ready.
pub(crate) trait Ready<H: nova_behaviour::Behaviour, P: nova_behaviour::Policy> {
    fn ready_with<V: Peer>(self, peer: V) -> World<H, P, V>;
}

impl<H: nova_behaviour::Behaviour, P: nova_behaviour::Policy> Ready<H, P> for Setup<H, P> {
    fn ready_with<V: Peer>(self, peer: V) -> World<H, P, V> {
        let mut world = self.meet(peer);
        world.run_until_ready();
        world
    }
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn ask(change: impl FnOnce(&mut Ask)) -> Ask {
    let mut ask = Ask::default();
    change(&mut ask);
    ask
}

pub(crate) fn wanted(topics: &[&str], change: impl FnOnce(&mut Wanted)) -> Wanted {
    let mut wanted = Wanted::new(topics.iter().map(|topic| Topic::from(*topic)).collect());
    change(&mut wanted);
    wanted
}

/// The text of a reply.
#[track_caller]
pub(crate) fn text(outcome: Result<Settlement, RequestError>) -> String {
    match outcome {
        Ok(Settlement::Reply(Kept::Text(text))) => text,
        other => panic!("not a reply of text: {other:?}"),
    }
}

pub(crate) trait FifoWorld {
    /// Asks for the echo of a word, marked with a number.
    fn echo(&mut self, mark: u64, ask: Ask) -> Result<RequestId, RequestError>;
}

impl<P: nova_behaviour::Policy, V: Peer> FifoWorld for World<Handlers<Fifo>, P, V> {
    fn echo(&mut self, mark: u64, ask: Ask) -> Result<RequestId, RequestError> {
        let content = nova_session::Content::Request(Kept::from(format!("word#{mark}")));
        self.ask(Some(mark), content, ask)
    }
}

/// Writes down all that its inner peer hears, and when.
#[derive(Debug, Default)]
pub(crate) struct Recorder<V> {
    pub(crate) inner: V,
    /// Time, link, and a word for each: `text(..)`, `ping`, `close 1000`, `gone`, ...
    pub(crate) heard: Vec<(Duration, u64, String)>,
    pub(crate) attempts: Vec<Incoming>,
    now: Duration,
}

impl<V> Recorder<V> {
    pub(crate) fn of(inner: V) -> Self {
        Self { inner, heard: Vec::new(), attempts: Vec::new(), now: Duration::ZERO }
    }

    /// What was heard on a link, without times.
    pub(crate) fn on(&self, link: u64) -> Vec<&str> {
        self.heard.iter().filter(|(_, on, _)| *on == link).map(|(.., what)| what.as_str()).collect()
    }

    /// When something was heard.
    pub(crate) fn times(&self, what: &str) -> Vec<Duration> {
        self.heard.iter().filter(|(.., heard)| heard == what).map(|(at, ..)| *at).collect()
    }

    fn note(&mut self, line: &Line<'_>, message: &Message<'_>) {
        let what = match message {
            Message::Text(text) if text.len() > 99 => format!("text({} bytes)", text.len()),
            Message::Text(text) => (*text).to_owned(),
            Message::Binary(bytes) => format!("binary({} bytes)", bytes.len()),
            Message::Ping(_) => "ping".to_owned(),
            Message::Pong(payload) => format!("pong {}", String::from_utf8_lossy(payload)),
            Message::Close(None) => "close".to_owned(),
            Message::Close(Some(frame)) => format!("close {}", frame.code().get()),
        };
        self.now = line.at();
        self.heard.push((line.at(), line.link().get(), what));
    }
}

impl<V: Peer> Peer for Recorder<V> {
    fn receive(&mut self, incoming: &Incoming) -> Reception {
        self.attempts.push(incoming.clone());
        self.inner.receive(incoming)
    }

    fn connected(&mut self, line: &mut Line<'_>) {
        self.inner.connected(line);
    }

    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        self.note(line, message);
        self.inner.message(line, message);
    }

    fn control(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        self.note(line, message);
        self.inner.control(line, message);
    }

    fn timer(&mut self, line: &mut Line<'_>, token: u64) {
        self.inner.timer(line, token);
    }

    fn gone(&mut self, link: Generation) {
        self.heard.push((self.now, link.get(), "gone".to_owned()));
        self.inner.gone(link);
    }
}

/// The frame a session would be given.
pub(crate) const fn frame(opcode: OpCode, payload: &[u8]) -> Frame<'_> {
    Frame { fin: true, opcode, payload }
}
