//! The made-up service of these tests: a message is a line of words.
//!
//! | Client says | Service answers |
//! |---|---|
//! | `7 say a b` | `7 ok a b` |
//! | `7 deny a b` | `7 no a b` |
//! | `7 hear a b` | the line `a b`, then `7 ok` |
//! | `7 hush` | nothing |
//! | `7 close 4001` | a close frame with that code |
//! | `7 cut` | the end of the stream |
//! | `7 subscribe a,b`, `7 unsubscribe a,b` | `7 ok a,b` |
//! | `7 login 1` | `7 ok` |
//!
//! On its own account it may say `* topic item`, `# topic 7 item` (its position), `# topic 7<6 item`
//! (and the one it follows), `! topic` (some are
//! missing), `!! topic` (subscribe anew), `? answer me so`, `?? a b` (two answers), `x` (close) and
//! `-` (nothing).

use std::{borrow::Cow, time::Duration};

use nova_testkit::net::{Conn, Entry, Event as Seen, Journal, PATIENCE, Peer, RawFrame, Served, within};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{
        AuthHandler, Behaviour, Body, Call, Channel, Confirmation, Correlation, Dialect, Grant, Idempotent,
        Inbound, Kept, LoginMoment, MessageHandler, Plain, Policy, Position, Refusal, RequestId, Speaking,
        SubscriptionHandler, Topic, TopicRequest,
    },
    client::Events,
    frame_codec::{CloseCode, CloseFrame},
    prelude::*,
    reconnect::Linear,
    session::EndCause,
    telemetry::Event,
};

/// The language.
pub(crate) struct Words;

impl Dialect for Words {
    type Request = String;
    type Codec = Plain;
}

impl Call<Words> for &str {
    type Reply = String;

    fn into_request(self) -> String {
        self.to_owned()
    }
}

/// A line that may be said twice.
pub(crate) struct Twice(pub(crate) &'static str);

impl Call<Words> for Twice {
    type Reply = String;

    fn into_request(self) -> String {
        self.0.to_owned()
    }
}

impl Idempotent for Twice {}

/// A stream of lines.
pub(crate) struct Stream(pub(crate) &'static str);

impl Channel for Stream {
    type Dialect = Words;
    type Item = String;

    fn topic(&self) -> Topic {
        Topic::from(self.0)
    }
}

/// Writes and reads lines.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lines;

/// A line outside of the language.
#[derive(Debug)]
pub(crate) struct Nonsense;

impl std::fmt::Display for Nonsense {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nonsense")
    }
}

impl std::error::Error for Nonsense {}

impl MessageHandler for Lines {
    type Dialect = Words;
    type Error = Nonsense;

    fn encode(&mut self, id: RequestId, line: String, out: &mut Kept) -> Result<Correlation, Nonsense> {
        if line.starts_with("unspeakable") {
            return Err(Nonsense);
        }
        *out = Kept::Text(format!("{id} {line}"));
        Ok(Correlation::ById)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Nonsense> {
        let line = message.as_text().ok_or(Nonsense)?;
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match first {
            "*" => {
                let (topic, item) = rest.split_once(' ').ok_or(Nonsense)?;
                Inbound::Event { topic: Cow::Borrowed(topic), position: None, body: Body::Text(item) }
            }
            "#" => {
                let mut words = rest.splitn(3, ' ');
                let (Some(topic), Some(position), Some(item)) = (words.next(), words.next(), words.next())
                else {
                    return Err(Nonsense);
                };
                let position = Some(read_position(position)?);
                Inbound::Event { topic: Cow::Borrowed(topic), position, body: Body::Text(item) }
            }
            "!" | "!!" => Inbound::Broken { topic: Cow::Borrowed(rest), resynchronise: first == "!!" },
            "?" => Inbound::Answer(rest.into()),
            "??" => Inbound::Answers(rest.split(' ').map(Kept::from).collect()),
            "x" => Inbound::Close(close_frame(4000)),
            "-" => Inbound::Ignore,
            number => {
                let to = Some(RequestId::new(number.parse().map_err(|_| Nonsense)?));
                match rest.split_once(' ').unwrap_or((rest, "")) {
                    ("ok", text) => Inbound::Reply { to, result: Ok(Body::Text(text)) },
                    ("no", text) => Inbound::Reply { to, result: Err(Refusal::new(text)) },
                    _ => return Err(Nonsense),
                }
            }
        })
    }
}

/// Reads `7`, or `7<6`.
fn read_position(text: &str) -> Result<Position, Nonsense> {
    let number = |text: &str| text.parse().map_err(|_| Nonsense);
    match text.split_once('<') {
        Some((own, follows)) => Ok(Position::new(number(own)?).following(number(follows)?)),
        None => number(text).map(Position::new),
    }
}

/// Subscribes to two topics at a time; the answer names what was confirmed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Topics;

impl SubscriptionHandler<Words> for Topics {
    fn batch(&self) -> usize {
        2
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        TopicRequest::Send(format!("subscribe {}", joined(topics)))
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        TopicRequest::Send(format!("unsubscribe {}", joined(topics)))
    }

    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        let named = answer.ok().and_then(|body| body.as_text().map(str::to_owned)).unwrap_or_default();
        let is_named = |topic: &&Topic| named.split(',').any(|name| name == topic.as_str());
        Confirmation {
            confirmed: asked.iter().filter(is_named).cloned().collect(),
            ..Confirmation::default()
        }
    }
}

