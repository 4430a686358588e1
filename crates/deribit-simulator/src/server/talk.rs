//! One WebSocket, from its upgrade to its end.
//!
//! What is heard goes to the venue, what the venue wants said is batched into as few writes as the
//! socket takes. Frames are written by hand: faults need text that is not UTF-8, which a codec for
//! clients rightly refuses to write.

use std::time::Duration;

use bytes::Bytes;
use nova_frame_codec::{CloseFrame, Decoder, OpCode, ProtocolError, Server};
use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    time::{self, Instant},
};

use super::{
    handshake::Seat,
    socket::{Fuse, Socket},
};
use crate::{
    fault::Ending,
    journal::{Frame, FrameKind},
    venue::{Output, Venue},
};

/// Hears and says until the connection ends.
pub(super) async fn talk(socket: Socket, fuse: &Fuse, early: &[u8], seat: Seat) {
    let (mut reader, mut writer) = io::split(socket);
    let mut ears = Ears { decoder: Decoder::new(MOST_MESSAGE_BYTES), message: Vec::new(), kind: None };
    ears.decoder.extend(early);
    let is_heard = ears.hear(&seat);
    let ending = if is_heard { converse(&mut reader, &mut writer, &mut ears, &seat).await } else { None };
    let ending = match ending {
        Some(ending) => Some(ending),
        // What is to be said to a client that broke the protocol.
        None if !is_heard => say_rest(&mut writer, &seat).await,
        None => None,
    };
    // Gone as far as the venue is concerned; the socket may linger.
    drop(seat);
    match ending {
        Some(Ending::Rst) => fuse.light(),
        Some(Ending::Fin) => {
            let _ = writer.shutdown().await;
            // A socket that is closed with unread bytes sends a reset after all: read them.
            let _ = time::timeout(LINGER, drain(&mut reader)).await;
        }
        None => {}
    }
}

async fn converse(
    reader: &mut ReadHalf<Socket>,
    writer: &mut WriteHalf<Socket>,
    ears: &mut Ears,
    seat: &Seat,
) -> Option<Ending> {
    let mut mouth = Mouth::default();
    let mut pace = Pace::default();
    loop {
        if mouth.is_empty() && mouth.ending.is_none() {
            pace.rate = seat.shared.take(|venue| {
                mouth.fill(venue, seat.conn);
                venue.throttle(seat.conn)
            });
        }
        if mouth.is_empty()
            && !mouth.is_unflushed
            && let Some(ending) = mouth.ending
        {
            return Some(ending);
        }
        tokio::select! {
            () = seat.bell.notified() => {
                if let Some(ending) = seat.shared.look(|venue| venue.poll_cut(seat.conn)) {
                    return Some(ending);
                }
            }
            done = say(writer, pace.part(mouth.pending())), if mouth.wants(&pace) => {
                match done.ok()? {
                    Said::Bytes(written) => {
                        mouth.advance(written);
                        pace.spend(written);
                    }
                    Said::All => mouth.is_unflushed = false,
                }
            }
            read = reader.read(pace.part_mut(ears.decoder.spare_mut(1))), if pace.is_open() => {
                let read = read.ok().filter(|read| *read > 0)?;
                ears.decoder.commit(read);
                pace.spend(read);
                if !ears.hear(seat) {
                    mouth.finish(writer, seat).await;
                    return mouth.ending;
                }
            }
            () = pace.opens(), if !pace.is_open() => pace.closed_until = None,
            // A client that does not read shall not hold the connection for ever.
            () = time::sleep(PATIENCE), if mouth.ending.is_some() => return Some(Ending::Rst),
        }
    }
}

/// What was done towards saying something.
enum Said {
    Bytes(usize),
    /// Everything is on its way.
    All,
}

/// Writes a part, or flushes what was written if there is none.
async fn say(writer: &mut WriteHalf<Socket>, part: &[u8]) -> io::Result<Said> {
    if part.is_empty() {
        return writer.flush().await.map(|()| Said::All);
    }
    match writer.write(part).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        written => Ok(Said::Bytes(written)),
    }
}

