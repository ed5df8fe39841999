//! The calls, by name.

mod database;
mod role;
mod tree;

use serde_json::Value;

use super::erp::Erp;
use super::problem::Problem;
use super::request::Request;

/// Answers a call.
///
/// # Errors
/// An unknown call, a missing or wrong argument, an unknown client, a database that does not answer.
pub(crate) async fn call(erp: &mut Erp, request: Request<'_>) -> Result<Value, Problem> {
    // Futures that ask the database are large: boxed, they are no burden where the tree answers alone.
    let Request { client, call, mut arguments } = request;
    let (client, call) = (client.as_deref(), call.as_ref());
    // Three calls name the client themselves.
    if let Some(question) = database::OfAnyClient::take(call, &mut arguments)? {
        arguments.done()?;
        return Box::pin(question.answer(erp)).await;
    }
    // The arguments are judged before the client: the same line has the same fault on every database.
    if let Some(question) = tree::OfTree::take(call, &mut arguments)? {
        arguments.done()?;
        return question.answer(erp.tree_of(client).await?.provider());
    }
    if let Some(question) = database::OfDatabase::take(call, &mut arguments)? {
        arguments.done()?;
        let tree = erp.tree_of(client).await?;
        return Box::pin(question.answer(erp, &tree)).await;
    }
    if let Some(question) = role::OfRole::take(call, &mut arguments)? {
        arguments.done()?;
        let tree = erp.tree_of(client).await?;
        return Box::pin(question.answer(erp, &tree)).await;
    }
    Err(Problem::unknown_call(call))
}
