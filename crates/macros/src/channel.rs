//! A channel from a struct: its fields fill in the names of the topic.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Generics, Ident, Path, Result, Type, parse::ParseStream};

use crate::{
    client::input_path,
    options::{self, Errors},
    pattern::Pattern,
    roots::Roots,
};

/// What the implementation of a channel needs to know.
pub(crate) struct Shape<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) dialect: &'a Type,
    pub(crate) item: &'a Type,
    pub(crate) pattern: &'a Pattern,
    pub(crate) conflatable: bool,
}

/// The fields by which a pattern is filled in.
pub(crate) enum Fields {
    Named(Vec<Ident>),
    /// Those of a tuple, by their numbers.
    Numbered(Vec<usize>),
}

impl Fields {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Named(names) => {
                names.iter().map(|name| name.to_string().trim_start_matches("r#").to_owned()).collect()
            }
            Self::Numbered(numbers) => numbers.iter().map(usize::to_string).collect(),
        }
    }

    fn access(&self, name: &str) -> Option<TokenStream> {
        match self {
            Self::Named(names) => {
                let name = names.iter().find(|known| known.to_string().trim_start_matches("r#") == name)?;
                Some(quote!(self.#name))
            }
            Self::Numbered(_) => {
                let index = syn::Index::from(name.parse::<usize>().ok()?);
                Some(quote!(self.#index))
            }
        }
    }
}

/// The implementation of `Channel`.
pub(crate) fn implement(shape: &Shape<'_>, fields: &Fields, behaviour: &TokenStream) -> TokenStream {
    let Shape { name, generics, dialect, item, pattern, conflatable } = shape;
    let (of, parameters, bounds) = generics.split_for_impl();
    let topic = match &pattern.plain {
        Some(plain) => quote!(<#behaviour::Topic as ::core::convert::From<&str>>::from(#plain)),
        None => {
            let format = &pattern.format;
            let values = pattern.names.iter().filter_map(|name| fields.access(name));
            quote! {
                <#behaviour::Topic as ::core::convert::From<::std::string::String>>::from(
                    ::std::format!(#format, #(#values),*)
                )
            }
        }
    };
    let conflate = conflatable.then(|| {
        quote! {
            #[automatically_derived]
            impl #behaviour::Conflate for #item {}
        }
    });
    quote! {
        #[automatically_derived]
        impl #of #behaviour::Channel for #name #parameters #bounds {
            type Dialect = #dialect;
            type Item = #item;

            fn topic(&self) -> #behaviour::Topic {
                #topic
            }
        }

        #conflate
    }
}

#[derive(Default)]
struct Options {
    topic: Option<Pattern>,
    item: Option<Type>,
    dialect: Option<Type>,
    conflatable: bool,
    krate: Option<Path>,
}

const OPTIONS: &[&str] = &["topic", "item", "dialect", "conflatable", "crate"];

/// Expands `#[derive(Channel)]`.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let mut errors = Errors::default();
    let mut options = Options::default();
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("channel")) {
        errors.keep(attr.parse_args_with(|input: ParseStream<'_>| options.read(input)));
    }
    let fields = errors.keep(fields(&input));
    let usage = "#[channel(topic = \"book.{instrument}\", item = Book, dialect = …)]";
    for (option, is_there) in [
        ("topic", options.topic.is_some()),
        ("item", options.item.is_some()),
        ("dialect", options.dialect.is_some()),
    ] {
        // Where an option was wrong, its absence is no news.
        if !is_there && !errors.any() {
            errors.say(input.ident.span(), format!("say its {option}: `{usage}`"));
        }
    }
    if let (Some(pattern), Some(fields)) = (&options.topic, &fields) {
        check_placeholders(pattern, fields, &input, &mut errors);
    }
    errors.finish()?;
    let Options { topic: Some(pattern), item: Some(item), dialect: Some(dialect), conflatable, krate } =
        options
    else {
        return Err(syn::Error::new(input.ident.span(), format!("the options are {usage}")));
    };
    let fields = fields.unwrap_or(Fields::Named(Vec::new()));
    let roots = Roots::find(krate.as_ref())?;
    let shape = Shape {
        name: &input.ident,
        generics: &input.generics,
        dialect: &dialect,
        item: &item,
        pattern: &pattern,
        conflatable,
    };
    Ok(implement(&shape, &fields, &roots.behaviour))
}

impl Options {
    fn read(&mut self, input: ParseStream<'_>) -> Result<()> {
        options::read(input, OPTIONS, &[], |option, input| {
            match option.to_string().as_str() {
                "topic" => self.topic = Some(options::value(option, input)?),
                "item" => self.item = Some(options::value(option, input)?),
                "dialect" => self.dialect = Some(options::value(option, input)?),
                "conflatable" => self.conflatable = true,
                _ => self.krate = Some(input_path(option, input)?),
            }
            Ok(())
        })
    }
}

/// The fields, but for those that are skipped.
fn fields(input: &DeriveInput) -> Result<Fields> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new(
            input.ident.span(),
            "a channel is a struct, whose fields fill in the topic",
        ));
    };
    let is_named = matches!(data.fields, syn::Fields::Named(_));
    let (mut named, mut numbered) = (Vec::new(), Vec::new());
    for (number, field) in data.fields.iter().enumerate() {
        let mut is_skipped = false;
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("channel")) {
            let word: Ident = attr.parse_args()?;
            if word != "skip" {
                return Err(options::unknown(&word, &["skip"]));
            }
            is_skipped = true;
        }
        match &field.ident {
            _ if is_skipped => {}
            Some(name) => named.push(name.clone()),
            None => numbered.push(number),
        }
    }
    Ok(if is_named { Fields::Named(named) } else { Fields::Numbered(numbered) })
}

fn check_placeholders(pattern: &Pattern, fields: &Fields, input: &DeriveInput, errors: &mut Errors) {
    let known = fields.names();
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    for stray in pattern.names.iter().filter(|name| !known.contains(name)) {
        let has = if names.is_empty() {
            "there are none".to_owned()
        } else {
            format!("fields are {}", options::listed(&names))
        };
        errors.say(pattern.span(), format!("`{{{stray}}}` names no field: {has}"));
    }
    for unused in known.iter().filter(|name| !pattern.names.contains(name)) {
        let text = format!(
            "the topic does not say `{{{unused}}}`, so it would be the same for all; a field that does not belong to the topic is \
             marked `#[channel(skip)]`"
        );
        let Data::Struct(data) = &input.data else { continue };
        let mut all = data.fields.iter().enumerate();
        let found = all.find(|(number, field)| match &field.ident {
            Some(name) => name.to_string().trim_start_matches("r#") == *unused,
            None => number.to_string() == *unused,
        });
        match found {
            Some((_, field)) => errors.add(syn::Error::new_spanned(field, text)),
            None => errors.say(pattern.span(), text),
        }
    }
}
