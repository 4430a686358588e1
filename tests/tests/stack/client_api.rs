//! What an application can do with a client: each function where it succeeds, takes too long, fails,
//! and has no link.

mod asking;
mod login_and_topics;
mod matching;
mod pinging;
mod telling;
mod watching;

use std::collections::HashMap;

use nova_testkit::net::Served;
use websockex_nova::{
    behaviour::{Behaviour, Policy},
    prelude::*,
    session::NotSent,
};

use crate::venue::{obey, serving, until};

/// What JSON cannot express.
fn inexpressible() -> HashMap<(u8, u8), u8> {
    HashMap::from([((1, 2), 3)])
}

/// Takes the service away, and waits until the client has noticed.
async fn disconnect<H: Behaviour, P: Policy>(venue: &mut Served, client: &Client<H, P>) {
    venue.stop().await;
    until(client, "no link", |state| !state.is_ready()).await;
}

/// A service that reads and never answers.
async fn mute() -> Served {
    serving(|mut conn| async move {
        conn.accept_upgrade().await;
        while conn.next().await.is_some_and(|frame| frame.opcode != 0x8) {}
    })
    .await
}

/// A service that lets a given number of messages come in before it does what they say, last first.
async fn reversing(count: usize) -> Served {
    serving(move |mut conn| async move {
        conn.accept_upgrade().await;
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(conn.recv_text().await);
        }
        for line in lines.iter().rev() {
            conn.send_text(&line.replacen("say", "ok", 1)).await;
        }
        obey(&mut conn).await;
    })
    .await
}

#[track_caller]
fn assert_not_ready(error: &RequestError) {
    assert!(matches!(error, RequestError::NotSent(NotSent::NotReady)), "{error:?}");
    assert!(error.is_unsent());
}

#[track_caller]
fn assert_timed_out_sent(error: &RequestError) {
    assert!(matches!(error, RequestError::TimedOut { sent: true }), "{error:?}");
    assert!(!error.is_unsent());
}
