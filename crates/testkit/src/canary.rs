//! Secrets that are easy to find, and a place for all that might show one.
//!
//! Tests give these instead of other secrets to whatever is to keep them, and hand over what they catch:
//! log lines, events, pages, datagrams, what a program prints. `cargo xtask test` says where that is kept,
//! by the variable [`FOLDER`], and `cargo xtask secrets` looks through it for [`MARK`] in every form it
//! knows. Outside of such a run nothing is kept.

use std::{env, fs, io::Write as _, panic::Location, path::PathBuf};

/// What every canary contains, and nothing else.
pub const MARK: &str = "Nova4Canary";

macro_rules! canaries {
    ($($(#[doc = $about:literal])+ $name:ident = $word:literal;)*) => {
        $($(#[doc = $about])+ pub const $name: &str = concat!("Nova4Canary", $word);)*
    };
}

canaries! {
    /// What a header, a query or a payload holds that concerns nobody else.
    TOKEN = "Token";
    /// What opens a login.
    PASSWORD = "Password";
    /// What identifies an account.
    CLIENT_SECRET = "ClientSecret";
}

/// The variable that says in which folder to keep what is caught.
pub const FOLDER: &str = "NOVA_CAPTURE_DIR";

/// Hands over what a test caught of this kind, such as `statsd`; the kind is a file of its own.
///
/// # Panics
///
/// It cannot be kept.
#[track_caller]
pub fn caught(kind: &str, what: impl AsRef<[u8]>) {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let place = Location::caller();
    let mut entry = format!("--- {}:{}\n", place.file(), place.line()).into_bytes();
    entry.extend_from_slice(what.as_ref());
    entry.push(b'\n');
    let keep = || {
        fs::create_dir_all(&folder)?;
        let mut file =
            fs::OpenOptions::new().create(true).append(true).open(folder.join(format!("{kind}.txt")))?;
        // In one piece, since other tests write there as well.
        file.write_all(&entry)
    };
    keep().unwrap_or_else(|error| panic!("{kind} cannot be kept in {}: {error}", folder.display()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_bear_the_mark() {
        for canary in [TOKEN, PASSWORD, CLIENT_SECRET] {
            assert!(canary.starts_with(MARK) && canary.len() > MARK.len());
            // They pass unchanged through URLs, headers, JSON and XML.
            assert!(canary.chars().all(|letter| letter.is_ascii_alphanumeric()));
        }
    }
}
