//! `cargo xtask jvm-speed`: the Java libraries compared with a plain map of nodes, and with the service.

use std::fs;

use anyhow::{Context, Result};

use crate::commands::jar::put_native_library;
use crate::java::Jdk;
use crate::workspace;

/// Compare time and heap of the Java libraries with those of a plain map of nodes, as in ERPs, and of the
/// service
///
/// Prints tables in Markdown. Contenders take turns in each round, and the shortest time of all rounds
/// counts. If a service with the sample rows is running (`cargo run --release`), its answers over HTTP are
/// measured too.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Organizations in the tree
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    organizations: u32,
    /// Measured rounds, after the warm-up
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Milliseconds for each question in each round
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    milliseconds: u32,
    /// The address of a running service, may be repeated: http://127.0.0.1:8080 or
    /// unix:/run/orgcache/orgcache.sock
    #[arg(long, value_name = "ADDRESS")]
    service: Vec<String>,
    /// The user of the service
    #[arg(long, default_value = "F&BAdmin")]
    user: String,
    /// The password of that user
    #[arg(long, default_value = "orgcache")]
    password: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let jdk = Jdk::require()?;
    let java = workspace::root().join("crates/jvm/java");
    let work = workspace::target().join("jvm-speed");
    fs::create_dir_all(&work).with_context(|| format!("cannot make `{}`", work.display()))?;
    let (library, sessions, program) =
        (work.join("orgcache"), work.join("orgcache-sessions"), work.join("bench"));
    jdk.compile(&java.join("orgcache"), &library, &[])?;
    jdk.compile(&java.join("orgcache-sessions"), &sessions, &[&library])?;
    put_native_library(&sessions, None)?;
    jdk.compile(&java.join("bench"), &program, &[&library, &sessions])?;
    let numbers = [args.organizations, args.rounds, args.milliseconds].map(|number| number.to_string());
    let mut arguments = Vec::from(numbers);
    arguments.extend([args.user.clone(), args.password.clone()]);
    arguments.extend(args.service.iter().map(|service| service.trim_end_matches('/').to_owned()));
    // Chains make the map of nodes recurse deeply. The serial collector leaves no garbage in the heap
    // figures.
    let options = ["-Xss64m", "-Xmx1g", "-XX:+UseSerialGC"];
    jdk.run_main("org.orgcache.bench.Speed", &[&library, &sessions, &program], &options, &arguments)
}
