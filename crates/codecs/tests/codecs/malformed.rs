//! Whatever comes, it is a value or an error, and the error does not quote it.

use std::{collections::BTreeMap, error::Error};

use nova_behaviour::{Decode, DecodeError, Kept};
use nova_codecs::{Bytes, Cbor, MessagePack, Protobuf};
use proptest::prelude::*;
use serde::{Deserialize, de::IgnoredAny};

use crate::{Order, orders, read, written};

/// A type that takes any value, so that all of a message is read.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "read by nobody but serde")]
enum Any {
    Number(f64),
    Text(String),
    List(Vec<Any>),
    Map(BTreeMap<String, Any>),
    Other(IgnoredAny),
}

fn read_in_every_way(bytes: &[u8]) {
    let _ = read::<MessagePack, Order>(bytes);
    let _ = read::<MessagePack, Any>(bytes);
    let _ = read::<MessagePack, Vec<String>>(bytes);
    let _ = read::<Cbor, Order>(bytes);
    let _ = read::<Cbor, Any>(bytes);
    let _ = read::<Cbor, Vec<String>>(bytes);
    let _ = read::<Protobuf, Order>(bytes);
    let _ = read::<Bytes, [u8; 4]>(bytes);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        read_in_every_way(&bytes);
    }

    /// Messages that are right but for one byte get further than arbitrary ones.
    #[test]
    fn a_changed_byte_never_panics(order in orders(), place: usize, byte: u8) {
        let messages = [
            written::<MessagePack, _>(&order).unwrap(),
            written::<Cbor, _>(&order).unwrap(),
            written::<Protobuf, _>(&order).unwrap(),
        ];
        for message in messages {
            let mut bytes = message.as_binary().unwrap().to_vec();
            if let Some(place) = place.checked_rem(bytes.len()) {
                bytes[place] = byte;
            }
            read_in_every_way(&bytes);
        }
    }

    #[test]
    fn a_message_cut_short_or_drawn_out_is_refused(order in orders(), place: usize) {
        let message = written::<MessagePack, _>(&order).unwrap();
        let bytes = message.as_binary().unwrap();
        prop_assert!(read::<MessagePack, Order>(&bytes[..place % bytes.len()]).is_err());
        prop_assert!(read::<MessagePack, Order>([bytes, &[0]].concat()).is_err());
        let message = written::<Cbor, _>(&order).unwrap();
        let bytes = message.as_binary().unwrap();
        prop_assert!(read::<Cbor, Order>(&bytes[..place % bytes.len()]).is_err());
        prop_assert!(read::<Cbor, Order>([bytes, &[0]].concat()).is_err());
    }
}

#[test]
fn text_is_refused_by_its_kind() {
    let mut text = Kept::from("\u{1}");
    assert!(<u8 as Decode<MessagePack>>::decode(&mut text).unwrap_err().is_wrong_kind());
    assert!(<u8 as Decode<Cbor>>::decode(&mut text).unwrap_err().is_wrong_kind());
    assert!(<Order as Decode<Protobuf>>::decode(&mut text).unwrap_err().is_wrong_kind());
    assert!(<Vec<u8> as Decode<Bytes>>::decode(&mut text).unwrap_err().is_wrong_kind());
    assert_eq!(text, Kept::from("\u{1}"), "what is refused is not touched");
}

#[test]
fn no_error_quotes_the_payload() {
    fn told(error: &DecodeError) -> String {
        format!("{error} {error:?} {}", error.source().map(ToString::to_string).unwrap_or_default())
    }
    let secret = "hunter2".to_owned();
    let pack = written::<MessagePack, _>(&secret).unwrap();
    let cbor = written::<Cbor, _>(&secret).unwrap();
    let (pack, cbor) = (pack.as_binary().unwrap(), cbor.as_binary().unwrap());
    #[derive(Debug, Deserialize)]
    enum Side {
        Buy,
    }
    for error in [
        read::<MessagePack, u64>(pack).unwrap_err(),
        read::<MessagePack, Side>(pack).unwrap_err(),
        read::<MessagePack, char>(pack).unwrap_err(),
        read::<Cbor, u64>(cbor).unwrap_err(),
        read::<Cbor, Side>(cbor).unwrap_err(),
        read::<Cbor, char>(cbor).unwrap_err(),
        read::<Protobuf, Order>(&b"\x0Ahunter2"[..]).unwrap_err(),
    ] {
        assert!(!told(&error).contains("hunter2"), "{}", told(&error));
    }
}
