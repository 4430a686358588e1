//! Logging in.

use std::time::Duration;

use nova_behaviour::{Adapter, Kept};
use nova_session::{Ask, EndCause, State};

use crate::conformance::{
    bench::{Bench, DialectOf, MINUTE},
    service::Service,
    stage::Mood,
};

type Held = Result<bool, String>;

pub(super) fn nothing_precedes<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let service = bench.service();
    if !service.has_login() {
        return Ok(false);
    }
    // The answer takes a second, in which everything else is in a hurry.
    let mut scene = bench.scene_in(Mood::Late(Duration::from_secs(1)), |_| {});
    let mut ask = Ask::default();
    ask.wait = Some(MINUTE);
    let call = scene.call_with(1, ask)?;
    if let Some(topic) = service.topic(0) {
        scene.want(&topic, true)?;
    }
    scene.until_ready()?;
    scene.reply(call, 1)?;
    let heard: Vec<_> = scene.world.peer.on(1).collect();
    let Some(login) = heard.iter().position(|body| service.is_login(*body)) else {
        return Err("there was no login, although the service demands one".to_owned());
    };
    match heard[..login].iter().find(|body| !service.may_precede_login(**body)) {
        Some(_) => Err("something private came before the login".to_owned()),
        None => Ok(true),
    }
}

pub(super) fn is_made_anew<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    if !bench.service().has_login() {
        return Ok(false);
    }
    let mut scene = bench.ready()?;
    for link in 1..=3 {
        let logins = scene.heard(link, |service, body| service.is_login(body));
        if logins != 1 {
            return Err(format!("{logins} logins on link {link}"));
        }
        scene.cut()?;
    }
    Ok(true)
}

pub(super) fn refusal_is_fatal<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    if !bench.service().has_login() {
        return Ok(false);
    }
    let mut scene = bench.scene_in(Mood::Exclusive, |_| {});
    scene.world.run_for(Duration::from_secs(1));
    let login = scene.world.peer.on(1).find(|body| bench.service().is_login(*body)).map(Kept::from);
    if login.is_some_and(|login| bench.service().refuse(login.as_body()).is_none()) {
        return Ok(false);
    }
    scene.within(MINUTE, "the end of the session", |scene| scene.world.session().state().is_closed())?;
    match scene.world.session().state() {
        State::Closed(EndCause::LoginRefused(_)) => Ok(true),
        state => Err(format!("it ended otherwise: {state:?}")),
    }
}

pub(super) fn silence_is_no_grant<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    if !bench.service().has_login() {
        return Ok(false);
    }
    let mut scene = bench.scene_in(Mood::Mute, |_| {});
    let was_ready = scene.within(MINUTE * 2, "ready", |scene| scene.world.session().state().is_ready());
    if was_ready.is_ok() { Err("it was ready without a grant".to_owned()) } else { Ok(true) }
}

pub(super) fn is_renewed<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let Some(life) = bench.service().login_life() else { return Ok(false) };
    let mut scene = bench.ready()?;
    for count in 2..=4 {
        scene.within(life, "the renewal", |scene| {
            scene.heard(1, |service, body| service.is_login(body)) >= count
        })?;
    }
    if scene.world.dials() > 1 { Err("it took a new link".to_owned()) } else { Ok(true) }
}
