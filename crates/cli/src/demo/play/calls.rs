//! Calls of the demonstration: each runs by itself, checks its echo, and keeps the ledger.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use websockex_nova::{
    behaviour::Call as Callable,
    echo::{EchoDialect, EchoMessages, Same},
    prelude::Handlers,
    session::RequestError,
};

use super::{DemoClient, DemoPolicies};
use crate::{
    demo::ledger::{End, Ledger, Number},
    told,
};

type CallBuilder<C> = websockex_nova::client::CallBuilder<Handlers<EchoMessages>, DemoPolicies, C>;

/// What a call carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Json,
    /// So many bytes.
    Bytes(usize),
}

/// A call to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) deadline: Option<Duration>,
    /// How long it may wait for a link.
    pub(super) wait: Option<Duration>,
    /// Whether it is sent again after a lost link. Heeded for JSON only, the one kind that is
    /// declared idempotent.
    pub(super) replays: bool,
}

impl Plan {
    pub(super) const fn of(kind: Kind) -> Self {
        Self { kind, deadline: None, wait: None, replays: false }
    }

    fn apply<C: Callable<EchoDialect>>(self, mut call: CallBuilder<C>) -> CallBuilder<C> {
        if let Some(deadline) = self.deadline {
            call = call.deadline(deadline);
        }
        if let Some(wait) = self.wait {
            call = call.wait_for_link(wait);
        }
        call
    }
}

/// Makes calls.
pub(super) struct Calls {
    client: DemoClient,
    ledger: Ledger,
}

impl Calls {
    pub(super) fn of(client: DemoClient) -> Self {
        Self { client, ledger: Ledger::default() }
    }

    pub(super) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn make_all(&self, plans: Vec<Plan>) -> Vec<Call> {
        plans.into_iter().map(|plan| self.make(plan)).collect()
    }

    /// Makes a call in a task of its own.
    pub(super) fn make(&self, plan: Plan) -> Call {
        let number = self.ledger.open(plan.replays);
        let (client, ledger) = (self.client.clone(), self.ledger.clone());
        let running = tokio::spawn(async move {
            let (end, why) = perform(client, number, plan).await;
            ledger.close(number, end);
            (end, why)
        });
        Call { number, ledger: self.ledger.clone(), running }
    }
}

/// A call under way.
pub(super) struct Call {
    number: Number,
    ledger: Ledger,
    running: JoinHandle<(End, String)>,
}

impl Call {
    pub(super) const fn number(&self) -> Number {
        self.number
    }

    /// How it ends, and why.
    pub(super) async fn end(self) -> (End, String) {
        self.running.await.unwrap_or_else(|error| (End::Mistaken, error.to_string()))
    }

    /// Stops waiting for it.
    pub(super) async fn give_up(self) -> Number {
        self.running.abort();
        // Once the task is gone, its call is cancelled; unless it ended a moment before.
        if self.running.await.is_err() {
            self.ledger.close(self.number, End::Cancelled);
        }
        self.number
    }
}

async fn perform(client: DemoClient, number: Number, plan: Plan) -> (End, String) {
    match plan.kind {
        Kind::Text => {
            let text = format!("{number} hello");
            ended(plan.apply(client.call(text.clone())).await, &text)
        }
        Kind::Json => {
            let value = Same(json!({ "call": number.get() }));
            let call = plan.apply(client.call(value.clone()));
            let call = if plan.replays { call.replay_on_reconnect() } else { call };
            ended(call.await, &value)
        }
        Kind::Bytes(length) => {
            let mut bytes = number.to_bytes().to_vec();
            bytes.resize(length.max(bytes.len()), 0xA5);
            ended(plan.apply(client.call(bytes.clone())).await, &bytes)
        }
    }
}

fn ended<R: PartialEq>(result: Result<R, RequestError>, echo: &R) -> (End, String) {
    match result {
        Ok(reply) if reply == *echo => (End::Answered, String::new()),
        Ok(_) => (End::Mistaken, "it is not its echo".to_owned()),
        Err(error) => (End::from(&error), told::in_line(&error)),
    }
}
