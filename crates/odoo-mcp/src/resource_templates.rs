//! The templates of the `odoo://` URIs that clients can read.

/// A resource template of the protocol: a pattern of URIs.
pub(crate) struct Template {
    pub(crate) pattern: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) mimetype: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    pub(crate) example: &'static str,
}

const MODEL: (&str, &str) = ("model", "name of the model, such as res.partner");
const RECORD: (&str, &str) = ("record_id", "id of the record, such as 10");
/// The type of resources that are text.
pub(crate) const TEXT: &str = "text/plain";
const BINARY: &str = "application/octet-stream";

/// All patterns, in the order in which they are listed.
pub(crate) const TEMPLATES: &[Template] = &[
    Template {
        pattern: "odoo://{model}/record/{record_id}",
        title: "Odoo Record",
        description: "A record, with all fields that have a value except html",
        mimetype: TEXT,
        parameters: &[MODEL, RECORD],
        example: "odoo://res.partner/record/10",
    },
    Template {
        pattern: "odoo://{model}/search",
        title: "Odoo Search",
        description: "Ids and names of the first records of a model, up to ODOO_MCP_DEFAULT_LIMIT",
        mimetype: TEXT,
        parameters: &[MODEL],
        example: "odoo://res.partner/search",
    },
    Template {
        pattern: "odoo://{model}/count",
        title: "Odoo Record Count",
        description: "The number of records of a model",
        mimetype: TEXT,
        parameters: &[MODEL],
        example: "odoo://res.partner/count",
    },
    Template {
        pattern: "odoo://{model}/fields",
        title: "Odoo Field Definitions",
        description: "The fields of a model",
        mimetype: TEXT,
        parameters: &[MODEL],
        example: "odoo://res.partner/fields",
    },
    Template {
        pattern: "odoo://{model}/record/{record_id}/{field}",
        title: "Odoo Record Binary Field",
        description: "The file or image in a field of a record",
        mimetype: BINARY,
        parameters: &[MODEL, RECORD, ("field", "name of a binary field, such as image_128")],
        example: "odoo://res.partner/record/10/image_128",
    },
    Template {
        pattern: "odoo://attachment/{attachment_id}",
        title: "Odoo Attachment",
        description: "An attachment",
        mimetype: BINARY,
        parameters: &[("attachment_id", "id of the attachment, such as 42")],
        example: "odoo://attachment/42",
    },
];
