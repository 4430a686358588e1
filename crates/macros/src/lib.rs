//! Typed clients from traits, and channels and adapters from structs.
//!
//! **Which crate do you want?** An application takes `websockex-nova` with its feature `macros`, whose
//! prelude has all three. Whoever builds on the crates below it takes `nova-macros` beside
//! `nova-behaviour` (for the derives) and `nova-client` (for `#[client]`). Both are found in the
//! manifest of the crate that is compiled, under whatever names they have there; where they cannot be,
//! `crate = path` says the path of the facade, or of a module that has `behaviour` and `client` in it.
//!
//! | Macro | Makes |
//! |---|---|
//! | [`#[client]`](macro@client) | methods over `Client` from a trait, and a type for each call and channel |
//! | [`#[derive(Channel)]`](derive@Channel) | a channel from a struct and a pattern of its topic |
//! | [`#[derive(Adapter)]`](derive@Adapter) | an adapter from a struct whose fields and options are its handlers |
//!
//! What is made is what would be written by hand: request types that implement `Call`, channels that
//! implement `Channel`, methods that return the framework's own builders, so that `.deadline(…)`,
//! `.replay_on_reconnect()` and `.conflated()` are there under the usual conditions. Nothing that is
//! made panics, needs `unsafe` or relies on what is in scope.
//!
//! ```text
//! use websockex_nova::prelude::*;
//!
//! #[derive(Adapter)]
//! #[adapter(endpoint = "wss://venue.example/ws", json(params = "params", topic = "channel", item = "data"), topics())]
//! struct Venue {}
//!
//! #[client(dialect = Venue)]
//! trait VenueClient {
//!     #[call("order/buy", cost("orders" = 1))]
//!     fn buy(&self, instrument: String, amount: f64, price: Option<f64>) -> Order;
//!
//!     #[channel("ticker.{instrument}.100ms", conflatable)]
//!     fn ticker(&self, instrument: String) -> Ticker;
//! }
//!
//! let client = Client::connect(Venue {}).await?;
//! let order = client.buy("BTC", 10.0, None).deadline(secs(2)).await?;
//! let mut ticks = client.ticker("BTC").conflated().await?;
//! ```
//!
//! (It is not compiled here, since this crate names no other of ours; the facade's documentation has it as
//! a program, and the tests of the whole run others like it.)

use proc_macro::TokenStream;

mod adapter;
mod channel;
mod client;
#[cfg(test)]
mod expansions;
mod options;
mod pattern;
mod roots;

/// Makes a typed client from a trait.
///
/// The trait becomes an extension trait of every `Client` that speaks the dialect; whoever imports it has
/// its methods. Each is marked as a call or as a channel, takes `&self` and parameters, and says what it
/// yields: the reply of a call, the items of a channel. Beside it comes a type for each (`fn place_order`
/// makes `PlaceOrder`), which `client.call(…)` and `client.subscribe(…)` take as well; its `new` takes
/// what is required, and for each `Option` there is a `with_…`.
///
/// Numbers, `bool` and `char` are taken as they are, everything else from whatever becomes it: a
/// parameter of type `String` takes `"BTC"`. An `Option`, which is known by that name, is not sent where it
/// is `None`.
///
/// The dialect's requests must be made of a method's name and parameters, which is the trait
/// `MethodRequest`: so they are with `#[adapter(json(…))]`, and with Deribit's adapter.
///
/// # Options
///
/// | `#[client(…)]` | Means | Default |
/// |---|---|---|
/// | `dialect = Type` | the language the client speaks | required |
/// | `prefix = "private/"` | stands before the name of every call | none |
/// | `crate = path` | where the facade is | as the manifest says |
///
/// | `#[call("name", …)]` | Means | Default |
/// |---|---|---|
/// | `"name"` | its name on the wire | the method's |
/// | `idempotent` | may be repeated: `.replay_on_reconnect()` is there | it may not |
/// | `cost("budget" = 3, OTHER = 1)` | what it costs, by the text or the path of a `BudgetId` | what the adapter says |
/// | `deadline = "10s"` | how long it may take (`ms`, `s`, `m`, `h`) | the settings' `call_deadline` |
/// | `priority = 7` | goes before what has less | 0 |
/// | `type = Name` | the name of the request's type | from the method's |
///
/// | `#[channel("topic.{parameter}", …)]` | Means | Default |
/// |---|---|---|
/// | `"topic.{parameter}"` | the topic; each parameter fills in its name; braces as such are doubled | required |
/// | `conflatable` | an item replaces those before it: `.conflated()` is there. The items' type must be of this crate | it does not |
/// | `required` | after a reconnect, ready only once it is acknowledged | no |
/// | `priority = 7` | after a reconnect, asked for before what has less | 0 |
/// | `fresh_within = "5s"` | how long it may be silent | for ever |
/// | `deadline = "10s"` | how long to wait for the acknowledgement | the settings' `call_deadline` |
/// | `type = Name` | the name of the channel's type | from the method's |
///
/// | `#[param(…)]` on a parameter of a call | Means | Default |
/// |---|---|---|
/// | `"name"` | its name on the wire | the parameter's |
/// | `whole` | this value, which serializes, is all of the parameters | one member for each parameter |
#[proc_macro_attribute]
pub fn client(args: TokenStream, item: TokenStream) -> TokenStream {
    finished(client::expand(args.into(), item.into()))
}

