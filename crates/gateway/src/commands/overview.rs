//! `orgcache overview`: every client's tree, one organization closely, and what it takes in memory.

use std::io::Write;
use std::process::ExitCode;

use org_structure::OrgId;

use crate::commands::tree::load;
use crate::failure::Failure;
use crate::{demo, show};

pub(crate) async fn run(url: Option<&str>) -> Result<ExitCode, Failure> {
    let reader = demo::open(url).await?;
    let mut trees = load(&reader, None).await?;
    trees.sort_by_key(|tree| tree.structure.is_empty());
    let mut out = anstream::stdout().lock();
    for tree in &trees {
        show::tree(&mut out, tree)?;
    }
    let deepest = trees.iter().find_map(|tree| Some((tree, tree.deepest()?)));
    if let Some((tree, org)) = deepest {
        show::organization(&mut out, tree, org)?;
    }
    show::memory(&mut out, &trees)?;
    let command = std::env::args().next().unwrap_or_else(|| "orgcache".to_owned());
    writeln!(out, "\nNext: `{command} --help`, or ask a question:")?;
    if let Some((tree, org)) = deepest {
        let (client, org) = (&tree.client.id, tree.structure.id(org).unwrap_or(OrgId::ZERO));
        writeln!(
            out,
            r#"  echo '{{"client": "{client}", "call": "natural_tree", "args": {{"org": "{org}"}}}}' | {command} query"#
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
