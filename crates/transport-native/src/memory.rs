//! Buffers that belong to a thread and are lent to whichever link needs one now.
//!
//! A link needs a buffer from the moment bytes arrive until they are handled, which is one turn of
//! the executor; thousands of idle links then share one buffer. It was zeroed when it was made, and
//! what one link left in it is only ever overwritten by the next: a codec shows no byte that was not
//! committed.

use std::cell::RefCell;

use bytes::BytesMut;

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of [`BUFFER_BYTES`].
pub(crate) fn borrow() -> BytesMut {
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
    // Without the thread's memory, at its very end, there is still the allocator.
    spare.ok().flatten().unwrap_or_else(|| BytesMut::zeroed(BUFFER_BYTES))
}

/// Keeps a buffer for the next, if it is of the right size and not too many are kept.
pub(crate) fn give_back(buffer: BytesMut) {
    if buffer.len() != BUFFER_BYTES {
        return;
    }
    // An error means that the thread ends, and its memory with it.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < KEPT_BUFFERS {
            spare.push(buffer);
        }
    });
}

/// What is read at once. Measured: 8 KiB costs eight times the calls, 256 KiB gains nothing and
/// pollutes the cache.
pub(crate) const BUFFER_BYTES: usize = 64 * 1024;

/// One link reads while it writes, and a few may be held up with bytes in hand.
const KEPT_BUFFERS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_few_buffers_and_only_whole_ones() {
        let first = borrow();
        let place = first.as_ptr();
        give_back(first);
        assert_eq!(borrow().as_ptr(), place);
        give_back(BytesMut::zeroed(100));
        for _ in 0..10 {
            give_back(BytesMut::zeroed(BUFFER_BYTES));
        }
        assert_eq!(SPARE.with(|spare| spare.borrow().len()), KEPT_BUFFERS);
        assert!((0..10).all(|_| borrow().len() == BUFFER_BYTES));
    }
}
