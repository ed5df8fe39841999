//! `orgcache query`: answers JSON questions, one per line.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use erp_db::AutomaticRolesPolicy;
use session::openbravo::AutomaticRoles;

use crate::backend::Backend;
use crate::cli::ErpArguments;
use crate::failure::{Failure, REFUSED};
use crate::query::{AllClients, Answer, Erp, OneClient, answer_line};

/// The maximum length of a line. A longer one is answered with an error, and the next line is still read.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

pub(crate) async fn run(
    erp: &ErpArguments,
    automatic_roles: AutomaticRolesPolicy,
) -> Result<ExitCode, Failure> {
    let backend = erp.open().await?;
    match &backend {
        Backend::Database(reader) => {
            let rule = reader.automatic_roles(automatic_roles).rule;
            answer_lines(AllClients::new(reader.clone(), rule)).await
        }
        // Odoo has one client, which questions need not name.
        Backend::Odoo(source) => {
            let (client, rule) = (source.client(), AutomaticRoles::default());
            let tree = Arc::new(backend.load_tree(client).await?.structure);
            answer_lines(OneClient::new(&backend, rule, client, tree)).await
        }
        Backend::Absent => Err(Failure::nothing_done("no ERP is configured")),
    }
}

async fn answer_lines(mut erp: impl Erp) -> Result<ExitCode, Failure> {
    let mut input = io::stdin().lock();
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        anstream::eprintln!("reading questions, one JSON object per line; Ctrl-D to end");
    }
    let mut output = io::stdout().lock();
    let mut all_answered = true;
    let mut line = Vec::new();
    while let Some(read) = read_line(&mut input, &mut line).map_err(unreadable)? {
        let answer = match read {
            Line::Whole if line.trim_ascii().is_empty() => continue,
            Line::Whole => answer_line(&mut erp, &line).await,
            Line::TooLong => Answer::too_long(MAX_LINE_BYTES),
        };
        all_answered &= answer.is_result();
        serde_json::to_writer(&mut output, &answer).map_err(io::Error::from)?;
        output.write_all(b"\n")?;
    }
    Ok(if all_answered { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

enum Line {
    Whole,
    TooLong,
}

/// Reads one line, and keeps at most `MAX_LINE_BYTES` of it.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Line>> {
    line.clear();
    if input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || input.fill_buf()?.is_empty() {
        return Ok(Some(Line::Whole));
    }
    input.skip_until(b'\n')?;
    Ok(Some(Line::TooLong))
}

fn unreadable(error: io::Error) -> Failure {
    Failure::nothing_done(format!("standard input cannot be read: {error}"))
}