/// Makes a channel of a struct.
///
/// ```text
/// #[derive(Channel)]
/// #[channel(topic = "book.{instrument}", item = Book, dialect = Venue)]
/// struct BookOf {
///     instrument: String,
/// }
/// ```
///
/// Fields of a tuple go by their numbers: `"book.{0}"`.
///
/// # Options
///
/// | `#[channel(…)]` | Means | Default |
/// |---|---|---|
/// | `topic = "book.{field}"` | the topic; each field fills in its name; braces as such are doubled | required |
/// | `item = Type` | what each message means | required |
/// | `dialect = Type` | the language it is published in | required |
/// | `conflatable` | an item replaces those before it: `.conflated()` is there. The items' type must be of this crate | it does not |
/// | `crate = path` | where the facade is | as the manifest says |
/// | `skip`, on a field | the field is no part of the topic | it is |
#[proc_macro_derive(Channel, attributes(channel))]
pub fn channel(input: TokenStream) -> TokenStream {
    finished(channel::expand(input.into()))
}

/// Makes an adapter of a struct.
///
/// A field whose name is a role fills it with its value; an option whose name is a role fills it with a
/// type's default; other options fill roles by data. What is not filled keeps its default handler.
///
/// | Role | Filled by a field or `role = Type` | By data | Default |
/// |---|---|---|---|
/// | `messages` | a `MessageHandler` | `json(…)`, `answer(…)`, `reconnect(…)`, `ignore(…)` | required |
/// | `connection` | a `ConnectionHandler` | | `Quiet` |
/// | `errors` | an `ErrorHandler` | | `RetryTransient` |
/// | `subscriptions` | a `SubscriptionHandler` | `topics(…)` | `NoSubscriptions` |
/// | `auth` | an `AuthHandler` | `login(…)`, with a field `credentials` | `NoAuth` |
/// | `connection_settings` | a `SettingHandler` | `setting(…)` | `NoSettings` |
/// | `limits` | a `RateLimitHandler` | `budget(…)`, `cost(…)`, `held_back(…)` | `Unpriced` |
/// | `logging`, `metrics` | a `LoggingHandler`, a `MetricsCollector` | | over `tracing`; in process |
/// | where it is | a field `endpoint` or `endpoints` | `endpoint = "wss://…"`, several in turn | required |
/// | settings | a field `settings` | `settings(…)` | `Settings::default()` |
///
/// Any other field is marked `#[adapter(skip)]`, so that a mistyped role does not go unnoticed. An
/// application that wants another handler still has `Handlers::with_…` over `into_handlers()`.
///
/// # Options
///
/// | `#[adapter(…)]` | Means |
/// |---|---|
/// | `json(id, method, result, error = "…")` | the members of a message that are these; by default so named. The struct becomes the dialect |
/// | `json(params = "params")` | the member for parameters; without it they stand beside the method |
/// | `json(error_code, error_message = "…")` | members of an error; by default `code` and `message` |
/// | `json(topic, item, sequence = "…")` | members of an item: its stream, its content, its position. Dots go deeper |
/// | `json(constant("jsonrpc" = "\"2.0\""))` | a member of every request, as JSON |
/// | `answer("op" = "ping", with = "…")` | what to answer when a member is this text |
/// | `reconnect("op" = "bye", reason = "…")` | when to take a fresh link |
/// | `ignore("op" = "noise")` | what means nothing |
/// | `topics(subscribe, unsubscribe = "…")` | the methods; by default so named |
/// | `topics(names = "channels")` | the parameter for the names; without it they are the parameters |
/// | `topics(batch = 10)` | how many names one request takes; by default 1 |
/// | `topics(confirmed = "on")` | the member of the result that lists what was confirmed, `""` for all of it; without it any result confirms |
/// | `topics(postponed = 429)` | the number of a refusal after which to ask again |
/// | `topics(counted)` | positions count by one: otherwise there is a gap |
/// | `topics(resynchronised)` | the same, and then the topic is subscribed to anew |
/// | `login(with = function)` | `fn(&Credentials, LoginMoment) -> Request` makes the login |
/// | `login(expires_in = "seconds")` | the member of the result that says how long it holds; without it, without end |
/// | `login(lead = "60s", lapsed = 401)` | when to renew it; the number of a refusal that says it is over |
/// | `setting("set", params("heartbeat" = 30))` | a method called on every new connection |
/// | `setting("name", request = expression)` | the same, by a request |
/// | `setting(…, after_login, optional)` | only once logged in; even if it is refused |
/// | `budget("credits", capacity = 10, refill = 1, per = "300ms")` | what the service grants |
/// | `budget(…, reserve = 2, per_link, cost = 1)` | kept for the session itself; of one link; what any request costs that says nothing else |
/// | `cost("credits" = 1)` | what any request costs that says nothing else |
/// | `held_back(code = 429, pause = "1s")` | how long nothing priced goes out after such a refusal |
/// | `settings(call_deadline = "5s", in_flight = 64, …)` | fields of `Settings`; times as texts, the rest as expressions |
/// | `crate = path` | where the facade is |
#[proc_macro_derive(Adapter, attributes(adapter))]
pub fn adapter(input: TokenStream) -> TokenStream {
    finished(adapter::expand(input.into()))
}

fn finished(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion.unwrap_or_else(|error| error.into_compile_error()).into()
}
