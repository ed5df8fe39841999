//! The log: structured, on standard error.

use std::io::IsTerminal;

use crate::cli::{LogFormat, ServeArguments};

/// Begins to log. A program that logs already, in which this one is embedded, goes on as it does.
pub(crate) fn begin(arguments: &ServeArguments) {
    let to_stderr = tracing_subscriber::fmt().with_max_level(arguments.log).with_writer(std::io::stderr);
    // Where standard error is gone, complaining there about that would be a panic.
    let to_stderr = to_stderr.log_internal_errors(false);
    let begun = match arguments.log_format {
        LogFormat::Text => to_stderr.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => to_stderr.json().flatten_event(true).try_init(),
    };
    if let Err(error) = begun {
        tracing::debug!(%error, "the log was begun before");
    }
}
