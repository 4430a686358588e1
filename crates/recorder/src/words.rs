//! States, ends and events as texts that hold no text of a peer, the same in a recording and in its
//! replay.

use std::time::Instant;

use nova_behaviour::Refusal;
use nova_session::{
    EndCause, Gap, GapCause, NotSent, RequestError, Settlement, Side, State,
    tape::{Refused, nanos},
};
use nova_telemetry::Event;
use nova_transport::LostReason;

use crate::{
    failure::{Break, Failure},
    line::Hole,
};

pub(crate) fn state(state: &State, start: Instant) -> String {
    match state {
        State::Waiting { until, attempt, cause } => {
            format!("waiting until {} for attempt {attempt}: {}", nanos(start, *until), lost(cause))
        }
        State::Connecting { link, attempt, phase } => {
            format!(
                "connecting {link}, attempt {attempt}, {}",
                phase.map_or("not begun", |phase| phase.name())
            )
        }
        State::Opening { link, step } => format!("opening {link}: {}", step.name()),
        State::Ready { link } => format!("ready {link}"),
        State::Closing => "closing".to_owned(),
        State::Closed(cause) => format!("closed: {}", end(cause)),
        _ => state.name().to_owned(),
    }
}

pub(crate) fn lost(reason: &LostReason) -> String {
    match reason {
        LostReason::Connect(error) => format!("could not connect: {}", Failure::from(error)),
        LostReason::ClosedByPeer(Some(frame)) => format!("closed by the peer with {}", frame.code().get()),
        LostReason::ClosedByPeer(None) => "closed by the peer without a code".to_owned(),
        LostReason::Broken(error) => format!("broken: {}", Break::from(error)),
        // Its text may hold what a server said.
        other => other.kind().to_owned(),
    }
}

fn end(cause: &EndCause) -> String {
    match cause {
        EndCause::Shutdown => "shut down".to_owned(),
        EndCause::Failed(reason) => format!("failed: {}", lost(reason)),
        EndCause::Exhausted { attempts, last } => format!("gave up after {attempts}: {}", lost(last)),
        EndCause::LoginRefused(refusal) => format!("login {}", refused(refusal)),
        EndCause::Settings(invalid) => format!("{invalid}"),
        EndCause::Abandoned => "abandoned".to_owned(),
        EndCause::Stopped => "stopped by a handler".to_owned(),
        _ => "ended".to_owned(),
    }
}

fn refused(refusal: &Refusal) -> String {
    let Refused { code, text } = refusal.into();
    code.map_or_else(
        || format!("refused ({text} bytes)"),
        |code| format!("refused with {code} ({text} bytes)"),
    )
}

pub(crate) fn settlement(settlement: &Settlement) -> String {
    match settlement {
        Settlement::Reply(kept) => format!("reply of {} bytes", kept.len()),
        Settlement::Handed => "handed to the socket".to_owned(),
        Settlement::Pong(took) => format!("pong after {took:?}"),
        _ => "ended".to_owned(),
    }
}

pub(crate) fn request_error(error: &RequestError) -> String {
    match error {
        RequestError::Refused(refusal) => refused(refusal),
        RequestError::NotSent(reason) => format!("not sent: {}", not_sent(reason)),
        RequestError::SentUnknown { link, reason } => format!("sent on {link}, unknown: {}", lost(reason)),
        RequestError::TimedOut { sent: true } => "timed out, sent".to_owned(),
        RequestError::TimedOut { sent: false } => "timed out, not sent".to_owned(),
        RequestError::Undecodable(_) => "undecodable".to_owned(),
        RequestError::Cancelled => "cancelled".to_owned(),
        _ => "failed".to_owned(),
    }
}

fn not_sent(reason: &NotSent) -> String {
    let name = match reason {
        NotSent::NotReady => "not ready",
        NotSent::WaitedInVain => "waited in vain",
        NotSent::LinkLost(reason) => return format!("link lost, {}", lost(reason)),
        NotSent::LaneFull => "lane full",
        NotSent::TooManyInFlight => "too many in flight",
        NotSent::Charge(_) => "never payable",
        NotSent::Encode(_) => "cannot be expressed",
        NotSent::HandlerPanicked => "a handler panicked",
        NotSent::Uncorrelated => "uncorrelated",
        NotSent::Inadmissible { topic, refusal } => return format!("{topic} {}", refused(refusal)),
        NotSent::Unsupported(what) => return format!("no {what}"),
        NotSent::PauseTooLong { .. } => "pause too long",
        NotSent::Closed(cause) => return format!("closed, {}", end(cause)),
        _ => "not sent",
    };
    name.to_owned()
}

pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::ConnectFailed { link, error } => format!("connect_failed {link}: {}", Failure::from(error)),
        Event::Lost { link, reason, lived } => format!("lost {link} after {lived:?}: {}", lost(reason)),
        // No other carries an error, and so no text of a peer.
        other => format!("{other:?}"),
    }
}

pub(crate) fn hole(gap: &Gap, start: Instant) -> Hole {
    let side = |side: Side| (side.link.get(), nanos(start, side.at), side.sequence);
    let cause = match &gap.cause {
        GapCause::Disconnected(reason) => format!("disconnected: {}", lost(reason)),
        cause => cause.name().to_owned(),
    };
    Hole {
        topic: gap.topic.clone(),
        cause,
        before: gap.before.map(side),
        after: gap.after.map(side),
        missing: gap.missing,
    }
}
