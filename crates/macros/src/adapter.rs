//! An adapter from a struct: fields and options fill the roles of its handlers.

mod json;
mod limits;
mod login;
mod role;
mod service;
mod topics;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Fields, LitStr, Path, Result, Type, parse::ParseStream};

use self::{
    json::{Demand, Json},
    limits::Limits,
    login::Login,
    role::{ROLES, Role},
    service::{Setting, Settings},
    topics::Topics,
};
use crate::{
    client::input_path,
    options::{self, Errors},
    roots::Roots,
};

/// All that the attributes say.
#[derive(Default)]
struct Options {
    krate: Option<Path>,
    endpoints: Vec<LitStr>,
    settings: Option<Settings>,
    /// Types that stand for a role, made by their `Default`.
    types: Vec<(Role, Ident, Type)>,
    json: Option<(Ident, Json)>,
    demands: Vec<(Ident, Demand)>,
    topics: Option<(Ident, Topics)>,
    login: Option<(Ident, Login)>,
    setting: Vec<(Ident, Setting)>,
    limits: Limits,
}

/// The struct's fields that have a meaning here.
#[derive(Default)]
struct Parts {
    endpoint: Option<Ident>,
    settings: Option<Ident>,
    credentials: Option<(Ident, Type)>,
    roles: Vec<(Role, Ident, Type)>,
}

const OPTIONS: &[&str] = &[
    "endpoint",
    "settings",
    "json",
    "answer",
    "reconnect",
    "ignore",
    "topics",
    "login",
    "setting",
    "budget",
    "cost",
    "held_back",
    "messages",
    "connection",
    "errors",
    "subscriptions",
    "auth",
    "connection_settings",
    "limits",
    "logging",
    "metrics",
    "crate",
];

const REPEATABLE: &[&str] = &["endpoint", "answer", "reconnect", "ignore", "setting", "budget", "held_back"];

/// What a field may be named.
const FIELDS: &[&str] = &[
    "endpoint",
    "endpoints",
    "settings",
    "credentials",
    "messages",
    "connection",
    "errors",
    "subscriptions",
    "auth",
    "connection_settings",
    "limits",
    "logging",
    "metrics",
];

/// Expands `#[derive(Adapter)]`.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let mut errors = Errors::default();
    let mut options = Options::default();
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("adapter")) {
        errors.keep(attr.parse_args_with(|input: ParseStream<'_>| options.read(input)));
    }
    let parts = Parts::read(&input, &mut errors);
    // What follows from an option that could not be read is no news.
    if !errors.any() {
        check(&input, &options, &parts, &mut errors);
    }
    errors.finish()?;
    let roots = Roots::find(options.krate.as_ref())?;
    Ok(generate(&input, &options, &parts, &roots.behaviour))
}

impl Options {
    fn read(&mut self, input: ParseStream<'_>) -> Result<()> {
        options::read(input, OPTIONS, REPEATABLE, |option, input| {
            let name = option.to_string();
            if let Some(role) = Role::named(&name) {
                self.types.push((role, option.clone(), options::value(option, input)?));
                return Ok(());
            }
            match name.as_str() {
                "crate" => self.krate = Some(input_path(option, input)?),
                "endpoint" => {
                    let url: LitStr = options::value(option, input)?;
                    service::check_url(&url)?;
                    self.endpoints.push(url);
                }
                "settings" => self.settings = Some(options::list(option, input, Settings::read)?),
                "json" => {
                    self.json = Some((
                        option.clone(),
                        options::list(option, input, |list| Json::read(option, list))?,
                    ));
                }
                "answer" | "reconnect" | "ignore" => {
                    let demand = options::list(option, input, |list| Demand::read(option, list))?;
                    self.demands.push((option.clone(), demand));
                }
                "topics" => {
                    let topics = options::list(option, input, Topics::read)?;
                    self.topics = Some((option.clone(), topics));
                }
                "login" => {
                    let login = options::list(option, input, |list| Login::read(option, list))?;
                    self.login = Some((option.clone(), login));
                }
                "setting" => {
                    let setting = options::list(option, input, |list| Setting::read(option, list))?;
                    self.setting.push((option.clone(), setting));
                }
                _ => self.limits.read(option, input)?,
            }
            Ok(())
        })
    }

    /// The option that fills a role by data, if one does.
    fn data_for(&self, role: Role) -> Option<&Ident> {
        match role {
            Role::Messages => self.json.as_ref().map(|(option, _)| option),
            Role::Subscriptions => self.topics.as_ref().map(|(option, _)| option),
            Role::Auth => self.login.as_ref().map(|(option, _)| option),
            Role::ConnectionSettings => self.setting.first().map(|(option, _)| option),
            Role::Limits => self.limits.first.as_ref(),
            _ => None,
        }
    }
}

impl Parts {
    fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut parts = Self::default();
        let Data::Struct(data) = &input.data else {
            errors.say(input.ident.span(), "an adapter is a struct, whose fields are handlers");
            return parts;
        };
        if let Fields::Unnamed(fields) = &data.fields {
            let text =
                format!("an adapter's fields have names, which say their roles: {}", options::listed(FIELDS));
            errors.add(syn::Error::new_spanned(fields, text));
            return parts;
        }
        for field in &data.fields {
            let Some(name) = &field.ident else { continue };
            let is_skipped = field.attrs.iter().filter(|attr| attr.path().is_ident("adapter")).any(|attr| {
                let word = errors.keep(attr.parse_args::<Ident>());
                if let Some(word) = word.filter(|word| word != "skip") {
                    errors.add(options::unknown(&word, &["skip"]));
                }
                true
            });
            if is_skipped {
                continue;
            }
            match name.to_string().as_str() {
                "endpoint" | "endpoints" => parts.endpoint = Some(name.clone()),
                "settings" => parts.settings = Some(name.clone()),
                "credentials" => parts.credentials = Some((name.clone(), field.ty.clone())),
                known => match Role::named(known) {
                    Some(role) => parts.roles.push((role, name.clone(), field.ty.clone())),
                    None => {
                        let text = format!(
                            "`{name}` is no role of an adapter; roles are {}; a field that is something else is marked \
                             `#[adapter(skip)]`",
                            options::listed(FIELDS)
                        );
                        errors.say(name.span(), text);
                    }
                },
            }
        }
        parts
    }
}

