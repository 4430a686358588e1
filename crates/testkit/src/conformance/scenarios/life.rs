//! Opening, heartbeats, closing.

use std::time::Duration;

use nova_behaviour::{Adapter, Kept};

use crate::conformance::{
    bench::{Bench, DialectOf, Scene},
    service::Service,
};

type Held = Result<bool, String>;

pub(super) fn becomes_ready<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    bench.ready()?;
    Ok(true)
}

pub(super) fn opens_alike<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let first = scene.world.peer.on(1).count();
    for link in 2..5 {
        scene.cut()?;
        let again = scene.world.peer.on(link).count();
        if again != first {
            return Err(format!("{first} messages open the first link, {again} open link {link}"));
        }
    }
    Ok(true)
}

pub(super) fn shuts_down<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    scene.call_works(1)?;
    scene.world.with(|session, now| session.shutdown(now, Duration::from_secs(5)));
    scene.within(Duration::from_secs(5), "closed", |scene| scene.world.session().state().is_closed())?;
    let report = scene.world.session().shutdown_report();
    if report.is_clean { Ok(true) } else { Err(format!("it was not clean: {report:?}")) }
}

pub(super) fn is_deterministic<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let conversation = || -> Result<Vec<Kept>, String> {
        let mut scene = bench.ready()?;
        scene.subscribe(&[0, 1, 2])?;
        scene.call_works(1)?;
        scene.cut()?;
        scene.call_works(2)?;
        Ok(scene.world.peer.heard.iter().map(|(_, kept)| kept.clone()).collect())
    };
    let (one, other) = (conversation()?, conversation()?);
    match one.iter().zip(&other).position(|(one, other)| one != other) {
        Some(place) => Err(format!("message {place} differs: a handler reads a clock or draws by chance")),
        None if one.len() != other.len() => Err("one conversation is longer than the other".to_owned()),
        None => Ok(true),
    }
}

pub(super) fn keeps_secrets<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let secrets = scene.world.peer.service.secrets();
    scene.call_works(1)?;
    scene.cut()?;
    for (_, event) in scene.world.events() {
        let shown = format!("{event} {event:?}");
        if secrets.iter().any(|secret| shown.contains(secret)) {
            return Err(format!("the event {} shows a secret", event.name()));
        }
    }
    Ok(!secrets.is_empty())
}

pub(super) fn answers_heartbeat<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    demanding(bench, |_| Ok(()))
}

pub(super) fn answers_heartbeat_at_once<A: Adapter, S: Service<DialectOf<A>>>(
    bench: &Bench<'_, A, S>,
) -> Held {
    demanding(bench, |scene| {
        scene.gate.shut();
        (0..50).try_for_each(|number| scene.call(number).map(|_| ()))
    })
}

/// Demands a sign of life three times.
fn demanding<A: Adapter, S: Service<DialectOf<A>>>(
    bench: &Bench<'_, A, S>,
    before: impl FnOnce(&mut Scene<A, S>) -> Result<(), String>,
) -> Held {
    let mut scene = bench.ready()?;
    before(&mut scene)?;
    for count in 1..=3 {
        let Some(demand) = scene.world.peer.service.demand() else { return Ok(false) };
        scene.say(demand);
        let link = scene.world.dials();
        scene.within(Duration::from_secs(1), "the sign of life", |scene| {
            scene.heard(link, |service, body| service.is_alive(body)) >= count
        })?;
        scene.world.run_for(Duration::from_secs(1));
        let answers = scene.heard(link, |service, body| service.is_alive(body));
        if answers != count {
            return Err(format!("{count} demands, {answers} answers"));
        }
    }
    Ok(true)
}
