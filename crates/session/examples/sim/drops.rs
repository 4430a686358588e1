//! How fast reconnections are simulated: each link logs in, has ten topics acknowledged, receives an
//! item, and breaks.
//!
//! The service speaks JSON with ids; both sides scan it rather than parse it, so that it is the session
//! that is measured, and the world around it with everything it checks.

use std::{borrow::Cow, convert::Infallible, error::Error, fmt::Write as _, time::Instant};

use nova_behaviour::{
    AuthHandler, Body, Confirmation, Correlation, Dialect, Handlers, Inbound, InitialConnect, Kept,
    LoginMoment, MessageHandler, Plain, Policies, Refusal, RequestId, SubscriptionHandler, Topic,
    TopicRequest,
};
use nova_frame_codec::Message;
use nova_reconnect::Linear;
use nova_session::{Overflow, Wanted};
use nova_testkit::world::{Line, Network, Peer, Setup};

use crate::kit::millis;

const TOPICS: [&str; 10] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"];

/// Reconnects so many times and prints how long it took.
pub(crate) fn run(links: u64) -> Result<(), Box<dyn Error>> {
    let mut network = Network::instant().with_latency(millis(1));
    network.phases.clear();
    let handlers = Handlers::new(Scan).with_subscriptions(Ten).with_auth(Nonce);
    let mut world = Setup::new(handlers)
        .with_policies(Policies::default().with_reconnect(Linear::every(millis(10))))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .with_network(network)
        .with_trace(100)
        .meet(Service::default());
    let mut wanted = Wanted::new(TOPICS.into_iter().map(Topic::from).collect());
    (wanted.required, wanted.overflow) = (true, Overflow::DropOldest);
    let stream = world.subscribe(wanted)?;

    let start = Instant::now();
    while world.peer.complete < links {
        world.step();
    }
    let took = start.elapsed().as_secs_f64();

    let counts = world.session().delivery_counts(stream).ok_or("the stream is there")?;
    let (steps, rate) = (world.steps(), links as f64 / took);
    println!(
        "{links} reconnections in {took:.2} s, {rate:.0} a second, in {:.1} steps each; {} items received",
        steps as f64 / links as f64,
        counts.received,
    );
    let is_complete = world.peer.complete == world.dials() && counts.received + 1 >= links;
    if is_complete { Ok(()) } else { Err("a link was lost before it was complete".into()) }
}

/// What is asked of the service.
enum Asked {
    Login(u64),
    Subscribe(Vec<Topic>),
    Unsubscribe,
}

struct Words;

impl Dialect for Words {
    type Request = Asked;
    type Codec = Plain;
}

struct Scan;

impl MessageHandler for Scan {
    type Dialect = Words;
    type Error = Infallible;

    fn encode(&mut self, id: RequestId, request: Asked, out: &mut Kept) -> Result<Correlation, Infallible> {
        let mut text = String::with_capacity(96);
        let written = match request {
            Asked::Login(nonce) => write!(text, r#"{{"id":{id},"login":{nonce}}}"#),
            Asked::Subscribe(topics) => {
                text.push_str("{\"id\":");
                let written = write!(text, "{id},\"subscribe\":[");
                for (place, topic) in topics.iter().enumerate() {
                    text.push_str(if place == 0 { "\"" } else { ",\"" });
                    text.push_str(topic.as_str());
                    text.push('"');
                }
                text.push_str("]}");
                written
            }
            Asked::Unsubscribe => write!(text, r#"{{"id":{id},"unsubscribe":[]}}"#),
        };
        written.expect("writing to a string cannot fail");
        *out = Kept::Text(text);
        Ok(Correlation::ById)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Infallible> {
        let text = message.as_text().unwrap_or_default();
        if let Some((id, result)) = text.strip_prefix(r#"{"id":"#).and_then(|rest| rest.split_once(',')) {
            let to = id.parse().ok().map(RequestId::new);
            return Ok(Inbound::Reply { to, result: Ok(Body::Text(result)) });
        }
        let item = text.strip_prefix(r#"{"topic":""#).and_then(|rest| rest.split_once('"'));
        Ok(item.map_or(Inbound::Ignore, |(topic, item)| Inbound::Event {
            topic: Cow::Borrowed(topic),
            position: None,
            body: Body::Text(item),
        }))
    }
}

/// The topics of an array of JSON, quotes and all.
fn topics(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(3).step_by(2)
}

struct Ten;

impl SubscriptionHandler<Words> for Ten {
    fn batch(&self) -> usize {
        TOPICS.len()
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<Asked> {
        TopicRequest::Send(Asked::Subscribe(topics.to_vec()))
    }

    fn unsubscribe(&mut self, _topics: &[Topic]) -> TopicRequest<Asked> {
        TopicRequest::Send(Asked::Unsubscribe)
    }

    /// Only what the answer names is confirmed.
    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        let text = answer.ok().and_then(|body| body.as_text()).unwrap_or_default();
        let named = topics(text).filter_map(|name| asked.iter().find(|topic| topic.as_str() == name));
        Confirmation { confirmed: named.cloned().collect(), ..Confirmation::default() }
    }
}

struct Nonce;

impl AuthHandler<Words> for Nonce {
    fn login(&mut self, moment: LoginMoment) -> Option<Asked> {
        Some(Asked::Login(moment.nonce))
    }
}

/// Answers what it is asked, and breaks each link once all of it has been.
#[derive(Default)]
struct Service {
    is_known: bool,
    /// Links that have logged in and subscribed to all ten topics.
    complete: u64,
}

impl Peer for Service {
    fn connected(&mut self, _line: &mut Line<'_>) {
        self.is_known = false;
    }

    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        let Message::Text(text) = message else { return };
        let (id, request) = text
            .strip_prefix(r#"{"id":"#)
            .and_then(|rest| rest.split_once(','))
            .expect("a request has an id");
        if request.starts_with(r#""login""#) {
            self.is_known = true;
            return line.text(format!(r#"{{"id":{id},"ok":true}}"#));
        }
        assert!(self.is_known, "asked before the login: {request}");
        let names = request.split_once('[').map_or("", |(_, names)| names);
        assert!(topics(request).eq(TOPICS), "each link asks for all topics, once: {request}");
        line.text(format!(r#"{{"id":{id},"on":[{names}"#));
        line.text(r#"{"topic":"t3","item":1}"#);
        self.complete += 1;
        line.reset_after(millis(5));
    }
}
