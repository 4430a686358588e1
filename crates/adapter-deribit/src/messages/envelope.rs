//! The envelope of a message: what is in it that says where it belongs.
//!
//! The venue writes members in any order, so nothing is known by its position. One pass finds them all
//! and builds nothing; what that pass does not understand, such as an escape in a name, serde reads.

use std::{borrow::Cow, fmt};

use nova_behaviour::Position;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::scan::{Cursor, whole};

/// The envelope of a message of the venue, borrowed from its text.
///
/// The adapter routes by it. It is public for whoever looks at messages before that: in a
/// [`ConnectionHandler`](nova_behaviour::ConnectionHandler), or to claim the reply to a message of his
/// own.
///
/// ```
/// # use nova_adapter_deribit::Envelope;
/// let text = r#"{"params":{"channel":"quote.BTC_USDC","data":{"a":1}},"method":"subscription"}"#;
/// let envelope = Envelope::read(text)?;
/// assert_eq!((envelope.channel.as_deref(), envelope.data), (Some("quote.BTC_USDC"), Some(r#"{"a":1}"#)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Envelope<'a> {
    /// The id of the request that this answers.
    pub id: Option<Id<'a>>,
    /// The method of a message that answers nothing, or of a request.
    pub method: Option<Cow<'a, str>>,
    /// The text of the parameters.
    pub params: Option<&'a str>,
    /// The channel of a notification.
    pub channel: Option<Cow<'a, str>>,
    /// The text of a notification's item.
    pub data: Option<&'a str>,
    /// The label that a private channel was subscribed to with.
    pub label: Option<Cow<'a, str>>,
    /// The type of a heartbeat.
    pub kind: Option<Cow<'a, str>>,
    /// The text of the result.
    pub result: Option<&'a str>,
    /// The text of the error.
    pub error: Option<&'a str>,
}

/// The id of a request: the venue repeats it as it came.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Id<'a> {
    /// A whole number.
    Number(u64),
    /// A text.
    Text(Cow<'a, str>),
    /// Any other value, as JSON text.
    Other(Cow<'a, str>),
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of a message.
    ///
    /// What the parts of it hold is not looked at, so they may turn out not to be JSON.
    ///
    /// # Errors
    ///
    /// The message is no JSON object, or one whose members have other types than an envelope's.
    pub fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        match scanned(text) {
            Some(envelope) => Ok(envelope),
            None => parsed(text),
        }
    }
}

impl fmt::Debug for Envelope<'_> {
    /// Shows names, and of everything else its length: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("channel", &self.channel)
            .field("kind", &self.kind)
            .field("params_bytes", &self.params.map(str::len))
            .field("result_bytes", &self.result.map(str::len))
            .field("error_bytes", &self.error.map(str::len))
            .finish_non_exhaustive()
    }
}

/// One pass, for what the venue usually writes.
fn scanned(text: &str) -> Option<Envelope<'_>> {
    let mut found = Envelope::default();
    let mut cursor = Cursor::new(text);
    cursor.members(|cursor, key| match key {
        "id" => once(&mut found.id, id(cursor.value()?)?),
        "method" => once(&mut found.method, plain(cursor.value()?)?),
        "params" if found.params.is_some() => None,
        "params" => {
            let mark = cursor.mark();
            if cursor.is_at_object() {
                cursor.members(|cursor, key| match key {
                    "channel" => once(&mut found.channel, plain(cursor.value()?)?),
                    "data" => once(&mut found.data, Some(cursor.value()?)),
                    "label" => once(&mut found.label, plain(cursor.value()?)?),
                    "type" => once(&mut found.kind, plain(cursor.value()?)?),
                    _ => cursor.value().map(drop),
                })?;
            } else {
                cursor.value()?;
            }
            found.params = cursor.since(mark);
            Some(())
        }
        "result" => once(&mut found.result, Some(cursor.value()?)),
        "error" => once(&mut found.error, Some(cursor.value()?)),
        _ => cursor.value().map(drop),
    })?;
    // JSON-RPC 2.0 leaves the member out that does not apply; a null in its place means as much.
    found.error = found.error.filter(|error| *error != "null");
    cursor.is_at_end().then_some(found)
}

/// Sets what must be there once at most: twice is for serde to refuse.
fn once<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    if place.is_some() {
        return None;
    }
    *place = value;
    Some(())
}

/// A string, if the value is one; `None` outside if it has escapes.
fn plain(value: &str) -> Option<Option<Cow<'_, str>>> {
    let Some(string) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Some(None);
    };
    (!string.contains('\\')).then_some(Some(Cow::Borrowed(string)))
}

fn id(value: &str) -> Option<Option<Id<'_>>> {
    if value == "null" {
        return Some(None);
    }
    let id = match plain(value)? {
        Some(text) => Id::Text(text),
        None => other_id(value),
    };
    Some(Some(id))
}

