//! The outer form of what is sent: replies, notifications, heartbeats, and the order of their members.

use bytes::Bytes;
use fastrand::Rng;

use crate::{config::KeyOrder, json::quoted};

/// The order of members one connection sees.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MemberOrder {
    /// Notifications begin with `params`.
    pub(crate) is_reversed: bool,
    testnet: Place,
}

/// Where `testnet` stands in replies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    First,
    Middle,
    Last,
}

/// What a reply says.
#[derive(Clone)]
pub(crate) enum Body {
    /// The JSON text of the result.
    Result(String),
    Error {
        code: i64,
        message: String,
        /// JSON text.
        data: Option<String>,
    },
}

/// A reply before it is written.
#[derive(Clone)]
pub(crate) struct Reply {
    /// JSON text.
    pub(crate) id: Option<String>,
    pub(crate) body: Body,
    pub(crate) us_in: u64,
    /// Members nobody knows are added.
    pub(crate) is_odd: bool,
}

impl MemberOrder {
    pub(crate) fn draw(key_order: KeyOrder, rng: &mut Rng) -> Self {
        match key_order {
            KeyOrder::Canonical => Self { is_reversed: false, testnet: Place::Last },
            KeyOrder::Mixed => {
                let testnet = [Place::First, Place::Middle, Place::Last][rng.usize(..3)];
                Self { is_reversed: rng.bool(), testnet }
            }
        }
    }
}

impl Body {
    pub(crate) fn error(code: i64, message: &str) -> Self {
        Self::Error { code, message: message.to_owned(), data: None }
    }

    pub(crate) fn error_with(code: i64, message: &str, data: String) -> Self {
        Self::Error { code, message: message.to_owned(), data: Some(data) }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::error(13009, "unauthorized")
    }

