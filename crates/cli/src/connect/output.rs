//! Messages on their way to standard output.

use std::{
    fmt::Write as _,
    future::{Future, IntoFuture, poll_fn},
    io,
    task::Poll,
    time::Duration,
};

use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};
use websockex_nova::{
    behaviour::{Everything, Kept},
    prelude::{Delivery, Gap, Subscription, secs},
    session::GapCause,
};

use super::Talk;
use crate::told;

/// Subscribes to all messages. What is returned prints them until the client is closed.
///
/// The subscription is asked for before this returns: as long as the client's driver does not run
/// yet, no message can come too early for it.
pub(super) async fn receive(client: Talk) -> impl Future<Output = io::Result<()>> + Send {
    let subscribing = client.subscribe(Everything).holding_back(PAUSE).deadline(Duration::MAX);
    let mut subscribing = subscribing.into_future();
    let asked = poll_fn(|cx| Poll::Ready(subscribing.as_mut().poll(cx))).await;
    async move {
        let messages = match asked {
            Poll::Ready(made) => made.ok(),
            // A local topic is never refused: only the end of the client keeps it from being.
            Poll::Pending => tokio::select! {
                biased;
                made = subscribing => made.ok(),
                _ = client.closed() => None,
            },
        };
        drop(client);
        match messages {
            Some(messages) => print(messages).await,
            None => Ok(()),
        }
    }
}

/// Prints messages until there are no more, each on a line. What is printed is flushed as soon as
/// nothing more waits.
async fn print(mut messages: Subscription<Kept>) -> io::Result<()> {
    let mut out = BufWriter::new(tokio::io::stdout());
    loop {
        let delivery = match waiting(&mut messages).await {
            Some(delivery) => delivery,
            None => {
                out.flush().await?;
                messages.next().await
            }
        };
        match delivery {
            Some(Delivery::Item(message)) => write(&mut out, &message).await?,
            Some(Delivery::Gap(gap)) => tell(&gap),
            None => return out.flush().await,
        }
    }
}

/// What can be taken at once, if anything.
async fn waiting(messages: &mut Subscription<Kept>) -> Option<Option<Delivery<Kept>>> {
    poll_fn(|cx| {
        Poll::Ready(match messages.poll_next(cx) {
            Poll::Ready(delivery) => Some(delivery),
            Poll::Pending => None,
        })
    })
    .await
}

async fn write(out: &mut (impl AsyncWrite + Unpin), message: &Kept) -> io::Result<()> {
    match message {
        Kept::Text(text) => out.write_all(text.as_bytes()).await?,
        Kept::Binary(bytes) => out.write_all(hexadecimal(bytes).as_bytes()).await?,
    }
    out.write_all(b"\n").await
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A lost link is told of elsewhere; that standard output was too slow, only here.
fn tell(gap: &Gap) {
    if matches!(gap.cause, GapCause::Overflow) {
        let count = gap.missing.map_or_else(|| "some".to_owned(), |count| count.to_string());
        eprintln!("nova: standard output is too slow: {count} messages were dropped");
    } else if !matches!(gap.cause, GapCause::Disconnected(_)) {
        eprintln!("nova: missed: {}", told::plain(&gap.to_string()));
    }
}

/// How long reading may pause for a slow standard output. Shorter than a probe waits for its answer.
const PAUSE: Duration = secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn text_stays_as_it_is_and_bytes_become_hexadecimal() {
        let mut out = Vec::new();
        write(&mut out, &Kept::from("a\u{e4}\tb")).await.unwrap();
        write(&mut out, &Kept::from(vec![0, 0x0F, 0xFF])).await.unwrap();
        write(&mut out, &Kept::Binary(Vec::new())).await.unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\u{e4}\tb\n0x000fff\n0x\n");
    }
}
