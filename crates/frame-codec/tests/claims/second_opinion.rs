//! tungstenite as a second reading of RFC 6455.
//!
//! Where it accepts a conversation, ours accepts the same one, with these exceptions: ours refuses
//! a length that is not in its shortest form, and a close code that may not travel, which
//! tungstenite reports as a close with 1002. It knows no code 1014. Where it refuses, so does ours,
//! never later, and often earlier, since it judges a header only once the whole frame is there.

use std::io::{self, Cursor, Read, Write};

use nova_frame_codec::{
    Client, CloseCode, CloseFrame, ControlPayload, Encoder, MaskKey, OutFrame, ProtocolError, Server,
};
use proptest::{collection::vec, prelude::*, sample::Index};
use tungstenite::{
    Message,
    protocol::{Role, WebSocket, WebSocketConfig},
};

use crate::{
    config,
    read::{Heard, Limits, Owned, read},
};

const LIMITS: Limits = Limits { frame_bytes: 70_000, message_bytes: 80_000 };

/// A legal piece of conversation.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Fragmented { text: String, at: Index, ping: Vec<u8> },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

pub(crate) fn frame() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => ".{0,90}".prop_map(Said::Text),
        1 => "[a-zß語🦀]{120,300}".prop_map(Said::Text),
        2 => vec(any::<u8>(), 0..300).prop_map(Said::Binary),
        1 => (65_530_usize..65_540).prop_map(|length| Said::Binary(vec![7; length])),
        3 => ("[a-cß語🦀]{1,20}", any::<Index>(), vec(any::<u8>(), 0..5))
            .prop_map(|(text, at, ping)| Said::Fragmented { text, at, ping }),
        1 => vec(any::<u8>(), 0..126).prop_map(Said::Ping),
        1 => vec(any::<u8>(), 0..126).prop_map(Said::Pong),
        1 => (prop_oneof![1000_u16..=1003, 1007_u16..=1013, 3000_u16..=4999], "[a-zß語🦀]{0,30}")
            .prop_map(|(code, reason)| Said::Close(code, reason)),
    ]
}

/// One change of a stream.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index),
    Cut(Index),
}

pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        5 => (any::<Index>(), 0_u32..8).prop_map(|(at, bit)| Damage::Flip(at, 1 << bit)),
        2 => (any::<Index>(), vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        2 => any::<Index>().prop_map(Damage::Remove),
        1 => any::<Index>().prop_map(Damage::Cut),
    ]
}

pub(crate) fn damaged(mut stream: Vec<u8>, damage: &[Damage]) -> Vec<u8> {
    for one in damage {
        // Half of all damage goes to the first bytes, where the first header stands.
        let near = |at: &Index| match at.index(stream.len() * 2).checked_sub(stream.len()) {
            Some(front) => front % stream.len().min(12),
            None => at.index(stream.len() * 2),
        };
        match one {
            _ if stream.is_empty() => {}
            Damage::Flip(at, bits) => {
                let at = near(at);
                stream[at] ^= bits;
            }
            Damage::Insert(at, bytes) => {
                let at = near(at);
                stream.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove(at) => {
                stream.remove(near(at));
            }
            Damage::Cut(at) => stream.truncate(near(at)),
        }
    }
    stream
}

pub(crate) fn encoded_by_us(said: &[Said], as_client: bool) -> Vec<u8> {
    let mut client = Encoder::<Client>::new();
    let mut server = Encoder::<Server>::new();
    let mut key = 0_u32;
    let mut push = |frame: OutFrame<'_>| {
        key = key.wrapping_mul(0x9E37_79B9).wrapping_add(0x1234_5677);
        if as_client { client.push(frame, MaskKey::from(key.to_be_bytes())) } else { server.push(frame) }
    };
    for one in said {
        match one {
            Said::Text(text) => push(OutFrame::text(text)),
            Said::Binary(bytes) => push(OutFrame::binary(bytes)),
            Said::Fragmented { text, at, ping } => {
                let (first, last) = text.as_bytes().split_at(at.index(text.len()));
                push(OutFrame::first_text(first));
                push(OutFrame::ping(&control(ping)));
                push(OutFrame::continuation(last, true));
            }
            Said::Ping(payload) => push(OutFrame::ping(&control(payload))),
            Said::Pong(payload) => push(OutFrame::pong(&control(payload))),
            Said::Close(code, reason) => {
                let code = CloseCode::try_from(*code).expect("a code that may travel");
                push(OutFrame::close(&ControlPayload::from(&CloseFrame::new(code, reason.as_str()))));
            }
        }
    }
    if as_client { client.pending().to_vec() } else { server.pending().to_vec() }
}

fn control(payload: &[u8]) -> ControlPayload {
    ControlPayload::new(payload).expect("generated short")
}

/// What was said, as messages, up to and including the first close.
fn meant(said: &[Said]) -> Vec<Owned> {
    let mut meant = Vec::new();
    for one in said {
        match one.clone() {
            Said::Text(text) => meant.push(Owned::Text(text)),
            Said::Binary(bytes) => meant.push(Owned::Binary(bytes)),
            Said::Fragmented { text, ping, .. } => meant.extend([Owned::Ping(ping), Owned::Text(text)]),
            Said::Ping(payload) => meant.push(Owned::Ping(payload)),
            Said::Pong(payload) => meant.push(Owned::Pong(payload)),
            Said::Close(code, reason) => {
                let code = CloseCode::try_from(code).expect("a code that may travel");
                meant.push(Owned::Close(Some(CloseFrame::new(code, reason))));
                break;
            }
        }
    }
    meant
}

