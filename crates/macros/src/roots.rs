//! Where the paths of an expansion begin: at the facade, or at the crates below it.
//!
//! A macro cannot know under which name its user knows a crate, so the manifest is read: enough of it
//! to find a dependency's name, line by line, since a whole parser would cost every user its
//! compilation. What it cannot see is said by `crate = path`.

use std::{env, fs, path::PathBuf};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Path, Result};

/// The beginnings of paths.
pub(crate) struct Roots {
    /// `nova-behaviour`.
    pub(crate) behaviour: TokenStream,
    /// `nova-client`.
    client: Option<TokenStream>,
}

impl Roots {
    /// As the option `crate` says, or else as the manifest of the crate that is compiled.
    pub(crate) fn find(said: Option<&Path>) -> Result<Self> {
        if let Some(path) = said {
            return Ok(Self::of_facade(&quote!(#path)));
        }
        let Some(folder) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
            // Without cargo there is nothing to read.
            return Ok(Self::of_facade(&quote!(::websockex_nova)));
        };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let above = || {
            let manifests =
                folder.ancestors().filter_map(|folder| fs::read_to_string(folder.join("Cargo.toml")).ok());
            manifests.into_iter().find(|text| text.lines().any(|line| line.trim().starts_with("[workspace")))
        };
        let names = Names::read(&manifest, above);
        let found = |package| {
            names.of(package).map(|name| {
                let name = Ident::new(&name.replace('-', "_"), Span::call_site());
                quote!(::#name)
            })
        };
        if let Some(facade) = found(FACADE) {
            return Ok(Self::of_facade(&facade));
        }
        match found(BEHAVIOUR) {
            Some(behaviour) => Ok(Self { behaviour, client: found(CLIENT) }),
            None => Err(syn::Error::new(
                Span::call_site(),
                format!(
                    "neither `{FACADE}` nor `{BEHAVIOUR}` is a dependency of this crate: add one, or say where the facade is by `crate = path`"
                ),
            )),
        }
    }

    fn of_facade(facade: &TokenStream) -> Self {
        Self { behaviour: quote!(#facade::behaviour), client: Some(quote!(#facade::client)) }
    }

    /// `nova-client`, for what needs it.
    pub(crate) fn client(&self) -> Result<&TokenStream> {
        self.client.as_ref().ok_or_else(|| {
            let text = format!("`{CLIENT}` is no dependency of this crate, and a typed client needs it");
            syn::Error::new(Span::call_site(), text)
        })
    }
}

/// The packages a manifest depends on, each under the name it has there.
#[derive(Default)]
struct Names(Vec<(String, String)>);

impl Names {
    /// `workspace` finds the manifest whose dependencies can be inherited.
    fn read(manifest: &str, workspace: impl FnOnce() -> Option<String>) -> Self {
        let mut names = Self::default();
        let mut inherited = Vec::new();
        for Entry { name, package, is_inherited } in entries(manifest, is_of_package) {
            match package {
                Some(package) => names.0.push((name, package)),
                None if is_inherited => inherited.push(name),
                None => names.0.push((name.clone(), name)),
            }
        }
        if let Some(name) = package_name(manifest) {
            // Its own examples and tests know it by its own name.
            names.0.push((name.clone(), name));
        }
        if inherited.is_empty() {
            return names;
        }
        let workspace = workspace().unwrap_or_default();
        let known = entries(&workspace, |section| section == "workspace.dependencies");
        for name in inherited {
            let renamed =
                known.iter().find(|entry| entry.name == name).and_then(|entry| entry.package.clone());
            names.0.push((name.clone(), renamed.unwrap_or(name)));
        }
        names
    }

    fn of(&self, package: &str) -> Option<&str> {
        self.0.iter().find(|(_, known)| known == package).map(|(name, _)| name.as_str())
    }
}

struct Entry {
    name: String,
    package: Option<String>,
    is_inherited: bool,
}

fn is_of_package(section: &str) -> bool {
    let last = section.rsplit('.').next().unwrap_or_default();
    !section.starts_with("workspace") && matches!(last, "dependencies" | "dev-dependencies")
}

/// The dependencies in the sections that are asked for.
fn entries(manifest: &str, wanted: impl Fn(&str) -> bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut section = String::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            section = header.split(']').next().unwrap_or_default().replace(['"', ' '], "");
            if let Some((of, name)) = section.rsplit_once('.').filter(|(of, _)| wanted(of)) {
                let _ = of;
                entries.push(Entry { name: name.to_owned(), package: None, is_inherited: false });
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().replace('"', ""), value.trim());
        if wanted(&section) {
            let (name, detail) =
                key.split_once('.').map_or((key.as_str(), None), |(name, detail)| (name, Some(detail)));
            let package = match detail {
                Some("package") => quoted(value),
                Some(_) => None,
                None => inline(value, "package").and_then(quoted),
            };
            let is_inherited = match detail {
                Some(detail) => detail == "workspace",
                None => inline(value, "workspace").is_some(),
            };
            // Dotted keys of one dependency stand in several lines.
            match entries.iter_mut().find(|entry| detail.is_some() && entry.name == name) {
                Some(entry) => {
                    entry.package = entry.package.take().or(package);
                    entry.is_inherited |= is_inherited;
                }
                None => entries.push(Entry { name: name.to_owned(), package, is_inherited }),
            }
        } else if section.rsplit_once('.').is_some_and(|(of, _)| wanted(of))
            && let Some(entry) = entries.last_mut()
        {
            match key.as_str() {
                "package" => entry.package = quoted(value),
                "workspace" => entry.is_inherited = true,
                _ => {}
            }
        }
    }
    entries
}

fn package_name(manifest: &str) -> Option<String> {
    let package = manifest.lines().map(str::trim).skip_while(|line| *line != "[package]").skip(1);
    let mut lines = package.take_while(|line| !line.starts_with('['));
    lines.find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "name").then(|| quoted(value.trim()))?
    })
}

/// What follows `key =` in an inline table.
fn inline<'a>(table: &'a str, key: &str) -> Option<&'a str> {
    let table = table.strip_prefix('{')?;
    table.match_indices(key).find_map(|(at, _)| {
        let before = table[..at].trim_end();
        let is_key = before.is_empty() || before.ends_with(',');
        let value = table[at + key.len()..].trim_start().strip_prefix('=')?;
        is_key.then(|| value.trim_start())
    })
}

