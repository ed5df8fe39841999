//! `call_model_method`: calls a method by name, if the settings enable it.

use odoo::Call;
use platform::text::{NAME_BYTES, shorten};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::arguments::{Values, members, whole};
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::{Mode, ToolError};

/// Maximum items of a list in the answer.
const ITEMS: usize = 100;

/// Models whose methods run with more permissions than the caller has. Includes the models with these
/// prefixes.
const ELEVATED: &[&str] = &["ir.actions", "ir.cron"];

/// Methods that read or write records, for which there are other tools.
const DATA_ACCESS: &[&str] = &[
    "browse",
    "copy",
    "copy_data",
    "copy_multi",
    "create",
    "default_get",
    "exists",
    "export_data",
    "fetch",
    "fields_get",
    "formatted_read_group",
    "formatted_read_grouping_sets",
    "get_view",
    "get_views",
    "load",
    "name_create",
    "name_search",
    "read",
    "read_group",
    "read_progress_bar",
    "search",
    "search_count",
    "search_fetch",
    "search_panel_select_multi_range",
    "search_panel_select_range",
    "search_read",
    "sudo",
    "unlink",
    "update",
    "with_context",
    "with_env",
    "with_user",
    "write",
];

/// Methods that run actions or jobs with more permissions than the caller has, on any model.
const ELEVATING: &[&str] = &["method_direct_trigger", "run"];

pub(crate) struct CallModelMethod;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `account.move`.
    model: String,
    /// The method, such as `action_post`.
    method: String,
    /// The positional arguments; for a method of records, the list of ids comes first: `[[42]]`.
    arguments: Option<Values>,
    /// The keyword arguments; may include the list of ids as `ids`.
    keyword_arguments: Option<Map<String, Value>>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Was the method carried out? `false` if Odoo asks for another step.
    success: bool,
    /// What the method returned.
    result: Value,
    message: String,
}

impl Tool for CallModelMethod {
    const NAME: &'static str = "call_model_method";
    const TITLE: &'static str = "Call Model Method";
    const EFFECT: ToolEffect = ToolEffect::Destroys;
    const DESCRIPTION: &'static str = "Call a public method of an Odoo model, such as action_confirm of sale.order, \
        if no other tool can do the same. Odoo's access rights apply. Methods that read or write records, server \
        actions and scheduled jobs cannot be called.";
    type Arguments = Arguments;
    type Answer = Answer;

    fn take_payload(answer: &mut Answer) -> Option<(&'static str, Value)> {
        Some(("result", answer.result.take()))
    }

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, method, arguments, keyword_arguments } = arguments;
        if !(service.settings.mode == Mode::Full && service.settings.method_calls) {
            return Err(ToolError::Denied("calls of methods are disabled on this server".into()));
        }
        service.gate.require(&model, model_metadata::Operation::Write).await?;
        check(&model, &method)?;
        let mut options = keyword_arguments.unwrap_or_default();
        let mut context = service.context(None).await?;
        if let Some(requested) = options.remove("context").filter(|context| !context.is_null()) {
            context.extend(
                members(requested).ok_or_else(|| ToolError::invalid("the context must be an object"))?,
            );
        }
        // The context must not select other companies than the configured ones.
        if let (false, Some(companies)) =
            (service.settings.companies.is_empty(), context.get("allowed_company_ids"))
        {
            let is_allowed = companies.as_array().is_some_and(|companies| {
                companies
                    .iter()
                    .all(|it| it.as_i64().is_some_and(|it| service.settings.companies.contains(&it)))
            });
            if !is_allowed {
                return Err(ToolError::Denied(
                    "the context selects companies that ODOO_ALLOWED_COMPANIES does not include".into(),
                ));
            }
        }
        let mut positional = arguments.unwrap_or_default().0.into_iter().peekable();
        let mut call = Call::method(&model, &method);
        // Only JSON-2 accepts the ids by name.
        let named_ids = || options.get("ids").is_some_and(is_ids).then(|| options.remove("ids")).flatten();
        if let Some(ids) = positional.next_if(is_ids).or_else(named_ids) {
            let ids: Vec<i64> = ids.as_array().into_iter().flatten().filter_map(whole).collect();
            call = call.on(&ids);
        }
        for value in positional {
            call = call.positional(value);
        }
        for (name, value) in options {
            call = call.option(&name, value);
        }
        let mut result: Value = service.call(call, &context).await?;
        let (success, details) = outcome(&result);
        let mut message = format!("called {model}.{method}{details}");
        if let Value::Array(items) = &mut result
            && items.len() > ITEMS
        {
            message = format!("{message}; the result has the first {ITEMS} of {} items", items.len());
            items.truncate(ITEMS);
        }
        Ok(Answer { success, result, message })
    }
}

