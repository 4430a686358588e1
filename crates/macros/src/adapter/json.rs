//! `json(…)` and the demands: how a service wraps its messages.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{LitStr, Result, Token, parse::ParseStream};

use crate::options;

/// The names in an envelope.
#[derive(Default)]
pub(super) struct Json {
    id: Option<LitStr>,
    method: Option<LitStr>,
    params: Option<LitStr>,
    result: Option<LitStr>,
    error: Option<LitStr>,
    error_code: Option<LitStr>,
    error_message: Option<LitStr>,
    topic: Option<LitStr>,
    item: Option<LitStr>,
    sequence: Option<LitStr>,
    constants: Vec<(LitStr, LitStr)>,
}

const NAMES: &[&str] = &[
    "id",
    "method",
    "params",
    "result",
    "error",
    "error_code",
    "error_message",
    "topic",
    "item",
    "sequence",
    "constant",
];

impl Json {
    pub(super) fn read(option: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut json = Self::default();
        options::read(input, NAMES, &["constant"], |name, input| {
            let slot = match name.to_string().as_str() {
                "id" => &mut json.id,
                "method" => &mut json.method,
                "params" => &mut json.params,
                "result" => &mut json.result,
                "error" => &mut json.error,
                "error_code" => &mut json.error_code,
                "error_message" => &mut json.error_message,
                "topic" => &mut json.topic,
                "item" => &mut json.item,
                "sequence" => &mut json.sequence,
                _ => {
                    let pair = options::list(name, input, |list| {
                        pair(list, "constant(\"jsonrpc\" = \"\\\"2.0\\\"\")")
                    })?;
                    json.constants.push(pair);
                    return Ok(());
                }
            };
            *slot = Some(options::value(name, input)?);
            Ok(())
        })?;
        match (&json.topic, &json.item, &json.sequence) {
            (Some(_), None, _) => {
                Err(syn::Error::new(option.span(), "`topic` wants `item`: what of the message is the item"))
            }
            (None, Some(_), _) => {
                Err(syn::Error::new(option.span(), "`item` wants `topic`: which stream it belongs to"))
            }
            (None, None, Some(sequence)) => {
                Err(syn::Error::new(sequence.span(), "`sequence` wants `topic` and `item`"))
            }
            _ => Ok(json),
        }
    }

    pub(super) const fn has_items(&self) -> bool {
        self.topic.is_some()
    }

    pub(super) fn envelope<'a>(
        &self,
        demands: impl Iterator<Item = &'a Demand>,
        behaviour: &TokenStream,
    ) -> TokenStream {
        let Self {
            id,
            method,
            params,
            result,
            error,
            error_code,
            error_message,
            topic,
            item,
            sequence,
            constants,
        } = self;
        let or = |name: &Option<LitStr>, default: &str| {
            name.clone().unwrap_or_else(|| LitStr::new(default, proc_macro2::Span::call_site()))
        };
        let (id, method, result, error) =
            (or(id, "id"), or(method, "method"), or(result, "result"), or(error, "error"));
        let params = params.iter().map(|params| quote!(.with_params(#params)));
        let named_error = (error_code.is_some() || error_message.is_some()).then(|| {
            let (code, message) = (or(error_code, "code"), or(error_message, "message"));
            quote!(.with_error(#code, #message))
        });
        let items = topic.iter().zip(item).map(|(topic, item)| quote!(.with_items(#topic, #item)));
        let sequence = sequence.iter().map(|sequence| quote!(.with_sequence(#sequence)));
        let constants = constants.iter().map(|(name, json)| quote!(.with_constant(#name, #json)));
        let demands = demands.map(|demand| demand.setter(behaviour));
        quote! {
            #behaviour::Envelope::new(#id, #method, #result, #error)
                #(#params)* #named_error #(#items)* #(#sequence)* #(#constants)* #(#demands)*
        }
    }
}

/// What to do when a member of a message is this text.
pub(super) struct Demand {
    member: LitStr,
    text: LitStr,
    what: What,
}

enum What {
    Answer(LitStr),
    Reconnect(LitStr),
    Ignore,
}

impl Demand {
    /// `answer("op" = "alive?", with = "…")`, `reconnect("op" = "bye", reason = "…")`, `ignore("op" = "x")`.
    pub(super) fn read(option: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (known, usage): (&[&str], _) = match option.to_string().as_str() {
            "answer" => (&["with"], "answer(\"op\" = \"ping\", with = \"…\")"),
            "reconnect" => (&["reason"], "reconnect(\"op\" = \"bye\", reason = \"…\")"),
            _ => (&[], "ignore(\"op\" = \"noise\")"),
        };
        let (member, text) = pair(input, usage)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut said = None;
        options::read(input, known, &[], |name, input| {
            said = Some(options::value(name, input)?);
            Ok(())
        })?;
        let missing = || syn::Error::new(option.span(), format!("it is written `{usage}`"));
        let what = match option.to_string().as_str() {
            "answer" => What::Answer(said.ok_or_else(missing)?),
            "reconnect" => What::Reconnect(said.ok_or_else(missing)?),
            _ => What::Ignore,
        };
        Ok(Self { member, text, what })
    }

    fn setter(&self, behaviour: &TokenStream) -> TokenStream {
        let Self { member, text, what } = self;
        let demand = match what {
            What::Answer(with) => quote!(Answer(#with)),
            What::Reconnect(reason) => quote!(Reconnect(#reason)),
            What::Ignore => quote!(Ignore),
        };
        quote!(.with_demand(#member, #text, #behaviour::Demand::#demand))
    }
}

/// `"member" = "text"`.
fn pair(input: ParseStream<'_>, usage: &str) -> Result<(LitStr, LitStr)> {
    let written = |error: syn::Error| syn::Error::new(error.span(), format!("it is written `{usage}`"));
    let member = input.parse().map_err(written)?;
    input.parse::<Token![=]>().map_err(written)?;
    Ok((member, input.parse().map_err(written)?))
}
