//! `Cedar`: entities of the `cedar-policy` crate with parents, and the transitive closure that answers its
//! `in`.

use core::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid};
use org_structure::OrgFlags;

use crate::structure::{
    Answer, Database, Effort, NoAnswer, Structure, TextMap, ancestor_pairs, transaction_allowed,
};

/// The entities, and the name and flags of each id. Entities have no attributes here, because reading one
/// evaluates an expression.
#[derive(Debug)]
pub struct Cedar {
    entities: Entities,
    orgs: TextMap<(EntityUid, OrgFlags)>,
}

impl Cedar {
    fn uid(&self, org: &str) -> Option<&EntityUid> {
        self.orgs.get(org).map(|(uid, _)| uid)
    }

    fn below(&self, org: &EntityUid) -> Vec<EntityUid> {
        let below = self.entities.iter().map(Entity::uid);
        below.filter(|other| other != org && self.entities.is_ancestor_of(org, other)).collect()
    }

    /// The closure is unordered: the nearest ancestor is the one with the most ancestors of its own.
    fn above(&self, org: &EntityUid) -> Vec<EntityUid> {
        let count = |org: &EntityUid| self.entities.ancestors(org).map_or(0, Iterator::count);
        let mut above: Vec<EntityUid> = self.entities.ancestors(org).into_iter().flatten().cloned().collect();
        above.sort_by_cached_key(|org| Reverse(count(org)));
        above
    }
}

impl Structure for Cedar {
    const NAME: &'static str = "cedar";
    type Set<'a> = Vec<EntityUid>;
    type Path<'a> = Vec<EntityUid>;
    type Org = EntityUid;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        Effort::of_storing().spend(ancestor_pairs(database))?;
        let kind: EntityTypeName = "Org".parse().map_err(|_| NoAnswer::NoSuchCall)?;
        let uid = |id: &str| EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id));
        let entity = |row: &crate::trees::Row| {
            let parents: HashSet<EntityUid> = row.parent.iter().map(|parent| uid(parent)).collect();
            // The harness generates only valid trees.
            Entity::new(uid(&row.id), HashMap::new(), parents).map_err(|_| NoAnswer::NoSuchCall)
        };
        let entities: Vec<Entity> = database.rows().iter().map(entity).collect::<Answer<_>>()?;
        let entities = Entities::from_entities(entities, None).map_err(|_| NoAnswer::NoSuchCall)?;
        let orgs = database.rows().iter().map(|row| (row.id.as_str().into(), (uid(&row.id), row.flags)));
        Ok(Cedar { entities, orgs: orgs.collect() })
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        let Some((one, other)) = self.uid(one).zip(self.uid(other)) else { return Ok(false) };
        let is_in = |org, ancestor| self.entities.is_ancestor_of(ancestor, org);
        Ok(one == other || is_in(one, other) || is_in(other, one))
    }

    fn natural_tree(&self, org: &str) -> Answer<Vec<EntityUid>> {
        let Some(org) = self.uid(org) else { return Ok(Vec::new()) };
        let mut set = self.below(org);
        set.push(org.clone());
        set.extend(self.entities.ancestors(org).into_iter().flatten().cloned());
        Ok(set)
    }

    fn descendants(&self, org: &str) -> Answer<Vec<EntityUid>> {
        Ok(self.uid(org).map(|org| self.below(org)).unwrap_or_default())
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<EntityUid>> {
        Ok(self.uid(org).map(|org| self.above(org)).unwrap_or_default())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<EntityUid>> {
        let Some(org) = self.uid(org) else { return Ok(None) };
        let is_legal_entity = |org: &EntityUid| {
            let org = self.orgs.get(org.id().unescaped());
            org.is_some_and(|(_, flags)| flags.contains(OrgFlags::LEGAL_ENTITY))
        };
        if is_legal_entity(org) {
            return Ok(Some(org.clone()));
        }
        Ok(self.above(org).into_iter().find(is_legal_entity))
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.orgs.get(org).map(|&(_, flags)| flags)))
    }

    fn texts(&self, set: &Vec<EntityUid>) -> BTreeSet<String> {
        set.iter().map(|org| self.text(org)).collect()
    }

    fn text(&self, org: &EntityUid) -> String {
        org.id().unescaped().to_owned()
    }
}
