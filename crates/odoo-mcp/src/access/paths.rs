//! Access to the models on the paths of conditions, groups and orders of a search.

use model_metadata::Operation;
use serde_json::Value;

use crate::ToolError;
use crate::domain::takes_domain;
use crate::service::Service;

/// The last field of a path.
struct PathEnd {
    kind: String,
    relation: Option<String>,
}

impl Service {
    /// Denies a search that reads a model without permission. For example, a condition on `user_ids.login`
    /// reveals values of `res.users` in a search of another model. A reference at the end of a path is
    /// allowed, because records show the name of the record that they refer to anyway.
    pub(crate) async fn check_paths(
        &self,
        model: &str,
        domain: &[Value],
        groups: &[&str],
        order: Option<&str>,
    ) -> Result<(), ToolError> {
        if !self.gate.has_rules() {
            return Ok(());
        }
        self.check_domain(model, domain).await?;
        for group in groups {
            let path = group.split(':').next().unwrap_or_default();
            if let Some(PathEnd { kind, relation: Some(relation) }) = self.walk(model, path).await?
                && matches!(kind.as_str(), "one2many" | "many2many")
            {
                self.require_on_path(&relation, path).await?;
            }
        }
        for term in order.unwrap_or_default().split(',') {
            let path =
                term.split_whitespace().next().unwrap_or_default().split(':').next().unwrap_or_default();
            if !path.is_empty() && !path.starts_with("__") {
                self.walk(model, path).await?;
            }
        }
        Ok(())
    }

    /// Checks the conditions of a domain and of its nested domains.
    async fn check_domain(&self, model: &str, domain: &[Value]) -> Result<(), ToolError> {
        let mut domains = vec![(model.to_owned(), domain)];
        while let Some((model, domain)) = domains.pop() {
            for term in domain {
                let Some([Value::String(path), operator, value]) = term.as_array().map(Vec::as_slice) else {
                    continue;
                };
                let operator = operator.as_str().unwrap_or_default().trim().to_ascii_lowercase();
                let Some(PathEnd { kind, relation: Some(relation) }) = self.walk(&model, path).await? else {
                    continue;
                };
                let is_nested = takes_domain(&operator);
                let by_name = kind != "many2one" && !is_ids(value);
                if is_nested || by_name {
                    self.require_on_path(&relation, path).await?;
                }
                if let (true, Value::Array(domain)) = (is_nested, value) {
                    domains.push((relation, domain));
                }
            }
        }
        Ok(())
    }

    /// Follows a path of fields and requires read permission on each model on it. Returns `None` if a field
    /// does not exist; Odoo rejects such a path.
    async fn walk(&self, model: &str, path: &str) -> Result<Option<PathEnd>, ToolError> {
        let mut model = model.to_owned();
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            let fields = self.fields(&model, &[name]).await?;
            let Some(field) = fields.get(name) else { return Ok(None) };
            let end =
                PathEnd { kind: field.text("type").unwrap_or_default(), relation: field.text("relation") };
            if names.peek().is_none() {
                return Ok(Some(end));
            }
            // The rest of a path may be in properties and the like, which belong to the record itself.
            let Some(relation) = end.relation else { return Ok(None) };
            self.require_on_path(&relation, path).await?;
            model = relation;
        }
        Ok(None)
    }

    async fn require_on_path(&self, relation: &str, path: &str) -> Result<(), ToolError> {
        if self.gate.allows(relation, Operation::Read).await? {
            return Ok(());
        }
        Err(ToolError::Denied(format!("`{path}` reads `{relation}`, which may not be read via mcp")))
    }
}

/// Does the value consist of ids only?
fn is_ids(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(number) => number.is_i64(),
        Value::Array(values) => values.iter().all(Value::is_i64),
        _ => false,
    }
}
