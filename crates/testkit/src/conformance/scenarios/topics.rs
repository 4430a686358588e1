//! Subscriptions.

use std::time::Duration;

use nova_behaviour::Adapter;

use crate::conformance::{
    bench::{Bench, DialectOf, MINUTE},
    service::Service,
    stage::Mood,
};

type Held = Result<bool, String>;

pub(super) fn is_confirmed<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let Some(made) = scene.subscribe(&[0, 1, 2])? else { return Ok(false) };
    for (topic, _) in &made {
        if !scene.world.peer.service.carries(topic) {
            return Err(format!("{topic} counts as confirmed, and the service does not carry it"));
        }
    }
    Ok(true)
}

pub(super) fn keep_order<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let Some(made) = scene.subscribe(&[0])? else { return Ok(false) };
    let (topic, id) = &made[0];
    for _ in 0..20 {
        scene.publish(topic)?;
    }
    let (items, gaps) = scene.take(*id);
    if items.len() != 20 || !gaps.is_empty() {
        return Err(format!("20 items were published, {} arrived, with gaps {gaps:?}", items.len()));
    }
    for pair in items.windows(2) {
        let ((one, body), (other, next)) = (&pair[0], &pair[1]);
        if body == next {
            return Err("an item arrived twice".to_owned());
        }
        if one.sequence.zip(other.sequence).is_some_and(|(one, other)| one >= other) {
            return Err(format!("position {:?} follows {:?}", other.sequence, one.sequence));
        }
    }
    Ok(true)
}

pub(super) fn keep_apart<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let Some(made) = scene.subscribe(&[0, 1])? else { return Ok(false) };
    for ((topic, id), (_, other)) in [(&made[0], &made[1]), (&made[1], &made[0])] {
        scene.publish(topic)?;
        let (own, foreign) = (scene.take(*id).0.len(), scene.take(*other).0.len());
        if (own, foreign) != (1, 0) {
            return Err(format!(
                "an item of {topic} arrived there {own} times, and {foreign} times elsewhere"
            ));
        }
    }
    Ok(true)
}

pub(super) fn return_after_a_cut<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let Some(made) = scene.subscribe(&[0, 1, 2])? else { return Ok(false) };
    for (topic, id) in &made {
        scene.publish(topic)?;
        scene.take(*id);
    }
    for _ in 0..3 {
        scene.cut()?;
        for (topic, id) in &made {
            if !scene.world.peer.service.carries(topic) {
                return Err(format!("{topic} did not return"));
            }
            scene.publish(topic)?;
            let (items, gaps) = scene.take(*id);
            if items.len() != 1 || gaps != ["disconnected"] {
                return Err(format!("{topic}: {} items and gaps {gaps:?} after a cut", items.len()));
            }
        }
    }
    Ok(true)
}

pub(super) fn refused_alone<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let service = bench.service();
    let (Some(good), Some(bad)) = (service.topic(0), service.refused_topic()) else { return Ok(false) };
    let mut scene = bench.ready()?;
    // In one breath, so that a batch holds both.
    let (good_id, bad_id) = (scene.want(&good, false)?, scene.want(&bad, false)?);
    scene.within(MINUTE, "the refusal", |scene| scene.world.confirmed(bad_id).is_some())?;
    if matches!(scene.world.confirmed(bad_id), Some(Ok(()))) {
        return Err(format!("{bad} counts as confirmed, although the service refused it"));
    }
    scene.confirmed(&good, good_id)?;
    Ok(true)
}

pub(super) fn silence_confirms_nothing<A: Adapter, S: Service<DialectOf<A>>>(
    bench: &Bench<'_, A, S>,
) -> Held {
    let Some(topic) = bench.service().topic(0) else { return Ok(false) };
    let mut scene = bench.ready()?;
    let before = scene.world.peer.heard.len();
    scene.world.peer.mood = Mood::Mute;
    let id = scene.want(&topic, false)?;
    scene.world.run_for(Duration::from_secs(1));
    if scene.world.peer.heard.len() == before {
        // Nothing is asked: the service sends its streams anyway.
        return Ok(false);
    }
    match scene.world.confirmed(id) {
        None => Ok(true),
        Some(outcome) => Err(format!("nobody answered, and yet: {outcome:?}")),
    }
}

pub(super) fn can_be_ended<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let before = scene.world.peer.heard.len();
    let Some(made) = scene.subscribe(&[0, 1])? else { return Ok(false) };
    if scene.world.peer.heard.len() == before {
        return Ok(false);
    }
    scene.world.unsubscribe(made[0].1);
    scene.within(MINUTE, "the end of the topic at the service", |scene| {
        !scene.world.peer.service.carries(&made[0].0)
    })?;
    if scene.world.peer.service.carries(&made[1].0) {
        Ok(true)
    } else {
        Err("the other ended too".to_owned())
    }
}
