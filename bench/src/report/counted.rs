//! Instructions of everybody, over the same stream in memory.

use std::error::Error;

use super::table;
use crate::{
    count::{self, Counted},
    load::Load,
    memory::Script,
    meter::Mark,
    on_runtime,
    socket::{Socket, Taker, Text},
    via::Via,
    who::Who,
    work::Work,
};

/// What is counted of each, and for how many messages.
const COLUMNS: [(&str, &str, u64); 6] = [
    ("receive 64 B", "receive:64@1", 10_000),
    ("350 B", "receive:350@1", 10_000),
    ("1000 B", "receive:1000@1", 10_000),
    ("1024 B in 4", "receive:1024/4@1", 5_000),
    ("send 350 B", "send:1", 5_000),
    ("16 at once", "send:16", 5_000),
];

pub(super) fn print() -> Result<(), Box<dyn Error>> {
    let mut cells = Vec::new();
    for who in Who::EACH {
        let mut line = Vec::new();
        for (_, what, messages) in COLUMNS {
            let cost = count::cost(&format!("who:{}:{what}", who.number()), messages)?;
            line.push(format!("{:.0}", cost.instructions));
        }
        cells.push(line);
    }
    println!(
        "By valgrind, over a stream in memory that always has as much as there is room for, whose copy is"
    );
    println!("counted too:\n");
    print!("{}", table(&COLUMNS.map(|(name, ..)| name), Who::EACH, |index| cells[index].clone()));
    Ok(())
}

/// Does one of them for [`count::cost`].
pub(crate) fn one(name: &str, messages: u64) -> Result<Counted, Box<dyn Error>> {
    let words: Vec<&str> = name.split(':').collect();
    let [_, who, what, how] = words[..] else { return Err("there is no such count".into()) };
    let who = Who::numbered(who)?;
    if what == "send" {
        let work = Give { messages, batch: how.parse()? };
        return Ok(on_runtime(who.perform(Via::Memory(Script::new(Vec::new())), work)));
    }
    let script = Script::new(how.parse::<Load>()?.ring().bytes);
    Ok(on_runtime(who.perform(Via::Memory(script), Take(messages))))
}

struct Take(u64);

impl Work for Take {
    type Output = Counted;

    async fn on<T: Socket>(self, mut socket: T) -> Counted {
        let mut taker = Taker::new(self.0, false);
        socket.receive(&mut taker).await;
        Counted { used: taker.used(), messages: taker.measured() }
    }
}

struct Give {
    messages: u64,
    batch: u64,
}

impl Work for Give {
    type Output = Counted;

    async fn on<T: Socket>(self, mut socket: T) -> Counted {
        let text = Text::new(Load::new(350, 1).text(0));
        let messages = self.messages.next_multiple_of(self.batch);
        let began = Mark::now();
        socket.send(&text, messages, self.batch).await;
        Counted { used: began.used(), messages }
    }
}
