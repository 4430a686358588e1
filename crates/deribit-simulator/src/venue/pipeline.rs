//! What becomes of a text message: the steps of the pipeline, in their order.

use bytes::Bytes;
use serde_json::Value;

use super::{
    Venue,
    auth::invalid,
    buckets::Owner,
    conn::{Pending, Phase},
    envelope::{Body, MAINTENANCE, Reply},
    method::Method,
    params::{self, Params},
    request::{BadRequest, Request},
    subscribing::Subscribed,
    tokens::GrantId,
};
use crate::{
    config::{HeartbeatAnswer, MissingId, OnExhaust, Oversize},
    fault::Fault,
    journal::Event,
    market::ParamError,
    trading::PrivateEvent,
};

/// A call that made it through the first steps.
struct Call {
    conn: u64,
    /// JSON text.
    id: Option<String>,
    name: String,
    method: Method,
    params: Params,
    us_in: u64,
}

/// What carrying out a call brought about.
enum Done {
    Reply(Body),
    /// The call has no reply.
    Nothing,
    Subscribed(Subscribed),
    Traded {
        body: Body,
        events: Vec<PrivateEvent>,
    },
}

impl Venue {
    /// Answers a text message.
    pub(super) fn handle_text(&mut self, conn: u64, payload: &Bytes) {
        let us_in = self.shown(self.clock);
        if payload.len() > self.config.max_request_bytes {
            self.reply(conn, "", None, Body::error(-32600, "request entity too large"), us_in);
            if self.config.oversize == Oversize::ErrorClose {
                self.close(conn, 1009, "");
            }
            return;
        }
        let request = match Request::parse(payload) {
            Ok(request) => request,
            Err(bad) => {
                let (id, body) = match bad {
                    BadRequest::NotJson => {
                        (None, Body::error_with(11050, "bad_request", "\"invalid json\"".to_owned()))
                    }
                    BadRequest::NoMethod { id } => (id, Body::error(11050, "bad_request")),
                    BadRequest::NotAnObject | BadRequest::BadId => (None, Body::error(11050, "bad_request")),
                };
                return self.reply(conn, "", id, body, us_in);
            }
        };
        self.note_sign_of_life(conn, &request.method);
        let Request { id, method: name, params } = request;
        if id.is_none() && self.config.missing_id == MissingId::Reject {
            return self.reply(conn, &name, None, Body::error(11050, "bad_request"), us_in);
        }
        let Some(method) = Method::parse(&name) else {
            return self.reply(conn, &name, id, Body::error(-32601, "Method not found"), us_in);
        };
        if self.platform.refuses_calls() {
            return self.send_text(conn, MAINTENANCE);
        }
        let call = Call { conn, id, name, method, params: Params::new(), us_in };
        if let Err(body) = self.admit(&call) {
            return self.reply(conn, &call.name, call.id, body, us_in);
        }
        let call = match params {
            None | Some(Value::Null) => call,
            Some(Value::Object(params)) => Call { params, ..call },
            Some(_) => {
                let body = invalid(ParamError::Format("params"));
                return self.reply(conn, &call.name, call.id, body, us_in);
            }
        };
        self.carry_out(call);
    }

