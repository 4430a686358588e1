//! The ready-made scenarios. Where a step is the client's to take, the sentence about it says so.

use std::time::Duration;

use fastrand::Rng;

use super::Scenario;
use crate::{
    config::{Config, OnExpiry},
    fault::{Ending, Fault, FaultPlan, Malformed, Refusal, Target},
};

pub(super) const NAMES: [&str; 17] = [
    "calm",
    "busy",
    "quiet",
    "idle",
    "heartbeat_miss",
    "half_open",
    "gap_storm",
    "flap",
    "token_life",
    "token_life_keep_private",
    "token_life_close",
    "auth_refused",
    "limits",
    "maintenance",
    "slow_consumer",
    "chaos",
    "demo",
];

pub(super) fn find(name: &str, seed: u64) -> Option<Scenario> {
    let mut rng = Rng::with_seed(seed);
    let nothing: fn(&mut Config) = |_| {};
    let (about, minutes, settings, steps): (_, f64, fn(&mut Config), Vec<FaultPlan>) = match name {
        "calm" => ("nothing goes wrong", 10.0, nothing, vec![]),
        "busy" => ("many busy books: subscribe 131 of them at 100ms", 10.0, busy, vec![]),
        "quiet" => ("subscribe TOWNS alone, with a heartbeat of 10 s: no false alarm", 5.0, nothing, vec![]),
        "idle" => ("connect and do nothing: the connection ends after 60.5 s", 2.0, nothing, vec![]),
        "heartbeat_miss" => {
            ("let the client leave test requests unanswered: close 4000", 2.0, nothing, vec![])
        }
        "half_open" => {
            let freeze = Fault::HalfOpen { duration_s: Some(120.0) };
            ("everything freezes at 30 s for 120 s", 4.0, nothing, vec![at(30.0, freeze)])
        }
        "gap_storm" => {
            let gaps = (1..=12).map(|place| on_a_book(5.0 * f64::from(place), Fault::Gap { n: 1 }));
            ("a gap in a random book every 5 s", 1.5, nothing, gaps.collect())
        }
        "flap" => ("the newest connection drops every 3 to 7 s, 20 times", 3.0, nothing, flap(&mut rng)),
        "token_life" => ("tokens live 12 s, private channels stop then", 2.0, short_lived, vec![]),
        "token_life_keep_private" => ("tokens live 12 s, channels go on", 2.0, short_lived_keeping, vec![]),
        "token_life_close" => ("tokens live 12 s, connections close then", 2.0, short_lived_closing, vec![]),
        "auth_refused" => {
            let refuse = Fault::RefuseAuth { code: 13004, count: None };
            ("nobody may log in", 2.0, nothing, vec![refuse.into()])
        }
        "limits" => ("send bursts of 200 calls: none may be refused with 10028", 2.0, nothing, vec![]),
        "maintenance" => {
            let down = Fault::Maintenance { warning_s: 10.0, refusing_s: 2.0, length_s: 30.0 };
            ("announced, refusing, away for 30 s, back", 2.0, nothing, vec![at(10.0, down)])
        }
        "slow_consumer" => ("let the client stop reading for 60 s: others go on", 3.0, slow_reading, vec![]),
        "chaos" => ("all faults at random for 9 min, then a calm minute", 10.0, nothing, chaos(&mut rng)),
        "demo" => ("a gap, a drop and a maintenance at known times", 1.5, nothing, demo()),
        _ => return None,
    };
    let length = Some(Duration::from_secs_f64(minutes * 60.0));
    Some(Scenario { about: about.to_owned(), length, settings, ..Scenario::new(name, steps) })
}

fn busy(config: &mut Config) {
    config.market.instruments = 131;
    // About 190 frames a second from 131 books, with peaks.
    config.market.rates.invented = 1.5;
}

fn short_lived(config: &mut Config) {
    config.token_ttl_s = 12.0;
}

fn short_lived_keeping(config: &mut Config) {
    short_lived(config);
    config.on_expiry = OnExpiry::KeepPrivate;
}

fn short_lived_closing(config: &mut Config) {
    short_lived(config);
    config.on_expiry = OnExpiry::Close;
}

fn slow_reading(config: &mut Config) {
    // So that it shows within a minute what the system's buffers would hide.
    config.socket_buffer_bytes = Some(64 << 10);
    config.send_queue_bytes = 1 << 20;
}

fn flap(rng: &mut Rng) -> Vec<FaultPlan> {
    let mut seconds = 0.0;
    let drops = (0..20).map(|_| {
        seconds += 3.0 + 4.0 * rng.f64();
        let how = if rng.bool() { Ending::Rst } else { Ending::Fin };
        FaultPlan { target: Target::NewestConnection, ..at(seconds, Fault::DropTcp { how }) }
    });
    drops.collect()
}

