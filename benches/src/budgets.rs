//! Checks machine-independent counts against a committed table.

use std::sync::Arc;

use anyhow::Context;
use serde::Deserialize;

use crate::contender::all;
use crate::orgcache::{Orgcache, SharedTree};
use crate::record::float;
use crate::session_bytes::{AllocationCount, Counter};
use crate::sessions::Access;
use crate::sessions::held::Sessions;
use crate::sessions::storm::{self, Revisions};
use crate::structure::{Answer, Database, Structure};
use crate::table::thousands;
use crate::trees::{Shape, rows};

/// The number of sessions for byte counts and load counts.
const LOGINS: usize = 10_000;

/// One line of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The structure.
    pub structure: String,
    /// `bytes_first_session`, `bytes_further_session`, `bytes_per_organization`, or
    /// `allocations_` and the name of a call; of `sessions` `bytes_per_session`, `bytes_about_organizations`,
    /// `loads_of_a_storm`, `loads_of_a_storm_without_revisions`.
    pub metric: String,
    /// The shape of the tree.
    pub shape: String,
    /// Its organizations below `0`.
    pub organizations: usize,
    /// The maximum.
    pub at_most: u64,
}

/// A budget, and the actual count.
#[derive(Clone, Debug)]
pub struct BudgetCheck {
    /// The budget.
    pub budget: Budget,
    /// The count, rounded up.
    pub counted: u64,
}

impl BudgetCheck {
    /// Is it within the budget?
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.counted <= self.budget.at_most
    }
}

impl core::fmt::Display for BudgetCheck {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Budget { structure, metric, shape, organizations, at_most } = &self.budget;
        let verdict = if self.is_met() { "met   " } else { "MISSED" };
        let at_most = thousands(usize::try_from(*at_most).unwrap_or(usize::MAX));
        let counted = thousands(usize::try_from(self.counted).unwrap_or(usize::MAX));
        let tree = format!("{shape} {}", thousands(*organizations));
        write!(f, "{verdict}  {structure:18} {metric:38} {tree:16} {counted:>10} of {at_most:>10}")
    }
}

/// The committed table.
///
/// # Errors
/// The table is invalid.
pub fn table() -> anyhow::Result<Vec<Budget>> {
    serde_json::from_str(include_str!("../budgets.json")).context("budgets.json is broken")
}

/// Counts the metric of one budget.
///
/// # Errors
/// The budget names an unknown structure or metric.
pub fn check(budget: Budget, counter: Counter) -> anyhow::Result<BudgetCheck> {
    let shape: Shape = budget.shape.parse()?;
    let database = Arc::new(Database::new(rows(shape, budget.organizations)));
    let unanswered = |reason| anyhow::anyhow!("{}, {}: {reason}", budget.structure, budget.metric);
    let counted = match (budget.structure.as_str(), budget.metric.strip_prefix("allocations_")) {
        ("sessions", _) => sessions(&budget, counter)?,
        (_, Some(call)) => allocations(call, &database, counter).map_err(unanswered)?,
        (_, None) => {
            let contender = all().into_iter().find(|contender| contender.name == budget.structure);
            let contender =
                contender.with_context(|| format!("`{}` is not a structure", budget.structure))?;
            let sessions = if budget.metric == "bytes_further_session" { 2 } else { 1 };
            let bytes = (contender.count)(&database, sessions, counter).map_err(unanswered)?;
            let organizations = float(budget.organizations as u64);
            let figure = match budget.metric.as_str() {
                "bytes_first_session" => bytes.first,
                "bytes_further_session" => bytes.further,
                "bytes_per_organization" => bytes.first / organizations,
                other => anyhow::bail!("`{other}` is not a metric"),
            };
            ceiling(figure)
        }
    };
    Ok(BudgetCheck { budget, counted })
}

/// Counts a metric of logins.
fn sessions(budget: &Budget, counter: Counter) -> anyhow::Result<u64> {
    let storm = |revisions| storm::loads(LOGINS, budget.organizations, revisions);
    let hold = || {
        let sessions =
            Sessions { count: LOGINS, trees: 1, access: Access::Few, organizations: budget.organizations };
        sessions.hold(counter)
    };
    match budget.metric.as_str() {
        "loads_of_a_storm" => storm(Revisions::Kept),
        "loads_of_a_storm_without_revisions" => storm(Revisions::NotKept),
        "bytes_per_session" => Ok(hold()?.bytes.div_ceil(LOGINS as u64)),
        "bytes_about_organizations" => Ok(hold()?.organizations),
        other => anyhow::bail!("`{other}` is not counted of sessions"),
    }
}

/// The number of allocations of orgcache's calls, in total for one call on every pair of neighbours.
fn allocations(call: &str, database: &Arc<Database>, counter: Counter) -> Answer<u64> {
    let orgcache = Orgcache::<SharedTree>::load(database)?;
    let mut answer = Ok(());
    let AllocationCount { allocations, .. } = counter(&mut || {
        for pair in database.rows().windows(2) {
            let [one, other] = pair else { continue };
            let asked = match call {
                "natural_tree_test" => orgcache.is_in_natural_tree(&one.id, &other.id).map(drop),
                "natural_tree_test_by_index" => orgcache.is_in_natural_tree_by_index(0, 1).map(drop),
                "legal_entity" => orgcache.legal_entity(&one.id).map(drop),
                _ => Err(crate::structure::NoAnswer::NoSuchCall),
            };
            answer = answer.and(asked);
        }
    });
    answer.map(|()| allocations)
}

/// Rounds up to a whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole, positive and small"
)]
fn ceiling(figure: f64) -> u64 {
    figure.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_budget_can_be_counted() {
        fn nothing(run: &mut dyn FnMut()) -> AllocationCount {
            run();
            AllocationCount { bytes: 0, allocations: 0 }
        }
        let table = table().unwrap();
        assert!(!table.is_empty());
        for budget in table {
            let small = Budget { organizations: 30, ..budget };
            check(small, nothing).unwrap();
        }
    }

    #[test]
    fn a_figure_above_its_budget_is_missed() {
        let budget = table().unwrap().remove(0);
        let at_most = budget.at_most;
        assert!(BudgetCheck { budget: budget.clone(), counted: at_most }.is_met());
        let missed = BudgetCheck { budget, counted: at_most + 1 };
        assert!(!missed.is_met());
        assert!(missed.to_string().starts_with("MISSED"));
    }
}
