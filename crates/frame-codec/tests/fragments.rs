//! Messages in several frames: order, text cut anywhere, the limit of the sum.

use nova_frame_codec::{Assembler, Frame, Message, OpCode, ProtocolError};

const LIMIT: usize = 1 << 20;

fn text(payload: &[u8], fin: bool) -> Frame<'_> {
    Frame { fin, opcode: OpCode::Text, payload }
}

fn binary(payload: &[u8], fin: bool) -> Frame<'_> {
    Frame { fin, opcode: OpCode::Binary, payload }
}

fn more(payload: &[u8], fin: bool) -> Frame<'_> {
    Frame { fin, opcode: OpCode::Continuation, payload }
}

fn ping(payload: &[u8]) -> Frame<'_> {
    Frame { fin: true, opcode: OpCode::Ping, payload }
}

/// The first error when `pieces` arrive as one text message, and the index of the piece.
fn refused_at(pieces: &[&[u8]]) -> Option<(usize, ProtocolError)> {
    let mut assembler = Assembler::new(LIMIT);
    pieces.iter().enumerate().find_map(|(index, piece)| {
        let fin = index + 1 == pieces.len();
        let frame = if index == 0 { text(piece, fin) } else { more(piece, fin) };
        assembler.push(frame).err().map(|error| (index, error))
    })
}

#[test]
fn a_whole_message_is_lent_where_it_lies() {
    let payload = b"as it lies".to_vec();
    let mut assembler = Assembler::new(LIMIT);
    // Also right after a joined message, whose buffer is still to be cleared.
    for _ in 0..2 {
        match assembler.push(text(&payload, true)) {
            Ok(Some(Message::Text(text))) => assert_eq!(text.as_ptr(), payload.as_ptr()),
            other => panic!("{other:?}"),
        }
        match assembler.push(binary(&payload, true)) {
            Ok(Some(Message::Binary(bytes))) => assert_eq!(bytes.as_ptr(), payload.as_ptr()),
            other => panic!("{other:?}"),
        }
        assert_eq!(assembler.push(text(b"a", false)), Ok(None));
        assert_eq!(assembler.push(more(b"b", true)), Ok(Some(Message::Text("ab"))));
    }
}

#[test]
fn text_may_be_cut_at_every_byte_and_at_every_pair_of_bytes() {
    let whole = "aß語🦀\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}z";
    let bytes = whole.as_bytes();
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let mut assembler = Assembler::new(LIMIT);
            assert_eq!(assembler.push(text(&bytes[..first], false)), Ok(None));
            assert_eq!(assembler.push(more(&bytes[first..second], false)), Ok(None));
            assert_eq!(assembler.push(more(&bytes[second..], true)), Ok(Some(Message::Text(whole))));
        }
    }
}

#[test]
fn text_may_come_one_byte_at_a_time() {
    let whole = "aß語🦀".repeat(50);
    let mut assembler = Assembler::new(LIMIT);
    assert_eq!(assembler.push(text(b"", false)), Ok(None));
    for byte in whole.as_bytes() {
        assert_eq!(assembler.push(more(&[*byte], false)), Ok(None));
    }
    assert_eq!(assembler.push(more(b"", true)), Ok(Some(Message::Text(&whole))));
}

#[test]
fn text_that_ends_inside_a_character_is_refused_with_its_last_frame() {
    let crab = "🦀".as_bytes();
    for cut in 1..4 {
        let cut = &crab[..cut];
        assert_eq!(refused_at(&[cut]), Some((0, ProtocolError::InvalidUtf8)));
        assert_eq!(refused_at(&[b"a", cut]), Some((1, ProtocolError::InvalidUtf8)));
        assert_eq!(refused_at(&[cut, b""]), Some((1, ProtocolError::InvalidUtf8)));
    }
}

#[test]
fn text_is_refused_with_the_first_fragment_that_nothing_could_repair() {
    let hopeless: &[&[u8]] = &[
        b"\xFF",             // never a byte of UTF-8
        b"\x80",             // a continuation of nothing
        b"\xC0",             // only over-long forms
        b"\xF5",             // beyond U+10FFFF
        b"\xE0\x80",         // over-long
        b"\xED\xA0",         // a surrogate
        b"\xF0\x80",         // over-long
        b"\xF4\x90",         // beyond U+10FFFF
        b"\xC3\x28",         // not a continuation
        b"\xE2\x82\x28",     // not a continuation
        b"\xF0\x9F\xA6\x28", // not a continuation
    ];
    for bytes in hopeless {
        assert_eq!(refused_at(&[bytes, b"", b""]), Some((0, ProtocolError::InvalidUtf8)));
        let after_text = [b"fine ", *bytes].concat();
        assert_eq!(refused_at(&[&after_text, b""]), Some((0, ProtocolError::InvalidUtf8)));
        let (head, last) = bytes.split_at(bytes.len() - 1);
        assert_eq!(refused_at(&[head, last, b""]), Some((1, ProtocolError::InvalidUtf8)));
    }
}

