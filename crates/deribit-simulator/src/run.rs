//! A simulator as a program: runs a scenario to its end, writes its journal, gives a summary.

use std::{
    fmt,
    fs::File,
    future::{self, Future},
    io::{self, BufWriter, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    config::{ClockKind, Config},
    control::Control,
    journal::{Entry, Event},
    scenario::Scenario,
    server::StartError,
    simulator::Simulator,
};

/// What a program is asked to run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Run {
    /// The configuration, before the scenario adjusts it.
    pub config: Config,
    /// What goes wrong.
    pub scenario: Option<Scenario>,
    /// Where the journal goes, as JSON lines.
    pub journal: Option<PathBuf>,
}

/// What a program ran.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// How long it ran by its own clock.
    pub lasted: Duration,
    /// Attempts to connect.
    pub attempts: u64,
    /// Those that became WebSockets.
    pub connections: u64,
    /// Frames from clients.
    pub frames_in: u64,
    /// Frames for clients.
    pub frames_out: u64,
    /// Faults that began.
    pub faults: u64,
    /// Entries of the journal that were lost before they were written.
    pub forgotten: u64,
}

/// Why a program ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It did not start.
    #[error("the simulator did not start")]
    Start(#[from] StartError),
    /// The journal cannot be written.
    #[error("the journal cannot be written")]
    Journal(#[source] io::Error),
    /// A scenario would never end under a clock that nobody moves.
    #[error("a program needs the real clock")]
    ManualClock,
}

impl Run {
    /// This configuration, without a scenario and without a journal.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// With this scenario.
    #[must_use]
    pub fn with_scenario(self, scenario: Scenario) -> Self {
        Self { scenario: Some(scenario), ..self }
    }

    /// With the journal in this file.
    #[must_use]
    pub fn with_journal(self, path: impl Into<PathBuf>) -> Self {
        Self { journal: Some(path.into()), ..self }
    }

    /// Serves until the scenario is over or `stop` resolves, whichever comes first. `started` is told
    /// the address clients take, and a handle.
    ///
    /// # Errors
    ///
    /// It does not start, or the journal cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Dropping it ends the simulator; what the journal still holds is not written then.
    pub async fn serve(
        self,
        started: impl FnOnce(SocketAddr, &str, Control),
        stop: impl Future<Output = ()>,
    ) -> Result<Summary, RunError> {
        if self.config.clock == ClockKind::Manual {
            return Err(RunError::ManualClock);
        }
        let config = match &self.scenario {
            Some(scenario) => scenario.adjust(self.config),
            None => self.config,
        };
        let time_scale = config.time_scale;
        let mut tally = Tally::open(self.journal.as_deref())?;
        let simulator = Simulator::start(config).await?;
        let control = simulator.control();
        let began = control.now();
        if let Some(scenario) = &self.scenario {
            control.run_scenario(scenario);
        }
        started(simulator.addr(), &simulator.url(), control.clone());

        let length = self.scenario.as_ref().and_then(|scenario| scenario.length);
        let over = async {
            match length {
                Some(length) => tokio::time::sleep(length.div_f64(time_scale)).await,
                None => future::pending().await,
            }
        };
        let (mut over, mut stop) = (std::pin::pin!(over), std::pin::pin!(stop));
        let mut beat = tokio::time::interval(DRAIN_EVERY);
        loop {
            let is_over = tokio::select! {
                () = &mut over => true,
                () = &mut stop => true,
                _ = beat.tick() => false,
            };
            tally.drain(&control)?;
            if is_over {
                tally.summary.lasted = Duration::from_micros(control.now() - began);
                tally.finish()?;
                return Ok(tally.summary);
            }
        }
    }
}

/// What was counted and written so far.
struct Tally {
    summary: Summary,
    next: u64,
    file: Option<BufWriter<File>>,
}

impl Tally {
    fn open(path: Option<&Path>) -> Result<Self, RunError> {
        let file = path.map(File::create).transpose().map_err(RunError::Journal)?;
        Ok(Self { summary: Summary::default(), next: 1, file: file.map(BufWriter::new) })
    }

    /// Takes what the journal has that is new.
    fn drain(&mut self, control: &Control) -> Result<(), RunError> {
        // Copied first, so that nobody waits for the disk.
        let entries: Arc<[Entry]> = control.journal(|journal| journal.since(self.next).cloned().collect());
        for entry in &*entries {
            self.summary.forgotten += entry.number - self.next;
            self.next = entry.number + 1;
            match &entry.event {
                Event::Attempt { .. } => self.summary.attempts += 1,
                Event::Answer { status: 101 } => self.summary.connections += 1,
                Event::In(_) => self.summary.frames_in += 1,
                Event::Out(_) => self.summary.frames_out += 1,
                Event::Fault { phase: "begins", .. } => self.summary.faults += 1,
                _ => {}
            }
            if let Some(file) = &mut self.file {
                writeln!(file, "{}", entry.to_json()).map_err(RunError::Journal)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), RunError> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush).map_err(RunError::Journal)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} s, {} of {} attempts connected, {} frames in, {} frames out, {} faults",
            self.lasted.as_secs_f64(),
            self.connections,
            self.attempts,
            self.frames_in,
            self.frames_out,
            self.faults
        )
    }
}

/// How often the journal is taken from the simulator. It holds far more than comes in this time.
const DRAIN_EVERY: Duration = Duration::from_millis(100);