async fn say_rest(writer: &mut WriteHalf<Socket>, seat: &Seat) -> Option<Ending> {
    let mut mouth = Mouth::default();
    mouth.finish(writer, seat).await;
    mouth.ending
}

/// What turns bytes into whole messages for the venue.
struct Ears {
    decoder: Decoder<Server>,
    /// The fragments so far.
    message: Vec<u8>,
    kind: Option<FrameKind>,
}

impl Ears {
    /// Hands over all that is whole; false if the client broke the protocol.
    fn hear(&mut self, seat: &Seat) -> bool {
        loop {
            let broken = match self.next() {
                Ok(None) => return true,
                Ok(Some(frame)) => {
                    seat.shared.change(|venue, now| venue.handle_frame(now, seat.conn, frame));
                    continue;
                }
                Err(broken) => broken,
            };
            let code = broken.close_code().get();
            seat.shared.change(|venue, now| venue.handle_violation(now, seat.conn, code));
            return false;
        }
    }

    /// The next whole message or control frame. Text is not judged: that is the venue's business.
    fn next(&mut self) -> Result<Option<Frame>, ProtocolError> {
        while let Some(frame) = self.decoder.next_frame()? {
            let kind = match frame.opcode {
                OpCode::Ping => return Ok(Some(whole(FrameKind::Ping, frame.payload))),
                OpCode::Pong => return Ok(Some(whole(FrameKind::Pong, frame.payload))),
                OpCode::Close => {
                    CloseFrame::parse(frame.payload)?;
                    return Ok(Some(whole(FrameKind::Close, frame.payload)));
                }
                OpCode::Continuation => self.kind.ok_or(ProtocolError::UnexpectedContinuation)?,
                OpCode::Text | OpCode::Binary if self.kind.is_some() => {
                    return Err(ProtocolError::InterruptedMessage);
                }
                OpCode::Text => FrameKind::Text,
                OpCode::Binary => FrameKind::Binary,
            };
            if self.message.len() + frame.payload.len() > MOST_MESSAGE_BYTES {
                return Err(ProtocolError::TooBig { limit: MOST_MESSAGE_BYTES });
            }
            if frame.fin && self.message.is_empty() {
                self.kind = None;
                return Ok(Some(whole(kind, frame.payload)));
            }
            self.message.extend_from_slice(frame.payload);
            self.kind = (!frame.fin).then_some(kind);
            if frame.fin {
                return Ok(Some(Frame { kind, payload: std::mem::take(&mut self.message).into() }));
            }
        }
        Ok(None)
    }
}

/// What the venue wants said, as bytes.
#[derive(Default)]
struct Mouth {
    bytes: Vec<u8>,
    written: usize,
    is_unflushed: bool,
    ending: Option<Ending>,
}

impl Mouth {
    /// Takes what waits, until there is enough to write at once.
    fn fill(&mut self, venue: &mut Venue, conn: u64) {
        while self.bytes.len() < ENOUGH_BYTES {
            match venue.poll_output(conn) {
                None => break,
                Some(Output::Frame(frame)) => {
                    let opcode = match frame.kind {
                        FrameKind::Text => OpCode::Text,
                        FrameKind::Binary => OpCode::Binary,
                        FrameKind::Ping => OpCode::Ping,
                        FrameKind::Pong => OpCode::Pong,
                        FrameKind::Close => OpCode::Close,
                    };
                    put(&mut self.bytes, true, opcode, &frame.payload);
                }
                Some(Output::Fragments { frame, pieces, control_between }) => {
                    put_fragments(&mut self.bytes, &frame.payload, pieces, control_between);
                }
                Some(Output::Cut(ending)) => {
                    self.ending = Some(ending);
                    break;
                }
            }
        }
        self.is_unflushed |= !self.bytes.is_empty();
    }

