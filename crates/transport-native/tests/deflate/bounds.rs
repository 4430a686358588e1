//! What compression may not do: exceed limits, windows or sense.

use http::HeaderValue;
use nova_frame_codec::{CloseCode, Coding, Frame, OpCode, OutFrame, ProtocolError};
use nova_testkit::net::Packer;
use nova_transport_native::deflate::{Compression, Context, Deflater, Inflater, WindowBits};

use crate::distances::farthest_reference;

fn ends(client: Compression, limit: usize) -> (Deflater, Inflater) {
    let offer = HeaderValue::from_str(&client.offer()).expect("ASCII");
    let (agreement, _) = Compression::new().accept([&offer]).expect("any offer will do");
    agreement.for_client(&client, limit)
}

fn compressed(payload: &[u8], fin: bool) -> Frame<'_> {
    Frame { fin, opcode: OpCode::Binary, payload }
}

#[test]
fn a_message_may_become_as_long_as_the_limit_and_not_a_byte_longer() {
    for limit in [0, 1, 4_095, 4_096, 4_097, 100_000] {
        let (_, mut inflater) = ends(Compression::new(), limit);
        let packed = Packer::new().pack(&vec![7; limit]);
        let unpacked = inflater.unpack(compressed(&packed, true), Coding::Deflate);
        assert_eq!(unpacked.map(|frame| frame.payload.len()), Ok(limit));
        let (_, mut inflater) = ends(Compression::new(), limit);
        let packed = Packer::new().pack(&vec![7; limit + 1]);
        let refused = inflater.unpack(compressed(&packed, true), Coding::Deflate);
        assert_eq!(refused, Err(ProtocolError::TooBig { limit }));
    }
    assert_eq!(ProtocolError::TooBig { limit: 0 }.close_code(), CloseCode::TOO_BIG);
}

#[test]
fn the_limit_holds_for_all_fragments_together_and_anew_for_each_message() {
    let (_, mut inflater) = ends(Compression::new(), 1_000);
    let packed = Packer::without_context().pack(&[7; 900]);
    for _ in 0..3 {
        assert!(inflater.unpack(compressed(&packed, true), Coding::Deflate).is_ok());
    }
    // A fragment ends where it likes; with its tail it is a stream that goes on.
    let open = [&packed[..], &[0x00, 0x00, 0xFF, 0xFF]].concat();
    assert!(inflater.unpack(compressed(&open, false), Coding::Deflate).is_ok());
    let more = Frame { fin: false, opcode: OpCode::Continuation, payload: &open };
    assert_eq!(inflater.unpack(more, Coding::Identity), Err(ProtocolError::TooBig { limit: 1_000 }));
}

#[test]
fn bytes_that_cannot_be_inflated_are_refused_as_bad_data() {
    let packed = Packer::new().pack(&b"some text that is long enough to be worth it, worth it".repeat(3));
    for stream in [&[0xFF; 20][..], &[0x06], b"plain text", &packed[3..]] {
        let (_, mut inflater) = ends(Compression::new(), 1_000);
        let refused = inflater.unpack(compressed(stream, true), Coding::Deflate);
        assert_eq!(refused, Err(ProtocolError::InvalidDeflate), "{stream:x?}");
    }
    assert_eq!(ProtocolError::InvalidDeflate.close_code().get(), 1007);
}

#[test]
fn without_context_nothing_refers_to_an_earlier_message() {
    let client = Compression::new().with_receive_context(Context::Dropped);
    let (_, mut inflater) = ends(client, 1_000);
    let mut packer = Packer::new();
    let [first, second] = [0; 2].map(|_| packer.pack(b"Hello, hello, it is me, it is me"));
    assert!(inflater.unpack(compressed(&first, true), Coding::Deflate).is_ok());
    let refused = inflater.unpack(compressed(&second, true), Coding::Deflate);
    assert_eq!(refused, Err(ProtocolError::InvalidDeflate));
}

#[test]
fn what_is_sent_refers_back_no_further_than_was_agreed() {
    // Phrases that return at every distance up to 40,000 bytes.
    let mut text = String::new();
    for number in 0..3_000_u32 {
        text.push_str(&format!("{:x} ", number.wrapping_mul(2_654_435_761) % 997));
        if number % 7 == 0 {
            text.push_str("a phrase that comes again and again; ");
        }
    }
    let other = text.chars().rev().collect::<String>();
    for level in [1, 3, 6, 9] {
        let mut sizes = Vec::new();
        for bits in 8..=15 {
            let window = WindowBits::try_from(bits).unwrap();
            let client = Compression::new().with_send_window(window).with_level(level);
            let (mut deflater, _) = ends(client, 1_000);
            let messages: Vec<Vec<u8>> = [&text, &other, &text]
                .map(|message| deflater.pack(OutFrame::text(message)).payload().to_vec())
                .into();
            let farthest = farthest_reference(&messages, &[&text, &other, &text]);
            assert!(farthest <= 1 << bits, "{farthest} bytes with {bits} bits at level {level}");
            sizes.push(messages.iter().map(Vec::len).sum::<usize>());
        }
        assert!(sizes[0] > sizes[7], "a larger window helps: {sizes:?}");
    }
    // The check is able to fail.
    let (mut deflater, _) = ends(Compression::new(), 1_000);
    let messages = [&text, &text].map(|message| deflater.pack(OutFrame::text(message)).payload().to_vec());
    assert!(farthest_reference(&messages, &[&text, &text]) > 20_000);
}

#[test]
fn short_messages_and_control_frames_go_as_they_are() {
    let (mut deflater, _) = ends(Compression::new().with_threshold(100), 1_000);
    let long = "x".repeat(100);
    assert_eq!(deflater.pack(OutFrame::text(&long[1..])).coding(), Coding::Identity);
    assert_eq!(deflater.pack(OutFrame::text(&long)).coding(), Coding::Deflate);
    // The first fragment decides for the message.
    assert_eq!(deflater.pack(OutFrame::first_text(b"x")).payload(), b"x");
    assert_eq!(deflater.pack(OutFrame::continuation(long.as_bytes(), true)).payload(), long.as_bytes());
    assert_eq!(deflater.pack(OutFrame::first_text(long.as_bytes())).coding(), Coding::Deflate);
    let ping = nova_frame_codec::ControlPayload::new(&[7; 125]).unwrap();
    assert_eq!(deflater.pack(OutFrame::ping(&ping)).payload(), [7; 125]);
    assert_ne!(deflater.pack(OutFrame::continuation(b"x", true)).payload(), b"x");
}

#[test]
fn what_does_not_shrink_goes_as_it_is_where_nothing_refers_to_it() {
    let noise = crate::round_trip::noise(b"seed", 2_000);
    let (mut deflater, _) = ends(Compression::new().with_send_context(Context::Dropped), 1_000);
    let packed = deflater.pack(OutFrame::binary(&noise));
    assert!(packed.coding() == Coding::Identity && packed.payload() == noise);
}
