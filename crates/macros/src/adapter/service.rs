//! Where the service is, the settings that suit it, and the settings every connection must have.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, LitStr, Result, Token, parse::ParseStream};

use crate::options::{self, Time};

/// Refuses what is no WebSocket URL at a glance; the rest shows at the first attempt.
pub(super) fn check_url(url: &LitStr) -> Result<()> {
    let text = url.value();
    let rest = text.strip_prefix("wss://").or_else(|| text.strip_prefix("ws://"));
    let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    match host {
        Some(host) if !host.is_empty() && !text.contains(char::is_whitespace) && !text.contains('#') => {
            Ok(())
        }
        _ => Err(syn::Error::new(url.span(), "an endpoint is a URL such as \"wss://venue.example/ws\"")),
    }
}

/// The settings of the session, where they differ from the defaults.
pub(super) struct Settings(Vec<(Ident, TokenStream)>);

const TIMES: &[&str] =
    &["call_deadline", "opening_deadline", "stable_after", "close_deadline", "drop_deadline"];
const KNOWN: &[&str] = &[
    "call_deadline",
    "opening_deadline",
    "stable_after",
    "close_deadline",
    "drop_deadline",
    "message_bytes",
    "in_flight",
    "events",
    "initial_connect",
    "keep_alive",
    "lanes",
    "subscription",
];

impl Settings {
    pub(super) fn read(input: ParseStream<'_>) -> Result<Self> {
        let mut settings = Vec::new();
        options::read(input, KNOWN, &[], |name, input| {
            let value = if TIMES.contains(&name.to_string().as_str()) {
                let time: Time = options::value(name, input)?;
                quote!(#time)
            } else {
                let value: Expr = options::value(name, input)?;
                quote!(#value)
            };
            settings.push((name.clone(), value));
            Ok(())
        })?;
        Ok(Self(settings))
    }

    pub(super) fn value(&self, behaviour: &TokenStream) -> TokenStream {
        let changes = self.0.iter().map(|(name, value)| quote!(settings.#name = #value;));
        quote! {
            let mut settings = <#behaviour::Settings as ::core::default::Default>::default();
            #(#changes)*
            settings
        }
    }
}

/// A setting every connection must have: `setting("set", params("heartbeat" = 30), after_login)`, or
/// `setting("heartbeat", request = …)`.
pub(super) struct Setting {
    name: LitStr,
    request: Request,
    is_after_login: bool,
    is_optional: bool,
}

enum Request {
    Made(Expr),
    /// The setting's name is the method, and these are its parameters.
    Method(Vec<(LitStr, Expr)>),
}

const SETTING: &[&str] = &["params", "request", "after_login", "optional"];

impl Setting {
    pub(super) fn read(option: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let wrong = || {
            let usage = "it is written `setting(\"set\", params(\"heartbeat\" = 30))`, or `setting(\"heartbeat\", request = …)`";
            syn::Error::new(option.span(), usage)
        };
        let name = input.parse().map_err(|_| wrong())?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let (mut request, mut is_after_login, mut is_optional) = (None, false, false);
        options::read(input, SETTING, &[], |name, input| {
            match name.to_string().as_str() {
                "request" => request = Some(Request::Made(options::value(name, input)?)),
                "params" => request = Some(Request::Method(options::list(name, input, params)?)),
                "after_login" => is_after_login = true,
                _ => is_optional = true,
            }
            Ok(())
        })?;
        Ok(Self { name, request: request.ok_or_else(wrong)?, is_after_login, is_optional })
    }

    pub(super) fn value(&self, behaviour: &TokenStream) -> TokenStream {
        let Self { name, request, is_after_login, is_optional } = self;
        let request = match request {
            Request::Made(request) => quote!(#request),
            Request::Method(params) => {
                let params = params.iter().map(|(name, value)| quote!(.with(#name, &#value)));
                let params = quote!(#behaviour::macro_support::Params::new() #(#params)*);
                quote!(#behaviour::MethodRequest::of_method(#name, &#params))
            }
        };
        let after_login = is_after_login.then(|| quote!(.after_login()));
        let optional = is_optional.then(|| quote!(.optional()));
        quote!(#behaviour::Setting::new(#name, #request) #after_login #optional)
    }
}

fn params(input: ParseStream<'_>) -> Result<Vec<(LitStr, Expr)>> {
    let param = |input: ParseStream<'_>| {
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok((name, input.parse()?))
    };
    Ok(input.parse_terminated(param, Token![,])?.into_iter().collect())
}
