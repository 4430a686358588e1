//! The summary, for humans and for programs.

use serde_json::{Value, json};
use websockex_nova::session::{DeliveryCounts, Gap, Side};

use super::{
    audit::{Audit, Leg, Tally},
    play::Played,
    taker::Stream,
};

pub(super) fn print(played: &Played, audit: &Audit, as_json: bool) {
    if as_json {
        println!("{}", in_json(played, audit));
        return;
    }
    let Tally { made, answered, refused, not_sent, sent_unknown, timed_out, cancelled } = audit.tally;
    let (progress, record) = (&played.progress, &played.record);
    println!();
    println!("requests made {made} = {answered} answered + {refused} refused + {not_sent} not sent");
    println!("    + {sent_unknown} sent, fate unknown + {timed_out} timed out + {cancelled} given up");
    println!(
        "orders: {} wanted, {} open at the venue; each was sent at most {} times",
        played.orders.wanted,
        played.orders.real.len(),
        record.orders.values().max().unwrap_or(&0)
    );
    println!(
        "links: {} attempts, {} refused, {} ready; channels at the venue on each: {}",
        progress.attempts,
        progress.failed,
        progress.ready,
        played
            .links
            .iter()
            .map(|(_, holding)| holding.channels.len().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    );
    println!("logins: {} by credentials, {} by a refresh token", record.logins[0], record.logins[1]);
    for (stream, legs) in played.streams.iter().zip(&audit.legs) {
        let DeliveryCounts { received, delivered, conflated, dropped, undecodable, queued, .. } =
            stream.counts;
        println!("{}: received {received} = {delivered} delivered + {conflated} conflated", stream.channel);
        println!("    + {dropped} dropped + {undecodable} undecodable + {queued} queued");
        let on_links = legs.iter().map(|Leg { connection, sent, received, .. }| {
            format!("{received} of {sent} sent on connection {connection}")
        });
        println!("    = {}", on_links.collect::<Vec<_>>().join(" + "));
        let lost: u64 = legs.iter().map(|leg| leg.sent.saturating_sub(leg.received)).sum();
        println!("    {} gaps told; {lost} items were sent and lost with links", stream.gaps().count());
    }
    println!(
        "book: {} levels, {} at the venue; rebuilt from {} later snapshots",
        played.books.ours.len(),
        if played.books.ours == played.books.real { "the same as" } else { "NOT the same as" },
        played.books.resynchronised
    );
    if audit.differences.is_empty() {
        println!("The callers, the subscribers, the metrics and the venue agree.");
    }
    for difference in &audit.differences {
        println!("UNEXPLAINED: {difference}");
    }
}

fn in_json(played: &Played, audit: &Audit) -> Value {
    let tally = &audit.tally;
    let (progress, record) = (&played.progress, &played.record);
    json!({
        "requests": {
            "made": tally.made,
            "answered": tally.answered,
            "refused": tally.refused,
            "not_sent": tally.not_sent,
            "sent_unknown": tally.sent_unknown,
            "timed_out": tally.timed_out,
            "cancelled": tally.cancelled,
        },
        "orders": { "wanted": played.orders.wanted, "open": played.orders.real.len() },
        "links": {
            "attempts": progress.attempts,
            "failed": progress.failed,
            "ready": progress.ready,
            "silent": progress.silent,
        },
        "logins": {
            "granted": progress.logins,
            "lapsed": progress.lapsed,
            "by_credentials": record.logins[0],
            "by_refresh_token": record.logins[1],
        },
        "heartbeats_answered": record.heartbeats[1],
        "streams": played.streams.iter().zip(&audit.legs).map(stream).collect::<Vec<_>>(),
        "book": {
            "levels": played.books.ours.len(),
            "is_the_venues": played.books.ours == played.books.real,
            "resynchronised": played.books.resynchronised,
        },
        "closed_cleanly": played.shutdown.is_clean,
        "unexplained": audit.differences,
    })
}

fn stream((stream, legs): (&Stream, &Vec<Leg>)) -> Value {
    let counts = &stream.counts;
    json!({
        "channel": stream.channel,
        "overflow": stream.rule.name(),
        "received": counts.received,
        "delivered": counts.delivered,
        "conflated": counts.conflated,
        "dropped": counts.dropped,
        "undecodable": counts.undecodable,
        "queued": counts.queued,
        "links": legs.iter().map(leg).collect::<Vec<_>>(),
        "gaps": stream.gaps().map(gap).collect::<Vec<_>>(),
    })
}

fn leg(leg: &Leg) -> Value {
    json!({
        "connection": leg.connection,
        "sent": leg.sent,
        "received": leg.received,
        "taken": leg.taken,
        "replaced": leg.replaced,
        "told": leg.told,
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
