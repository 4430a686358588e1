//! One method of a client's trait, read and checked.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, Ident, LitStr, Meta, Result, ReturnType, TraitItem, TraitItemFn, Type, Visibility,
    parse::{ParseStream, Parser as _},
};

use super::{
    call::{self, Call},
    parameter::{Parameter, parameters, plain},
};
use crate::{
    options::{self, Errors, Time},
    pattern::Pattern,
};

/// A method: what it is named, takes and yields.
pub(super) struct Method {
    pub(super) name: Ident,
    pub(super) docs: Vec<Attribute>,
    pub(super) parameters: Vec<Parameter>,
    /// Of the answer, or of the items.
    pub(super) reply: Type,
    /// The type that stands for the request or the channel.
    pub(super) type_name: Ident,
    /// Calls on the builder.
    pub(super) presets: TokenStream,
    pub(super) kind: Kind,
}

/// What a method does.
pub(super) enum Kind {
    Call(Call),
    Channel { pattern: Pattern, conflatable: bool },
}

const CHANNEL_OPTIONS: &[&str] = &["conflatable", "required", "priority", "fresh_within", "deadline", "type"];

/// The methods of every client, which would hide one of the same name.
const TAKEN: &[&str] = &[
    "authenticate",
    "call",
    "clone",
    "closed",
    "events",
    "explain",
    "forget_restored",
    "gauges",
    "health",
    "metrics",
    "monitor",
    "notify",
    "notify_binary",
    "notify_json",
    "notify_raw",
    "notify_text",
    "ping",
    "ready",
    "reconfigure",
    "reconnect",
    "recording",
    "restore",
    "send_binary",
    "send_json",
    "send_raw",
    "send_text",
    "settings",
    "shutdown",
    "shutdown_report",
    "state",
    "status",
    "subscribe",
    "topics",
    "wanted",
    "watch",
];

impl Method {
    pub(super) fn read(item: &TraitItem, errors: &mut Errors) -> Option<Self> {
        let TraitItem::Fn(method) = item else {
            errors.add(syn::Error::new_spanned(item, "a client's trait holds methods only"));
            return None;
        };
        check_signature(method, errors);
        let name = method.sig.ident.clone();
        let parameters = errors.keep(parameters(method));
        let reply = match &method.sig.output {
            ReturnType::Type(_, reply) => Some((**reply).clone()),
            ReturnType::Default => {
                let text = format!(
                    "say what it yields: `fn {name}(…) -> Reply`, or `-> ()` for an answer of no content"
                );
                errors.say(name.span(), text);
                None
            }
        };
        let is_kind = |attr: &&Attribute| attr.path().is_ident("call") || attr.path().is_ident("channel");
        let kinds: Vec<_> = method.attrs.iter().filter(is_kind).collect();
        let docs: Vec<_> = method.attrs.iter().filter(|attr| !is_kind(attr)).cloned().collect();
        if let Some(stray) = docs.iter().find(|attr| !is_passed_on(attr)) {
            let text = "an attribute that `#[client]` does not know: methods take `#[call]`, `#[channel(\"topic\")]` and comments";
            errors.add(syn::Error::new_spanned(stray, text));
        }
        let kind = match kinds[..] {
            [kind] => kind,
            [] => {
                errors
                    .say(name.span(), format!("say what `{name}` is: `#[call]` or `#[channel(\"topic\")]`"));
                return None;
            }
            [_, second, ..] => {
                errors.add(syn::Error::new_spanned(second, "a method is one call, or one channel"));
                return None;
            }
        };
        let (parameters, reply) = (parameters?, reply?);
        let read = if kind.path().is_ident("call") {
            Self::call(kind, name, docs, parameters, reply)
        } else {
            Self::channel(kind, name, docs, parameters, reply)
        };
        let method = errors.keep(read)?;
        if method.type_name == tokens_of(&method.reply) {
            let text = format!(
                "`{}` would be the type of `{name}` itself as well: name that one by `type = …`",
                method.type_name,
                name = method.name
            );
            errors.add(syn::Error::new_spanned(&method.reply, text));
            return None;
        }
        Some(method)
    }

    fn call(
        kind: &Attribute,
        name: Ident,
        docs: Vec<Attribute>,
        parameters: Vec<Parameter>,
        reply: Type,
    ) -> Result<Self> {
        let (call, type_name) = parse_args(kind, |input| call::read(input, &name))?;
        let type_name = type_name.unwrap_or_else(|| upper_camel(&name));
        let kind = Kind::Call(call);
        Ok(Self { name, docs, parameters, reply, type_name, presets: TokenStream::new(), kind })
    }

