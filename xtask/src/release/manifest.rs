//! What the manifest of a crate owes its users.

use std::error::Error;

use serde::Deserialize;
use serde_json::Value;

use crate::{metadata::Metadata, workspace::Workspace};

/// The manifests of the workspace.
#[derive(Debug, Deserialize)]
pub(super) struct Manifests {
    packages: Vec<Manifest>,
    workspace_members: Vec<String>,
}

/// One of them, as far as it is for readers.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) manifest_path: String,
    description: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    pub(super) readme: Option<String>,
    rust_version: Option<String>,
    keywords: Vec<String>,
    categories: Vec<String>,
    publish: Option<Vec<String>>,
    pub(super) dependencies: Vec<Need>,
    #[serde(default)]
    metadata: Value,
}

/// What it depends on.
#[derive(Debug, Deserialize)]
pub(super) struct Need {
    pub(super) name: String,
    kind: Option<String>,
    pub(super) req: String,
    path: Option<String>,
}

impl Need {
    /// Whether a published crate still asks for it: tests by path only are left out.
    pub(super) fn is_published(&self) -> bool {
        self.kind.as_deref() != Some("dev") || self.req != "*"
    }
}

impl Manifests {
    pub(super) fn of(workspace: &Workspace) -> Result<Self, Box<dyn Error>> {
        let all: Self = serde_json::from_str(&Metadata::text(workspace)?)?;
        let members = all.workspace_members;
        let packages = all.packages.into_iter().filter(|package| members.contains(&package.id)).collect();
        Ok(Self { packages, workspace_members: members })
    }

    /// Those of crates that others can have.
    pub(super) fn published(&self) -> impl Iterator<Item = &Manifest> {
        self.packages
            .iter()
            .filter(|package| package.publish.as_ref().is_none_or(|places| !places.is_empty()))
    }

    /// Those of crates that stay here.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Manifest> {
        self.packages.iter().filter(|package| package.publish.as_ref().is_some_and(Vec::is_empty))
    }

    /// The version that all of them share, or one of them does if they do not.
    pub(super) fn version(&self) -> &str {
        self.packages.first().map_or("", |package| &package.version)
    }

    /// What is missing or wrong.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let (mut mistakes, version) = (Vec::new(), self.version());
        for package in &self.packages {
            if package.version != version {
                mistakes.push(format!("{} is of version {}, not {version}", package.name, package.version));
            }
        }
        for package in self.published() {
            let name = &package.name;
            mistakes.extend(package.mistakes().into_iter().map(|mistake| format!("{name}: {mistake}")));
            for need in package.dependencies.iter().filter(|need| need.path.is_some() && need.is_published())
            {
                let wanted = format!("^{version}");
                if need.req != wanted {
                    mistakes.push(format!("{name} asks for {} {}, not {wanted}", need.name, need.req));
                }
                if !self.published().any(|other| other.name == need.name) {
                    mistakes.push(format!("{name} needs {}, which is not published", need.name));
                }
            }
        }
        mistakes
    }
}

impl Manifest {
    fn mistakes(&self) -> Vec<String> {
        let texts = [
            ("description", &self.description),
            ("license", &self.license),
            ("repository", &self.repository),
            ("readme", &self.readme),
            ("rust-version", &self.rust_version),
        ];
        let missing = texts.into_iter().filter(|(_, text)| text.as_ref().is_none_or(String::is_empty));
        let mut mistakes: Vec<_> = missing.map(|(field, _)| format!("has no {field}")).collect();
        for (field, words) in [("keywords", &self.keywords), ("categories", &self.categories)] {
            // The registry of crates takes five at most.
            if words.is_empty() || words.len() > 5 {
                mistakes.push(format!("has {} {field}; one to five are allowed", words.len()));
            }
        }
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '+');
        for keyword in &self.keywords {
            if keyword.len() > 20 || !keyword.chars().all(is_allowed) {
                mistakes.push(format!("has the keyword \"{keyword}\", which is too long or oddly spelt"));
            }
        }
        // Without it the hosted documentation shows the default features only.
        if self.metadata.pointer("/docs/rs/all-features") != Some(&Value::Bool(true)) {
            mistakes.push("has no [package.metadata.docs.rs] with all-features".to_owned());
        }
        mistakes
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A manifest to which nothing can be objected.
    pub(in crate::release) fn manifest(name: &str, dependencies: &[Value]) -> Value {
        json!({
            "id": name, "name": name, "version": "1.2.0", "manifest_path": format!("/w/{name}/Cargo.toml"),
            "description": "d", "license": "MIT", "repository": "r", "readme": "README.md",
            "rust_version": "1.95", "keywords": ["websocket"], "categories": ["asynchronous"],
            "publish": null, "dependencies": dependencies, "metadata": { "docs": { "rs": { "all-features": true } } },
        })
    }

    pub(in crate::release) fn need(name: &str, kind: Option<&str>, req: &str) -> Value {
        json!({ "name": name, "kind": kind, "req": req, "path": format!("/w/{name}") })
    }

    pub(in crate::release) fn manifests(packages: &[Value]) -> Manifests {
        let members: Vec<_> = packages.iter().map(|package| package["id"].clone()).collect();
        serde_json::from_value(json!({ "packages": packages, "workspace_members": members }))
            .expect("made up in the right shape")
    }

    #[test]
    fn complete_manifests_are_fit() {
        let a = manifest("a", &[need("b", None, "^1.2.0"), need("kit", Some("dev"), "*")]);
        let mut kit = manifest("kit", &[]);
        kit["publish"] = json!([]);
        assert_eq!(manifests(&[a, manifest("b", &[]), kit]).mistakes(), Vec::<String>::new());
    }

    #[test]
    fn each_missing_field_is_named() {
        for field in ["description", "license", "repository", "readme", "rust_version", "metadata"] {
            let mut a = manifest("a", &[]);
            a[field] = Value::Null;
            let mistakes = manifests(&[a]).mistakes();
            let [mistake] = mistakes.as_slice() else { panic!("{field}: {mistakes:?}") };
            assert!(mistake.starts_with("a: has no "), "{mistake}");
        }
        for field in ["keywords", "categories"] {
            let mut a = manifest("a", &[]);
            a[field] = json!([]);
            assert_eq!(manifests(&[a]).mistakes(), [format!("a: has 0 {field}; one to five are allowed")]);
        }
    }

    #[test]
    fn versions_that_differ_are_named() {
        let mut b = manifest("b", &[]);
        b["version"] = json!("1.1.0");
        let a = manifest("a", &[need("b", None, "^1.1.0")]);
        let expected = ["b is of version 1.1.0, not 1.2.0", "a asks for b ^1.1.0, not ^1.2.0"];
        assert_eq!(manifests(&[a, b]).mistakes(), expected);
    }

    #[test]
    fn a_crate_that_nobody_could_resolve_is_named() {
        let mut kit = manifest("kit", &[]);
        kit["publish"] = json!([]);
        let a = manifest("a", &[need("kit", None, "^1.2.0")]);
        assert_eq!(manifests(&[a, kit]).mistakes(), ["a needs kit, which is not published"]);
    }

    #[test]
    fn a_keyword_that_would_be_refused_is_named() {
        let mut a = manifest("a", &[]);
        a["keywords"] = json!(["web sockets"]);
        assert_eq!(manifests(&[a]).mistakes().len(), 1);
    }
}
