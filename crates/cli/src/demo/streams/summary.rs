//! The chapter's part of the summary, for humans and for programs.

use serde_json::{Value, json};
use websockex_nova::session::{DeliveryCounts, Gap, Side};

use super::{Streamed, audit::Leg, taker::Stream};

pub(in super::super) fn print(streamed: &Streamed) {
    println!(
        "subscriptions: {} links, on each of them login, heartbeat and {} topics",
        streamed.holdings.len(),
        streamed.streams.len()
    );
    for stream in &streamed.streams {
        let DeliveryCounts { received, delivered, conflated, dropped, undecodable, queued, .. } =
            stream.counts;
        println!("{}: received {received} = {delivered} delivered + {conflated} conflated", stream.topic);
        println!("    + {dropped} dropped + {undecodable} undecodable + {queued} queued");
        let legs = stream.legs();
        let on_links = legs
            .iter()
            .map(|Leg { link, published, received, .. }| format!("{received} of {published} on link {link}"));
        println!("    = {}, as the venue published them", on_links.collect::<Vec<_>>().join(" + "));
        let lost: u64 = legs.iter().map(|leg| leg.published.saturating_sub(leg.received)).sum();
        let unheard: u64 = legs.iter().map(|leg| leg.unheard).sum();
        println!("    the gaps between links account for {lost} lost with them, and {unheard} between them");
    }
}

pub(in super::super) fn in_json(streamed: &Streamed) -> Value {
    json!({
        "links": streamed.holdings.len(),
        "lost": streamed.holdings.len().saturating_sub(1),
        "closed_cleanly": streamed.shutdown.is_clean,
        "streams": streamed.streams.iter().map(stream).collect::<Vec<_>>(),
    })
}

fn stream(stream: &Stream) -> Value {
    let counts = &stream.counts;
    json!({
        "topic": stream.topic,
        "overflow": stream.rule,
        "received": counts.received,
        "delivered": counts.delivered,
        "conflated": counts.conflated,
        "dropped": counts.dropped,
        "undecodable": counts.undecodable,
        "queued": counts.queued,
        "links": stream.legs().iter().map(leg).collect::<Vec<_>>(),
        "gaps": stream.seen.gaps.iter().map(gap).collect::<Vec<_>>(),
    })
}

fn leg(leg: &Leg) -> Value {
    json!({
        "link": leg.link,
        "published": leg.published,
        "received": leg.received,
        "unheard_after": leg.unheard,
    })
}

fn gap(gap: &Gap) -> Value {
    let position = |side: &Option<Side>| side.and_then(|side| side.sequence);
    json!({
        "cause": gap.cause.name(),
        "before": position(&gap.before),
        "after": position(&gap.after),
        "missing": gap.missing,
    })
}
