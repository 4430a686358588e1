//! A simulated socket with its two ends. Everything that passes is bytes.

use nova_frame_codec::{Assembler, Client, Decoder, Encoder, Server};
use nova_transport::{Generation, TransportError};

use super::{
    flag::Flag,
    network::{Faults, Pipe},
};

/// One link, from the order to dial until both ends have forgotten it.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) link: Generation,
    pub(super) up: Pipe,
    pub(super) down: Pipe,
    pub(super) client: Option<ClientEnd>,
    pub(super) peer: Option<PeerEnd>,
}

/// The end the session is told about.
#[derive(Debug)]
pub(super) struct ClientEnd {
    pub(super) is_open: bool,
    pub(super) encoder: Encoder<Client>,
    pub(super) decoder: Decoder<Client>,
    /// Whether a flush is under way: until it ends, no further frame is asked for.
    pub(super) is_flushing: bool,
    /// Whether the writer has ended.
    pub(super) has_finished: bool,
    /// Whether a close frame was handed out.
    pub(super) has_closed: bool,
    /// How the stream ended; told once all that arrived before was read.
    pub(super) end: Option<TransportError>,
    /// Whether there may be frames to read.
    pub(super) is_readable: bool,
    /// Whether the session asked for a pause in reading when it was last asked.
    pub(super) is_paused: bool,
    pub(super) writer: Flag,
    pub(super) reader: Flag,
    pub(super) over: Flag,
}

/// The other end.
#[derive(Debug)]
pub(super) struct PeerEnd {
    pub(super) encoder: Encoder<Server>,
    pub(super) decoder: Decoder<Server>,
    pub(super) assembler: Assembler,
    pub(super) has_closed: bool,
}

impl Socket {
    pub(super) fn new(link: Generation, faults: Faults) -> Self {
        let client = ClientEnd {
            is_open: false,
            encoder: Encoder::new(),
            decoder: Decoder::new(FRAME_BYTES),
            is_flushing: false,
            has_finished: false,
            has_closed: false,
            end: None,
            is_readable: false,
            is_paused: false,
            writer: Flag::new(),
            reader: Flag::new(),
            over: Flag::new(),
        };
        Self {
            link,
            up: Pipe::new(faults.up),
            down: Pipe::new(faults.down),
            client: Some(client),
            peer: None,
        }
    }
}

impl PeerEnd {
    pub(super) fn new() -> Self {
        Self {
            encoder: Encoder::new(),
            decoder: Decoder::new(FRAME_BYTES),
            assembler: Assembler::new(FRAME_BYTES),
            has_closed: false,
        }
    }
}

/// The bound of a frame, as the transports have it.
const FRAME_BYTES: usize = 16 << 20;
