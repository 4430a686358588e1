//! Whether the crates name only what lies below them.
//!
//! The [`table`] says who may name whom; here it is held against the manifests, as `cargo metadata`
//! reads them.

mod table;

use std::{collections::VecDeque, error::Error, path::Path};

use self::table::{Kind, NAMED_ONCE, RUNTIME, Row, TESTKIT};
use crate::{
    metadata::{Metadata, Package},
    step::Outcome,
    workspace::Workspace,
};

/// Fails if any manifest names what it may not.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let metadata = Metadata::of(workspace)?;
    let violations = violations(&metadata);
    if violations.is_empty() {
        println!("{} crates name only what lies below them", metadata.members().count());
        return Ok(Outcome::Passed);
    }
    let list: Vec<String> = violations.iter().map(|violation| format!("  {violation}")).collect();
    Err(format!("the layers are not kept:\n{}", list.join("\n")).into())
}

/// Something a manifest says that the table does not allow.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
enum Violation {
    #[error("`{0}` is not in the table of layers: say there what it may name")]
    NotInTheTable(String),
    #[error("the package in the folder `{folder}` is named `{package}`")]
    Misnamed { folder: String, package: String },
    #[error("`{krate}` names `{names}`, which does not lie below it")]
    NotBelow { krate: String, names: String },
    #[error("`{0}` is a library and depends on the testkit outside of its dev-dependencies")]
    TestkitInLibrary(String),
    #[error("`{0}` gives the testkit a version; its dev-dependency must be a path only")]
    TestkitWithVersion(String),
    #[error("`{krate}` names `{dependency}`, which only `{owner}` may name")]
    NotItsOwner { krate: String, dependency: String, owner: String },
    #[error("`{krate}` must not need {runtime}, but does: {path}", runtime = RUNTIME)]
    RuntimeBelow { krate: String, path: String },
}

fn violations(metadata: &Metadata) -> Vec<Violation> {
    metadata.members().flat_map(|package| violations_of(metadata, package)).collect()
}

fn violations_of(metadata: &Metadata, package: &Package) -> Vec<Violation> {
    let folder = folder(package);
    let Some(row) = Row::of(folder) else {
        return vec![Violation::NotInTheTable(package.name.clone())];
    };
    let mut found = Vec::new();
    if package.name != table::package(folder) {
        found.push(Violation::Misnamed { folder: folder.to_owned(), package: package.name.clone() });
    }
    found.extend(ours_it_may_not_name(row, package, metadata));
    found.extend(named_by_another_than_its_owner(package));
    if row.kind == Kind::Pure
        && let Some(path) = path_to_runtime(metadata, package)
    {
        found.push(Violation::RuntimeBelow { krate: folder.to_owned(), path });
    }
    found
}

fn ours_it_may_not_name(row: &Row, package: &Package, metadata: &Metadata) -> Vec<Violation> {
    let krate = || folder(package).to_owned();
    let mut found = Vec::new();
    for dependency in &package.dependencies {
        let Some(named) = metadata.members().find(|member| member.name == dependency.name).map(folder) else {
            continue;
        };
        let is_library = row.kind != Kind::Program;
        if named == TESTKIT && dependency.is_for_tests() {
            if is_library && !dependency.is_path_only() {
                found.push(Violation::TestkitWithVersion(krate()));
            }
        } else if named == TESTKIT && is_library {
            found.push(Violation::TestkitInLibrary(krate()));
        } else if !row.may_name.contains(&named) {
            found.push(Violation::NotBelow { krate: krate(), names: named.to_owned() });
        }
    }
    found
}

fn named_by_another_than_its_owner(package: &Package) -> Vec<Violation> {
    let folder = folder(package);
    let named = |name: &str| package.dependencies.iter().any(|dependency| dependency.name == name);
    NAMED_ONCE
        .iter()
        .filter(|(dependency, owner)| *owner != folder && named(dependency))
        .map(|(dependency, owner)| Violation::NotItsOwner {
            krate: folder.to_owned(),
            dependency: (*dependency).to_owned(),
            owner: (*owner).to_owned(),
        })
        .collect()
}

