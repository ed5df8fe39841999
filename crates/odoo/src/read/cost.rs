//! Limits the cost of fields that a caller did not request.

use model_metadata::{FieldDefinition, FieldDefinitions};

/// Maximum values in a batch that their caller did not request (records times fields).
const EXTRA_CELLS: usize = 64;

/// Is the field cheap enough to be read for a caller that did not request it? Binary fields are large, and
/// fields that are not stored are computed for each record.
fn is_cheap(definition: &FieldDefinition<'_>) -> bool {
    definition.is_true("store") && definition.text("type").is_some_and(|kind| kind != "binary")
}

/// May the field be prefetched? It must be stored, small, and part of the record's row in the database.
pub(crate) fn may_be_prefetched(definition: &FieldDefinition<'_>) -> bool {
    const KINDS: [&str; 10] = [
        "boolean",
        "char",
        "date",
        "datetime",
        "float",
        "integer",
        "many2one",
        "monetary",
        "selection",
        "text",
    ];
    definition.is_true("store") && definition.text("type").is_some_and(|kind| KINDS.contains(&&*kind))
}

/// The union of two sorted sets of fields.
pub(crate) fn union(one: &[String], other: &[String]) -> Vec<String> {
    let mut all = [one, other].concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// May one read of `all` fields answer reads with these numbers of ids and fields?
pub(super) fn may_join(
    reads: impl Iterator<Item = (usize, usize)>,
    all: &[String],
    definitions: &FieldDefinitions,
) -> bool {
    let extra = reads.map(|(ids, fields)| ids.saturating_mul(all.len().saturating_sub(fields)));
    let extra = extra.fold(0_usize, usize::saturating_add);
    let is_cheap = |name: &String| definitions.get(name).is_some_and(|definition| is_cheap(&definition));
    extra <= EXTRA_CELLS && all.iter().all(is_cheap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_cheap_fields_are_read_without_a_request() {
        let definitions: FieldDefinitions = serde_json::from_value(serde_json::json!({
            "a": {"type": "char", "store": true}, "b": {"type": "char", "store": true},
            "image": {"type": "binary", "store": true}, "total": {"type": "float", "store": false},
            "odd": {},
        }))
        .unwrap();
        let joins = |fields: &[&str], ids| {
            let all = names(fields);
            may_join([(ids, 1), (1, all.len())].into_iter(), &all, &definitions)
        };
        assert!(joins(&["a", "b"], 64));
        assert!(!joins(&["a", "b"], 65), "too many cells");
        assert!(!joins(&["a", "b"], usize::MAX));
        for expensive in ["image", "total", "odd", "unknown"] {
            assert!(!joins(&["a", expensive], 1), "{expensive}");
        }
    }

    #[test]
    fn a_union_has_no_duplicates() {
        assert_eq!(union(&names(&["a", "c"]), &names(&["b", "c"])), names(&["a", "b", "c"]));
    }
}