    /// Replies as the faults that are set have it.
    pub(super) fn reply(&mut self, conn: u64, method: &str, id: Option<String>, body: Body, us_in: u64) {
        let mut reply = Reply { id, body, us_in, is_odd: false };
        if self.faults.is_empty() {
            return self.send(conn, Pending::Reply(reply));
        }
        let is_of = |wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| wanted == method);
        let lost = |fault: &Fault| matches!(fault, Fault::LoseReply { method } if is_of(method));
        if self.hit(conn, None, lost).is_some() {
            return;
        }
        let bare = |fault: &Fault| matches!(fault, Fault::ReplyWithoutId { method } if is_of(method));
        if self.hit(conn, None, bare).is_some() {
            reply.id = None;
        }
        reply.is_odd = self.hit(conn, None, |fault| matches!(fault, Fault::UnknownMembers {})).is_some();
        if self.hit(conn, None, |fault| matches!(fault, Fault::ForeignIdReply {})).is_some() {
            let id = Some(self.rng.u64(1 << 40..1 << 41).to_string());
            self.send(conn, Pending::Reply(Reply { id, ..reply.clone() }));
        }
        let twice = |fault: &Fault| matches!(fault, Fault::DuplicateReply { method } if is_of(method));
        if self.hit(conn, None, twice).is_some() {
            self.send(conn, Pending::Reply(reply.clone()));
        }
        let late = |fault: &Fault| matches!(fault, Fault::LateReply { method, .. } if is_of(method));
        if let Some(Fault::LateReply { ms, .. }) = self.hit(conn, None, late) {
            return self.send_loose(conn, reply, (ms.max(0.0) * 1e3) as u64);
        }
        let reordered = |fault: &Fault| matches!(fault, Fault::ReorderReplies { .. });
        match self.hit(conn, None, reordered) {
            Some(Fault::ReorderReplies { window_ms }) => {
                let late_us = self.rng.u64(..=(window_ms.max(0.0) * 1e3) as u64);
                self.send_loose(conn, reply, late_us);
            }
            _ => self.send(conn, Pending::Reply(reply)),
        }
    }

    /// Whether a call may be carried out as far as the platform and credits are concerned.
    fn admit(&mut self, call: &Call) -> Result<(), Body> {
        let (conn, pool) = (call.conn, call.method.pool(&call.name));
        let Some(seat) = self.conns.get(&conn) else { return Ok(()) };
        let is_authorised = seat.is_authorised();
        let waiting = seat.line.iter().map(|(_, pending)| pending).chain(seat.loose.values());
        let waiting = waiting.filter(|pending| matches!(pending, Pending::Reply(_))).count();
        if self.platform.is_login_needed
            && !is_authorised
            && !call.method.is_private()
            && call.method != Method::Auth
        {
            return Err(Body::error(11056, "unauthenticated_public_requests_temporarily_disabled"));
        }
        if self.config.max_pending > 0 && !call.method.is_private() && waiting >= self.config.max_pending {
            return Err(Body::error(10066, "too_many_concurrent_requests"));
        }
        let ip = seat.ip.clone();
        let account = seat.grant.filter(|_| is_authorised).and_then(|grant| self.account_of(grant));
        let (owner, tier) = match account {
            Some(account) => (Owner::User(account.user_id), account.tier),
            None => (Owner::Ip(ip), 4),
        };
        let forced = match self.hit(conn, None, |fault| matches!(fault, Fault::RateLimit { .. })) {
            Some(Fault::RateLimit { mode }) => Some(mode.unwrap_or(self.config.on_exhaust)),
            _ => None,
        };
        let paid = self.buckets.pay(self.clock, owner, pool, tier);
        if paid.is_new_low {
            self.journal.record(self.clock, conn, Event::Credits { bucket: pool.name(), level: paid.level });
        }
        if let Some(seat) = self.conns.get_mut(&conn) {
            seat.counters.paid(pool.name(), paid.level);
        }
        if paid.is_enough && forced.is_none() {
            return self.forced_error(call);
        }
        if forced.unwrap_or(self.config.on_exhaust) == OnExhaust::Close {
            let at = self.clock + CLOSE_AFTER_US;
            if let Some(seat) = self.conns.get_mut(&conn) {
                seat.close_at.get_or_insert((at, 1000, ""));
            }
        }
        Err(Body::error(10028, "too_many_requests"))
    }

    fn forced_error(&mut self, call: &Call) -> Result<(), Body> {
        let is_of = |wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| *wanted == call.name);
        let forced = |fault: &Fault| matches!(fault, Fault::ForceError { method, .. } if is_of(method));
        match self.hit(call.conn, None, forced) {
            Some(Fault::ForceError { code, message, data, .. }) => {
                let message = message.unwrap_or_else(|| usual_message(code).to_owned());
                Err(Body::Error { code, message, data: data.map(|data| data.to_string()) })
            }
            _ => Ok(()),
        }
    }

    fn carry_out(&mut self, call: Call) {
        let conn = call.conn;
        let done = self.execute(&call).unwrap_or_else(Done::Reply);
        let reply = |venue: &mut Self, body| venue.reply(conn, &call.name, call.id.clone(), body, call.us_in);
        match done {
            Done::Nothing => {}
            Done::Reply(body) => reply(self, body),
            Done::Subscribed(Subscribed { body, streams }) if self.config.snapshot_before_ack => {
                self.begin_streams(conn, streams, false);
                reply(self, body);
            }
            Done::Subscribed(Subscribed { body, streams }) => {
                reply(self, body);
                self.begin_streams(conn, streams, true);
            }
            Done::Traded { body, events } if self.config.events_before_reply => {
                self.spread_private(events);
                reply(self, body);
            }
            Done::Traded { body, events } => {
                reply(self, body);
                self.spread_private(events);
            }
        }
    }

    fn execute(&mut self, call: &Call) -> Result<Done, Body> {
        let (conn, params) = (call.conn, &call.params);
        let grant = if call.method.is_private() { Some(self.authorise(conn, params)?) } else { None };
        self.check_scope(call.method, grant)?;
        Ok(Done::Reply(match call.method {
            Method::Hello => {
                params::text(params, "client_name").map_err(invalid)?;
                params::text(params, "client_version").map_err(invalid)?;
                version()
            }
            Method::Test => match params::optional_text(params, "expected_result").map_err(invalid)? {
                Some("exception") => Body::error(11094, "internal_server_error"),
                _ => version(),
            },
            Method::Time => Body::Result((self.shown(self.clock) / 1_000).to_string()),
            Method::Auth => self.auth(conn, params)?,
            Method::ExchangeToken => self.exchange_token(conn, params)?,
            Method::ForkToken => self.fork_token(conn, params)?,
            Method::SetHeartbeat => self.set_heartbeat(conn, params)?,
            Method::DisableHeartbeat => self.disable_heartbeat(conn),
            Method::Subscribe(side) => {
                let grant = self.grant_for_channels(conn, grant, params);
                return self.subscribe(conn, side, grant, params).map(Done::Subscribed);
            }
            Method::Unsubscribe(_) => self.unsubscribe(conn, params)?,
            Method::UnsubscribeAll(_) => self.unsubscribe_all(conn),
            Method::Logout => {
                let grant = grant.ok_or_else(Body::invalid_token)?;
                return self.logout(conn, grant, params).map(|()| Done::Nothing);
            }
            Method::Market => match self.market.answer(&call.name, params) {
                Some(Ok(result)) => Body::Result(result),
                Some(Err(error)) => invalid(error),
                None => Body::error(-32601, "Method not found"),
            },
            Method::Trading(method) => {
                let grant = grant.ok_or_else(Body::invalid_token)?;
                let (body, events) = self.trade(conn, grant, method, params)?;
                return Ok(Done::Traded { body, events });
            }
        }))
    }

    fn check_scope(&self, method: Method, grant: Option<GrantId>) -> Result<(), Body> {
        let Method::Trading(method) = method else { return Ok(()) };
        let (area, level) = super::orders::needed_scope(method);
        let grant = grant.and_then(|grant| self.tokens.any_grant(grant));
        match grant {
            Some(grant) if grant.scope.allows(area, level) => Ok(()),
            _ => Err(Body::error(13021, "forbidden")),
        }
    }

    /// Who subscribes: the token of the call, or that of the connection.
    fn grant_for_channels(&mut self, conn: u64, grant: Option<GrantId>, params: &Params) -> Option<GrantId> {
        grant.or_else(|| self.authorise(conn, params).ok())
    }

    /// A test request may be answered by this.
    fn note_sign_of_life(&mut self, id: u64, method: &str) {
        let counts = match self.config.heartbeat_answer {
            HeartbeatAnswer::TestOnly => method == "public/test",
            HeartbeatAnswer::AnyRequest => true,
        };
        let clock = self.clock;
        if counts && let Some(conn) = self.conns.get_mut(&id) {
            conn.counters.answered(clock);
            if let Some(heartbeat) = &mut conn.heartbeat {
                heartbeat.answered();
            }
        }
    }

    pub(super) fn change_phase(&mut self, id: u64, to: Phase) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let from = conn.phase;
        // Nothing comes after the end.
        if from != to && from != Phase::Closing {
            conn.phase = to;
            self.journal.record(self.clock, id, Event::State { from: from.name(), to: to.name() });
        }
    }
}

fn version() -> Body {
    Body::Result(r#"{"version":"1.2.26"}"#.to_owned())
}

/// The message that goes with a code, for errors that are forced.
fn usual_message(code: i64) -> &'static str {
    match code {
        -32602 => "Invalid params",
        -32601 => "Method not found",
        -32600 => "request entity too large",
        10009 => "not_enough_funds",
        10028 => "too_many_requests",
        10040 => "retry",
        10041 => "settlement_in_progress",
        10047 => "matching_engine_queue_full",
        10066 => "too_many_concurrent_requests",
        11044 => "not_open_order",
        11050 => "bad_request",
        11051 => "system_maintenance",
        11056 => "unauthenticated_public_requests_temporarily_disabled",
        11094 => "internal_server_error",
        13004 => "invalid_credentials",
        13009 => "unauthorized",
        13021 => "forbidden",
        13028 => "temporarily_unavailable",
        13778 => "raw_subscriptions_not_available_for_unauthorized",
        13888 => "timed_out",
        _ => "error",
    }
}

/// So that the error can be read before the close.
const CLOSE_AFTER_US: u64 = 50_000;
