//! `orgcache overview`: every client's tree, one organization closely, and what it takes in memory.

use std::io::Write;
use std::process::ExitCode;

use org_structure::OrgId;

use crate::commands::tree::{load, status};
use crate::demo;
use crate::failure::Failure;
use crate::show::{self, ClientTree};

pub(crate) async fn run(url: Option<&str>) -> Result<ExitCode, Failure> {
    let reader = demo::open(url).await?;
    let mut trees = load(&reader, None).await?;
    trees.sort_by_key(|tree| tree.as_ref().is_ok_and(|tree| tree.structure.is_empty()));
    let mut out = anstream::stdout().lock();
    for tree in &trees {
        match tree {
            Ok(tree) => show::tree(&mut out, tree)?,
            Err(damaged) => show::damage(&mut out, damaged)?,
        }
    }
    let sound: Vec<&ClientTree> = trees.iter().flatten().collect();
    let deepest = sound.iter().find_map(|tree| Some((tree, tree.deepest()?)));
    if let Some((tree, org)) = deepest {
        show::organization(&mut out, tree, org)?;
    }
    show::memory(&mut out, &sound)?;
    let command = std::env::args().next().unwrap_or_else(|| "orgcache".to_owned());
    writeln!(out, "\nNext: `{command} --help`, or ask a question:")?;
    if let Some((tree, org)) = deepest {
        let (client, org) = (&tree.client.id, tree.structure.id(org).unwrap_or(OrgId::ZERO));
        writeln!(
            out,
            r#"  echo '{{"client": "{client}", "call": "natural_tree", "args": {{"org": "{org}"}}}}' | {command} query"#
        )?;
    }
    Ok(status(&trees))
}