fn check(input: &DeriveInput, options: &Options, parts: &Parts, errors: &mut Errors) {
    for role in ROLES {
        let fields = parts.roles.iter().filter(|(of, ..)| of == role).map(|(_, name, _)| name);
        let types = options.types.iter().filter(|(of, ..)| of == role).map(|(_, name, _)| name);
        let filled: Vec<&Ident> = fields.chain(types).chain(options.data_for(*role)).collect();
        if let [first, second, ..] = filled[..] {
            let text = format!("`{second}` fills the role `{}`, which `{first}` fills already", role.name());
            errors.say(second.span(), text);
        }
        if *role == Role::Messages && filled.is_empty() {
            let text = "nothing says how messages are written and read: add `#[adapter(json(…))]`, \
                        `#[adapter(messages = Type)]`, or a field `messages`";
            errors.say(input.ident.span(), text);
        }
    }
    match (&parts.endpoint, options.endpoints.first()) {
        (None, None) => {
            let text = "nothing says where the service is: add `#[adapter(endpoint = \"wss://…\")]`, or a field `endpoint`";
            errors.say(input.ident.span(), text);
        }
        (Some(field), Some(_)) => {
            errors.say(
                field.span(),
                format!("the option `endpoint` says already what the field `{field}` would"),
            );
        }
        _ => {}
    }
    if let (Some(field), Some(_)) = (&parts.settings, &options.settings) {
        errors.say(field.span(), "the option `settings` says already what the field `settings` would");
    }
    match (&options.login, &parts.credentials) {
        (Some((option, _)), None) => {
            errors.say(option.span(), "`login` wants a field `credentials`, which its function is given");
        }
        (None, Some((field, _))) => {
            errors.say(field.span(), "nothing logs in with these: add `#[adapter(login(with = …))]`");
        }
        _ => {}
    }
    if let (None, Some((option, _))) = (&options.json, options.demands.first()) {
        errors.say(
            option.span(),
            format!("`{option}` belongs to `json(…)`: another message handler knows its demands itself"),
        );
    }
    let has_items = options.json.as_ref().is_none_or(|(_, json)| json.has_items());
    if let (false, Some((option, _))) = (has_items, &options.topics) {
        errors.say(
            option.span(),
            "`topics` wants streams: say in `json(…)` what is `topic` and `item` of a message",
        );
    }
}