fn other_id(value: &str) -> Id<'_> {
    value.parse().map_or(Id::Other(Cow::Borrowed(value)), Id::Number)
}

/// The same by serde, whatever the text looks like.
fn parsed(text: &str) -> Result<Envelope<'_>, serde_json::Error> {
    // Serde takes the members of a struct from an array as well.
    if !Cursor::new(text).is_at_object() {
        return Err(de::Error::invalid_type(de::Unexpected::Other("no object"), &"an envelope"));
    }
    let Members { id, method, params, result, error } = serde_json::from_str(text)?;
    let params = params.map(RawValue::get);
    let Params { channel, data, label, kind } = match params {
        Some(params) if params.starts_with('{') => serde_json::from_str(params)?,
        _ => Params::default(),
    };
    let id = match id.map(RawValue::get).filter(|id| *id != "null") {
        None => None,
        Some(value) if value.starts_with('"') => Some(Id::Text(string(value)?)),
        Some(value) => Some(other_id(value)),
    };
    Ok(Envelope {
        id,
        method: optional(method)?,
        params,
        channel: optional(channel)?,
        data: data.map(RawValue::get),
        label: optional(label)?,
        kind: optional(kind)?,
        result: result.map(RawValue::get),
        error: error.map(RawValue::get).filter(|error| *error != "null"),
    })
}

fn optional(value: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    value.map(RawValue::get).filter(|value| value.starts_with('"')).map(string).transpose()
}

fn string(value: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Borrowing<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(value).map(|Borrowing(text)| text)
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Params<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    channel: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    label: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type", deserialize_with = "present")]
    kind: Option<&'a RawValue>,
}

/// An `Option` of a `RawValue` alone would read a `null` as absent.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// The position of an item of a book: its change's number, and of a change the number it follows.
pub(super) fn book_position(data: &str) -> Option<Position> {
    let (mut change, mut previous, mut kind) = (None, None, None);
    // The walk ends as soon as all is known, for the levels come after it.
    let _ = Cursor::new(data).members(|cursor, key| {
        match key {
            "change_id" => change = Some(cursor.value()?),
            "prev_change_id" => previous = Some(cursor.value()?),
            "type" => kind = Some(cursor.value()?),
            _ => drop(cursor.value()?),
        }
        let is_known = change.is_some() && (previous.is_some() || kind == Some(SNAPSHOT)) && kind.is_some();
        (!is_known).then_some(())
    });
    let number = whole(change?)?;
    let position = Position::new(number);
    match (previous.and_then(whole), kind) {
        // A snapshot is a base whatever else it says.
        (_, Some(SNAPSHOT)) => Some(position),
        (Some(previous), _) => Some(position.following(previous)),
        // A change that names nothing before it cannot be known to follow: by naming itself it follows
        // nothing that came before.
        (None, Some(CHANGE)) => Some(position.following(number)),
        (None, _) => Some(position),
    }
}

