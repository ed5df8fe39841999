//! Applies `PGOPTIONS` from the environment, as if it were `options` of each URL.
//!
//! The driver itself would send the variable as a start-up parameter, which transaction poolers refuse. So
//! the program restarts itself without the variable, and adds its value to the URLs.

use std::env;
use std::io;
use std::process::Command;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The variable with the value after the restart, which the driver does not read.
const MOVED_VARIABLE: &str = "ORGCACHE_PGOPTIONS";

/// If the variable is set, restarts the program without it, in the same process if the system supports that.
pub(crate) fn hide_from_driver() -> io::Result<()> {
    // The driver ignores a value that is not UTF-8, too.
    let Ok(options) = env::var("PGOPTIONS") else { return Ok(()) };
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1)).env_remove("PGOPTIONS").env(MOVED_VARIABLE, options);
    start(command)
}

#[cfg(unix)]
fn start(mut command: Command) -> io::Result<()> {
    use std::os::unix::process::CommandExt;

    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    Err(command.exec())
}

#[cfg(not(unix))]
fn start(mut command: Command) -> io::Result<()> {
    std::process::exit(command.status()?.code().unwrap_or(2))
}

/// Adds the settings to a URL.
pub(crate) fn add_to(url: &mut String) {
    if let Ok(options) = env::var(MOVED_VARIABLE) {
        *url = with_options(url, &options);
    }
}

/// Adds the settings before those of the URL, which override them.
fn with_options(url: &str, options: &str) -> String {
    if options.is_empty() || !(url.starts_with("postgres:") || url.starts_with("postgresql:")) {
        return url.to_owned();
    }
    let options = utf8_percent_encode(options, NON_ALPHANUMERIC);
    match url.split_once('?') {
        Some((server, own)) => format!("{server}?options={options}&{own}"),
        None => format!("{url}?options={options}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_added_before_those_of_a_url() {
        let added = |url| with_options(url, "-c a=b");
        assert_eq!(added("postgres://h/d"), "postgres://h/d?options=%2Dc%20a%3Db");
        assert_eq!(added("postgresql://h/d?x=y"), "postgresql://h/d?options=%2Dc%20a%3Db&x=y");
        assert_eq!(added("sqlite:x"), "sqlite:x");
        assert_eq!(with_options("postgres://h/d", ""), "postgres://h/d");
    }
}