/// The shortest way from a package to the asynchronous runtime, if there is one.
fn path_to_runtime(metadata: &Metadata, package: &Package) -> Option<String> {
    let mut paths = VecDeque::from([vec![package]]);
    let mut seen = vec![package.id.as_str()];
    while let Some(path) = paths.pop_front() {
        let last = path.last().expect("a path begins with the package itself");
        if last.name == RUNTIME {
            return Some(path.iter().map(|package| package.name.as_str()).collect::<Vec<_>>().join(" -> "));
        }
        for next in metadata.normal_dependencies(&last.id) {
            if !seen.contains(&next.id.as_str()) {
                seen.push(&next.id);
                paths.push_back(path.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}

/// The folder a package lies in, without what leads there.
fn folder(package: &Package) -> &str {
    let folder = Path::new(&package.manifest_path).parent().and_then(Path::file_name);
    folder.and_then(|name| name.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A workspace of made-up packages, each `(folder, package, dependencies)`, and foreign packages.
    fn metadata(members: &[(&str, &str, &[Value])], foreign: &[(&str, &[&str])]) -> Metadata {
        let member = |(folder, name, dependencies): &(&str, &str, &[Value])| {
            json!({
                "id": name, "name": name, "manifest_path": format!("/somewhere/{folder}/Cargo.toml"),
                "dependencies": dependencies, "features": {}, "targets": [],
            })
        };
        let stranger = |(name, _): &(&str, &[&str])| {
            json!({
                "id": name, "name": name, "manifest_path": format!("/registry/{name}-1.0.0/Cargo.toml"),
                "dependencies": [], "features": {}, "targets": [],
            })
        };
        let edge = |name: &Value, kind: &Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let node = |(_, name, dependencies): &(&str, &str, &[Value])| {
            let edges: Vec<_> =
                dependencies.iter().map(|named| edge(&named["name"], &named["kind"])).collect();
            json!({ "id": name, "deps": edges })
        };
        let foreign_node = |(name, needs): &(&str, &[&str])| {
            let edges: Vec<_> = needs.iter().map(|need| edge(&json!(need), &Value::Null)).collect();
            json!({ "id": name, "deps": edges })
        };
        let metadata = json!({
            "packages": members.iter().map(member).chain(foreign.iter().map(stranger)).collect::<Vec<_>>(),
            "workspace_members": members.iter().map(|(_, name, _)| name).collect::<Vec<_>>(),
            "resolve": {
                "nodes": members.iter().map(node).chain(foreign.iter().map(foreign_node)).collect::<Vec<_>>(),
            },
        });
        serde_json::from_value(metadata).expect("made up in the right shape")
    }

    fn normal(name: &str) -> Value {
        json!({ "name": name, "kind": null, "req": "^0.1.0" })
    }

    fn for_tests(name: &str) -> Value {
        json!({ "name": name, "kind": "dev", "req": "*" })
    }

    fn strings(violations: &[Violation]) -> Vec<String> {
        violations.iter().map(ToString::to_string).collect()
    }

    const CODEC: (&str, &str, &[Value]) = ("frame-codec", "nova-frame-codec", &[]);
    const KIT: (&str, &str, &[Value]) = ("testkit", "nova-testkit", &[]);

    #[test]
    fn crates_that_look_down_are_in_order() {
        let transport = [normal("nova-frame-codec"), for_tests("nova-testkit"), normal("url")];
        let tests = [normal("websockex-nova"), for_tests("nova-testkit")];
        let metadata = metadata(
            &[
                CODEC,
                KIT,
                ("transport", "nova-transport", &transport),
                ("facade", "websockex-nova", &[normal("nova-transport")]),
                ("tests", "nova-tests", &tests),
            ],
            &[("url", &[])],
        );
        assert_eq!(violations(&metadata), []);
    }

    #[test]
    fn crate_that_looks_up_is_found() {
        let codec = [normal("nova-transport")];
        let metadata = metadata(
            &[
                ("frame-codec", "nova-frame-codec", &codec),
                ("transport", "nova-transport", &[normal("nova-frame-codec")]),
            ],
            &[],
        );
        let expected = ["`frame-codec` names `transport`, which does not lie below it"];
        assert_eq!(strings(&violations(&metadata)), expected);
    }

    #[test]
    fn crate_that_looks_up_in_its_tests_is_found() {
        let codec = [for_tests("nova-transport")];
        let metadata = metadata(
            &[("frame-codec", "nova-frame-codec", &codec), ("transport", "nova-transport", &[])],
            &[],
        );
        assert_eq!(violations(&metadata).len(), 1);
    }

    #[test]
    fn crate_missing_from_the_table_is_found() {
        let metadata = metadata(&[("novelty", "nova-novelty", &[])], &[]);
        assert_eq!(violations(&metadata), [Violation::NotInTheTable("nova-novelty".to_owned())]);
    }

    #[test]
    fn adapter_of_whatever_name_may_look_down_and_nowhere_else() {
        let below = ("behaviour", "nova-behaviour", &[] as &[Value]);
        let echo = ("adapter-echo", "nova-adapter-echo", &[] as &[Value]);
        let found = |named: &str| {
            let named = [normal(named)];
            let metadata = metadata(&[below, echo, ("adapter-new", "nova-adapter-new", &named)], &[]);
            strings(&violations(&metadata))
        };
        assert_eq!(found("nova-behaviour"), [""; 0]);
        let expected = ["`adapter-new` names `adapter-echo`, which does not lie below it"];
        assert_eq!(found("nova-adapter-echo"), expected);
    }

    #[test]
    fn package_named_otherwise_than_its_folder_is_found() {
        let metadata = metadata(&[("transport", "nova-carriage", &[])], &[]);
        let misnamed =
            Violation::Misnamed { folder: "transport".to_owned(), package: "nova-carriage".to_owned() };
        assert_eq!(violations(&metadata), [misnamed]);
    }

    #[test]
    fn testkit_in_a_library_is_found() {
        for dependency in [
            normal("nova-testkit"),
            json!({ "name": "nova-testkit", "kind": "build", "req": "*" }),
            json!({ "name": "nova-testkit", "kind": null, "req": "*" }),
        ] {
            let metadata = metadata(&[KIT, ("connect", "nova-connect", &[dependency])], &[]);
            assert_eq!(violations(&metadata), [Violation::TestkitInLibrary("connect".to_owned())]);
        }
    }

    #[test]
    fn testkit_with_a_version_is_found() {
        let dependency = json!({ "name": "nova-testkit", "kind": "dev", "req": "^0.1.0" });
        let metadata = metadata(&[KIT, ("connect", "nova-connect", &[dependency])], &[]);
        assert_eq!(violations(&metadata), [Violation::TestkitWithVersion("connect".to_owned())]);
    }

    #[test]
    fn program_may_hold_the_testkit() {
        let metadata = metadata(&[KIT, ("cli", "nova-cli", &[normal("nova-testkit")])], &[]);
        assert_eq!(violations(&metadata), []);
    }

    #[test]
    fn library_named_by_another_than_its_owner_is_found() {
        for (dependency, owner) in NAMED_ONCE {
            for named in [normal(dependency), for_tests(dependency)] {
                let metadata = metadata(&[("facade", "websockex-nova", &[named])], &[(*dependency, &[])]);
                let violation = Violation::NotItsOwner {
                    krate: "facade".to_owned(),
                    dependency: (*dependency).to_owned(),
                    owner: (*owner).to_owned(),
                };
                assert_eq!(violations(&metadata), [violation]);
            }
        }
    }

    #[test]
    fn owner_may_name_its_library() {
        let metadata =
            metadata(&[("ratelimit", "nova-ratelimit", &[normal("governor")])], &[("governor", &[])]);
        assert_eq!(violations(&metadata), []);
    }

    #[test]
    fn runtime_hidden_below_the_core_is_found_with_the_way_to_it() {
        let metadata = metadata(
            &[
                ("session", "nova-session", &[normal("nova-behaviour")]),
                ("behaviour", "nova-behaviour", &[normal("innocent")]),
            ],
            &[("innocent", &["less-so"]), ("less-so", &["tokio"]), ("tokio", &[])],
        );
        let expected = [
            "`session` must not need tokio, but does: \
             nova-session -> nova-behaviour -> innocent -> less-so -> tokio",
            "`behaviour` must not need tokio, but does: nova-behaviour -> innocent -> less-so -> tokio",
        ];
        assert_eq!(strings(&violations(&metadata)), expected);
    }

    #[test]
    fn runtime_is_allowed_in_tests_of_the_core_and_in_the_shell() {
        let metadata = metadata(
            &[
                ("session", "nova-session", &[for_tests("tokio")]),
                ("client", "nova-client", &[normal("tokio"), normal("nova-session")]),
            ],
            &[("tokio", &[])],
        );
        assert_eq!(violations(&metadata), []);
    }
}
