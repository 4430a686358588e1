//! What the decoder does with its memory; what it says of frames is tested from outside.

use super::*;
use crate::role::Client;

/// Plays one read of `wire`, and tells how much of it there was room for.
fn read(decoder: &mut Decoder<Client>, wire: &[u8]) -> usize {
    let room = decoder.spare_mut(1);
    let length = room.len().min(wire.len());
    room[..length].copy_from_slice(&wire[..length]);
    decoder.commit(length);
    length
}

fn drain(decoder: &mut Decoder<Client>) -> usize {
    let mut frames = 0;
    while let Some(_frame) = decoder.next_frame().expect("legal frames") {
        frames += 1;
    }
    frames
}

fn ticks(count: usize) -> Vec<u8> {
    [&[0x81, 126, 1, 44], &[b'x'; 300][..]].concat().repeat(count)
}

#[test]
fn a_new_decoder_owns_nothing_and_an_idle_one_four_kib() {
    let mut decoder = Decoder::<Client>::new(usize::MAX);
    assert_eq!(decoder.buffer.capacity(), 0);
    for _ in 0..1_000 {
        read(&mut decoder, &ticks(1));
        drain(&mut decoder);
    }
    assert_eq!(decoder.buffer.capacity(), IDLE_BYTES);
}

#[test]
fn reads_that_fill_the_buffer_double_it_and_small_ones_halve_it_again() {
    let mut decoder = Decoder::new(1_000);
    let burst = ticks(2_000);
    let (mut rest, mut reads, mut frames) = (&burst[..], 0, 0);
    while !rest.is_empty() {
        let length = read(&mut decoder, rest);
        rest = &rest[length..];
        frames += drain(&mut decoder);
        reads += 1;
    }
    assert_eq!((frames, decoder.buffer.capacity()), (2_000, BURST_BYTES));
    assert!(reads <= 15, "{reads} reads for 600 KB");
    for _ in 0..200 {
        read(&mut decoder, &ticks(1)[..100]);
        read(&mut decoder, &ticks(1)[100..]);
        drain(&mut decoder);
    }
    assert!(decoder.buffer.capacity() <= 2 * IDLE_BYTES, "{:?}", decoder.buffer);
}

#[test]
fn a_read_that_fills_the_buffer_with_whole_frames_doubles_it_too() {
    let mut decoder = Decoder::new(4_092);
    let wire = [&[0x82, 126, 0x0F, 0xFC], &[7; 4_092][..]].concat();
    assert_eq!(read(&mut decoder, &wire), IDLE_BYTES);
    assert_eq!(drain(&mut decoder), 1);
    assert_eq!(decoder.spare_mut(1).len(), 2 * IDLE_BYTES);
}

#[test]
fn a_header_alone_takes_little_whatever_it_announces() {
    for announced in [65_536_u64, 1 << 40, 1 << 62] {
        let mut decoder = Decoder::<Client>::new(usize::MAX);
        decoder.extend(&[&[0x82, 127], &announced.to_be_bytes()[..]].concat());
        assert_eq!(decoder.next_frame(), Ok(None));
        assert!(decoder.spare_mut(1).len() as u64 <= announced.min(128 << 10));
        assert!(decoder.capacity() <= (128 << 10) + IDLE_BYTES);
    }
}

#[test]
fn a_large_frame_takes_memory_as_it_arrives_and_never_more_than_its_length() {
    let limit = 1 << 20;
    let length = limit - 10_000;
    let wire = [&[0x82, 127], &(length as u64).to_be_bytes()[..], &vec![7; length]].concat();
    let mut decoder = Decoder::new(limit);
    let mut arrived = 0;
    while arrived < wire.len() {
        arrived += read(&mut decoder, &wire[arrived..wire.len().min(arrived + 100_000)]);
        assert!(decoder.capacity() <= (2 * arrived).max(128 << 10) + BURST_BYTES);
        assert!(decoder.capacity() <= length + BURST_BYTES);
        assert!(decoder.is_mid_frame());
        assert_eq!(drain(&mut decoder), usize::from(arrived == wire.len()));
    }
    assert!(!decoder.is_mid_frame());
    decoder.spare_mut(1);
    assert!(decoder.capacity() <= BURST_BYTES, "given back before the next read");
}

