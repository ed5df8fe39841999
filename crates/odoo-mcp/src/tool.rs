//! `Tool`: something that can be called, and `Entry`: the same without its types.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use odoo::OdooError;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::service::Service;
use crate::{McpSettings, ToolError, arguments, schema, text};

/// What calling a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToolEffect {
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
    const EFFECT: ToolEffect;
    /// What it does, for the model that chooses among tools.
    const DESCRIPTION: &'static str;
    type Arguments: DeserializeOwned + JsonSchema + Send;
    type Answer: Serialize + JsonSchema + Send;

    fn run(
        service: &Service,
        arguments: Self::Arguments,
    ) -> impl Future<Output = Result<Self::Answer, ToolError>> + Send;

    /// The member of the answer that may be large, and its value, which is moved into what is sent: a copy of
    /// a page would cost as much as the page.
    fn take_payload(_: &mut Self::Answer) -> Option<(&'static str, Value)> {
        None
    }

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
            input: schema::of_arguments::<T::Arguments>(settings),
            output: schema::of_answer::<T::Answer>(),
            run: |service, arguments| Box::pin(call::<T>(service, arguments)),
        }
    }
}

/// Calls a tool with arguments as they came.
///
/// If Odoo rejects what a tool reads, the model may have lost a field that is still believed to exist, and
/// that the server chose: then it is tried once more with the new definitions.
pub(crate) async fn call<T: Tool>(
    service: &Service,
    arguments: Map<String, Value>,
) -> Result<Reply, ToolError> {
    let read = |arguments| {
        arguments::read::<T::Arguments>(arguments)
            .map_err(|problem| ToolError::invalid(format!("{}: {problem}", T::NAME)))
    };
    // What is read may have to be read again; what is written is not kept a second time.
    let again = (T::EFFECT == ToolEffect::Reads).then(|| arguments.clone());
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
    let image = T::image(&answer);
    let structured = structured::<T>(answer)?;
    Ok(Reply { text: text::render(&structured), structured, image })
}

/// The answer as it is sent.
fn structured<T: Tool>(mut answer: T::Answer) -> Result<Value, ToolError> {
    let payload = T::take_payload(&mut answer);
    let mut structured = serde_json::to_value(&answer)
        .map_err(|_| ToolError::invalid("the answer cannot be written as JSON"))?;
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
    fn a_page_is_not_copied_on_its_way() {
        let row = |id: usize| {
            let cells =
                (0..10).map(|cell| (format!("field_{cell}"), Value::from(format!("{id} ").repeat(200))));
            cells.collect::<Map<_, _>>()
        };
        let rows: Vec<_> = (0..100).map(row).collect();
        let weight = measure(|| drop(rows.clone())).bytes_total;
        assert!(weight > 400_000, "{weight} bytes");
        let answer = SearchRecords::page_of(rows);
        let mut value = Value::Null;
        let moved = measure(|| value = structured::<SearchRecords>(answer).unwrap());
        assert!(moved.bytes_total < weight / 20, "{} of {weight} bytes", moved.bytes_total);
        assert_eq!(value.pointer("/records").and_then(Value::as_array).map(Vec::len), Some(100));
        let reply = Reply { text: crate::text::render(&value), structured: value, image: None };
        let sent = measure(|| drop(crate::protocol::result(Ok(reply))));
        assert!(sent.bytes_total < 2_000, "{} bytes", sent.bytes_total);
    }
}
