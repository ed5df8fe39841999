//! `orgcache tree`: a client's tree, and one organization closely.

use std::process::ExitCode;

use erp_db::{Client, Directory, ErpReader, ReadError, StatementError};
use org_structure::OrgIndex;

use crate::cli::TreeArguments;
use crate::demo;
use crate::failure::{Failure, REFUSED};
use crate::show::{self, ClientTree, DamagedTree};

pub(crate) async fn run(url: Option<&str>, arguments: &TreeArguments) -> Result<ExitCode, Failure> {
    let reader = demo::open(url).await?;
    let mut trees = load(&reader, arguments.client.as_deref()).await?;
    let closely = match &arguments.org {
        Some(id) => {
            let org = find(&trees, id)?;
            trees.retain(|tree| tree.as_ref().is_ok_and(|tree| tree.structure.index_of(id).is_some()));
            Some(org)
        }
        None => None,
    };
    let mut out = anstream::stdout().lock();
    for tree in &trees {
        match tree {
            Ok(tree) => {
                show::tree(&mut out, tree)?;
                if let Some(org) = closely.or_else(|| tree.deepest()) {
                    show::organization(&mut out, tree, org)?;
                }
            }
            Err(damaged) => show::damage(&mut out, damaged)?,
        }
    }
    Ok(status(&trees))
}

/// The exit status: refused if a client's rows make no tree.
pub(crate) fn status(trees: &[Result<ClientTree, DamagedTree>]) -> ExitCode {
    if trees.iter().all(Result::is_ok) { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
}

/// The trees of one client or of all, with what is needed to show them. Where all are asked for, a client
/// whose rows are damaged hides no other.
pub(crate) async fn load(
    reader: &ErpReader,
    client: Option<&str>,
) -> Result<Vec<Result<ClientTree, DamagedTree>>, Failure> {
    let mut clients: Vec<Client> = reader.clients().await?;
    if let Some(id) = client {
        // An unknown client is an error of the reader's, with its words.
        if !clients.iter().any(|client| client.id == id) {
            reader.load_tree(id).await?;
        }
        clients.retain(|client| client.id == id);
    }
    let mut trees = Vec::with_capacity(clients.len());
    for mut one in clients {
        let damage = one.damage.take();
        if let Some(damage) = damage.clone().filter(|_| one.id.is_empty()) {
            trees.push(Err(DamagedTree { client: one, damage }));
            continue;
        }
        let loaded = match reader.load_tree(&one.id).await {
            Err(error) if client.is_none() && is_damage(&error) => {
                trees.push(Err(DamagedTree { client: one, damage: error.to_string() }));
                continue;
            }
            loaded => loaded?,
        };
        let mut notes: Vec<String> =
            damage.into_iter().chain(loaded.findings.iter().map(ToString::to_string)).collect();
        let directory = match reader.directory(&one.id).await {
            Err(error) if is_damage(&error) => {
                notes.push(format!("there are no names: {error}"));
                Directory::default()
            }
            directory => directory?,
        };
        trees.push(Ok(ClientTree { client: one, structure: loaded.structure, notes, directory }));
    }
    Ok(trees)
}

/// Is an error about the rows of one client, so that others may be sound?
fn is_damage(error: &ReadError) -> bool {
    matches!(
        error,
        ReadError::Tree { .. }
            | ReadError::InvalidId { .. }
            | ReadError::Database(StatementError::Value { .. })
    )
}

/// The organization in the one tree that has it.
fn find(trees: &[Result<ClientTree, DamagedTree>], id: &str) -> Result<OrgIndex, Failure> {
    let found: Vec<OrgIndex> =
        trees.iter().flatten().filter_map(|tree| tree.structure.index_of(id)).collect();
    if let [org] = *found {
        return Ok(org);
    }
    let damaged: Vec<&str> = trees.iter().filter_map(|tree| Some(&*tree.as_ref().err()?.client.id)).collect();
    Err(match (found.len(), damaged.is_empty()) {
        (0, true) => Failure::nothing_done(format!("organization `{id}` is in none of these trees"))
            .advise("`orgcache tree` without --org shows every organization with its id."),
        (0, false) => Failure::nothing_done(format!(
            "organization `{id}` is in none of these trees, and client `{}` has a damaged one",
            damaged.join("`, `")
        ))
        .advise("`orgcache tree` without --org shows every organization with its id, and the damage."),
        (trees, _) => Failure::nothing_done(format!("organization `{id}` is in {trees} trees"))
            .advise("Say which one with --client."),
    })
}