#[test]
fn control_frames_pass_between_fragments_and_change_nothing() {
    let mut assembler = Assembler::new(4);
    assert_eq!(assembler.push(text("ß".as_bytes().split_at(1).0, false)), Ok(None));
    assert_eq!(assembler.push(ping(&[7; 125])), Ok(Some(Message::Ping(&[7; 125]))));
    let pong = Frame { fin: true, opcode: OpCode::Pong, payload: b"x" };
    assert_eq!(assembler.push(pong), Ok(Some(Message::Pong(b"x"))));
    assert_eq!(assembler.push(more("ß".as_bytes().split_at(1).1, false)), Ok(None));
    let close = Frame { fin: true, opcode: OpCode::Close, payload: b"" };
    assert_eq!(assembler.push(close), Ok(Some(Message::Close(None))));
    assert_eq!(assembler.push(more(b"ok", true)), Ok(Some(Message::Text("ßok"))));
}

#[test]
fn fragments_must_come_in_order() {
    let mut assembler = Assembler::new(LIMIT);
    assert_eq!(assembler.push(more(b"", true)), Err(ProtocolError::UnexpectedContinuation));

    for (kind, other) in [
        (text(b"", false), binary(b"", true)),
        (binary(b"", false), text(b"", true)),
        (text(b"", false), text(b"", false)),
    ] {
        let mut assembler = Assembler::new(LIMIT);
        assert_eq!(assembler.push(kind), Ok(None));
        assert_eq!(assembler.push(other), Err(ProtocolError::InterruptedMessage));
    }

    let mut assembler = Assembler::new(LIMIT);
    assert_eq!(assembler.push(binary(b"\xFF", false)), Ok(None));
    assert_eq!(assembler.push(more(b"\xFE", true)), Ok(Some(Message::Binary(b"\xFF\xFE"))));
    assert_eq!(assembler.push(more(b"", true)), Err(ProtocolError::UnexpectedContinuation));
}

#[test]
fn the_limit_holds_for_the_sum_of_the_fragments() {
    for first in [text(&[b'x'; 60], false), binary(&[b'x'; 60], false)] {
        let mut assembler = Assembler::new(100);
        assert_eq!(assembler.push(first), Ok(None));
        assert_eq!(assembler.push(more(&[b'x'; 30], false)), Ok(None));
        assert_eq!(assembler.push(more(&[b'x'; 10], false)), Ok(None));
        assert_eq!(assembler.push(more(b"", false)), Ok(None));
        assert_eq!(assembler.push(more(b"x", true)), Err(ProtocolError::TooBig { limit: 100 }));
    }
}

#[test]
fn half_characters_count_towards_the_limit() {
    let mut assembler = Assembler::new(3);
    assert_eq!(assembler.push(text(&"🦀".as_bytes()[..3], false)), Ok(None));
    assert_eq!(assembler.push(more(&"🦀".as_bytes()[3..], true)), Err(ProtocolError::TooBig { limit: 3 }));
}

#[test]
fn the_limit_starts_anew_with_each_message() {
    let mut assembler = Assembler::new(10);
    for _ in 0..3 {
        assert_eq!(assembler.push(binary(&[1; 6], false)), Ok(None));
        assert_eq!(
            assembler.push(more(&[2; 4], true)),
            Ok(Some(Message::Binary(&[1, 1, 1, 1, 1, 1, 2, 2, 2, 2])))
        );
        assert_eq!(assembler.push(binary(&[3; 10], true)), Ok(Some(Message::Binary(&[3; 10]))));
    }
    assert_eq!(assembler.push(text(&[b'x'; 11], true)), Err(ProtocolError::TooBig { limit: 10 }));
}

#[test]
fn an_error_is_repeated_whatever_follows() {
    let mut assembler = Assembler::new(LIMIT);
    assert_eq!(assembler.push(text(b"\xFF", true)), Err(ProtocolError::InvalidUtf8));
    assert_eq!(assembler.push(text(b"fine", true)), Err(ProtocolError::InvalidUtf8));
    assert_eq!(assembler.push(ping(b"")), Err(ProtocolError::InvalidUtf8));
}
