//! A link of one of our transports, driven as the client drives it, without a session.

use std::{hint::black_box, marker::PhantomData};

use bytes::{Bytes, BytesMut};
use websockex_nova::{
    frame_codec::{Assembler, Message, OutFrame},
    transport::{Endpoint, FrameSink, FrameSource, Link, Transport},
};

use crate::socket::{Socket, Taker, Text};

/// A link, and how its messages are delivered.
pub(crate) struct Linked<T: Transport, D> {
    link: Link<T::Source, T::Sink>,
    assembler: Assembler,
    slab: BytesMut,
    delivery: PhantomData<D>,
}

/// Whether a message can be kept.
pub(crate) trait Delivery: 'static {
    const OWNED: bool;
}

/// Messages are looked at where they lie.
pub(crate) struct Borrowed;

/// Messages are cut off a slab of 64 KiB as [`Bytes`], to be kept or sent to another task: what whoever
/// wants to own them would do.
pub(crate) struct Owned;

impl Delivery for Borrowed {
    const OWNED: bool = false;
}

impl Delivery for Owned {
    const OWNED: bool = true;
}

impl<T: Transport, D> Linked<T, D> {
    pub(crate) async fn open(transport: T, endpoint: &Endpoint) -> Self {
        let link = transport.connect(endpoint, &|_| {}).await.expect("the server upgrades");
        let slab = BytesMut::new();
        Self { link, assembler: Assembler::new(64 << 20), slab, delivery: PhantomData }
    }
}

fn own(slab: &mut BytesMut, text: &str) -> Bytes {
    if slab.capacity() < text.len() {
        slab.reserve(text.len().max(SLAB_BYTES));
    }
    slab.extend_from_slice(text.as_bytes());
    slab.split().freeze()
}

impl<T: Transport, D: Delivery> Socket for Linked<T, D> {
    async fn receive(&mut self, taker: &mut Taker) {
        loop {
            while let Some(frame) = self.link.source.next_frame().expect("the server keeps to the protocol") {
                let message = self.assembler.push(frame).expect("the server keeps to the protocol");
                let Some(Message::Text(text)) = message else { continue };
                let enough = if D::OWNED {
                    let owned = black_box(own(&mut self.slab, text));
                    taker.take(&owned)
                } else {
                    taker.take(text.as_bytes())
                };
                if enough {
                    return;
                }
            }
            self.link.source.fill().await.expect("the server goes on");
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, batch: u64) {
        let text = text.as_str();
        let sink = &mut self.link.sink;
        for _ in 0..messages / batch {
            for _ in 0..batch {
                if !sink.has_room() {
                    sink.flush().await.expect("the server reads");
                }
                sink.feed(OutFrame::text(black_box(text))).expect("the link is open");
            }
            sink.flush().await.expect("the server reads");
        }
    }
}

const SLAB_BYTES: usize = 64 << 10;
