//! `nova sim deribit`: the simulator as a program.

use std::{fs, io, path::PathBuf};

use nova_deribit_simulator::{Config, Run, RunError, Scenario, ScenarioError, Tls};

use crate::{args::SimDeribit, exit::Exit, interrupt::interrupted, told};

/// A part of the command line, or a file it names, that cannot be used.
#[derive(Debug, thiserror::Error)]
enum Mistake {
    #[error("{what} {} cannot be read", path.display())]
    Read {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the configuration {} makes no sense", path.display())]
    Config {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error(
        "\"{name}\" is neither a file nor one of the ready-made scenarios: {}",
        Scenario::names().join(", ")
    )]
    NoScenario { name: String },
    #[error("the scenario {name} cannot be used")]
    Scenario {
        name: String,
        #[source]
        source: ScenarioError,
    },
}

/// Serves until Ctrl-C or the end of the scenario, and sums up.
pub(crate) async fn deribit(wish: SimDeribit) -> Exit {
    let run = match prepare(&wish) {
        Ok(run) => run,
        Err(mistake) => {
            told::error("the simulator cannot be started", &mistake);
            return Exit::Usage;
        }
    };
    let about = run.scenario.as_ref().map(|scenario| {
        let length = scenario.length.map_or("without end".to_owned(), |length| format!("{length:?}"));
        format!("scenario {}, {length}: {}", scenario.name, scenario.about)
    });
    let started = |_, url: &str, _| {
        println!("{url}");
        if let Some(about) = about {
            eprintln!("nova: {about}");
        }
    };
    match run.serve(started, interrupted()).await {
        Ok(summary) => {
            eprintln!("nova: {summary}");
            if summary.forgotten > 0 {
                eprintln!("nova: {} entries came too fast for the journal", summary.forgotten);
            }
            Exit::Clean
        }
        Err(error) => {
            let is_usage = matches!(
                error,
                RunError::ManualClock | RunError::Start(nova_deribit_simulator::StartError::Config(_))
            );
            told::error("the simulator has ended", &error);
            if is_usage { Exit::Usage } else { Exit::Failed }
        }
    }
}

fn prepare(wish: &SimDeribit) -> Result<Run, Mistake> {
    let mut config = match &wish.config {
        Some(path) => {
            let text = read("the configuration", path)?;
            serde_json::from_str(&text).map_err(|source| Mistake::Config { path: path.clone(), source })?
        }
        None => Config::default(),
    };
    config.port = wish.port.unwrap_or(config.port);
    config.seed = wish.seed.unwrap_or(config.seed);
    config.time_scale = wish.time_scale.unwrap_or(config.time_scale);
    if let Some((certificate, key)) = wish.cert.as_ref().zip(wish.key.as_ref()) {
        let certificates = read("the certificate", certificate)?;
        config.tls = Some(Tls::Pem { certificates, key: read("the key", key)? });
    }
    let seed = config.seed;
    let mut run = Run::new(config);
    if let Some(name) = &wish.scenario {
        run = run.with_scenario(scenario(name, seed)?);
    }
    if let Some(path) = &wish.journal {
        run = run.with_journal(path);
    }
    Ok(run)
}

/// A ready-made scenario of this name, or else a file.
fn scenario(name: &str, seed: u64) -> Result<Scenario, Mistake> {
    if let Some(scenario) = Scenario::ready_made(name, seed) {
        return Ok(scenario);
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        return Err(Mistake::NoScenario { name: name.to_owned() });
    }
    Scenario::read(&path).map_err(|source| Mistake::Scenario { name: name.to_owned(), source })
}

fn read(what: &'static str, path: &PathBuf) -> Result<String, Mistake> {
    fs::read_to_string(path).map_err(|source| Mistake::Read { what, path: path.clone(), source })
}
