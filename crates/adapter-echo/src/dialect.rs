//! The language of an echo service: any message, answered by itself.

use std::convert::Infallible;

use nova_behaviour::{Body, Correlation, Dialect, Inbound, Kept, MessageHandler, Plain, RequestId};

/// Requests are messages, replies are the same messages.
#[derive(Clone, Copy, Debug)]
pub struct EchoDialect;

impl Dialect for EchoDialect {
    type Request = Kept;
    type Codec = Plain;
}

/// Sends messages as they are, and takes answers in the order of the requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoMessages;

impl MessageHandler for EchoMessages {
    type Dialect = EchoDialect;
    type Error = Infallible;

    fn encode(&mut self, _id: RequestId, request: Kept, out: &mut Kept) -> Result<Correlation, Infallible> {
        *out = request;
        Ok(Correlation::Fifo)
    }

    fn adopt(&mut self, _id: RequestId, _message: Body<'_>) -> Correlation {
        Correlation::Fifo
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Infallible> {
        Ok(Inbound::Reply { to: None, result: Ok(message) })
    }
}
