//! What the venue says unasked, besides the items of channels.

use std::borrow::Cow;

use nova_behaviour::{Channel, Kept, Refusal, Topic};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{
    dialect::DeribitDialect,
    messages::{ERRORS, METHODS},
};

/// Errors that answer no request: the venue could not read a message, or speaks of the connection.
///
/// Nothing is asked of the venue for it. Maintenance is not among them: it ends the link.
///
/// ```
/// # use nova_adapter_deribit::StrayErrors;
/// # use nova_behaviour::Channel;
/// // With a client: client.subscribe(StrayErrors).await?
/// assert_eq!(StrayErrors.topic().as_str(), "method:error");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct StrayErrors;

/// An error that answers no request.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StrayError {
    /// What the venue said; [`RefusalExt`](crate::RefusalExt) tells what it means.
    pub refusal: Refusal,
}

impl Channel for StrayErrors {
    type Dialect = DeribitDialect;
    type Item = StrayError;

    fn topic(&self) -> Topic {
        Topic::from(ERRORS)
    }
}

impl<'de> Deserialize<'de> for StrayError {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(from)?;
        Ok(Self { refusal: refusal(text.get()) })
    }
}

/// Notifications of a method that this crate does not know, by the method's name. Their items are the
/// parameters.
///
/// Nothing is asked of the venue for it.
#[derive(Clone, Debug)]
pub struct Notifications(Topic);

impl Notifications {
    /// Those of this method.
    #[must_use]
    pub fn of(method: &str) -> Self {
        Self(Topic::from(format!("{METHODS}{method}")))
    }
}

impl Channel for Notifications {
    type Dialect = DeribitDialect;
    type Item = Box<RawValue>;

    fn topic(&self) -> Topic {
        self.0.clone()
    }
}

/// Reads an error object; whatever is wrong with it, somebody learns that there was one.
pub(crate) fn refusal(error: &str) -> Refusal {
    #[derive(Deserialize)]
    struct Members<'a> {
        code: i64,
        #[serde(default, borrow)]
        message: Cow<'a, str>,
        #[serde(default, borrow)]
        data: Option<&'a RawValue>,
    }
    match serde_json::from_str::<Members<'_>>(error) {
        Ok(Members { code, message, data }) => {
            let refusal = Refusal::new(message).with_code(code);
            match data {
                Some(data) => refusal.with_data(Kept::from(data.get())),
                None => refusal,
            }
        }
        Err(_) => Refusal::new("an error of unknown form").with_data(Kept::from(error)),
    }
}

#[cfg(test)]
mod tests {
    use crate::codec::DeribitJson;
    use nova_behaviour::Decode;

    use super::*;
    use crate::{Group, RefusalExt};

    #[test]
    fn a_stray_error_is_read_as_a_refusal() {
        let mut body = Kept::from(r#"{"message":"bad_request","code":11050,"data":"invalid json"}"#);
        let StrayError { refusal } = Decode::<DeribitJson>::decode(&mut body).unwrap();
        assert_eq!((refusal.code, refusal.reason()), (Some(11050), Some("invalid json".into())));
        assert_eq!(refusal.group(), Group::Fix);
    }

    #[test]
    fn notifications_have_the_topic_their_method_gives_them() {
        assert_eq!(Notifications::of("news").topic().as_str(), "method:news");
        let mut body = Kept::from("[1]");
        let item: Box<RawValue> = Decode::<DeribitJson>::decode(&mut body).unwrap();
        assert_eq!(item.get(), "[1]");
    }
}