    fn channel(
        kind: &Attribute,
        name: Ident,
        docs: Vec<Attribute>,
        parameters: Vec<Parameter>,
        reply: Type,
    ) -> Result<Self> {
        let (mut conflatable, mut type_name, mut presets) = (false, None, TokenStream::new());
        let pattern = parse_args(kind, |input| {
            if !input.peek(LitStr) {
                return Err(input.error("say the topic first: `#[channel(\"ticker.{instrument}\")]`"));
            }
            let pattern: Pattern = input.parse()?;
            comma(input)?;
            options::read(input, CHANNEL_OPTIONS, &[], |option, input| {
                match option.to_string().as_str() {
                    "conflatable" => conflatable = true,
                    "required" => presets.extend(quote!(.required())),
                    "type" => type_name = Some(options::value(option, input)?),
                    "priority" => {
                        let priority: syn::Expr = options::value(option, input)?;
                        presets.extend(quote!(.priority(#priority)));
                    }
                    name => {
                        let (time, name): (Time, _) =
                            (options::value(option, input)?, Ident::new(name, option.span()));
                        presets.extend(quote!(.#name(#time)));
                    }
                }
                Ok(())
            })?;
            Ok(pattern)
        })?;
        let type_name = type_name.unwrap_or_else(|| upper_camel(&name));
        check_placeholders(&pattern, &parameters)?;
        let kind = Kind::Channel { pattern, conflatable };
        Ok(Self { name, docs, parameters, reply, type_name, presets, kind })
    }
}

/// The struct of a channel, with its constructor.
pub(super) fn channel_type(method: &Method, vis: &Visibility, behaviour: &TokenStream) -> TokenStream {
    let Method { type_name, parameters, docs, .. } = method;
    let (names, types): (Vec<_>, Vec<_>) =
        parameters.iter().map(|parameter| (&parameter.name, &parameter.ty)).unzip();
    let taken = parameters.iter().map(Parameter::taken);
    let values = parameters.iter().map(Parameter::field);
    let what = match &method.kind {
        Kind::Channel { pattern, .. } => format!("The channel `{}`.", pattern.text),
        Kind::Call(_) => String::new(),
    };
    let default = parameters.is_empty().then(|| default(type_name));
    let docs = docs.iter().filter(|attr| attr.path().is_ident("doc"));
    quote! {
        #[doc = #what]
        #[doc = ""]
        #(#docs)*
        #vis struct #type_name { #(#names: #types),* }

        impl #type_name {
            /// The channel with these parameters.
            #[must_use]
            #[allow(dead_code, clippy::too_many_arguments)]
            #vis fn new(#(#taken),*) -> Self {
                Self { #(#values),* }
            }
        }

        #default

        #[automatically_derived]
        impl ::core::fmt::Debug for #type_name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&#behaviour::Channel::topic(self), f)
            }
        }
    }
}

pub(super) fn default(type_name: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::core::default::Default for #type_name {
            fn default() -> Self {
                Self::new()
            }
        }
    }
}

/// What stands in the parentheses of an attribute, which may have none.
fn parse_args<T>(attr: &Attribute, read: impl FnOnce(ParseStream<'_>) -> Result<T>) -> Result<T> {
    let tokens = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) => TokenStream::new(),
        Meta::NameValue(value) => {
            return Err(syn::Error::new_spanned(value, "options stand in parentheses"));
        }
    };
    // Errors at the end of the input point at the attribute rather than at the whole macro.
    read.parse2(tokens).map_err(|error| at_least_at(error, attr))
}

fn at_least_at(error: syn::Error, attr: &Attribute) -> syn::Error {
    if error.to_string().contains("unexpected end of input") || attr.meta.require_list().is_err() {
        return syn::Error::new_spanned(attr, error.to_string().replace("unexpected end of input, ", ""));
    }
    error
}

/// The comma between what comes first and the options.
pub(super) fn comma(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() { Ok(()) } else { input.parse::<syn::Token![,]>().map(drop) }
}

fn check_signature(method: &TraitItemFn, errors: &mut Errors) {
    let signature = &method.sig;
    let takes_self =
        signature.receiver().is_some_and(|receiver| receiver.to_token_stream().to_string() == "& self");
    if !takes_self {
        let text = format!("methods are called on a client: `fn {}(&self, …)`", signature.ident);
        errors.say(signature.ident.span(), text);
    }
    if let Some(asyncness) = signature.asyncness {
        let text = "leave out `async`: the method returns a builder, which is awaited";
        errors.add(syn::Error::new_spanned(asyncness, text));
    }
    if let Some(parameter) = signature.generics.params.first() {
        errors.add(syn::Error::new_spanned(
            parameter,
            "a client's methods take no parameters of types or lifetimes",
        ));
    }
    if let Some(body) = &method.default {
        errors.add(syn::Error::new_spanned(body, "a client's methods have no body: it is made for them"));
    }
    if TAKEN.contains(&signature.ident.to_string().as_str()) {
        let name = &signature.ident;
        let text = format!(
            "every client has a method `{name}`, which would hide this one: name it otherwise, and on the wire by `#[call(\"{name}\")]`"
        );
        errors.say(name.span(), text);
    }
}

/// Every placeholder names a parameter, and every parameter is in a placeholder.
fn check_placeholders(pattern: &Pattern, parameters: &[Parameter]) -> Result<()> {
    let names: Vec<String> = parameters.iter().map(|parameter| plain(&parameter.name)).collect();
    if let Some(stray) = pattern.names.iter().find(|name| !names.contains(name)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = if names.is_empty() {
            format!("`{{{stray}}}` names no parameter: the method takes none")
        } else {
            format!("`{{{stray}}}` names no parameter: the method takes {}", options::listed(&names))
        };
        return Err(syn::Error::new(pattern.span(), text));
    }
    let unused = |parameter: &&Parameter| !pattern.names.contains(&plain(&parameter.name));
    match parameters.iter().find(unused) {
        Some(unused) => {
            let text =
                format!("the topic does not say `{{{}}}`, so it would be the same for all", unused.name);
            Err(syn::Error::new(unused.name.span(), text))
        }
        None => Ok(()),
    }
}

/// Comments and conditions go where the method goes.
fn is_passed_on(attr: &Attribute) -> bool {
    ["doc", "deprecated", "allow", "expect", "warn"].iter().any(|known| attr.path().is_ident(known))
}

fn tokens_of(ty: &Type) -> String {
    ty.to_token_stream().to_string()
}

fn upper_camel(name: &Ident) -> Ident {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
        first + letters.as_str()
    };
    let camel: String = plain(name).split('_').map(capital).collect();
    Ident::new(&camel, name.span())
}
