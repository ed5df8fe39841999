//! Finds unreadable fields: fields that the user may not read although their definitions are visible.
//!
//! One such field makes a whole read fail. The server learns these fields from the message of Odoo's refusal
//! and from the permissions of the user's groups, and caches them together with the definitions.

use std::collections::BTreeSet;
use std::sync::Arc;

use model_metadata::{FieldDefinition, FieldDefinitions};
use odoo::{Call, OdooError};
use serde_json::Value;

use crate::ToolError;
use crate::service::Service;

impl Service {
    /// The cached unreadable fields of a model.
    pub(crate) async fn unreadable(
        &self,
        model: &str,
        definitions: &Arc<FieldDefinitions>,
    ) -> Result<Arc<BTreeSet<String>>, ToolError> {
        let scope = self.scope().await?;
        Ok(self.unreadable.get(&scope, model, definitions).unwrap_or_default())
    }

    /// Caches fields that the user may not read.
    pub(crate) async fn cache_unreadable(
        &self,
        model: &str,
        definitions: &Arc<FieldDefinitions>,
        names: &[&str],
    ) -> Result<(), ToolError> {
        let scope = self.scope().await?;
        let known = self.unreadable.get(&scope, model, definitions).unwrap_or_default();
        let all = known.iter().cloned().chain(names.iter().map(|name| (*name).to_owned())).collect();
        self.unreadable.put(scope, model, definitions, all);
        Ok(())
    }

