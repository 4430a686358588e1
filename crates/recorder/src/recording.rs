//! What a ring held: a header and lines, as lines of JSON.

use std::{fs, io, io::Write, path::Path, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{line::Line, settings::SettingsShape};

/// The name of the format, first thing in a file.
pub const FORMAT: &str = "websockex-nova recording";

/// The version of the format. A file of another is refused.
pub const VERSION: u32 = 1;

/// A part of a session's life, or all of it so far.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Recording {
    /// What is needed besides the lines.
    pub header: Header,
    /// The inputs, oldest first.
    pub lines: Vec<Line>,
    /// Whether the last line of the file was cut off, and left out.
    pub is_torn: bool,
}

/// The first line of a recording.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of the software that recorded.
    pub software: String,
    /// What is not in it, for people.
    pub left_out: Vec<String>,
    /// Why it was written; `None` if somebody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Wall time at the session's start, in nanoseconds since 1970.
    pub started: u64,
    /// The seed of all the session's chance.
    pub seed: u64,
    /// The settings at its start.
    pub settings: SettingsShape,
    /// How many inputs had gone before the first line: without them it cannot be checked.
    pub missing: u64,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// It is empty, or does not begin with a header.
    #[error("it does not begin with the header of a recording")]
    NoHeader,
    /// It is of another version.
    #[error("it is of version {found} of the format, and this reads version {VERSION}")]
    OtherVersion {
        /// Its version.
        found: u32,
    },
    /// A line makes no sense.
    #[error("line {line} cannot be read")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Header {
    pub(crate) fn new(wall: SystemTime, seed: u64, settings: SettingsShape, missing: u64) -> Self {
        let started = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            software: env!("CARGO_PKG_VERSION").to_owned(),
            left_out: LEFT_OUT.map(str::to_owned).to_vec(),
            incident: None,
            started: u64::try_from(started.as_nanos()).unwrap_or(u64::MAX),
            seed,
            settings,
            missing,
        }
    }
}

impl Recording {
    pub(crate) const fn new(header: Header, lines: Vec<Line>) -> Self {
        Self { header, lines, is_torn: false }
    }

    /// Says why it was written.
    #[must_use]
    pub fn with_incident(mut self, incident: impl Into<String>) -> Self {
        self.header.incident = Some(incident.into());
        self
    }

    /// Whether it begins with the session, so that its replay can be checked.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.header.missing == 0
    }

    /// As lines of JSON: the header, then one line for each input.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = Vec::new();
        // Neither can fail: all keys are strings, and memory takes everything.
        let _ = self.write(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &self.header)?;
        out.write_all(b"\n")?;
        for line in &self.lines {
            serde_json::to_writer(&mut *out, line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads lines of JSON. A last line without an end that makes no sense was cut off by whatever
    /// ended the writer, and is left out.
    ///
    /// # Errors
    ///
    /// It is no recording, of another version, or names the line that makes no sense.
    pub fn parse(text: &str) -> Result<Self, ReadError> {
        let mut lines = text.split_inclusive('\n').enumerate();
        let (_, first) = lines.next().ok_or(ReadError::NoHeader)?;
        let Stamp { format, version } = serde_json::from_str(first).map_err(|_| ReadError::NoHeader)?;
        if format != FORMAT {
            return Err(ReadError::NoHeader);
        }
        if version != VERSION {
            return Err(ReadError::OtherVersion { found: version });
        }
        let header = serde_json::from_str(first).map_err(|source| ReadError::Line { line: 1, source })?;
        let mut recording = Self::new(header, Vec::new());
        for (index, line) in lines {
            match serde_json::from_str(line) {
                Ok(line) => recording.lines.push(line),
                Err(_) if !line.ends_with('\n') => recording.is_torn = true,
                Err(source) => return Err(ReadError::Line { line: index + 1, source }),
            }
        }
        Ok(recording)
    }

    /// Writes a file: beside its place first, then it is moved there, so that nobody finds half of it.
    ///
    /// # Errors
    ///
    /// The file system says why.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let written = fs::File::create(&beside).and_then(|file| {
            let mut out = io::BufWriter::new(file);
            self.write(&mut out)?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
        });
        let moved = written.and_then(|()| fs::rename(&beside, path));
        if moved.is_err() {
            let _ = fs::remove_file(&beside);
        }
        moved
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or as [`parse`](Self::parse).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        Self::parse(&fs::read_to_string(path)?)
    }
}

/// What every version of the format begins with.
#[derive(Deserialize)]
struct Stamp {
    format: String,
    version: u32,
}

const LEFT_OUT: [&str; 5] = [
    "payloads of messages, both ways",
    "texts of the peer: close reasons, refusals, names of streams that nobody takes",
    "addresses, URLs and headers",
    "credentials, and requests that carry them",
    "wall time of logins",
];