/// What stands between the quotes at the beginning.
fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|symbol| matches!(symbol, '"' | '\''))?;
    text[1..].split_once(quote).map(|(inner, _)| inner.to_owned())
}

const FACADE: &str = "websockex-nova";
const BEHAVIOUR: &str = "nova-behaviour";
const CLIENT: &str = "nova-client";

#[cfg(test)]
mod tests {
    use super::*;

    fn name_in(manifest: &str) -> Option<String> {
        let workspace = "[workspace]\n[workspace.dependencies]\nws = { version = \"1\", package = \"websockex-nova\" }\n\
                         [workspace.dependencies.other]\npackage = \"websockex-nova\"";
        Names::read(manifest, || Some(workspace.to_owned())).of(FACADE).map(str::to_owned)
    }

    #[test]
    fn a_dependency_is_found_under_any_name_and_in_any_form() {
        let cases = [
            ("[dependencies]\nwebsockex-nova = \"1\"", "websockex-nova"),
            ("[dev-dependencies]\n\"websockex-nova\" = { path = \"..\" } # ours", "websockex-nova"),
            ("[dependencies]\nwebsockex-nova.workspace = true", "websockex-nova"),
            ("[dependencies]\nnova = { version = \"1\", package = \"websockex-nova\" }", "nova"),
            ("[dependencies]\nnova = { package=\"websockex-nova\", features = [\n\"macros\",\n] }", "nova"),
            ("[dependencies.nova]\nversion = \"1\"\npackage = 'websockex-nova'", "nova"),
            ("[dependencies]\nnova.version = \"1\"\nnova.package = \"websockex-nova\"", "nova"),
            ("[target.'cfg(unix)'.dependencies]\nwebsockex-nova = \"1\"", "websockex-nova"),
            ("[dependencies]\nws = { workspace = true, features = [\"macros\"] }", "ws"),
            ("[dependencies]\nws.workspace = true\nws.features = [\"macros\"]", "ws"),
            ("[dependencies.other]\nworkspace = true", "other"),
            ("[package]\nname = \"websockex-nova\"\n[dependencies]", "websockex-nova"),
        ];
        for (manifest, name) in cases {
            assert_eq!(name_in(manifest).as_deref(), Some(name), "{manifest}");
        }
    }

    #[test]
    fn what_is_no_dependency_is_not_found() {
        for manifest in [
            "",
            "[dependencies]\nserde = \"1\"",
            "[features]\nwebsockex-nova = []",
            "[package]\nname = \"app\"\n[build-dependencies]\nwebsockex-nova = \"1\"",
            "[workspace.dependencies]\nwebsockex-nova = \"1\"",
            "[dependencies]\n# websockex-nova = \"1\"",
            "[dependencies]\nnova = { package = \"websockex-nova-extra\" }",
        ] {
            assert_eq!(name_in(manifest), None, "{manifest}");
        }
    }
}
