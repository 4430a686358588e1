//! The scenarios, by name. Each says whether it applied, or why it does not hold.

mod calls;
mod life;
mod login;
mod nonsense;
mod topics;

use nova_behaviour::Adapter;

use super::{
    bench::{Bench, DialectOf},
    service::Service,
};

/// One scenario: whether it applies, or why it does not hold.
pub(super) type Scenario<A, S> = fn(&Bench<'_, A, S>) -> Result<bool, String>;

pub(super) fn all<A, S>() -> Vec<(&'static str, Scenario<A, S>)>
where
    A: Adapter,
    S: Service<DialectOf<A>>,
{
    vec![
        ("the session becomes ready", life::becomes_ready),
        ("every link is opened alike", life::opens_alike),
        ("it shuts down in good order", life::shuts_down),
        ("equal beginnings give equal conversations", life::is_deterministic),
        ("no event shows a secret", life::keeps_secrets),
        ("a heartbeat is answered once", life::answers_heartbeat),
        ("a heartbeat is answered while the limiter holds everything back", life::answers_heartbeat_at_once),
        ("a call gets its reply", calls::is_answered),
        ("many calls get their own replies", calls::are_told_apart),
        ("replies that overtake each other find their callers", calls::may_overtake),
        ("a late reply is nobody else's", calls::late_is_nobodys),
        ("a refused call is refused, and the link lives", calls::is_refused),
        ("calls work again on the next link", calls::survive_a_cut),
        ("nothing precedes the login", login::nothing_precedes),
        ("the login is made anew on every link", login::is_made_anew),
        ("a refused login ends the session", login::refusal_is_fatal),
        ("an unanswered login makes no session ready", login::silence_is_no_grant),
        ("a login is renewed before it expires", login::is_renewed),
        ("a subscription is confirmed and carried", topics::is_confirmed),
        ("items arrive once, in order, with growing positions", topics::keep_order),
        ("items go to their own topic alone", topics::keep_apart),
        ("subscriptions return after a cut, with a gap", topics::return_after_a_cut),
        ("a refused topic is refused alone", topics::refused_alone),
        ("an unanswered subscription is not confirmed", topics::silence_confirms_nothing),
        ("an ended subscription is ended at the service", topics::can_be_ended),
        ("nonsense ends no link", nonsense::ends_no_link),
        ("nothing a service says makes a handler panic", nonsense::panics_nobody),
    ]
}
