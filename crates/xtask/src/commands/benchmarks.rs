//! `cargo xtask benchmarks`: every figure of the pages on benchmarks, and the table of `README.md`, measured
//! again.

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

/// Measure again every figure of docs/benchmarks.md, of its tables and of README.md, and write them there
///
/// The programs run one after another, beside a PostgreSQL made for them. The documents change when all of
/// them have succeeded; a run that fails, or is interrupted, leaves them as they are, and keeps what it has
/// measured below `target/benchmarks`. Figures are worth quoting from a quiet machine alone: the documents
/// say what its load was.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fewer sizes and shorter measurements: some minutes
    #[arg(long)]
    quick: bool,
    /// Go on with a run that stopped, on the same machine and the same code
    #[arg(long)]
    resume: bool,
}

/// One block of `docs/benchmarks-tables.md`: its name, the program that prints it, and how that is called.
struct Block {
    name: &'static str,
    program: Program,
    arguments: &'static [&'static str],
    /// Whether the program understands `--output`, and the summaries draw on what it writes.
    writes_records: bool,
    /// Whether it draws the pictures, too.
    draws: bool,
}

impl Block {
    /// A block of a program that prints tables and nothing else.
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

    /// Where its records are kept.
    fn records(&self, kept: &Checkpoint) -> PathBuf {
        kept.folder().join(format!("{}.json", self.name))
    }

    /// What is run for it.
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

/// All blocks that programs print, in the order in which they run. Each has its place in the document,
/// between `<!-- begin NAME -->` and `<!-- end NAME -->`.
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

/// The sizes of which bytes are counted for every structure.
const SIZES: &[&str] = &["--organizations=600", "--organizations=6000", "--organizations=60000"];

/// The largest trees, and a structure of each kind that can hold them.
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

/// Some calls on these.
const SAMPLE_CALLS: &[&str] = &[
    "--shape=sample-f&b",
    "--shape=sample-qa",
    "--metric=natural_tree_test",
    "--metric=natural_tree",
    "--metric=legal_entity",
    "--metric=build",
];

/// How some calls fare on larger trees.
const LARGER: &[&str] = &[
    "--organizations=6000",
    "--metric=natural_tree_test",
    "--metric=natural_tree",
    "--metric=legal_entity",
    "--metric=build",
];

/// The same on the largest.
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

/// The tables that are made out of the records of all programs: document, block, and what the program is
/// asked for.
const SUMMARIES: &[(&str, &str)] = &[(BENCHMARKS, "figures"), (BENCHMARKS, "budgets"), (README, "headline")];

/// What the page shows of tables that are printed: its block, that of the table, and how the lines begin,
/// with two spaces between columns.
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

/// Runs everything, and then writes.
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
        // What is missing is installed now, before anything is measured.
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

/// Runs every program that has not been run yet, one after the other, and keeps what each one says.
fn all_parts(quick: bool, kept: &Checkpoint, server: &Cluster, interrupt: &Interrupt) -> Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::with_capacity(BLOCKS.len());
    for (number, block) in (1..).zip(BLOCKS) {
        let step = format!("[{number}/{}] {}", BLOCKS.len(), block.name);
        let part = if let Some(part) = kept.part(block.name) {
            eprintln!("{step}: measured before");
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

/// Where the programs draw.
fn pictures(kept: &Checkpoint) -> PathBuf {
    kept.folder().join("pictures")
}

fn minutes(time: Duration) -> String {
    format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}

/// A block of text as it was printed.
fn fenced(text: &str) -> String {
    format!("```text\n{text}\n```")
}

/// The first line of a table with each of these beginnings.
fn excerpt(printed: &str, beginnings: &[&str]) -> Result<String> {
    let lines = beginnings.iter().map(|beginning| {
        let line = printed.lines().find(|line| narrow_columns(line).starts_with(beginning));
        line.with_context(|| format!("no line begins with `{beginning}`"))
    });
    Ok(lines.collect::<Result<Vec<_>>>()?.join("\n"))
}

/// A line of a table with two spaces between its columns, however wide they are.
fn narrow_columns(line: &str) -> String {
    line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect::<Vec<_>>().join("  ")
}

/// What is renewed, by path.
struct Documents(BTreeMap<&'static str, Document>);

impl Documents {
    /// Reads them, and sees to it before anything is measured that every block has its place.
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

    #[expect(clippy::expect_used, reason = "`read` has read every path that is named in this file")]
    fn document(&mut self, path: &str) -> &mut Document {
        self.0.get_mut(path).expect("a document that was read")
    }

    /// The documents with the pictures that are there already, drawn again.
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
    fn every_block_has_its_place_in_the_documents() {
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