#[test]
fn what_follows_a_large_frame_is_not_read_into_it() {
    let large = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], &[7; 65_536][..]].concat();
    let wire = [&large[..], &ticks(3), &large, &ticks(3)].concat();
    let mut decoder = Decoder::new(65_536);
    let (mut rest, mut lengths) = (&wire[..], Vec::new());
    while !rest.is_empty() {
        let length = read(&mut decoder, rest);
        rest = &rest[length..];
        while let Some(frame) = decoder.next_frame().expect("legal frames") {
            lengths.push(frame.payload.len());
        }
    }
    assert_eq!(lengths, [65_536, 300, 300, 300, 65_536, 300, 300, 300]);
}

#[test]
fn what_is_left_of_a_frame_never_makes_the_buffer_exceed_a_burst() {
    let longest_kept = [&[0x82, 126, 0x7F, 0xFF], &[7; 32_767][..]].concat();
    let large = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0x86, 0xA0], &[7; 100_000][..]].concat();
    for frame in [longest_kept, large] {
        let wire = frame.repeat(40);
        let mut decoder = Decoder::new(100_000);
        let (mut rest, mut frames) = (&wire[..], 0);
        while !rest.is_empty() {
            let length = read(&mut decoder, rest);
            rest = &rest[length..];
            frames += drain(&mut decoder);
            assert!(decoder.buffer.capacity() <= BURST_BYTES);
        }
        assert_eq!(frames, 40);
    }
}

#[test]
fn a_steady_stream_is_read_into_the_same_memory() {
    let mut decoder = Decoder::new(1_000);
    let mut places = Vec::new();
    for round in 0..100 {
        read(&mut decoder, &ticks(10));
        assert_eq!(drain(&mut decoder), 10);
        if round >= 10 {
            places.push(decoder.spare_mut(1).as_ptr());
        }
    }
    places.dedup();
    assert_eq!(places.len(), 1);
}

#[test]
fn memory_can_be_lent_and_taken_between_any_two_bytes() {
    let wire = ticks(5);
    let mut decoder = Decoder::<Client>::new(1_000);
    let mut memory = BytesMut::zeroed(BURST_BYTES);
    let mut frames = 0;
    for byte in &wire {
        decoder.lend_memory(memory);
        assert_eq!(decoder.spare_mut(1).len() + decoder.buffer.pending().len(), BURST_BYTES);
        decoder.extend(&[*byte]);
        frames += drain(&mut decoder);
        memory = decoder.take_memory().expect("a burst is worth taking");
        assert_eq!(memory.len(), BURST_BYTES);
        assert_eq!(decoder.capacity(), decoder.buffer.pending().len());
    }
    assert_eq!((frames, decoder.capacity()), (5, 0));
    assert!(decoder.take_memory().is_none());
}

#[test]
fn memory_of_batches_is_used_again_once_they_are_gone() {
    let mut decoder = Decoder::<Client>::new(1_000);
    let mut seen = Vec::new();
    for _ in 0..100 {
        read(&mut decoder, &ticks(3));
        let batch = decoder.next_batch().expect("legal frames").expect("three of them");
        assert_eq!(batch.len(), 3);
        seen.push(batch.owned_frames().next().expect("three of them").payload.as_ptr());
    }
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() <= 3, "{} allocations", seen.len());
}

#[test]
fn a_batch_begins_where_the_frame_before_it_ended() {
    let mut decoder = Decoder::<Client>::new(1_000);
    decoder.extend(&[0x81, 3, b'a', b'b', b'c', 0x81, 1, b'd', 0x82, 2, b'e', b'f']);
    assert!(decoder.next_frame().is_ok_and(|frame| frame.is_some_and(|frame| frame.payload == b"abc")));
    let batch = decoder.next_batch().expect("legal frames").expect("two of them");
    let payloads: Vec<_> = batch.owned_frames().map(|frame| frame.payload).collect();
    assert_eq!(payloads, [b"d".as_slice(), b"ef"]);
}

#[test]
fn room_is_at_least_what_was_asked_for_and_what_pends_survives() {
    for min in [0, 1, 100, 4_096, 5_000, 70_000, 300_000] {
        let mut decoder = Decoder::<Client>::new(1_000);
        decoder.extend(&[0x81]);
        let room = decoder.spare_mut(min);
        assert!(!room.is_empty() && room.len() >= min);
        decoder.extend(&[1, b'x']);
        assert!(decoder.next_frame().is_ok_and(|frame| frame.is_some_and(|frame| frame.payload == b"x")));
    }
}

#[test]
fn a_quarter_of_the_buffer_is_offered_however_little_is_asked_for() {
    let mut decoder = Decoder::<Client>::new(100_000);
    decoder.extend(&[0x82, 126, 0xFF, 0xFF]);
    for _ in 0..65_535 {
        let room = decoder.spare_mut(1).len();
        assert!(room >= decoder.buffer.capacity() / 4);
        decoder.commit(1);
    }
    assert_eq!(drain(&mut decoder), 1);
}

