//! Logging in: the three grants, exchange and fork, logout, and the end of a token.

use fastrand::Rng;

use super::{
    Venue,
    conn::Phase,
    envelope::Body,
    params::{self, Params},
    scope::{Asked, Scope},
    signature::sign,
    tokens::{GrantId, Holder, NewGrant, Pair},
};
use crate::{
    config::{OnExpiry, micros},
    fault::Fault,
    json::quoted,
    market::ParamError,
};

impl Venue {
    /// `public/auth`.
    pub(super) fn auth(&mut self, conn: u64, params: &Params) -> Result<Body, Body> {
        let grant_type = params::text(params, "grant_type").map_err(invalid)?;
        let hit = self.hit(conn, None, |fault| matches!(fault, Fault::RefuseAuth { .. }));
        if let Some(Fault::RefuseAuth { code, .. }) = hit {
            let message = if code == 13004 { "invalid_credentials" } else { "unauthorized" };
            return Err(Body::error(code, message));
        }
        let asked =
            Asked::parse(params::optional_text(params, "scope").map_err(invalid)?.unwrap_or_default());
        let state = params::optional_text(params, "state").map_err(invalid)?.map(str::to_owned);
        let pair = match grant_type {
            "client_credentials" => {
                let account = self.account_by_secret(params)?;
                self.grant_to(conn, account, &asked)
            }
            "client_signature" => {
                let account = self.account_by_signature(params)?;
                self.grant_to(conn, account, &asked)
            }
            "refresh_token" => self.refresh(conn, params, &asked)?,
            _ => return Err(invalid(ParamError::Format("grant_type"))),
        };
        self.authenticate(conn, pair.grant);
        Ok(self.token_result(conn, &pair, state.as_deref()))
    }

    /// `public/exchange_token`.
    pub(super) fn exchange_token(&mut self, conn: u64, params: &Params) -> Result<Body, Body> {
        let token = params::text(params, "refresh_token").map_err(invalid)?;
        let subject = params::integer(params, "subject_id").map_err(invalid)?;
        let scope = params::optional_text(params, "scope").map_err(invalid)?;
        let old = self.tokens.by_refresh(token, conn, self.clock).ok_or_else(Body::invalid_token)?;
        let account = self.config.accounts.iter().position(|account| account.user_id == subject);
        let account = account.ok_or_else(|| invalid(ParamError::Format("subject_id")))?;
        let asked = Asked::parse(scope.unwrap_or_default());
        let holder = self.tokens.grant(old).map(|grant| grant.holder.clone());
        let old_session = match holder {
            Some(Holder::Session { name, .. }) => Some(name),
            _ => None,
        };
        if old_session.is_none() {
            self.revoke(old);
        }
        let new = NewGrant {
            account,
            scope: self.granted(account, &asked),
            // A scope argument asks for no main account, since 13.05.2025.
            is_main: scope.is_none(),
            connection: conn,
            session: asked.session.clone().or(old_session),
        };
        let pair = self.issue(conn, new, &asked);
        Ok(self.token_result(conn, &pair, None))
    }

    /// `public/fork_token`.
    pub(super) fn fork_token(&mut self, conn: u64, params: &Params) -> Result<Body, Body> {
        let token = params::text(params, "refresh_token").map_err(invalid)?;
        let name = params::text(params, "session_name").map_err(invalid)?;
        let old = self.tokens.by_refresh(token, conn, self.clock);
        let grant = old.and_then(|old| self.tokens.grant(old)).filter(|grant| grant.is_session());
        let grant = grant.ok_or_else(Body::unauthorized)?;
        let new = NewGrant {
            account: grant.account,
            scope: grant.scope.clone(),
            is_main: grant.is_main,
            connection: conn,
            session: Some(name.to_owned()),
        };
        let pair = self.issue(conn, new, &Asked::default());
        Ok(self.token_result(conn, &pair, None))
    }

    /// `private/logout`, which has no reply.
    pub(super) fn logout(&mut self, conn: u64, grant: GrantId, params: &Params) -> Result<(), Body> {
        let invalidates = params::optional_bool(params, "invalidate_token").map_err(invalid)?.unwrap_or(true);
        // Before anything else, so that nothing is cancelled.
        self.leave_trading(conn);
        self.close(conn, 1000, "");
        if invalidates {
            self.revoke(grant);
        }
        Ok(())
    }

