//! `Tool`: something that can be called, and `Entry`: the same without its types.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use odoo::OdooError;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::service::Service;
use crate::{Settings, ToolError, arguments, schema, text};

/// What calling a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// It only reads.
    Reads,
    /// It adds something; calling it twice adds two.
    Adds,
    /// It changes something; calling it twice is no different.
    Changes,
    /// It may destroy something.
    Destroys,
}

/// Something that can be called.
pub(crate) trait Tool {
    const NAME: &'static str;
    const TITLE: &'static str;
    const NATURE: Nature;
    /// What it does, for whoever chooses among tools.
    const DESCRIPTION: &'static str;
    type Arguments: DeserializeOwned + JsonSchema + Send;
    type Answer: Serialize + JsonSchema + Send;

    fn run(
        service: &Service,
        arguments: Self::Arguments,
    ) -> impl Future<Output = Result<Self::Answer, ToolError>> + Send;

    /// An image that goes with the answer.
    fn image(_: &Self::Answer) -> Option<Image> {
        None
    }
}

/// An image that a model can look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// In base64.
    pub(crate) data: String,
    pub(crate) mimetype: String,
}

/// What a tool answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) structured: Value,
    pub(crate) image: Option<Image>,
}

type Run = for<'a> fn(&'a Service, Map<String, Value>) -> BoxFuture<'a, Result<Reply, ToolError>>;

/// A tool without its types.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) nature: Nature,
    pub(crate) input: Arc<Map<String, Value>>,
    pub(crate) output: Arc<Map<String, Value>>,
    pub(crate) run: Run,
}

impl Entry {
    pub(crate) fn of<T: Tool + 'static>(settings: &Settings) -> Self {
        Entry {
            name: T::NAME,
            title: T::TITLE,
            description: T::DESCRIPTION,
            nature: T::NATURE,
            input: schema::of_arguments::<T::Arguments>(settings),
            output: schema::of_answer::<T::Answer>(),
            run: |service, arguments| Box::pin(call::<T>(service, arguments)),
        }
    }
}

/// Calls a tool with arguments as they came.
///
/// If Odoo rejects what a tool reads, the model may have lost a field that is still believed to exist, and that was
/// chosen for whoever calls: then it is tried once more with what the model is now.
pub(crate) async fn call<T: Tool>(
    service: &Service,
    arguments: Map<String, Value>,
) -> Result<Reply, ToolError> {
    let read = |arguments| {
        arguments::read::<T::Arguments>(arguments)
            .map_err(|problem| ToolError::invalid(format!("{}: {problem}", T::NAME)))
    };
    // What is read may have to be read again; what is written is not kept a second time.
    let again = (T::NATURE == Nature::Reads).then(|| arguments.clone());
    let mut answer = T::run(service, read(arguments)?).await;
    let is_rejected =
        matches!(answer, Err(ToolError::Odoo(OdooError::Rejected { .. } | OdooError::UnknownModel { .. })));
    if let (true, Some(arguments)) = (is_rejected, again)
        && let Some(model) = arguments.get("model").and_then(Value::as_str)
        && service.fields_have_changed(model).await?
    {
        answer = T::run(service, read(arguments)?).await;
    }
    let answer = answer?;
    let structured = serde_json::to_value(&answer)
        .map_err(|_| ToolError::invalid("the answer cannot be written as json"))?;
    Ok(Reply { text: text::render(&structured), structured, image: T::image(&answer) })
}
