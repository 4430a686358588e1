//! Login: first, renewed, recovered (law L11).

use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};

use nova_behaviour::{
    AuthHandler, Behaviour, ErrorHandler, Fault, Grant, LoginMoment, LoginOccasion, Policy, Refusal,
    SubscriptionHandler, Verdict,
};
use nova_telemetry::Event;
use nova_transport::Generation;

use super::Session;
use crate::{
    delivery::GapCause,
    link::{Link, Login},
    request_error::{NotSent, RequestError},
    requests::{Purpose, Settlement},
    state::EndCause,
    tape::Said,
    topics::{TopicState, TopicStatus},
    wakes::remember_also,
};

impl<H: Behaviour, P: Policy> Session<H, P> {
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
        self.log_in(now, index, LoginOccasion::Fresh);
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
    pub(super) fn log_in(&mut self, now: Instant, index: usize, occasion: LoginOccasion) {
        let moment = LoginMoment { wall: self.wall.at(now), nonce: self.chance.u64(..), occasion };
        if let Some(link) = self.link_mut(index) {
            link.login.renew_at = None;
            link.login.is_asked = true;
        }
        match self.tape.ask(|| self.handlers.auth().login(moment), |login| Said::Login(login.is_some())) {
            Ok(Some(request)) => {
                if let Err(error) = self.ask_for_session(now, index, Purpose::Login(occasion), request) {
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

    /// A grant is about to expire, or has while nobody looked.
    pub(super) fn renew(&mut self, now: Instant, index: usize) {
        let Some(Link { login, .. }) = self.link_mut(index) else { return };
        login.has_lapsed |= login.expires_at.is_some_and(|at| at <= now);
        self.log_in(now, index, LoginOccasion::Renewal);
    }

    /// The refusal of a request said that the login no longer holds. Refusals of what was sent before
    /// the last login say nothing about it, so a login that has just been made is left alone.
    pub(super) fn lapsed(&mut self, now: Instant) {
        let Some(index) = self.active().and_then(|link| self.index(link)) else { return };
        let Some(Link { generation, login, .. }) = self.link_mut(index) else { return };
        let is_young = login.at.is_some_and(|at| now.saturating_duration_since(at) < LEAST_RENEWAL);
        if !login.is_made || login.is_asked || is_young {
            return;
        }
        login.has_lapsed = true;
        let link = *generation;
        self.emit(now, Event::LoginLapsed { link });
        self.log_in(now, index, LoginOccasion::Recovery);
    }

    /// The login ended, one way or the other.
    pub(super) fn login_ended(
        &mut self,
        now: Instant,
        link: Generation,
        occasion: LoginOccasion,
        outcome: Result<Settlement, RequestError>,
    ) {
        let Some(index) = self.index(link) else { return };
        if let Some(link) = self.link_mut(index) {
            link.login.is_asked = false;
        }
        let answer = match &outcome {
            Ok(Settlement::Reply(kept)) => Ok(kept.as_body()),
            Err(RequestError::Refused(refusal)) => Err(refusal.clone()),
            Err(RequestError::TimedOut { .. }) => {
                return self.not_established(now, index, "the login was not answered".to_owned());
            }
            // The link went, and with it the login.
            _ => return,
        };
        let read = self.tape.ask(
            || self.handlers.auth().answered(answer),
            |read| Said::Granted(read.as_ref().map(|grant| grant.expires_in).map_err(Into::into)),
        );
        match read {
            Ok(Ok(grant)) => self.logged_in(now, index, grant),
            Ok(Err(_)) if occasion == LoginOccasion::Renewal => {
                self.emit(now, Event::RenewalRefused { link });
                self.log_in(now, index, LoginOccasion::Recovery);
            }
            Ok(Err(refusal)) => self.login_refused(now, link, refusal),
            Err(_) => {
                self.panicked(now, "auth");
                self.not_established(now, index, "the login handler panicked".to_owned());
            }
        }
    }

    fn logged_in(&mut self, now: Instant, index: usize, grant: Grant) {
        let lead = self.tape.ask(|| self.handlers.auth().renewal_lead(), |lead| Said::Lead(*lead));
        let lead = lead.unwrap_or_default();
        let Some(Link { generation, login, .. }) = self.link_mut(index) else { return };
        let link = *generation;
        let had_lapsed = login.has_lapsed;
        *login = Login {
            is_made: true,
            is_asked: false,
            has_lapsed: false,
            at: Some(now),
            expires_at: grant.expires_in.and_then(|life| now.checked_add(life)),
            // A grant shorter than its lead is renewed at half its time rather than at once.
            renew_at: grant.expires_in.and_then(|life| {
                let pause = if life > lead { life - lead } else { life / 2 };
                now.checked_add(pause.max(LEAST_RENEWAL))
            }),
        };
        self.emit(now, Event::LoggedIn { link, expires_in: grant.expires_in });
        self.login_settled(Ok(grant));
        if had_lapsed {
            self.ask_anew_for_private_topics(now);
        }
        self.advance(now);
    }

    /// Nobody knows whether the server still sends what needs the login: it is asked anew.
    fn ask_anew_for_private_topics(&mut self, now: Instant) {
        let confirmed: Vec<_> =
            self.topics.statuses().filter(|status| status.state == TopicState::Confirmed).collect();
        for TopicStatus { topic, .. } in confirmed {
            let is_private =
                self.tape.ask(|| self.handlers.subscriptions().needs_login(&topic), |is| Said::Private(*is));
            match is_private {
                Ok(true) => {
                    self.topics.resynchronise(topic.as_str());
                    let holes = self.deliveries.break_off(topic.as_str(), &GapCause::LoginLapsed);
                    self.gaps_opened(now, &GapCause::LoginLapsed, holes);
                }
                Ok(false) => {}
                Err(_) => self.panicked(now, "subscriptions"),
            }
        }
        self.reconcile();
    }

    fn login_refused(&mut self, now: Instant, link: Generation, refusal: Refusal) {
        self.emit(now, Event::LoginRefused { link });
        self.login_settled(Err(refusal.clone()));
        let (attempts, wall) = (self.pacer.attempt(), self.wall.at(now));
        let fault = Fault::LoginRefused(&refusal);
        let verdict = self.tape.ask(
            || {
                let errors = self.handlers.errors();
                let class = errors.classify(&fault, wall);
                errors.verdict(&fault, class, attempts)
            },
            |verdict| Said::Judged(verdict.into()),
        );
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
}

/// A server that grants next to nothing, or says of each grant that it does not hold, is not asked
/// again and again.
const LEAST_RENEWAL: Duration = Duration::from_secs(1);
