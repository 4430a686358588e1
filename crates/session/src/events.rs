//! The bounded queue of events, and the counters that become events once per wake.

use std::{
    collections::VecDeque,
    task::{Context, Waker},
    time::Instant,
};

use nova_telemetry::{Event, Record};
use nova_transport::Generation;

use crate::{
    delivery::GapCause,
    wakes::{Wakes, remember},
};

/// Events nobody has taken yet. When full, new ones are counted instead.
#[derive(Debug)]
pub(crate) struct Events {
    queue: VecDeque<Record>,
    limit: usize,
    dropped: u64,
    waker: Option<Waker>,
    /// Whether the last event of all was told: nothing may follow it.
    is_over: bool,
    pub(crate) counters: Counters,
}

/// What happens too often for an event each.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) frames_received: u64,
    pub(crate) bytes_received: u64,
    pub(crate) frames_sent: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) stale: u64,
    pub(crate) items_dropped: u64,
    pub(crate) breaks: u64,
    pub(crate) undecodable: u64,
    pub(crate) link: Generation,
}

impl Events {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            limit,
            dropped: 0,
            waker: None,
            is_over: false,
            counters: Counters::default(),
        }
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(crate) fn emit(&mut self, at: Instant, event: Event, wakes: &mut Wakes) {
        if self.is_over {
            return;
        }
        self.is_over = matches!(event, Event::Closed);
        // The last event must not be lost to a full queue.
        if self.queue.len() < self.limit || matches!(event, Event::Closed) {
            self.queue.push_back(Record { at, event });
        } else {
            self.dropped += 1;
        }
        wakes.add(self.waker.take());
    }

    /// Asks the one who takes events to come and see the counters.
    pub(crate) fn nudge(&mut self, wakes: &mut Wakes) {
        wakes.add(self.waker.take());
    }

    /// Moves all events into `records`. Returns whether there were any; if not, the task is woken
    /// when there are.
    pub(crate) fn drain(&mut self, now: Instant, records: &mut Vec<Record>, cx: &Context<'_>) -> bool {
        if self.is_over && self.queue.is_empty() {
            return false;
        }
        self.counted(now, records);
        if self.dropped > 0 {
            let count = std::mem::take(&mut self.dropped);
            records.push(Record { at: now, event: Event::EventsDropped { count } });
        }
        // Last, so that `Closed` is the last event of all.
        records.extend(self.queue.drain(..));
        if records.is_empty() {
            remember(&mut self.waker, cx);
        }
        !records.is_empty()
    }

    fn counted(&mut self, at: Instant, records: &mut Vec<Record>) {
        let c = std::mem::take(&mut self.counters);
        self.counters.link = c.link;
        let mut add = |event| records.push(Record { at, event });
        if c.frames_received + c.frames_sent > 0 {
            add(Event::Traffic {
                frames_received: c.frames_received,
                bytes_received: c.bytes_received,
                frames_sent: c.frames_sent,
                bytes_sent: c.bytes_sent,
            });
        }
        if c.undecodable > 0 {
            add(Event::Undecodable { link: c.link, count: c.undecodable });
        }
        if c.stale > 0 {
            add(Event::Stale { count: c.stale });
        }
        if c.items_dropped > 0 {
            add(Event::ItemsDropped { count: c.items_dropped });
        }
        if c.breaks > 0 {
            add(Event::GapsOpened { cause: GapCause::SequenceBreak.name(), count: c.breaks });
        }
    }
}
