//! Arbitrary bytes as compressed messages, and as headers: no panic, and never more than was allowed.

use http::HeaderValue;
use nova_frame_codec::{Coding, Frame, OpCode, ProtocolError};
use nova_transport_native::deflate::{Compression, Context, WindowBits};

pub(crate) fn check(input: &[u8]) {
    let Some((choice, stream)) = input.split_first() else { return };
    let limit = [0, 1, 100, 1_000, 100_000][usize::from(choice % 5)];
    let context = if choice & 0x10 == 0 { Context::Kept } else { Context::Dropped };
    let client = Compression::new().with_receive_context(context);
    let offer = HeaderValue::from_str(&client.offer()).expect("ASCII");
    let (agreement, _) = Compression::new().accept([&offer]).expect("any offer will do");
    let (_, mut inflater) = agreement.for_client(&client, limit);
    // The first byte of each piece says how long it is, and whether it ends a message.
    let (mut rest, mut open, mut total) = (stream, false, 0);
    while let Some((head, more)) = rest.split_first() {
        let (piece, more) = more.split_at(usize::from(head >> 1).min(more.len()));
        rest = more;
        let fin = head & 1 != 0;
        let opcode = if open { OpCode::Continuation } else { OpCode::Binary };
        let coding = if open { Coding::Identity } else { Coding::Deflate };
        let frame = Frame { fin, opcode, payload: piece };
        match inflater.unpack(frame, coding) {
            Ok(unpacked) => {
                assert_eq!((unpacked.fin, unpacked.opcode), (fin, opcode));
                total += unpacked.payload.len();
                assert!(total <= limit);
            }
            Err(error) => {
                assert!(matches!(error, ProtocolError::InvalidDeflate | ProtocolError::TooBig { .. }));
                assert_eq!(inflater.unpack(frame, Coding::Deflate), Err(error), "an error is not forgotten");
                return;
            }
        }
        open = !fin;
        if fin {
            total = 0;
        }
    }
}

#[allow(dead_code, reason = "not for the fuzzer, which knows only bytes")]
pub(crate) fn check_header(line: &str) {
    let Ok(value) = HeaderValue::from_str(line) else { return };
    let little = Compression::new().with_send_window(WindowBits::MIN).with_receive_window(WindowBits::MIN);
    for settings in [Compression::new(), little] {
        if let Ok(Some(agreement)) = settings.agreed([&value]) {
            assert!(agreement.client.window <= settings.send_window);
            assert!(agreement.server.window <= settings.receive_window);
        }
        if let Some((agreement, answer)) = settings.accept([&value]) {
            let answer = HeaderValue::from_str(&answer).expect("ASCII");
            assert!(agreement.server.window <= settings.send_window);
            assert!(agreement.client.window <= settings.receive_window);
            assert!(Compression::new().agreed([&answer]).is_ok(), "{answer:?}");
        }
    }
}
