//! From an open link to a usable session: the checked plan of re-establishment (laws L3, L4, L11).

use std::{
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime},
};

use nova_behaviour::{
    AuthHandler, Behaviour, Body, ConnectAction, ConnectionHandler, Grant, LoginMoment, Policy, Refusal,
    Setting, SettingHandler,
};
use nova_telemetry::Event;
use nova_transport::{Generation, Handshake, LostReason};

use super::{Life, Session, calls::after, lifecycle::Hearing};
use crate::{
    beat::Beat,
    guard::guarded,
    link::{Outgoing, Payload, Stage},
    request_error::{NotSent, RequestError},
    requests::{Purpose, Settlement},
    state::{EndCause, Step},
    wakes::remember_also,
    wall::WallClock,
};

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// A link is open.
    pub fn handle_connected(&mut self, now: Instant, wall: SystemTime, link: Generation, hello: &Handshake) {
        let Some(index) = self.index(link) else { return self.stale() };
        self.wall = WallClock::new(now, wall);
        let deadline = after(now, self.settings.opening_deadline);
        let keep_alive = self.settings.keep_alive;
        let Some(open) = self.link_mut(index) else { return };
        open.stage = Stage::Open { since: now };
        open.beat = Beat::new(keep_alive, now);
        let took = now.saturating_duration_since(open.began);
        self.events.counters.link = link;
        self.emit(now, Event::Connected { link, took });
        self.set_life(Life::Opening { link, step: Step::Settings, deadline });
        match guarded(|| self.handlers.connection().connected(hello)) {
            Ok(ConnectAction::Proceed) => {}
            Ok(ConnectAction::Reply(messages)) => {
                for body in messages {
                    self.push_session(now, index, Outgoing::control(Payload::Data(body)));
                }
            }
            Ok(ConnectAction::Close(frame)) => {
                self.close_link(now, index, &frame, LostReason::ClosedByHandler, Hearing::Open);
            }
            Ok(ConnectAction::Stop) => {
                self.begin_end(now, EndCause::Stopped, self.settings.close_deadline);
            }
            Err(_) => self.panicked(now, "connection"),
        }
        if self.active() == Some(link) {
            self.make_settings(now, index, false);
        }
        self.advance(now);
        self.arm();
    }

    /// Takes the next step towards ready, if the present one is done.
    pub(super) fn advance(&mut self, now: Instant) {
        while let Life::Opening { link, step, deadline } = self.life {
            let Some(index) = self.index(link) else { return };
            let Some(open) = self.link(index) else { return };
            let (is_logged_in, settings_asked) = (open.is_logged_in, open.settings_asked);
            let next = match step {
                Step::Settings | Step::PrivateSettings if settings_asked > 0 => return,
                Step::Login if !is_logged_in && self.needs_login(now) => return,
                Step::Subscriptions if self.topics.lacks_required() => return self.reconcile(),
                Step::Settings => Step::Login,
                Step::Login => Step::PrivateSettings,
                Step::PrivateSettings => Step::Subscriptions,
                Step::Subscriptions => return self.become_ready(now, index, link),
            };
            self.set_life(Life::Opening { link, step: next, deadline });
            match next {
                Step::Login if self.needs_login(now) => self.log_in(now, index),
                Step::PrivateSettings => self.make_settings(now, index, true),
                _ => {}
            }
        }
    }

    fn become_ready(&mut self, now: Instant, index: usize, link: Generation) {
        self.was_ready = true;
        self.pacer.ready(now);
        self.set_life(Life::Ready { link });
        let took =
            self.link(index).map_or_else(Default::default, |link| now.saturating_duration_since(link.began));
        self.emit(now, Event::Ready { link, took });
        self.topics.look_again();
        self.wake_writer(index);
    }

    fn needs_login(&mut self, now: Instant) -> bool {
        guarded(|| self.handlers.auth().is_required()).unwrap_or_else(|_| {
            self.panicked(now, "auth");
            // Nothing private may be sent on the word of a handler that cannot speak.
            true
        })
    }

    /// Asks for the settings of the connection, those that need the login or those that do not.
    fn make_settings(&mut self, now: Instant, index: usize, needs_login: bool) {
        let Ok(wanted) = guarded(|| self.handlers.connection_settings().wanted()) else {
            self.panicked(now, "connection settings");
            return self.not_established(
                now,
                index,
                "the handler of connection settings panicked".to_owned(),
            );
        };
        for setting in wanted.into_iter().filter(|setting| setting.needs_login == needs_login) {
            let Setting { name, request, is_required, .. } = setting;
            if let Err(error) =
                self.ask_for_session(now, index, Purpose::Setting { name, is_required }, request)
            {
                let why = format!("the setting \"{name}\" could not be sent: {error}");
                return self.not_established(now, index, why);
            }
            if let Some(link) = self.link_mut(index) {
                link.settings_asked += 1;
            }
        }
    }

    /// A setting was answered, or will not be.
    pub(super) fn setting_ended(
        &mut self,
        now: Instant,
        link: Generation,
        (name, is_required): (&'static str, bool),
        outcome: Result<Settlement, RequestError>,
    ) {
        let Some(index) = self.index(link) else { return };
        let answer = match &outcome {
            Ok(Settlement::Reply(kept)) => Ok(kept.as_body()),
            Ok(_) => Ok(Body::Text("")),
            Err(RequestError::Refused(refusal)) => Err(refusal.clone()),
            Err(RequestError::TimedOut { .. }) => Err(Refusal::new("it was not answered")),
            // The link went, and with it the setting.
            Err(_) => return,
        };
        let read = guarded(|| self.handlers.connection_settings().answered(name, answer));
        if let Some(link) = self.link_mut(index) {
            link.settings_asked = link.settings_asked.saturating_sub(1);
        }
        match read {
            Ok(Ok(())) => self.emit(now, Event::SettingMade { link, name }),
            Ok(Err(refusal)) => {
                self.emit(now, Event::SettingRefused { link, name });
                if is_required {
                    return self.not_established(
                        now,
                        index,
                        format!("the setting \"{name}\" was refused: {refusal}"),
                    );
                }
            }
            Err(_) => {
                self.panicked(now, "connection settings");
                return self.not_established(
                    now,
                    index,
                    "the handler of connection settings panicked".to_owned(),
                );
            }
        }
        self.advance(now);
    }

    /// Logs in anew on the present link. Returns a ticket for [`poll_login`](Self::poll_login); a
    /// refusal is also judged by the error handler, whose default ends the session.
    ///
    /// # Errors
    ///
    /// The service has no login, or there is no open link.
    pub fn authenticate(&mut self, now: Instant) -> Result<u64, RequestError> {
        if !self.needs_login(now) {
            return Err(NotSent::Unsupported("authentication").into());
        }
        let index = self.active().and_then(|link| self.index(link)).ok_or(NotSent::NotReady)?;
        let ticket = self.last_login.0;
        self.log_in(now, index);
        self.arm();
        Ok(ticket)
    }

    /// How the login asked for with this ticket ended.
    pub fn poll_login(&mut self, ticket: u64, cx: &Context<'_>) -> Poll<Result<Grant, RequestError>> {
        match self.login_outcome(ticket) {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                remember_also(&mut self.login_waiters, cx);
                remember_also(&mut self.watchers, cx);
                Poll::Pending
            }
        }
    }

    /// How the login asked for with this ticket ended, if it has: looked at anew whenever
    /// [`version`](Self::version) or [`logins`](Self::logins) has changed.
    #[must_use]
    pub fn login_outcome(&self, ticket: u64) -> Option<Result<Grant, RequestError>> {
        if self.last_login.0 != ticket {
            return Some(self.last_login.1.clone().map_err(RequestError::Refused));
        }
        self.active().is_none().then(|| Err(NotSent::NotReady.into()))
    }

    fn login_settled(&mut self, outcome: Result<Grant, Refusal>) {
        self.last_login = (self.last_login.0 + 1, outcome);
        self.login_waiters.drain(..).for_each(|waker| self.wakes.add(Some(waker)));
    }

    /// Sends the login on this link.
    pub(super) fn log_in(&mut self, now: Instant, index: usize) {
        let moment = LoginMoment { wall: self.wall.at(now), nonce: self.chance.u64(..) };
        if let Some(link) = self.link_mut(index) {
            link.renew_at = None;
        }
        match guarded(|| self.handlers.auth().login(moment)) {
            Ok(Some(request)) => {
                if let Err(error) = self.ask_for_session(now, index, Purpose::Login, request) {
                    self.not_established(now, index, format!("the login could not be sent: {error}"));
                }
            }
            Ok(None) => self.logged_in(now, index, Grant::default()),
            Err(_) => {
                self.panicked(now, "auth");
                self.not_established(now, index, "the login handler panicked".to_owned());
            }
        }
    }

    /// The login ended, one way or the other.
    pub(super) fn login_ended(
        &mut self,
        now: Instant,
        link: Generation,
        outcome: Result<Settlement, RequestError>,
    ) {
        let Some(index) = self.index(link) else { return };
        let answer = match &outcome {
            Ok(Settlement::Reply(kept)) => Ok(kept.as_body()),
            Err(RequestError::Refused(refusal)) => Err(refusal.clone()),
            Err(RequestError::TimedOut { .. }) => {
                return self.not_established(now, index, "the login was not answered".to_owned());
            }
            // The link went, and with it the login.
            _ => return,
        };
        match guarded(|| self.handlers.auth().answered(answer)) {
            Ok(Ok(grant)) => self.logged_in(now, index, grant),
            Ok(Err(refusal)) => self.login_refused(now, link, refusal),
            Err(_) => {
                self.panicked(now, "auth");
                self.not_established(now, index, "the login handler panicked".to_owned());
            }
        }
    }

    fn logged_in(&mut self, now: Instant, index: usize, grant: Grant) {
        let lead = guarded(|| self.handlers.auth().renewal_lead()).unwrap_or_default();
        let Some(link) = self.link_mut(index) else { return };
        link.is_logged_in = true;
        // A grant shorter than its lead is renewed at half its time rather than at once.
        link.renew_at = grant.expires_in.and_then(|life| {
            let pause = if life > lead { life - lead } else { life / 2 };
            now.checked_add(pause.max(LEAST_RENEWAL))
        });
        let link = link.generation;
        self.emit(now, Event::LoggedIn { link, expires_in: grant.expires_in });
        self.login_settled(Ok(grant));
        self.advance(now);
    }

    fn login_refused(&mut self, now: Instant, link: Generation, refusal: Refusal) {
        use nova_behaviour::{ErrorHandler, Fault, Verdict};
        self.emit(now, Event::LoginRefused { link });
        self.login_settled(Err(refusal.clone()));
        let (attempts, wall) = (self.pacer.attempt(), self.wall.at(now));
        let fault = Fault::LoginRefused(&refusal);
        let verdict = guarded(|| {
            let errors = self.handlers.errors();
            let class = errors.classify(&fault, wall);
            errors.verdict(&fault, class, attempts)
        });
        if verdict.is_err() {
            self.panicked(now, "errors");
        }
        match verdict {
            Ok(Verdict::Stop) | Err(_) => {
                self.begin_end(now, EndCause::LoginRefused(refusal), self.settings.close_deadline);
            }
            Ok(verdict) => {
                let text = format!("the server refused the login: {refusal}");
                if let Some(index) = self.index(link) {
                    self.verdict = Some(verdict);
                    self.not_established(now, index, text);
                    self.verdict = None;
                }
            }
        }
    }

    /// The link is open but of no use: it is closed, and the next attempt follows by plan.
    pub(super) fn not_established(&mut self, now: Instant, index: usize, why: String) {
        let frame = nova_frame_codec::CloseFrame::from(nova_frame_codec::CloseCode::NORMAL);
        self.close_link(now, index, &frame, LostReason::NotEstablished(why), Hearing::Open);
    }
}

/// A server that grants next to nothing is not asked again and again.
const LEAST_RENEWAL: Duration = Duration::from_secs(1);
