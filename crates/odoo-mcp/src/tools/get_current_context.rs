//! `get_current_context`: describes the user of the calls.

use model_metadata::Operation;
use odoo::Call;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ToolError;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

const DATETIMES: &str = "Odoo stores datetimes in UTC: pass them in UTC, and convert those in answers to the user's \
    time zone before you show them. Dates without a time have no time zone.";

/// Maximum number of companies in the text.
const MAX_COMPANIES: usize = 10;

pub(crate) struct GetCurrentContext;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {}

#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The user's name.
    user_name: Option<String>,
    /// The user's login.
    login: Option<String>,
    /// The user's time zone; UTC if not set.
    timezone: Option<String>,
    /// The active company.
    company_id: Option<i64>,
    /// The name of the active company.
    company_name: Option<String>,
    /// The companies that the user may act in, if there are several.
    allowed_companies: Option<Vec<Company>>,
    /// The same as text, and how to read datetimes.
    text: String,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Company {
    id: i64,
    name: String,
}

impl Tool for GetCurrentContext {
    const NAME: &'static str = "get_current_context";
    const TITLE: &'static str = "Get Current Context";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Return the user of the calls, the time zone, the active company and the other \
        companies that the user may act in, and how to read datetimes.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, _: Arguments) -> Result<Answer, ToolError> {
        let answer = match user(service).await {
            Ok(answer) => answer,
            Err(error) if error.is_refusal() => {
                let text = format!("The user is unknown: {error}.\n\n{DATETIMES}");
                return Ok(Answer { text, ..Answer::default() });
            }
            Err(error) => return Err(error),
        };
        let mut text = describe(&answer);
        if let Some(language) = service.client.refused_language() {
            text = format!(
                "{text}\n\nODOO_LOCALE is `{language}`, which is not installed in Odoo: texts are in the user's language."
            );
        }
        if service.client.config().key_as_password {
            text = format!("{text}\n\nODOO_PASSWORD has the form of an API key and is used as one.");
        }
        Ok(Answer { text, ..answer })
    }
}

async fn user(service: &Service) -> Result<Answer, ToolError> {
    service.require_read("res.users").await?;
    let id = service.client.scope().await?.user().id();
    let fields = ["name", "login", "tz", "company_id", "company_ids"];
    let context = service.context(None).await?;
    let rows: Vec<Map<String, Value>> =
        service.call(Call::read("res.users", &[id], &fields), &context).await?;
    let user = rows.into_iter().next().ok_or_else(|| ToolError::not_found("res.users", &[id]))?;
    let text = |name: &str| user.get(name).and_then(Value::as_str).map(str::to_owned);
    let company = user.get("company_id").and_then(Value::as_array);
    let part = |position: usize| company.and_then(|pair| pair.get(position));
    let mut answer = Answer {
        user_name: text("name"),
        login: text("login"),
        timezone: text("tz"),
        company_id: part(0).and_then(Value::as_i64),
        company_name: part(1).and_then(Value::as_str).map(str::to_owned),
        ..Answer::default()
    };
    let mut ids: Vec<i64> = user
        .get("company_ids")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect();
    if let Some(first) = service.settings.companies.first() {
        // The configured companies replace those of the user.
        ids.clone_from(&service.settings.companies);
        if answer.company_id != Some(*first) {
            (answer.company_id, answer.company_name) = (Some(*first), None);
        }
    }
    let is_unnamed = answer.company_id.is_some() && answer.company_name.is_none();
    if (ids.len() > 1 || is_unnamed) && service.gate.allows("res.company", Operation::Read).await? {
        let rows: Result<Vec<Map<String, Value>>, ToolError> =
            service.call(Call::read("res.company", &ids, &["display_name"]), &context).await;
        match rows {
            Ok(rows) => name_companies(&mut answer, &rows),
            // The names of companies are optional.
            Err(error) if error.is_refusal() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

fn name_companies(answer: &mut Answer, rows: &[Map<String, Value>]) {
    let companies: Vec<Company> = rows
        .iter()
        .filter_map(|row| {
            let (id, name) = (row.get("id")?.as_i64()?, row.get("display_name")?.as_str()?);
            Some(Company { id, name: name.to_owned() })
        })
        .collect();
    if answer.company_name.is_none() {
        let active = companies.iter().find(|company| Some(company.id) == answer.company_id);
        answer.company_name = active.map(|company| company.name.clone());
    }
    answer.allowed_companies = (companies.len() > 1).then_some(companies);
}

fn describe(answer: &Answer) -> String {
    let or_unknown = |value: &Option<String>| one_line(value.as_deref().unwrap_or("unknown"));
    let mut lines = vec![
        format!("User: {} (login {})", or_unknown(&answer.user_name), or_unknown(&answer.login)),
        format!("Time zone: {}", one_line(answer.timezone.as_deref().unwrap_or("UTC"))),
    ];
    if let Some(id) = answer.company_id {
        lines.push(format!("Active company: {} (id {id})", or_unknown(&answer.company_name)));
    }
    if let Some(companies) = &answer.allowed_companies {
        let shown =
            companies.iter().take(MAX_COMPANIES).map(|it| format!("{} (id {})", one_line(&it.name), it.id));
        let mut shown: Vec<String> = shown.collect();
        if let Some(more) = companies.len().checked_sub(MAX_COMPANIES).filter(|more| *more > 0) {
            shown.push(format!("and {more} more"));
        }
        lines.push(format!("Allowed companies: {}", shown.join(", ")));
    }
    format!("{}\n\n{DATETIMES}", lines.join("\n"))
}

/// Replaces line breaks: users choose names, and a name must not look like another line.
fn one_line(text: &str) -> String {
    let breaks = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}');
    text.chars().map(|it| if breaks(it) { ' ' } else { it }).collect()
}
