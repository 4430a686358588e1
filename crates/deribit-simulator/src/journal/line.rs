//! Entries as lines of JSON.
//!
//! A payload that is UTF-8 stands as a string, any other in base64, so each line gives it byte for byte.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Entry, Event, Frame, FrameKind, Journal};

impl Journal {
    /// Everything held, one line of JSON for each entry.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let mut lines = String::new();
        for entry in self.entries() {
            lines.push_str(&entry.to_json());
            lines.push('\n');
        }
        lines
    }
}

impl Entry {
    /// This entry as one JSON object, without a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = format!(r#"{{"n":{},"at":{},"conn":{}"#, self.number, self.at, self.connection);
        match &self.event {
            Event::Attempt { ip } => member(&mut line, "attempt", ip),
            Event::Answer { status } => write(&mut line, format_args!(r#","answer":{status}"#)),
            Event::Ignored { how } => member(&mut line, "ignored", how),
            Event::In(frame) => frame_members(&mut line, "in", frame),
            Event::Out(frame) => frame_members(&mut line, "out", frame),
            Event::Swallowed(frame) => frame_members(&mut line, "swallowed", frame),
            Event::State { from, to } => {
                member(&mut line, "from", from);
                member(&mut line, "to", to);
            }
            Event::Timer { name } => member(&mut line, "timer", name),
            Event::Credits { bucket, level } => {
                member(&mut line, "bucket", bucket);
                write(&mut line, format_args!(r#","level":{level}"#));
            }
            Event::Fault { id, name, phase } => {
                write(&mut line, format_args!(r#","id":{id}"#));
                member(&mut line, "fault", name);
                member(&mut line, "phase", phase);
            }
            Event::Cut { how } => member(&mut line, "cut", how),
            Event::Gone => line.push_str(r#","gone":true"#),
        }
        line.push('}');
        line
    }
}

fn frame_members(line: &mut String, direction: &str, frame: &Frame) {
    let kind = match frame.kind {
        FrameKind::Text => "text",
        FrameKind::Binary => "binary",
        FrameKind::Ping => "ping",
        FrameKind::Pong => "pong",
        FrameKind::Close => "close",
    };
    member(line, "dir", direction);
    member(line, "kind", kind);
    match std::str::from_utf8(&frame.payload) {
        Ok(text) => member(line, "text", text),
        Err(_) => member(line, "base64", &STANDARD.encode(&frame.payload)),
    }
}

fn member(line: &mut String, name: &str, text: &str) {
    write(line, format_args!(r#","{name}":{}"#, crate::json::quoted(text)));
}

fn write(line: &mut String, args: std::fmt::Arguments<'_>) {
    line.write_fmt(args).expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_line_is_json_and_gives_the_payload_byte_for_byte() {
        let mut journal = Journal::new(1 << 20);
        let text =
            Frame { kind: FrameKind::Text, payload: Bytes::from_static("{\"a\":\"ż\n\"}".as_bytes()) };
        let broken = Frame { kind: FrameKind::Text, payload: Bytes::from_static(&[0xFF, 0]) };
        journal.record(7, 1, Event::In(text));
        journal.record(8, 1, Event::Out(broken));
        journal.record(9, 0, Event::Fault { id: 3, name: "gap", phase: "begins" });
        let lines = journal.to_json_lines();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["text"], "{\"a\":\"ż\n\"}");
        assert_eq!((&lines[0]["dir"], &lines[0]["at"]), (&"in".into(), &7.into()));
        assert_eq!(STANDARD.decode(lines[1]["base64"].as_str().unwrap()).unwrap(), [0xFF, 0]);
        assert_eq!(lines[2]["fault"], "gap");
    }
}
