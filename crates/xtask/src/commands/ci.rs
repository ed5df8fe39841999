//! `cargo xtask ci`: what must hold before a change lands, apart from the tests.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::{self, succeed};

/// Check format, lints, documentation, dependencies, feature combinations, budgets and packaging.
///
/// The first step that fails ends the run and names the command to repeat.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print the commands and run none
    #[arg(long)]
    list: bool,
}

/// Feature combinations in which a library must compile without a warning, default features off.
///
/// All features together are not listed: the lint step covers them.
const FEATURE_COMBINATIONS: &[(&str, &[&str])] = &[
    ("org-structure", &["", "serde"]),
    ("orgcache-erp-db", &["sqlite", "postgres", "sqlite,session", "postgres,session"]),
    ("orgcache-odoo", &["", "session"]),
    ("orgcache-platform", &["", "entropy", "flight", "sync"]),
];

const PACKAGES: &str = "packages";

const DENY_WARNINGS: &str = r#"build.rustdocflags=["-D", "warnings"]"#;

/// Removes our own packages that cargo has cached in earlier runs of the packaging step.
///
/// Cargo checks packages that depend on each other through a registry of its own in the target folder, and
/// takes what it unpacked and compiled from there for up to date as long as name and version stay. The
/// sources change while they do, so a later run would build against the old ones. What cannot be removed is
/// at worst an error of the step that follows.
fn forget_earlier_packages() {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    for kept in ["src", "cache", "index"] {
        let Some(folder) = home.as_ref().map(|home| home.join("registry").join(kept)) else { break };
        // Folders of registries without a host, and those are the ones, have a name that begins with a
        // hyphen.
        remove_folders(&folder, |name| name.starts_with('-'));
    }
    remove_folders(&workspace::target().join("debug/.fingerprint"), |name| {
        name.starts_with("orgcache-") || name.starts_with("org-structure-")
    });
}

fn remove_folders(parent: &Path, concerns: impl Fn(&str) -> bool) {
    for name in names_in(parent).filter(|name| concerns(name)) {
        drop(std::fs::remove_dir_all(parent.join(name)));
    }
}

fn names_in(folder: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

/// Runs the steps in order, up to the first that fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    let steps = steps();
    for (number, step) in (1..).zip(&steps) {
        let line = step.shell_line();
        eprintln!("[{number}/{}] {}: {line}", steps.len(), step.name);
        if args.list {
            continue;
        }
        if step.name == PACKAGES {
            forget_earlier_packages();
        }
        succeed(workspace::cargo().args(&step.arguments))
            .with_context(|| format!("{} failed; to see it again, run\n    {line}\n", step.name))?;
    }
    Ok(())
}

/// One cargo command with its name.
struct Step {
    name: String,
    arguments: Vec<&'static str>,
}

impl Step {
    fn new(name: impl Into<String>, arguments: &[&'static str]) -> Self {
        Self { name: name.into(), arguments: arguments.to_vec() }
    }

    /// The step as a line to paste into a shell.
    fn shell_line(&self) -> String {
        let quote = |argument: &&str| {
            let is_plain = !argument.is_empty() && !argument.contains(['"', '[', ' ']);
            if is_plain { format!(" {argument}") } else { format!(" '{argument}'") }
        };
        format!("cargo{}", self.arguments.iter().map(quote).collect::<String>())
    }
}

fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step::new("format", &["fmt", "--all", "--check"]),
        Step::new(
            "lints",
            &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
        ),
        Step::new(
            "documentation",
            &["--config", DENY_WARNINGS, "doc", "--workspace", "--all-features", "--no-deps"],
        ),
        // A program of its own: `cargo install --locked cargo-deny`.
        Step::new("dependencies", &["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]),
    ];
    for &(package, combinations) in FEATURE_COMBINATIONS {
        for &features in combinations {
            let name = if features.is_empty() {
                format!("{package} without features")
            } else {
                format!("{package} with {features} alone")
            };
            steps.push(Step::new(
                name,
                &[
                    "clippy",
                    "--package",
                    package,
                    "--no-default-features",
                    "--features",
                    features,
                    "--",
                    "-D",
                    "warnings",
                ],
            ));
        }
    }
    steps.push(Step::new(
        "budgets",
        &["run", "--quiet", "--release", "--package", "benches", "--bin", "bench-budgets"],
    ));
    steps.push(Step::new("jar", &["run", "--quiet", "--package", "xtask", "--", "jar"]));
    // Each package is built from its own archive, so that a file outside of its folder is missed here, not by
    // its first user.
    steps.push(Step::new(PACKAGES, &["publish", "--workspace", "--dry-run", "--allow-dirty", "--quiet"]));
    steps
}

#[cfg(test)]
mod tests {
    use super::{Step, steps};

    #[test]
    fn a_step_prints_as_a_line_for_the_shell() {
        let step = Step::new("documentation", &["--config", "a=[\"b\"]", "doc", "--features", ""]);
        assert_eq!(step.shell_line(), "cargo --config 'a=[\"b\"]' doc --features ''");
    }

    #[test]
    fn every_step_has_a_name_of_its_own() {
        let steps = steps();
        let mut names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), steps.len());
    }
}