fn joined(topics: &[Topic]) -> String {
    topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(",")
}

/// Logs in with a number that counts the logins; an answer may say for how many milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Logins {
    count: u32,
}

impl AuthHandler<Words> for Logins {
    fn login(&mut self, _moment: LoginMoment) -> Option<String> {
        self.count += 1;
        Some(format!("login {}", self.count))
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        let life = answer?.as_text().and_then(|text| text.parse().ok());
        Ok(life.map_or_else(Grant::default, |life| Grant::default().with_expires_in(millis(life))))
    }

    fn renewal_lead(&self) -> Duration {
        Duration::ZERO
    }
}

/// A service that serves every connection alike.
pub(crate) async fn venue() -> Served {
    serving(|mut conn| async move {
        conn.accept_upgrade().await;
        obey(&mut conn).await;
    })
    .await
}

/// A service that treats its connections in its own way.
pub(crate) async fn serving<F>(handler: impl Fn(Conn) -> F + Send + Sync + 'static) -> Served
where
    F: Future<Output = ()> + Send + 'static,
{
    Peer::serve(handler).await.expect("a port of the loopback interface is free")
}

/// Does what the client says, until either side ends the link.
pub(crate) async fn obey(conn: &mut Conn) {
    while let Some(frame) = conn.next().await {
        match frame.opcode {
            0x1 => {
                let line = frame.as_text().to_owned();
                let mut words = line.splitn(3, ' ');
                let id = words.next().unwrap_or_default();
                let (verb, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                if !act(conn, id, verb, rest).await {
                    return;
                }
            }
            0x8 => return conn.send(RawFrame::new(0x8, frame.payload)).await,
            0x9 => conn.send(RawFrame::pong(frame.payload)).await,
            _ => {}
        }
    }
}

/// One line; returns whether the link goes on.
async fn act(conn: &mut Conn, id: &str, verb: &str, rest: &str) -> bool {
    match verb {
        "say" | "subscribe" | "unsubscribe" => conn.send_text(&format!("{id} ok {rest}")).await,
        "deny" => conn.send_text(&format!("{id} no {rest}")).await,
        "hear" => {
            conn.send_text(rest).await;
            conn.send_text(&format!("{id} ok")).await;
        }
        "login" => conn.send_text(&format!("{id} ok")).await,
        "close" => conn.close_with(rest.parse().expect("a close code"), "as told").await,
        "cut" => return false,
        _ => {}
    }
    true
}

/// A client of that service that tries again after a millisecond.
pub(crate) fn prepare<H: Behaviour>(url: &str, handlers: H) -> Connect<Speaking<H>, Wire, Policies<Linear>> {
    let endpoint = Endpoint::parse(url).expect("the URL of a test server is right");
    Connect::new(speaking(endpoint, handlers), Wire::default()).with_policies(quick())
}

/// Reconnects after a millisecond.
pub(crate) fn quick() -> Policies<Linear> {
    Policies::default().with_reconnect(Linear::every(millis(1)))
}

/// A close frame without a reason.
pub(crate) fn close_frame(code: u16) -> CloseFrame {
    CloseFrame::from(CloseCode::try_from(code).expect("a close code that may travel"))
}

/// Waits for a state.
pub(crate) async fn until<H: Behaviour, P: Policy>(
    client: &Client<H, P>,
    what: &str,
    is_it: impl Fn(&State) -> bool,
) -> State {
    let mut watch = client.watch();
    let state = async {
        loop {
            let state = watch.changed().await;
            if is_it(&state) {
                return state;
            }
        }
    };
    within(PATIENCE, what, state).await
}

/// Waits until the client is ready on the link with this number.
pub(crate) async fn ready_on<H: Behaviour, P: Policy>(client: &Client<H, P>, number: u64) {
    until(
        client,
        &format!("ready on link {number}"),
        |state| matches!(state, State::Ready { link } if link.get() == number),
    )
    .await;
}

/// Waits until the client is closed, and tells why.
pub(crate) async fn ended<H: Behaviour, P: Policy>(client: &Client<H, P>) -> EndCause {
    within(PATIENCE, "the end of the client", client.closed()).await
}

/// Waits for the next item of a subscription, or gap.
pub(crate) async fn next<T>(stream: &mut Subscription<T>) -> Option<Delivery<T>> {
    within(PATIENCE, "an item", stream.next()).await
}

/// Waits for an event, passing over others.
pub(crate) async fn event(events: &mut Events, what: &str, is_it: impl Fn(&Event) -> bool) -> Event {
    let found = async {
        loop {
            let record = events.next().await.expect("the client is still there");
            if is_it(&record.event) {
                return record.event;
            }
        }
    };
    within(PATIENCE, what, found).await
}

/// Waits until the service has read a text message of which this holds.
pub(crate) async fn hears(journal: &Journal, what: &str, is_it: impl Fn(&str) -> bool) {
    hears_on(journal, None, what, is_it).await;
}

/// Like [`hears`], on one connection if it is named.
pub(crate) async fn hears_on(
    journal: &Journal,
    connection: Option<usize>,
    what: &str,
    is_it: impl Fn(&str) -> bool,
) {
    let is_text =
        |seen: &Seen| matches!(seen, Seen::Frame(frame) if frame.opcode == 1 && is_it(frame.as_text()));
    let is_there =
        |entry: &Entry| connection.is_none_or(|number| entry.link == number) && is_text(&entry.what);
    journal.wait_for(what, |entries| entries.iter().any(is_there)).await;
}

/// Waits until the service has read a close frame with this code on a connection.
pub(crate) async fn hears_close(journal: &Journal, connection: usize, code: u16) {
    journal
        .wait_for(&format!("close frame {code} on connection {connection}"), |entries| {
            entries.iter().any(|entry| {
                entry.link == connection
                    && matches!(&entry.what, Seen::Frame(frame) if frame.close_code() == Some(code))
            })
        })
        .await;
}

/// The text messages a connection brought, in order.
pub(crate) fn texts(journal: &Journal, connection: usize) -> Vec<String> {
    let frames =
        journal.frames().into_iter().filter(|(link, frame)| *link == connection && frame.opcode == 1);
    frames.map(|(_, frame)| frame.as_text().to_owned()).collect()
}
