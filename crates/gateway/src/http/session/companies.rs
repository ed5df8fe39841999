//! `GET /v1/session/companies`: Odoo's two company rules as conditions for SQL and for searches.

use axum::Json;
use axum::extract::State;
use odoo::{CompanyFilter, company_context};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use session_axum::{CurrentSession, Problem};

use crate::backend::Backend;
use crate::http::gateway::Gateway;
use crate::http::wire::problem::{not_found, unprocessable};
use crate::http::wire::query_string::QueryParameters;

/// The default field, with which most of Odoo's models refer to a company.
const FIELD: &str = "company_id";

/// The maximum length of a field's name.
const MAX_FIELD: usize = 63;

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Companies {
    /// For the context of calls to Odoo in this session.
    #[schemars(with = "Vec<i64>")]
    allowed_company_ids: Value,
    /// Records of the user's companies.
    own: Condition,
    /// Records of the user's companies and of the companies above them.
    shared: Condition,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Condition {
    ids: Vec<i64>,
    sql: String,
    #[schemars(with = "Vec<Value>")]
    domain: Value,
}

impl Condition {
    fn new(filter: CompanyFilter, field: &str, or_none: bool) -> Self {
        let filter = if or_none { filter.or_without_company() } else { filter };
        Condition { ids: filter.ids().to_vec(), sql: filter.sql(field), domain: filter.domain(field) }
    }
}

pub(crate) async fn companies(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    mut parameters: QueryParameters,
) -> Result<Json<Companies>, Problem> {
    if !matches!(gateway.inner.backend, Backend::Odoo(_)) {
        let detail = "the ERP of this service is not Odoo: see /v1/session/sql-filter";
        return Err(not_found("no_companies", detail));
    }
    let field = parameters.take("field")?.unwrap_or_else(|| FIELD.to_owned());
    if !is_field(&field) {
        let detail = "it is the name of a field, such as `company_id` or `order_id.company_id`";
        return Err(unprocessable(detail).with_field("field"));
    }
    let or_none = match parameters.take("or_none")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(unprocessable("it is `true` or `false`").with_field("or_none")),
    };
    parameters.done()?;
    let mut context = company_context(&session);
    Ok(Json(Companies {
        allowed_company_ids: context.remove("allowed_company_ids").unwrap_or_default(),
        own: Condition::new(CompanyFilter::own(&session), &field, or_none),
        shared: Condition::new(CompanyFilter::shared(&session), &field, or_none),
    }))
}

/// Whether a text is the name of a field. Nothing else may be inserted into a condition for SQL.
fn is_field(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    name.len() <= MAX_FIELD && name.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::is_field;

    #[test]
    fn only_field_names_are_accepted() {
        for name in ["company_id", "company_ids", "order_id.company_id", "id", "x_company2"] {
            assert!(is_field(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", ".", "a.", ".a", "1a", "a b", "a;", "a)--", "A", "a\"", "é", &long] {
            assert!(!is_field(name), "{name}");
        }
    }
}