#[test]
fn asking_for_room_again_without_a_read_changes_nothing() {
    let mut decoder = Decoder::<Client>::new(1_000);
    for arrived in 0..3_000 {
        decoder.extend(&[[0x82, 126, 3, 232][arrived.min(3)]; 1]);
        let (room, capacity) = (decoder.spare_mut(1).len(), decoder.buffer.capacity());
        assert_eq!((decoder.spare_mut(1).len(), decoder.buffer.capacity()), (room, capacity));
    }
}

#[test]
fn after_an_error_nothing_is_kept() {
    let mut decoder = Decoder::<Client>::new(1_000);
    decoder.extend(&[0xFF; 100]);
    assert_eq!(decoder.next_frame(), Err(ProtocolError::ReservedBit));
    decoder.extend(&[0x81; 100_000]);
    assert_eq!((decoder.capacity(), decoder.is_mid_frame()), (0, false));
}

#[test]
#[should_panic(expected = "more bytes committed")]
fn committing_more_than_there_was_room_for_is_a_bug_of_the_caller() {
    Decoder::<Client>::new(1_000).commit(1);
}

#[test]
fn text_that_nothing_can_mend_is_refused_before_its_frame_is_whole() {
    let large = [&[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], &[b'x'; 40_000][..]].concat();
    let starts: [&[u8]; 4] = [&[0x81, 100], &[0x81, 126, 1, 0, b'a'], &[0x01, 100, b'a', 0xC3, 0x9F], &large];
    for start in starts {
        for (bytes, is_fine) in [
            (&b"abc"[..], true),
            (&[0xE2], true),
            (&[0xE2, 0x82], true),
            (&[0xE2, 0x82, 0xAC], true),
            (&[0xE2, 0x28], false),
            (&[0xFF], false),
            (&[0x80], false),
            (&[0xED, 0xA0], false),
        ] {
            let mut decoder = Decoder::<Client>::new(1 << 20);
            decoder.extend(start);
            assert_eq!(decoder.next_frame(), Ok(None));
            assert_eq!(decoder.check_unfinished(), Ok(()));
            decoder.extend(bytes);
            assert_eq!(decoder.next_frame(), Ok(None));
            let expected = if is_fine { Ok(()) } else { Err(ProtocolError::InvalidUtf8) };
            assert_eq!(decoder.check_unfinished(), expected, "{bytes:x?}");
            assert_eq!(decoder.next_frame().map(|_| ()), expected);
        }
    }
}

#[test]
fn continuations_of_text_are_judged_too_and_other_frames_are_not() {
    let check = |stream: &[u8]| {
        let mut decoder = Decoder::<Client>::new(1 << 20).with_compression();
        decoder.extend(stream);
        while let Ok(Some(_)) = decoder.next_coded() {}
        decoder.check_unfinished()
    };
    // A fragment that ends in a character, then its rest and more.
    assert_eq!(check(&[0x01, 2, b'a', 0xE2, 0x80, 9, 0x82, 0xAC, b'b']), Ok(()));
    assert_eq!(check(&[0x01, 2, b'a', 0xE2, 0x80, 9, 0x82, 0xAC, 0xFF]), Err(ProtocolError::InvalidUtf8));
    for not_text in [[0x02, 1, b'a'], [0x42, 1, b'a'], [0x41, 1, b'a']] {
        assert_eq!(check(&[&not_text[..], &[0x80, 9, 0xFF]].concat()), Ok(()), "{not_text:x?}");
    }
    for not_text in [0x82, 0xC1, 0x89, 0x80] {
        assert_eq!(check(&[not_text, 9, 0xFF]), Ok(()), "{not_text:x?}");
    }
    // The same where the continuation is so large that it has memory of its own.
    let large = |bytes: &[u8]| {
        let header = [0x01, 2, b'a', 0xE2, 0x80, 127, 0, 0, 0, 0, 0, 1, 0, 0];
        check(&[&header, bytes, &[b'x'; 40_000]].concat())
    };
    assert_eq!(large(&[0x82, 0xAC]), Ok(()));
    assert_eq!(large(&[0x82, 0xAC, 0xFF]), Err(ProtocolError::InvalidUtf8));
    // Behind the last continuation there is no text any more.
    assert_eq!(check(&[0x01, 0, 0x80, 0, 0x80, 9, 0xFF]), Ok(()));
}
