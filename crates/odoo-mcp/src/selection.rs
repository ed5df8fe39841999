//! Selects the fields that are read or described if a call names none.

use std::collections::BTreeSet;

use model_metadata::{FieldDefinition, FieldDefinitions};

use crate::credential_fields::is_credential;

/// Fields that identify a record. They are always selected, in this order.
const ESSENTIAL: &[&str] = &["id", "display_name", "name", "active"];

/// Housekeeping fields.
const TECHNICAL: &[&str] = &[
    "write_date",
    "create_date",
    "write_uid",
    "create_uid",
    "__last_update",
    "access_warning",
    "access_url",
];

const TECHNICAL_PREFIXES: &[&str] = &[
    "_",
    "message_",
    "activity_",
    "my_activity_",
    "website_message_",
    "can_",
    "has_",
    "show_",
    "signup_",
    "user_can_",
];

/// Fields with a technical prefix that messages and activities store. Other models only relate to them.
const MESSAGE_FIELDS: &[&str] = &["message_type", "activity_type_id"];

/// Words in the names of helper fields, which users do not need.
const HELPERS: &[&str] = &[
    "latitude",
    "longitude",
    "geolocation",
    "color",
    "image",
    "avatar",
    "logo",
    "icon",
    "url",
    "normalized",
    "sanitized",
    "formatted",
    "bounce",
    "blacklisted",
    "placeholder",
    "label",
    "counter",
    "count",
    "offset",
    "technical",
    "xmlid",
    "popover",
    "parent_path",
    "sequence",
    "rank",
    "warn",
    "warning",
    "alias",
    "properties",
    "root",
    "domain",
];

/// Fields that repeat another one: an invoice's payment reference repeats its number.
const REPEATED: &[&str] = &["payment_reference"];

/// Access codes: on a model of persons these fields are credentials.
const PERSON_CODES: &[&str] = &["barcode", "pin"];

/// Kinds of fields that users need: weights, and the words that identify the kind. Only whole words count:
/// `update` does not contain `date`.
const SOUGHT: &[(i32, &[&str])] = &[
    (100, &["state", "stage", "status"]),
    (95, &["ref", "reference", "number", "code", "login", "memo", "subject", "summary"]),
    (92, &["partner", "customer", "vendor", "author", "employee"]),
    (88, &["scheduled", "planned", "request"]),
    (88, &["due"]),
    (90, &["date", "deadline", "start", "stop"]),
    (89, &["amount", "total", "subtotal", "residual"]),
    (88, &["company"]),
    (87, &["email"]),
    (87, &["phone", "mobile"]),
    (84, &["user", "manager"]),
    (86, &["account"]),
    (85, &["quantity", "qty"]),
    (85, &["price", "revenue"]),
    (85, &["debit"]),
    (85, &["credit"]),
    (85, &["balance"]),
    (83, &["product"]),
    (83, &["project"]),
    (83, &["order", "move"]),
    (83, &["picking"]),
    (83, &["model"]),
    (83, &["res"]),
    (83, &["department"]),
    (85, &["job"]),
    (82, &["location"]),
    (81, &["type"]),
    (80, &["currency"]),
    (79, &["parent"]),
    (79, &["origin"]),
    (79, &["probability"]),
    (79, &["team", "categ", "category"]),
    (78, &["vat"]),
    (78, &["city"]),
    (78, &["street"]),
    (77, &["country"]),
    (76, &["priority"]),
    (76, &["uom", "unit"]),
    (73, &["journal"]),
    (75, &["barcode", "lot", "reserved"]),
    (74, &["days", "duration", "holiday", "privacy"]),
    (74, &["allday", "reconcile"]),
    (70, &["zip", "function", "website"]),
];

/// Common words that distinguish several fields of one kind.
const QUALIFIERS: &[&str] = &[
    "payment", "invoice", "work", "from", "to", "dest", "client", "default", "list", "expected", "in",
    "done", "subtype", "activity", "message", "of", "complete", "begin", "end", "title",
];

/// Flags that users need.
const FLAGS: &[&str] = &["allday", "reconcile"];

/// Last words that describe the words before them, as in `phone_state`.
const ATTRIBUTES: &[&str] = &["state", "status", "code"];
/// Last words that mean the same after any word.
const PLAIN: &[&str] = &["ref", "reference", "qty"];
/// Words of addresses. Addresses matter more for contacts than for documents, which have a state.
const ADDRESS: &[&str] = &["street", "city", "country", "vat"];
/// The bonus of an address in a model without a state.
const CONTACT_BONUS: i32 = 6;
/// Words that distinguish several dates of a record.
const TIMES: &[&str] = &["scheduled", "planned", "request", "due"];

