//! On what was measured, and which versions.

use std::{fmt::Write as _, fs};

use super::Extent;

/// A few lines that say so.
pub(super) fn description(extent: Extent) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let mut text = format!(
        "{} run; {} of {cores} cores, Linux {}, load {load} when it began. ",
        extent.of("A short", "A long"),
        model.map_or("a processor", |(_, model)| model),
        kernel.trim(),
    );
    let peers: Vec<String> =
        PEERS.iter().filter_map(|peer| version(peer).map(|version| format!("{peer} {version}"))).collect();
    let _infallible = write!(text, "Versions: {}.", peers.join(", "));
    text
}

/// What was locked.
fn version(package: &str) -> Option<&'static str> {
    let (_, rest) = LOCK.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    rest.split('"').next()
}

const LOCK: &str = include_str!("../../Cargo.lock");

const PEERS: [&str; 6] =
    ["fastwebsockets", "sockudo-ws", "tokio-tungstenite", "tokio-websockets", "yawc", "tokio"];
