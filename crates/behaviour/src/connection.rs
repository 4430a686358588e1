//! The behaviour of a connection's life.

use nova_frame_codec::{CloseFrame, Message};
use nova_transport::{Endpoint, Handshake, LostReason};

use crate::body::Kept;

/// Is told what becomes of links, and may decide otherwise. Every method has a working default.
pub trait ConnectionHandler: Send + 'static {
    /// A link is open, before login and before any user traffic. Called once per link.
    fn connected(&mut self, handshake: &Handshake) -> ConnectAction {
        let _ = handshake;
        ConnectAction::Proceed
    }

    /// A link is gone, or could not be opened. `attempts` counts the reconnection attempts made
    /// since the session was last useful. Called once per link.
    fn disconnected(&mut self, reason: &LostReason, attempts: u32) -> DisconnectAction {
        let _ = (reason, attempts);
        DisconnectAction::Default
    }

    /// A whole message or control frame arrived, before the message handler sees it. The session
    /// answers pings and close frames itself, whatever is returned here.
    fn frame(&mut self, message: &Message<'_>) -> FrameAction {
        let _ = message;
        FrameAction::Pass
    }

    /// A line about itself for the client's status. Default: none.
    fn status(&self) -> Option<String> {
        None
    }
}

/// What to do with a link that has just opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConnectAction {
    /// Go on with login and the rest.
    Proceed,
    /// Send these first, then go on.
    Reply(Vec<Kept>),
    /// Close it with this frame, and reconnect by plan.
    Close(CloseFrame),
    /// End the session.
    Stop,
}

/// What to do after a link is gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DisconnectAction {
    /// What the error handler's verdict says.
    Default,
    /// End the session, whatever the verdict.
    Stop,
    /// Reconnect by plan, whatever the verdict.
    Reconnect,
    /// Reconnect by plan, to another endpoint from now on.
    ReconnectTo(Box<Endpoint>),
}

/// What to do with a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FrameAction {
    /// Hand it on.
    Pass,
    /// It needs no further handling.
    Consume,
    /// Send these, ahead of everything else, and hand the message on.
    Reply(Vec<Kept>),
    /// Close with this frame, and reconnect by plan.
    Close(CloseFrame),
    /// End the session.
    Stop,
}

/// Agrees with every default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl ConnectionHandler for Quiet {}
