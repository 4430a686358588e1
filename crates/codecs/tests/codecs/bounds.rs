//! What a message says of itself costs neither stack nor memory.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    collections::BTreeMap,
};

use nova_codecs::{Bytes, Cbor, MAX_DEPTH, MessagePack, Protobuf};
use serde::{Deserialize, de::IgnoredAny};

use crate::{Order, read};

/// As deep as the message is.
#[derive(Debug, Deserialize)]
struct Nested(#[expect(dead_code, reason = "read by nobody but serde")] Vec<Nested>);

const MEGABYTE: usize = 1 << 20;

/// A megabyte of heads that each open a level, and nothing that closes one.
fn towers() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("arrays of MessagePack", vec![0x91; MEGABYTE]),
        ("maps of MessagePack", [0x81, 0xA0].repeat(MEGABYTE / 2)),
        ("arrays of CBOR", vec![0x81; MEGABYTE]),
        ("arrays of CBOR without end", vec![0x9F; MEGABYTE]),
        ("maps of CBOR", [0xA1, 0x60].repeat(MEGABYTE / 2)),
        ("tags of CBOR", vec![0xC1; MEGABYTE]),
        // Whole messages, so that it is the depth that is refused.
        ("a whole tower of MessagePack", [vec![0x91; MEGABYTE], vec![0x90]].concat()),
        ("a whole tower of CBOR", [vec![0x81; MEGABYTE], vec![0x80]].concat()),
    ]
}

#[test]
fn a_megabyte_of_nested_arrays_is_refused_on_a_small_stack() {
    // A thread of 128 KiB: recursion over a millionth part of it would not fit.
    let small = std::thread::Builder::new().stack_size(128 << 10);
    let thread = small.spawn(|| {
        for (what, bytes) in towers() {
            let pack = read::<MessagePack, Nested>(bytes.clone()).is_err();
            let ignored = read::<MessagePack, IgnoredAny>(bytes.clone()).is_err();
            let cbor = read::<Cbor, Nested>(bytes.clone()).is_err();
            let also = read::<Cbor, IgnoredAny>(bytes).is_err();
            assert!(pack && ignored && cbor && also, "{what}");
        }
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn nesting_up_to_the_bound_is_read_and_one_more_is_not() {
    let tower = |levels: usize, level: u8, top: u8| [vec![level; levels - 1], vec![top]].concat();
    assert!(read::<MessagePack, Nested>(tower(MAX_DEPTH, 0x91, 0x90)).is_ok());
    assert!(read::<Cbor, Nested>(tower(MAX_DEPTH, 0x81, 0x80)).is_ok());
    for refused in [
        read::<MessagePack, Nested>(tower(MAX_DEPTH + 2, 0x91, 0x90)).unwrap_err(),
        read::<Cbor, Nested>(tower(MAX_DEPTH + 2, 0x81, 0x80)).unwrap_err(),
    ] {
        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert_eq!(cause, "nested deeper than 128 levels");
    }
}

#[test]
fn nested_messages_of_protobuf_are_refused_on_a_small_stack() {
    // From the inside out: field 6, its length, and the message before.
    let mut tower = Vec::new();
    for _ in 0..5000 {
        let mut length = tower.len();
        let mut level = vec![0x32];
        while length >= 0x80 {
            level.push((length & 0x7F) as u8 | 0x80);
            length >>= 7;
        }
        level.push(length as u8);
        level.extend(tower);
        tower = level;
    }
    let small = std::thread::Builder::new().stack_size(512 << 10);
    assert!(small.spawn(|| read::<Protobuf, Order>(tower).is_err()).unwrap().join().unwrap());
}

/// Short messages that announce four thousand million of something, or more.
fn boasts() -> Vec<Vec<u8>> {
    let far = [0xFF; 8];
    let mut boasts = Vec::new();
    for head in [0xC6, 0xC9, 0xDB, 0xDD, 0xDF] {
        boasts.push([&[head], &far[..4]].concat());
        // With a few bytes behind it, as if more were on its way.
        boasts.push([&[head], &far[..4], &[1; 32]].concat());
    }
    for head in [0x5B, 0x7B, 0x9B, 0xBB] {
        boasts.push([&[head], &far[..]].concat());
        boasts.push([&[head][..], &[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], &[1; 32]].concat());
    }
    // As many values as there are numbers, and then the end of an array without a number.
    for head in [0x9B, 0xBB] {
        boasts.push([&[head], &far[..], &[0x01, 0x01, 0xFF]].concat());
    }
    // Protobuf: fields 1 and 7 with a length of 2^63.
    for head in [0x0A, 0x3A, 0x32] {
        boasts.push([&[head], &[0x80; 8][..], &[0x80, 0x01]].concat());
    }
    boasts
}

#[test]
fn announced_lengths_take_no_memory() {
    for boast in boasts() {
        let before = ALLOCATED.get();
        assert!(read::<MessagePack, Vec<u64>>(boast.clone()).is_err());
        assert!(read::<MessagePack, Vec<Order>>(boast.clone()).is_err());
        assert!(read::<MessagePack, String>(boast.clone()).is_err());
        assert!(read::<MessagePack, BTreeMap<String, u64>>(boast.clone()).is_err());
        assert!(read::<Cbor, Vec<u64>>(boast.clone()).is_err());
        assert!(read::<Cbor, Vec<Order>>(boast.clone()).is_err());
        assert!(read::<Cbor, String>(boast.clone()).is_err());
        assert!(read::<Cbor, BTreeMap<String, u64>>(boast.clone()).is_err());
        assert!(read::<Protobuf, Order>(boast.clone()).is_err());
        assert!(read::<Bytes, [u8; 2]>(boast.clone()).is_err());
        let taken = ALLOCATED.get() - before;
        assert!(taken < 8 << 10, "{boast:x?} took {taken} bytes");
    }
}

thread_local! {
    /// What this thread has allocated in all.
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

#[expect(unsafe_code, reason = "an allocator that counts cannot be written without")]
// SAFETY: all is done by the system's allocator; counting touches a plain cell of this thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Fails only while the thread ends.
        let _ = ALLOCATED.try_with(|taken| taken.set(taken.get() + layout.size()));
        // SAFETY: the caller keeps to the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer is of the system's allocator, as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
