//! The workspace on disk, and cargo within it.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Where the workspace lies.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that the environment names, and otherwise the one this program was compiled in.
    pub(crate) fn chosen() -> Self {
        std::env::var_os(CHOICE).map_or_else(Self::containing_this_program, |root| Self::at(root.into()))
    }

    /// The workspace this program was compiled in.
    pub(crate) fn containing_this_program() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: package.parent().expect("this package lies inside of the workspace").to_owned() }
    }

    /// A workspace that lies elsewhere.
    pub(crate) const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        let chosen = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        // A relative one is relative to where cargo runs, and an absolute one replaces the root.
        self.root.join(chosen)
    }

    /// cargo with these words, to be run at the root.
    pub(crate) fn cargo(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Tool {
        self.program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), words)
    }

    /// Some program with these words, to be run at the root.
    pub(crate) fn program(
        &self,
        program: impl AsRef<OsStr>,
        words: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Tool {
        let mut command = Command::new(program);
        command.args(words).current_dir(&self.root);
        Tool { command }
    }
}

/// Names another workspace than the one this program was compiled in.
pub(crate) const CHOICE: &str = "NOVA_WORKSPACE";

/// A program about to be run.
#[derive(Debug)]
pub(crate) struct Tool {
    command: Command,
}

impl Tool {
    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Without what is set for whoever runs this.
    pub(crate) fn without_env(mut self, keys: &[&str]) -> Self {
        for key in keys {
            self.command.env_remove(key);
        }
        self
    }

    pub(crate) fn within(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Whether it runs at all; its output goes nowhere.
    pub(crate) fn works(mut self) -> bool {
        let quiet = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }

    /// Says what it runs, runs it, and lets it talk.
    pub(crate) fn run(mut self) -> Result<(), ToolError> {
        let line = self.line();
        println!("$ {line}");
        match self.command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(ToolError::Failed { line, said: String::new() }),
            Err(source) => Err(ToolError::NotStarted { line, source }),
        }
    }

    /// Runs it and keeps what it writes to its standard output; its complaints go into the error.
    pub(crate) fn read(self) -> Result<String, ToolError> {
        let line = self.line();
        let output = self.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(ToolError::Failed { line, said });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Says what it runs, runs it, keeps what it writes to its standard output, and lets it complain aloud.
    pub(crate) fn read_stdout(mut self) -> Result<String, ToolError> {
        let line = self.line();
        println!("$ {line}");
        match self.command.stdin(Stdio::null()).stderr(Stdio::inherit()).output() {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(_) => Err(ToolError::Failed { line, said: String::new() }),
            Err(source) => Err(ToolError::NotStarted { line, source }),
        }
    }

    /// Runs it and keeps all it writes, whether it fails or not.
    pub(crate) fn output(mut self) -> Result<Output, ToolError> {
        let line = self.line();
        self.command.stdin(Stdio::null()).output().map_err(|source| ToolError::NotStarted { line, source })
    }

    fn line(&self) -> String {
        let program = Path::new(self.command.get_program()).file_name().unwrap_or_default();
        let words = std::iter::once(program).chain(self.command.get_args());
        words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
    }
}

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("`{line}` could not be started: {source}")]
    NotStarted { line: String, source: io::Error },
    #[error("`{line}` failed\n{said}")]
    Failed { line: String, said: String },
}
