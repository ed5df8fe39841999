//! JSON-2, the API of Odoo 19 and later.

use serde_json::value::RawValue;

use super::{Reply, body};
use crate::http::{Answer, Request};
use crate::wire::failure::Exception;
use crate::{Call, Fault, OdooConfig, OdooCredential, OdooError};

pub(super) fn encode(call: &Call, config: &OdooConfig) -> Result<Request, OdooError> {
    let mut arguments = call.options.clone();
    if call.arguments.iter().any(|(name, _)| name.is_empty()) {
        return Err(OdooError::Unnamed { method: call.method.clone() });
    }
    arguments.extend(call.arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    if let Some(ids) = &call.ids {
        arguments.insert("ids".into(), ids.clone().into());
    }
    if !call.context.is_empty() {
        arguments.insert("context".into(), call.context.clone().into());
    }
    let (OdooCredential::ApiKey(key) | OdooCredential::Password(key)) = &config.credential;
    let path = format!("/json/2/{}/{}", call.model, call.method);
    Ok(Request {
        bearer: Some(key.clone()),
        database: config.database.clone(),
        ..Request::post(&path, body(&arguments.into()))
    })
}

pub(super) fn decode(answer: &Answer, config: &OdooConfig) -> Result<Reply, OdooError> {
    if answer.status == 401 {
        return Ok(Reply::Failed(OdooError::refused(config)));
    }
    if answer.says_no_database() {
        return Ok(Reply::Failed(OdooError::unknown_database(config)));
    }
    if answer.is_html() && (answer.status == 404 || leads_to_login(answer)) {
        return Ok(Reply::Failed(OdooError::NoJson2));
    }
    answer.check_json_of_any_status()?;
    if (200..300).contains(&answer.status) {
        let result: Box<RawValue> = serde_json::from_slice(&answer.body).map_err(|_| Fault::Malformed)?;
        return Ok(Reply::Result(result));
    }
    let exception: Exception = serde_json::from_slice(&answer.body).map_err(|_| Fault::Malformed)?;
    Ok(Reply::Failed(exception.into_error(config)))
}

/// Version 18 has an older route at this path that redirects to the login page.
fn leads_to_login(answer: &Answer) -> bool {
    answer.status == 303 && answer.location.as_deref().is_some_and(|to| to.starts_with("/web/login"))
}
