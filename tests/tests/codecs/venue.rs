//! A venue that speaks one codec, and says what it is asked to.
//!
//! | Verb | What comes |
//! |---|---|
//! | `say`, `subscribe`, `unsubscribe` | a reply with the same topic and price |
//! | `deny` | a refusal |
//! | `mumble` | a reply whose price is none |
//! | `tick` | an item, then the reply |
//! | `stammer` | an item whose price is none, then the reply |
//! | `garble` | bytes that are no message, then the reply |
//! | `mistake` | a message of the other kind, then the reply |
//! | `cut` | the end of the stream |

use nova_testkit::net::{Conn, Peer, RawFrame, Served};
use websockex_nova::behaviour::{Decode, Kept, PayloadKind, Writes};

use crate::language::{Ask, Odd, Speaks, Told};

pub(crate) async fn venue<C: Speaks>() -> Served {
    Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        obey::<C>(&mut conn).await;
    })
    .await
    .expect("a port of the loopback interface is free")
}

async fn obey<C: Speaks>(conn: &mut Conn) {
    while let Some(frame) = conn.next().await {
        let mut message = match frame.opcode {
            0x1 => Kept::Text(frame.as_text().to_owned()),
            0x2 => Kept::Binary(frame.payload),
            0x8 => return conn.send(RawFrame::new(0x8, frame.payload)).await,
            0x9 => {
                conn.send(RawFrame::pong(frame.payload)).await;
                continue;
            }
            _ => continue,
        };
        assert_eq!(PayloadKind::of(&message.as_body()), C::KIND, "the codec chooses the kind of message");
        let ask = <Ask as Decode<C>>::decode(&mut message).expect("the client writes what can be read");
        let reply = Told { id: ask.id, is_refusal: false, topic: ask.topic, price: ask.price };
        let item = Told { id: 0, ..reply.clone() };
        match ask.verb.as_str() {
            "tick" => conn.send(frame_of::<C, _>(&item)).await,
            "stammer" => conn.send(frame_of::<C, _>(&odd(&item))).await,
            "garble" => conn.send(garbage(C::KIND)).await,
            "mistake" => conn.send(of_the_other_kind::<C>(&item)).await,
            "cut" => return,
            _ => {}
        }
        let reply = match ask.verb.as_str() {
            "mumble" => frame_of::<C, _>(&odd(&reply)),
            "deny" => frame_of::<C, _>(&Told { is_refusal: true, ..reply }),
            _ => frame_of::<C, _>(&reply),
        };
        conn.send(reply).await;
    }
}

fn odd(told: &Told) -> Odd {
    let Told { id, is_refusal, ref topic, .. } = *told;
    Odd { id, is_refusal, topic: topic.clone(), price: "none".to_owned() }
}

fn frame_of<C: Writes<T>, T>(value: &T) -> RawFrame {
    let mut out = Kept::default();
    C::write(value, &mut out).expect("these messages can be written");
    match out {
        Kept::Text(text) => RawFrame::text(text),
        Kept::Binary(bytes) => RawFrame::binary(bytes),
    }
}

/// No message in any of the codecs: a break without a beginning in CBOR, a number and then more in
/// MessagePack, a number without an end in Protobuf.
fn garbage(kind: PayloadKind) -> RawFrame {
    match kind {
        PayloadKind::Text => RawFrame::text("}{"),
        PayloadKind::Binary => RawFrame::binary([0xFF; 11]),
    }
}

/// A text codec's own message in a binary frame; and for a binary codec a text that would be one, byte
/// by byte, if its kind did not matter.
fn of_the_other_kind<C: Speaks>(item: &Told) -> RawFrame {
    match C::KIND {
        PayloadKind::Text => RawFrame::binary(frame_of::<C, _>(item).payload),
        PayloadKind::Binary => RawFrame::text(""),
    }
}
