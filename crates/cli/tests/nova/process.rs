//! A running `nova`, its three streams in our hands.

use std::{
    process::Stdio,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nova_testkit::{canary::caught, net::within};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

/// More than any single step may take on a busy machine.
const STEP: Duration = Duration::from_secs(30);

/// The program under test. It is killed when this is dropped.
pub(crate) struct Nova {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<Lines<BufReader<ChildStdout>>>,
    told: Lines<BufReader<ChildStderr>>,
    /// What was read of standard output, and of standard error.
    printed: String,
    log: String,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Standard output that was not read before.
    pub(crate) output: String,
    /// All of standard error.
    pub(crate) told: String,
}

impl Nova {
    /// Starts it, in an environment that says nothing about proxies, logs or credentials.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_in(args, &[])
    }

    /// Starts it, in an environment that says this and nothing else of interest.
    pub(crate) fn start_in(args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nova"));
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        for name in ["RUST_LOG", "DERIBIT_CLIENT_ID", "DERIBIT_CLIENT_SECRET"] {
            command.env_remove(name);
        }
        command.args(args).envs(environment.iter().copied()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = command.spawn().unwrap();
        drop(starting);
        Self {
            input: child.stdin.take(),
            output: child.stdout.take().map(|out| BufReader::new(out).lines()),
            told: BufReader::new(child.stderr.take().unwrap()).lines(),
            printed: String::new(),
            log: String::new(),
            child,
        }
    }

    /// Types bytes.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let input = self.input.as_mut().expect("the input is open");
        within(STEP, "nova to read", input.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Ends the input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Stops reading its output.
    pub(crate) fn close_output(&mut self) {
        self.output = None;
        really_closed();
    }

    /// The next line it prints.
    pub(crate) async fn line(&mut self) -> String {
        let output = self.output.as_mut().expect("the output is open");
        match within(STEP, "a line of output", output.next_line()).await.unwrap() {
            Some(line) => {
                self.printed += &format!("{line}\n");
                line
            }
            None => panic!("the output ended; it was told:\n{}", self.log),
        }
    }

    /// Waits until it tells a line that contains `part`.
    pub(crate) async fn tells(&mut self, part: &str) -> String {
        loop {
            let line = within(STEP, "a line on standard error", self.told.next_line()).await.unwrap();
            let Some(line) = line else { panic!("it never told of {part:?}:\n{}", self.log) };
            self.log += &format!("{line}\n");
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Presses Ctrl-C.
    #[cfg(unix)]
    pub(crate) async fn interrupt(&self) {
        let id = self.child.id().expect("it still runs").to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = within(STEP, "nova to end", self.child.wait()).await.unwrap();
        let mut output = String::new();
        if let Some(rest) = self.output.take() {
            rest.into_inner().read_to_string(&mut output).await.unwrap();
        }
        while let Some(line) = self.told.next_line().await.unwrap() {
            self.log += &format!("{line}\n");
        }
        caught("nova", [self.printed.as_str(), &output, &self.log].concat());
        Ended { code: status.code(), output, told: self.log }
    }

    /// Waits for its end without reading its output.
    #[cfg(unix)]
    pub(crate) async fn gone(mut self) -> Ended {
        let output = self.output.take();
        let ended = self.ended().await;
        drop(output);
        ended
    }

    /// Runs it with no input, to its end.
    pub(crate) async fn run(args: &[&str]) -> Ended {
        let mut nova = Self::start(args);
        nova.end_input();
        nova.ended().await
    }
}

/// Makes sure that what was closed is closed. A program that another test is just starting may, between
/// fork and exec, still hold a copy of each socket and pipe of this process.
pub(crate) fn really_closed() {
    drop(STARTING.lock());
}

/// Held while a program is started.
static STARTING: Mutex<()> = Mutex::new(());

impl Ended {
    /// Asserts how it ended, and that it told each of these.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, told: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for part in told {
            assert!(self.told.contains(part), "it did not tell {part:?}:\n{}", self.told);
        }
    }
}
