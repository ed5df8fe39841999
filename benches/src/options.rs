//! Command line options.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::record::{Record, to_json, write};
use crate::trees::Shape;
use crate::{plot, table};

/// Options that all measurements share.
#[derive(Args, Debug, Default)]
pub struct Options {
    /// Print one JSON array of records instead of tables
    #[arg(long)]
    pub json: bool,
    /// Fewer sizes and shorter measurements: under a minute
    #[arg(long)]
    pub quick: bool,
    /// Only these structures (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub structure: Vec<String>,
    /// Only trees of these shapes: flat, fan5, chain, random, sample-f&b, sample-qa (may be repeated)
    #[arg(long, value_name = "SHAPE")]
    pub shape: Vec<Shape>,
    /// Only trees of these sizes (may be repeated)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub organizations: Vec<u32>,
    /// Only these figures (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// Write pictures (SVG) into this folder
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
    /// Also write the JSON records into this file
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl Options {
    /// The selected names of all structures.
    ///
    /// # Errors
    /// An option names a structure that does not exist.
    pub fn structures<'a>(&self, all: &[&'a str]) -> anyhow::Result<Vec<&'a str>> {
        chosen(&self.structure, all, "structure")
    }

    /// The selected trees, by shape and size; by default those of a quick or a full measurement, and the
    /// sample clients.
    #[must_use]
    pub fn trees(&self, quick: &[usize], full: &[usize]) -> Vec<(Shape, usize)> {
        let sizes = if self.organizations.is_empty() {
            if self.quick { quick } else { full }.to_vec()
        } else {
            self.organizations.iter().map(|&count| count as usize).collect()
        };
        let mut shapes = self.shape.clone();
        if shapes.is_empty() {
            shapes.extend(Shape::ALL);
            if self.organizations.is_empty() {
                shapes.extend(Shape::SAMPLES);
            }
        }
        let samples = shapes.iter().filter_map(|&shape| Some((shape, shape.own_size()?)));
        let of_any_size = || shapes.iter().copied().filter(|shape| shape.own_size().is_none());
        let others = sizes.iter().flat_map(|&size| of_any_size().map(move |shape| (shape, size)));
        others.chain(samples).collect()
    }

    /// The selected figures of a program; by default all.
    ///
    /// # Errors
    /// An option names an unknown figure.
    pub fn metrics<'a>(&self, all: &[&'a str]) -> anyhow::Result<Vec<&'a str>> {
        chosen(&self.metric, all, "figure")
    }

    /// A progress bar, if there is a terminal.
    #[must_use]
    pub fn progress(&self) -> ProgressBar {
        let progress = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
            progress.set_style(style);
        }
        progress
    }

    /// Prints and writes the results, once they are complete.
    ///
    /// # Errors
    /// Errors of the file system, and of standard output.
    pub fn show(&self, records: &[Record]) -> anyhow::Result<()> {
        let json = to_json(records)?;
        let mut out = std::io::stdout().lock();
        if self.json {
            out.write_all(json.as_bytes())?;
        } else {
            out.write_all(table::render(records, std::io::stdout().is_terminal()).as_bytes())?;
        }
        if let Some(path) = &self.output {
            write(path, &json).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        if let Some(folder) = &self.plot {
            for (name, picture) in plot::pictures(records) {
                let path = folder.join(name);
                write(&path, &picture).with_context(|| format!("cannot write `{}`", path.display()))?;
            }
        }
        Ok(())
    }
}

/// The selected names; by default all.
fn chosen<'a>(named: &[String], all: &[&'a str], kind: &str) -> anyhow::Result<Vec<&'a str>> {
    for name in named {
        ensure!(all.contains(&name.as_str()), "`{name}` is not a {kind}; choose from {}", all.join(", "));
    }
    let is_chosen = |name: &&&str| named.is_empty() || named.iter().any(|one| one == *name);
    Ok(all.iter().filter(is_chosen).copied().collect())
}
