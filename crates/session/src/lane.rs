//! A bounded outbound lane, with water marks that are crossed once each way.

use std::collections::VecDeque;

use nova_behaviour::Bound;

/// A queue bounded by count and by bytes.
#[derive(Debug)]
pub(crate) struct Lane<T> {
    items: VecDeque<(usize, T)>,
    bytes: usize,
    bound: Bound,
    is_high: bool,
}

/// A water mark that was crossed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mark {
    High,
    Low,
}

impl<T> Lane<T> {
    pub(crate) fn new(bound: Bound) -> Self {
        Self { items: VecDeque::new(), bytes: 0, bound, is_high: false }
    }

    /// Whether an item of this size fits. One that is larger than the bound fits when alone.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.items.is_empty() || self.items.len() < self.bound.count && self.bytes + bytes <= self.bound.bytes
    }

    /// Queues an item that [`has_room`](Self::has_room) said fits.
    pub(crate) fn push(&mut self, bytes: usize, item: T) -> Option<Mark> {
        self.items.push_back((bytes, item));
        self.bytes += bytes;
        self.rose()
    }

    /// Queues an item before those that may wait for it, behind all others.
    pub(crate) fn insert(&mut self, bytes: usize, item: T, may_wait: impl Fn(&T) -> bool) -> Option<Mark> {
        let behind = self.items.iter().rev().take_while(|(_, waiting)| may_wait(waiting)).count();
        self.items.insert(self.items.len() - behind, (bytes, item));
        self.bytes += bytes;
        self.rose()
    }

    /// Puts an item back at the front, whatever the bound: it had been accepted before.
    pub(crate) fn push_front(&mut self, bytes: usize, item: T) -> Option<Mark> {
        self.items.push_front((bytes, item));
        self.bytes += bytes;
        self.rose()
    }

    /// Changes the bound; what waits already stays.
    pub(crate) fn set_bound(&mut self, bound: Bound) {
        self.bound = bound;
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.items.front().map(|(_, item)| item)
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let (bytes, item) = self.items.pop_front()?;
        self.bytes -= bytes;
        Some(item)
    }

    /// The newest item that fits the description.
    pub(crate) fn newest(&mut self, is_it: impl Fn(&T) -> bool) -> Option<&mut T> {
        self.items.iter_mut().rev().map(|(_, item)| item).find(|item| is_it(item))
    }

    /// Keeps only the items for which `keep` holds.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let bytes = &mut self.bytes;
        self.items.retain(|(size, item)| {
            let kept = keep(item);
            *bytes -= if kept { 0 } else { *size };
            kept
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether the lane has just drained below half its bound, after having been above 7/8 of it.
    pub(crate) fn sank(&mut self) -> Option<Mark> {
        let is_low = self.items.len() * 2 <= self.bound.count && self.bytes * 2 <= self.bound.bytes;
        (self.is_high && is_low).then(|| {
            self.is_high = false;
            Mark::Low
        })
    }

    fn rose(&mut self) -> Option<Mark> {
        let (count, bytes) = (self.bound.count / 8 * 7, self.bound.bytes / 8 * 7);
        let is_high = self.items.len() >= count.max(1) || self.bytes >= bytes.max(1);
        (!self.is_high && is_high).then(|| {
            self.is_high = true;
            Mark::High
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_a_large_item_fits_alone() {
        let mut lane = Lane::new(Bound { count: 2, bytes: 10 });
        assert!(lane.has_room(99));
        lane.push(6, 'a');
        assert!(!lane.has_room(5));
        assert!(lane.has_room(4));
        lane.push(4, 'b');
        assert!(!lane.has_room(0));
        lane.retain(|item| *item == 'b');
        assert!(lane.has_room(6));
    }

    #[test]
    fn water_marks_are_crossed_once_each_way() {
        let mut lane = Lane::new(Bound { count: 8, bytes: 1000 });
        let marks: Vec<_> = (0..8).filter_map(|_| lane.push(1, ())).collect();
        assert_eq!(marks, [Mark::High]);
        let marks: Vec<_> = std::iter::from_fn(|| lane.pop().map(|()| lane.sank())).flatten().collect();
        assert_eq!(marks, [Mark::Low]);
    }
}
