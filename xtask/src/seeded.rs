//! Whether the checks notice anything: a mistake of each kind is planted in a small workspace, and the check
//! meant for it must fail, by name and for this reason. Without the mistake it must pass.
//!
//! The workspace is made anew each time, of three crates without dependencies, under the lints and settings of
//! this one. So a lint that is switched off here, or a word that is let pass, shows as a seed that grows.

mod seeds;
mod world;

use std::{error::Error, path::PathBuf, process::Command};

use self::{
    seeds::{SEEDS, Seed},
    world::World,
};
use crate::{
    step::Outcome,
    workspace::{CHOICE, Workspace},
};

/// Plants each mistake.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let ground = Ground::prepared(workspace)?;
    let mut skipped = Vec::new();
    let mut unnoticed = Vec::new();
    for step in steps() {
        let (passed, said) = ground.check(step)?;
        if !passed {
            return Err(format!("without any mistake, the step {step} fails:\n{said}").into());
        }
        if said.contains(ABSENT) {
            skipped.push(step);
            println!("{step:<10} skipped: its tool is not there");
            continue;
        }
        for seed in SEEDS.iter().filter(|seed| seed.step == step) {
            let verdict = ground.try_out(seed)?;
            println!(
                "{step:<10} {}: {}",
                seed.name,
                if verdict.is_none() { "noticed" } else { "NOT NOTICED" }
            );
            unnoticed.extend(verdict.map(|said| format!("{}, by {step}, which said:\n{said}", seed.name)));
        }
    }
    if !unnoticed.is_empty() {
        return Err(format!("planted and not noticed:\n{}", unnoticed.join("\n")).into());
    }
    match skipped.as_slice() {
        [] => Ok(Outcome::Passed),
        steps => Ok(Outcome::Skipped(format!("tools are not there for {} only", steps.join(", ")))),
    }
}

/// What a check says whose tool is absent.
const ABSENT: &str = "not there";

/// The steps that seeds are meant for, each once.
fn steps() -> Vec<&'static str> {
    let mut steps: Vec<&str> = Vec::new();
    for seed in SEEDS {
        if !steps.contains(&seed.step) {
            steps.push(seed.step);
        }
    }
    steps
}

/// Where the mistakes are planted.
struct Ground {
    folder: PathBuf,
    target: PathBuf,
    world: World,
}

impl Ground {
    fn prepared(workspace: &Workspace) -> Result<Self, Box<dyn Error>> {
        let seeded = workspace.target().join("seeded");
        let world = World::like(workspace)?;
        let ground = Self { folder: seeded.join("world"), target: seeded.join("target"), world };
        ground.world.write(&ground.folder)?;
        ground.lock()?;
        let (passed, said) = ground.xtask(&["api", "--write"])?;
        if passed { Ok(ground) } else { Err(format!("the small workspace is in disorder:\n{said}").into()) }
    }

    /// What the step said if it did not notice the seed.
    fn try_out(&self, seed: &Seed) -> Result<Option<String>, Box<dyn Error>> {
        seed.plant(&self.folder, &self.world)?;
        if seed.changes_manifest() {
            self.lock()?;
        }
        let (passed, said) = self.check(seed.step)?;
        self.world.restore(&self.folder, seed.file)?;
        if seed.changes_manifest() {
            self.lock()?;
        }
        let failed = said.lines().any(|line| line.starts_with(seed.step) && line.ends_with("FAILED"));
        let noticed = !passed && failed && said.contains(seed.says);
        Ok((!noticed).then_some(said))
    }

    fn check(&self, step: &str) -> Result<(bool, String), Box<dyn Error>> {
        self.xtask(&["ci", "--only", step])
    }

    /// This very program, on the small workspace: whether it succeeded, and all it said.
    fn xtask(&self, words: &[&str]) -> Result<(bool, String), Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(words).env(CHOICE, &self.folder).env("CARGO_TARGET_DIR", &self.target);
        let output = command.env("CARGO_TERM_COLOR", "never").output()?;
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ok((output.status.success(), said.into_owned()))
    }

    /// Makes the lock fit the manifests, so that they fail for what they are and not for that.
    fn lock(&self) -> Result<(), Box<dyn Error>> {
        let words = ["generate-lockfile", "--offline", "--quiet"];
        Workspace::at(self.folder.clone()).cargo(words).read()?;
        Ok(())
    }
}
