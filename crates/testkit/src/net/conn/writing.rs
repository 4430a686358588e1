//! Writing to the client: bytes, frames, right and wrong.
//!
//! A client that is gone is no error here: that it is gone is seen by reading.

use std::time::Duration;

use nova_frame_codec::OutFrame;
use tokio::{io::AsyncWriteExt, time};

use super::Conn;
use crate::net::{patience::within, raw_frame::RawFrame};

impl Conn {
    /// Sends bytes as they are, in one write where the socket takes them.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The bytes may be cut short by dropping it.
    pub async fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        let write = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        // An error means that the client is gone, which is seen by reading.
        let _ = within(self.patience, "the client to read", write).await;
    }

    /// Sends a frame: a legal [`OutFrame`], or any [`RawFrame`].
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The frame may be cut short by dropping it.
    pub async fn send(&mut self, frame: impl Into<RawFrame>) {
        self.send_raw(frame.into().to_bytes()).await;
    }

    /// Sends a text message.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The message may be cut short by dropping it.
    pub async fn send_text(&mut self, text: &str) {
        self.send(RawFrame::text(text)).await;
    }

    /// Sends a message in fragments, one write each: `first` with its own opcode, then the rest.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The message may be cut short by dropping it.
    pub async fn send_fragments(&mut self, first: RawFrame, rest: &[&[u8]]) {
        self.send(first.with_fin(rest.is_empty())).await;
        for (index, part) in rest.iter().enumerate() {
            self.send(RawFrame::continuation(*part).with_fin(index + 1 == rest.len())).await;
        }
    }

    /// Sends bytes one at a time, with this pause before each.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The bytes may be cut short by dropping it.
    pub async fn send_slowly(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) {
        for byte in bytes.as_ref() {
            time::sleep(pause).await;
            self.send_raw([*byte]).await;
        }
    }

    /// Sends a close frame. What follows is the test's choice.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The frame may be cut short by dropping it.
    pub async fn close_with(&mut self, code: u16, reason: &str) {
        self.send(RawFrame::close(code, reason)).await;
    }
}

impl From<OutFrame<'_>> for RawFrame {
    fn from(frame: OutFrame<'_>) -> Self {
        Self::new(frame.opcode().bits(), frame.payload()).with_fin(frame.fin())
    }
}
