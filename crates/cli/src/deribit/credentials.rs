//! Who logs in: from the environment, or from a file that nobody but its owner can read.
//!
//! Never from arguments, which every user of the machine can see. No error repeats any of it.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use websockex_nova::{
    behaviour::Secret,
    deribit::{Credentials, MissingCredentials},
};

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CredentialsError {
    #[error("{} cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    #[error(
        "others than its owner have access to {} (mode {mode:03o}): run chmod 600 on it",
        path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error("{} is longer than {LONGEST} bytes", .0.display())]
    TooLong(PathBuf),
    #[error("line {line} of {} is not of the form NAME=value, with {} or {} as the name", path.display(), Credentials::ID_VARIABLE, Credentials::SECRET_VARIABLE)]
    Line { path: PathBuf, line: usize },
    #[error("{} is incomplete: {variable} is missing, or empty", path.display())]
    Incomplete { path: PathBuf, variable: &'static str },
    #[error("one of two variables alone is no login")]
    Environment(#[source] MissingCredentials),
}

/// Those of the environment; `None` if it has neither the id nor the secret.
pub(super) fn from_environment() -> Result<Option<Credentials>, CredentialsError> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !is_set(Credentials::ID_VARIABLE) && !is_set(Credentials::SECRET_VARIABLE) {
        return Ok(None);
    }
    Credentials::from_env().map(Some).map_err(CredentialsError::Environment)
}

/// Those in a file.
pub(super) fn from_file(path: &Path) -> Result<Credentials, CredentialsError> {
    let unreadable = |source| CredentialsError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // Of the open file, so that nobody can exchange it in between.
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(CredentialsError::NotAFile(path.to_owned()));
    }
    check_mode(path, &metadata)?;
    // Room for all of it, since a buffer that moves leaves a copy behind.
    let mut text = String::with_capacity(LONGEST + 1);
    let read = file.take(LONGEST as u64 + 1).read_to_string(&mut text);
    let text = Secret::from(text);
    if read.map_err(unreadable)? > LONGEST {
        return Err(CredentialsError::TooLong(path.to_owned()));
    }
    parse(path, text.reveal())
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), CredentialsError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(CredentialsError::Exposed { path: path.to_owned(), mode })
}

/// Elsewhere a file's rights are not a number; who keeps secrets in files has to see to them.
#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), CredentialsError> {
    Ok(())
}

fn parse(path: &Path, text: &str) -> Result<Credentials, CredentialsError> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').unwrap_or_default();
        let name = name.trim();
        if ![Credentials::ID_VARIABLE, Credentials::SECRET_VARIABLE].contains(&name) {
            return Err(CredentialsError::Line { path: path.to_owned(), line: number });
        }
        found.push((name, value.trim()));
    }
    let lookup =
        |name: &str| found.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Credentials::from_lookup(lookup)
        .map_err(|missing| CredentialsError::Incomplete { path: path.to_owned(), variable: missing.variable })
}

/// More than any two lines of it need, in bytes.
const LONGEST: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let read = parse(Path::new("keys"), text);
        read.map(|credentials| credentials.client_id().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn two_lines_are_a_login_and_a_slip_is_named_by_its_line_alone() {
        let good = "# my keys\n\nDERIBIT_CLIENT_ID = me\nDERIBIT_CLIENT_SECRET=hush=hush\n";
        assert_eq!(read(good), Ok("me".to_owned()));
        let slip = read("DERIBIT_CLIENT_ID=me\nDERIBIT_SECRET=hush\n").unwrap_err();
        assert!(slip.starts_with("line 2 of keys ") && !slip.contains("hush"), "{slip}");
        let incomplete = read("DERIBIT_CLIENT_ID=me\nDERIBIT_CLIENT_SECRET=\n").unwrap_err();
        assert_eq!(incomplete, "keys is incomplete: DERIBIT_CLIENT_SECRET is missing, or empty");
    }
}