/// The penalty for each further field of a kind.
const REPEATED_KIND: i32 = 5;

/// The kind that a word identifies, if any.
fn kind_of(word: &str) -> Option<usize> {
    SOUGHT.iter().position(|(_, words)| words.contains(&word))
}

/// Properties of a model, derived from its fields.
#[derive(Clone, Copy)]
struct Traits {
    is_person: bool,
    has_state: bool,
}

/// The weight and the kind of a field; `None` if the field is never selected.
fn weight(field: &FieldDefinition<'_>, kind: &str, model: Traits) -> Option<(i32, Option<usize>)> {
    let name = field.name();
    if let Some(position) = ESSENTIAL.iter().position(|essential| *essential == name) {
        return Some((1_000 - i32::try_from(position).unwrap_or(0), None));
    }
    let stored = field.attribute("store") != Some("false");
    let guarded = field.attribute("groups").is_some_and(|groups| groups != "null" && groups != "false");
    let is_message_field = stored && MESSAGE_FIELDS.contains(&name);
    if (is_technical(name) && !is_message_field)
        || guarded
        || is_credential(name)
        || (model.is_person && PERSON_CODES.contains(&name))
    {
        return None;
    }
    // A read-only field that is neither stored nor related is computed for each row. The computation may read
    // data that the user may not read, and then fails.
    let is_related = || field.attribute("related").is_some_and(|it| it != "false");
    if !stored && !is_related() && field.attribute("readonly") != Some("false") {
        return None;
    }
    let words: Vec<&str> = name.split('_').filter(|word| !matches!(*word, "" | "id")).collect();
    if words.iter().any(|word| HELPERS.contains(word)) {
        return None;
    }
    let sought = words.iter().filter_map(|word| kind_of(word)).min();
    let unknown = words.iter().filter(|word| kind_of(word).is_none() && !QUALIFIERS.contains(word)).count();
    let unknown = i32::try_from(unknown).unwrap_or(i32::MAX / 16);
    let more = i32::try_from(words.len().saturating_sub(1)).unwrap_or(i32::MAX / 16);
    let best = sought.and_then(|kind| SOUGHT.get(kind)).map(|(weight, _)| *weight);
    let is_address = words.iter().any(|word| ADDRESS.contains(word));
    let contact_bonus = if is_address && !model.has_state { CONTACT_BONUS } else { 0 };
    let base = match (kind, best) {
        // The federal state of an address is not the state of the record.
        ("many2one", _) if name == "state_id" && is_address_state(field) => 66,
        ("boolean", Some(best)) if FLAGS.contains(&name) => best,
        ("boolean", _) => 8,
        (_, Some(best)) => best,
        ("char" | "selection", None) => 44,
        ("date" | "datetime", None) => 46,
        ("many2one", None) => 36,
        ("text", None) => 20,
        _ => 34,
    };
    let required = if field.is_true("required") { 6 } else { 0 };
    let computed = if stored { 0 } else { 8 };
    let repeated = if REPEATED.contains(&name) { 12 } else { 0 };
    // A name with words of several kinds may describe one by the other: `phone_state` is about the phone.
    let kinds: BTreeSet<usize> = words.iter().filter_map(|word| kind_of(word)).collect();
    let last = words.last().copied().unwrap_or_default();
    let mixed = match kinds.len() {
        0 | 1 => 0,
        _ if ATTRIBUTES.contains(&last) => 25,
        _ if PLAIN.contains(&last) || words.iter().any(|word| TIMES.contains(word)) => 0,
        _ => 5,
    };
    Some((base - 12 * unknown - 3 * more - mixed + required + contact_bonus - computed - repeated, sought))
}

/// Does the field refer to a federal state? On vehicles and other models, `state_id` is another kind of
/// state.
fn is_address_state(field: &FieldDefinition<'_>) -> bool {
    field.text("relation").is_none_or(|relation| relation == "res.country.state")
}

fn is_technical(name: &str) -> bool {
    TECHNICAL.contains(&name) || TECHNICAL_PREFIXES.iter().any(|it| name.starts_with(it))
}

/// Is the field a list, or are its values large?
fn is_list_or_large(kind: &str) -> bool {
    matches!(kind, "one2many" | "many2many" | "binary" | "image" | "html")
}

