//! A conversation held in memory with the codec alone: a client greets, a server answers.

use nova_frame_codec::{Assembler, Client, Decoder, Encoder, MaskKey, Message, OutFrame, Server};

const LIMIT_BYTES: usize = 1 << 20;

fn main() {
    let mut client = Encoder::<Client>::new();
    client.push(OutFrame::text("héllo"), MaskKey::from([7, 1, 42, 0]));

    let (mut decoder, mut assembler) = (Decoder::<Server>::new(LIMIT_BYTES), Assembler::new(LIMIT_BYTES));
    let (first, rest) = client.pending().split_at(3);
    decoder.extend(first);
    assert!(decoder.next_frame().expect("no rule is broken").is_none(), "three bytes are no frame");
    decoder.extend(rest);
    let frame = decoder.next_frame().expect("no rule is broken").expect("the frame is whole");
    let message = assembler.push(frame).expect("no rule is broken");
    assert_eq!(message, Some(Message::Text("héllo")));

    let mut server = Encoder::<Server>::new();
    server.push(OutFrame::binary(&[1, 2, 3]));
    let mut decoder = Decoder::<Client>::new(LIMIT_BYTES);
    decoder.extend(server.pending());
    let frame = decoder.next_frame().expect("no rule is broken").expect("the frame is whole");
    let message = assembler.push(frame).expect("no rule is broken");
    assert_eq!(message, Some(Message::Binary(&[1, 2, 3])));
}
