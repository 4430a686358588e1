//! The examples of RFC 7692 §7.2.3, in the direction that has one answer: inflating.

use http::HeaderValue;
use nova_frame_codec::{Coding, Frame, OpCode, OutFrame, ProtocolError};
use nova_transport_native::deflate::{Compression, Deflater, Inflater};

fn ends() -> (Deflater, Inflater) {
    let settings = Compression::new().with_threshold(0);
    let offer = HeaderValue::from_str(&settings.offer()).expect("ASCII");
    let (agreement, _) = settings.accept([&offer]).expect("any offer will do");
    agreement.for_client(&settings, 100)
}

fn unpack(inflater: &mut Inflater, packed: &[u8]) -> Vec<u8> {
    let frame = Frame { fin: true, opcode: OpCode::Text, payload: packed };
    inflater.unpack(frame, Coding::Deflate).expect("it was packed").payload.to_vec()
}

#[test]
fn one_compressed_block() {
    let (mut deflater, mut inflater) = ends();
    let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    assert_eq!(unpack(&mut inflater, &hello), b"Hello");
    assert_eq!(deflater.pack(OutFrame::text("Hello")).payload(), hello);
}

#[test]
fn fragments() {
    let (_, mut inflater) = ends();
    let first = Frame { fin: false, opcode: OpCode::Text, payload: &[0xF2, 0x48, 0xCD] };
    let mut got = inflater.unpack(first, Coding::Deflate).unwrap().payload.to_vec();
    // A control frame in between is not compressed.
    let ping = Frame { fin: true, opcode: OpCode::Ping, payload: b"ping" };
    assert_eq!(inflater.unpack(ping, Coding::Identity), Ok(ping));
    let last = Frame { fin: true, opcode: OpCode::Continuation, payload: &[0xC9, 0xC9, 0x07, 0x00] };
    got.extend(inflater.unpack(last, Coding::Identity).unwrap().payload);
    assert_eq!(got, b"Hello");
}

#[test]
fn a_shared_window() {
    let (_, mut inflater) = ends();
    assert_eq!(unpack(&mut inflater, &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]), b"Hello");
    assert_eq!(unpack(&mut inflater, &[0xF2, 0x00, 0x11, 0x00, 0x00]), b"Hello");
}

#[test]
fn blocks_that_are_stored_final_or_several() {
    let (_, mut inflater) = ends();
    let stored = [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00];
    assert_eq!(unpack(&mut inflater, &stored), b"Hello");
    let last = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00];
    assert_eq!(unpack(&mut inflater, &last), b"Hello");
    let two = [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00];
    assert_eq!(unpack(&mut inflater, &two), b"Hello");
}

#[test]
fn nothing_at_all() {
    let (_, mut inflater) = ends();
    assert_eq!(unpack(&mut inflater, &[0x00]), b"");
    assert_eq!(unpack(&mut inflater, &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]), b"Hello");
    let empty = Frame { fin: true, opcode: OpCode::Text, payload: b"" };
    assert_eq!(inflater.unpack(empty, Coding::Deflate), Err(ProtocolError::InvalidDeflate));
}