/// Returns whether a method was carried out, according to its result, and details for the message. If the
/// result is an action, Odoo asks the user for another step, such as a wizard to fill in.
fn outcome(result: &Value) -> (bool, String) {
    let text = |path: &str| result.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = match text("/type") {
        Some(kind) if kind.starts_with("ir.actions.") || kind.starts_with("ir_actions_") => kind,
        // Some actions have no type.
        None if text("/res_model").is_some()
            && (result.get("views").is_some() || text("/view_mode").is_some()) =>
        {
            "ir.actions.act_window"
        }
        None if *result == Value::Bool(false) => return (true, ", and it returned false".into()),
        None => match text("/warning/message") {
            Some(warning) => return (false, format!(", and odoo warns: {warning}")),
            None => return (true, String::new()),
        },
        Some(_) => return (true, String::new()),
    };
    match (kind, text("/tag")) {
        // The method belongs to a wizard, which is complete.
        ("ir.actions.act_window_close", _) => return (true, String::new()),
        ("ir.actions.client", Some("display_notification")) => {
            let is_warning = matches!(text("/params/type"), Some("danger" | "warning"));
            let texts: Vec<&str> =
                ["/params/title", "/params/message"].into_iter().filter_map(text).collect();
            return (!is_warning, format!(", and odoo says: {}", texts.join(": ")));
        }
        _ => {}
    }
    let name = text("/name").map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let model = text("/res_model").map(|model| format!(" on `{model}`")).unwrap_or_default();
    let step = match text("/target") {
        Some("new") => format!("the wizard{name}{model}"),
        _ => format!("the action{name}{model} ({kind})"),
    };
    let details = format!(
        ", but odoo asks to continue with {step}, so nothing may have happened yet. Read the record to find out"
    );
    (false, details)
}

fn is_ids(value: &Value) -> bool {
    let is_id = |id: &Value| id.is_number() && whole(id).is_some();
    value.as_array().is_some_and(|ids| ids.iter().all(is_id))
}

fn check(model: &str, method: &str) -> Result<(), ToolError> {
    let is_public = method.starts_with(|first: char| first.is_ascii_alphabetic())
        && method.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    if !is_public {
        let shown = shorten(method, NAME_BYTES);
        return Err(ToolError::invalid(format!("`{shown}` is not the name of a public method")));
    }
    let is_in =
        |family: &str| model.strip_prefix(family).is_some_and(|it| it.is_empty() || it.starts_with('.'));
    if ELEVATED.iter().any(|family| is_in(family)) || ELEVATING.contains(&method) {
        return Err(ToolError::Denied(format!(
            "`{method}` on `{model}` would run with more permissions than the user has"
        )));
    }
    if DATA_ACCESS.contains(&method) || method.starts_with("web_") {
        return Err(ToolError::Denied(format!("`{method}` reads or writes records: use the other tools")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn methods_that_bypass_tools_or_permissions_are_refused() {
        assert!(check("sale.order", "action_confirm").is_ok());
        assert!(check("ir.attachment", "action_archive").is_ok());
        assert!(check("ir.actionsx", "action_archive").is_ok());
        for (model, method) in [
            ("ir.actions", "x"),
            ("ir.actions.server", "x"),
            ("ir.cron", "x"),
            ("res.partner", "run"),
            ("res.partner", "write"),
            ("res.partner", "web_save"),
            ("res.partner", "_write"),
            ("res.partner", "a.b"),
            ("res.partner", ""),
            ("res.partner", "é"),
        ] {
            assert!(check(model, method).is_err(), "{model}.{method}");
        }
    }
}
