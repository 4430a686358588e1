//! What the tests of all laws share.

use std::{convert::Infallible, time::Duration};

use nova_behaviour::{
    Body, Correlation, Dialect, Handlers, Inbound, InitialConnect, Kept, MessageHandler, Plain, Policies,
    RequestId, Topic,
};
use nova_reconnect::Linear;
use nova_session::{Ask, RequestError, Settlement, Wanted};
use nova_testkit::world::{
    Marks, Peer, Setup, World,
    venue::{self, Topics, Words},
};

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

/// Such that the first connect is retried.
pub(crate) fn steady<H: nova_behaviour::Behaviour, P: nova_behaviour::Policy>(
    setup: Setup<H, P>,
) -> Setup<H, P> {
    setup.with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
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
