//! Clients that say anything at all: nothing panics, and every answer is one.

use nova_deribit_simulator::{Frame, FrameKind, OnExhaust, Output};
use serde_json::json;

use crate::rig::{BOOK, Rig, credentials};

/// Requests to be spoilt.
fn sound() -> Vec<String> {
    let requests = [
        ("public/auth", credentials()),
        (
            "public/auth",
            json!({"grant_type": "refresh_token", "refresh_token": "x", "scope": "session:a expires:9"}),
        ),
        ("public/set_heartbeat", json!({"interval": 30})),
        ("public/subscribe", json!({"channels": [BOOK, "quote.BTC-PERPETUAL", "user.portfolio.any"]})),
        ("private/subscribe", json!({"channels": ["user.orders.any.any.raw"], "label": "x"})),
        ("public/unsubscribe", json!({"channels": [BOOK]})),
        (
            "private/buy",
            json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "limit", "price": 50000.5}),
        ),
        ("public/get_order_book", json!({"instrument_name": "BTC-PERPETUAL", "depth": 10})),
        ("public/test", json!({"expected_result": "exception"})),
        ("public/exchange_token", json!({"refresh_token": "x", "subject_id": 1002})),
    ];
    let text = |(place, (method, params))| json!({"jsonrpc": "2.0", "id": place, "method": method, "params": params});
    requests.into_iter().enumerate().map(text).map(|text| text.to_string()).collect()
}

fn spoil(bytes: &mut Vec<u8>, rng: &mut fastrand::Rng) {
    const PIECES: [&[u8]; 12] = [
        b"null",
        b"{}",
        b"[",
        b"\"",
        b"-1",
        b"1e999",
        b"\xFF",
        b"\\u0000",
        b",",
        b"true",
        b"9223372036854775808",
        b":",
    ];
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..=bytes.len());
        match rng.u8(..4) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => drop(bytes.splice(at..at, PIECES[rng.usize(..PIECES.len())].iter().copied())),
        }
    }
}

#[test]
fn spoilt_requests_are_answered_in_json_and_hurt_nobody() {
    let mut rig = Rig::with(|config| config.on_exhaust = OnExhaust::ErrorOnly).slowed();
    let mut rng = fastrand::Rng::with_seed(1);
    let (requests, witness) = (sound(), rig.connect());
    rig.subscribe(witness, &["announcements"]);
    let mut conn = rig.connect();
    for _ in 0..4_000 {
        let mut bytes = requests[rng.usize(..requests.len())].clone().into_bytes();
        spoil(&mut bytes, &mut rng);
        let kind = [FrameKind::Text, FrameKind::Text, FrameKind::Text, FrameKind::Ping][rng.usize(..4)];
        rig.hear(
            conn,
            kind,
            &bytes[..bytes.len().min(if kind == FrameKind::Ping { 125 } else { usize::MAX })],
        );
        rig.advance(0.05);
        while let Some(output) = rig.venue.poll_output(conn) {
            if let Output::Frame(Frame { kind: FrameKind::Text, payload }) = &output {
                serde_json::from_slice::<serde_json::Value>(payload).unwrap();
            }
        }
        if rig.venue.state(conn) != Some("unauth") && rig.venue.state(conn) != Some("auth") {
            rig.venue.handle_gone(rig.now, conn);
            conn = rig.connect();
        }
    }
    while rig.venue.poll_output(witness).is_some() {}
    rig.result(witness, "public/test", json!({}));
}
