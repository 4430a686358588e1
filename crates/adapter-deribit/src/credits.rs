//! What requests cost, and out of which of the venue's pools.
//!
//! The venue ends a session that overdraws, so less is drawn than it grants: each pool holds about a
//! tenth less than the venue's, because requests may travel at different speeds, and refills one
//! twentieth slower, because the answers to heartbeats cost there too and are never held back here.
//! The pools belong to the (sub)account, not to a connection: programs that share an account share
//! them, and should share the limiter.

use std::time::Duration;

use nova_behaviour::{Body, RateLimitHandler, Refusal};
use nova_ratelimit::{Budget, BudgetId, Charge};

use crate::{
    dialect::{DeribitDialect, Request},
    messages::Envelope,
};

/// Most requests: 500 of 50 000 credits each.
pub const ORDINARY: BudgetId = BudgetId::new("deribit ordinary");
/// Subscribing: 3 000 of 30 000 credits a call.
pub const SUBSCRIBE: BudgetId = BudgetId::new("deribit subscribe");
/// `public/get_instruments`: 10 000 credits a call. The venue's pages disagree on how many there are;
/// the smaller number is kept to, four at once and one each ten seconds.
pub const GET_INSTRUMENTS: BudgetId = BudgetId::new("deribit get_instruments");
/// `private/get_transaction_log`: 10 000 of 80 000 credits a call.
pub const GET_TRANSACTION_LOG: BudgetId = BudgetId::new("deribit get_transaction_log");
/// `private/move_positions`: 100 000 of 600 000 credits a call. A hundred calls a week on top of that
/// are the venue's to count.
pub const MOVE_POSITIONS: BudgetId = BudgetId::new("deribit move_positions");
/// Calls to the matching engine, one token each, by [`Tier`].
pub const MATCHING_ENGINE: BudgetId = BudgetId::new("deribit matching engine");

/// How many calls to the matching engine the account may make, by its volume of trade in seven days.
/// `private/get_account_summary` tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tier {
    per_second: u32,
    burst: u32,
}

impl Tier {
    /// More than 25 million USD: 30 a second, 100 at once.
    pub const ONE: Self = Self { per_second: 30, burst: 100 };
    /// More than 5 million USD: 20 a second, 50 at once.
    pub const TWO: Self = Self { per_second: 20, burst: 50 };
    /// More than 1 million USD: 10 a second, 30 at once.
    pub const THREE: Self = Self { per_second: 10, burst: 30 };
    /// Anybody: 5 a second, 20 at once.
    pub const FOUR: Self = Self { per_second: 5, burst: 20 };

    /// The numbers of an account that has its own. Zero counts as one.
    #[must_use]
    pub const fn of(per_second: u32, burst: u32) -> Self {
        let per_second = if per_second == 0 { 1 } else { per_second };
        let burst = if burst == 0 { 1 } else { burst };
        Self { per_second, burst }
    }
}

impl Default for Tier {
    fn default() -> Self {
        Self::FOUR
    }
}

/// Prices requests by the venue's table.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeribitCredits {
    tier: Tier,
}

impl DeribitCredits {
    pub(crate) const fn new(tier: Tier) -> Self {
        Self { tier }
    }

    fn of(method: &str) -> Charge {
        match method {
            "public/subscribe" | "private/subscribe" => Charge::one(SUBSCRIBE, 3_000),
            "public/get_instruments" => Charge::one(GET_INSTRUMENTS, 10_000),
            "private/get_transaction_log" => Charge::one(GET_TRANSACTION_LOG, 10_000),
            "private/move_positions" => Charge::one(MATCHING_ENGINE, 1).with(MOVE_POSITIONS, 100_000),
            _ if MATCHED.contains(&method) => Charge::one(MATCHING_ENGINE, 1),
            _ => Charge::one(ORDINARY, 500),
        }
    }
}

impl RateLimitHandler<DeribitDialect> for DeribitCredits {
    fn price(&mut self, request: &Request) -> Charge {
        Self::of(request.method())
    }

    fn price_of_raw(&mut self, message: Body<'_>) -> Charge {
        let envelope = message.as_text().and_then(|text| Envelope::read(text).ok());
        // What cannot be read costs the venue as much trouble as anything.
        Self::of(envelope.and_then(|read| read.method).as_deref().unwrap_or_default())
    }

    fn budgets(&self) -> Vec<(BudgetId, Budget)> {
        let second = Duration::from_secs(1);
        let Tier { per_second, burst } = self.tier;
        let refilled = |capacity| Budget::new(capacity).with_refill(9_500, second);
        // 95 of a hundred, each second.
        let matched = Budget::new((burst - burst.div_ceil(10)).max(1))
            .with_refill(per_second.saturating_mul(95), 100 * second);
        vec![
            // The reserve is for the session's own: ten requests, more than a new link needs.
            (ORDINARY, refilled(45_000).with_reserve(5_000)),
            (SUBSCRIBE, refilled(27_000).with_reserve(12_000)),
            (GET_INSTRUMENTS, Budget::new(40_000).with_refill(950, second)),
            (GET_TRANSACTION_LOG, refilled(70_000)),
            (MOVE_POSITIONS, refilled(500_000)),
            (MATCHING_ENGINE, matched),
        ]
    }

