//! Recording a client, and what happens to the recording when something goes wrong.
//!
//! The ring itself is in `nova-recorder`, behind the lock. Here is what an application chooses: how
//! much is kept, and where a recording goes after an incident.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use nova_recorder::{Keep, Recording, Snapshot};
use nova_telemetry::{Event, Record};
use nova_transport::LostReason;

use crate::shared::now;

/// How a client is recorded: the flight recorder.
///
/// What the session is told, what handlers answer it, and what it says are kept in a ring, without
/// payloads, texts of the peer, addresses, headers and credentials (see `nova-recorder`). Ask for
/// [`Client::recording`](crate::Client::recording) at any time, or let it be written after an incident:
/// a link that broke or fell silent, a handler that panicked, a protocol that was broken, a client that
/// gave up. `nova replay FILE` tells its story, and checks it bit for bit if the ring still held the
/// client's beginning.
#[derive(Clone)]
pub struct Recorder {
    keep: Keep,
    folder: Option<PathBuf>,
    most_files: usize,
    pause: Duration,
    sink: Option<Sink>,
}

type Sink = Arc<dyn Fn(&Recording) + Send + Sync>;

impl Recorder {
    /// Keeps what [`Keep::default`] says, and writes nothing by itself.
    #[must_use]
    pub fn new() -> Self {
        Self {
            keep: Keep::default(),
            folder: None,
            most_files: 8,
            pause: Duration::from_secs(10),
            sink: None,
        }
    }

    /// Sets how much is kept. Default: 100 000 inputs, 32 MiB.
    #[must_use]
    pub const fn with_keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Writes a file into this folder, which is made if it is not there, after each incident. What
    /// cannot be written is missed, and nothing else comes of it.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets how many files may lie in the folder: the oldest recordings go, whichever client wrote
    /// them. At least 1. Default: 8.
    #[must_use]
    pub const fn with_most_files(mut self, files: usize) -> Self {
        self.most_files = if files == 0 { 1 } else { files };
        self
    }

    /// Hands the recording to this function after each incident, on a thread where it may block.
    #[must_use]
    pub fn with_sink(mut self, sink: impl Fn(&Recording) + Send + Sync + 'static) -> Self {
        self.sink = Some(Arc::new(sink));
        self
    }

    /// Sets for how long incidents after an incident are left to the next recording. That the client
    /// gave up never is. Default: 10 s, so that a link that breaks again and again does not keep the
    /// disk busy.
    #[must_use]
    pub const fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    pub(crate) const fn keep(&self) -> Keep {
        self.keep
    }

    /// What waits for incidents; `None` if nobody is told of them.
    pub(crate) fn into_incidents(self) -> Option<Incidents> {
        (self.folder.is_some() || self.sink.is_some()).then_some(Incidents { recorder: self, last: None })
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("keep", &self.keep)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Looks for incidents among the events, and brings recordings to where they go.
pub(crate) struct Incidents {
    recorder: Recorder,
    last: Option<Instant>,
}

impl Incidents {
    /// What happened that is worth a recording, if anything did.
    pub(crate) fn look(&mut self, records: &[Record]) -> Option<String> {
        let found = records.iter().rev().find_map(|record| Some((incident(&record.event)?, &record.event)));
        let (what, event) = found?;
        let now = now();
        let is_soon = self.last.is_some_and(|last| now.saturating_duration_since(last) < self.recorder.pause);
        if is_soon && !matches!(event, Event::GaveUp { .. }) {
            return None;
        }
        self.last = Some(now);
        Some(what)
    }

    /// Writes on a thread that may block, so that the link is served meanwhile by whoever can: the
    /// driver's other loops.
    pub(crate) async fn dump(&self, snapshot: Snapshot, incident: String) {
        let recorder = self.recorder.clone();
        let written = tokio::task::spawn_blocking(move || {
            recorder.deliver(&snapshot.into_recording().with_incident(incident));
        });
        // A panic of the sink ends there, as that of any observer.
        let _ = written.await;
    }
}

impl Recorder {
    fn deliver(&self, recording: &Recording) {
        if let Some(folder) = &self.folder {
            // There is nobody to tell of a full disk but the next who looks for the file.
            let _ = self.write(folder, recording);
        }
        if let Some(sink) = &self.sink {
            sink(recording);
        }
    }

    fn write(&self, folder: &Path, recording: &Recording) -> io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(folder)?;
        let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        let (millis, number) =
            (since.unwrap_or_default().as_millis(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let name = format!("{PREFIX}{millis:013}-{}-{number:04}{SUFFIX}", std::process::id());
        recording.save(folder.join(name))?;
        let mut files: Vec<PathBuf> = fs::read_dir(folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| is_ours(path))
            .collect();
        // The time stands first in the name.
        files.sort_unstable();
        let too_many = files.len().saturating_sub(self.most_files.max(1));
        files.iter().take(too_many).try_for_each(fs::remove_file)
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // What a crash left half-written counts as well.
    name.starts_with(PREFIX) && name.trim_end_matches(".part").ends_with(SUFFIX)
}

/// Whether an event is worth a recording, and its name.
fn incident(event: &Event) -> Option<String> {
    match event {
        Event::Lost { reason: LostReason::Shutdown | LostReason::Reconnect, .. } => None,
        Event::Lost { reason, .. } => Some(format!("lost: {}", reason.kind())),
        Event::HandlerPanicked { handler } => Some(format!("the handler of {handler} panicked")),
        Event::GaveUp { attempts } => Some(format!("gave up after {attempts} attempts")),
        Event::LoginRefused { .. } => Some("the login was refused".to_owned()),
        _ => None,
    }
}

const PREFIX: &str = "nova-";
const SUFFIX: &str = ".recording.jsonl";