fn demo() -> Vec<FaultPlan> {
    vec![
        on_a_book(15.0, Fault::Gap { n: 1 }),
        FaultPlan { target: Target::NewestConnection, ..at(30.0, Fault::DropTcp { how: Ending::Rst }) },
        at(45.0, Fault::Maintenance { warning_s: 3.0, refusing_s: 1.0, length_s: 8.0 }),
    ]
}

/// A fault every three seconds or so. Those that last are over before the last minute.
fn chaos(rng: &mut Rng) -> Vec<FaultPlan> {
    let mut steps = Vec::new();
    let mut seconds = 5.0;
    while seconds < 530.0 {
        let fault = any_fault(rng);
        let lasts = Duration::from_secs_f64(1.0 + 7.0 * rng.f64());
        let plan = match &fault {
            Fault::Gap { .. } | Fault::StaleChange {} | Fault::CrossedBook {} | Fault::SecondSnapshot {} => {
                on_a_book(seconds, fault)
            }
            Fault::MuteChannel {} => on_a_book(seconds, fault).lasting(lasts),
            Fault::DropTcp { .. } | Fault::CloseFrame { .. } | Fault::ThrottleSocket { .. } => {
                FaultPlan { target: Target::NewestConnection, ..at(seconds, fault).lasting(lasts) }
            }
            _ => at(seconds, fault).lasting(lasts),
        };
        steps.push(plan);
        seconds += 1.0 + 4.0 * rng.f64();
    }
    let down = Fault::Maintenance { warning_s: 3.0, refusing_s: 1.0, length_s: 10.0 };
    steps.push(at(250.0, down));
    steps
}

fn any_fault(rng: &mut Rng) -> Fault {
    let faults = [
        Fault::RefuseHandshake { how: Refusal::Status([429, 500, 503][rng.usize(..3)]), count: None },
        Fault::RefuseHandshake { how: Refusal::TcpReset, count: None },
        Fault::SlowHandshake { delay_ms: rng.u64(100..2_000) },
        Fault::DropTcp { how: Ending::Rst },
        Fault::DropTcp { how: Ending::Fin },
        Fault::CloseFrame { code: Some([1000, 1001, 1011, 1012][rng.usize(..4)]), reason: String::new() },
        Fault::CloseFrame { code: None, reason: String::new() },
        Fault::HalfOpen { duration_s: Some(5.0 + 20.0 * rng.f64()) },
        Fault::MuteChannel {},
        Fault::Delay { ms: 500.0 * rng.f64() },
        Fault::Jitter { ms: 500.0 * rng.f64() },
        Fault::ReorderReplies { window_ms: 200.0 },
        Fault::LoseReply { method: None },
        Fault::LateReply { ms: 3_000.0, method: None },
        Fault::DuplicateReply { method: None },
        Fault::ForeignIdReply {},
        Fault::ReplyWithoutId { method: None },
        Fault::Gap { n: rng.u32(1..4) },
        Fault::StaleChange {},
        Fault::DuplicateChange {},
        Fault::NoSnapshot {},
        Fault::SecondSnapshot {},
        Fault::CrossedBook {},
        Fault::RefuseAuth { code: 13009, count: Some(1) },
        Fault::ExpireToken {},
        Fault::ShortTokens { seconds: 20.0 },
        Fault::RevokeRefresh {},
        Fault::ForceError { method: None, code: 10040, message: None, data: None, count: Some(1) },
        Fault::RateLimit { mode: None },
        Fault::DropAckChannel {},
        Fault::MalformedJson { kind: Malformed::Truncated },
        Fault::MalformedJson { kind: Malformed::InvalidUtf8 },
        Fault::MalformedJson { kind: Malformed::Null },
        Fault::BinaryFrame {},
        Fault::Fragmented { pieces: 3, control_between: true },
        Fault::HugeFrame { bytes: 1 << 20 },
        Fault::DeepJson { depth: 1_000 },
        Fault::UnknownChannel {},
        Fault::UnknownMethod {},
        Fault::UnknownMembers {},
        Fault::NumberEdge {},
        Fault::SkipHeartbeat {},
        Fault::HeartbeatFlood { per_second: 20.0 },
        Fault::ServerPingOnly {},
        Fault::PublicDisabled {},
        Fault::LockIndex { index: "btc_usd".to_owned() },
        Fault::Settlement { length_s: 2.0 },
        Fault::ThrottleSocket { bytes_per_second: 50_000 },
        Fault::ClockSkew { ms: 5_000 },
    ];
    faults[rng.usize(..faults.len())].clone()
}

fn at(seconds: f64, fault: Fault) -> FaultPlan {
    FaultPlan::from(fault).starting_in(Duration::from_secs_f64(seconds))
}

fn on_a_book(seconds: f64, fault: Fault) -> FaultPlan {
    FaultPlan { target: Target::RandomBook, ..at(seconds, fault) }
}
