//! The core without a runtime: a session driven by hand, against a peer made of a few lines.
//!
//! Nothing of ours stands above the session, and there is no tokio. What a shell does is all here:
//! it opens a link when told to, carries frames, and tells the session what happened.

use std::{
    error::Error,
    task::{Context, Poll, Waker},
    time::{Instant, SystemTime},
};

use nova_behaviour::{
    Body, Correlation, Dialect, Handlers, Inbound, Kept, MessageHandler, Plain, Policies, RequestId, Settings,
};
use nova_session::{Ask, Content, Session, Settlement, Start, State, Transmit};
use nova_transport::Handshake;

/// A language in which every message is answered, in order.
struct Shouting;

impl Dialect for Shouting {
    type Request = String;
    type Codec = Plain;
}

impl MessageHandler for Shouting {
    type Dialect = Self;
    type Error = std::convert::Infallible;

    fn encode(&mut self, _: RequestId, request: String, out: &mut Kept) -> Result<Correlation, Self::Error> {
        out.text_mut().push_str(&request);
        Ok(Correlation::Fifo)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Self::Error> {
        Ok(Inbound::Reply { to: None, result: Ok(message) })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let cx = &mut Context::from_waker(Waker::noop());
    let start = Start { now: Instant::now(), wall: SystemTime::now(), seed: 1 };
    let Policies { reconnect, limiter, .. } = Policies::default();
    let mut session: Session<_, Policies> =
        Session::new(Handlers::new(Shouting), reconnect, limiter, Settings::default(), start);

    // It asks for a link in one of its two places; we say that it is open.
    let dial = (0..2).find_map(|place| match session.poll_dial(place, cx) {
        Poll::Ready(dial) => dial,
        Poll::Pending => None,
    });
    let link = dial.ok_or("a new session wants a link")?.link;
    session.handle_connected(start.now, start.wall, link, &Handshake::default());
    assert!(matches!(session.state(), State::Ready { .. }));

    // A request goes out as a frame; the peer shouts it back.
    let id = session.request(start.now, Content::Request("hello".to_owned()), Ask::default())?;
    let Poll::Ready(Transmit::Frame(frame)) = session.poll_transmit(start.now, link, cx) else {
        return Err("the request goes out".into());
    };
    let answer = String::from_utf8(frame.payload().to_ascii_uppercase())?;
    let frame = nova_frame_codec::Frame {
        fin: true,
        opcode: nova_frame_codec::OpCode::Text,
        payload: answer.as_bytes(),
    };
    session.handle_frame(start.now, link, frame);
    let Poll::Ready(Ok(Settlement::Reply(reply))) = session.poll_settled(id, cx) else {
        return Err("the request is answered".into());
    };
    assert_eq!(reply, Kept::from("HELLO"));
    Ok(())
}
