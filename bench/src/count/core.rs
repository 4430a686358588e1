//! Counted without a runtime: the codec alone, and the session alone.

use std::{
    hint::black_box,
    task::{Context, Poll, Waker},
    time::{Instant, SystemTime},
};

use websockex_nova::{
    behaviour::{Channel, Everything, Handlers, Kept, LocalTopics, Policies, RawMessages, Settings},
    frame_codec::{Assembler, Client, Decoder, Encoder, Frame, MaskKey, Message, OpCode, OutFrame},
    session::{Delivery, Session, Start, Wanted},
    transport::Handshake,
};

use super::{Counted, Row};
use crate::{load::Load, meter::Mark, socket::Taker};

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = [64, 350, 1_000]
        .map(|bytes| {
            let name = format!("codec: receive {bytes} B");
            Row::new(name, 20_000, move |messages| receive(Load::new(bytes, 1), messages))
        })
        .into();
    rows.extend([
        Row::new("codec: receive 350 B as batches that own their bytes", 20_000, receive_batches),
        Row::new("codec: send 350 B", 20_000, send),
        Row::new("session: an item of 350 B", 10_000, session),
    ]);
    rows
}

fn receive(load: Load, messages: u64) -> Counted {
    let ring = load.ring().bytes;
    let (mut decoder, mut assembler) = (Decoder::<Client>::new(64 << 20), Assembler::new(64 << 20));
    let (mut taker, mut rest) = (Taker::new(messages, false), ring.as_slice());
    loop {
        rest = read(&mut decoder, &ring, rest);
        while let Some(frame) = decoder.next_frame().expect("legal frames") {
            if let Some(Message::Text(text)) = assembler.push(frame).expect("legal messages")
                && taker.take(text.as_bytes())
            {
                return Counted { used: taker.used(), messages: taker.measured() };
            }
        }
    }
}

fn receive_batches(messages: u64) -> Counted {
    let ring = Load::new(350, 1).ring().bytes;
    let (mut decoder, mut assembler) = (Decoder::<Client>::new(64 << 20), Assembler::new(64 << 20));
    let (mut taker, mut rest) = (Taker::new(messages, false), ring.as_slice());
    loop {
        rest = read(&mut decoder, &ring, rest);
        while let Some(batch) = decoder.next_batch().expect("legal frames") {
            for frame in batch.owned_frames() {
                let frame = black_box(frame);
                if let Some(Message::Text(text)) = assembler.push(frame.as_frame()).expect("legal messages")
                    && taker.take(text.as_bytes())
                {
                    return Counted { used: taker.used(), messages: taker.measured() };
                }
            }
        }
    }
}

/// A read that brings as much as there is room for; its copy is the kernel's, and counted.
fn read<'a>(decoder: &mut Decoder<Client>, ring: &'a [u8], rest: &'a [u8]) -> &'a [u8] {
    let room = decoder.spare_mut(1);
    let length = room.len().min(rest.len());
    room[..length].copy_from_slice(&rest[..length]);
    decoder.commit(length);
    if length == rest.len() { ring } else { &rest[length..] }
}

fn send(messages: u64) -> Counted {
    let text = Load::new(350, 1).text(1);
    let mut encoder = Encoder::<Client>::new();
    let began = Mark::now();
    for sent in 0..messages {
        let key = MaskKey::from((sent as u32).to_ne_bytes());
        encoder.push(OutFrame::text(black_box(&text)), key);
        if sent % 16 == 15 {
            let written = black_box(encoder.pending()).len();
            encoder.advance(written);
        }
    }
    Counted { used: began.used(), messages }
}

/// From the frame to the item its subscriber takes.
fn session(messages: u64) -> Counted {
    let cx = &mut Context::from_waker(Waker::noop());
    let start = Start { now: Instant::now(), wall: SystemTime::now(), seed: 1 };
    let Policies { reconnect, limiter, .. } = Policies::default();
    let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
    let mut session: Session<_, Policies> =
        Session::new(handlers, reconnect, limiter, Settings::default(), start);
    let dial = (0..2).find_map(|place| match session.poll_dial(place, cx) {
        Poll::Ready(dial) => dial,
        Poll::Pending => None,
    });
    let link = dial.expect("a new session wants a link").link;
    session.handle_connected(start.now, start.wall, link, &Handshake::default());
    let id = session.subscribe(Wanted::new(vec![Everything.topic()])).expect("it can be subscribed to");
    // The writer comes and asks for what is wanted.
    assert!(session.poll_transmit(start.now, link, cx).is_pending());

    let text = Load::new(350, 1).text(1);
    let frame = Frame { fin: true, opcode: OpCode::Text, payload: text.as_bytes() };
    let mut body = Kept::default();
    let mut taker = Taker::new(messages, false);
    loop {
        session.handle_frame(start.now, link, black_box(frame));
        let delivery = session.poll_delivery(|| start.now, id, &mut body, cx);
        session.take_wakes().wake();
        assert!(matches!(delivery, Poll::Ready(Some(Delivery::Item(_)))), "each message is an item");
        let text = body.as_body().as_text().expect("it was text").as_bytes();
        if taker.take(text) {
            return Counted { used: taker.used(), messages: taker.measured() };
        }
    }
}
