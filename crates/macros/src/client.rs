//! A typed client from a trait: its methods are calls and channels.

mod call;
mod method;
mod parameter;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemTrait, LitStr, Path, Result, Type, parse::Parser as _};

use self::{
    method::{Kind, Method},
    parameter::Parameter,
};
use crate::{
    channel::{self, Fields},
    options::{self, Errors},
    roots::Roots,
};

/// The options of the attribute.
struct Options {
    dialect: Type,
    krate: Option<Path>,
    prefix: Option<LitStr>,
}

const OPTIONS: &[&str] = &["dialect", "prefix", "crate"];

/// Expands `#[client(…)] trait …`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: ItemTrait = syn::parse2(item).map_err(|error| {
        syn::Error::new(error.span(), format!("`#[client]` stands over a trait: {error}"))
    })?;
    let mut errors = Errors::default();
    let options = errors.keep(Options::read(args, &item));
    check_trait(&item, &mut errors);
    let methods: Vec<Method> =
        item.items.iter().filter_map(|method| Method::read(method, &mut errors)).collect();
    check_names(&methods, &mut errors);
    errors.finish()?;
    let options = options.ok_or_else(|| syn::Error::new(item.ident.span(), "the options cannot be read"))?;
    let roots = Roots::find(options.krate.as_ref())?;
    generate(&item, &options, &methods, &roots)
}

impl Options {
    fn read(args: TokenStream, item: &ItemTrait) -> Result<Self> {
        let (mut dialect, mut krate, mut prefix) = (None, None, None);
        let read = |input: syn::parse::ParseStream<'_>| {
            options::read(input, OPTIONS, &[], |option, input| {
                match option.to_string().as_str() {
                    "dialect" => dialect = Some(options::value(option, input)?),
                    "crate" => krate = Some(input_path(option, input)?),
                    _ => prefix = Some(options::value(option, input)?),
                }
                Ok(())
            })
        };
        read.parse2(args)?;
        let dialect = dialect.ok_or_else(|| {
            let text = "say which dialect the client speaks: `#[client(dialect = …)]`";
            syn::Error::new(item.ident.span(), text)
        })?;
        Ok(Self { dialect, krate, prefix })
    }
}

/// The path behind `crate =`.
pub(crate) fn input_path(option: &syn::Ident, input: syn::parse::ParseStream<'_>) -> Result<Path> {
    input.parse::<syn::Token![=]>().map_err(|_| {
        syn::Error::new(option.span(), "`crate` wants the path of the facade: `crate = websockex_nova`")
    })?;
    input.call(Path::parse_mod_style)
}

fn check_trait(item: &ItemTrait, errors: &mut Errors) {
    if let Some(parameter) = item.generics.params.first() {
        errors.add(syn::Error::new_spanned(parameter, "a client's trait takes no parameters"));
    }
    if let Some(clause) = &item.generics.where_clause {
        errors.add(syn::Error::new_spanned(clause, "a client's trait has no `where`"));
    }
    if let Some(bound) = item.supertraits.first() {
        errors.add(syn::Error::new_spanned(bound, "a client's trait stands on no other"));
    }
    if let Some(unsafety) = item.unsafety {
        errors.add(syn::Error::new_spanned(unsafety, "a client's trait is not unsafe"));
    }
}

/// Names must be different where they would collide, and where it is a mistake that they do not.
fn check_names(methods: &[Method], errors: &mut Errors) {
    for (at, method) in methods.iter().enumerate() {
        let earlier = &methods[..at];
        if let Some(same) = earlier.iter().find(|other| other.type_name == method.type_name) {
            let (name, other) = (&method.type_name, &same.name);
            let text = format!("`{other}` makes a type `{name}` as well: name this one by `type = …`");
            errors.say(name.span(), text);
        }
        match &method.kind {
            Kind::Call(call) => {
                let is_same =
                    |other: &&Method| matches!(&other.kind, Kind::Call(other) if other.wire == call.wire);
                if let Some(same) = earlier.iter().find(is_same) {
                    let text = format!("`{}` is called by `{}` already", call.wire, same.name);
                    errors.say(call.wire_span, text);
                }
            }
            Kind::Channel { pattern, conflatable } => {
                let of_channel = |other: &Method| match &other.kind {
                    Kind::Channel { pattern, conflatable } => Some((pattern.shape(), *conflatable)),
                    Kind::Call(_) => None,
                };
                let is_same =
                    |other: &&Method| of_channel(other).is_some_and(|(shape, _)| shape == pattern.shape());
                if let Some(same) = earlier.iter().find(is_same) {
                    errors.say(pattern.span(), format!("`{}` has the same topics", same.name));
                }
                let differs = |other: &&Method| {
                    of_channel(other).is_some_and(|(_, can)| can != *conflatable)
                        && tokens(&other.reply) == tokens(&method.reply)
                };
                if let Some(other) = earlier.iter().find(differs) {
                    let text = format!(
                        "these items are conflatable in one of this and `{}` and not in the other: it is a property of \
                         the items, so say it in both, or take another type",
                        other.name
                    );
                    errors.add(syn::Error::new_spanned(&method.reply, text));
                }
            }
        }
    }
}

