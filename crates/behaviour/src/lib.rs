//! What a protocol means, as values: the traits an adapter fills in, their defaults, and the
//! [`Handlers`] value that bundles them.
//!
//! Handlers *return decisions and perform nothing*: they can be simulated, replayed, and never
//! deadlock. They are synchronous and statically dispatched, since they run on every message.
//!
//! Reading order: [`Dialect`], [`Call`] and [`Channel`] say what can be asked for; [`Body`] and
//! [`Kept`] carry payloads, a [`Codec`] writes them and [`Decode`] reads them; then the behaviours:
//! [`MessageHandler`], [`ConnectionHandler`], [`ErrorHandler`], [`SubscriptionHandler`],
//! [`AuthHandler`], [`SettingHandler`], [`RateLimitHandler`]; [`Handlers`] bundles them, an [`Adapter`]
//! adds [`Endpoints`] and [`Settings`], of which each [`Layer`] may say some; [`Policies`] are the
//! application's own choices. [`Raw`] is the smallest dialect.
//! A service that takes methods and parameters in JSON is spoken to by data: an [`Envelope`], a
//! [`MethodCall`], and the handlers beside it.

mod adapter;
mod auth;
mod body;
mod classify;
mod codec;
mod connection;
mod dialect;
mod endpoints;
mod envelope;
mod error;
mod handlers;
#[doc(hidden)]
pub mod macro_support;
mod message;
mod method;
mod policy;
mod rate_limit;
mod raw;
mod refusal;
mod secret;
mod setting;
mod settings;
mod subscription;
mod topic;

pub use adapter::{Adapter, Speaking, speaking};
pub use auth::{AuthHandler, Grant, LoginMoment, LoginOccasion, NoAuth};
pub use body::{Body, Kept};
pub use classify::{Class, Fault, classify};
#[cfg(feature = "simd-json")]
pub use codec::Dynamic;
pub use codec::{
    Codec, CodecHandler, Decode, DecodeError, EncodeError, Json, JsonCodec, PayloadKind, Plain, Reads, Writes,
};
pub use connection::{ConnectAction, ConnectionHandler, DisconnectAction, FrameAction, Quiet};
pub use dialect::{Call, Channel, Conflate, Dialect, Idempotent, RequestId};
pub use endpoints::{EndpointSource, Endpoints};
pub use envelope::{Demand, Envelope, EnvelopeError, EnvelopeMessages};
pub use error::{ErrorHandler, RetryTransient, Verdict};
pub use handlers::{Behaviour, Handlers, Observers};
pub use message::{Correlation, Inbound, MessageHandler, Position};
pub use method::{
    CarriedPrices, FixedSettings, LoginBy, MethodCall, MethodRequest, MethodTopics, PricedRequest,
};
pub use policy::{Policies, Policy};
pub use rate_limit::{RateLimitHandler, Unpriced};
pub use raw::{Everything, Raw, RawMessages};
pub use refusal::Refusal;
pub use secret::Secret;
pub use setting::{NoSettings, Setting, SettingHandler};
pub use settings::{
    Bound, Explained, InitialConnect, InvalidSetting, KeepAlive, Lanes, Layer, Overrides, Preset,
    SettingName, SettingValue, Settings,
};
pub use subscription::{
    Confirmation, Continuity, LocalTopics, NoSubscriptions, SubscriptionHandler, TopicRequest,
};
pub use topic::Topic;
