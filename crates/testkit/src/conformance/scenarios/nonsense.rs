//! Messages that make no sense.

use std::time::Duration;

use nova_behaviour::{Adapter, Kept};

use crate::conformance::{
    bench::{Bench, DialectOf},
    service::Service,
    stage::say,
};

type Held = Result<bool, String>;

const NONSENSE: [&str; 12] = [
    "",
    " ",
    "{",
    "}",
    "[]",
    "null",
    "\"",
    "{\"\":{}}",
    "\u{0}",
    "ünïcödé",
    "18446744073709551616",
    "-1e999",
];

/// Only for services whose replies are told apart: elsewhere any message may be a reply.
pub(super) fn ends_no_link<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    if !bench.service().may_reorder() {
        return Ok(false);
    }
    let mut scene = bench.ready()?;
    for text in NONSENSE {
        scene.say(Kept::from(text));
        scene.say(Kept::Binary(text.as_bytes().to_vec()));
    }
    scene.call_works(1)?;
    if scene.world.dials() > 1 { Err("the link was given up over it".to_owned()) } else { Ok(true) }
}

/// Everything the service can say, cut short, doubled, and with one byte changed at every place.
pub(super) fn panics_nobody<A: Adapter, S: Service<DialectOf<A>>>(bench: &Bench<'_, A, S>) -> Held {
    let mut scene = bench.ready()?;
    let mut samples: Vec<Kept> = NONSENSE.iter().map(|text| Kept::from(*text)).collect();
    let heard: Vec<_> = scene.world.peer.heard.iter().map(|(_, kept)| kept.clone()).collect();
    let service = &mut scene.world.peer.service;
    for message in &heard {
        samples.extend(service.refuse(message.as_body()));
    }
    samples.extend(service.demand());
    if let Some(topic) = service.topic(0) {
        samples.extend(service.publish(&topic));
    }
    scene.call_works(1)?;
    let asked = scene.world.peer.heard.last().map(|(_, kept)| kept.clone()).unwrap_or_default();
    let at = scene.world.elapsed();
    samples.extend(scene.world.peer.service.hear(at, asked.as_body()));
    for sample in samples {
        for wrong in variants(&sample) {
            scene.world.peer_tries(|_, line| {
                say(line, Duration::ZERO, vec![wrong]);
            });
        }
        scene.world.run_for(Duration::from_millis(50));
        if !scene.world.session().state().is_ready() {
            // What ends a link by rights may be among it.
            scene.until_ready()?;
        }
    }
    match scene.world.count("handler_panicked") {
        0 => Ok(true),
        count => Err(format!("handlers panicked {count} times")),
    }
}

fn variants(sample: &Kept) -> Vec<Kept> {
    let Kept::Text(text) = sample else { return vec![sample.clone()] };
    let mut variants = vec![sample.clone(), Kept::Text(format!("{text}{text}"))];
    let places = text.char_indices().map(|(place, _)| place);
    for place in places {
        variants.push(Kept::from(&text[..place]));
        let rest = text[place..].chars().skip(1).collect::<String>();
        for change in ["9", "\"", "}", "\\", "é"] {
            variants.push(Kept::Text(format!("{}{change}{rest}", &text[..place])));
        }
    }
    variants
}
