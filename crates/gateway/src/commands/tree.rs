//! `orgcache tree`: prints clients' trees as text, JSON or a graph, or one organization in detail.

use std::process::ExitCode;

use erp_db::{Client, Directory, ReadError, StatementError};
use org_structure::{ClientId, OrgIndex};

use crate::backend::{Backend, BackendError};
use crate::cli::{ErpArguments, TreeArguments};
use crate::failure::{Failure, REFUSED};
use crate::show::{self, ClientTree, DamagedTree, Extent};

/// The maximum number of lines per tree without `--depth`.
const MAX_LINES: usize = 100;

pub(crate) async fn run(erp: &ErpArguments, arguments: &TreeArguments) -> Result<ExitCode, Failure> {
    let backend = erp.open().await?;
    let mut trees = load(&backend, arguments.which.client.as_deref()).await?;
    let closely = match &arguments.org {
        Some(text) => {
            let (place, org) = find_organization(&trees, text)?;
            trees = trees.into_iter().nth(place).into_iter().collect();
            Some(org)
        }
        None => None,
    };
    let all = Extent::Depth(arguments.which.depth.unwrap_or(usize::MAX));
    let mut out = anstream::stdout().lock();
    if arguments.which.json {
        show::json(&mut out, &trees, Some(all))?;
        return Ok(status(&trees));
    }
    if arguments.dot {
        show::dot(&mut out, trees.iter().flatten(), all)?;
        return Ok(status(&trees));
    }
    let extent = arguments.which.depth.map_or(Extent::Lines(MAX_LINES), Extent::Depth);
    for tree in &trees {
        show::tree(&mut out, tree, extent)?;
    }
    show::legend(&mut out)?;
    if let (Some(org), Some(Ok(tree))) = (closely, trees.first()) {
        show::organization(&mut out, tree, org)?;
    }
    Ok(status(&trees))
}

/// The exit status: [`REFUSED`](crate::failure::REFUSED) if a client's rows do not form a tree.
pub(crate) fn status(trees: &[Result<ClientTree, DamagedTree>]) -> ExitCode {
    if trees.iter().all(Result::is_ok) { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
}

/// Loads the trees of one client or of all, with the data to show them. If all are loaded, a damaged client
/// does not prevent the others.
pub(crate) async fn load(
    backend: &Backend,
    client: Option<&str>,
) -> Result<Vec<Result<ClientTree, DamagedTree>>, Failure> {
    let mut clients: Vec<Client> = backend.clients().await?;
    if let Some(text) = client {
        let id = find_client(&clients, text)?;
        clients.retain(|client| client.id == id);
    }
    let mut trees = Vec::with_capacity(clients.len());
    for one in clients {
        let damage = one.damage.clone();
        if let Some(damage) = damage.clone().filter(|_| one.id.is_empty()) {
            trees.push(Err(DamagedTree { client: one, damage }));
            continue;
        }
        let id = ClientId::new(&one.id).map_err(|error| Failure::refused(&error))?;
        let loaded = match backend.load_tree(id).await {
            Err(error) if client.is_none() && is_damage(&error) => {
                trees.push(Err(DamagedTree { client: one, damage: error.to_string() }));
                continue;
            }
            loaded => loaded?,
        };
        let mut notes: Vec<String> = damage.into_iter().chain(loaded.findings).collect();
        let directory = match backend.directory(id).await {
            Err(error) if is_damage(&error) => {
                notes.push(format!("names are missing: {error}"));
                Directory::default()
            }
            directory => directory?,
        };
        trees.push(Ok(ClientTree { client: one, structure: loaded.structure, notes, directory }));
    }
    Ok(trees)
}

/// The id of the client with the given id, name or search key.
fn find_client(clients: &[Client], text: &str) -> Result<String, Failure> {
    if clients.iter().any(|client| client.id == text) {
        return Ok(text.to_owned());
    }
    let has_name = |client: &&Client| [&client.name, &client.search_key].iter().any(|it| is_same(it, text));
    let found: Vec<&Client> = clients.iter().filter(has_name).collect();
    match *found {
        [] => Err(Failure::nothing_done(format!("there is no client `{text}`"))
            .advise("`orgcache tree` without --client shows all clients.")),
        [client] => Ok(client.id.clone()),
        _ => {
            let ids: Vec<&str> = found.iter().map(|client| &*client.id).collect();
            Err(Failure::nothing_done(format!("{} clients are named `{text}`", found.len()))
                .advise(format!("Name one by its id: {}.", ids.join(", "))))
        }
    }
}

/// Whether two names are the same, ignoring case.
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// Whether an error concerns only the rows of one client.
fn is_damage(error: &BackendError) -> bool {
    matches!(
        error,
        BackendError::Companies(_)
            | BackendError::Database(
                ReadError::Tree { .. }
                    | ReadError::InvalidId { .. }
                    | ReadError::Database(StatementError::Value { .. })
            )
    )
}

/// The only organization with the given id, or else name or search key, and the index of its tree.
fn find_organization(
    trees: &[Result<ClientTree, DamagedTree>],
    text: &str,
) -> Result<(usize, OrgIndex), Failure> {
    let sound = || trees.iter().enumerate().filter_map(|(place, tree)| Some((place, tree.as_ref().ok()?)));
    let mut found: Vec<(usize, OrgIndex)> =
        sound().filter_map(|(place, tree)| Some((place, tree.structure.index_of(text)?))).collect();
    if found.is_empty() {
        found =
            sound().flat_map(|(place, tree)| with_name(tree, text).map(move |org| (place, org))).collect();
    }
    if let [one] = *found {
        return Ok(one);
    }
    let damaged: Vec<&str> = trees.iter().filter_map(|tree| Some(&*tree.as_ref().err()?.client.id)).collect();
    Err(match (found.len(), damaged.is_empty()) {
        (0, true) => Failure::nothing_done(format!("organization `{text}` is in none of these trees"))
            .advise("`orgcache tree --json` lists every organization with its id."),
        (0, false) => Failure::nothing_done(format!(
            "organization `{text}` is in none of these trees, and client `{}` has a damaged one",
            damaged.join("`, `")
        ))
        .advise("`orgcache tree` without --org shows the damage."),
        (count, _) => {
            let places: Vec<String> = found
                .iter()
                .take(10)
                .filter_map(|(place, org)| {
                    let tree = trees.get(*place)?.as_ref().ok()?;
                    Some(format!("\n  {}  client {}", tree.structure.id(*org)?, tree.client.id))
                })
                .collect();
            Failure::nothing_done(format!("{count} organizations are called `{text}`"))
                .advise(format!("Name one by its id, and its client by --client:{}", places.concat()))
        }
    })
}

/// The organizations of a tree with the given name or search key.
fn with_name(tree: &ClientTree, text: &str) -> impl Iterator<Item = OrgIndex> {
    tree.directory
        .iter()
        .filter(move |(_, entry)| is_same(&entry.name, text) || is_same(&entry.search_key, text))
        .filter_map(|(id, _)| tree.structure.index_of(id.as_str()))
}
