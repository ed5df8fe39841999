//! `cargo xtask benchmarks`: measures every figure of the benchmark pages and the table of `README.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::harness::{self, Program};
use crate::checkpoint::{Checkpoint, Part};
use crate::document::Document;
use crate::interrupt::Interrupt;
use crate::machine::{self, Machine};
use crate::postgres::{self, Cluster, Durability};
use crate::workspace;

/// Measure every figure of docs/benchmarks.md, of its tables and of README.md, and update the documents
///
/// The programs run one after another, with a temporary PostgreSQL server. The documents change only when all
/// programs have succeeded. A failed or interrupted run does not change them, and keeps its finished
/// measurements in `target/benchmarks`. Quote figures only from a quiet machine: the documents state the
/// load.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fewer sizes and shorter measurements: some minutes
    #[arg(long)]
    quick: bool,
    /// Resume an interrupted run, on the same machine and the same code
    #[arg(long)]
    resume: bool,
}

/// One block of `docs/benchmarks-tables.md`: its name, the program that prints it, and the program's
/// arguments.
struct Block {
    name: &'static str,
    program: Program,
    arguments: &'static [&'static str],
    /// Does the program support `--output`? If so, the summaries use its records.
    writes_records: bool,
    /// Does the program also draw the pictures?
    draws: bool,
}

impl Block {
    /// A block of a program that only prints tables.
    const fn of_program(name: &'static str, program: Program) -> Self {
        Self { name, program, arguments: &[], writes_records: false, draws: false }
    }