    /// What a private call may do: by its own token, or by that of its connection.
    pub(super) fn authorise(&mut self, conn: u64, params: &Params) -> Result<GrantId, Body> {
        if let Some(token) = params.get("access_token") {
            let token = token.as_str().unwrap_or_default();
            let grant = self.tokens.by_access(token, conn, self.clock).ok_or_else(Body::invalid_token)?;
            if self.config.token_binds == crate::config::TokenBinds::Connection {
                self.authenticate(conn, grant);
            }
            return Ok(grant);
        }
        let authorised = self.conns.get(&conn).filter(|conn| conn.is_authorised());
        authorised.and_then(|conn| conn.grant).ok_or_else(Body::invalid_token)
    }

    /// Ends a grant wherever it is used.
    pub(super) fn revoke(&mut self, grant: GrantId) {
        self.tokens.revoke(grant);
        self.expire_users_of(grant);
    }

    /// Lets the token of a connection expire now.
    pub(super) fn expire_token(&mut self, conn: u64) {
        let grant = self.conns.get(&conn).filter(|conn| conn.is_authorised()).and_then(|conn| conn.grant);
        if let Some(grant) = grant {
            self.tokens.expire(grant, self.clock);
            self.expire_users_of(grant);
        }
    }

    /// What follows when the token of a connection is no longer good.
    pub(super) fn expired(&mut self, conn: u64) {
        self.change_phase(conn, Phase::Expired);
        match self.config.on_expiry {
            OnExpiry::StopPrivate => self.drop_private_subscriptions(conn),
            OnExpiry::KeepPrivate => {}
            OnExpiry::Close => self.close(conn, 1000, ""),
        }
    }

    fn expire_users_of(&mut self, grant: GrantId) {
        let uses = |conn: &super::conn::Conn| conn.phase == Phase::Auth && conn.grant == Some(grant);
        let users: Vec<u64> = self.conns.iter().filter(|(_, conn)| uses(conn)).map(|(id, _)| *id).collect();
        users.into_iter().for_each(|conn| self.expired(conn));
    }

    fn authenticate(&mut self, conn: u64, grant: GrantId) {
        if let Some(conn) = self.conns.get_mut(&conn) {
            conn.grant = Some(grant);
        }
        self.change_phase(conn, Phase::Auth);
        self.join_trading(conn, grant);
    }

    fn account_by_secret(&self, params: &Params) -> Result<usize, Body> {
        let id = params::text(params, "client_id").map_err(invalid)?;
        let secret = params::text(params, "client_secret").map_err(invalid)?;
        let is_right = |account: &crate::config::Account| {
            account.client_id == id && account.client_secret.reveal() == secret
        };
        let account = self.config.accounts.iter().position(is_right);
        account.ok_or_else(|| Body::error(13004, "invalid_credentials"))
    }

    fn account_by_signature(&mut self, params: &Params) -> Result<usize, Body> {
        let id = params::text(params, "client_id").map_err(invalid)?;
        let timestamp = timestamp(params).map_err(invalid)?;
        let signature = params::text(params, "signature").map_err(invalid)?;
        let data = params::optional_text(params, "data").map_err(invalid)?.unwrap_or_default();
        let nonce = match params::optional_text(params, "nonce").map_err(invalid)? {
            Some(nonce) if nonce.len() > 64 => return Err(invalid(ParamError::Format("nonce"))),
            None if self.config.nonce_required => return Err(invalid(ParamError::Required("nonce"))),
            nonce => nonce.unwrap_or_default(),
        };
        let account = self.config.accounts.iter().position(|account| account.client_id == id);
        let account = account.ok_or_else(|| Body::error(13004, "invalid_credentials"))?;
        let stamp_ms: u64 = timestamp.parse().map_err(|_| invalid(ParamError::Format("timestamp")))?;
        if self.wall_us().abs_diff(stamp_ms.saturating_mul(1_000)) > NONCE_LIFE_US {
            return Err(Body::unauthorized());
        }
        let secret = self.config.accounts[account].client_secret.reveal();
        if sign(secret, &timestamp, nonce, data) != signature {
            return Err(Body::unauthorized());
        }
        let now = self.clock;
        self.nonces.retain(|_, used_at| *used_at + NONCE_LIFE_US > now);
        // Without a nonce there is none that could be used twice.
        let is_used = !nonce.is_empty() && self.nonces.insert((account, nonce.to_owned()), now).is_some();
        if is_used { Err(Body::unauthorized()) } else { Ok(account) }
    }

