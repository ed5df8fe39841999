//! Checks what does not depend on the machine against the committed table.

use std::io::Write;
use std::process::ExitCode;

use benches::budgets::{check, table};
use benches::footprint::Counted;
use clap::Parser;

/// Check bytes and allocation counts against benches/budgets.json; exit status 1 if one is missed
#[derive(Parser)]
#[command(name = "budgets", version)]
struct Budgets {}

fn main() -> anyhow::Result<ExitCode> {
    Budgets::parse();
    let mut out = std::io::stdout().lock();
    let mut missed = 0;
    for budget in table()? {
        let checked = check(budget, counted)?;
        writeln!(out, "{checked}")?;
        missed += usize::from(!checked.is_met());
    }
    writeln!(out, "{missed} budgets missed")?;
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn counted(run: &mut dyn FnMut()) -> Counted {
    let counted = allocation_counter::measure(run);
    Counted { bytes: u64::try_from(counted.bytes_current).unwrap_or(0), allocations: counted.count_total }
}
