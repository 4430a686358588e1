//! Grants and the tokens that stand for them: issue, refresh, revoke, expire.
//!
//! Which connection uses which grant is the connections' to know.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::scope::Scope;

/// The place of a grant among all that were ever given.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct GrantId(u64);

/// What a login gave.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The place of the account in the configuration.
    pub(crate) account: usize,
    pub(crate) scope: Scope,
    pub(crate) is_main: bool,
    pub(crate) holder: Holder,
    /// When its newest access token expires.
    pub(crate) expires_at: u64,
    is_revoked: bool,
}

/// Where tokens of a grant are valid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Holder {
    /// On this connection.
    Connection(u64),
    /// On any, as this session of its client id.
    Session { name: String, sid: String },
}

/// A pair of tokens as it goes to the client.
pub(crate) struct Pair {
    pub(crate) grant: GrantId,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) expires_in_s: u64,
}

#[derive(Clone, Debug)]
struct Token {
    grant: GrantId,
    expires_at: u64,
}

/// All grants and tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    grants: BTreeMap<GrantId, Grant>,
    access: BTreeMap<String, Token>,
    refresh: BTreeMap<String, Token>,
    next: u64,
}

impl Tokens {
    /// A new grant with its first tokens; a session of the same name is continued instead.
    pub(crate) fn issue(&mut self, grant: NewGrant, now: u64, ttl_us: u64, rng: &mut Rng) -> Pair {
        self.forget_the_dead(grant.connection, now);
        let same = self.grants.iter().find(|(_, old)| match (&old.holder, &grant.session) {
            (Holder::Session { name, .. }, Some(wanted)) => {
                !old.is_revoked && old.expires_at > now && old.account == grant.account && name == wanted
            }
            _ => false,
        });
        let id = same.map(|(id, _)| *id).unwrap_or_else(|| {
            self.next += 1;
            GrantId(self.next)
        });
        let holder = match grant.session {
            None => Holder::Connection(grant.connection),
            Some(name) => match self.grants.get(&id).map(|old| old.holder.clone()) {
                Some(holder) => holder,
                None => {
                    self.make_room_for_a_session(grant.account, now);
                    Holder::Session { name, sid: opaque(rng, 16) }
                }
            },
        };
        let expires_at = now + ttl_us;
        let (account, scope, is_main) = (grant.account, grant.scope, grant.is_main);
        self.grants.insert(id, Grant { account, scope, is_main, holder, expires_at, is_revoked: false });
        self.pair(id, now, ttl_us, rng)
    }

    /// New tokens for an old grant. Those of a connection replace the old ones, those of a session do not.
    pub(crate) fn renew(&mut self, id: GrantId, now: u64, ttl_us: u64, rng: &mut Rng) -> Option<Pair> {
        let grant = self.grants.get_mut(&id)?;
        grant.expires_at = now + ttl_us;
        if matches!(grant.holder, Holder::Connection(_)) {
            self.forget_tokens(id);
        }
        Some(self.pair(id, now, ttl_us, rng))
    }

    /// A grant, if it is still good.
    pub(crate) fn grant(&self, id: GrantId) -> Option<&Grant> {
        self.grants.get(&id).filter(|grant| !grant.is_revoked)
    }

    /// A grant, whatever became of it.
    pub(crate) fn any_grant(&self, id: GrantId) -> Option<&Grant> {
        self.grants.get(&id)
    }

    /// The grant of an access token that is valid on this connection now.
    pub(crate) fn by_access(&self, token: &str, connection: u64, now: u64) -> Option<GrantId> {
        self.valid(self.access.get(token)?, connection, now)
    }

    /// The grant of a refresh token that is valid on this connection now.
    pub(crate) fn by_refresh(&self, token: &str, connection: u64, now: u64) -> Option<GrantId> {
        self.valid(self.refresh.get(token)?, connection, now)
    }

    /// Ends a grant; its tokens are worth nothing from now on.
    pub(crate) fn revoke(&mut self, id: GrantId) {
        self.forget_tokens(id);
        if let Some(grant) = self.grants.get_mut(&id) {
            grant.is_revoked = true;
        }
    }

    /// Lets the access tokens of a grant expire now. It can still be refreshed.
    pub(crate) fn expire(&mut self, id: GrantId, now: u64) {
        if let Some(grant) = self.grants.get_mut(&id) {
            grant.expires_at = now;
        }
        self.access.retain(|_, token| token.grant != id);
    }

