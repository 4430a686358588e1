//! What is written is read back.

use std::collections::BTreeMap;

use nova_behaviour::{Json, Kept, PayloadKind, Reads, Writes};
use nova_codecs::{Bytes, Cbor, MessagePack, Protobuf};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Order, orders, read, written};

fn goes_both_ways<C: Writes<T> + Reads<T>, T: PartialEq + std::fmt::Debug>(value: &T) {
    let mut payload = written::<C, T>(value).unwrap();
    assert_eq!(PayloadKind::of(&payload.as_body()), C::KIND);
    assert_eq!(&C::read(&mut payload).unwrap(), value);
}

proptest! {
    #[test]
    fn orders_go_both_ways_in_every_codec(order in orders()) {
        goes_both_ways::<Json, _>(&order);
        goes_both_ways::<MessagePack, _>(&order);
        goes_both_ways::<Cbor, _>(&order);
        goes_both_ways::<Protobuf, _>(&order);
    }

    #[test]
    fn bytes_go_both_ways(bytes: Vec<u8>) {
        goes_both_ways::<Bytes, _>(&bytes);
    }

    #[test]
    fn enums_maps_and_numbers_of_all_sizes_go_both_ways(
        map in proptest::collection::btree_map("\\PC{0,4}", any::<i64>(), 0..5),
        wide: u64,
        narrow: i8,
    ) {
        for side in [Side::None, Side::At(narrow), Side::Both(narrow, wide), Side::Named { map: map.clone() }] {
            goes_both_ways::<MessagePack, _>(&side);
            goes_both_ways::<Cbor, _>(&side);
        }
    }
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Side {
    None,
    At(i8),
    Both(i8, u64),
    Named { map: BTreeMap<String, i64> },
}

#[test]
fn structs_are_maps_of_names_and_unknown_ones_are_passed_over() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Part {
        amount: i64,
    }
    let order = Order { amount: -7, legs: vec![Order::default(); 2], ..Order::default() };
    for payload in [written::<MessagePack, _>(&order).unwrap(), written::<Cbor, _>(&order).unwrap()] {
        let bytes = payload.as_binary().unwrap();
        assert!(bytes.windows(6).any(|part| part == b"amount"), "{bytes:x?}");
    }
    let part = read::<MessagePack, Part>(written::<MessagePack, _>(&order).unwrap().as_binary().unwrap());
    assert_eq!(part.unwrap(), Part { amount: -7 });
    let part = read::<Cbor, Part>(written::<Cbor, _>(&order).unwrap().as_binary().unwrap());
    assert_eq!(part.unwrap(), Part { amount: -7 });
}

/// The examples of RFC 8949, appendix A, that others write and we do not: half precision, tags, and
/// lengths that are not known.
#[test]
fn what_other_encoders_write_in_cbor_is_read() {
    assert_eq!(read::<Cbor, f64>([0xF9, 0x3E, 0x00]).unwrap(), 1.5);
    assert_eq!(read::<Cbor, u64>([0xC1, 0x1A, 0x51, 0x4B, 0x67, 0xB0]).unwrap(), 1_363_896_240);
    let endless = [0x9F, 0x01, 0x82, 0x02, 0x03, 0x9F, 0x04, 0x05, 0xFF, 0xFF];
    assert_eq!(read::<Cbor, (u8, [u8; 2], [u8; 2])>(endless).unwrap(), (1, [2, 3], [4, 5]));
    let pieces = [0x7F, 0x65, 0x73, 0x74, 0x72, 0x65, 0x61, 0x64, 0x6D, 0x69, 0x6E, 0x67, 0xFF];
    assert_eq!(read::<Cbor, String>(pieces).unwrap(), "streaming");
}

#[test]
fn structs_of_arrays_are_read_in_message_pack() {
    // What peers write that leave the names out.
    let compact = [0x97, 0xA1, b'x', 0xCB, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xC0, 0xC3, 0x90, 0x90];
    let order = read::<MessagePack, Order>(compact).unwrap();
    assert_eq!((order.instrument.as_str(), order.amount, order.is_limit), ("x", 7, true));
}

#[test]
fn a_buffer_is_used_again() {
    let order = Order { instrument: "x".repeat(100), ..Order::default() };
    let mut out = Kept::Binary(Vec::with_capacity(4096));
    for _ in 0..3 {
        MessagePack::write(&order, &mut out).unwrap();
        Cbor::write(&order, &mut out).unwrap();
        Protobuf::write(&order, &mut out).unwrap();
        assert_eq!(out.capacity(), 4096);
    }
}
