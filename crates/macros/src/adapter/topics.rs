//! `topics(…)`: how streams are subscribed to.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Expr, LitInt, LitStr, Result, parse::ParseStream};

use crate::options;

/// The methods that subscribe, and what their answers mean.
#[derive(Default)]
pub(super) struct Topics {
    subscribe: Option<LitStr>,
    unsubscribe: Option<LitStr>,
    names: Option<LitStr>,
    batch: Option<Expr>,
    confirmed: Option<LitStr>,
    postponed: Vec<LitInt>,
    /// Whether a break has the topic subscribed to anew.
    counted: Option<bool>,
}

const OPTIONS: &[&str] =
    &["subscribe", "unsubscribe", "names", "batch", "confirmed", "postponed", "counted", "resynchronised"];

impl Topics {
    pub(super) fn read(input: ParseStream<'_>) -> Result<Self> {
        let mut topics = Self::default();
        options::read(input, OPTIONS, &["postponed"], |name, input| {
            match name.to_string().as_str() {
                "subscribe" => topics.subscribe = Some(options::value(name, input)?),
                "unsubscribe" => topics.unsubscribe = Some(options::value(name, input)?),
                "names" => topics.names = Some(options::value(name, input)?),
                "batch" => topics.batch = Some(options::value(name, input)?),
                "confirmed" => topics.confirmed = Some(options::value(name, input)?),
                "postponed" => topics.postponed.push(options::value(name, input)?),
                "counted" => topics.counted = Some(topics.counted.unwrap_or(false)),
                _ => topics.counted = Some(true),
            }
            Ok(())
        })?;
        Ok(topics)
    }

    pub(super) fn handler(&self, behaviour: &TokenStream) -> TokenStream {
        let Self { subscribe, unsubscribe, names, batch, confirmed, postponed, counted } = self;
        let or = |name: &Option<LitStr>, default: &str| {
            name.clone().unwrap_or_else(|| LitStr::new(default, Span::call_site()))
        };
        let (subscribe, unsubscribe) = (or(subscribe, "subscribe"), or(unsubscribe, "unsubscribe"));
        let names = names.iter().map(|names| quote!(.with_names(#names)));
        let batch = batch.iter().map(|batch| quote!(.with_batch(#batch)));
        let confirmed = confirmed.iter().map(|confirmed| quote!(.with_confirmed(#confirmed)));
        let counted = counted.iter().map(|resynchronise| quote!(.counting_by_one(#resynchronise)));
        quote! {
            #behaviour::MethodTopics::new(#subscribe, #unsubscribe)
                #(#names)* #(#batch)* #(#confirmed)* #(.with_postponed(#postponed))* #(#counted)*
        }
    }
}