    /// Ends what belongs to a connection that is gone.
    pub(crate) fn connection_gone(&mut self, connection: u64) {
        let its = |grant: &Grant| grant.holder == Holder::Connection(connection);
        let gone: Vec<_> = self.grants.iter().filter(|(_, grant)| its(grant)).map(|(id, _)| *id).collect();
        for id in gone {
            self.forget_tokens(id);
            self.grants.remove(&id);
        }
    }

    /// Ends everything.
    pub(crate) fn revoke_all(&mut self) {
        self.access.clear();
        self.refresh.clear();
        self.grants.values_mut().for_each(|grant| grant.is_revoked = true);
    }

    fn valid(&self, token: &Token, connection: u64, now: u64) -> Option<GrantId> {
        let grant = self.grant(token.grant)?;
        let is_here = match grant.holder {
            Holder::Connection(own) => own == connection,
            Holder::Session { .. } => true,
        };
        (is_here && token.expires_at > now).then_some(token.grant)
    }

    fn pair(&mut self, grant: GrantId, now: u64, ttl_us: u64, rng: &mut Rng) -> Pair {
        let expires_at = now + ttl_us;
        // Otherwise nothing could be refreshed once it is needed most.
        let refresh_expires_at = now + ttl_us.max(A_YEAR_US);
        let access = token_text(expires_at, rng);
        let refresh = token_text(refresh_expires_at, rng);
        self.access.insert(access.clone(), Token { grant, expires_at });
        self.refresh.insert(refresh.clone(), Token { grant, expires_at: refresh_expires_at });
        Pair { grant, access, refresh, expires_in_s: ttl_us / 1_000_000 }
    }

    /// Drops the session that expires first where a client id has as many as it may.
    fn make_room_for_a_session(&mut self, account: usize, now: u64) {
        let is_live = |grant: &Grant| {
            !grant.is_revoked
                && grant.account == account
                && grant.expires_at > now
                && matches!(grant.holder, Holder::Session { .. })
        };
        let live = self.grants.iter().filter(|(_, grant)| is_live(grant));
        let mut live: Vec<_> = live.map(|(id, grant)| (grant.expires_at, *id)).collect();
        live.sort_unstable();
        if live.len() >= MOST_SESSIONS {
            self.revoke(live[0].1);
        }
    }

    /// Bounds what is remembered: what is worth nothing goes, and so does the oldest of many logins of
    /// one connection.
    fn forget_the_dead(&mut self, connection: u64, now: u64) {
        self.access.retain(|_, token| token.expires_at > now);
        self.refresh.retain(|_, token| token.expires_at > now);
        self.grants.retain(|_, grant| !grant.is_revoked);
        let its = |grant: &Grant| grant.holder == Holder::Connection(connection);
        let own: Vec<_> = self.grants.iter().filter(|(_, grant)| its(grant)).map(|(id, _)| *id).collect();
        if own.len() >= MOST_LOGINS {
            self.forget_tokens(own[0]);
            self.grants.remove(&own[0]);
        }
    }

    fn forget_tokens(&mut self, id: GrantId) {
        self.access.retain(|_, token| token.grant != id);
        self.refresh.retain(|_, token| token.grant != id);
    }
}

/// What a new grant is made of.
#[derive(Debug)]
pub(crate) struct NewGrant {
    pub(crate) account: usize,
    pub(crate) scope: Scope,
    pub(crate) is_main: bool,
    pub(crate) connection: u64,
    pub(crate) session: Option<String>,
}

/// The expiry in milliseconds, eight characters, two hundred characters.
fn token_text(expires_at: u64, rng: &mut Rng) -> String {
    format!("{}.{}.{}", expires_at / 1_000, opaque(rng, 8), opaque(rng, 200))
}

fn opaque(rng: &mut Rng, length: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..length).map(|_| char::from(ALPHABET[rng.usize(..ALPHABET.len())])).collect()
}