/// The fields that are read if a call names none, up to a limit: first those that identify the record, then
/// those with the highest weight. Lists, large fields and fields that look like credentials are never
/// selected.
pub(crate) fn default_fields(
    fields: &FieldDefinitions,
    limit: usize,
    may_read: impl Fn(&str) -> bool,
) -> Vec<&str> {
    let mut selected = ranked(fields, |name, kind| !is_list_or_large(kind) && may_read(name), limit);
    // Records in a hierarchy may have the same name under different parents.
    if fields.get("parent_id").is_some() && may_read("parent_id") {
        selected.push("parent_id");
        let last = selected.len() - 1;
        if selected.iter().take(last).any(|name| *name == "parent_id") {
            selected.truncate(last);
        }
    }
    selected
}

/// The fields that are described if a call names none: up to 60 plain fields, and all lists and large fields.
pub(crate) fn described_fields(fields: &FieldDefinitions) -> Vec<&str> {
    let mut selected = ranked(fields, |_, kind| !is_list_or_large(kind), 60);
    selected.extend(lists_and_large(fields));
    selected.sort_unstable();
    selected.dedup();
    selected
}

/// Lists and large fields, without housekeeping fields and credentials.
fn lists_and_large(fields: &FieldDefinitions) -> impl Iterator<Item = &str> {
    let matching = fields.iter().filter(|field| is_list_or_large(&field.text("type").unwrap_or_default()));
    matching.map(|field| field.name()).filter(|name| !is_technical(name) && !is_credential(name))
}

/// All fields except those that look like credentials, and the names of the latter.
pub(crate) fn all_fields(fields: &FieldDefinitions) -> (Vec<&str>, Vec<String>) {
    let (withheld, all): (Vec<&str>, Vec<&str>) =
        fields.iter().map(|field| field.name()).partition(|name| is_credential(name));
    (all, withheld.into_iter().map(str::to_owned).collect())
}