    /// Learns from a refusal which fields the user may not read. Returns whether it found unreadable fields
    /// among `names` that were not known before.
    ///
    /// Requests the permissions of the groups once, and again if the first refusal of a call names a new
    /// field: some versions of Odoo name only one of several fields.
    pub(crate) async fn learn_unreadable(
        &self,
        model: &str,
        definitions: &Arc<FieldDefinitions>,
        names: &[&str],
        (message, is_first): (&str, bool),
    ) -> Result<bool, ToolError> {
        let scope = self.scope().await?;
        let cached = self.unreadable.get(&scope, model, definitions);
        let is_uncached = cached.is_none();
        let known = cached.unwrap_or_default();
        let mut found: BTreeSet<String> = fields_in_refusal(message, model, definitions, names);
        if is_uncached || (is_first && !found.is_subset(&known)) {
            if let Some(allowed) = self.allowed_fields(model).await? {
                let others =
                    definitions.iter().map(|field| field.name()).filter(|name| !allowed.contains(*name));
                found.extend(others.map(str::to_owned));
            }
            let lists: Vec<FieldDefinition<'_>> =
                names.iter().filter_map(|name| definitions.get(name)).filter(is_list).collect();
            if !lists.is_empty() {
                let readable = self.metadata.models(&self.client, &scope, &[]).await?;
                let is_unreadable = |field: &&FieldDefinition<'_>| {
                    field
                        .text("relation")
                        .is_some_and(|relation| relation != model && readable.label(&relation).is_none())
                };
                found.extend(lists.iter().filter(is_unreadable).map(|field| field.name().to_owned()));
            }
        }
        let is_new = names.iter().any(|name| found.contains(*name) && !known.contains(*name));
        found.extend(known.iter().cloned());
        self.unreadable.put(scope, model, definitions, found);
        Ok(is_new)
    }

    /// The fields that the user's groups allow to read; `None` if Odoo does not answer that question.
    async fn allowed_fields(&self, model: &str) -> Result<Option<BTreeSet<String>>, ToolError> {
        let check = || {
            Call::method(model, "check_field_access_rights")
                .idempotent()
                .argument("operation", "read")
                .argument("field_names", Value::Null)
        };
        // On some models the method requires a list of ids as its first argument; an empty list suffices.
        for call in [check(), check().on(&[])] {
            match self.client.call::<BTreeSet<String>>(call).await {
                Ok(allowed) => return Ok(Some(allowed)),
                Err(OdooError::Fault(fault)) => return Err(OdooError::Fault(fault).into()),
                Err(OdooError::Rejected { .. } | OdooError::Server { .. }) => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}

fn is_list(field: &FieldDefinition<'_>) -> bool {
    matches!(field.text("type").as_deref(), Some("one2many" | "many2many"))
}

/// The fields that a refusal names. The wording depends on Odoo's version; all versions quote the names.
fn fields_in_refusal(
    message: &str,
    model: &str,
    definitions: &FieldDefinitions,
    names: &[&str],
) -> BTreeSet<String> {
    let first = message.split("\n\n").next().unwrap_or_default();
    let is_named = |name: &str| {
        is_quoted(first, name)
            || message.lines().any(|line| line.starts_with(&format!("- {name} (")))
            || message.starts_with(&format!("Failed to read field {model}.{name}\n"))
    };
    let refers_to_named = |name: &str| {
        let Some(field) = definitions.get(name) else { return false };
        let text = |attribute: &str| field.text(attribute);
        // A related field fails if the message names its source, a field of another model.
        let is_source_named =
            text("related").and_then(|path| path.rsplit('.').next().map(|last| is_quoted(first, last)));
        let is_model_named = is_list(&field)
            && text("relation")
                .is_some_and(|relation| relation != model && message.contains(&format!("({relation})")));
        is_source_named == Some(true) || is_model_named
    };
    names
        .iter()
        .filter(|name| is_named(name) || refers_to_named(name))
        .map(|name| (*name).to_owned())
        .collect()
}

/// Does the text contain a name in quotes, alone or in a list with commas?
fn is_quoted(text: &str, name: &str) -> bool {
    const BEFORE: &[char] = &['"', '\'', '“', '‘', '«', ','];
    const AFTER: &[char] = &['"', '\'', '”', '’', '»', ','];
    text.match_indices(name).any(|(start, _)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(start + name.len()..).and_then(|after| after.chars().next());
        before.is_some_and(|it| BEFORE.contains(&it)) && after.is_some_and(|it| AFTER.contains(&it))
    })
}

#[cfg(test)]
mod tests {
    use model_metadata::FieldDefinitions;
    use serde_json::json;

    use super::fields_in_refusal;

    #[test]
    fn fields_are_found_in_the_refusals_of_all_versions() {
        let definitions: FieldDefinitions = serde_json::from_value(json!({
            "name": {"type": "char"}, "credit": {"type": "float"}, "debit": {"type": "float"},
            "badge": {"type": "char", "related": "employee_id.barcode"},
            "collaborator_ids": {"type": "one2many", "relation": "project.collaborator"},
            "child_ids": {"type": "one2many", "relation": "res.partner"},
        }))
        .unwrap();
        let names = ["name", "credit", "debit", "badge", "collaborator_ids", "child_ids"];
        for (message, expected) in [
            (
                "The requested operation can not be completed due to security restrictions.\n\nDocument type: Contact \
                 (res.partner)\nOperation: read\nUser: 8\nFields:\n- credit (allowed for groups 'Billing')\n- debit \
                 (allowed for groups 'Billing')",
                vec!["credit", "debit"],
            ),
            (
                "You do not have enough rights to access the fields \"credit,debit\" on Contact (res.partner). Please \
                 contact your system administrator.\n\nOperation: read",
                vec!["credit", "debit"],
            ),
            (
                "You do not have enough rights to access the field \"credit\" on Contact (res.partner). Please contact \
                 your system administrator.\n\nOperation: read\nUser: 7\nGroups: allowed for groups 'name'",
                vec!["credit"],
            ),
            (
                "You do not have enough rights to access the field \"barcode\" on Employee (hr.employee).",
                vec!["badge"],
            ),
            (
                "The fields 'credit,debit' you try to read is not available on the public employee profile.",
                vec!["credit", "debit"],
            ),
            (
                "The fields “debit”, which you are trying to read, are not available for employee public profiles.",
                vec!["debit"],
            ),
            (
                "Failed to read field res.partner.collaborator_ids\nYou are not allowed to access 'Collaborators' \
                 (project.collaborator) records.",
                vec!["collaborator_ids"],
            ),
            (
                "You are not allowed to access 'Collaborators' (project.collaborator) records.",
                vec!["collaborator_ids"],
            ),
            ("You are not allowed to access 'Contact' (res.partner) records.", vec![]),
            ("Uh-oh! Looks like you have stumbled upon some top-secret records.", vec![]),
        ] {
            let found: Vec<String> =
                fields_in_refusal(message, "res.partner", &definitions, &names).into_iter().collect();
            assert_eq!(found, expected, "{message}");
        }
    }
}
