//! How it is shown: a table on a terminal, lines, or JSON.
//!
//! Everything goes through one bounded queue to one thread that writes. Items wait for room in it, and
//! so come to wait in their subscriptions, where a rule decides; pictures of the board do not wait.

mod table;

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    sync::{
        mpsc::{self, Receiver, Sender},
        watch,
    },
    task::{JoinHandle, spawn_blocking},
};
use websockex_nova::{
    prelude::Gap,
    session::{Arrival, DeliveryCounts, GapCause, Health, Side},
};

use super::{board::Board, feed::Fed};
use crate::{args::Watch, told};

/// In which form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Table,
    Lines,
    Json,
}

impl Form {
    pub(super) fn of(wish: &Watch) -> Self {
        match wish.json {
            true => Self::Json,
            // A log would run through the table.
            false if io::stdout().is_terminal() && !wish.verbose => Self::Table,
            false => Self::Lines,
        }
    }
}

/// Where everything goes. Clones go to the same place.
#[derive(Clone, Debug)]
pub(super) struct Output {
    form: Form,
    texts: Sender<String>,
    /// Whether texts still wait until somebody reads.
    is_late: Arc<watch::Sender<bool>>,
    /// Texts that nobody read in time.
    unread: Arc<AtomicU64>,
}

impl Output {
    /// Begins to print. The task ends when the last clone is dropped, or when nobody reads any more.
    pub(super) fn start(form: Form) -> (Self, JoinHandle<io::Result<()>>) {
        let (texts, waiting) = mpsc::channel(MOST_WAITING);
        if form == Form::Table {
            ON_SCREEN.store(true, Ordering::SeqCst);
            // There is room: nothing waits yet.
            let _ = texts.try_send(table::ENTER.to_owned());
        }
        let output = Self { form, texts, is_late: Arc::default(), unread: Arc::default() };
        (output, spawn_blocking(|| print(waiting)))
    }

    /// An item, where each is shown.
    pub(super) async fn item(
        &self,
        channel: &str,
        arrival: Option<&Arrival>,
        age_ms: Option<i64>,
        data: &str,
    ) {
        if self.form != Form::Json {
            return;
        }
        let head = json!({
            "type": "item",
            "channel": channel,
            "link": arrival.map(|arrival| arrival.link.get()),
            "sequence": arrival.and_then(|arrival| arrival.sequence),
            "age_ms": age_ms,
        });
        let head = head.to_string();
        // A break can only stand between two words of the venue's JSON, where a blank is as good.
        let data = data.replace(['\n', '\r'], " ");
        self.put(format!("{},\"data\":{data}}}\n", &head[..head.len() - 1])).await;
    }

    /// A gap.
    pub(super) async fn gap(&self, gap: &Gap) {
        let sequence = |side: Option<Side>| side.and_then(|side| side.sequence);
        let reason = match &gap.cause {
            GapCause::Disconnected(reason) => Some(told::in_line(reason)),
            _ => None,
        };
        match self.form {
            Form::Table => {}
            Form::Lines => {
                let missing = gap.missing.map_or("an unknown number".to_owned(), |count| count.to_string());
                let why = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                self.put(format!("{}  GAP, {missing} missing: {}{why}\n", gap.topic, gap.cause.name())).await;
            }
            Form::Json => {
                let line = json!({
                    "type": "gap",
                    "channel": gap.topic,
                    "cause": gap.cause.name(),
                    "reason": reason,
                    "before": sequence(gap.before),
                    "after": sequence(gap.after),
                    "missing": gap.missing,
                });
                self.put(format!("{line}\n")).await;
            }
        }
    }

    /// Something happened to the client.
    pub(super) async fn event(&self, name: &str, text: &str) {
        match self.form {
            Form::Table => {}
            Form::Lines => self.put(format!("{text}\n")).await,
            Form::Json => {
                self.put(format!("{}\n", json!({"type": "state", "event": name, "text": text}))).await;
            }
        }
    }

    /// A picture of the board; none if it would have to wait.
    pub(super) fn show(&self, board: &Board, health: &Health) {
        let text = match self.form {
            Form::Table => table::screen(&board.view(Instant::now()), health),
            Form::Lines => {
                let view = board.view(Instant::now());
                view.rows.iter().filter(|row| row.items > 0).map(table::line).collect()
            }
            Form::Json => return,
        };
        let _ = self.texts.try_send(text);
    }

    /// How often the board is worth a picture.
    pub(super) const fn pace(&self) -> Duration {
        match self.form {
            Form::Lines => Duration::from_secs(1),
            Form::Table | Form::Json => Duration::from_millis(250),
        }
    }

    /// Gives the terminal back.
    pub(super) async fn leave(&self) {
        if ON_SCREEN.swap(false, Ordering::SeqCst) {
            self.put(table::LEAVE.to_owned()).await;
        }
    }

    /// What became of every item.
    pub(super) async fn sum_up(&self, fed: &[Fed]) {
        let text = match self.form {
            Form::Json => {
                let channels: Vec<_> = fed.iter().map(in_json).collect();
                format!("{}\n", json!({"type": "summary", "channels": channels}))
            }
            Form::Table | Form::Lines => fed.iter().map(in_words).collect(),
        };
        self.put(text).await;
    }

    /// From now on, nothing waits for somebody who reads longer than this.
    pub(super) fn hurry(&self, patience: Duration) {
        let is_late = Arc::clone(&self.is_late);
        drop(tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            is_late.send_replace(true);
        }));
    }

    /// How many texts nobody read in time.
    pub(super) fn unread(&self) -> u64 {
        self.unread.load(Ordering::SeqCst)
    }

    async fn put(&self, text: String) {
        let mut is_late = self.is_late.subscribe();
        tokio::select! {
            biased;
            // Whoever ends the program sees for himself that the reader has gone.
            _ = self.texts.send(text) => {}
            _ = is_late.wait_for(|is_late| *is_late) => {
                self.unread.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// Gives the terminal back when there is no time for anything else.
pub(super) fn restore() {
    if ON_SCREEN.swap(false, Ordering::SeqCst) {
        let _ = io::stdout().write_all(table::LEAVE.as_bytes());
        let _ = io::stdout().flush();
    }
}

fn print(mut texts: Receiver<String>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    while let Some(mut text) = texts.blocking_recv() {
        while let Ok(more) = texts.try_recv() {
            text += &more;
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

fn in_words(fed: &Fed) -> String {
    let DeliveryCounts { received, delivered, conflated, dropped, undecodable, queued, .. } = fed.counts;
    format!(
        "{}: received {received} = {delivered} delivered + {conflated} conflated + {dropped} dropped \
         + {undecodable} undecodable + {queued} queued; {} gaps\n",
        fed.channel, fed.gaps
    )
}

fn in_json(fed: &Fed) -> Value {
    json!({
        "channel": fed.channel,
        "received": fed.counts.received,
        "delivered": fed.counts.delivered,
        "conflated": fed.counts.conflated,
        "dropped": fed.counts.dropped,
        "undecodable": fed.counts.undecodable,
        "queued": fed.counts.queued,
        "gaps": fed.gaps,
        "refused": fed.refusal.as_ref().map(ToString::to_string),
    })
}

/// Whether the terminal shows the table.
static ON_SCREEN: AtomicBool = AtomicBool::new(false);

/// How many texts may wait to be printed.
const MOST_WAITING: usize = 256;
