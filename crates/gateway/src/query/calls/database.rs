//! Calls that need the database or several trees: stored columns, and the client of an organization.

use erp_db::{OrgTreeLevel, ReadError, StoredOrgInfo};
use org_structure::{OrgFlags, OrgId, OrgIndex, OrgStructure};
use serde_json::{Value, json};
use session::ClientId;

use crate::query::arguments::{Arguments, Id};
use crate::query::erp::{Erp, client_id};
use crate::query::problem::{Code, QueryProblem};

/// A question that needs the database. The first three take their client as an argument, which may be unknown
/// or null.
pub(super) enum DatabaseQuestion<'a> {
    IsOrgIncluded { org: Id<'a>, parent: Id<'a>, client: Id<'a> },
    SqlIsInNaturalTree { one: Id<'a>, other: Id<'a>, client: Id<'a> },
    LegalEntities { client: Id<'a> },
    MayReference { org: Id<'a>, referenced_org: Id<'a> },
    Stored { org: Id<'a>, column: fn(StoredOrgInfo) -> Option<OrgId> },
}

/// Parses the question, if the call is one of these.
pub(super) fn take<'a>(
    call: &str,
    from: &mut Arguments<'a>,
) -> Result<Option<DatabaseQuestion<'a>>, QueryProblem> {
    Ok(Some(match call {
        "is_org_included" => {
            let (org, parent) = (from.id("org")?, from.id("parent")?);
            DatabaseQuestion::IsOrgIncluded { org, parent, client: from.id("client")? }
        }
        "sql_is_in_natural_tree" => {
            let (one, other) = (from.id("org_a")?, from.id("org_b")?);
            DatabaseQuestion::SqlIsInNaturalTree { one, other, client: from.id("client")? }
        }
        "legal_entities_of_client" => DatabaseQuestion::LegalEntities { client: from.id("client")? },
        "may_reference" => {
            let org = from.id("org")?;
            DatabaseQuestion::MayReference { org, referenced_org: from.id("referenced_org")? }
        }
        "sql_legal_entity" => stored_column(from, |stored| stored.legal_entity)?,
        "sql_business_unit" => stored_column(from, |stored| stored.business_unit)?,
        "sql_legal_entity_or_business_unit" => {
            stored_column(from, |stored| stored.business_unit.or(stored.legal_entity))?
        }
        "sql_period_control_org" => stored_column(from, |stored| stored.period_control_allowed)?,
        "sql_calendar_owner" => stored_column(from, |stored| stored.calendar_owner)?,
        _ => return Ok(None),
    }))
}

fn stored_column<'a>(
    from: &mut Arguments<'a>,
    column: fn(StoredOrgInfo) -> Option<OrgId>,
) -> Result<DatabaseQuestion<'a>, QueryProblem> {
    Ok(DatabaseQuestion::Stored { org: from.id("org")?, column })
}

impl DatabaseQuestion<'_> {
    pub(super) async fn answer(
        &self,
        erp: &mut impl Erp,
        client: Option<&str>,
    ) -> Result<Value, QueryProblem> {
        match self {
            DatabaseQuestion::IsOrgIncluded { org, parent, client } => {
                let level = level(erp, org.as_deref(), parent.as_deref(), client.as_deref()).await?;
                Ok(level.unwrap_or(-1).into())
            }
            DatabaseQuestion::SqlIsInNaturalTree { one, other, client } => {
                let (one, other, client) = (one.as_deref(), other.as_deref(), client.as_deref());
                let included = level(erp, one, other, client).await?.is_some()
                    || level(erp, other, one, client).await?.is_some();
                Ok(if included { "Y" } else { "N" }.into())
            }
            DatabaseQuestion::LegalEntities { client } => {
                let Some(client) = client.as_deref() else { return Ok(json!([])) };
                if !erp.client_exists(client).await? {
                    return Ok(json!([]));
                }
                // The database knows the legal entities even if the tree is damaged; then they are sorted by
                // id.
                let tree = match erp.tree(Some(client)).await {
                    Err(problem) if problem.code == Code::DamagedTree => None,
                    tree => Some(tree?),
                };
                let mut orgs = match (erp.reader(), &tree) {
                    (Some(reader), _) => reader.legal_entities_of_client(client_id(client)?).await?,
                    (None, Some(tree)) => legal_entities(&tree.structure).collect(),
                    (None, None) => Vec::new(),
                };
                let index_of = |org: &str| tree.as_ref().and_then(|tree| tree.structure.index_of(org));
                let place = |org: &str| index_of(org).map_or(u32::MAX, OrgIndex::rank);
                orgs.sort_by_cached_key(|org| (place(org.as_str()), *org));
                Ok(json!(orgs))
            }
            DatabaseQuestion::MayReference { org, referenced_org } => {
                erp.require_client(client).await?;
                let (org, referenced_org) = (org.as_deref(), referenced_org.as_deref());
                // Use the tree of the client that owns the referring organization.
                let owner = match org {
                    Some(org) => erp.client_of_organization(org).await?,
                    None => None,
                };
                let owner = match owner {
                    Some(owner) if erp.client_exists(owner.as_str()).await? => Some(owner),
                    _ => None,
                };
                let tree = erp.tree(owner.as_ref().map(ClientId::as_str).or(client)).await?;
                Ok(tree.provider().is_in_natural_tree(org, referenced_org).into())
            }
            DatabaseQuestion::Stored { org, column } => {
                // Stored columns need no tree, so the client's tree may be damaged.
                erp.require_client(client).await?;
                let reader = erp.reader().ok_or_else(QueryProblem::not_in_odoo)?;
                let stored = match org.as_deref().map(OrgId::new) {
                    Some(Ok(org)) if erp.covers_organization(org.as_str()).await? => {
                        reader.stored_org_info(org).await?
                    }
                    _ => None,
                };
                Ok(json!(stored.and_then(column)))
            }
        }
    }
}

/// The level of a parent above an organization, as `AD_ISORGINCLUDED` answers: from the stored ancestor table
/// if the client has rows in it, else from the tree.
async fn level(
    erp: &mut impl Erp,
    org: Option<&str>,
    parent: Option<&str>,
    client: Option<&str>,
) -> Result<Option<i64>, QueryProblem> {
    let Some(client) = client else { return Ok(None) };
    if !erp.client_exists(client).await? {
        return Ok(None);
    }
    let (Some(org), Some(parent)) = (org, parent) else { return Ok(None) };
    // No table contains an invalid id.
    let ids = (OrgId::new(org), OrgId::new(parent), ClientId::new(client));
    if let (Some(reader), (Ok(org), Ok(parent), Ok(client))) = (erp.reader(), ids)
        && !org.is_zero()
    {
        match reader.org_tree_level(org, parent, client).await {
            Ok(OrgTreeLevel::Level(level)) => return Ok(Some(level)),
            Ok(OrgTreeLevel::NotIncluded) => return Ok(None),
            // The tree gives the same answer. Databases from before 2017 do not have the table.
            Ok(OrgTreeLevel::NotFilled) | Err(ReadError::MissingTable { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let tree = erp.tree(Some(client)).await?;
    Ok(tree.provider().is_org_included(Some(org), Some(parent)).map(i64::from))
}

fn legal_entities(tree: &OrgStructure) -> impl Iterator<Item = OrgId> {
    let is_legal_entity =
        |org: &OrgIndex| tree.flags(*org).is_some_and(|flags| flags.contains(OrgFlags::LEGAL_ENTITY));
    tree.indices().filter(is_legal_entity).filter_map(|org| tree.id(org))
}