    fn refresh(&mut self, conn: u64, params: &Params, asked: &Asked) -> Result<Pair, Body> {
        let token = params::text(params, "refresh_token").map_err(invalid)?;
        let is_revoked = self.hit(conn, None, |fault| matches!(fault, Fault::RevokeRefresh {})).is_some();
        let grant = self.tokens.by_refresh(token, conn, self.clock).filter(|_| !is_revoked);
        let grant = grant.ok_or_else(Body::invalid_token)?;
        let ttl_us = self.token_life_us(conn, asked);
        let pair = self.tokens.renew(grant, self.clock, ttl_us, &mut self.rng);
        pair.ok_or_else(Body::invalid_token)
    }

    fn grant_to(&mut self, conn: u64, account: usize, asked: &Asked) -> Pair {
        let mut scope = self.granted(account, asked);
        let narrow = self.hit(conn, None, |fault| matches!(fault, Fault::NarrowScope { .. }));
        if let Some(Fault::NarrowScope { scope: words }) = narrow {
            scope = scope.and(&Scope::parse(&words));
        }
        let new =
            NewGrant { account, scope, is_main: true, connection: conn, session: asked.session.clone() };
        self.issue(conn, new, asked)
    }

    fn issue(&mut self, conn: u64, new: NewGrant, asked: &Asked) -> Pair {
        let ttl_us = self.token_life_us(conn, asked);
        let pair = self.tokens.issue(new, self.clock, ttl_us, &mut self.rng);
        self.expire_revoked_users();
        pair
    }

    /// A session that made room for another takes its connections with it.
    fn expire_revoked_users(&mut self) {
        let is_lost = |conn: &super::conn::Conn| {
            conn.phase == Phase::Auth && conn.grant.is_some_and(|grant| self.tokens.grant(grant).is_none())
        };
        let lost: Vec<u64> = self.conns.iter().filter(|(_, conn)| is_lost(conn)).map(|(id, _)| *id).collect();
        lost.into_iter().for_each(|conn| self.expired(conn));
    }

    fn granted(&self, account: usize, asked: &Asked) -> Scope {
        Scope::parse(&self.config.accounts[account].scope).narrowed_to(asked)
    }

    fn token_life_us(&mut self, conn: u64, asked: &Asked) -> u64 {
        let short = self.hit(conn, None, |fault| matches!(fault, Fault::ShortTokens { .. }));
        let ours = match short {
            Some(Fault::ShortTokens { seconds }) => micros(seconds.max(0.0)),
            _ => micros(self.config.token_ttl_s),
        };
        asked.expires_s.map_or(ours, |seconds| ours.min(seconds.saturating_mul(1_000_000)))
    }

    fn token_result(&mut self, conn: u64, pair: &Pair, state: Option<&str>) -> Body {
        let Some(grant) = self.tokens.any_grant(pair.grant) else { return Body::invalid_token() };
        let mut words = grant.scope.words();
        let sid = match &grant.holder {
            Holder::Connection(_) => {
                words.push("connection".to_owned());
                None
            }
            Holder::Session { name, sid } => {
                words.push(format!("session:{name}"));
                Some(sid.clone())
            }
        };
        if grant.is_main {
            words.push("mainaccount".to_owned());
        }
        let mut fallback = Rng::with_seed(0);
        self.conns.get_mut(&conn).map_or(&mut fallback, |conn| &mut conn.rng).shuffle(&mut words);
        let mut result = format!(
            r#"{{"access_token":"{}","expires_in":{},"refresh_token":"{}","scope":{},"token_type":"bearer","enabled_features":[]"#,
            pair.access,
            pair.expires_in_s,
            pair.refresh,
            quoted(&words.join(" ")),
        );
        for (name, text) in [("state", state), ("sid", sid.as_deref())] {
            if let Some(text) = text {
                result.push_str(&format!(r#","{name}":{}"#, quoted(text)));
            }
        }
        result.push('}');
        Body::Result(result)
    }
}

impl super::tokens::Grant {
    fn is_session(&self) -> bool {
        matches!(self.holder, Holder::Session { .. })
    }
}

/// The digits that are signed, which may stand in a string.
fn timestamp(params: &Params) -> Result<String, ParamError> {
    use serde_json::Value;
    match params.get("timestamp") {
        None | Some(Value::Null) => Err(ParamError::Required("timestamp")),
        Some(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
        Some(Value::String(text)) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(text.clone())
        }
        Some(_) => Err(ParamError::Format("timestamp")),
    }
}

pub(super) fn invalid(error: ParamError) -> Body {
    Body::error_with(-32602, "Invalid params", error.data())
}

/// How far a timestamp may be off, and for how long a nonce is remembered.
const NONCE_LIFE_US: u64 = 60_000_000;
