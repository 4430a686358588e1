//! The program itself: started as anybody starts it, against peers on the loopback interface.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod connect;
mod demo;
mod process;
mod replay;
mod sim;
mod watch;

/// A file of a test, which is gone with this.
struct Scratch(std::path::PathBuf);

impl Scratch {
    /// A file of this name and content, which its owner alone may read.
    fn new(name: &str, content: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nova-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        let scratch = Self(path);
        scratch.set_mode(0o600);
        scratch
    }

    #[cfg(unix)]
    fn set_mode(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&self.0, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    fn set_mode(&self, _mode: u32) {}

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn read(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Says, past whatever captures a test's output, that a test did not run.
fn skipped(why: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
