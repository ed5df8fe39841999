//! The calls by name, and their dispatch to the kinds of questions.

mod company;
mod database;
mod role;
mod tree;

use serde_json::Value;
use session::{RoleId, UserId};

use super::arguments::Arguments;
use super::erp::Erp;
use super::problem::QueryProblem;
use super::request::Request;

/// The names of the calls.
pub(crate) const CALLS: [&str; 36] = [
    "natural_tree",
    "referenceable_orgs",
    "is_in_natural_tree",
    "may_reference",
    "parent_org",
    "parent_list",
    "parent_tree",
    "child_org",
    "child_tree",
    "legal_entity",
    "business_unit",
    "legal_entity_or_business_unit",
    "period_control_org",
    "calendar_owner",
    "child_legal_entities",
    "transaction_allowed_orgs",
    "closest",
    "persisted_org_info",
    "is_org_included",
    "sql_is_in_natural_tree",
    "legal_entities_of_client",
    "sql_legal_entity",
    "sql_business_unit",
    "sql_legal_entity_or_business_unit",
    "sql_period_control_org",
    "sql_calendar_owner",
    "sql_period_control_org_treenode",
    "sql_calendar_owner_treenode",
    "readable_orgs",
    "writable_orgs",
    "readable_orgs_count",
    "user_org_context",
    "own_companies",
    "shared_companies",
    "legacy_referenceable_orgs",
    "legacy_accessible_tree",
];

/// A parsed question, grouped by the data that its answer needs.
enum Question<'a> {
    Tree(tree::TreeQuestion<'a>),
    Database(database::DatabaseQuestion<'a>),
    Role(role::RoleQuestion<'a>),
    User(company::UserQuestion<'a>),
}

impl<'a> Question<'a> {
    fn take(call: &str, mut from: Arguments<'a>) -> Result<Self, QueryProblem> {
        let question = if let Some(question) = tree::take(call, &mut from)? {
            Question::Tree(question)
        } else if let Some(question) = database::take(call, &mut from)? {
            Question::Database(question)
        } else if let Some(question) = role::take(call, &mut from)? {
            Question::Role(question)
        } else if let Some(question) = company::take(call, &mut from)? {
            Question::User(question)
        } else {
            return Err(QueryProblem::unknown_call(call));
        };
        from.expect_none_left()?;
        Ok(question)
    }
}

/// Whether a call asks about a role or user other than the caller's. `false` if the call names none, because
/// it then fails for the missing argument.
pub(crate) fn is_about_others(call: &str, arguments: &Arguments<'_>, role: RoleId, user: UserId) -> bool {
    (role::takes_a_role(call) && arguments.has_value_other_than("role", role.as_str()))
        || (company::takes_a_user(call) && arguments.has_value_other_than("user", user.as_str()))
}

/// Answers a call.
///
/// # Errors
/// An unknown call, a missing or wrong argument, an unknown client, a database that does not answer.
pub(crate) async fn call(erp: &mut impl Erp, request: Request<'_>) -> Result<Value, QueryProblem> {
    // Check the arguments before the client, so that a wrong line gets the same error on every database.
    let question = Question::take(&request.call, request.arguments)?;
    let client = request.client.as_deref();
    // Futures that query the database are large. Boxing them keeps this future small for questions that the
    // tree answers alone.
    match &question {
        Question::Tree(question) => Ok(question.answer(erp.tree(client).await?.provider())),
        Question::Database(question) => Box::pin(question.answer(erp, client)).await,
        Question::Role(question) => {
            let tree = erp.tree(client).await?;
            Box::pin(question.answer(erp, &tree)).await
        }
        Question::User(question) => {
            let tree = erp.tree(client).await?;
            Box::pin(question.answer(erp, &tree)).await
        }
    }
}