fn tokens(of: &Type) -> String {
    quote!(#of).to_string()
}

fn generate(item: &ItemTrait, options: &Options, methods: &[Method], roots: &Roots) -> Result<TokenStream> {
    let (behaviour, client) = (&roots.behaviour, roots.client()?);
    let ItemTrait { attrs, vis, ident, .. } = item;
    let dialect = &options.dialect;
    let mut types = TokenStream::new();
    let mut conflated: Vec<String> = Vec::new();
    let (mut declared, mut defined) = (TokenStream::new(), TokenStream::new());
    for method in methods {
        let Method { name, docs, parameters, type_name, .. } = method;
        let taken: Vec<_> = parameters.iter().map(|parameter| parameter.taken()).collect();
        let values = parameters.iter().map(Parameter::field);
        let (presets, builder, begin, what);
        match &method.kind {
            Kind::Call(call) => {
                let prefix = options.prefix.as_ref().map(LitStr::value).unwrap_or_default();
                types.extend(call.define(method, &prefix, vis, dialect, behaviour));
                presets = call.presets();
                (builder, begin) = (format_ident!("CallBuilder"), format_ident!("call"));
                what = format!("Calls `{prefix}{}`.", call.wire);
            }
            Kind::Channel { pattern, conflatable } => {
                let is_first = !conflated.contains(&tokens(&method.reply));
                if *conflatable && is_first {
                    conflated.push(tokens(&method.reply));
                }
                let fields =
                    Fields::Named(parameters.iter().map(|parameter| parameter.name.clone()).collect());
                let shape = channel::Shape {
                    name: type_name,
                    generics: &syn::Generics::default(),
                    dialect,
                    item: &method.reply,
                    pattern,
                    conflatable: *conflatable && is_first,
                };
                types.extend(method::channel_type(method, vis, behaviour));
                types.extend(channel::implement(&shape, &fields, behaviour));
                presets = method.presets.clone();
                (builder, begin) = (format_ident!("SubscribeBuilder"), format_ident!("subscribe"));
                what = format!("Subscribes to `{}`.", pattern.text);
            }
        }
        let what = docs.is_empty().then(|| quote!(#[doc = #what]));
        let signature = quote! {
            fn #name(&self #(, #taken)*)
                -> #client::#builder<Self::Handlers, Self::Policies, #type_name>
        };
        declared.extend(quote!(#(#docs)* #what #signature;));
        defined.extend(quote! {
            #signature {
                #client::Client::#begin(self, #type_name { #(#values),* }) #presets
            }
        });
    }
    let undocumented = (!attrs.iter().any(|attr| attr.path().is_ident("doc"))).then(|| {
        let text = "What a client can ask and subscribe to, by name.";
        quote!(#[doc = #text])
    });
    Ok(quote! {
        #types

        #(#attrs)*
        #undocumented
        #vis trait #ident {
            /// The handlers of the client.
            type Handlers: #behaviour::Behaviour<Dialect = #dialect>;
            /// The policies of the client.
            type Policies: #behaviour::Policy;

            #declared
        }

        #[automatically_derived]
        impl<H, P> #ident for #client::Client<H, P>
        where
            H: #behaviour::Behaviour<Dialect = #dialect>,
            P: #behaviour::Policy,
        {
            type Handlers = H;
            type Policies = P;

            #defined
        }
    })
}
