//! `Tool`: the typed interface of a tool, and `Entry`: a type-erased tool.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use odoo::OdooError;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::service::Service;
use crate::{McpSettings, ToolError, arguments, schema, text};

/// The effect of calling a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToolEffect {
    /// Reads only.
    Reads,
    /// Adds something. Not idempotent.
    Adds,
    /// Changes something. Idempotent.
    Changes,
    /// May destroy something.
    Destroys,
}

/// A tool of the protocol.
pub(crate) trait Tool {
    const NAME: &'static str;
    const TITLE: &'static str;
    const EFFECT: ToolEffect;
    /// What the tool does, for the language model that selects a tool.
    const DESCRIPTION: &'static str;
    type Arguments: DeserializeOwned + JsonSchema + Send;
    type Answer: Serialize + JsonSchema + Send;

    fn run(
        service: &Service,
        arguments: Self::Arguments,
    ) -> impl Future<Output = Result<Self::Answer, ToolError>> + Send;

    /// Moves the member of the answer that may be large out of the answer, as name and value, so that it need
    /// not be copied.
    fn take_payload(_: &mut Self::Answer) -> Option<(&'static str, Value)> {
        None
    }

    /// The image to send with the answer.
    fn image(_: &Self::Answer) -> Option<Image> {
        None
    }
}

/// An image that a language model can view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// In base64.
    pub(crate) data: String,
    pub(crate) mimetype: String,
}

/// The result of a tool call.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) structured: Value,
    pub(crate) image: Option<Image>,
}

type Run = for<'a> fn(&'a Service, Map<String, Value>) -> BoxFuture<'a, Result<Reply, ToolError>>;

/// A type-erased tool.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) effect: ToolEffect,
    pub(crate) input: Arc<Map<String, Value>>,
    pub(crate) output: Arc<Map<String, Value>>,
    pub(crate) run: Run,
}

impl Entry {
    pub(crate) fn for_tool<T: Tool + 'static>(settings: &McpSettings) -> Self {
        Entry {
            name: T::NAME,
            title: T::TITLE,
            description: T::DESCRIPTION,
            effect: T::EFFECT,
            input: schema::for_arguments::<T::Arguments>(settings),
            output: schema::for_answer::<T::Answer>(),
            run: |service, arguments| Box::pin(call::<T>(service, arguments)),
        }
    }
}

/// Calls a tool with the client's arguments.
///
/// If Odoo rejects a read, the server may have selected a field that no longer exists. If the definitions
/// have changed, the read is retried once with the new ones.
pub(crate) async fn call<T: Tool>(
    service: &Service,
    arguments: Map<String, Value>,
) -> Result<Reply, ToolError> {
    let read = |arguments| {
        arguments::read::<T::Arguments>(arguments)
            .map_err(|problem| ToolError::invalid(format!("{}: {problem}", T::NAME)))
    };
    // Only reads are retried, so only they need a copy of the arguments.
    let retry = (T::EFFECT == ToolEffect::Reads).then(|| arguments.clone());
    let mut answer = T::run(service, read(arguments)?).await;
    let is_rejected =
        matches!(answer, Err(ToolError::Odoo(OdooError::Rejected { .. } | OdooError::UnknownModel { .. })));
    if let (true, Some(arguments)) = (is_rejected, retry)
        && let Some(model) = arguments.get("model").and_then(Value::as_str)
        && service.fields_have_changed(model).await?
    {
        answer = T::run(service, read(arguments)?).await;
    }
    let answer = answer?;
    let image = T::image(&answer);
    let structured = structured::<T>(answer)?;
    Ok(Reply { text: text::render(&structured), structured, image })
}

/// Converts an answer to JSON.
fn structured<T: Tool>(mut answer: T::Answer) -> Result<Value, ToolError> {
    let payload = T::take_payload(&mut answer);
    let mut structured = serde_json::to_value(&answer)
        .map_err(|_| ToolError::invalid("the answer cannot be serialized as JSON"))?;
    if let (Some((name, value)), Some(members)) = (payload, structured.as_object_mut()) {
        members.insert(name.into(), value);
    }
    Ok(structured)
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;
    use serde_json::{Map, Value};

    use super::{Reply, structured};
    use crate::tools::SearchRecords;

    #[test]
    fn a_page_of_records_is_moved_and_not_copied() {
        let row = |id: usize| {
            let cells =
                (0..10).map(|cell| (format!("field_{cell}"), Value::from(format!("{id} ").repeat(200))));
            cells.collect::<Map<_, _>>()
        };
        let rows: Vec<_> = (0..100).map(row).collect();
        let size = measure(|| drop(rows.clone())).bytes_total;
        assert!(size > 400_000, "{size} bytes");
        let answer = SearchRecords::page_of(rows);
        let mut value = Value::Null;
        let allocated = measure(|| value = structured::<SearchRecords>(answer).unwrap());
        assert!(allocated.bytes_total < size / 20, "{} of {size} bytes", allocated.bytes_total);
        assert_eq!(value.pointer("/records").and_then(Value::as_array).map(Vec::len), Some(100));
        let reply = Reply { text: crate::text::render(&value), structured: value, image: None };
        let sent = measure(|| drop(crate::protocol::result(Ok(reply))));
        assert!(sent.bytes_total < 2_000, "{} bytes", sent.bytes_total);
    }
}
