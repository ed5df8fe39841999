//! `orgcache tree`: a client's tree, and one organization closely.

use std::process::ExitCode;

use erp_db::{Client, ErpReader};
use org_structure::OrgIndex;

use crate::cli::TreeArguments;
use crate::demo;
use crate::failure::Failure;
use crate::show::{self, ClientTree};

pub(crate) async fn run(url: Option<&str>, arguments: &TreeArguments) -> Result<ExitCode, Failure> {
    let reader = demo::open(url).await?;
    let mut trees = load(&reader, arguments.client.as_deref()).await?;
    let closely = match &arguments.org {
        Some(id) => {
            trees.retain(|tree| tree.structure.index_of(id).is_some());
            Some(find(&trees, id)?)
        }
        None => None,
    };
    let mut out = anstream::stdout().lock();
    for tree in &trees {
        show::tree(&mut out, tree)?;
        if let Some(org) = closely.or_else(|| tree.deepest()) {
            show::organization(&mut out, tree, org)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The trees of one client or of all, with what is needed to show them.
pub(crate) async fn load(reader: &ErpReader, client: Option<&str>) -> Result<Vec<ClientTree>, Failure> {
    let mut clients: Vec<Client> = reader.clients().await?;
    if let Some(id) = client {
        // An unknown client is an error of the reader's, with its words.
        if !clients.iter().any(|client| client.id == id) {
            reader.load_tree(id).await?;
        }
        clients.retain(|client| client.id == id);
    }
    let mut trees = Vec::with_capacity(clients.len());
    for client in clients {
        let loaded = reader.load_tree(&client.id).await?;
        let directory = reader.directory(&client.id).await?;
        trees.push(ClientTree { client, structure: loaded.structure, findings: loaded.findings, directory });
    }
    Ok(trees)
}

/// The organization in the one tree that has it.
fn find(trees: &[ClientTree], id: &str) -> Result<OrgIndex, Failure> {
    match trees {
        [tree] => tree.structure.index_of(id),
        _ => None,
    }
    .ok_or_else(|| match trees.len() {
        0 => Failure::nothing_done(format!("organization `{id}` is in none of these trees"))
            .advise("`orgcache tree` without --org shows every organization with its id."),
        _ => Failure::nothing_done(format!("organization `{id}` is in {} trees", trees.len()))
            .advise("Say which one with --client."),
    })
}
