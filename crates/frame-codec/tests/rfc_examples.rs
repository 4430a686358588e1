//! The examples of RFC 6455 §5.7, as bytes, in both directions.

use nova_frame_codec::{
    Assembler, Client, ControlPayload, Decoder, Encoder, Frame, MaskKey, Message, OpCode, OutFrame,
    ProtocolError, Server,
};

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
const HELLO: [u8; 7] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F];
const MASKED_HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];
const FRAGMENTED_HELLO: [u8; 9] = [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F];
const PING: [u8; 7] = [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F];
const MASKED_PONG: [u8; 11] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];

fn hello() -> ControlPayload {
    ControlPayload::new(b"Hello").expect("short enough")
}

#[test]
fn a_single_unmasked_text_message_reads_and_writes_as_in_the_rfc() {
    let mut encoder = Encoder::<Server>::new();
    encoder.push(OutFrame::text("Hello"));
    assert_eq!(encoder.pending(), HELLO);

    let mut decoder = Decoder::<Client>::new(5);
    decoder.extend(&HELLO);
    let frame = Frame { fin: true, opcode: OpCode::Text, payload: b"Hello" };
    assert_eq!(decoder.next_frame(), Ok(Some(frame)));
    assert_eq!(decoder.next_frame(), Ok(None));
}

#[test]
fn a_single_masked_text_message_reads_and_writes_as_in_the_rfc() {
    let mut encoder = Encoder::<Client>::new();
    encoder.push(OutFrame::text("Hello"), MaskKey::from(KEY));
    assert_eq!(encoder.pending(), MASKED_HELLO);

    let mut decoder = Decoder::<Server>::new(5);
    decoder.extend(&MASKED_HELLO);
    let frame = Frame { fin: true, opcode: OpCode::Text, payload: b"Hello" };
    assert_eq!(decoder.next_frame(), Ok(Some(frame)));
}

#[test]
fn a_fragmented_text_message_reads_and_writes_as_in_the_rfc() -> Result<(), ProtocolError> {
    let mut encoder = Encoder::<Server>::new();
    encoder.push(OutFrame::first_text(b"Hel"));
    encoder.push(OutFrame::continuation(b"lo", true));
    assert_eq!(encoder.pending(), FRAGMENTED_HELLO);

    let mut decoder = Decoder::<Client>::new(5);
    let mut assembler = Assembler::new(5);
    decoder.extend(&FRAGMENTED_HELLO);
    assert_eq!(assembler.push(decoder.next_frame()?.expect("the first fragment"))?, None);
    let message = assembler.push(decoder.next_frame()?.expect("the last fragment"))?;
    assert_eq!(message, Some(Message::Text("Hello")));
    Ok(())
}

#[test]
fn a_ping_and_its_masked_pong_read_and_write_as_in_the_rfc() {
    let mut encoder = Encoder::<Server>::new();
    encoder.push(OutFrame::ping(&hello()));
    assert_eq!(encoder.pending(), PING);
    let mut encoder = Encoder::<Client>::new();
    encoder.push(OutFrame::pong(&hello()), MaskKey::from(KEY));
    assert_eq!(encoder.pending(), MASKED_PONG);

    let mut decoder = Decoder::<Client>::new(0);
    decoder.extend(&PING);
    let frame = Frame { fin: true, opcode: OpCode::Ping, payload: b"Hello" };
    assert_eq!(decoder.next_frame(), Ok(Some(frame)));
    let mut decoder = Decoder::<Server>::new(0);
    decoder.extend(&MASKED_PONG);
    let frame = Frame { fin: true, opcode: OpCode::Pong, payload: b"Hello" };
    assert_eq!(decoder.next_frame(), Ok(Some(frame)));
}

#[test]
fn binary_messages_of_256_bytes_and_64_kib_read_and_write_as_in_the_rfc() {
    let examples: [(usize, &[u8]); 2] =
        [(256, &[0x82, 0x7E, 0x01, 0x00]), (65_536, &[0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])];
    for (length, header) in examples {
        let payload = vec![0xAB; length];
        let wire = [header, &payload].concat();
        let mut encoder = Encoder::<Server>::new();
        encoder.push(OutFrame::binary(&payload));
        assert_eq!(encoder.pending(), wire);

        let mut decoder = Decoder::<Client>::new(length);
        decoder.extend(&wire);
        let frame = Frame { fin: true, opcode: OpCode::Binary, payload: &payload };
        assert_eq!(decoder.next_frame(), Ok(Some(frame)));
    }
}
