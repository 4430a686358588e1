//! Every rule of RFC 6455 §5 about single frames: the last legal form passes, the first illegal one
//! is refused by its name.

use nova_frame_codec::{
    Assembler, Client, CloseCode, CloseFrame, Coding, ControlPayload, Decoder, Encoder, Frame, Message,
    OpCode, OutFrame, ProtocolError, Role, Server,
};

const LIMIT: usize = 100_000;

/// The first frame of a stream: its opcode and length.
fn first<R: Role>(stream: &[u8], limit: usize) -> Result<Option<(OpCode, usize)>, ProtocolError> {
    let mut decoder = Decoder::<R>::new(limit);
    decoder.extend(stream);
    Ok(decoder.next_frame()?.map(|frame| (frame.opcode, frame.payload.len())))
}

fn client(stream: &[u8]) -> Result<Option<(OpCode, usize)>, ProtocolError> {
    first::<Client>(stream, LIMIT)
}

/// A header followed by zeros.
fn with_payload(header: &[u8], length: usize) -> Vec<u8> {
    [header, &vec![0; length]].concat()
}

#[test]
fn every_reserved_bit_is_refused_on_every_opcode() {
    for opcode in [0x0, 0x1, 0x2, 0x8, 0x9, 0xA] {
        for reserved in [0x10, 0x20, 0x40, 0x70] {
            assert_eq!(client(&[0x80 | reserved | opcode, 0]), Err(ProtocolError::ReservedBit));
        }
    }
}

#[test]
fn reserved_opcodes_are_refused_and_named() {
    for opcode in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        assert_eq!(client(&[0x80 | opcode, 0]), Err(ProtocolError::ReservedOpCode(opcode)));
        assert_eq!(client(&[opcode, 0]), Err(ProtocolError::ReservedOpCode(opcode)));
    }
}

#[test]
fn control_frames_carry_125_bytes_and_not_126() {
    for (opcode, bits) in [(OpCode::Close, 0x88), (OpCode::Ping, 0x89), (OpCode::Pong, 0x8A)] {
        assert_eq!(client(&with_payload(&[bits, 125], 125)), Ok(Some((opcode, 125))));
        assert_eq!(client(&with_payload(&[bits, 126, 0, 126], 126)), Err(ProtocolError::ControlTooLong));
        assert_eq!(client(&[bits, 127]), Err(ProtocolError::ControlTooLong));
    }
}

#[test]
fn control_frames_without_fin_are_refused() {
    for bits in [0x08, 0x09, 0x0A] {
        assert_eq!(client(&[bits, 0]), Err(ProtocolError::FragmentedControl));
    }
}

#[test]
fn lengths_must_be_in_their_shortest_form() {
    for fin_and_opcode in [0x81, 0x82, 0x01, 0x80] {
        let header = |rest: &[u8]| [&[fin_and_opcode], rest].concat();
        assert_eq!(client(&header(&[126, 0, 125])), Err(ProtocolError::NonMinimalLength));
        assert_eq!(client(&header(&[126, 0, 0])), Err(ProtocolError::NonMinimalLength));
        assert_eq!(
            client(&header(&[127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])),
            Err(ProtocolError::NonMinimalLength)
        );
        assert!(client(&with_payload(&header(&[126, 0, 126]), 126)).is_ok_and(|frame| frame.is_some()));
        let longest_short = with_payload(&header(&[126, 0xFF, 0xFF]), 0xFFFF);
        assert!(client(&longest_short).is_ok_and(|frame| frame.is_some()));
        let shortest_long = with_payload(&header(&[127, 0, 0, 0, 0, 0, 1, 0, 0]), 0x1_0000);
        assert!(client(&shortest_long).is_ok_and(|frame| frame.is_some()));
    }
}

