//! How connections begin, idle and end.

use nova_deribit_simulator::{Ending, FrameKind, Reception};
use serde_json::json;

use crate::rig::{Came, Rig};

#[test]
fn a_connection_that_does_nothing_ends_after_60_and_a_half_seconds_without_a_close() {
    let mut rig = Rig::still();
    let conn = rig.connect();
    assert!(!rig.watch(conn, 60.499).iter().any(|(_, one)| matches!(one, Came::Cut(_))));
    let came = rig.watch(conn, 0.001);
    assert!(matches!(&came[..], [(_, Came::Cut(Ending::Fin))]), "{came:?}");
}

#[test]
fn any_data_frame_puts_idleness_off_and_pings_do_not() {
    let mut rig = Rig::still();
    let conn = rig.connect();
    rig.advance(50.0);
    rig.say(conn, "nonsense");
    rig.advance(50.0);
    assert_eq!(rig.venue.state(conn), Some("unauth"));
    rig.hear(conn, FrameKind::Ping, b"x");
    rig.advance(11.0);
    assert_eq!(rig.venue.state(conn), Some("closing"));
}

#[test]
fn a_subscription_or_a_heartbeat_suspends_the_idle_rule() {
    let mut rig = Rig::still();
    let quiet = rig.connect();
    rig.subscribe(quiet, &["announcements"]);
    let off = rig.connect();
    rig.venue.config_mut().idle_drop_s = 60.5;
    rig.advance(122.0);
    assert_eq!((rig.venue.state(quiet), rig.venue.state(off)), (Some("unauth"), Some("closing")));
    let mut rig = Rig::with(|config| config.idle_drop_s = 0.0).slowed();
    let conn = rig.connect();
    rig.advance(1_000.0);
    assert_eq!(rig.venue.state(conn), Some("unauth"));
}

#[test]
fn the_server_pings_and_answers_pings() {
    let mut rig = Rig::still();
    let conn = rig.connect();
    rig.subscribe(conn, &["announcements"]);
    let pings = |came: Vec<(u64, Came)>| came.iter().filter(|(_, one)| matches!(one, Came::Ping)).count();
    assert_eq!(pings(rig.watch(conn, 95.0)), 3);
    rig.hear(conn, FrameKind::Ping, b"echo");
    assert!(matches!(&rig.take(conn)[..], [Came::Pong(payload)] if payload == b"echo"));
    let mut rig = Rig::with(|config| config.server_ping_s = 0.0).slowed();
    let conn = rig.connect();
    rig.subscribe(conn, &["announcements"]);
    assert_eq!(pings(rig.watch(conn, 95.0)), 0);
}

#[test]
fn a_close_is_echoed_and_then_the_connection_ends() {
    let mut rig = Rig::still();
    let conn = rig.connect();
    rig.hear(conn, FrameKind::Close, &[0x03, 0xE8]);
    assert!(matches!(&rig.take(conn)[..], [Came::Close(1000, _), Came::Cut(Ending::Fin)]));
    let bare = rig.connect();
    rig.hear(bare, FrameKind::Close, &[]);
    assert!(matches!(&rig.take(bare)[..], [Came::Close(0, _), Came::Cut(Ending::Fin)]));
}

#[test]
fn a_client_that_does_not_answer_a_close_is_cut() {
    let mut rig = Rig::still();
    let conn = rig.connect();
    rig.login(conn);
    rig.request(conn, "private/logout", json!({}));
    let came = rig.watch(conn, 6.0);
    assert!(matches!(&came[..], [(_, Came::Close(1000, _)), (_, Came::Cut(_))]), "{came:?}");
}

#[test]
fn the_thirty_third_connection_of_an_address_is_refused() {
    let mut rig = Rig::still();
    let conns: Vec<_> = (0..32).map(|_| rig.connect()).collect();
    let refused = rig.attempt();
    assert_eq!(rig.venue.reception(refused), Reception::Refuse(429));
    let other = rig.venue.handle_attempt(rig.now, "127.0.0.2");
    assert_eq!(rig.venue.reception(other), Reception::Accept);
    rig.venue.handle_gone(rig.now, conns[0]);
    rig.connect();
    assert_eq!(rig.venue.journal().answers(429), 1);
}

#[test]
fn a_connection_may_be_given_an_age() {
    let mut rig = Rig::with(|config| config.max_age_s = 100.0).slowed();
    let conn = rig.connect();
    rig.subscribe(conn, &["announcements"]);
    rig.advance(99.0);
    assert_eq!(rig.venue.state(conn), Some("unauth"));
    rig.advance(1.0);
    assert_eq!(rig.venue.state(conn), Some("closing"));
}