fn generate(input: &DeriveInput, options: &Options, parts: &Parts, behaviour: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let (of, parameters, bounds) = input.generics.split_for_impl();
    let dialect = match &options.json {
        Some(_) => quote!(Self),
        None => {
            let messages =
                parts.roles.iter().chain(&options.types).find(|(role, ..)| *role == Role::Messages);
            let messages = messages.map(|(_, _, ty)| ty);
            quote!(<#messages as #behaviour::MessageHandler>::Dialect)
        }
    };
    let request = quote!(<#dialect as #behaviour::Dialect>::Request);
    let (mut types, mut made, mut taken) = (Vec::new(), TokenStream::new(), Vec::new());
    let watches = |role: &Role| matches!(role, Role::Logging | Role::Metrics);
    let has_watchers = parts.roles.iter().chain(&options.types).any(|(role, ..)| watches(role));
    for role in ROLES.iter().filter(|role| has_watchers || !watches(role)) {
        let field = parts.roles.iter().find(|(of, ..)| of == role);
        let said = options.types.iter().find(|(of, ..)| of == role);
        let filled = match (field, said, role) {
            (Some((_, field, ty)), _, _) => {
                taken.push(field.clone());
                Some((quote!(#ty), quote!(#field)))
            }
            (_, Some((_, _, ty)), _) => {
                Some((quote!(#ty), quote!(<#ty as ::core::default::Default>::default())))
            }
            (_, _, Role::Messages) => options.json.as_ref().map(|(_, json)| {
                let demands = options.demands.iter().map(|(_, demand)| demand);
                let envelope = json.envelope(demands, behaviour);
                (
                    quote!(#behaviour::EnvelopeMessages<Self>),
                    quote!(#behaviour::EnvelopeMessages::new(#envelope)),
                )
            }),
            (_, _, Role::Subscriptions) => options
                .topics
                .as_ref()
                .map(|(_, topics)| (quote!(#behaviour::MethodTopics), topics.handler(behaviour))),
            (_, _, Role::Auth) => {
                options.login.as_ref().zip(parts.credentials.as_ref()).map(|((_, login), (field, ty))| {
                    taken.push(field.clone());
                    (quote!(#behaviour::LoginBy<#ty, #request>), login.handler(field, behaviour))
                })
            }
            (_, _, Role::ConnectionSettings) => (!options.setting.is_empty()).then(|| {
                let settings = options.setting.iter().map(|(_, setting)| setting.value(behaviour));
                (
                    quote!(#behaviour::FixedSettings<#request>),
                    quote!(#behaviour::FixedSettings::new([#(#settings),*])),
                )
            }),
            (_, _, Role::Limits) => options
                .limits
                .first
                .as_ref()
                .map(|_| (quote!(#behaviour::CarriedPrices), options.limits.handler(behaviour))),
            _ => None,
        };
        let Some((ty, value)) = filled else {
            types.push(role.default(behaviour));
            continue;
        };
        types.push(ty);
        if *role == Role::Messages {
            made.extend(quote!(#behaviour::Handlers::new(#value)));
        } else {
            let with = role.setter();
            made.extend(quote!(.#with(#value)));
        }
    }
    let dialect_impl = options.json.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl #of #behaviour::Dialect for #name #parameters #bounds {
                type Request = #behaviour::MethodCall;
                type Codec = #behaviour::Json;
            }
        }
    });
    let endpoints = match &parts.endpoint {
        Some(field) => quote! {
            <#behaviour::Endpoints as ::core::convert::From<_>>::from(::core::clone::Clone::clone(&self.#field))
        },
        None => {
            let urls = &options.endpoints;
            quote!(#behaviour::macro_support::endpoints(&[#(#urls),*]))
        }
    };
    let settings = match (&parts.settings, &options.settings) {
        (Some(field), _) => Some(quote!(::core::clone::Clone::clone(&self.#field))),
        (None, Some(settings)) => Some(settings.value(behaviour)),
        (None, None) => None,
    };
    let settings = settings.map(|settings| {
        quote! {
            fn settings(&self) -> #behaviour::Settings {
                #settings
            }
        }
    });
    let take = (!taken.is_empty()).then(|| quote!(let Self { #(#taken,)* .. } = self;));
    quote! {
        #dialect_impl

        #[automatically_derived]
        impl #of #behaviour::Adapter for #name #parameters #bounds {
            type Handlers = #behaviour::Handlers<#(#types),*>;

            fn endpoints(&self) -> #behaviour::Endpoints {
                #endpoints
            }

            #settings

            fn into_handlers(self) -> Self::Handlers {
                #take
                #made
            }
        }
    }
}
