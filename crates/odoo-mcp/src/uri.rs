//! `odoo://…`: the URIs of records and files.

/// The record, list or file that a URI identifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Record { model: String, id: i64 },
    Search { model: String },
    Count { model: String },
    Fields { model: String },
    File { model: String, id: i64, field: String },
    Attachment { id: i64 },
}

/// Is it a field with the content of an attachment?
pub(crate) fn is_content(field: &str) -> bool {
    matches!(field, "datas" | "raw" | "db_datas")
}

/// The URI of an attachment.
pub(crate) fn for_attachment(id: i64) -> String {
    format!("odoo://attachment/{id}")
}

/// The URI of the file in a field of a record.
pub(crate) fn for_field(model: &str, id: i64, field: &str) -> String {
    if model == "ir.attachment" && is_content(field) {
        return for_attachment(id);
    }
    format!("odoo://{model}/record/{id}/{field}")
}

/// Parses a URI; `None` if it is not the URI of a resource.
pub(crate) fn parse(uri: &str) -> Option<Target> {
    let parts: Vec<&str> = uri.strip_prefix("odoo://")?.split('/').collect();
    let id = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten().filter(|id| (1..=i64::from(i32::MAX)).contains(id))
    };
    let name = |name: &str| {
        let plain =
            !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b'.');
        plain.then(|| name.to_owned())
    };
    match parts[..] {
        ["attachment", digits] => Some(Target::Attachment { id: id(digits)? }),
        [model, "record", digits] => Some(Target::Record { model: name(model)?, id: id(digits)? }),
        [model, "search"] => Some(Target::Search { model: name(model)? }),
        [model, "count"] => Some(Target::Count { model: name(model)? }),
        [model, "fields"] => Some(Target::Fields { model: name(model)? }),
        [model, "record", digits, field] => {
            let (model, id, field) = (name(model)?, id(digits)?, name(field)?);
            Some(if model == "ir.attachment" && is_content(&field) {
                Target::Attachment { id }
            } else {
                Target::File { model, id, field }
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, for_field, parse};

    #[test]
    fn uris_of_resources_are_parsed_and_others_rejected() {
        let model = "res.partner".to_owned();
        assert_eq!(
            parse("odoo://res.partner/record/7"),
            Some(Target::Record { model: model.clone(), id: 7 })
        );
        assert_eq!(parse("odoo://res.partner/search"), Some(Target::Search { model: model.clone() }));
        assert_eq!(parse("odoo://attachment/7"), Some(Target::Attachment { id: 7 }));
        assert_eq!(parse("odoo://ir.attachment/record/7/datas"), Some(Target::Attachment { id: 7 }));
        let file = Target::File { model: model.clone(), id: 7, field: "image_128".into() };
        assert_eq!(parse(&for_field(&model, 7, "image_128")), Some(file));
        for invalid in [
            "",
            "odoo://",
            "http://res.partner/record/7",
            "odoo://res.partner/record/0",
            "odoo://res.partner/record/+7",
            "odoo://res.partner/record/2147483648",
            "odoo://res.partner/record/7/",
            "odoo://res.partner/search?limit=1",
            "odoo://res partner/search",
            "odoo://../search/..",
            "odoo://attachment/7/x",
        ] {
            assert_eq!(parse(invalid), None, "{invalid}");
        }
    }
}