#[test]
fn the_top_bit_of_a_64_bit_length_is_refused() {
    let header = |top| [0x82, 127, top, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(client(&header(0x80)), Err(ProtocolError::LengthOverflow));
    assert_eq!(client(&header(0x7F)), Err(ProtocolError::TooBig { limit: LIMIT }));
    // Even without a limit the longest announcement is only waited for.
    assert_eq!(first::<Client>(&header(0x7F), usize::MAX), Ok(None));
}

#[test]
fn servers_must_not_mask_and_clients_must() {
    assert_eq!(client(&[0x81, 0x80, 0, 0, 0, 0]), Err(ProtocolError::MaskedByServer));
    assert_eq!(client(&[0x89, 0x80, 0, 0, 0, 0]), Err(ProtocolError::MaskedByServer));
    assert_eq!(first::<Server>(&[0x81, 0x00], LIMIT), Err(ProtocolError::UnmaskedByClient));
    assert_eq!(first::<Server>(&[0x81, 0x80, 0, 0, 0, 0], LIMIT), Ok(Some((OpCode::Text, 0))));
}

#[test]
fn a_frame_at_the_limit_passes_and_the_header_of_one_above_is_enough_to_refuse() {
    for limit in [0, 1, 125, 126, 65_535, 65_536] {
        let header = |length: usize| match length {
            0..126 => vec![0x82, length as u8],
            126..65_536 => [&[0x82, 126], &(length as u16).to_be_bytes()[..]].concat(),
            _ => [&[0x82, 127], &(length as u64).to_be_bytes()[..]].concat(),
        };
        let fits = with_payload(&header(limit), limit);
        assert_eq!(first::<Client>(&fits, limit), Ok(Some((OpCode::Binary, limit))));
        assert_eq!(first::<Client>(&header(limit + 1), limit), Err(ProtocolError::TooBig { limit }));
    }
}

#[test]
fn control_frames_do_not_fall_under_the_data_limit() {
    assert_eq!(first::<Client>(&with_payload(&[0x89, 125], 125), 0), Ok(Some((OpCode::Ping, 125))));
}

#[test]
fn truncated_frames_ask_for_more_at_every_byte() {
    for frame in [
        vec![0x81, 0x00],
        with_payload(&[0x81, 5], 5),
        with_payload(&[0x01, 5], 5),
        with_payload(&[0x82, 126, 1, 44], 300),
        with_payload(&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536),
    ] {
        let mut decoder = Decoder::<Client>::new(LIMIT);
        for (index, byte) in frame.iter().enumerate() {
            assert_eq!(decoder.next_frame(), Ok(None));
            assert_eq!(decoder.is_mid_frame(), index > 0);
            decoder.extend(&[*byte]);
        }
        assert!(decoder.next_frame().is_ok_and(|frame| frame.is_some()));
        assert_eq!(decoder.next_frame(), Ok(None));
        assert!(!decoder.is_mid_frame());
    }
}

#[test]
fn frames_before_an_offence_are_delivered_and_the_error_is_repeated_after_it() {
    let mut decoder = Decoder::<Client>::new(LIMIT);
    decoder.extend(&[0x81, 1, b'a', 0x83, 0x00, 0x81, 1, b'b']);
    assert!(decoder.next_frame().is_ok_and(|frame| frame.is_some()));
    for _ in 0..3 {
        assert_eq!(decoder.next_frame(), Err(ProtocolError::ReservedOpCode(3)));
        assert!(!decoder.is_mid_frame());
        decoder.extend(&[0x81, 1, b'c']);
    }
}

#[test]
fn close_payloads_follow_the_table_of_codes() {
    let close = |payload: &[u8]| {
        let mut assembler = Assembler::new(LIMIT);
        let message = assembler.push(Frame { fin: true, opcode: OpCode::Close, payload })?;
        let Some(Message::Close(frame)) = message else { panic!("a close is a message") };
        Ok(frame)
    };
    assert_eq!(close(b""), Ok(None));
    assert_eq!(close(&[3]), Err(ProtocolError::TruncatedCloseCode));
    for code in 0..=u16::MAX {
        let may_travel = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let expected = CloseCode::try_from(code).map(|code| Some(CloseFrame::new(code, "ß")));
        assert_eq!(expected.is_ok(), may_travel);
        let payload = [&code.to_be_bytes()[..], "ß".as_bytes()].concat();
        assert_eq!(close(&payload), expected.map_err(|_| ProtocolError::InvalidCloseCode(code)));
    }
    assert_eq!(close(&[3, 232, 0xC3]), Err(ProtocolError::InvalidUtf8));
}

#[test]
fn the_assembler_refuses_illegal_control_frames_of_transports_that_hide_headers() {
    let long = [b'x'; 126];
    for opcode in [OpCode::Close, OpCode::Ping, OpCode::Pong] {
        let push = |fin, payload| Assembler::new(LIMIT).push(Frame { fin, opcode, payload }).map(|_| ());
        assert_eq!(push(false, b""), Err(ProtocolError::FragmentedControl));
        assert_eq!(push(true, &long), Err(ProtocolError::ControlTooLong));
    }
}

#[test]
fn every_offence_has_the_close_code_that_answers_it() {
    assert_eq!(ProtocolError::InvalidUtf8.close_code(), CloseCode::INVALID_DATA);
    assert_eq!(ProtocolError::InvalidDeflate.close_code(), CloseCode::INVALID_DATA);
    assert_eq!(ProtocolError::TooBig { limit: 1 }.close_code(), CloseCode::TOO_BIG);
    for error in [
        ProtocolError::ReservedBit,
        ProtocolError::ReservedOpCode(3),
        ProtocolError::FragmentedControl,
        ProtocolError::ControlTooLong,
        ProtocolError::NonMinimalLength,
        ProtocolError::LengthOverflow,
        ProtocolError::MaskedByServer,
        ProtocolError::UnmaskedByClient,
        ProtocolError::UnexpectedContinuation,
        ProtocolError::InterruptedMessage,
        ProtocolError::TruncatedCloseCode,
        ProtocolError::InvalidCloseCode(1005),
    ] {
        assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
    }
}

#[test]
fn a_negotiated_compression_may_mark_the_start_of_data_messages_and_nothing_else() {
    let coded = |stream: &[u8]| {
        let mut decoder = Decoder::<Client>::new(LIMIT).with_compression();
        decoder.extend(stream);
        Ok(decoder.next_coded()?.map(|(frame, coding)| (frame.opcode, frame.fin, coding)))
    };
    for fin in [0x00, 0x80] {
        for (bits, opcode) in [(0x1, OpCode::Text), (0x2, OpCode::Binary)] {
            assert_eq!(coded(&[fin | 0x40 | bits, 0]), Ok(Some((opcode, fin != 0, Coding::Deflate))));
            assert_eq!(coded(&[fin | bits, 0]), Ok(Some((opcode, fin != 0, Coding::Identity))));
        }
        assert_eq!(coded(&[fin | 0x40, 0]), Err(ProtocolError::ReservedBit), "a continuation");
    }
    for opcode in [0x8, 0x9, 0xA] {
        assert_eq!(coded(&[0xC0 | opcode, 0]), Err(ProtocolError::ReservedBit));
    }
    for reserved in [0x10, 0x20, 0x30, 0x50, 0x60, 0x70] {
        assert_eq!(coded(&[0x81 | reserved, 0]), Err(ProtocolError::ReservedBit));
    }
}

#[test]
fn the_mark_of_a_compressed_message_stands_on_its_first_frame_only() {
    let mut encoder = Encoder::<Server>::new();
    encoder.push(OutFrame::text("plain").compressed(b"packed"));
    encoder.push(OutFrame::first_binary(b"plain").compressed(b"packed"));
    encoder.push(OutFrame::continuation(b"plain", true).compressed(b"packed"));
    encoder.push(OutFrame::ping(&ControlPayload::EMPTY).compressed(b""));
    let mut decoder = Decoder::<Client>::new(LIMIT).with_compression();
    decoder.extend(encoder.pending());
    let mut heard = Vec::new();
    while let Some((frame, coding)) = decoder.next_coded().expect("legal frames") {
        assert_eq!(frame.payload, if frame.opcode.is_control() { &b""[..] } else { b"packed" });
        heard.push((frame.opcode, frame.fin, coding));
    }
    let expected = [
        (OpCode::Text, true, Coding::Deflate),
        (OpCode::Binary, false, Coding::Deflate),
        (OpCode::Continuation, true, Coding::Identity),
        (OpCode::Ping, true, Coding::Identity),
    ];
    assert_eq!(heard, expected);
}
