//! The add-on `mcp_server`, which says what of a database agents may use.

use model_metadata::{ModelList, Permissions};
use platform::text::shorten;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::authentication::Authentication;
use crate::http::{Answer, Request};
use crate::{OdooConfig, OdooCredential, OdooError};

#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    data: Option<T>,
    error: Option<AddonFailure>,
}

#[derive(Deserialize)]
struct AddonFailure {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Models {
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    model: String,
    name: String,
}

#[derive(Deserialize)]
struct Access {
    enabled: bool,
    #[serde(default)]
    operations: Permissions,
}

#[derive(Deserialize)]
struct Owner {
    #[serde(default)]
    valid: bool,
    user_id: Option<i64>,
}

/// A request, and how its answer is read.
pub(crate) struct Question<T> {
    pub(crate) request: Request,
    pub(crate) read: fn(&Answer) -> Result<T, OdooError>,
}

/// Asks for the models that agents may use.
pub(crate) fn models(ticket: &Authentication, config: &OdooConfig) -> Question<ModelList> {
    let read = |answer: &Answer| {
        let Models { models } = data(answer)?;
        Ok(models.iter().map(|model| (model.model.as_str(), model.name.as_str())).collect())
    };
    Question { request: request("/mcp/models", ticket, config), read }
}

/// Asks what agents may do with a model. A model that is not enabled allows nothing.
pub(crate) fn access(model: &str, ticket: &Authentication, config: &OdooConfig) -> Question<Permissions> {
    let read = |answer: &Answer| {
        let Access { enabled, operations } = data(answer)?;
        Ok(if enabled { operations } else { Permissions::default() })
    };
    Question { request: request(&format!("/mcp/models/{model}/access"), ticket, config), read }
}

/// Asks for the owner of the API key; `None` if there is none.
pub(crate) fn owner_of_key(config: &OdooConfig) -> Question<Option<i64>> {
    let read = |answer: &Answer| {
        let Owner { valid, user_id } = data(answer)?;
        Ok(user_id.filter(|user| valid && *user > 0))
    };
    Question { request: by_key("/mcp/auth/validate", config), read }
}

fn request(path: &str, ticket: &Authentication, config: &OdooConfig) -> Request {
    match ticket {
        Authentication::Session(session) => Request {
            cookie: Some(session.cookie.clone()),
            database: config.database.clone(),
            ..Request::get(path)
        },
        Authentication::Stateless { .. } | Authentication::Json2 => by_key(path, config),
    }
}

fn by_key(path: &str, config: &OdooConfig) -> Request {
    let (OdooCredential::ApiKey(key) | OdooCredential::Password(key)) = &config.credential;
    Request { api_key: Some(key.clone()), database: config.database.clone(), ..Request::get(path) }
}

/// The data of an answer. A refusal is one only if the add-on itself says so; anything else that is no
/// success means that nothing could be verified.
fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T, OdooError> {
    answer.check_json_of_any_status().map_err(|_| missing())?;
    let envelope: Envelope<T> = serde_json::from_slice(&answer.body).map_err(|_| missing())?;
    match envelope {
        Envelope { success: true, data: Some(data), .. } => Ok(data),
        Envelope { success, error, .. } => {
            let message = error.map(|error| error.message).unwrap_or_default();
            let message: String = shorten(&message, 500).into();
            let refused = !success && !message.is_empty() && matches!(answer.status, 200 | 401 | 403 | 404);
            Err(if refused { OdooError::Access { message } } else { OdooError::Unverified { message } })
        }
    }
}

fn missing() -> OdooError {
    OdooError::Unverified {
        message:
            "the add-on mcp_server does not answer: install it in odoo, or set ODOO_YOLO to read or true"
                .into(),
    }
}
