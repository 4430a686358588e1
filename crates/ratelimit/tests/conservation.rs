//! Whatever is asked, in whatever order and at whatever time: no token is made up and none is lost.

use std::time::{Duration, Instant};

use nova_ratelimit::{Admission, Budget, BudgetId, Charge, Limiter as _, TokenBuckets};
use proptest::{
    prelude::any, prop_assert, prop_assert_eq, prop_compose, prop_oneof, proptest, strategy::Strategy,
};

const FIRST: BudgetId = BudgetId::new("first");
const SECOND: BudgetId = BudgetId::new("second");

/// The terms of a budget, kept beside it to reckon with.
#[derive(Clone, Copy, Debug)]
struct Terms {
    capacity: u32,
    tokens: u32,
    per: Duration,
}

impl Terms {
    fn budget(self) -> Budget {
        Budget::new(self.capacity).with_refill(self.tokens, self.per)
    }

    /// The most tokens that may be granted within `time`.
    fn most_within(self, time: Duration) -> u128 {
        let refilled = time.as_nanos() * u128::from(self.tokens) / self.per.as_nanos();
        u128::from(self.capacity) + refilled
    }
}

prop_compose! {
    fn terms()(capacity in 1u32..50, tokens in 1u32..100, micros in 1u64..10_000_000) -> Terms {
        Terms { capacity, tokens, per: Duration::from_micros(micros) }
    }
}

/// How long after the start a request comes, which may be before the one that came last, and its costs.
fn requests() -> impl Strategy<Value = Vec<(Duration, u32, u32)>> {
    let when = prop_oneof![0u64..1_000_000_000, 0u64..60_000_000_000].prop_map(Duration::from_nanos);
    proptest::collection::vec((when, 0u32..20, 0u32..20), 1..80)
}

fn limiter(first: Terms, second: Terms) -> TokenBuckets {
    TokenBuckets::new()
        .with_budget(FIRST, first.budget())
        .and_then(|limiter| limiter.with_budget(SECOND, second.budget()))
        .expect("terms that were chosen to be sound")
}

fn held(limiter: &TokenBuckets, now: Instant) -> [u32; 2] {
    [FIRST, SECOND].map(|id| limiter.tokens(now, id).expect("both budgets exist"))
}

proptest! {
    #[test]
    fn grants_never_exceed_capacity_and_refill(
        first in terms(), second in terms(), requests in requests(), in_order: bool,
    ) {
        let mut requests = requests;
        if in_order {
            requests.sort_by_key(|(when, ..)| *when);
        }
        let start = Instant::now();
        let mut limiter = limiter(first, second);
        let (mut granted, mut latest) = ([0u128; 2], Duration::ZERO);
        let mut epoch = None;
        for (when, cost_first, cost_second) in requests {
            // Time begins with the first request, and what lies before it does not count.
            let epoch = *epoch.get_or_insert(when);
            latest = latest.max(when.saturating_sub(epoch));
            let now = start + when;
            let charge = Charge::one(FIRST, cost_first).with(SECOND, cost_second);
            let before = held(&limiter, now);
            let outcome = limiter.admit(now, &charge);
            prop_assert_eq!(limiter.check(&charge).is_ok(), outcome.is_ok());
            let paid = if outcome == Ok(Admission::Now) { [cost_first, cost_second] } else { [0, 0] };
            let after = held(&limiter, now);
            for (at, terms) in [first, second].into_iter().enumerate() {
                prop_assert_eq!(after[at] + paid[at], before[at], "all or none, and exactly so");
                prop_assert!(after[at] <= terms.capacity);
                granted[at] += u128::from(paid[at]);
                prop_assert!(granted[at] <= terms.most_within(latest));
            }
        }
    }

    #[test]
    fn named_instant_is_the_first_at_which_the_request_may_go(
        first in terms(), second in terms(), requests in requests(),
    ) {
        let start = Instant::now();
        let mut limiter = limiter(first, second);
        for (when, cost_first, cost_second) in requests {
            let charge = Charge::one(FIRST, cost_first).with(SECOND, cost_second);
            if let Ok(Admission::Later(at)) = limiter.admit(start + when, &charge) {
                let just_before = limiter.clone().admit(at - Duration::from_nanos(1), &charge);
                prop_assert_eq!(just_before, Ok(Admission::Later(at)));
                prop_assert_eq!(limiter.admit(at, &charge), Ok(Admission::Now));
            }
        }
    }

    #[test]
    fn patient_caller_gets_every_token(terms in terms(), cost in 1u32..50, rounds in 1u32..200) {
        let cost = cost.min(terms.capacity);
        let charge = Charge::one(FIRST, cost);
        let start = Instant::now();
        let (mut limiter, mut now) = (limiter(terms, terms), start);
        for _ in 0..rounds {
            if let Admission::Later(at) = limiter.admit(now, &charge).expect("payable") {
                now = at;
                prop_assert_eq!(limiter.admit(now, &charge), Ok(Admission::Now));
            }
        }
        // Who asks at the instant named loses nothing: the time taken is that of the tokens beyond the
        // first capacity, each rounded up to a nanosecond.
        let beyond = u128::from(cost * rounds).saturating_sub(u128::from(terms.capacity));
        let interval = terms.per.as_nanos().div_ceil(u128::from(terms.tokens));
        prop_assert_eq!((now - start).as_nanos(), beyond * interval);
    }

    #[test]
    fn terms_changed_at_any_time_keep_the_tokens_that_fit(
        before in terms(), after in terms(), spent in 0u32..50, later in 0u64..10_000_000_000, extreme: bool,
    ) {
        let start = Instant::now();
        let mut limiter = limiter(before, before);
        let spent = Charge::one(FIRST, spent.min(before.capacity));
        prop_assert_eq!(limiter.admit(start, &spent), Ok(Admission::Now));
        let now = start + Duration::from_nanos(if extreme { u64::MAX / 2 } else { later });
        let held = held(&limiter, now)[0];
        limiter.set_budget(now, FIRST, after.budget()).expect("terms that were chosen to be sound");
        prop_assert_eq!(limiter.tokens(now, FIRST), Some(held.min(after.capacity)));
    }

    #[test]
    fn budgets_of_any_terms_are_refused_or_kept_without_a_panic(
        capacity: u32, tokens: u32, per: Duration, costs in proptest::collection::vec(any::<u32>(), 1..10),
        jump in 0u64..u64::MAX / 4,
    ) {
        let budget = Budget::new(capacity).with_refill(tokens, per);
        if let Ok(mut limiter) = TokenBuckets::new().with_budget(FIRST, budget) {
            let start = Instant::now();
            for (cost, step) in costs.into_iter().zip(0u32..) {
                let now = start + Duration::from_nanos(jump) * step;
                let _any = limiter.admit(now, &Charge::one(FIRST, cost));
                prop_assert!(limiter.tokens(now, FIRST) <= Some(capacity));
            }
        }
    }
}
