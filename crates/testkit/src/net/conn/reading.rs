//! Reading what the client sends: frames, messages, and the end.

use std::io;

use tokio::io::AsyncReadExt;

use super::Conn;
use crate::net::{journal::Event, patience::within, raw_frame::RawFrame, stream::Ending};

impl Conn {
    /// The next frame, unmasked; `None` when the stream has ended, in whatever way.
    ///
    /// # Panics
    ///
    /// It takes too long, or the frame is larger than 64 MiB.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn next(&mut self) -> Option<RawFrame> {
        loop {
            if let Some((frame, taken)) = RawFrame::parse(&self.unread) {
                self.unread.drain(..taken);
                self.journal.record(self.number, Event::Frame(frame.clone()));
                return Some(frame);
            }
            assert!(self.unread.len() <= MAX_UNREAD_BYTES, "the client sent a frame over 64 MiB");
            let read = self.stream.read_buf(&mut self.unread);
            if let Ok(0) | Err(_) = within(self.patience, "a frame", read).await {
                self.journal.record(self.number, Event::Ended);
                return None;
            }
        }
    }

    /// The next frame, unmasked.
    ///
    /// # Panics
    ///
    /// As [`next`](Self::next), or the stream ends.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn recv(&mut self) -> RawFrame {
        self.next().await.expect("the client ended the stream instead of sending a frame")
    }

    /// The next whole message: fragments are joined into one frame. Control frames between the
    /// fragments come first, each as a message of its own.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn recv_message(&mut self) -> RawFrame {
        loop {
            let frame = self.recv().await;
            if frame.opcode >= 0x8 {
                return frame;
            }
            let fin = frame.fin;
            match &mut self.unfinished {
                Some(message) => message.payload.extend(frame.payload),
                None => self.unfinished = Some(frame),
            }
            if let Some(message) = self.unfinished.take_if(|_| fin) {
                return message.with_fin(true);
            }
        }
    }

    /// The next text message. Control frames before it are passed over, and are not answered.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv), or the next message is binary or not UTF-8.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn recv_text(&mut self) -> String {
        loop {
            let message = self.recv_message().await;
            if message.opcode < 0x8 {
                assert_eq!(message.opcode, 0x1, "text was awaited, not a message with this opcode");
                return message.as_text().to_owned();
            }
        }
    }

    /// Waits for the client to end the stream, which it must do in order and without another frame.
    ///
    /// # Panics
    ///
    /// It takes too long, a frame comes, or the connection is reset.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn expect_eof(&mut self) {
        if let Some((frame, _)) = RawFrame::parse(&self.unread) {
            panic!("a frame with opcode {:#x} came instead of the end of the stream", frame.opcode);
        }
        let before = self.unread.len();
        let ending = self.ended().await;
        assert_eq!(ending, Ending::Fin, "the stream was reset instead of ended");
        assert_eq!(self.unread.len(), before, "bytes came instead of the end of the stream");
    }

    /// Waits for the client to end the stream, and tells how it did. Up to 64 MiB of what comes
    /// before that can still be read thereafter.
    ///
    /// # Panics
    ///
    /// It takes too long, or more than that comes.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn ended(&mut self) -> Ending {
        loop {
            assert!(self.unread.len() <= MAX_UNREAD_BYTES, "the client sent over 64 MiB");
            let read = self.stream.read_buf(&mut self.unread);
            let ending = match within(self.patience, "the end of the stream", read).await {
                Ok(1..) => continue,
                Ok(0) => Ending::Fin,
                // TLS calls it so when the stream ends without its farewell.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ending::Fin,
                Err(_) => Ending::Reset,
            };
            self.journal.record(self.number, Event::Ended);
            return ending;
        }
    }

    /// Echoes messages, frame by frame, and answers pings and close, until the stream ends.
    ///
    /// # Panics
    ///
    /// The client is silent, or does not read, for too long.
    ///
    /// # Cancel safety
    ///
    /// An answer may be cut short by dropping it.
    pub async fn echo(&mut self) {
        while let Some(mut frame) = self.next().await {
            frame.mask = None;
            match frame.opcode {
                0x9 => self.send(RawFrame::pong(frame.payload)).await,
                0xA => {}
                _ => self.send(frame).await,
            }
        }
    }
}

/// The most that is buffered of what a client sends.
const MAX_UNREAD_BYTES: usize = 64 * 1024 * 1024;
