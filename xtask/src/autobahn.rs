//! The Autobahn testsuite against each transport: some five hundred conversations of a server that
//! behaves as badly as it can.
//!
//! The suite is installed into `target/autobahn` by a script and left there; it is never part of the
//! sources. Its server listens on the loopback interface, and `tests/examples/autobahn.rs` is the client.
//! What it does not look at, our own tests do: the opening handshake, masks, the forms of lengths.

mod report;

use std::{
    error::Error,
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use self::report::Report;
use crate::{step::Outcome, workspace::Workspace};

/// A client as the suite sees it.
struct Agent {
    /// What the client calls itself, which tells it what to do.
    name: &'static str,
    /// The cases that mean something to it.
    cases: &'static [&'static str],
    /// Those of them that take longest.
    slow: &'static [&'static str],
    /// Those that are known to pass only half, with the reason beside them.
    known: &'static [&'static str],
}

const AGENTS: [Agent; 4] = [
    // The crate shows a frame only once it is whole, so bad text in the midst of one is noticed late.
    Agent { name: "fastwebsockets", cases: CORE, slow: &["9.*"], known: &["6.4.3", "6.4.4"] },
    Agent { name: "native", cases: CORE, slow: &["9.*"], known: &[] },
    Agent { name: "native-deflate", cases: COMPRESSION, slow: COMPRESSION, known: &[] },
    // It promises to keep no context, which the other offers do not.
    Agent { name: "native-deflate-alone", cases: ALONE, slow: ALONE, known: &[] },
];

const CORE: &[&str] = &["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"];
const COMPRESSION: &[&str] = &["12.*", "13.*"];
const ALONE: &[&str] = &["13.2.*"];

/// How much of the suite to run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extent {
    /// All of it, which takes some ten minutes.
    Whole,
    /// What takes seconds.
    Fast,
}

/// The fast part as a step among others: a suite that cannot be had is no failure of ours.
pub(crate) fn fast_where_possible(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if can_install() && install(workspace, &workspace.path(FOLDER)).is_err() {
        return Ok(Outcome::Skipped("the Autobahn testsuite could not be installed".to_owned()));
    }
    run(workspace, Extent::Fast)
}

/// Runs the cases of each agent and prints a table.
pub(crate) fn run(workspace: &Workspace, extent: Extent) -> Result<Outcome, Box<dyn Error>> {
    let folder = workspace.path(FOLDER);
    if !can_install() {
        return Ok(Outcome::Skipped("the suite needs bash, apt-get, python3 and a C compiler".to_owned()));
    }
    install(workspace, &folder)?;
    let build = ["build", "--release", "--quiet", "--package", "nova-tests", "--example", "autobahn"];
    workspace.cargo(build).run()?;
    let mut failures = Vec::new();
    for agent in &AGENTS {
        let excluded = if extent == Extent::Fast { agent.slow } else { &[] };
        if excluded == agent.cases {
            continue;
        }
        let report = run_agent(workspace, &folder, agent, excluded)?;
        println!("\n{}\n{}", agent.name, report.table());
        failures.extend(report.failures().map(|failure| format!("{}: {failure}", agent.name)));
    }
    match failures.as_slice() {
        [] => Ok(Outcome::Passed),
        failures => Err(format!("cases that do not pass:\n  {}", failures.join("\n  ")).into()),
    }
}

/// Where the suite lies.
const FOLDER: &str = "target/autobahn";

/// Puts the suite into its folder, unless it is there.
fn install(workspace: &Workspace, folder: &Path) -> Result<(), Box<dyn Error>> {
    let script = workspace.path("xtask/autobahn/install.sh");
    println!("$ install.sh (once, about a minute)");
    // Whoever has apt-get has `timeout` as well.
    let limit = INSTALL_PATIENCE.as_secs().to_string();
    if Command::new("timeout").arg(limit).arg("bash").arg(&script).arg(folder).status()?.success() {
        return Ok(());
    }
    Err("the Autobahn testsuite could not be installed".into())
}

fn can_install() -> bool {
    let works = |program: &str| {
        let mut command = Command::new(program);
        let quiet = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    ["bash", "apt-get", "python3", "gcc"].into_iter().all(works)
}

fn run_agent(
    workspace: &Workspace,
    folder: &Path,
    agent: &Agent,
    excluded: &[&str],
) -> Result<Report, Box<dyn Error>> {
    let reports = folder.join("reports").join(agent.name);
    // Reports of an earlier run would be taken for those of this one.
    if reports.exists() {
        fs::remove_dir_all(&reports)?;
    }
    let server = Server::start(workspace, folder, &reports, agent, excluded)?;
    let url = format!("ws://127.0.0.1:{}", server.port);
    let client = [
        "run",
        "--release",
        "--quiet",
        "--package",
        "nova-tests",
        "--example",
        "autobahn",
        "--",
        &url,
        agent.name,
    ];
    workspace.cargo(client).run()?;
    drop(server);
    Report::read(&fs::read_to_string(reports.join("index.json"))?, agent.name, agent.known)
}

/// The suite's server; it ends with this value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(
        workspace: &Workspace,
        folder: &Path,
        reports: &Path,
        agent: &Agent,
        excluded: &[&str],
    ) -> Result<Self, Box<dyn Error>> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let specification = json!({
            "url": format!("ws://127.0.0.1:{port}"),
            "outdir": reports,
            "cases": agent.cases,
            "exclude-cases": excluded,
            "exclude-agent-cases": {},
        });
        fs::create_dir_all(folder.join("reports"))?;
        let at = folder.join(format!("{}.json", agent.name));
        fs::write(&at, specification.to_string())?;
        let log = fs::File::create(folder.join(format!("{}.log", agent.name)))?;
        let child = Command::new(folder.join("suite/bin/python"))
            .arg(workspace.path("xtask/autobahn/serve.py"))
            .arg(at)
            .env("LD_LIBRARY_PATH", libraries(folder)?)
            // What a module is compiled to belongs beside the suite, not beside our script.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut this = Self { child, port };
        this.wait_until_it_listens()?;
        Ok(this)
    }

    fn wait_until_it_listens(&mut self) -> Result<(), Box<dyn Error>> {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the suite's server ended with {status}; see its log").into());
            }
            if start.elapsed() > START_PATIENCE {
                return Err("the suite's server does not listen".into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the unpacked interpreter finds its libraries: the folder is named after the platform.
fn libraries(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    for entry in fs::read_dir(folder.join("root/usr/lib"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with("-linux-gnu") {
            return Ok(path);
        }
    }
    Err("the unpacked interpreter has no libraries".into())
}

const INSTALL_PATIENCE: Duration = Duration::from_secs(600);
const START_PATIENCE: Duration = Duration::from_secs(30);