    /// A block of a program that writes records.
    const fn of_harness(name: &'static str, program: Program, arguments: &'static [&'static str]) -> Self {
        Self { name, program, arguments, writes_records: true, draws: false }
    }

    const fn with_pictures(self) -> Self {
        Self { draws: true, ..self }
    }

    /// The path of its records.
    fn records(&self, kept: &Checkpoint) -> PathBuf {
        kept.folder().join(format!("{}.json", self.name))
    }

    /// The command that prints it.
    fn command(&self, quick: bool, kept: &Checkpoint, server: &Cluster) -> Command {
        let mut command = self.program.running();
        command.args(self.arguments);
        if quick {
            command.arg("--quick");
        }
        if self.writes_records {
            command.arg("--output").arg(self.records(kept));
        }
        if self.draws {
            command.arg("--plot").arg(pictures(kept));
        }
        server.lend_to(&mut command, harness::POSTGRES_URL);
        command
    }
}

/// All blocks that programs print, in execution order. Each is in the document between `<!-- begin NAME -->`
/// and `<!-- end NAME -->`.
const BLOCKS: &[Block] = &[
    Block::of_harness("footprint", harness::FOOTPRINT, SIZES).with_pictures(),
    Block::of_harness("footprint-largest", harness::FOOTPRINT, LARGEST_FOOTPRINT),
    Block::of_harness("footprint-samples", harness::FOOTPRINT, SAMPLES),
    Block::of_harness("speed", harness::SPEED, &["--organizations=600"]).with_pictures(),
    Block::of_harness("speed-larger", harness::SPEED, LARGER),
    Block::of_harness("speed-largest", harness::SPEED, LARGEST),
    Block::of_harness("speed-samples", harness::SPEED, SAMPLE_CALLS),
    Block::of_harness("sessions", harness::SESSIONS, &[]),
    Block::of_program("service", harness::LOAD),
    Block::of_program("odoo", harness::ODOO),
];

/// The sizes for which bytes are counted, for every structure.
const SIZES: &[&str] = &["--organizations=600", "--organizations=6000", "--organizations=60000"];

/// The largest trees, and a structure of each kind that can store them.
const LARGEST_FOOTPRINT: &[&str] = &[
    "--organizations=1000000",
    "--metric=bytes_per_session",
    "--structure=orgcache-unshared",
    "--structure=orgcache-shared",
    "--structure=openbravo-post",
    "--structure=openbravo-head",
    "--structure=petgraph",
];

/// The trees of the sample clients.
const SAMPLES: &[&str] = &["--shape=sample-f&b", "--shape=sample-qa"];

/// Some calls on the trees of the sample clients.
const SAMPLE_CALLS: &[&str] = &[
    "--shape=sample-f&b",
    "--shape=sample-qa",
    "--metric=natural_tree_test",
    "--metric=natural_tree",
    "--metric=legal_entity",
    "--metric=build",
];

/// Some calls on larger trees.
const LARGER: &[&str] = &[
    "--organizations=6000",
    "--metric=natural_tree_test",
    "--metric=natural_tree",
    "--metric=legal_entity",
    "--metric=build",
];

/// Some calls on the largest trees.
const LARGEST: &[&str] = &[
    "--organizations=60000",
    "--organizations=1000000",
    "--metric=natural_tree_test",
    "--metric=legal_entity",
    "--metric=build",
    "--structure=orgcache-shared",
    "--structure=openbravo-post",
    "--structure=petgraph",
];

/// The tables that are derived from the records of all programs: document, block, and the summary's argument.
const SUMMARIES: &[(&str, &str)] = &[(BENCHMARKS, "figures"), (BENCHMARKS, "budgets"), (README, "headline")];

/// The excerpts of printed tables on the page: its block, the table's block, and how the lines begin, with
/// two spaces between columns.
const EXCERPTS: &[(&str, &str, &[&str])] = &[
    (
        "service-figures",
        "service",
        &[
            "axum hello  requests  ",
            "orgcache  requests  ",
            "orgcache  questions in batches",
            "orgcache  logins by assertion",
        ],
    ),
    (
        "odoo-figures",
        "odoo",
        &["tools, +0 ms", "get_fields, warm", "search_records, 10 rows", "get_record  "],
    ),
];

const BENCHMARKS: &str = "docs/benchmarks.md";
const TABLES: &str = "docs/benchmarks-tables.md";
const README: &str = "README.md";
const PICTURES: &str = "docs/benchmarks";
const MACHINE: &str = "machine";

/// Runs all programs, and then writes the documents.
pub(crate) fn run(args: &Args) -> Result<()> {
    let interrupt = Interrupt::catch().context("cannot catch signals")?;
    measure(args, &interrupt).inspect_err(|_| {
        eprintln!("the documents are unchanged; `--resume` continues with the parts that were measured");
    })
}

fn measure(args: &Args, interrupt: &Interrupt) -> Result<()> {
    let began = Instant::now();
    let mut documents = Documents::read()?;
    let folder = workspace::target().join("benchmarks").join(if args.quick { "quick" } else { "full" });
    let kept = Checkpoint::open(folder, args.resume)?;
    postgres::require()?;
    let every_program: Vec<Program> =
        BLOCKS.iter().map(|block| block.program).chain([harness::SUMMARY]).collect();
    eprintln!("building every program");
    interrupt.run(&mut harness::building(&every_program))?;
    for program in &every_program {
        // Install missing prerequisites before measuring.
        drop(program.running());
    }
    let server = Cluster::start(Durability::Full)?;
    interrupt.check()?;
    let parts = all_parts(args.quick, &kept, &server, interrupt)?;
    for (block, part) in BLOCKS.iter().zip(&parts) {
        let printed = part.printed.trim_end();
        documents.document(TABLES).replace_block(block.name, &fenced(printed))?;
        for (name, _, lines) in EXCERPTS.iter().filter(|(_, table, _)| *table == block.name) {
            documents.document(BENCHMARKS).replace_block(name, &fenced(&excerpt(printed, lines)?))?;
        }
    }
    let machine = Machine { postgres: server.version(), quick: args.quick, parts: &parts };
    documents.document(BENCHMARKS).replace_block(MACHINE, &machine.to_string())?;
    let records = BLOCKS.iter().filter(|block| block.writes_records).map(|block| block.records(&kept));
    let records: Vec<PathBuf> = records.collect();
    for (document, block) in SUMMARIES {
        let mut command = harness::SUMMARY.running();
        let table = interrupt.run(command.arg(block).args(&records).stdout(Stdio::piped()))?;
        documents.document(document).replace_block(block, &table)?;
    }
    let files = documents.into_files(&pictures(&kept))?;
    interrupt.check()?;
    for (path, content) in files {
        fs::write(&path, content).with_context(|| format!("cannot write `{}`", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    eprintln!("{} from start to end", minutes(began.elapsed()));
    Ok(())
}

/// Runs every program that has not run yet, one after the other, and stores its output.
fn all_parts(quick: bool, kept: &Checkpoint, server: &Cluster, interrupt: &Interrupt) -> Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::with_capacity(BLOCKS.len());
    for (number, block) in (1..).zip(BLOCKS) {
        let step = format!("[{number}/{}] {}", BLOCKS.len(), block.name);
        let part = if let Some(part) = kept.part(block.name) {
            eprintln!("{step}: measured earlier");
            part
        } else {
            eprintln!("{step}");
            let (load, began) = (machine::load(), Instant::now());
            let mut command = block.command(quick, kept, server);
            let printed = interrupt.run(command.stdout(Stdio::piped())).context(block.name)?;
            let part = Part { printed, took: began.elapsed(), load };
            kept.keep(block.name, &part)?;
            eprintln!("{step}: {}", minutes(part.took));
            part
        };
        parts.push(part);
    }
    let all: Duration = parts.iter().map(|part| part.took).sum();
    eprintln!("everything is measured, in {}", minutes(all));
    Ok(parts)
}

/// The folder for the pictures.
fn pictures(kept: &Checkpoint) -> PathBuf {
    kept.folder().join("pictures")
}

fn minutes(time: Duration) -> String {
    format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}

/// Printed text as a block.
fn fenced(text: &str) -> String {
    format!("```text\n{text}\n```")
}

/// The first line of a table for each of the given beginnings.
fn excerpt(printed: &str, beginnings: &[&str]) -> Result<String> {
    let lines = beginnings.iter().map(|beginning| {
        let line = printed.lines().find(|line| narrow_columns(line).starts_with(beginning));
        line.with_context(|| format!("no line begins with `{beginning}`"))
    });
    Ok(lines.collect::<Result<Vec<_>>>()?.join("\n"))
}

/// A table line with exactly two spaces between columns.
fn narrow_columns(line: &str) -> String {
    line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect::<Vec<_>>().join("  ")
}

/// The documents to update, by path.
struct Documents(BTreeMap<&'static str, Document>);

impl Documents {
    /// Reads the documents, and checks that every block exists, before anything is measured.
    fn read() -> Result<Self> {
        let mut documents = Self(BTreeMap::new());
        let printed = BLOCKS.iter().map(|block| (TABLES, block.name));
        let excerpts = EXCERPTS.iter().map(|(block, ..)| (BENCHMARKS, *block));
        for (path, block) in
            printed.chain(excerpts).chain([(BENCHMARKS, MACHINE)]).chain(SUMMARIES.iter().copied())
        {
            if !documents.0.contains_key(path) {
                documents.0.insert(path, Document::read(workspace::root().join(path))?);
            }
            documents.document(path).expect_block(block)?;
        }
        Ok(documents)
    }

    #[expect(clippy::expect_used, reason = "`read` reads every path in this file")]
    fn document(&mut self, path: &str) -> &mut Document {
        self.0.get_mut(path).expect("a document that was read")
    }

    /// The documents, and the existing pictures, drawn again.
    fn into_files(self, drawn: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut files: Vec<_> = self.0.into_values().map(Document::into_file).collect();
        let folder = workspace::root().join(PICTURES);
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            let picture = fs::read(drawn.join(name))
                .with_context(|| format!("no program drew `{}` again", path.display()))?;
            files.push((path, picture));
        }
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{BENCHMARKS, BLOCKS, Documents, EXCERPTS, PICTURES, SUMMARIES, TABLES, excerpt};
    use crate::workspace;

    #[test]
    fn every_block_exists_in_the_documents() {
        Documents::read().unwrap();
        let names: BTreeSet<&str> =
            BLOCKS.iter().map(|block| block.name).chain(SUMMARIES.iter().map(|(_, name)| *name)).collect();
        assert_eq!(names.len(), BLOCKS.len() + SUMMARIES.len());
    }

    #[test]
    fn every_excerpt_is_found_in_the_tables_of_the_last_run() {
        let tables = std::fs::read_to_string(workspace::root().join(TABLES)).unwrap();
        for (_, table, lines) in EXCERPTS {
            let from = tables.split_once(&format!("<!-- begin {table} -->")).unwrap().1;
            assert_eq!(excerpt(from, lines).unwrap().lines().count(), lines.len());
        }
        assert!(excerpt("a b", &["b"]).unwrap_err().to_string().contains("`b`"));
    }

    #[test]
    fn every_picture_is_shown() {
        let text = std::fs::read_to_string(workspace::root().join(BENCHMARKS)).unwrap();
        for entry in std::fs::read_dir(workspace::root().join(PICTURES)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(text.contains(&format!("(benchmarks/{name})")), "{name}");
        }
    }
}
