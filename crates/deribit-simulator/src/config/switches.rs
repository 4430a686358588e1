//! Switches where the live service is not known well enough. Defaults are the harder case for a client.

use serde::Deserialize;

macro_rules! switch {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
        pub enum $name {
            $($(#[$value_doc])* #[serde(rename = $text)] $value,)+
        }
    };
}

switch! {
    /// What follows a client message that is too large.
    Oversize {
        /// An error; the connection stays open.
        #[default]
        ErrorKeep = "error_keep",
        /// An error and a close.
        ErrorClose = "error_close",
    }
}

switch! {
    /// What becomes of a request without an id.
    MissingId {
        /// It is answered, without one.
        #[default]
        Answer = "answer",
        /// It is refused.
        Reject = "reject",
    }
}

switch! {
    /// For how long a private call with a token authenticates.
    TokenBinds {
        /// For that call.
        #[default]
        Call = "call",
        /// For the connection from then on.
        Connection = "connection",
    }
}

switch! {
    /// What becomes of a connection whose token expires.
    OnExpiry {
        /// Private channels stop without notice, public ones go on.
        #[default]
        StopPrivate = "stop_private",
        /// All channels go on.
        KeepPrivate = "keep_private",
        /// It is closed with code 1000.
        Close = "close",
    }
}

switch! {
    /// What counts as the answer to a test request.
    HeartbeatAnswer {
        /// `public/test` alone.
        #[default]
        TestOnly = "test_only",
        /// Any request.
        AnyRequest = "any_request",
    }
}

switch! {
    /// How long a test request may stay unanswered.
    HeartbeatGrace {
        /// For one interval.
        #[default]
        Interval = "n",
        /// Until the next test request is due.
        NextCheck = "0",
    }
}

switch! {
    /// What becomes of a private channel in `public/subscribe`.
    PrivateViaPublic {
        /// It is left out.
        #[default]
        Omit = "omit",
        /// It is accepted from whoever is authenticated, and left out otherwise.
        AcceptIfAuth = "accept_if_auth",
        /// The call is refused.
        Error = "error",
    }
}

switch! {
    /// What becomes of a private channel beyond the scope.
    ScopeMissing {
        /// It is left out.
        #[default]
        Omit = "omit",
        /// The call is refused.
        Error = "error",
    }
}

switch! {
    /// The order of the channels in an acknowledgement.
    AckOrder {
        /// Descending by their bytes.
        #[default]
        Descending = "descending",
        /// By the seed.
        Shuffled = "shuffled",
        /// As asked.
        Request = "request",
    }
}

switch! {
    /// What follows an empty bucket.
    OnExhaust {
        /// The error, and a close soon after.
        #[default]
        Close = "close",
        /// The error alone.
        ErrorOnly = "error_only",
    }
}
