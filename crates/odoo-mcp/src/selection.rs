//! Which fields are read, or shown, if nobody names any.

use model_metadata::{FieldDefinition, FieldDefinitions};

use crate::secrecy::is_credential;

/// What tells a record apart, whatever the limit.
const ESSENTIAL: &[&str] = &["id", "name", "display_name", "active"];

/// Fields of bookkeeping.
const TECHNICAL: &[&str] = &[
    "write_date",
    "create_date",
    "write_uid",
    "create_uid",
    "__last_update",
    "access_warning",
    "access_url",
];

const TECHNICAL_PREFIXES: &[&str] = &["_", "message_", "activity_", "website_message_"];

/// Words in the names of fields that people ask for first.
const SOUGHT: &[&str] = &[
    "state", "status", "stage", "priority", "company", "currency", "amount", "total", "date", "user",
    "partner", "email", "phone", "street", "city", "country", "code", "ref", "number", "price", "qty",
    "quantity",
];

/// How early a field is chosen: the smaller the earlier; nothing if it is never.
fn rank(field: &FieldDefinition<'_>, kind: &str) -> Option<u8> {
    let name = field.name();
    if ESSENTIAL.contains(&name) {
        return Some(0);
    }
    let technical = TECHNICAL.contains(&name) || TECHNICAL_PREFIXES.iter().any(|it| name.starts_with(it));
    if technical || is_credential(name) {
        return None;
    }
    // A field that is neither stored nor taken from a related record is computed for each row.
    if field.attribute("store") == Some("false") && field.attribute("related").is_none_or(|it| it == "false")
    {
        return None;
    }
    let sought = SOUGHT.iter().any(|word| name.contains(word));
    Some(match kind {
        _ if field.is_true("required") => 1,
        "char" | "selection" | "date" | "datetime" | "integer" | "float" | "monetary" | "boolean" => {
            if sought { 2 } else { 4 }
        }
        "many2one" | "many2one_reference" | "reference" => {
            if sought {
                3
            } else {
                5
            }
        }
        _ => 6,
    })
}

/// Fields whose values are heavy, or lists.
fn is_structure(kind: &str) -> bool {
    matches!(kind, "one2many" | "many2many" | "binary" | "image" | "html")
}

/// The fields that are read if nobody names any: the essential ones, then up to a number of others, required ones and
/// those that people ask for first. Never heavy ones, lists, or what looks like a credential.
pub(crate) fn default_fields(
    fields: &FieldDefinitions,
    limit: usize,
    may_read: impl Fn(&str) -> bool,
) -> Vec<&str> {
    let mut chosen = ranked(fields, |name, kind| !is_structure(kind) && may_read(name), limit);
    // Without its parent a record of a hierarchy cannot be told from its namesakes.
    if fields.get("parent_id").is_some() && may_read("parent_id") {
        chosen.push("parent_id");
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// The fields that are described if nobody names any: up to 60 with values, and all lists and heavy ones.
pub(crate) fn described_fields(fields: &FieldDefinitions) -> Vec<&str> {
    let mut chosen = ranked(fields, |_, kind| !is_structure(kind), 60);
    chosen.extend(ranked(fields, |_, kind| is_structure(kind), usize::MAX));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// All fields, apart from what looks like a credential; and those left out.
pub(crate) fn all_fields(fields: &FieldDefinitions) -> (Vec<&str>, Vec<String>) {
    let (withheld, all): (Vec<&str>, Vec<&str>) =
        fields.iter().map(|field| field.name()).partition(|name| is_credential(name));
    (all, withheld.into_iter().map(str::to_owned).collect())
}

fn ranked(fields: &FieldDefinitions, wanted: impl Fn(&str, &str) -> bool, limit: usize) -> Vec<&str> {
    let mut ranked: Vec<(u8, &str)> = Vec::new();
    for field in fields.iter() {
        let kind = field.text("type").unwrap_or_default();
        if wanted(field.name(), &kind)
            && let Some(rank) = rank(&field, &kind)
        {
            ranked.push((rank, field.name()));
        }
    }
    ranked.sort_unstable();
    let essential = ranked.iter().filter(|(rank, _)| *rank == 0).count();
    ranked.into_iter().take(limit.max(essential)).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use model_metadata::FieldDefinitions;
    use serde_json::json;

    use super::{all_fields, default_fields, described_fields};

    fn fields() -> FieldDefinitions {
        let stored = |kind: &str| json!({"type": kind, "store": true});
        let definitions = json!({
            "id": stored("integer"), "name": stored("char"), "active": stored("boolean"),
            "display_name": {"type": "char", "store": false},
            "parent_id": stored("many2one"), "zebra": stored("char"), "email": stored("char"),
            "kind": {"type": "selection", "store": true, "required": true},
            "line_ids": stored("one2many"), "image_1920": stored("binary"), "comment": stored("html"),
            "total_invoiced": {"type": "monetary", "store": false},
            "partner_city": {"type": "char", "store": false, "related": "partner_id.city"},
            "api_key": stored("char"), "write_date": stored("datetime"), "message_ids": stored("one2many"),
        });
        serde_json::from_value(definitions).unwrap()
    }

    #[test]
    fn essential_required_and_sought_fields_come_first() {
        let fields = fields();
        assert_eq!(
            default_fields(&fields, 1, |_| true),
            ["active", "display_name", "id", "name", "parent_id"]
        );
        assert_eq!(
            default_fields(&fields, 7, |_| true),
            ["active", "display_name", "email", "id", "kind", "name", "parent_id", "partner_city"]
        );
        let most = default_fields(&fields, 100, |_| true);
        for never in
            ["line_ids", "image_1920", "comment", "total_invoiced", "api_key", "write_date", "message_ids"]
        {
            assert!(!most.contains(&never), "{never}");
        }
    }

    #[test]
    fn descriptions_have_lists_and_heavy_fields_too() {
        let fields = fields();
        let described = described_fields(&fields);
        assert!(described.contains(&"line_ids") && described.contains(&"image_1920"));
        assert!(!described.contains(&"api_key"));
        let (all, withheld) = all_fields(&fields);
        assert_eq!(withheld, ["api_key"]);
        assert_eq!(all.len(), fields.len() - 1);
    }
}
