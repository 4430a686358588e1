//! The story, line by line, and how far it has come.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use tokio::sync::watch;
use websockex_nova::{
    telemetry::{Event, Observer, Record},
    transport::LostReason,
};

use crate::told;

/// Tells lines, each with the seconds since the beginning. Clones tell the same story.
#[derive(Clone, Debug)]
pub(super) struct Story {
    began: Instant,
    to_stderr: bool,
    progress: Arc<watch::Sender<Progress>>,
}

/// What has happened to links and logins so far, as the client's events tell it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Attempts to open a link.
    pub(super) attempts: u64,
    /// Attempts that failed.
    pub(super) failed: u64,
    /// Times the client became ready.
    pub(super) ready: u64,
    /// Links that were open and are gone.
    pub(super) lost: u64,
    /// Those of them that had fallen silent.
    pub(super) silent: u64,
    /// Logins the venue granted, renewals included.
    pub(super) logins: u64,
    /// Logins that turned out to hold no longer.
    pub(super) lapsed: u64,
    /// Whether the client has ended, and every event was seen.
    pub(super) is_over: bool,
}

impl Story {
    pub(super) fn begin(to_stderr: bool) -> Self {
        Self { began: Instant::now(), to_stderr, progress: Arc::default() }
    }

    /// Where others can look on, in a line for scripts.
    pub(super) fn serves(&self, addr: SocketAddr) {
        self.say(&format!("serving http://{addr}"));
    }

    /// A heading.
    pub(super) fn scene(&self, text: &str) {
        self.print(text);
    }

    /// Something the demonstration does or finds.
    pub(super) fn tell(&self, text: impl AsRef<str>) {
        self.print(&format!("    {}", text.as_ref()));
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until it has come so far.
    pub(super) async fn reaches(&self, is_there: impl FnMut(&Progress) -> bool) {
        let mut progress = self.progress.subscribe();
        // The sender lives as long as the story.
        let _ = progress.wait_for(is_there).await;
    }

    fn print(&self, text: &str) {
        self.say(&format!("[{:6.3}] {text}", self.began.elapsed().as_secs_f64()));
    }

    fn say(&self, line: &str) {
        if self.to_stderr { eprintln!("{line}") } else { println!("{line}") }
    }
}

/// Watches the client, and tells what happens to its links and logins.
pub(super) struct Narrator(pub(super) Story);

impl Observer for Narrator {
    fn observe(&mut self, record: &Record) {
        let event = &record.event;
        let change: fn(&mut Progress) = match event {
            Event::Connecting { .. } => |p| p.attempts += 1,
            Event::ConnectFailed { .. } => |p| p.failed += 1,
            Event::Ready { .. } => |p| p.ready += 1,
            Event::Lost { reason: LostReason::Silent, .. } => {
                |p| (p.lost, p.silent) = (p.lost + 1, p.silent + 1)
            }
            Event::Lost { .. } => |p| p.lost += 1,
            Event::LoggedIn { .. } => |p| p.logins += 1,
            Event::LoginLapsed { .. } => |p| p.lapsed += 1,
            Event::Closed => |p| p.is_over = true,
            Event::SettingMade { .. }
            | Event::ReconnectScheduled { .. }
            | Event::TopicsConfirmed { .. }
            | Event::RenewalRefused { .. }
            | Event::Closing => |_| {},
            _ => return,
        };
        // Told before anybody can react to it, so that the lines keep their order.
        let life = match event {
            Event::LoggedIn { expires_in: Some(life), .. } if life.as_secs() < 3600 => {
                format!(", for {} s", life.as_secs())
            }
            _ => String::new(),
        };
        self.0.print(&format!("  client: {}{life}", told::plain(&event.to_string())));
        self.0.progress.send_modify(change);
    }
}
