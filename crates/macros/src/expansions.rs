//! What the macros make, held against texts that are kept in `tests/expansions`.
//!
//! After a change, `RENEW=1 cargo test -p nova-macros expansions` writes the texts anew; they are there
//! to be read.

use std::{env, fs, path::Path};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use crate::{adapter, channel, client};

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap()
}

/// Compares an expansion with the text of this name.
fn is_as_kept(name: &str, expansion: syn::Result<TokenStream>) {
    let expansion = expansion.unwrap();
    // Whatever it is, it is Rust.
    syn::parse2::<syn::File>(expansion.clone()).unwrap();
    let mut made = String::new();
    write(expansion, 0, &mut made);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansions").join(name);
    if env::var_os("RENEW").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(made == kept, "{name} has become different; first at (made, kept): {differs:?}");
}

/// Writes tokens a statement a line, with braces on lines of their own.
fn write(tokens: TokenStream, depth: usize, out: &mut String) {
    let indent = |out: &mut String| {
        if out.is_empty() || out.ends_with('\n') {
            out.push_str(&"    ".repeat(depth));
        }
    };
    let mut is_joint = true;
    for token in tokens {
        let is_tight =
            is_joint || out.ends_with(['\n', '(', '[', '<', '&', '.', ':', '#', '!']) || out.is_empty();
        indent(out);
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace if group.stream().is_empty() => {
                        out.push_str(" {}\n");
                        is_joint = true;
                        continue;
                    }
                    Delimiter::Brace => {
                        out.push_str(" {\n");
                        write(group.stream(), depth + 1, out);
                        if !out.ends_with('\n') {
                            out.push('\n');
                        }
                        indent(out);
                        out.push_str("}\n");
                        is_joint = true;
                        continue;
                    }
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                let is_attribute = open == '[' && out.trim_end().ends_with('#');
                out.push(open);
                let mut inner = String::new();
                write(group.stream(), 0, &mut inner);
                out.push_str(inner.trim());
                out.push(close);
                if is_attribute {
                    out.push('\n');
                }
                is_joint = is_attribute;
            }
            TokenTree::Punct(punct) => {
                let (symbol, before) = (punct.as_char(), out.chars().next_back());
                if !is_tight && matches!(symbol, '=' | '+' | '|' | '-' | '&' | '<' | '#' | ':') {
                    let opens = symbol == '<' && before.is_some_and(char::is_alphanumeric);
                    let ends_name = symbol == ':' && punct.spacing() == Spacing::Alone;
                    let goes_on = symbol == ':' && before.is_some_and(char::is_alphanumeric);
                    if !opens && !ends_name && !goes_on && before != Some(' ') {
                        out.push(' ');
                    }
                }
                out.push(symbol);
                is_joint =
                    punct.spacing() == Spacing::Joint || matches!(symbol, '&' | '#' | '\'' | '<' | '.' | '!');
                let ends = match symbol {
                    ',' | '+' | '=' => true,
                    ':' => before != Some(':'),
                    '>' => matches!(before, Some('-' | '=')),
                    _ => false,
                };
                if symbol == ';' {
                    out.push('\n');
                } else if ends && punct.spacing() == Spacing::Alone {
                    out.push(' ');
                } else if symbol == ':' {
                    is_joint = true;
                }
            }
            word => {
                if !is_tight && !out.ends_with(' ') {
                    out.push(' ');
                }
                out.push_str(&word.to_string());
                is_joint = false;
            }
        }
    }
}

const CLIENT: &str = r#"
    /// A client.
    pub trait VenueClient {
        /// Places an order.
        #[call("order/buy", type = Order, cost("orders" = 3, OTHERS = 1), deadline = "2s", priority = 1)]
        fn buy(&self, instrument: String, #[param("qty")] amount: f64, price: Option<f64>) -> Accepted;

        #[call(idempotent)]
        fn time(&self) -> Clock;

        #[channel("prices.{instrument}", conflatable, required)]
        fn prices(&self, instrument: String) -> Price;

        #[channel("fills")]
        fn fills(&self) -> Fill;
    }
"#;

#[test]
fn expansions_of_a_client_are_as_kept() {
    let args = tokens("dialect = Venue, prefix = \"private/\", crate = nova");
    is_as_kept("client.txt", client::expand(args, tokens(CLIENT)));
}

#[test]
fn expansions_of_a_channel_are_as_kept() {
    let input = r#"
        #[channel(topic = "book.{instrument}.{depth}", item = Book, dialect = Venue, conflatable, crate = nova)]
        struct BookOf<T: Display + Send + 'static> { instrument: T, depth: u32 }
    "#;
    is_as_kept("channel.txt", channel::expand(tokens(input)));
}

#[test]
fn expansions_of_an_adapter_by_data_are_as_kept() {
    let input = r#"
        #[adapter(crate = nova, endpoint = "wss://venue.example/", json(params = "params", topic = "t", item = "d"))]
        #[adapter(answer("method" = "ping", with = "pong"), topics(names = "channels", counted))]
        #[adapter(login(with = sign, expires_in = "expires"), setting("set", params("heartbeat" = 30)))]
        #[adapter(budget("credits", capacity = 9, refill = 3, per = "1s", cost = 1), held_back(code = 429, pause = "1s"))]
        #[adapter(settings(call_deadline = "5s"))]
        struct Venue { credentials: Secret }
    "#;
    is_as_kept("adapter_by_data.txt", adapter::expand(tokens(input)));
}

#[test]
fn expansions_of_an_adapter_by_handlers_are_as_kept() {
    let input = r#"
        #[adapter(crate = nova, subscriptions = LocalTopics)]
        struct Venue { endpoint: Endpoint, messages: Mine, errors: Strict, metrics: Numbers }
    "#;
    is_as_kept("adapter_by_handlers.txt", adapter::expand(tokens(input)));
}
