//! The log: structured, on standard error.

use std::fmt;
use std::io::IsTerminal;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer, format};
use tracing_subscriber::fmt::{FmtContext, fmt};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{LogFormat, ServeArguments};
use crate::http::{REQUEST_SPAN, RequestId};

/// Begins to log. A program that logs already, in which this one is embedded, goes on as it does.
pub(crate) fn begin(arguments: &ServeArguments) {
    let to_stderr = fmt().with_max_level(arguments.log).with_writer(std::io::stderr);
    // Where standard error is gone, complaining there about that would be a panic.
    let to_stderr = to_stderr.log_internal_errors(false);
    // The span of a request is for other logs: this one asks for its id when there is a line to write.
    // PostgreSQL remarks at each start that our tables exist already.
    let is_remark = |target: &str, level: Level| target == "sqlx::postgres::notice" && level == Level::INFO;
    let needed =
        filter_fn(move |what| what.name() != REQUEST_SPAN && !is_remark(what.target(), *what.level()));
    let begun = match arguments.log_format {
        LogFormat::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            let text = format().with_ansi(is_terminal);
            let named = WithRequestId { format: text, end: "", field: " request=\"", close: "\"" };
            to_stderr.with_ansi(is_terminal).event_format(named).finish().with(needed).try_init()
        }
        LogFormat::Json => {
            let json = format().json().flatten_event(true);
            let named = WithRequestId { format: json, end: "}", field: ",\"request\":\"", close: "\"}" };
            to_stderr.json().event_format(named).finish().with(needed).try_init()
        }
    };
    if let Err(error) = begun {
        tracing::debug!(%error, "the log was begun before");
    }
}

/// Lines of another format, each with the id of the request on whose behalf it is written, if there is one.
struct WithRequestId<F> {
    format: F,
    /// What ends a line, and what is there instead: something before the id, and something behind it.
    end: &'static str,
    field: &'static str,
    close: &'static str,
}

impl<S, N, F> FormatEvent<S, N> for WithRequestId<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(id) = RequestId::current() else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        let begin = line.strip_suffix(self.end).unwrap_or(line);
        // Nothing in an id has to be escaped.
        writeln!(writer, "{begin}{}{id}{}", self.field, self.close)
    }
}
