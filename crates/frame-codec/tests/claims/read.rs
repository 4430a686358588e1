//! Reads a whole stream of bytes and keeps what it said.

use bytes::BytesMut;
use nova_frame_codec::{Assembler, CloseFrame, Decoder, Frame, Message, OwnedFrame, ProtocolError, Role};

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

/// A way to take frames out of a decoder; all must give the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taking {
    OneByOne,
    Drained,
    InBatches,
    /// One by one, with memory lent for each read only.
    WithLentMemory,
    /// One by one, with what is not whole judged before each read: errors may come earlier.
    Impatient,
}

impl Taking {
    pub(crate) const PATIENT: [Self; 4] =
        [Self::OneByOne, Self::Drained, Self::InBatches, Self::WithLentMemory];
}

/// Reads `stream` in pieces of the given lengths, as a driver would.
pub(crate) fn read<R: Role>(stream: &[u8], limits: Limits, cuts: impl IntoIterator<Item = usize>) -> Heard {
    read_by::<R>(stream, limits, cuts, Taking::OneByOne)
}

/// As [`read`], taking frames in this way.
pub(crate) fn read_by<R: Role>(
    mut stream: &[u8],
    limits: Limits,
    cuts: impl IntoIterator<Item = usize>,
    taking: Taking,
) -> Heard {
    let mut reader = Reader {
        decoder: Decoder::<R>::new(limits.frame_bytes),
        assembler: Assembler::new(limits.message_bytes),
        messages: Vec::new(),
    };
    let mut cuts = cuts.into_iter();
    let mut memory = BytesMut::zeroed(LENT_BYTES);
    let mut end = Ok(());
    while !stream.is_empty() && end.is_ok() {
        if matches!(taking, Taking::WithLentMemory) {
            reader.decoder.lend_memory(std::mem::take(&mut memory));
        }
        let room = reader.decoder.spare_mut(1);
        // Room for a burst or the rest of a frame, never for what a header merely announces.
        assert!(!room.is_empty() && room.len() <= (limits.frame_bytes + 14).max(64 << 10));
        let length = cuts.next().unwrap_or(usize::MAX).min(room.len()).min(stream.len());
        let (piece, rest) = stream.split_at(length);
        room[..length].copy_from_slice(piece);
        reader.decoder.commit(length);
        stream = rest;
        end = match taking {
            Taking::OneByOne | Taking::WithLentMemory => reader.take(),
            Taking::Impatient => reader.take().and_then(|()| reader.decoder.check_unfinished()),
            Taking::Drained => reader.drain(),
            Taking::InBatches => reader.take_batches(),
        };
        if matches!(taking, Taking::WithLentMemory) {
            memory = reader.decoder.take_memory().unwrap_or_else(|| BytesMut::zeroed(LENT_BYTES));
        }
    }
    Heard { messages: reader.messages, end, mid_frame: end.is_ok() && reader.decoder.is_mid_frame() }
}

struct Reader<R: Role> {
    decoder: Decoder<R>,
    assembler: Assembler,
    messages: Vec<Owned>,
}

impl<R: Role> Reader<R> {
    fn take(&mut self) -> Result<(), ProtocolError> {
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => hear(&mut self.assembler, &mut self.messages, frame)?,
                Ok(None) => return Ok(()),
                Err(error) => return self.forget_nothing(error),
            }
        }
    }

    fn drain(&mut self) -> Result<(), ProtocolError> {
        let Self { decoder, assembler, messages } = self;
        decoder.drain(|frame| hear(assembler, messages, frame))
    }

    fn take_batches(&mut self) -> Result<(), ProtocolError> {
        loop {
            match self.decoder.next_batch() {
                Ok(Some(batch)) => {
                    assert!(
                        batch.frames().eq(batch
                            .owned_frames()
                            .collect::<Vec<_>>()
                            .iter()
                            .map(OwnedFrame::as_frame))
                    );
                    for frame in batch.frames() {
                        hear(&mut self.assembler, &mut self.messages, frame)?;
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => return self.forget_nothing(error),
            }
        }
    }

    fn forget_nothing(&mut self, error: ProtocolError) -> Result<(), ProtocolError> {
        self.decoder.extend(&[0x81, 0x00]);
        assert_eq!(self.decoder.next_frame(), Err(error), "an error is not forgotten");
        Err(error)
    }
}

fn hear(assembler: &mut Assembler, messages: &mut Vec<Owned>, frame: Frame<'_>) -> Result<(), ProtocolError> {
    match assembler.push(frame) {
        Ok(message) => messages.extend(message.map(Owned::from)),
        Err(error) => {
            assert_eq!(assembler.push(frame), Err(error), "an error is not forgotten");
            return Err(error);
        }
    }
    Ok(())
}

const LENT_BYTES: usize = 64 << 10;