    /// The time in which a fifth to a half of a pool returns; the caller may repeat it then.
    fn held_back(&mut self, refusal: &Refusal) -> Option<Duration> {
        match refusal.code? {
            10028 => Some(Duration::from_secs(2)),
            10066 => Some(Duration::from_millis(500)),
            10047 => Some(Duration::from_millis(250)),
            _ => None,
        }
    }
}

/// The calls that go to the matching engine.
const MATCHED: &[&str] = &[
    "private/buy",
    "private/sell",
    "private/edit",
    "private/edit_by_label",
    "private/cancel",
    "private/cancel_by_label",
    "private/cancel_all",
    "private/cancel_all_by_instrument",
    "private/cancel_all_by_currency",
    "private/cancel_all_by_currency_pair",
    "private/cancel_all_by_kind_or_type",
    "private/close_position",
    "private/verify_block_trade",
    "private/execute_block_trade",
    "private/move_positions",
    "private/mass_quote",
    "private/cancel_quotes",
    "private/add_block_rfq_quote",
    "private/edit_block_rfq_quote",
    "private/cancel_block_rfq_quote",
    "private/cancel_all_block_rfq_quotes",
];

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use nova_ratelimit::{Admission, Limiter as _, TokenBuckets};

    use super::*;

    fn limiter(tier: Tier) -> TokenBuckets {
        DeribitCredits::new(tier)
            .budgets()
            .into_iter()
            .try_fold(TokenBuckets::new(), |buckets, (id, budget)| buckets.with_budget(id, budget))
            .unwrap()
    }

    fn price(method: &'static str) -> Charge {
        DeribitCredits::default().price(&Request::bare(method))
    }

    /// How many such requests go at once, and how many in the minute after that.
    fn admitted(method: &'static str, tier: Tier) -> (u32, u32) {
        let (mut limiter, start, charge) = (limiter(tier), Instant::now(), price(method));
        let mut now = start;
        let (mut at_once, mut later) = (0, 0);
        loop {
            match limiter.admit(now, &charge).unwrap() {
                Admission::Now if now == start => at_once += 1,
                Admission::Now => later += 1,
                Admission::Later(at) if at > start + Duration::from_secs(60) => return (at_once, later),
                Admission::Later(at) => now = at,
            }
        }
    }

    #[test]
    fn less_is_drawn_than_the_venue_grants() {
        let granted = [
            ("public/ticker", Tier::FOUR, 100, 1200),
            ("public/subscribe", Tier::FOUR, 10, 200),
            ("public/get_instruments", Tier::FOUR, 5, 6),
            ("private/get_transaction_log", Tier::FOUR, 8, 60),
            ("private/move_positions", Tier::FOUR, 6, 6),
            ("private/buy", Tier::ONE, 100, 1800),
            ("private/sell", Tier::TWO, 50, 1200),
            ("private/edit", Tier::THREE, 30, 600),
            ("private/cancel", Tier::FOUR, 20, 300),
        ];
        for (method, tier, burst, a_minute) in granted {
            let (at_once, later) = admitted(method, tier);
            assert!((1..burst).contains(&at_once), "{method}: {at_once} at once");
            assert!(at_once * 10 >= burst * 4, "{method}: {at_once} at once is too careful");
            assert!((a_minute * 8 / 10..=a_minute).contains(&later), "{method}: {later} a minute");
        }
    }

    #[test]
    fn the_session_can_log_in_and_subscribe_when_everything_else_is_used_up() {
        let (mut limiter, now) = (limiter(Tier::FOUR), Instant::now());
        for method in ["public/ticker", "public/subscribe"] {
            while limiter.admit(now, &price(method)).unwrap() == Admission::Now {}
            for _ in 0..3 {
                assert_eq!(limiter.admit(now, &price(method).urgent()), Ok(Admission::Now), "{method}");
            }
        }
    }

    #[test]
    fn messages_of_the_application_are_priced_by_their_method() {
        let mut credits = DeribitCredits::default();
        let mut raw = |text| credits.price_of_raw(Body::Text(text));
        assert_eq!(raw(r#"{"params":{},"method":"private/buy"}"#), Charge::one(MATCHING_ENGINE, 1));
        assert_eq!(raw(r#"{"method":"public/subscribe"}"#), Charge::one(SUBSCRIBE, 3_000));
        assert_eq!(raw("?"), Charge::one(ORDINARY, 500));
        assert_eq!(credits.price_of_raw(Body::Binary(b"?")), Charge::one(ORDINARY, 500));
    }

    #[test]
    fn a_move_of_positions_is_paid_twice() {
        let charge = price("private/move_positions");
        assert_eq!(
            charge.iter().map(|(budget, _)| budget).collect::<Vec<_>>(),
            [MATCHING_ENGINE, MOVE_POSITIONS]
        );
    }

    #[test]
    fn only_what_says_too_much_holds_back() {
        let mut credits = DeribitCredits::default();
        let mut held = |code| credits.held_back(&Refusal::new("no").with_code(code));
        assert!([10028, 10066, 10047].into_iter().all(|code| held(code).is_some()));
        assert!([13009, 11051, 10009].into_iter().all(|code| held(code).is_none()));
        assert_eq!(credits.held_back(&Refusal::new("no")), None);
    }

    #[test]
    fn any_tier_can_be_kept() {
        for tier in [Tier::of(0, 0), Tier::of(1, 1), Tier::of(1_000, 2_000)] {
            assert!(admitted("private/buy", tier).0 >= 1, "{tier:?}");
        }
    }
}
