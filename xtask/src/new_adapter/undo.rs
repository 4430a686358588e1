//! Takes half-written output away again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Until it is told that it is not needed, takes away on drop what was made.
#[derive(Debug)]
pub(super) struct Undo {
    folder: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
    is_needed: bool,
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotBegun {
    #[error("{} is there already, and nothing is ever written over", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be made: {source}", folder.display())]
    Io { folder: PathBuf, source: io::Error },
}

impl Undo {
    /// Makes the folder, which must not be there.
    pub(super) fn begin(folder: &Path) -> Result<Self, NotBegun> {
        match fs::create_dir(folder) {
            Ok(()) => Ok(Self { folder: folder.to_owned(), files: Vec::new(), is_needed: true }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(NotBegun::Exists(folder.to_owned()))
            }
            Err(source) => Err(NotBegun::Io { folder: folder.to_owned(), source }),
        }
    }

    /// Gives a file its content back as well.
    pub(super) fn with_file(mut self, path: PathBuf, content: Vec<u8>) -> Self {
        self.files.push((path, content));
        self
    }

    /// What was made is whole.
    pub(super) fn not_needed(mut self) {
        self.is_needed = false;
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if !self.is_needed {
            return;
        }
        // Whoever reads the error that led here also has to know what is left, if anything is.
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} could not be taken away again: {error}", self.folder.display());
        }
        for (path, content) in &self.files {
            if let Err(error) = fs::write(path, content) {
                eprintln!("{} could not be given its content back: {error}", path.display());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test.
    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("nova-undo-{}-{name}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn half_written_output_is_taken_away_and_files_get_their_content_back() {
        let scratch = scratch("half");
        let (folder, lock) = (scratch.join("new"), scratch.join("lock"));
        fs::write(&lock, "before").unwrap();
        let undo = Undo::begin(&folder).unwrap().with_file(lock.clone(), b"before".to_vec());
        fs::write(folder.join("half"), "").unwrap();
        fs::write(&lock, "after").unwrap();
        drop(undo);
        assert!(!folder.exists());
        assert_eq!(fs::read_to_string(lock).unwrap(), "before");
        fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn what_is_whole_stays() {
        let scratch = scratch("whole");
        Undo::begin(&scratch.join("new")).unwrap().not_needed();
        assert!(scratch.join("new").exists());
        fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn nothing_is_written_over() {
        let scratch = scratch("over");
        fs::write(scratch.join("precious"), "").unwrap();
        let refused = Undo::begin(&scratch).unwrap_err().to_string();
        assert!(refused.contains("is there already"), "{refused}");
        assert!(scratch.join("precious").exists());
        fs::remove_dir_all(scratch).unwrap();
    }
}
