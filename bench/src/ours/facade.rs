//! The whole client, as an application uses it: each message is an item of a subscription, behind a
//! session with its bounds, counters and deadlines.

use std::{
    future::{IntoFuture, poll_fn},
    pin::Pin,
    task::{Poll, ready},
};

use websockex_nova::{
    behaviour::{Everything, KeepAlive, Kept, LocalTopics, Quiet, RawMessages, RetryTransient},
    client::Connect,
    prelude::{Client, Delivery, Endpoint, Handlers, Policies, Subscription, speaking},
    transport::Transport,
};

use crate::socket::{Socket, Taker, Text};

type Speech = Handlers<RawMessages, Quiet, RetryTransient, LocalTopics>;

/// A client that is subscribed to all there is.
pub(crate) struct Facade {
    client: Client<Speech, Policies>,
    items: Subscription<Kept>,
}

impl Facade {
    pub(crate) async fn open(transport: impl Transport, endpoint: Endpoint) -> Self {
        let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
        let connect = Connect::new(speaking(endpoint, handlers), transport).with_seed(1);
        // Probes come by the clock, and would be in one count and not in the next.
        let connect = connect.with_settings(|settings| settings.keep_alive = KeepAlive::OFF);
        let client = connect.start();
        let items = client.subscribe(Everything).open().expect("everything can be subscribed to");
        client.ready().await.expect("the server upgrades");
        Self { client, items }
    }
}

impl Socket for Facade {
    async fn receive(&mut self, taker: &mut Taker) {
        loop {
            match self.items.next().await.expect("the server goes on") {
                Delivery::Item(item) => {
                    let text = item.as_body().as_text().expect("the server sends text");
                    if taker.take(text.as_bytes()) {
                        return;
                    }
                }
                Delivery::Gap(gap) => panic!("nothing is lost here: {gap}"),
            }
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, batch: u64) {
        let text = text.as_str();
        let mut waiting = Vec::with_capacity(batch as usize);
        for _ in 0..messages / batch {
            waiting.extend((0..batch).map(|_| self.client.notify_text(text).into_future()));
            // All of them are handed in before the first is waited for.
            let mut asked = false;
            poll_fn(|cx| {
                if !std::mem::replace(&mut asked, true) {
                    for handing in &mut waiting {
                        assert!(Pin::new(handing).poll(cx).is_pending(), "the driver has not run yet");
                    }
                }
                while let Some(handing) = waiting.last_mut() {
                    ready!(Pin::new(handing).poll(cx)).expect("the link is open");
                    waiting.pop();
                }
                Poll::Ready(())
            })
            .await;
        }
    }
}
