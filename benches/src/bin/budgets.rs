//! Checks machine-independent counts against the committed tables.

use std::io::Write;
use std::process::ExitCode;

use anyhow::ensure;
use benches::budgets::{check, table};
use benches::instructions;
use benches::session_bytes::AllocationCount;
use clap::Parser;

/// Check bytes, allocation counts and loads against benches/budgets.json; exit status 1 if one is missed
#[derive(Parser)]
#[command(name = "budgets", version)]
struct Budgets {
    /// Count the instructions of the hot calls, under valgrind, against benches/instructions.json instead
    #[arg(long)]
    instructions: bool,
    /// Print the counts in the format of benches/instructions.json, and check nothing
    #[arg(long, requires = "instructions")]
    json: bool,
    /// Make the calls of one line, for internal use under valgrind
    #[arg(long, hide = true, value_name = "METRIC,SHAPE")]
    call: Option<String>,
}

fn main() -> ExitCode {
    benches::end(run(Budgets::parse()))
}

fn run(options: Budgets) -> anyhow::Result<()> {
    if let Some(line) = options.call {
        return instructions::call(&line);
    }
    let missed = if options.instructions { check_instructions(options.json)? } else { check_counts()? };
    ensure!(missed == 0, "{missed} budgets missed");
    Ok(())
}

/// Returns the number of missed budgets.
fn check_counts() -> anyhow::Result<usize> {
    let mut out = std::io::stdout().lock();
    let mut missed = 0;
    for budget in table()? {
        let checked = check(budget, counted)?;
        writeln!(out, "{checked}")?;
        missed += usize::from(!checked.is_met());
    }
    Ok(missed)
}

/// As [`check_counts`], for instructions.
fn check_instructions(json: bool) -> anyhow::Result<usize> {
    let mut out = std::io::stdout().lock();
    let folder = tempfile::tempdir()?;
    let program = std::env::current_exe()?;
    let mut missed = 0;
    let mut lines = instructions::table()?;
    for line in &mut lines {
        let counted = instructions::count(line, &program, folder.path())?;
        let allowed = line.allows(counted);
        let verdict = if allowed { "met   " } else { "MISSED" };
        if json {
            line.instructions = counted;
        } else {
            writeln!(
                out,
                "{verdict}  {:28} {:8} {counted:>8} instructions, {} in the table",
                line.metric, line.shape, line.instructions
            )?;
            missed += usize::from(!allowed);
        }
    }
    if json {
        let lines: Result<Vec<String>, _> = lines.iter().map(serde_json::to_string).collect();
        writeln!(out, "[\n  {}\n]", lines?.join(",\n  "))?;
    }
    Ok(missed)
}

fn counted(run: &mut dyn FnMut()) -> AllocationCount {
    let counted = allocation_counter::measure(run);
    AllocationCount {
        bytes: u64::try_from(counted.bytes_current).unwrap_or(0),
        allocations: counted.count_total,
    }
}
