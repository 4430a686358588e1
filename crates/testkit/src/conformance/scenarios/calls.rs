//! Requests and their replies.

use std::time::Duration;

use nova_behaviour::Adapter;
use nova_session::{Ask, RequestError};

use crate::conformance::{
    bench::{Bench, DialectOf, MINUTE},
    service::Service,
    stage::Mood,
};

type Held = Result<bool, String>;

pub(super) fn is_answered<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    bench.ready()?.call_works(1)?;
    Ok(true)
}

pub(super) fn are_told_apart<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let ids = (0..20).map(|number| scene.call(number)).collect::<Result<Vec<_>, _>>()?;
    for (number, id) in (0..).zip(ids) {
        scene.reply(id, number)?;
    }
    Ok(true)
}

pub(super) fn may_overtake<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    if !bench.service().may_reorder() {
        return Ok(false);
    }
    let mut scene = bench.ready()?;
    scene.world.peer.mood = Mood::Backwards(5);
    let ids = (0..5).map(|number| scene.call(number)).collect::<Result<Vec<_>, _>>()?;
    for (number, id) in (0..).zip(ids) {
        scene.reply(id, number)?;
    }
    Ok(true)
}

pub(super) fn late_is_nobodys<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    scene.world.peer.mood = Mood::Late(Duration::from_secs(2));
    let mut ask = Ask::default();
    ask.deadline = Some(Duration::from_secs(1));
    let late = scene.call_with(1, ask)?;
    scene.within(Duration::from_secs(5), "the deadline", |scene| !scene.world.is_open(late))?;
    match scene.world.outcome(late) {
        Some(Err(RequestError::TimedOut { sent: true })) => {}
        other => return Err(format!("the call should have timed out: {other:?}")),
    }
    scene.call_works(2)?;
    Ok(true)
}

pub(super) fn is_refused<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    scene.world.peer.mood = Mood::Refusing;
    let id = scene.call(1)?;
    scene.within(MINUTE, "the end of the call", |scene| !scene.world.is_open(id))?;
    let outcome = scene.world.outcome(id);
    let has_refusals = {
        let heard = scene.world.peer.heard.last().map(|(_, kept)| kept.clone()).unwrap_or_default();
        scene.world.peer.service.refuse(heard.as_body()).is_some()
    };
    if !has_refusals {
        return Ok(false);
    }
    if !matches!(outcome, Some(Err(RequestError::Refused(_)))) {
        return Err(format!("the call should have been refused: {outcome:?}"));
    }
    scene.world.peer.mood = Mood::Good;
    scene.call_works(2)?;
    if scene.world.dials() > 1 { Err("the link was given up over it".to_owned()) } else { Ok(true) }
}

pub(super) fn survive_a_cut<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    scene.world.peer.mood = Mood::Mute;
    let lost = scene.call(1)?;
    scene.world.run_for(Duration::from_millis(50));
    scene.world.peer.mood = Mood::Good;
    scene.cut()?;
    match scene.world.outcome(lost) {
        Some(Err(RequestError::SentUnknown { .. })) => {}
        other => return Err(format!("a call that was sent and lost has an unknown fate: {other:?}")),
    }
    for number in 2..5 {
        scene.call_works(number)?;
    }
    Ok(true)
}