    /// Says all that is left, in bounded time.
    async fn finish(&mut self, writer: &mut WriteHalf<Socket>, seat: &Seat) {
        let say = async {
            loop {
                if self.ending.is_none() {
                    seat.shared.take(|venue| self.fill(venue, seat.conn));
                }
                if self.is_empty() {
                    return writer.flush().await;
                }
                writer.write_all(self.pending()).await?;
                self.advance(self.pending().len());
            }
        };
        // A client that does not take it has lost it.
        let _ = time::timeout(PATIENCE, say).await;
    }

    fn pending(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    fn wants(&self, pace: &Pace) -> bool {
        if self.is_empty() { self.is_unflushed } else { pace.is_open() }
    }

    fn is_empty(&self) -> bool {
        self.written == self.bytes.len()
    }

    fn advance(&mut self, written: usize) {
        self.written += written;
        if self.is_empty() {
            self.written = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
        }
    }
}

/// How fast bytes may pass.
#[derive(Default)]
struct Pace {
    rate: Option<u32>,
    closed_until: Option<Instant>,
}

impl Pace {
    fn is_open(&self) -> bool {
        self.closed_until.is_none()
    }

    async fn opens(&self) {
        if let Some(until) = self.closed_until {
            time::sleep_until(until).await;
        }
    }

    /// As much of it as may pass in a twentieth of a second.
    fn part<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[..self.most().min(bytes.len())]
    }

    fn part_mut<'a>(&self, bytes: &'a mut [u8]) -> &'a mut [u8] {
        let most = self.most().min(bytes.len());
        &mut bytes[..most]
    }

    fn spend(&mut self, bytes: usize) {
        if let Some(rate) = self.rate {
            self.closed_until =
                Some(Instant::now() + Duration::from_secs_f64(bytes as f64 / f64::from(rate)));
        }
    }

    fn most(&self) -> usize {
        self.rate.map_or(usize::MAX, |rate| (rate as usize / 20).max(1))
    }
}

fn whole(kind: FrameKind, payload: &[u8]) -> Frame {
    Frame { kind, payload: Bytes::copy_from_slice(payload) }
}

/// Appends a frame (RFC 6455 §5.2), which a server does not mask.
fn put(bytes: &mut Vec<u8>, fin: bool, opcode: OpCode, payload: &[u8]) {
    bytes.push(opcode.bits() | if fin { 0x80 } else { 0 });
    match payload.len() {
        length @ 0..126 => bytes.push(length as u8),
        length @ 126..0x1_0000 => {
            bytes.push(126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
}

fn put_fragments(bytes: &mut Vec<u8>, payload: &[u8], pieces: usize, control_between: bool) {
    let size = payload.len().div_ceil(pieces).max(1);
    let parts: Vec<&[u8]> = payload.chunks(size).collect();
    for (place, part) in parts.iter().enumerate() {
        let opcode = if place == 0 { OpCode::Text } else { OpCode::Continuation };
        let is_last = place + 1 == parts.len();
        put(bytes, is_last, opcode, part);
        if control_between && !is_last {
            put(bytes, true, OpCode::Ping, b"between");
        }
    }
}

/// Reads and discards up to the end of the stream.
async fn drain(reader: &mut ReadHalf<Socket>) -> io::Result<()> {
    let mut discarded = [0; 4096];
    while reader.read(&mut discarded).await? > 0 {}
    Ok(())
}

/// The longest message that is heard at all; the venue refuses much shorter ones.
const MOST_MESSAGE_BYTES: usize = 1 << 20;

/// What is written in one go.
const ENOUGH_BYTES: usize = 64 << 10;

/// What an idle connection keeps.
const KEPT_BYTES: usize = 128 << 10;

const PATIENCE: Duration = Duration::from_secs(5);

/// How long a stream that ended in order waits for the other side to end too.
const LINGER: Duration = Duration::from_secs(1);
