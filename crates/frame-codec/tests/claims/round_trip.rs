//! Whatever frames are encoded, the other side decodes the same, whatever was written or read at a
//! time.

use nova_frame_codec::{
    Client, CloseCode, CloseFrame, ControlPayload, Decoder, Encoder, Frame, MaskKey, OpCode, OutFrame, Role,
    Server,
};

use crate::choices::Choices;

pub(crate) fn check(input: &[u8]) {
    let mut choices = Choices::new(input);
    let writes = choices.cuts();
    let reads = choices.cuts();
    let keys = choices.take(4).to_vec();
    let mut sent = Vec::new();
    while !choices.is_empty() {
        sent.push(Sent::new(choices.byte(), choices.payload()));
    }

    let mut key = [0x5A; 4];
    key[..keys.len()].copy_from_slice(&keys);
    let mut encoder = Encoder::<Client>::new();
    let wire = encode(&mut encoder, writes.clone(), &sent, |encoder, frame| {
        key = key.map(|byte| byte.wrapping_mul(31).wrapping_add(7));
        encoder.push(frame, MaskKey::from(key));
    });
    check_decoded::<Server>(&wire, reads.clone(), &sent);

    let mut encoder = Encoder::<Server>::new();
    let wire = encode(&mut encoder, writes, &sent, |encoder, frame| encoder.push(frame));
    check_decoded::<Client>(&wire, reads, &sent);
}

/// Pushes every frame, taking an odd number of bytes after each.
fn encode<R: Role>(
    encoder: &mut Encoder<R>,
    mut writes: impl Iterator<Item = usize>,
    sent: &[Sent],
    mut push: impl FnMut(&mut Encoder<R>, OutFrame<'_>),
) -> Vec<u8> {
    let mut wire = Vec::new();
    for frame in sent {
        push(encoder, frame.as_out_frame());
        let taken = writes.next().unwrap_or(1).min(encoder.pending().len());
        wire.extend_from_slice(&encoder.pending()[..taken]);
        encoder.advance(taken);
    }
    let left = encoder.pending().len();
    wire.extend_from_slice(encoder.pending());
    encoder.advance(left);
    assert!(encoder.pending().is_empty());
    wire
}

fn check_decoded<R: Role>(mut wire: &[u8], mut reads: impl Iterator<Item = usize>, sent: &[Sent]) {
    let mut decoder = Decoder::<R>::new(1 << 20);
    let mut sent = sent.iter();
    // Reading a long stream byte by byte takes time and teaches nothing that a short one does not.
    let scale = wire.len() / 4_096 + 1;
    while !wire.is_empty() {
        let (piece, rest) = wire.split_at((reads.next().unwrap_or(1) * scale).min(wire.len()));
        decoder.extend(piece);
        wire = rest;
        while let Some(frame) = decoder.next_frame().expect("a legal frame") {
            assert_eq!(Some(frame), sent.next().map(Sent::as_frame));
        }
    }
    assert!(sent.next().is_none() && !decoder.is_mid_frame());
}

/// A legal frame; each is legal by itself, in whatever order.
struct Sent {
    fin: bool,
    opcode: OpCode,
    payload: Vec<u8>,
    control: ControlPayload,
}

impl Sent {
    fn new(kind: u8, payload: Vec<u8>) -> Self {
        let (fin, opcode) = match kind % 8 {
            0 => (true, OpCode::Text),
            1 => (true, OpCode::Binary),
            2 => (false, OpCode::Text),
            3 => (false, OpCode::Binary),
            4 => (kind >= 128, OpCode::Continuation),
            5 => (true, OpCode::Ping),
            6 => (true, OpCode::Pong),
            _ => (true, OpCode::Close),
        };
        let payload = match opcode {
            OpCode::Text if fin => String::from_utf8_lossy(&payload).into_owned().into_bytes(),
            _ => payload,
        };
        let control = match opcode {
            OpCode::Close => {
                let reason = String::from_utf8_lossy(&payload).into_owned();
                ControlPayload::from(&CloseFrame::new(CloseCode::NORMAL, reason))
            }
            _ => ControlPayload::new(&payload[..payload.len().min(125)]).expect("short enough"),
        };
        let payload = if opcode.is_control() { control.as_bytes().to_vec() } else { payload };
        Self { fin, opcode, payload, control }
    }

    fn as_out_frame(&self) -> OutFrame<'_> {
        match (self.opcode, self.fin) {
            (OpCode::Text, true) => OutFrame::text(std::str::from_utf8(&self.payload).expect("made of text")),
            (OpCode::Text, false) => OutFrame::first_text(&self.payload),
            (OpCode::Binary, true) => OutFrame::binary(&self.payload),
            (OpCode::Binary, false) => OutFrame::first_binary(&self.payload),
            (OpCode::Continuation, fin) => OutFrame::continuation(&self.payload, fin),
            (OpCode::Ping, _) => OutFrame::ping(&self.control),
            (OpCode::Pong, _) => OutFrame::pong(&self.control),
            (OpCode::Close, _) => OutFrame::close(&self.control),
        }
    }

    fn as_frame(&self) -> Frame<'_> {
        Frame { fin: self.fin, opcode: self.opcode, payload: &self.payload }
    }
}
