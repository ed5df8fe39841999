//! The add-on `mcp_server`, whose rules say which models and operations agents may use.

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

/// A request to the add-on, and the function that parses its answer.
pub(crate) struct AddonRequest<T> {
    pub(crate) request: Request,
    pub(crate) read: fn(&Answer) -> Result<T, OdooError>,
}

/// Requests the models that agents may use.
pub(crate) fn models(auth: &Authentication, config: &OdooConfig) -> AddonRequest<ModelList> {
    let read = |answer: &Answer| {
        let Models { models } = data(answer)?;
        Ok(models.iter().map(|model| (model.model.as_str(), model.name.as_str())).collect())
    };
    AddonRequest { request: request("/mcp/models", auth, config), read }
}

/// Requests the operations that agents may perform on a model; none if the model is not enabled.
pub(crate) fn access(model: &str, auth: &Authentication, config: &OdooConfig) -> AddonRequest<Permissions> {
    let read = |answer: &Answer| {
        let Access { enabled, operations } = data(answer)?;
        Ok(if enabled { operations } else { Permissions::default() })
    };
    AddonRequest { request: request(&format!("/mcp/models/{model}/access"), auth, config), read }
}

/// Requests the owner of the API key; `None` if the key is invalid.
pub(crate) fn owner_of_key(config: &OdooConfig) -> AddonRequest<Option<i64>> {
    let read = |answer: &Answer| {
        let Owner { valid, user_id } = data(answer)?;
        Ok(user_id.filter(|user| valid && *user > 0))
    };
    AddonRequest { request: by_key("/mcp/auth/validate", config), read }
}

fn request(path: &str, auth: &Authentication, config: &OdooConfig) -> Request {
    match auth {
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

/// Parses an answer. Only an error message of the add-on itself is a refusal. Any other failure means that
/// the permission could not be verified.
fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T, OdooError> {
    answer.check_json_of_any_status().map_err(|_| no_answer())?;
    let envelope: Envelope<T> = serde_json::from_slice(&answer.body).map_err(|_| no_answer())?;
    match envelope {
        Envelope { success: true, data: Some(data), .. } => Ok(data),
        Envelope { success, error, .. } => {
            let message = error.map(|error| error.message).unwrap_or_default();
            let message: String = shorten(&message, 500).into();
            let is_refusal =
                !success && !message.is_empty() && matches!(answer.status, 200 | 401 | 403 | 404);
            Err(if is_refusal { OdooError::Access { message } } else { OdooError::Unverified { message } })
        }
    }
}

fn no_answer() -> OdooError {
    OdooError::Unverified {
        message:
            "the add-on mcp_server does not answer: install it in odoo, or set ODOO_YOLO to read or true"
                .into(),
    }
}