    pub(crate) fn invalid_token() -> Self {
        Self::error_with(13009, "unauthorized", r#"{"reason":"invalid_token"}"#.to_owned())
    }

    pub(crate) fn ok() -> Self {
        Self::Result("\"ok\"".to_owned())
    }

    fn member(&self) -> String {
        match self {
            Self::Result(result) => format!(r#""result":{result}"#),
            Self::Error { code, message, data } => {
                let data = data.as_ref().map(|data| format!(r#""data":{data},"#)).unwrap_or_default();
                format!(r#""error":{{"message":{},{data}"code":{code}}}"#, quoted(message))
            }
        }
    }
}

impl Reply {
    /// About how long it will be.
    pub(crate) fn bytes(&self) -> usize {
        const MEMBERS: usize = 150;
        let body = match &self.body {
            Body::Result(result) => result.len(),
            Body::Error { message, data, .. } => message.len() + data.as_ref().map_or(0, String::len),
        };
        MEMBERS + body
    }

    /// The text, leaving at this time.
    pub(crate) fn to_text(&self, us_out: u64, testnet: bool, order: MemberOrder) -> String {
        // A reply never leaves in the microsecond its request came in.
        let us_out = us_out.max(self.us_in + 1);
        let testnet = format!(r#""testnet":{testnet}"#);
        let mut members = vec![r#""jsonrpc":"2.0""#.to_owned()];
        members.extend(self.id.as_ref().map(|id| format!(r#""id":{id}"#)));
        members.push(self.body.member());
        members.push(format!(r#""usIn":{}"#, self.us_in));
        members.push(format!(r#""usOut":{us_out}"#));
        members.push(format!(r#""usDiff":{}"#, us_out - self.us_in));
        match order.testnet {
            Place::First => members.insert(0, testnet),
            Place::Middle => members.insert(members.len() / 2, testnet),
            Place::Last => members.push(testnet),
        }
        if self.is_odd {
            members.insert(0, ODD_MEMBER.to_owned());
        }
        format!("{{{}}}", members.join(","))
    }
}

/// A notification around data that was rendered before.
pub(crate) fn notification(channel: &str, data: &[u8], label: Option<&str>, is_reversed: bool) -> Bytes {
    let channel = quoted(channel);
    let label = label.map(quoted);
    let mut text = Vec::with_capacity(data.len() + channel.len() + 100);
    let mut push = |part: &[u8]| text.extend_from_slice(part);
    if is_reversed {
        push(br#"{"params":{"data":"#);
        push(data);
        if let Some(label) = &label {
            push(br#","label":"#);
            push(label.as_bytes());
        }
        push(br#","channel":"#);
        push(channel.as_bytes());
        push(br#"},"method":"subscription","jsonrpc":"2.0"}"#);
    } else {
        push(br#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"#);
        push(channel.as_bytes());
        if let Some(label) = &label {
            push(br#","label":"#);
            push(label.as_bytes());
        }
        push(br#","data":"#);
        push(data);
        push(b"}}");
    }
    text.into()
}

/// The answer to every call while the platform is down.
pub(crate) const MAINTENANCE: &str =
    r#"{"jsonrpc":"2.0","error":{"message":"system_maintenance","code":11051}}"#;

/// The last word to a client that does not read.
pub(crate) const TOO_SLOW: &str =
    r#"{"jsonrpc":"2.0","error":{"message":"connection_too_slow","code":10001}}"#;

pub(crate) const TEST_REQUEST: &str =
    r#"{"params":{"type":"test_request"},"method":"heartbeat","jsonrpc":"2.0"}"#;

pub(crate) const HEARTBEAT: &str = r#"{"params":{"type":"heartbeat"},"method":"heartbeat","jsonrpc":"2.0"}"#;

/// A member nobody knows.
pub(crate) const ODD_MEMBER: &str = r#""x_novel":{"a":[1,null,"b"],"c":{}}"#;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_notification_says_the_same_in_either_order() {
        let canonical = notification("quote.X", b"{\"a\":1}", Some("mine"), false);
        let reversed = notification("quote.X", b"{\"a\":1}", Some("mine"), true);
        assert!(canonical.starts_with(br#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"#));
        assert!(reversed.starts_with(br#"{"params":{"data":"#));
        let [canonical, reversed] =
            [canonical, reversed].map(|text| serde_json::from_slice::<Value>(&text).unwrap());
        assert_eq!(canonical, reversed);
        assert_eq!(canonical["params"]["label"], "mine");
        assert!(!notification("quote.X", b"1", None, true).windows(5).any(|part| part == b"label"));
    }

    #[test]
    fn a_reply_has_its_members_wherever_testnet_stands() {
        let mut starts = std::collections::BTreeSet::new();
        for seed in 0..32 {
            let order = MemberOrder::draw(KeyOrder::Mixed, &mut Rng::with_seed(seed));
            let id = Some("9223372036854775807".to_owned());
            let reply = Reply { id, body: Body::ok(), us_in: 70, is_odd: false };
            let text = reply.to_text(70, true, order);
            starts.insert(text.find("testnet"));
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["usDiff"], 1);
            assert_eq!(value["usOut"], 71);
            assert_eq!(value["id"], 9_223_372_036_854_775_807_u64);
            assert_eq!(value.as_object().unwrap().len(), 7);
        }
        assert_eq!(starts.len(), 3);
    }

    #[test]
    fn canonical_is_canonical() {
        let order = MemberOrder::draw(KeyOrder::Canonical, &mut Rng::with_seed(1));
        let data = r#"{"reason":"value required","param":"x"}"#.to_owned();
        let body = Body::error_with(-32602, "Invalid params", data);
        let reply = Reply { id: None, body, us_in: 5, is_odd: false };
        assert_eq!(
            reply.to_text(9, false, order),
            r#"{"jsonrpc":"2.0","error":{"message":"Invalid params","data":{"reason":"value required","param":"x"},"code":-32602},"usIn":5,"usOut":9,"usDiff":4,"testnet":false}"#
        );
    }
}
