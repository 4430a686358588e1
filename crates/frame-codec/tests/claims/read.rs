//! Reads a whole stream of bytes and keeps what it said.

use nova_frame_codec::{Assembler, CloseFrame, Decoder, Message, ProtocolError, Role};

/// A message that outlives the buffers it came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Owned {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
}

impl From<Message<'_>> for Owned {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.to_owned()),
            Message::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Message::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Message::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Message::Close(frame) => Self::Close(frame),
        }
    }
}

/// What a stream said, and how it ended.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Heard {
    pub(crate) messages: Vec<Owned>,
    pub(crate) end: Result<(), ProtocolError>,
    pub(crate) mid_frame: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) frame_bytes: usize,
    pub(crate) message_bytes: usize,
}

/// Reads `stream` in pieces of the given lengths, as a driver would.
pub(crate) fn read<R: Role>(
    mut stream: &[u8],
    limits: Limits,
    cuts: impl IntoIterator<Item = usize>,
) -> Heard {
    let mut decoder = Decoder::<R>::new(limits.frame_bytes);
    let mut assembler = Assembler::new(limits.message_bytes);
    let mut heard = Heard { messages: Vec::new(), end: Ok(()), mid_frame: false };
    let mut cuts = cuts.into_iter();
    while !stream.is_empty() {
        let room = decoder.spare_mut(1);
        // Room for the longest frame or for a burst, never for what a header merely announces.
        assert!(!room.is_empty() && room.len() <= (limits.frame_bytes + 14).max(64 << 10));
        let length = cuts.next().unwrap_or(usize::MAX).min(room.len()).min(stream.len());
        let (piece, rest) = stream.split_at(length);
        room[..length].copy_from_slice(piece);
        decoder.commit(length);
        stream = rest;
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => match assembler.push(frame) {
                    Ok(message) => heard.messages.extend(message.map(Owned::from)),
                    Err(error) => {
                        assert_eq!(assembler.push(frame), Err(error), "an error is not forgotten");
                        heard.end = Err(error);
                        return heard;
                    }
                },
                Ok(None) => break,
                Err(error) => {
                    decoder.extend(&[0x81, 0x00]);
                    assert_eq!(decoder.next_frame(), Err(error), "an error is not forgotten");
                    heard.end = Err(error);
                    return heard;
                }
            }
        }
    }
    heard.mid_frame = decoder.is_mid_frame();
    heard
}