/// A socket that plays back a stream and swallows what is written.
struct Playback(Cursor<Vec<u8>>);

impl Read for Playback {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Playback {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite hears, up to the first close, and whether it refused the rest.
fn heard_by_tungstenite(stream: &[u8], role: Role) -> (Vec<Message>, bool) {
    let config = WebSocketConfig::default()
        .max_frame_size(Some(LIMITS.frame_bytes))
        .max_message_size(Some(LIMITS.message_bytes));
    let playback = Playback(Cursor::new(stream.to_vec()));
    let mut socket = WebSocket::from_raw_socket(playback, role, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => {
                let last = message.is_close();
                messages.push(message);
                if last {
                    return (messages, false);
                }
            }
            Err(tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => return (messages, false),
            Err(_) => return (messages, true),
        }
    }
}

fn heard_by_us(stream: &[u8], role: Role) -> Heard {
    let mut heard = match role {
        Role::Client => read::<Client>(stream, LIMITS, []),
        Role::Server => read::<Server>(stream, LIMITS, []),
    };
    if let Some(close) = heard.messages.iter().position(|message| matches!(message, Owned::Close(_))) {
        heard.messages.truncate(close + 1);
        heard.end = Ok(());
    }
    heard
}

fn is_bad_close(message: &Message) -> bool {
    matches!(message, Message::Close(Some(close)) if u16::from(close.code) == 1002 && close.reason == "Protocol violation")
}

fn same(ours: &Owned, theirs: &Message) -> bool {
    match (ours, theirs) {
        (Owned::Text(ours), Message::Text(theirs)) => ours == theirs.as_str(),
        (Owned::Binary(ours), Message::Binary(theirs))
        | (Owned::Ping(ours), Message::Ping(theirs))
        | (Owned::Pong(ours), Message::Pong(theirs)) => ours == theirs,
        (Owned::Close(None), Message::Close(None)) => true,
        (Owned::Close(Some(ours)), Message::Close(Some(close))) => {
            ours.code() == CloseCode::BAD_GATEWAY && is_bad_close(theirs)
                || ours.code().get() == u16::from(close.code) && ours.reason() == close.reason.as_str()
        }
        _ => false,
    }
}

fn check_agreement(stream: &[u8], role: Role) {
    let ours = heard_by_us(stream, role);
    let (theirs, refused) = heard_by_tungstenite(stream, role);
    for (ours, theirs) in ours.messages.iter().zip(&theirs) {
        assert!(same(ours, theirs), "{ours:?} is not {theirs:?}");
    }
    assert!(ours.messages.len() <= theirs.len(), "we accept {:?}", &ours.messages[theirs.len()..]);
    match theirs.get(ours.messages.len()) {
        None => assert!(ours.end.is_err() || !refused, "we accept what tungstenite refuses"),
        Some(extra) => match ours.end {
            Err(ProtocolError::NonMinimalLength) => {}
            Err(ProtocolError::InvalidCloseCode(_)) => assert!(is_bad_close(extra), "{extra:?}"),
            end => panic!("we end with {end:?} before {extra:?}"),
        },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_we_encode_both_decode(said in vec(frame(), 0..8), as_client in any::<bool>()) {
        let stream = encoded_by_us(&said, as_client);
        let role = if as_client { Role::Server } else { Role::Client };
        let meant = meant(&said);
        prop_assert_eq!(&heard_by_us(&stream, role).messages, &meant);
        let (theirs, refused) = heard_by_tungstenite(&stream, role);
        prop_assert!(!refused && theirs.len() == meant.len());
        prop_assert!(meant.iter().zip(&theirs).all(|(ours, theirs)| same(ours, theirs)));
    }

    #[test]
    fn what_tungstenite_encodes_we_decode(said in vec(frame(), 0..8), as_client in any::<bool>()) {
        let (role, peer) = if as_client { (Role::Client, Role::Server) } else { (Role::Server, Role::Client) };
        let mut stream = Cursor::new(Vec::new());
        let mut socket = WebSocket::from_raw_socket(&mut stream, role, None);
        let mut expected = meant(&said);
        for message in &expected {
            let message = match message.clone() {
                Owned::Text(text) => Message::text(text),
                Owned::Binary(bytes) => Message::binary(bytes),
                Owned::Ping(bytes) => Message::Ping(bytes.into()),
                Owned::Pong(bytes) => Message::Pong(bytes.into()),
                Owned::Close(frame) => Message::Close(frame.map(|frame| tungstenite::protocol::CloseFrame {
                    code: frame.code().get().into(),
                    reason: frame.reason().to_owned().into(),
                })),
            };
            socket.send(message).expect("a buffer takes everything");
        }
        drop(socket);
        let heard = heard_by_us(stream.get_ref(), peer);
        prop_assert_eq!(heard.end, Ok(()));
        prop_assert_eq!(heard.messages, std::mem::take(&mut expected));
    }

    #[test]
    fn on_damaged_streams_we_agree_or_are_stricter(
        said in vec(frame(), 1..6),
        damage in vec(damage(), 1..4),
        as_client in any::<bool>(),
    ) {
        let stream = damaged(encoded_by_us(&said, as_client), &damage);
        check_agreement(&stream, if as_client { Role::Server } else { Role::Client });
    }

    #[test]
    fn on_arbitrary_streams_we_agree_or_are_stricter(stream in vec(any::<u8>(), 0..200)) {
        check_agreement(&stream, Role::Client);
        check_agreement(&stream, Role::Server);
    }
}
