//! What `cargo metadata` tells of the workspace, as far as it is asked here.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::workspace::{ToolError, Workspace};

#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
    /// What the root manifest says under `[workspace.metadata]`.
    #[serde(default)]
    pub(crate) metadata: serde_json::Value,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest_path: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// Where it may be published; everywhere if nothing is said.
    #[serde(default)]
    pub(crate) publish: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
    pub(crate) req: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo, with all features on.
    pub(crate) fn of(workspace: &Workspace) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(serde_json::from_str(&Self::text(workspace)?)?)
    }

    pub(crate) fn text(workspace: &Workspace) -> Result<String, ToolError> {
        workspace.cargo(["metadata", "--format-version", "1", "--all-features", "--locked"]).read()
    }

    /// The packages of the workspace, without their dependencies.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The packages `id` needs to be built and run, directly; tests and build scripts aside.
    pub(crate) fn normal_dependencies(&self, id: &str) -> impl Iterator<Item = &Package> {
        let edges = self.resolve.nodes.iter().filter(move |node| node.id == id).flat_map(|node| &node.deps);
        edges
            .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()))
            .filter_map(|edge| self.packages.iter().find(|package| package.id == edge.pkg))
    }
}

impl Package {
    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|places| !places.is_empty())
    }
}

impl Dependency {
    pub(crate) fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }

    /// Whether the manifest names a path and no version.
    pub(crate) fn is_path_only(&self) -> bool {
        self.req == "*"
    }
}