const MOST_SESSIONS: usize = 16;
const MOST_LOGINS: usize = 16;
const A_YEAR_US: u64 = 31_536_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn new(connection: u64, session: Option<&str>) -> NewGrant {
        let session = session.map(str::to_owned);
        NewGrant { account: 0, scope: Scope::default(), is_main: true, connection, session }
    }

    const HOUR: u64 = 3_600_000_000;

    #[test]
    fn a_token_has_the_shape_of_the_wire() {
        let mut rng = Rng::with_seed(1);
        let pair = Tokens::default().issue(new(1, None), 5_000, HOUR, &mut rng);
        let parts: Vec<_> = pair.access.split('.').collect();
        assert_eq!((parts[0], parts[1].len(), parts[2].len()), ("3600005", 8, 200));
        assert_eq!(pair.expires_in_s, 3_600);
    }

    #[test]
    fn tokens_of_a_connection_are_worthless_elsewhere_and_after_its_end() {
        let (mut tokens, mut rng) = (Tokens::default(), Rng::with_seed(1));
        let pair = tokens.issue(new(1, None), 0, HOUR, &mut rng);
        assert!(tokens.by_access(&pair.access, 1, 1).is_some());
        assert!(tokens.by_access(&pair.access, 2, 1).is_none());
        assert!(tokens.by_refresh(&pair.refresh, 2, 1).is_none());
        tokens.connection_gone(1);
        assert!(tokens.by_access(&pair.access, 1, 1).is_none());
    }

    #[test]
    fn renewing_a_connections_tokens_ends_the_old_pair() {
        let (mut tokens, mut rng) = (Tokens::default(), Rng::with_seed(1));
        let old = tokens.issue(new(1, None), 0, HOUR, &mut rng);
        let new = tokens.renew(old.grant, 10, HOUR, &mut rng).unwrap();
        assert!(
            tokens.by_access(&old.access, 1, 20).is_none()
                && tokens.by_refresh(&old.refresh, 1, 20).is_none()
        );
        assert!(tokens.by_access(&new.access, 1, 20).is_some());
    }

    #[test]
    fn a_session_lives_on_any_connection_and_renewing_it_opens_no_other() {
        let (mut tokens, mut rng) = (Tokens::default(), Rng::with_seed(1));
        let old = tokens.issue(new(1, Some("feed")), 0, HOUR, &mut rng);
        let new = tokens.renew(old.grant, HOUR / 2, HOUR, &mut rng).unwrap();
        tokens.connection_gone(1);
        assert_eq!(old.grant, new.grant);
        assert!(tokens.by_access(&old.access, 7, HOUR - 1).is_some(), "until its own expiry");
        assert!(tokens.by_access(&old.access, 7, HOUR).is_none());
        assert!(tokens.by_access(&new.access, 7, HOUR).is_some());
    }

    #[test]
    fn the_seventeenth_session_drops_the_one_that_expires_first() {
        let (mut tokens, mut rng) = (Tokens::default(), Rng::with_seed(1));
        let mut pairs = Vec::new();
        for number in 0..17_u64 {
            // The third one expires first.
            let ttl = if number == 2 { HOUR } else { 2 * HOUR };
            pairs.push(tokens.issue(new(1, Some(&number.to_string())), number, ttl, &mut rng));
        }
        let live = |pair: &Pair| tokens.by_access(&pair.access, 1, 100).is_some();
        assert_eq!(pairs.iter().map(live).filter(|live| !live).count(), 1);
        assert!(!live(&pairs[2]));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut tokens, mut rng) = (Tokens::default(), Rng::with_seed(1));
        for round in 0..100 {
            let pair = tokens.issue(new(1, None), round, HOUR, &mut rng);
            assert!(tokens.by_access(&pair.access, 1, round).is_some());
            let session = tokens.issue(new(1, Some(&round.to_string())), round, HOUR, &mut rng);
            tokens.revoke(session.grant);
        }
        assert!(tokens.grants.len() <= MOST_LOGINS + 1, "{}", tokens.grants.len());
        assert!(tokens.access.len() <= MOST_LOGINS && tokens.refresh.len() <= MOST_LOGINS);
    }

    #[test]
    fn an_expired_grant_can_be_refreshed_and_a_revoked_one_cannot() {
        let (mut tokens, mut rng) = (Tokens::default(), Rng::with_seed(1));
        let pair = tokens.issue(new(1, None), 0, HOUR, &mut rng);
        assert!(tokens.by_access(&pair.access, 1, HOUR).is_none());
        assert!(tokens.by_refresh(&pair.refresh, 1, HOUR).is_some());
        tokens.revoke(pair.grant);
        assert!(tokens.by_refresh(&pair.refresh, 1, HOUR).is_none());
    }
}