const SNAPSHOT: &str = "\"snapshot\"";
const CHANGE: &str = "\"change\"";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::messages::samples::{document, written};

    fn both(text: &str) -> Envelope<'_> {
        let by_serde = parsed(text).unwrap();
        if let Some(by_scan) = scanned(text) {
            assert_eq!(by_scan, by_serde, "{text}");
        }
        by_serde
    }

    #[test]
    fn members_are_found_in_any_order() {
        for text in [
            r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"a.b","data":[1],"label":"x"}}"#,
            r#"{"params":{"label":"x","data":[1],"channel":"a.b"},"method":"subscription","jsonrpc":"2.0"}"#,
            "{ \"params\" : { \"data\" : [1] , \"label\" : \"x\", \"channel\" :\n\"a.b\" } ,\"method\":\"subscription\"}\n",
        ] {
            assert!(scanned(text).is_some(), "{text}");
            let envelope = both(text);
            assert_eq!(envelope.channel.as_deref(), Some("a.b"));
            assert_eq!((envelope.data, envelope.label.as_deref()), (Some("[1]"), Some("x")));
        }
    }

    #[test]
    fn odd_texts_are_read_by_serde() {
        let escaped = r#"{"\u006dethod":"subscription","params":{"channel":"a\"b","data":null}}"#;
        assert_eq!(scanned(escaped), None);
        let envelope = Envelope::read(escaped).unwrap();
        assert_eq!(envelope.channel.as_deref(), Some("a\"b"));
        assert_eq!(envelope.data, Some("null"));
        assert!(Envelope::read(r#"{"id":1,"id":2,"result":0}"#).is_err());
    }

    #[test]
    fn ids_are_numbers_or_texts_or_none() {
        let id = |text: &str| {
            both(&format!(r#"{{"id":{text},"result":0}}"#)).id.map(|id| match id {
                Id::Number(number) => number.to_string(),
                Id::Text(text) => format!("text {text}"),
                Id::Other(other) => format!("other {other}"),
            })
        };
        assert_eq!(id("7"), Some("7".into()));
        assert_eq!(id("\"7\""), Some("text 7".into()));
        assert_eq!(id("\"a\\nb\""), Some("text a\nb".into()));
        assert_eq!(id("-7"), Some("other -7".into()));
        assert_eq!(id("99999999999999999999"), Some("other 99999999999999999999".into()));
        assert_eq!(id("null"), None);
    }

    #[test]
    fn a_null_result_is_there_and_a_null_error_is_not() {
        let envelope = both(r#"{"id":1,"error":null,"result":null}"#);
        assert_eq!((envelope.result, envelope.error), (Some("null"), None));
    }

    #[test]
    fn a_book_says_what_it_follows() {
        let at = |data: &str| book_position(data).map(|position| (position.number, position.follows));
        let cases = [
            (r#"{"type":"snapshot","change_id":5,"bids":[[1]]}"#, Some((5, None))),
            (r#"{"type":"snapshot","prev_change_id":4,"change_id":5}"#, Some((5, None))),
            (r#"{"asks":[],"prev_change_id":4,"type":"change","change_id":5}"#, Some((5, Some(4)))),
            (
                r#"{"change_id":193809616666.0,"prev_change_id":null,"type":"snapshot"}"#,
                Some((193_809_616_666, None)),
            ),
            (r#"{"change_id":5,"type":"change"}"#, Some((5, Some(5)))),
            (r#"{"bids":[],"change_id":5,"asks":[]}"#, Some((5, None))),
            (r#"{"type":"change","change_id":"x"}"#, None),
            ("[]", None),
            ("", None),
        ];
        for (data, expected) in cases {
            assert_eq!(at(data), expected, "{data}");
        }
    }

    /// A message with some of the members of an envelope, in any order, among others.
    fn message() -> impl Strategy<Value = Value> {
        let name = || prop_oneof![3 => "[a-z._]{0,9}".prop_map(Value::from), 1 => document()];
        let optional = |value: BoxedStrategy<Value>| proptest::option::of(value);
        let params = (
            optional(name().boxed()),
            optional(document().boxed()),
            optional(name().boxed()),
            optional(name().boxed()),
        )
            .prop_map(|(channel, data, label, kind)| {
                object([("channel", channel), ("data", data), ("label", label), ("type", kind)])
            });
        let params = prop_oneof![4 => params, 1 => document()];
        let id = prop_oneof![any::<u64>().prop_map(Value::from), name(), Just(json!(null)), Just(json!(-1))];
        (
            (optional(id.boxed()), optional(name().boxed()), optional(params.boxed())),
            (optional(document().boxed()), optional(document().boxed()), optional(document().boxed())),
        )
            .prop_map(|((id, method, params), (result, error, more))| {
                object([
                    ("id", id),
                    ("method", method),
                    ("params", params),
                    ("result", result),
                    ("error", error),
                    ("usIn", more),
                ])
            })
    }

    fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
        let there = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Value::Object(there.collect::<Map<_, _>>())
    }

    proptest! {
        #[test]
        fn the_scan_and_serde_find_the_same(message in message(), spaced in any::<bool>()) {
            let text = written(&message, spaced);
            let by_serde = parsed(&text).unwrap();
            if let Some(by_scan) = scanned(&text) {
                prop_assert_eq!(&by_scan, &by_serde);
            } else {
                prop_assert!(text.contains('\\'), "only escapes are odd: {}", text);
            }
            let part = |text: Option<&str>| text.map(|text| serde_json::from_str::<Value>(text).unwrap());
            prop_assert_eq!(part(by_serde.result), message.get("result").cloned());
            prop_assert_eq!(part(by_serde.params), message.get("params").cloned());
            let params = message.get("params").and_then(Value::as_object);
            prop_assert_eq!(part(by_serde.data), params.and_then(|params| params.get("data")).cloned());
            let channel = params.and_then(|params| params.get("channel")).and_then(Value::as_str);
            prop_assert_eq!(by_serde.channel.as_deref(), channel);
        }

        #[test]
        fn any_text_is_an_envelope_or_an_error(text in ".*") {
            let _ = Envelope::read(&text);
            let _ = book_position(&text);
        }

        #[test]
        fn a_cut_or_scrambled_message_is_survived(message in message(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let text = written(&message, false);
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            if let Ok(cut) = std::str::from_utf8(&bytes[..at]) {
                prop_assert!(Envelope::read(cut).is_err());
            }
            bytes[at] = byte;
            if let Ok(scrambled) = String::from_utf8(bytes) {
                let _ = Envelope::read(&scrambled);
            }
        }
    }
}
