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

use nova_frame_codec::{Assembler, Client, Decoder, Encoder, MaskKey, Message, OutFrame, Server};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse().ok());
    match (arguments.first().map(String::as_str), number(1), number(2)) {
        (None, ..) => {
            for length in [64, 100, 300, 1_000] {
                report("receive", length, 2_000_000, receive_loop);
                report("send", length, 2_000_000, send_loop);
            }
        }
        (Some("receive"), Some(length), Some(count)) => report("receive", length, count, receive_loop),
        (Some("send"), Some(length), Some(count)) => report("send", length, count, send_loop),
        _ => {
            println!("usage: count [receive|send <bytes> <messages>]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn report(name: &str, length: usize, count: usize, run: fn(&[u8], &str, usize)) {
    let text = "a tick of the market, in seven-bit characters; ".repeat(length / 40 + 1);
    let text = &text[..length];
    let mut encoder = Encoder::<Server>::new();
    for _ in 0..READ_BYTES / (length + 4) {
        encoder.push(OutFrame::text(text));
    }
    run(encoder.pending(), text, 1_000);
    let start = Instant::now();
    run(encoder.pending(), text, count);
    let nanos = start.elapsed().as_nanos() as f64 / count as f64;
    println!("{name} {length:5} B of text: {nanos:6.1} ns");
}

/// Reads `count` messages from a socket that always has 32 KiB of them; its copy into the decoder's
/// buffer is included, as the kernel's would be.
#[inline(never)]
fn receive_loop(burst: &[u8], _text: &str, count: usize) {
    let mut decoder = Decoder::<Client>::new(16 << 20);
    let mut assembler = Assembler::new(16 << 20);
    let mut received = 0;
    let mut rest = burst;
    while received < count {
        let room = decoder.spare_mut(1);
        let length = room.len().min(rest.len());
        room[..length].copy_from_slice(&rest[..length]);
        decoder.commit(length);
        rest = if length == rest.len() { burst } else { &rest[length..] };
        while let Some(frame) = decoder.next_frame().expect("legal frames") {
            if let Some(Message::Text(text)) = assembler.push(frame).expect("legal messages") {
                black_box(text);
                received += 1;
            }
        }
    }
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
