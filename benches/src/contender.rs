//! The table of all compared structures.

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use crate::agreement::{self, Disagreement};
use crate::backends::{HashSets, IndexTree, PetGraph, RoaringPerOrg};
use crate::baselines::{Head, MemoizedOrgTree, OrgTree, Post, Pre};
use crate::metric::Metric;
use crate::options::Options;
use crate::orgcache::{Orgcache, ReopenedTree, SharedTree, UnsharedTree};
use crate::orgcache_views::Views;
use crate::questions::Questions;
use crate::session_bytes::{Bytes, Counter, count};
use crate::structure::{Answer, Database, Structure};

/// A compared structure.
#[derive(Clone, Copy)]
pub struct Contender {
    /// Its name in tables and records.
    pub name: &'static str,
    /// Compares its answers with those of orgcache.
    pub agree: fn() -> Result<(), Disagreement>,
    /// Loads it, to be timed.
    pub load: fn(&Arc<Database>) -> Answer<Box<dyn TimedCalls>>,
    /// Counts the bytes of a number of sessions.
    pub count: fn(&Arc<Database>, usize, Counter) -> Answer<Bytes>,
}

/// A loaded structure whose calls can be timed.
pub trait TimedCalls {
    /// The time of a number of calls.
    ///
    /// # Errors
    /// As the call itself.
    fn time(&self, metric: Metric, asked: &Questions, calls: usize) -> Answer<Duration>;
}

fn contender<S: Structure + 'static>() -> Contender {
    Contender {
        name: S::NAME,
        agree: agreement::check::<S>,
        load: |database| S::load(database).map(|structure| Box::new(structure) as Box<dyn TimedCalls>),
        count: count::<S>,
    }
}

/// All structures, orgcache first.
#[must_use]
pub fn all() -> Vec<Contender> {
    vec![
        contender::<Orgcache<SharedTree>>(),
        contender::<Views>(),
        contender::<Orgcache<UnsharedTree>>(),
        contender::<Orgcache<ReopenedTree>>(),
        contender::<Pre>(),
        contender::<Post>(),
        contender::<Head>(),
        contender::<OrgTree>(),
        contender::<MemoizedOrgTree>(),
        contender::<HashSets>(),
        contender::<RoaringPerOrg>(),
        contender::<PetGraph>(),
        contender::<IndexTree>(),
        #[cfg(feature = "cedar")]
        contender::<crate::backends::Cedar>(),
    ]
}

/// The structures that the options select.
///
/// # Errors
/// An option names a structure that does not exist.
pub fn chosen(options: &Options, all: Vec<Contender>) -> anyhow::Result<Vec<Contender>> {
    let names: Vec<&str> = all.iter().map(|contender| contender.name).collect();
    let chosen = options.structures(&names)?;
    Ok(all.into_iter().filter(|contender| chosen.contains(&contender.name)).collect())
}

impl<S: Structure> TimedCalls for S {
    fn time(&self, metric: Metric, asked: &Questions, calls: usize) -> Answer<Duration> {
        match metric {
            Metric::NaturalTreeTestByIndex => {
                repeat(calls, &asked.indices, |&(one, other)| self.is_in_natural_tree_by_index(one, other))
            }
            Metric::NaturalTreeTest => {
                repeat(calls, &asked.ids, |(one, other)| self.is_in_natural_tree(one, other))
            }
            Metric::NaturalTree => repeat(calls, &asked.ids, |(org, _)| self.natural_tree(org)),
            Metric::NaturalTreeByIndex => {
                repeat(calls, &asked.indices, |&(org, _)| self.natural_tree_by_index(org))
            }
            Metric::Descendants => repeat(calls, &asked.ids, |(org, _)| self.descendants(org)),
            Metric::Ancestors => repeat(calls, &asked.ids, |(org, _)| self.ancestors(org)),
            Metric::LegalEntity => repeat(calls, &asked.ids, |(org, _)| self.legal_entity(org)),
            Metric::LegalEntityByIndex => {
                repeat(calls, &asked.indices, |&(org, _)| self.legal_entity_by_index(org))
            }
            Metric::TransactionAllowed => repeat(calls, &[()], |()| self.transaction_allowed(&asked.list)),
            Metric::Build => repeat(calls, &[()], |()| S::build(&asked.database)),
            Metric::Encode => repeat(calls, &[()], |()| self.encode()),
            Metric::Decode => repeat(calls, &[()], |()| S::decode(&asked.bytes)),
        }
    }
}

/// Calls repeatedly, and passes every answer to `black_box`.
fn repeat<'a, Q, A>(calls: usize, asked: &'a [Q], call: impl Fn(&'a Q) -> Answer<A>) -> Answer<Duration> {
    let mut left = calls;
    let start = Instant::now();
    while left > 0 && !asked.is_empty() {
        let now = asked.get(..left).unwrap_or(asked);
        for question in now {
            black_box(call(question)?);
        }
        left -= now.len();
    }
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_structures_agree_with_orgcache() {
        for contender in all() {
            (contender.agree)().unwrap();
        }
    }

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<&str> = all().iter().map(|contender| contender.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
