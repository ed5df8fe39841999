//! The log on standard error: text or JSON, each line with its request id.

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

/// Installs the logger. If a program that embeds this crate has already installed one, that one stays.
pub(crate) fn install(arguments: &ServeArguments) {
    let to_stderr = fmt().with_max_level(arguments.log).with_writer(std::io::stderr);
    // If standard error is closed, reporting a failed write there would panic.
    let to_stderr = to_stderr.log_internal_errors(false);
    // Ignore the span of a request, because the format adds its id to the lines. Ignore PostgreSQL's notices
    // that our tables already exist, which come at each start.
    let is_notice = |target: &str, level: Level| target == "sqlx::postgres::notice" && level == Level::INFO;
    let needed =
        filter_fn(move |what| what.name() != REQUEST_SPAN && !is_notice(what.target(), *what.level()));
    let installed = match arguments.log_format {
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
    if let Err(error) = installed {
        tracing::debug!(%error, "a logger is already installed");
    }
}

/// Adds the id of the current request, if there is one, to the lines of another format.
struct WithRequestId<F> {
    format: F,
    /// The end of a line, which is replaced by `field`, the id and `close`.
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
        // Ids contain no characters that need escaping.
        writeln!(writer, "{begin}{}{id}{}", self.field, self.close)
    }
}
