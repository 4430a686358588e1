//! `nova replay`: the story of a recorded client, and whether it comes out the same again.

use std::io::{self, BufWriter, Write};

use websockex_nova::recorder::{Recording, Verdict};

use crate::{args::Replay, exit::Exit, told};

/// Tells the story, then the verdict.
pub(crate) fn run(wish: &Replay) -> Exit {
    let recording = match Recording::load(&wish.file) {
        Ok(recording) => recording,
        Err(error) => {
            told::error(&format!("{} is no recording that can be read", wish.file.display()), &error);
            return Exit::Usage;
        }
    };
    let verdict = recording.replay();
    // Whoever reads may have seen enough; the status still says how it came out.
    let _ = tell(&recording, &verdict, wish.quiet);
    match verdict {
        Verdict::Equal { .. } => Exit::Clean,
        Verdict::Unchecked { .. } => Exit::Unchecked,
        _ => Exit::Failed,
    }
}

fn tell(recording: &Recording, verdict: &Verdict, is_quiet: bool) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if !is_quiet {
        let header = &recording.header;
        let why = header.incident.as_deref().unwrap_or("asked for");
        let software = told::plain(&header.software);
        writeln!(out, "recorded by version {software}, seed {}: {}", header.seed, told::plain(why))?;
        let until = match verdict {
            Verdict::Differs(difference) => difference.index,
            _ => recording.lines.len(),
        };
        for line in &recording.lines[..until] {
            writeln!(out, "{}", told::plain(&line.to_string()))?;
        }
        if recording.is_torn {
            writeln!(out, "the file ends inside a line, which is left out")?;
        }
    }
    writeln!(out, "{verdict}")?;
    out.flush()
}
