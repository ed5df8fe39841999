//! `orgcache completions` and `orgcache man`: completion scripts for shells, and the manual page.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Command, CommandFactory, Id};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::{AFTER_HELP, Cli};
use crate::failure::Failure;

/// Writes the completion script of a shell.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "orgcache", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the manual page, with a section for each command.
pub(crate) fn man() -> Result<ExitCode, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut out = Vec::new();
    let page = Man::new(command.clone());
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    let described: Vec<Id> = command.get_arguments().map(|argument| argument.get_id().clone()).collect();
    write_commands(&command, &described, &mut out)?;
    // Keep the lines of the tables and examples at the end of the help.
    for part in AFTER_HELP.split("\n\n") {
        match part.split_once(":\n") {
            Some((title, lines)) => write_lines(title, lines, &mut out)?,
            None => write_lines("See also", part, &mut out)?,
        }
    }
    io::stdout().lock().write_all(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a section for each subcommand, without the options that the page already describes.
fn write_commands(above: &Command, described: &[Id], out: &mut Vec<u8>) -> io::Result<()> {
    for command in above.get_subcommands().filter(|command| command.get_name() != "help") {
        let own = command.clone().mut_args(|argument| {
            let hide = argument.is_hide_set() || described.contains(argument.get_id());
            argument.hide(hide)
        });
        let page = Man::new(own.clone());
        let name = own.get_bin_name().unwrap_or(own.get_name()).to_uppercase();
        writeln!(out, ".SH \"{name}\"")?;
        let mut section = Vec::new();
        page.render_description_section(&mut section)?;
        page.render_synopsis_section(&mut section)?;
        page.render_options_section(&mut section)?;
        out.extend(String::from_utf8_lossy(&section).replace(".SH ", ".SS ").bytes());
        if let Some(settings) = own.get_after_long_help() {
            write_verbatim(&settings.to_string(), out)?;
        }
        write_commands(command, described, out)?;
    }
    Ok(())
}

fn write_lines(title: &str, lines: &str, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SH \"{}\"", title.to_uppercase())?;
    write_verbatim(lines, out)
}

/// Writes lines verbatim.
fn write_verbatim(lines: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.to_writer(out)
}
