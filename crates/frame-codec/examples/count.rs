//! What receiving and sending one message costs.
//!
//! ```sh
//! cargo run --release -p nova-frame-codec --example count
//! ```
//!
//! prints nanoseconds. Instruction counts repeat exactly and so tell a change from noise: divide
//! what callgrind collects for one of the loops by the number of messages.
//!
//! ```sh
//! valgrind --tool=callgrind --toggle-collect='*receive_loop*' \
//!     target/release/examples/count receive 300 20000
//! ```

#![allow(clippy::print_stdout, reason = "a program that reports")]

use std::{env, hint::black_box, process::ExitCode, time::Instant};

use nova_frame_codec::{
    Assembler, Client, Decoder, Encoder, MaskKey, Message, OutFrame, ProtocolError, Server,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse().ok());
    let Some(name) = arguments.first() else {
        for length in [64, 100, 300, 1_000] {
            LOOPS.iter().for_each(|(name, run)| report(name, length, 2_000_000, *run));
        }
        LOOPS.iter().for_each(|(name, run)| report(name, 1 << 20, 1_000, *run));
        return ExitCode::SUCCESS;
    };
    match (LOOPS.iter().find(|(known, _)| known == name), number(1), number(2)) {
        (Some((name, run)), Some(length), Some(count)) => report(name, length, count, *run),
        _ => {
            println!("usage: count [receive|drain|own|send <bytes> <messages>]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

type Loop = fn(&[u8], &str, usize);

const LOOPS: [(&str, Loop); 4] =
    [("receive", receive_loop), ("drain", drain_loop), ("own", own_loop), ("send", send_loop)];

fn report(name: &str, length: usize, count: usize, run: Loop) {
    let text = "a tick of the market, in seven-bit characters; ".repeat(length / 40 + 1);
    let text = &text[..length];
    let mut encoder = Encoder::<Server>::new();
    for _ in 0..(READ_BYTES / (length + 4)).max(1) {
        encoder.push(OutFrame::text(text));
    }
    run(encoder.pending(), text, count / 20);
    let start = Instant::now();
    run(encoder.pending(), text, count);
    let nanos = start.elapsed().as_nanos() as f64 / count as f64;
    println!("{name} {length:5} B of text: {nanos:6.1} ns");
}

/// Reads `count` messages from a socket that always has 32 KiB of them; its copy into the decoder's
/// buffer is included, as the kernel's would be.
#[inline(never)]
fn receive_loop(burst: &[u8], _text: &str, count: usize) {
    let (mut decoder, mut assembler) = (Decoder::<Client>::new(16 << 20), Assembler::new(16 << 20));
    let (mut received, mut rest) = (0, burst);
    while received < count {
        rest = read(&mut decoder, burst, rest);
        while let Some(frame) = decoder.next_frame().expect("legal frames") {
            if let Some(Message::Text(text)) = assembler.push(frame).expect("legal messages") {
                black_box(text);
                received += 1;
            }
        }
    }
}

/// The same with a visitor.
#[inline(never)]
fn drain_loop(burst: &[u8], _text: &str, count: usize) {
    let (mut decoder, mut assembler) = (Decoder::<Client>::new(16 << 20), Assembler::new(16 << 20));
    let (mut received, mut rest) = (0, burst);
    while received < count {
        rest = read(&mut decoder, burst, rest);
        let drained = decoder.drain::<ProtocolError>(|frame| {
            if let Some(Message::Text(text)) = assembler.push(frame)? {
                black_box(text);
                received += 1;
            }
            Ok(())
        });
        drained.expect("legal frames and messages");
    }
}

/// The same with frames that could be kept.
#[inline(never)]
fn own_loop(burst: &[u8], _text: &str, count: usize) {
    let (mut decoder, mut assembler) = (Decoder::<Client>::new(16 << 20), Assembler::new(16 << 20));
    let (mut received, mut rest) = (0, burst);
    while received < count {
        rest = read(&mut decoder, burst, rest);
        while let Some(batch) = decoder.next_batch().expect("legal frames") {
            for frame in batch.owned_frames() {
                assembler.push(frame.as_frame()).expect("legal messages");
                black_box(frame);
                received += 1;
            }
        }
    }
}

#[inline(always)]
fn read<'a>(decoder: &mut Decoder<Client>, burst: &'a [u8], rest: &'a [u8]) -> &'a [u8] {
    let room = decoder.spare_mut(1);
    let length = room.len().min(rest.len());
    room[..length].copy_from_slice(&rest[..length]);
    decoder.commit(length);
    if length == rest.len() { burst } else { &rest[length..] }
}

/// Writes `count` messages; the socket takes what sixteen of them left.
#[inline(never)]
fn send_loop(_burst: &[u8], text: &str, count: usize) {
    let mut encoder = Encoder::<Client>::new();
    for sent in 0..count {
        encoder.push(OutFrame::text(black_box(text)), MaskKey::from((sent as u32).to_ne_bytes()));
        if sent % 16 == 15 {
            let written = black_box(encoder.pending()).len();
            encoder.advance(written);
        }
    }
}

const READ_BYTES: usize = 32 << 10;
