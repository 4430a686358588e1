//! The summary, for humans and for programs.

use serde_json::json;

use super::{
    audit::Tally,
    play::Played,
    streams::{self, Streamed},
};

pub(super) fn print(played: &Played, streamed: &Streamed, differences: &[String], as_json: bool) {
    if as_json {
        println!("{}", in_json(played, streamed, differences));
        return;
    }
    let tally = Tally::of(&played.calls);
    let Tally { made, answered, refused, not_sent, sent_unknown, timed_out, cancelled, .. } = tally;
    let (metrics, seen, progress) = (&played.metrics, &played.seen, &played.progress);
    println!();
    println!("calls made {made} = {answered} answered + {refused} refused + {not_sent} not sent");
    println!("    + {sent_unknown} sent, fate unknown + {timed_out} timed out + {cancelled} given up");
    println!(
        "links: {} attempts, {} failed, {} opened, {} reconnections",
        metrics.connects,
        metrics.connect_failures,
        seen.handshakes,
        progress.ready.saturating_sub(1)
    );
    println!(
        "frames: {} sent ({} B), {} received ({} B); the server saw {} messages, {} pings, {} close",
        metrics.frames_sent,
        metrics.bytes_sent,
        metrics.frames_received,
        metrics.bytes_received,
        seen.calls.values().sum::<u64>(),
        seen.pings,
        seen.closes
    );
    streams::print(streamed);
    if differences.is_empty() {
        println!("The callers, the subscriber, the metrics and both servers agree.");
    }
    for difference in differences {
        println!("UNEXPLAINED: {difference}");
    }
}

fn in_json(played: &Played, streamed: &Streamed, differences: &[String]) -> serde_json::Value {
    let tally = Tally::of(&played.calls);
    let (metrics, seen) = (&played.metrics, &played.seen);
    json!({
        "calls": {
            "made": tally.made,
            "answered": tally.answered,
            "refused": tally.refused,
            "not_sent": tally.not_sent,
            "sent_unknown": tally.sent_unknown,
            "timed_out": tally.timed_out,
            "cancelled": tally.cancelled,
        },
        "pings_answered": played.pongs,
        "links": {
            "attempts": metrics.connects,
            "failed": metrics.connect_failures,
            "opened": metrics.connects - metrics.connect_failures,
            "reconnections": played.progress.ready.saturating_sub(1),
            "silent": played.progress.silent,
        },
        "frames": {
            "sent": metrics.frames_sent,
            "received": metrics.frames_received,
            "bytes_sent": metrics.bytes_sent,
            "bytes_received": metrics.bytes_received,
        },
        "server": {
            "handshakes": seen.handshakes,
            "messages": seen.calls.values().sum::<u64>(),
            "pings": seen.pings,
            "closes": seen.closes,
        },
        "closed_cleanly": played.shutdown.is_clean,
        "subscriptions": streams::in_json(streamed),
        "unexplained": differences,
    })
}
