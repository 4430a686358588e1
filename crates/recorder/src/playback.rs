//! Foreign code that answers from a recording: handlers, a strategy, a limiter, matchers.

use std::{
    borrow::Cow,
    collections::{BTreeSet, VecDeque},
    io,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use nova_behaviour::{
    AuthHandler, Body, Class, Confirmation, ConnectAction, ConnectionHandler, Continuity, Correlation,
    Dialect, DisconnectAction, ErrorHandler, Fault, FrameAction, Grant, Handlers, Inbound, Kept, LoginMoment,
    MessageHandler, Position, RateLimitHandler, Refusal, RequestId, Setting, SettingHandler,
    SubscriptionHandler, Topic, TopicRequest, Verdict,
};
use nova_frame_codec::{CloseCode, CloseFrame, Message};
use nova_ratelimit::{Admission, Budget, BudgetId, Charge, ChargeError, InvalidBudget, Limiter};
use nova_reconnect::Strategy;
use nova_session::{
    Matcher,
    tape::{Admitted, Continues, Follows, Hooked, Judged, Named, Recognised, Refused, Routed, Said, Size},
};
use nova_transport::{Endpoint, Handshake, LostReason};

/// The answers that are to come, shared by all who give them. What is asked in another order than was
/// recorded gets an answer that does no harm: the line comes out different, and is named.
#[derive(Clone, Debug)]
pub(crate) struct Script(Arc<Mutex<Answers>>);

#[derive(Debug)]
struct Answers {
    start: Instant,
    said: VecDeque<Said>,
    names: BTreeSet<&'static str>,
}

/// All handlers of a replay.
pub(crate) type Playback = Handlers<Script, Script, Script, Script, Script, Script, Script>;

/// The language of a replay: its requests say nothing.
#[derive(Debug)]
pub(crate) enum Silence {}

impl Dialect for Silence {
    type Request = ();
    type Codec = ();
}

impl Script {
    pub(crate) fn new(start: Instant) -> Self {
        Self(Arc::new(Mutex::new(Answers { start, said: VecDeque::new(), names: BTreeSet::new() })))
    }

    /// What is answered during the next input.
    pub(crate) fn load(&self, said: &[Said]) {
        self.with(|answers| answers.said = said.iter().cloned().collect());
    }

    pub(crate) fn handlers(&self) -> Playback {
        Handlers::new(self.clone())
            .with_connection(self.clone())
            .with_errors(self.clone())
            .with_subscriptions(self.clone())
            .with_auth(self.clone())
            .with_connection_settings(self.clone())
            .with_limits(self.clone())
    }

    /// A matcher that claims what the request of this number claimed.
    pub(crate) fn matcher(&self, id: Option<u64>) -> Matcher {
        let script = self.clone();
        Box::new(move |_| {
            let next = script.with(|answers| answers.said.front().cloned());
            match next {
                Some(Said::Claimed(claimant)) => claimant.is_some() && claimant == id,
                Some(Said::Panicked) => script.panic(),
                _ => false,
            }
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Answers) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next answer, if it is one to this question.
    fn next<T>(&self, pick: impl FnOnce(&Said) -> Option<T>) -> Option<T> {
        let next = self.with(|answers| {
            // Those are no answers of handlers: matchers have looked at the one, the frame itself
            // says the other.
            while let Some(Said::Claimed(_) | Said::NotUtf8) = answers.said.front() {
                answers.said.pop_front();
            }
            match answers.said.front() {
                Some(Said::Panicked) => Some(Err(())),
                Some(said) => pick(said).map(Ok),
                None => None,
            }
        })?;
        match next {
            Ok(answer) => {
                self.with(|answers| answers.said.pop_front());
                Some(answer)
            }
            Err(()) => self.panic(),
        }
    }

    /// Panics as the handler did, without telling the panic hook.
    fn panic(&self) -> ! {
        self.with(|answers| answers.said.pop_front());
        resume_unwind(Box::new("recorded"))
    }

    fn instant(&self, nanos: u64) -> Instant {
        instant(self.with(|answers| answers.start), nanos)
    }

    /// The name of a setting, which has to live for ever. There are as many as the adapter has.
    fn name(&self, name: &str) -> &'static str {
        self.with(|answers| match answers.names.get(name) {
            Some(known) => *known,
            None => {
                let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
                answers.names.insert(name);
                name
            }
        })
    }
}

impl MessageHandler for Script {
    type Dialect = Silence;
    type Error = io::Error;

    fn encode(&mut self, _: RequestId, (): (), out: &mut Kept) -> io::Result<Correlation> {
        let encoded = self.next(|said| match said {
            Said::Encoded(encoded) => Some(*encoded),
            _ => None,
        });
        let (size, by) = encoded.flatten().ok_or_else(|| io::Error::other("recorded"))?;
        *out = filler(size);
        Ok(correlation(by))
    }

    fn adopt(&mut self, _: RequestId, _: Body<'_>) -> Correlation {
        let adopted = self.next(|said| match said {
            Said::Adopted(by) => Some(*by),
            _ => None,
        });
        adopted.map_or(Correlation::Unanswered, correlation)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> io::Result<Inbound<'a>> {
        let routed = self.next(|said| match said {
            Said::Routed(routed) => Some(routed.clone()),
            _ => None,
        });
        let name = |topic: Option<Topic>| {
            topic.map_or(Cow::Borrowed(NOBODYS), |topic| Cow::Owned(topic.as_str().to_owned()))
        };
        Ok(match routed.unwrap_or(Routed::Ignore) {
            Routed::Reply { to, result } => Inbound::Reply {
                to: to.map(RequestId::new),
                result: result.map(|size| part(message, size)).map_err(refusal),
            },
            Routed::Event { topic, position, size } => Inbound::Event {
                topic: name(topic),
                position: position.map(|(number, follows)| {
                    let position = Position::new(number);
                    follows.map_or(position, |number| position.following(number))
                }),
                body: part(message, size),
            },
            Routed::Broken { topic, resynchronise } => Inbound::Broken { topic: name(topic), resynchronise },
            Routed::Answers(sizes) => Inbound::Answers(sizes.into_iter().map(filler).collect()),
            Routed::Close(code, reason) => Inbound::Close(close(code, reason)),
            Routed::Ignore => Inbound::Ignore,
            Routed::Unreadable => return Err(io::Error::other("recorded")),
        })
    }
}

impl ConnectionHandler for Script {
    fn connected(&mut self, _: &Handshake) -> ConnectAction {
        match self.hooked() {
            Some(Hooked::Reply(sizes)) => ConnectAction::Reply(sizes.into_iter().map(filler).collect()),
            Some(Hooked::Close(code, reason)) => ConnectAction::Close(close(code, reason)),
            Some(Hooked::Stop) => ConnectAction::Stop,
            _ => ConnectAction::Proceed,
        }
    }

    fn disconnected(&mut self, _: &LostReason, _: u32) -> DisconnectAction {
        let follows = self.next(|said| match said {
            Said::Disconnected(follows) => Some(*follows),
            _ => None,
        });
        match follows.unwrap_or(Follows::Default) {
            Follows::Default => DisconnectAction::Default,
            Follows::Stop => DisconnectAction::Stop,
            Follows::Reconnect => DisconnectAction::Reconnect,
            Follows::Elsewhere => {
                "ws://left.out/".parse::<Endpoint>().map_or(DisconnectAction::Reconnect, |endpoint| {
                    DisconnectAction::ReconnectTo(Box::new(endpoint))
                })
            }
        }
    }

    fn frame(&mut self, _: &Message<'_>) -> FrameAction {
        // It is asked about every frame, and its consent is left out.
        match self.with(|answers| answers.said.front().cloned()) {
            Some(Said::Hooked(_)) => {}
            Some(Said::HookPanicked) => self.panic(),
            _ => return FrameAction::Pass,
        }
        match self.hooked() {
            Some(Hooked::Consume) => FrameAction::Consume,
            Some(Hooked::Reply(sizes)) => FrameAction::Reply(sizes.into_iter().map(filler).collect()),
            Some(Hooked::Close(code, reason)) => FrameAction::Close(close(code, reason)),
            Some(Hooked::Stop) => FrameAction::Stop,
            _ => FrameAction::Pass,
        }
    }
}

impl ErrorHandler for Script {
    fn classify(&self, _: &Fault<'_>, _: SystemTime) -> Class {
        Class::Transient
    }

    fn verdict(&mut self, _: &Fault<'_>, _: Class, _: u32) -> Verdict {
        let judged = self.next(|said| match said {
            Said::Judged(judged) => Some(*judged),
            _ => None,
        });
        match judged.unwrap_or(Judged::Ignore) {
            Judged::Ignore => Verdict::Ignore,
            Judged::Retry => Verdict::Retry,
            Judged::RetryAfter(least, spread) => Verdict::RetryAfter { least, spread },
            Judged::Stop => Verdict::Stop,
        }
    }
}

impl SubscriptionHandler<Silence> for Script {
    fn is_supported(&self) -> bool {
        let is_supported = self.next(|said| match said {
            Said::Supported(is) => Some(*is),
            _ => None,
        });
        is_supported.unwrap_or_default()
    }

    fn check(&self, _: &Topic) -> Result<(), Refusal> {
        let refused = self.next(|said| match said {
            Said::Inadmissible(refused) => Some(*refused),
            _ => None,
        });
        refused.flatten().map_or(Ok(()), |refused| Err(refusal(refused)))
    }

    fn needs_login(&self, _: &Topic) -> bool {
        let is_private = self.next(|said| match said {
            Said::Private(is) => Some(*is),
            _ => None,
        });
        is_private.unwrap_or_default()
    }

    fn batch(&self) -> usize {
        let batch = self.next(|said| match said {
            Said::Batch(batch) => Some(*batch),
            _ => None,
        });
        batch.unwrap_or(1)
    }

    fn subscribe(&mut self, _: &[Topic]) -> TopicRequest<()> {
        let is_sent = self.next(|said| match said {
            Said::TopicsAsked(is_sent) => Some(*is_sent),
            _ => None,
        });
        if is_sent == Some(true) { TopicRequest::Send(()) } else { TopicRequest::Local }
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<()> {
        self.subscribe(topics)
    }

    fn continuity(&mut self, _: &str, _: Option<u64>, _: Position) -> Continuity {
        let continues = self.next(|said| match said {
            Said::Continuity(continues) => Some(*continues),
            _ => None,
        });
        match continues.unwrap_or(Continues::Unbroken) {
            Continues::Unbroken => Continuity::Unbroken,
            Continues::Covered => Continuity::Covered,
            Continues::Broken { missing, resynchronise } => Continuity::Broken { missing, resynchronise },
        }
    }

    fn answered(&mut self, _: &[Topic], _: Result<Body<'_>, &Refusal>) -> Confirmation {
        let name = |topic: &Option<Topic>| topic.clone().unwrap_or_else(|| Topic::from(NOBODYS));
        let answered = self.next(|said| match said {
            Said::TopicsAnswered { confirmed, refused, postponed } => Some(Confirmation {
                confirmed: confirmed.iter().map(name).collect(),
                refused: refused.iter().map(|(topic, why)| (name(topic), refusal(*why))).collect(),
                postponed: postponed.iter().map(name).collect(),
            }),
            _ => None,
        });
        answered.unwrap_or_default()
    }
}

impl AuthHandler<Silence> for Script {
    fn is_required(&self) -> bool {
        let is_required = self.next(|said| match said {
            Said::NeedsLogin(is) => Some(*is),
            _ => None,
        });
        is_required.unwrap_or_default()
    }

    fn login(&mut self, _: LoginMoment) -> Option<()> {
        let has_login = self.next(|said| match said {
            Said::Login(has) => Some(*has),
            _ => None,
        });
        has_login.unwrap_or_default().then_some(())
    }

    fn answered(&mut self, _: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        let granted = self.next(|said| match said {
            Said::Granted(granted) => Some(*granted),
            _ => None,
        });
        let grant = |expires_in: Option<Duration>| {
            expires_in.map_or_else(Grant::default, |life| Grant::default().with_expires_in(life))
        };
        granted.unwrap_or(Ok(None)).map(grant).map_err(refusal)
    }

    fn renewal_lead(&self) -> Duration {
        let lead = self.next(|said| match said {
            Said::Lead(lead) => Some(*lead),
            _ => None,
        });
        lead.unwrap_or_default()
    }

    fn has_lapsed(&mut self, _: &Refusal) -> bool {
        let has_lapsed = self.next(|said| match said {
            Said::HasLapsed(has) => Some(*has),
            _ => None,
        });
        has_lapsed.unwrap_or_default()
    }
}

impl SettingHandler<Silence> for Script {
    fn wanted(&mut self) -> Vec<Setting<()>> {
        let named = self.next(|said| match said {
            Said::Settings(named) => Some(named.clone()),
            _ => None,
        });
        let setting = |named: &Named| {
            let setting = Setting::new(self.name(&named.name), ());
            let setting = if named.needs_login { setting.after_login() } else { setting };
            if named.is_required { setting } else { setting.optional() }
        };
        named.unwrap_or_default().iter().map(setting).collect()
    }

    fn answered(&mut self, _: &'static str, _: Result<Body<'_>, Refusal>) -> Result<(), Refusal> {
        let refused = self.next(|said| match said {
            Said::SettingRefused(refused) => Some(*refused),
            _ => None,
        });
        refused.flatten().map_or(Ok(()), |refused| Err(refusal(refused)))
    }
}

impl RateLimitHandler<Silence> for Script {
    fn price(&mut self, (): &()) -> Charge {
        let is_free = self.next(|said| match said {
            Said::Free(is) => Some(*is),
            _ => None,
        });
        if is_free == Some(false) { Charge::one(BUDGET, 1) } else { Charge::FREE }
    }

    fn price_of_raw(&mut self, _: Body<'_>) -> Charge {
        self.price(&())
    }

    fn budgets(&self) -> Vec<(BudgetId, Budget)> {
        let is_learnt = self.next(|said| match said {
            Said::Budgets(is) => Some(*is),
            _ => None,
        });
        // The limiter below learns none.
        if is_learnt == Some(false) { vec![(BUDGET, Budget::new(1))] } else { Vec::new() }
    }

    fn held_back(&mut self, _: &Refusal) -> Option<Duration> {
        let span = self.next(|said| match said {
            Said::HeldBack(span) => Some(*span),
            _ => None,
        });
        span.flatten()
    }
}

impl Limiter for Script {
    fn check(&self, _: &Charge) -> Result<(), ChargeError> {
        let is_payable = self.next(|said| match said {
            Said::Payable(is) => Some(*is),
            _ => None,
        });
        if is_payable == Some(false) { Err(ChargeError::UnknownBudget { budget: BUDGET }) } else { Ok(()) }
    }

    fn admit(&mut self, _: Instant, _: &Charge) -> Result<Admission, ChargeError> {
        let admitted = self.next(|said| match said {
            Said::Admitted(admitted) => Some(*admitted),
            _ => None,
        });
        match admitted {
            None | Some(Admitted::Now) => Ok(Admission::Now),
            Some(Admitted::Later(at)) => Ok(Admission::Later(self.instant(at))),
            Some(Admitted::Never) => Err(ChargeError::UnknownBudget { budget: BUDGET }),
        }
    }

    fn learn(&mut self, _: BudgetId, _: Budget) -> Result<(), InvalidBudget> {
        Err(InvalidBudget::NoCapacity)
    }

    fn link_opened(&mut self) {
        self.next(|said| matches!(said, Said::LinkOpened).then_some(()));
    }
}

impl Strategy for Script {
    fn delay(&self, _: u32, _: u64) -> Option<Duration> {
        let delay = self.next(|said| match said {
            Said::Delay(delay) => Some(*delay),
            _ => None,
        });
        delay.flatten()
    }
}

impl Script {
    fn hooked(&self) -> Option<Hooked> {
        self.next(|said| match said {
            Said::Hooked(hooked) => Some(hooked.clone()),
            _ => None,
        })
    }
}

/// A payload of this length and kind that says nothing.
pub(crate) fn filler(size: Size) -> Kept {
    match size {
        Size::Text(len) => Kept::Text("x".repeat(len.min(MOST))),
        Size::Binary(len) => Kept::Binary(vec![FILLER; len.min(MOST)]),
    }
}

/// So much of a message, of this kind.
fn part(message: Body<'_>, size: Size) -> Body<'_> {
    let bytes = message.as_bytes();
    let (Size::Text(len) | Size::Binary(len)) = size;
    let bytes = bytes.get(..len).unwrap_or(bytes);
    match size {
        Size::Binary(_) => Body::Binary(bytes),
        Size::Text(_) => Body::Text(std::str::from_utf8(bytes).unwrap_or_default()),
    }
}

pub(crate) fn instant(start: Instant, nanos: u64) -> Instant {
    start.checked_add(Duration::from_nanos(nanos)).unwrap_or(start)
}

fn close(code: u16, reason: usize) -> CloseFrame {
    let code = CloseCode::try_from(code).unwrap_or(CloseCode::NORMAL);
    CloseFrame::new(code, "x".repeat(reason.min(CloseFrame::MAX_REASON_BYTES)))
}

fn refusal(refused: Refused) -> Refusal {
    let refusal = Refusal::new("x".repeat(refused.text.min(MOST)));
    match refused.code {
        Some(code) => refusal.with_code(code),
        None => refusal,
    }
}

const fn correlation(by: Recognised) -> Correlation {
    match by {
        Recognised::ById => Correlation::ById,
        Recognised::Fifo => Correlation::Fifo,
        Recognised::Unanswered => Correlation::Unanswered,
    }
}

/// What payloads are filled with: text as well as bytes.
pub(crate) const FILLER: u8 = b'x';

/// The longest filler. A file that says more is not to take the memory of whoever looks at it.
pub(crate) const MOST: usize = 256 << 20;

/// The name of a stream that nobody takes.
const NOBODYS: &str = "\0 nobody takes this";

const BUDGET: BudgetId = BudgetId::new("recorded");
