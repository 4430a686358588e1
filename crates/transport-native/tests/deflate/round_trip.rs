//! Whatever one end packs, the other unpacks, whatever was agreed on and however messages are cut.

use http::HeaderValue;
use nova_frame_codec::{Frame, OpCode, OutFrame};
use nova_transport_native::deflate::{Compression, Context, Deflater, Inflater, WindowBits};

pub(crate) fn check(input: &[u8]) {
    let (settings, script) = input.split_at(input.len().min(4));
    let byte = |index: usize| settings.get(index).copied().unwrap_or(0);
    let bits = |byte: u8| WindowBits::try_from(8 + byte % 8).expect("8 to 15");
    let context = |bit: u8| if bit == 0 { Context::Kept } else { Context::Dropped };
    let client = Compression::new()
        .with_send_window(bits(byte(0)))
        .with_receive_window(bits(byte(0) / 8))
        .with_send_context(context(byte(1) & 1))
        .with_receive_context(context(byte(1) & 2))
        .with_level(byte(2))
        .with_threshold(usize::from(byte(3)));
    let server = Compression::new()
        .with_send_window(bits(byte(1) / 4))
        .with_level(byte(2) / 16)
        .with_threshold(usize::from(byte(3) / 2));
    let offer = HeaderValue::from_str(&client.offer()).expect("ASCII");
    let (agreement, answer) = server.accept([&offer]).expect("our offers let themselves be limited");
    let answer = HeaderValue::from_str(&answer).expect("ASCII");
    assert_eq!(client.agreed([&answer]), Ok(Some(agreement)));

    let (pack, _) = agreement.for_client(&client, LIMIT_BYTES);
    let (_, unpack) = agreement.for_server(&server, LIMIT_BYTES);
    converse(pack, unpack, script);
    let (pack, _) = agreement.for_server(&server, LIMIT_BYTES);
    let (_, unpack) = agreement.for_client(&client, LIMIT_BYTES);
    converse(pack, unpack, script);
}

fn converse(mut deflater: Deflater, mut inflater: Inflater, mut script: &[u8]) {
    let mut open = false;
    while let Some((kind, rest)) = script.split_first() {
        let (seed, rest) = rest.split_at(usize::from(kind % 16).min(rest.len()));
        script = rest;
        // Repeats, so that there is something to refer back to, at every distance.
        let times = [1, 3, 30, 700][usize::from(kind >> 4) % 4];
        let payload = if kind & 0x80 == 0 { seed.repeat(times) } else { noise(seed, times * 10) };
        let fin = kind & 0x40 == 0 || rest.is_empty();
        let opcode = if open { OpCode::Continuation } else { OpCode::Binary };
        let frame = match (open, fin) {
            (true, fin) => OutFrame::continuation(&payload, fin),
            (false, true) => OutFrame::binary(&payload),
            (false, false) => OutFrame::first_binary(&payload),
        };
        open = !fin;
        let packed = deflater.pack(frame);
        assert_eq!((packed.fin(), packed.opcode()), (fin, opcode));
        let arrived = Frame { fin, opcode, payload: packed.payload() };
        // A fragment may come out with the next one.
        let unpacked = inflater.unpack(arrived, packed.coding()).expect("the other end packed it");
        MESSAGE.with_borrow_mut(|(sent, got)| {
            sent.extend_from_slice(&payload);
            got.extend_from_slice(unpacked.payload);
            if fin {
                assert!(sent == got, "{} bytes became {}", sent.len(), got.len());
                sent.clear();
                got.clear();
            }
        });
    }
}

thread_local! {
    static MESSAGE: std::cell::RefCell<(Vec<u8>, Vec<u8>)> = const { std::cell::RefCell::new((Vec::new(), Vec::new())) };
}

/// Bytes that do not repeat.
pub(crate) fn noise(seed: &[u8], length: usize) -> Vec<u8> {
    let mut state =
        seed.iter().fold(0x9E37_79B9_u32, |state, byte| state.wrapping_mul(31) ^ u32::from(*byte));
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(next).collect()
}

const LIMIT_BYTES: usize = 1 << 24;
