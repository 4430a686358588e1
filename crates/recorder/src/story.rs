//! A recording as a story: one line for each input, for people.

use std::{fmt, time::Duration};

use nova_session::tape::{Routed, Said, Size};

use crate::line::{Asked, Hole, Input, Line, Opcode, Shape, Told};

impl fmt::Display for Line {
    /// When, what the session was told, what foreign code said meanwhile, and what the session said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Duration::from_nanos(self.at);
        write!(f, "{:>6}.{:06} {}", at.as_secs(), at.subsec_micros(), self.input)?;
        for said in &self.said {
            f.write_str(" | ")?;
            match said {
                Said::Routed(routed) => write!(f, "{}", Way(routed))?,
                said => write!(f, "{}", Plain(said))?,
            }
        }
        for (index, told) in self.told.iter().enumerate() {
            write!(f, "{}{told}", if index == 0 { " -> " } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin => f.write_str("the session begins"),
            Self::Dial { place } => write!(f, "place {place} asks for an order"),
            Self::Phase { link, name } => write!(f, "link {link}: {name} begins"),
            Self::ConnectFailed { link, error } => write!(f, "link {link}: could not connect: {error}"),
            Self::Connected { link } => write!(f, "link {link}: open"),
            Self::Heard { link } => write!(f, "link {link}: bytes came"),
            Self::Frame { link, frame } => write!(f, "link {link}: {frame} came"),
            Self::Lost { link, error } => write!(f, "link {link}: lost: {error}"),
            Self::Transmit { link } => write!(f, "link {link}: anything to send?"),
            Self::Flushed { link } => write!(f, "link {link}: flushed"),
            Self::Over { link } => write!(f, "link {link}: is it over?"),
            Self::Sleep => f.write_str("how long to sleep?"),
            Self::Timeout => f.write_str("something is due"),
            Self::Events => f.write_str("events taken"),
            Self::Request(asked) => write!(f, "{asked}"),
            Self::Ping { .. } => f.write_str("a ping is asked for"),
            Self::Settled { id } => write!(f, "request {id} ended"),
            Self::Cancel { id } => write!(f, "request {id} is given up"),
            Self::UndecodableReply => f.write_str("a reply could not be decoded"),
            Self::Subscribe(wish) => write!(f, "{} topics wanted: {:?}", wish.topics.len(), wish.topics),
            Self::Unsubscribe { id } => write!(f, "subscription {id} is given up"),
            Self::Take { id, .. } => write!(f, "subscription {id} takes"),
            Self::UndecodableItem { id, topic } => {
                write!(f, "subscription {id}: an item of {topic} could not be decoded")
            }
            Self::Restore(topics) => write!(f, "{} topics of an earlier session wanted", topics.len()),
            Self::ForgetRestored => f.write_str("restored topics are given up"),
            Self::Authenticate => f.write_str("a login is asked for"),
            Self::Reconnect => f.write_str("a fresh link is asked for"),
            Self::Reconfigure(_) => f.write_str("other settings"),
            Self::Shutdown { within } => write!(f, "shutdown within {within:?}"),
            Self::Abandon => f.write_str("the driver is gone"),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.raw {
            Some(size) => write!(f, "a message of {} is to be sent", Long(size)),
            None => f.write_str("a request is made"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.op, self.len)?;
        if let Some(code) = self.code {
            write!(f, " with code {code}")?;
        }
        f.write_str(if self.fin { "" } else { ", to be continued," })
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Continuation => "continuation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
        })
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial { link, attempt, elsewhere } => {
                write!(f, "dial link {link}, attempt {attempt}")?;
                f.write_str(if *elsewhere { ", elsewhere" } else { "" })
            }
            Self::NoMoreDials => f.write_str("never again"),
            Self::Over => f.write_str("it is over"),
            Self::Send { op, len } => write!(f, "send {op} of {len} bytes"),
            Self::Finish => f.write_str("end the sending direction"),
            Self::Nothing => f.write_str("nothing"),
            Self::Accepted(number) => write!(f, "accepted as {number}"),
            Self::Failed(text) | Self::Done(text) => f.write_str(text),
            Self::Item { topic, sequence, link, size, .. } => {
                write!(f, "item of {topic}, {}, from link {link}", Long(*size))?;
                sequence.map_or(Ok(()), |sequence| write!(f, ", number {sequence}"))
            }
            Self::Gap(hole) => hole.fmt(f),
            Self::End => f.write_str("the end"),
            Self::Counts([received, delivered, conflated, dropped, undecodable, queued]) => write!(
                f,
                "received {received} = delivered {delivered} + conflated {conflated} + dropped {dropped} + \
                 undecodable {undecodable} + queued {queued}"
            ),
            Self::Event { what, .. } => write!(f, "event {what}"),
            Self::Sleep(Some(until)) => {
                write!(f, "until {:.6} s", Duration::from_nanos(*until).as_secs_f64())
            }
            Self::Sleep(None) => f.write_str("until woken"),
            Self::State { state, .. } => write!(f, "now {state}"),
        }
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.missing {
            Some(count) => write!(f, "gap of {count} items of {}: {}", self.topic, self.cause),
            None => write!(f, "gap in {}: {}", self.topic, self.cause),
        }
    }
}

struct Long(Size);

impl fmt::Display for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Size::Text(bytes) | Size::Binary(bytes)) = self.0;
        write!(f, "{bytes} bytes")
    }
}

/// What a message is.
struct Way<'a>(&'a Routed);

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Routed::Reply { to: Some(id), result: Ok(_) } => write!(f, "reply to {id}"),
            Routed::Reply { to: Some(id), result: Err(_) } => write!(f, "refusal of {id}"),
            Routed::Reply { to: None, .. } => f.write_str("reply, in order"),
            Routed::Event { topic: Some(topic), .. } => write!(f, "item of {topic}"),
            Routed::Event { topic: None, .. } => f.write_str("item that nobody takes"),
            Routed::Broken { topic: Some(topic), .. } => write!(f, "{topic} is broken off"),
            Routed::Broken { topic: None, .. } => f.write_str("a stream that nobody takes is broken off"),
            Routed::Answers(_) => f.write_str("demand for an answer"),
            Routed::Close(code, _) => write!(f, "reason to close with {code}"),
            Routed::Ignore => f.write_str("nothing of interest"),
            Routed::Unreadable => f.write_str("unreadable"),
        }
    }
}

/// Any other answer, as its file has it.
struct Plain<'a>(&'a Said);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self.0).unwrap_or_default();
        f.write_str(text.trim_matches(['{', '}', '"']))
    }
}
