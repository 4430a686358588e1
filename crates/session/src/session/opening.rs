//! From an open link to a usable session: the checked plan of re-establishment (laws L3, L4).

use std::time::{Instant, SystemTime};

use nova_behaviour::{
    AuthHandler, Behaviour, Body, ConnectAction, ConnectionHandler, LoginOccasion, Policy, Refusal, Setting,
    SettingHandler,
};
use nova_ratelimit::Limiter;
use nova_telemetry::Event;
use nova_transport::{Generation, Handshake, LostReason};

use super::{Life, Session, calls::after, lifecycle::Hearing};
use crate::{
    beat::Beat,
    link::{Outgoing, Payload, Stage},
    request_error::RequestError,
    requests::{Purpose, Settlement},
    state::{EndCause, Step},
    tape::Said,
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
        if self.tape.ask(|| self.limiter.link_opened(), |()| Said::LinkOpened).is_err() {
            self.panicked(now, "limiter");
        }
        self.set_life(now, Life::Opening { link, step: Step::Settings, deadline });
        let action = self
            .tape
            .ask(|| self.handlers.connection().connected(hello), |action| Said::Hooked(action.into()));
        match action {
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
            let (is_logged_in, settings_asked) = (open.login.is_made, open.settings_asked);
            let next = match step {
                Step::Settings | Step::PrivateSettings if settings_asked > 0 => return,
                Step::Login if !is_logged_in && self.needs_login(now) => return,
                Step::Subscriptions if self.topics.lacks_required() => return self.reconcile(),
                Step::Settings => Step::Login,
                Step::Login => Step::PrivateSettings,
                Step::PrivateSettings => Step::Subscriptions,
                Step::Subscriptions => return self.become_ready(now, index, link),
            };
            self.set_life(now, Life::Opening { link, step: next, deadline });
            match next {
                Step::Login if self.needs_login(now) => self.log_in(now, index, LoginOccasion::Fresh),
                Step::PrivateSettings => self.make_settings(now, index, true),
                _ => {}
            }
        }
    }

    fn become_ready(&mut self, now: Instant, index: usize, link: Generation) {
        self.was_ready = true;
        self.pacer.ready(now);
        self.set_life(now, Life::Ready { link });
        let took =
            self.link(index).map_or_else(Default::default, |link| now.saturating_duration_since(link.began));
        self.emit(now, Event::Ready { link, took });
        self.topics.look_again();
        self.wake_writer(index);
    }

    pub(super) fn needs_login(&mut self, now: Instant) -> bool {
        let is_needed = self.tape.ask(|| self.handlers.auth().is_required(), |is| Said::NeedsLogin(*is));
        is_needed.unwrap_or_else(|_| {
            self.panicked(now, "auth");
            // Nothing private may be sent on the word of a handler that cannot speak.
            true
        })
    }

    /// Asks for the settings of the connection, those that need the login or those that do not.
    fn make_settings(&mut self, now: Instant, index: usize, needs_login: bool) {
        let wanted = self.tape.ask(
            || self.handlers.connection_settings().wanted(),
            |wanted| Said::Settings(wanted.iter().map(Into::into).collect()),
        );
        let Ok(wanted) = wanted else {
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
        let read = self.tape.ask(
            || self.handlers.connection_settings().answered(name, answer),
            |read| Said::SettingRefused(read.as_ref().err().map(Into::into)),
        );
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

    /// The link is open but of no use: it is closed, and the next attempt follows by plan.
    pub(super) fn not_established(&mut self, now: Instant, index: usize, why: String) {
        let frame = nova_frame_codec::CloseFrame::from(nova_frame_codec::CloseCode::NORMAL);
        self.close_link(now, index, &frame, LostReason::NotEstablished(why), Hearing::Open);
    }
}
