//! Every rule of RFC 6455 that a server can break.

use nova_frame_codec::ProtocolError;

use crate::net::{LengthForm, RawFrame};

/// A stream that breaks one rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Violation {
    /// What is wrong with it, in a few words.
    pub name: &'static str,
    /// What the peer sends.
    pub stream: Vec<u8>,
    /// What must be said to it.
    pub error: ProtocolError,
}

impl Violation {
    /// One of each kind.
    #[must_use]
    pub fn all() -> Vec<Self> {
        [headers(), lengths(), masks(), orders(), texts(), closes()].concat()
    }
}

fn violation(name: &'static str, error: ProtocolError, frames: &[RawFrame]) -> Violation {
    Violation { name, stream: frames.iter().flat_map(RawFrame::to_bytes).collect(), error }
}

fn headers() -> Vec<Violation> {
    let text = || RawFrame::text("a");
    let mut all = vec![
        violation("RSV1", ProtocolError::ReservedBit, &[text().with_rsv(0b100)]),
        violation("RSV2", ProtocolError::ReservedBit, &[text().with_rsv(0b010)]),
        violation("RSV3", ProtocolError::ReservedBit, &[text().with_rsv(0b001)]),
        violation("RSV1 on a ping", ProtocolError::ReservedBit, &[RawFrame::ping("a").with_rsv(0b100)]),
        violation(
            "a fragmented ping",
            ProtocolError::FragmentedControl,
            &[RawFrame::ping("a").with_fin(false)],
        ),
        violation(
            "a fragmented pong",
            ProtocolError::FragmentedControl,
            &[RawFrame::pong("").with_fin(false)],
        ),
        violation(
            "a fragmented close",
            ProtocolError::FragmentedControl,
            &[RawFrame::new(8, "").with_fin(false)],
        ),
        violation("a long close", ProtocolError::ControlTooLong, &[RawFrame::close(1000, &"x".repeat(124))]),
        violation("a long ping", ProtocolError::ControlTooLong, &[RawFrame::ping([0; 126])]),
        violation("a long pong", ProtocolError::ControlTooLong, &[RawFrame::pong([0; 70_000])]),
    ];
    for opcode in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        let error = ProtocolError::ReservedOpCode(opcode);
        all.push(violation("a reserved opcode", error, &[RawFrame::new(opcode, "a")]));
    }
    all
}

fn lengths() -> Vec<Violation> {
    let top_bit = RawFrame::binary("").with_announced(u64::MAX);
    let mut all = vec![violation("the top bit of a length", ProtocolError::LengthOverflow, &[top_bit])];
    for (form, longest) in [(LengthForm::Bits16, 125), (LengthForm::Bits64, 65_535)] {
        for length in [0, 1, longest] {
            let frame = RawFrame::binary(vec![7; length]).with_length_form(form);
            all.push(violation("a length longer than needed", ProtocolError::NonMinimalLength, &[frame]));
        }
    }
    all
}

fn masks() -> Vec<Violation> {
    let frames =
        [RawFrame::binary([7; 9]), RawFrame::ping("p"), RawFrame::close(1000, ""), RawFrame::text("")];
    let mut all: Vec<_> = frames
        .map(|frame| {
            violation("a masked frame", ProtocolError::MaskedByServer, &[frame.with_mask([1, 2, 3, 4])])
        })
        .into();
    let text = RawFrame::text("aaaa").with_mask([0xFF; 4]);
    all.push(violation("masked text", ProtocolError::MaskedByServer, &[text]));
    all
}

fn orders() -> Vec<Violation> {
    let open = || RawFrame::text("a").with_fin(false);
    vec![
        violation(
            "a continuation of nothing",
            ProtocolError::UnexpectedContinuation,
            &[RawFrame::continuation("a")],
        ),
        violation(
            "a continuation after the last",
            ProtocolError::UnexpectedContinuation,
            &[open(), RawFrame::continuation("b"), RawFrame::continuation("c")],
        ),
        violation("text inside of text", ProtocolError::InterruptedMessage, &[open(), RawFrame::text("b")]),
        violation(
            "binary inside of text",
            ProtocolError::InterruptedMessage,
            &[open(), RawFrame::binary("b")],
        ),
    ]
}

fn texts() -> Vec<Violation> {
    let bad = ProtocolError::InvalidUtf8;
    vec![
        violation("text that is not UTF-8", bad, &[RawFrame::text([0xC3, 0x28])]),
        violation("text that ends in a character", bad, &[RawFrame::text([0xE2, 0x82])]),
        violation("a surrogate", bad, &[RawFrame::text([0xED, 0xA0, 0x80])]),
        violation(
            "fragments that end in a character",
            bad,
            &[RawFrame::text([0xE2]).with_fin(false), RawFrame::continuation([0x82])],
        ),
        violation("a fragment that nothing can mend", bad, &[RawFrame::text([0xFF]).with_fin(false)]),
        violation("a reason that is not UTF-8", bad, &[RawFrame::new(0x8, [3, 232, 0xC3])]),
    ]
}

fn closes() -> Vec<Violation> {
    let mut all =
        vec![violation("half a close code", ProtocolError::TruncatedCloseCode, &[RawFrame::new(8, [3])])];
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        let error = ProtocolError::InvalidCloseCode(code);
        all.push(violation("a close code that may not travel", error, &[RawFrame::close(code, "")]));
    }
    all
}
