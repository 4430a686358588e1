//! What a socket is put to, and what came of it.

use std::time::Instant;

use tokio::sync::oneshot;

use crate::{
    meter::{Mark, Used},
    socket::{Socket, Taker, Text},
};

/// Something to do with a socket of any contender.
pub(crate) trait Work {
    type Output;

    async fn on<T: Socket>(self, socket: T) -> Self::Output;
}

/// Takes so many messages.
pub(crate) struct Receive {
    pub(crate) messages: u64,
    /// Whether every byte is looked at.
    pub(crate) whole: bool,
}

/// What was received.
pub(crate) struct Received {
    pub(crate) used: Used,
    /// How many messages that was for.
    pub(crate) messages: u64,
    /// Of all messages.
    pub(crate) sum: u64,
}

impl Work for Receive {
    type Output = Received;

    async fn on<T: Socket>(self, mut socket: T) -> Received {
        let mut taker = Taker::new(self.messages, self.whole);
        socket.receive(&mut taker).await;
        Received { used: taker.used(), messages: taker.measured(), sum: taker.sum() }
    }
}

/// Sends so many messages in such batches, and waits until the server says that it has read them.
pub(crate) struct Send {
    pub(crate) text: Text,
    pub(crate) messages: u64,
    pub(crate) batch: u64,
}

impl Work for Send {
    type Output = Received;

    async fn on<T: Socket>(self, mut socket: T) -> Received {
        let warm = self.messages / 20 / self.batch * self.batch;
        socket.send(&self.text, warm, self.batch).await;
        let began = Mark::now();
        socket.send(&self.text, self.messages - warm, self.batch).await;
        let used = began.used();
        socket.receive(&mut Taker::new(1, false)).await;
        Received { used, messages: self.messages - warm, sum: 0 }
    }
}

/// Sends a message, waits for it to come back, and so on; tells the nanoseconds each took.
pub(crate) struct Echo {
    pub(crate) text: Text,
    pub(crate) rounds: u64,
}

impl Work for Echo {
    type Output = Vec<u64>;

    async fn on<T: Socket>(self, mut socket: T) -> Vec<u64> {
        let mut nanos = Vec::with_capacity(self.rounds as usize);
        for round in 0..self.rounds + self.rounds / 20 {
            let began = Instant::now();
            socket.send(&self.text, 1, 1).await;
            socket.receive(&mut Taker::new(1, false)).await;
            if round >= self.rounds / 20 {
                nanos.push(began.elapsed().as_nanos() as u64);
            }
        }
        nanos
    }
}

/// Sends and receives once, says so, and then waits for what never comes.
pub(crate) struct Hold {
    pub(crate) text: Text,
    pub(crate) ready: oneshot::Sender<()>,
}

impl Work for Hold {
    type Output = ();

    async fn on<T: Socket>(self, mut socket: T) {
        socket.send(&self.text, 1, 1).await;
        socket.receive(&mut Taker::new(1, false)).await;
        // Nobody listens any more when the measurement is over.
        let _ = self.ready.send(());
        drop(self.text);
        socket.receive(&mut Taker::new(u64::MAX, false)).await;
    }
}
