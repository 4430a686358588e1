//! What client and peer speak here: a message is a number, a verb and the rest.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex},
    time::Instant,
};

use websockex_nova::{
    behaviour::{
        AuthHandler, Body, Call, Channel, Correlation, Dialect, Grant, Idempotent, Inbound, Kept,
        LoginMoment, MessageHandler, NoSettings, Plain, Quiet, RateLimitHandler, Refusal, RequestId,
        RetryTransient, SubscriptionHandler, Topic, TopicRequest,
    },
    prelude::*,
    ratelimit::{Admission, Budget, BudgetId, Charge, ChargeError, Limiter, TokenBuckets},
};

pub(crate) type Speaks = Handlers<Lines, Quiet, RetryTransient, Topics, Logins, NoSettings, Prices>;

pub(crate) fn handlers() -> Speaks {
    Handlers::new(Lines).with_subscriptions(Topics).with_auth(Logins).with_limits(Prices)
}

/// The language.
pub(crate) struct Words;

impl Dialect for Words {
    type Request = String;
    type Codec = Plain;
}

/// A line to be answered.
pub(crate) struct Line(pub(crate) &'static str);

impl Call<Words> for Line {
    type Reply = String;

    fn into_request(self) -> String {
        self.0.to_owned()
    }
}

impl Idempotent for Line {}

/// A stream of lines.
pub(crate) struct Stream;

impl Channel for Stream {
    type Dialect = Words;
    type Item = String;

    fn topic(&self) -> Topic {
        Topic::from("stream")
    }
}

#[derive(Clone)]
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
        *out = Kept::Text(format!("{id} {line}"));
        Ok(Correlation::ById)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Nonsense> {
        let Some(line) = message.as_text() else { return Ok(Inbound::Ignore) };
        let (first, rest) = line.split_once(' ').ok_or(Nonsense)?;
        Ok(match first {
            "-" => Inbound::Ignore,
            "*" => {
                let (topic, item) = rest.split_once(' ').ok_or(Nonsense)?;
                Inbound::Event { topic: Cow::Borrowed(topic), position: None, body: Body::Text(item) }
            }
            number => {
                let to = Some(RequestId::new(number.parse().map_err(|_| Nonsense)?));
                let text = rest.strip_prefix("ok ").ok_or(Nonsense)?;
                Inbound::Reply { to, result: Ok(Body::Text(text)) }
            }
        })
    }
}

#[derive(Clone)]
pub(crate) struct Topics;

impl SubscriptionHandler<Words> for Topics {
    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        TopicRequest::Send(format!("subscribe {}", topics[0]))
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        TopicRequest::Send(format!("unsubscribe {}", topics[0]))
    }
}

#[derive(Clone)]
pub(crate) struct Logins;

impl AuthHandler<Words> for Logins {
    fn login(&mut self, _moment: LoginMoment) -> Option<String> {
        Some("login me".to_owned())
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        answer.map(|_| Grant::default())
    }
}

/// Every message costs one credit.
#[derive(Clone)]
pub(crate) struct Prices;

impl RateLimitHandler<Words> for Prices {
    fn price(&mut self, _request: &String) -> Charge {
        Charge::one(CREDITS, 1)
    }

    fn price_of_raw(&mut self, _message: Body<'_>) -> Charge {
        Charge::one(CREDITS, 1)
    }
}

const CREDITS: BudgetId = BudgetId::new("credits");

/// A limiter whose credits the test can count.
#[derive(Clone)]
pub(crate) struct Credits(Arc<Mutex<TokenBuckets>>);

impl Credits {
    /// So many credits; one comes back each second.
    pub(crate) fn new(count: u32) -> Self {
        let budget = Budget::new(count).with_refill(1, secs(1));
        let buckets = TokenBuckets::new().with_budget(CREDITS, budget).expect("the budget makes sense");
        Self(Arc::new(Mutex::new(buckets)))
    }

    /// How many are left.
    pub(crate) fn left(&self) -> u32 {
        let now = tokio::time::Instant::now().into_std();
        let buckets = self.0.lock().expect("nothing panics with it");
        buckets.tokens(now, CREDITS).expect("there is such a budget")
    }
}

impl Limiter for Credits {
    fn check(&self, charge: &Charge) -> Result<(), ChargeError> {
        self.0.lock().expect("nothing panics with it").check(charge)
    }

    fn admit(&mut self, now: Instant, charge: &Charge) -> Result<Admission, ChargeError> {
        self.0.lock().expect("nothing panics with it").admit(now, charge)
    }
}
