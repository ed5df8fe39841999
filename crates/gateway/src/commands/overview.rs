//! `orgcache overview`: the memory that trees take, a summary of each tree, and one organization in detail.

use std::io::Write;
use std::process::ExitCode;

use org_structure::OrgId;

use crate::cli::{ErpArguments, ShownTrees};
use crate::commands::tree::{load, status};
use crate::exposure;
use crate::failure::Failure;
use crate::show::{self, ClientTree, Extent};

/// The maximum number of trees, and of lines per tree without `--depth`.
const MAX_TREES: usize = 5;
const MAX_LINES: usize = 20;

pub(crate) async fn run(erp: &ErpArguments, arguments: &ShownTrees) -> Result<ExitCode, Failure> {
    let backend = erp.open().await?;
    let mut trees = load(&backend, arguments.client.as_deref()).await?;
    // Damaged trees first, empty trees last.
    trees.sort_by_key(|tree| tree.as_ref().map_or(0, |tree| 1 + usize::from(tree.structure.is_empty())));
    let mut out = anstream::stdout().lock();
    if arguments.json {
        show::json(&mut out, &trees, None)?;
        return Ok(status(&trees));
    }
    let sound: Vec<&ClientTree> = trees.iter().flatten().collect();
    show::memory(&mut out, &sound)?;
    let extent = arguments.depth.map_or(Extent::Lines(MAX_LINES), Extent::Depth);
    for tree in trees.iter().take(MAX_TREES) {
        show::tree(&mut out, tree, extent)?;
    }
    show::legend(&mut out)?;
    if let Some(more) = trees.len().checked_sub(MAX_TREES).filter(|more| *more > 0) {
        writeln!(out, "{more} more clients: `orgcache tree`, or one of them with --client NAME\n")?;
    }
    let deepest = sound.iter().find_map(|tree| Some((tree, tree.deepest()?)));
    let Some((tree, org)) = deepest else { return Ok(status(&trees)) };
    show::organization(&mut out, tree, org)?;
    let command = std::env::args_os().next().unwrap_or_else(|| "orgcache".into());
    let command = command.to_string_lossy();
    let (client, org) = (&tree.client.id, tree.structure.id(org).unwrap_or(OrgId::ZERO));
    writeln!(
        out,
        "Next: `{command} --help`, or a question:\n\n\
         echo '{{\"client\": \"{client}\", \"call\": \"natural_tree\",' \\\n\
         '\"args\": {{\"org\": \"{org}\"}}}}' | {command}{} query",
        database_option(erp)
    )?;
    Ok(status(&trees))
}

/// The option that makes the suggested command use the same database. A URL with a password is left out: it
/// belongs in the environment variable.
fn database_option(erp: &ErpArguments) -> String {
    let is_set = std::env::var_os("ORGCACHE_DATABASE_URL").is_some_and(|url| !url.is_empty());
    match &erp.database_url {
        Some(url) if !is_set && !exposure::has_password(url) => {
            format!(" --database-url '{}'", url.replace('\'', "'\\''"))
        }
        _ => String::new(),
    }
}