fn ranked(fields: &FieldDefinitions, wanted: impl Fn(&str, &str) -> bool, limit: usize) -> Vec<&str> {
    let exists = |name: &str| fields.get(name).is_some();
    let model = Traits {
        is_person: ["email", "work_email", "login"].into_iter().any(exists),
        has_state: ["state", "stage_id", "status"].into_iter().any(exists),
    };
    let mut weighed: Vec<(i32, &str, Option<usize>)> = Vec::new();
    for field in fields.iter() {
        let kind = field.text("type").unwrap_or_default();
        if wanted(field.name(), &kind)
            && let Some((weight, sought)) = weight(&field, &kind, model)
        {
            weighed.push((weight, field.name(), sought));
        }
    }
    // Fields of equal weight: the simpler name comes first, then alphabetical order.
    let order = |weight: i32, name: &str| (-weight, name.matches('_').count(), name.len());
    weighed.sort_by(|one, other| (order(one.0, one.1), one.1).cmp(&(order(other.0, other.1), other.1)));
    let mut count_by_kind = [0; SOUGHT.len()];
    for (weight, _, sought) in &mut weighed {
        if let Some(count) = sought.and_then(|kind| count_by_kind.get_mut(kind)) {
            *weight -= REPEATED_KIND * *count;
            *count += 1;
        }
    }
    weighed.sort_by(|one, other| (order(one.0, one.1), one.1).cmp(&(order(other.0, other.1), other.1)));
    let essential = weighed.iter().filter(|(_, name, _)| ESSENTIAL.contains(name)).count();
    weighed.into_iter().take(limit.max(essential)).map(|(_, name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
            "total_invoiced": {"type": "monetary", "store": false, "readonly": true},
            "partner_city": {"type": "char", "store": false, "related": "partner_id.city"},
            "api_key": stored("char"), "write_date": stored("datetime"), "message_ids": stored("one2many"),
        });
        serde_json::from_value(definitions).unwrap()
    }

    #[test]
    fn essential_required_and_useful_fields_come_first() {
        let fields = fields();
        assert_eq!(
            default_fields(&fields, 1, |_| true),
            ["id", "display_name", "name", "active", "parent_id"]
        );
        assert_eq!(
            default_fields(&fields, 7, |_| true),
            ["id", "display_name", "name", "active", "email", "partner_city", "parent_id"]
        );
        let selected = default_fields(&fields, 100, |_| true);
        for excluded in
            ["line_ids", "image_1920", "comment", "total_invoiced", "api_key", "write_date", "message_ids"]
        {
            assert!(!selected.contains(&excluded), "{excluded}");
        }
    }

    /// Models with their fields as `type: name …`. Marks: `!` required, `~` computed, `*` computed and
    /// editable, `^` related, `&` guarded by groups. A line with `+` has the fields that must be among the
    /// first fifteen. If the title names a version of Odoo, the fields or their names were recorded from it,
    /// without lists and files. The others were written by hand, like the models of Odoo's community edition.
    const MODELS: &str = include_str!("selection/models.txt");

    fn model(block: &str) -> (&str, Vec<&str>, FieldDefinitions) {
        let (mut name, mut must) = ("", Vec::new());
        let mut definitions = serde_json::Map::new();
        for line in block.lines() {
            if let Some(title) = line.strip_prefix("# ") {
                name = title.split(' ').next().unwrap_or_default();
            } else if let Some(names) = line.strip_prefix("+ ") {
                must = names.split(' ').collect();
            } else if let Some((kind, names)) = line.split_once(": ") {
                for marked in names.split(' ').filter(|it| !it.is_empty()) {
                    let has = |mark: char| marked.contains(mark);
                    let bare = marked.trim_end_matches(['!', '~', '*', '^', '&']);
                    let stored = !marked.contains(['~', '*', '^']);
                    let mut field = json!({"type": kind, "required": has('!'), "store": stored});
                    field["readonly"] = json!(has('~'));
                    if has('^') {
                        field["related"] = json!("other_id.field");
                    }
                    if has('&') {
                        field["groups"] = json!("base.group_system");
                    }
                    definitions.insert(bare.to_owned(), field);
                }
            }
        }
        (name, must, serde_json::from_value(definitions.into()).unwrap())
    }

    #[test]
    fn the_fields_that_users_need_are_among_the_first_fifteen() {
        let mut missing = Vec::new();
        let blocks: Vec<&str> = MODELS.trim().split("\n\n").collect();
        let models: BTreeSet<&str> = blocks.iter().map(|block| model(block).0).collect();
        assert_eq!(models.len(), 25);
        assert_eq!(blocks.iter().filter(|block| block.contains("(recorded, ")).count(), 9);
        for block in blocks {
            let (name, must, fields) = model(block);
            assert!(
                must.len() > 3 && must.iter().all(|field| fields.get(field).is_some()),
                "{name}: {must:?}"
            );
            let chosen = default_fields(&fields, 15, |_| true);
            let lost: Vec<&str> = must.iter().copied().filter(|field| !chosen.contains(field)).collect();
            if !lost.is_empty() {
                missing.push(format!("{name} lacks {lost:?}: {chosen:?}"));
            }
            for excluded in ["latitude", "geolocation", "color", "can_", "image", "token", "has_"] {
                assert!(
                    !chosen.iter().any(|field| field.contains(excluded)),
                    "{name} {excluded}: {chosen:?}"
                );
            }
            assert!(
                chosen.iter().all(|field| fields.get(field).unwrap().attribute("groups").is_none()),
                "{name}"
            );
            if fields.get("email").is_some() || fields.get("work_email").is_some() {
                assert!(!chosen.contains(&"barcode"), "{name}");
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }

    #[test]
    fn only_whole_words_of_a_name_count() {
        let fields: FieldDefinitions = serde_json::from_value(json!({
            "candidate": {"type": "char", "store": true}, "date_start": {"type": "date", "store": true},
            "interstate": {"type": "char", "store": true}, "aaa": {"type": "char", "store": true},
            "state": {"type": "selection", "store": true},
        }))
        .unwrap();
        assert_eq!(default_fields(&fields, 2, |_| true), ["state", "date_start"]);
        assert_eq!(default_fields(&fields, 3, |_| true), ["state", "date_start", "aaa"], "the simpler name");
        let state = |relation: &str| {
            let fields = json!({
                "state_id": {"type": "many2one", "store": true, "relation": relation},
                "license_plate": {"type": "char", "store": true, "required": true},
                "city": {"type": "char", "store": true},
            });
            let fields: FieldDefinitions = serde_json::from_value(fields).unwrap();
            default_fields(&fields, 1, |_| true).concat()
        };
        assert_eq!(
            (state("fleet.vehicle.state"), state("res.country.state")),
            ("state_id".into(), "city".into())
        );
    }

    #[test]
    fn described_fields_include_lists_and_large_fields() {
        let fields = fields();
        let described = described_fields(&fields);
        assert!(described.contains(&"line_ids") && described.contains(&"image_1920"));
        assert!(!described.contains(&"api_key"));
        let (all, withheld) = all_fields(&fields);
        assert_eq!(withheld, ["api_key"]);
        assert_eq!(all.len(), fields.len() - 1);
    }
}
