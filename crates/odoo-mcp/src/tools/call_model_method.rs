//! `call_model_method`: a method by its name, where that was switched on.

use odoo::Call;
use platform::text::{NAME_BYTES, shorten};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::arguments::{Values, members, whole};
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::{Mode, ToolError};

/// How many items of a list are handed out.
const ITEMS: usize = 100;

/// Models whose methods act with more rights than the caller's, with all models below them.
const ELEVATED: &[&str] = &["ir.actions", "ir.cron"];

/// Methods that other tools stand for, under all their names.
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

/// Methods that run actions or jobs with more rights than the caller's, on any model.
const ELEVATING: &[&str] = &["method_direct_trigger", "run"];

pub(crate) struct CallModelMethod;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `account.move`.
    model: String,
    /// The method, such as `action_post`.
    method: String,
    /// The arguments by place; for a method of records, the list of ids first: `[[42]]`.
    arguments: Option<Values>,
    /// The arguments by name; the list of ids may be among them as `ids`.
    keyword_arguments: Option<Map<String, Value>>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Was it done? Not if Odoo asks to go on.
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
        for what the other tools cannot do. Odoo's access rights hold. Reading and writing records, server actions and \
        scheduled jobs cannot be called.";
    type Arguments = Arguments;
    type Answer = Answer;

    fn take_payload(answer: &mut Answer) -> Option<(&'static str, Value)> {
        Some(("result", answer.result.take()))
    }

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, method, arguments, keyword_arguments } = arguments;
        if !(service.settings.mode == Mode::Full && service.settings.method_calls) {
            return Err(ToolError::Denied("methods may not be called here".into()));
        }
        service.gate.require(&model, model_metadata::Operation::Write).await?;
        check(&model, &method)?;
        let mut options = keyword_arguments.unwrap_or_default();
        let mut context = service.context(None).await?;
        if let Some(own) = options.remove("context").filter(|own| !own.is_null()) {
            context.extend(members(own).ok_or_else(|| ToolError::invalid("the context must be an object"))?);
        }
        // The context cannot leave the configured companies.
        if let (false, Some(companies)) =
            (service.settings.companies.is_empty(), context.get("allowed_company_ids"))
        {
            let confined = companies.as_array().is_some_and(|companies| {
                companies
                    .iter()
                    .all(|it| it.as_i64().is_some_and(|it| service.settings.companies.contains(&it)))
            });
            if !confined {
                return Err(ToolError::Denied(
                    "the context leaves the companies of ODOO_ALLOWED_COMPANIES".into(),
                ));
            }
        }
        let mut places = arguments.unwrap_or_default().0.into_iter().peekable();
        let mut call = Call::method(&model, &method);
        // Only JSON-2 takes the ids by name.
        let named = || options.get("ids").is_some_and(is_ids).then(|| options.remove("ids")).flatten();
        if let Some(ids) = places.next_if(is_ids).or_else(named) {
            let ids: Vec<i64> = ids.as_array().into_iter().flatten().filter_map(whole).collect();
            call = call.on(&ids);
        }
        for value in places {
            call = call.positional(value);
        }
        for (name, value) in options {
            call = call.option(&name, value);
        }
        let mut result: Value = service.call(call, &context).await?;
        let (success, told) = outcome(&result);
        let mut message = format!("called {model}.{method}{told}");
        if let Value::Array(items) = &mut result
            && items.len() > ITEMS
        {
            message = format!("{message}; {ITEMS} of {} items are here", items.len());
            items.truncate(ITEMS);
        }
        Ok(Answer { success, result, message })
    }
}

/// Was a method carried out, as far as its answer tells, and what else does that say? An action is what Odoo
/// asks a person to do next: a wizard to fill in, a page to look at.
fn outcome(result: &Value) -> (bool, String) {
    let text = |path: &str| result.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = match text("/type") {
        Some(kind) if kind.starts_with("ir.actions.") || kind.starts_with("ir_actions_") => kind,
        // The type may go without saying.
        None if text("/res_model").is_some()
            && (result.get("views").is_some() || text("/view_mode").is_some()) =>
        {
            "ir.actions.act_window"
        }
        None if *result == Value::Bool(false) => return (true, ", and it answered false".into()),
        None => match text("/warning/message") {
            Some(warning) => return (false, format!(", and odoo warns: {warning}")),
            None => return (true, String::new()),
        },
        Some(_) => return (true, String::new()),
    };
    match (kind, text("/tag")) {
        // The wizard that the method belongs to is done.
        ("ir.actions.act_window_close", _) => return (true, String::new()),
        ("ir.actions.client", Some("display_notification")) => {
            let alarms = matches!(text("/params/type"), Some("danger" | "warning"));
            let words: Vec<&str> =
                ["/params/title", "/params/message"].into_iter().filter_map(text).collect();
            return (!alarms, format!(", and odoo says: {}", words.join(": ")));
        }
        _ => {}
    }
    let name = text("/name").map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let model = text("/res_model").map(|model| format!(" on `{model}`")).unwrap_or_default();
    let step = match text("/target") {
        Some("new") => format!("the wizard{name}{model}"),
        _ => format!("the action{name}{model} ({kind})"),
    };
    let told = format!(
        ", and odoo asks to go on with {step}: nothing may have happened yet. Read the record to see what was done"
    );
    (false, told)
}

fn is_ids(value: &Value) -> bool {
    let is_id = |id: &Value| id.is_number() && whole(id).is_some();
    value.as_array().is_some_and(|ids| ids.iter().all(is_id))
}

fn check(model: &str, method: &str) -> Result<(), ToolError> {
    let public = method.starts_with(|first: char| first.is_ascii_alphabetic())
        && method.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    if !public {
        let shown = shorten(method, NAME_BYTES);
        return Err(ToolError::invalid(format!("`{shown}` is not the name of a public method")));
    }
    let below =
        |family: &str| model.strip_prefix(family).is_some_and(|it| it.is_empty() || it.starts_with('.'));
    if ELEVATED.iter().any(|family| below(family)) || ELEVATING.contains(&method) {
        return Err(ToolError::Denied(format!(
            "`{method}` on `{model}` would act with more rights than the user's"
        )));
    }
    if DATA_ACCESS.contains(&method) || method.starts_with("web_") {
        return Err(ToolError::Denied(format!("`{method}` reads or writes records: use the tools for that")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_would_get_around_the_tools_or_the_rights_is_refused() {
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
