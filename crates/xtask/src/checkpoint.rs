//! The finished parts of a run of measurements, so that an interrupted run can resume.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::workspace;

/// A folder with the finished parts of one run.
pub(crate) struct Checkpoint {
    folder: PathBuf,
}

/// One finished part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The output of its program.
    pub(crate) printed: String,
    /// Its duration.
    pub(crate) took: Duration,
    /// The load of the machine before it.
    pub(crate) load: String,
}

impl Checkpoint {
    /// Opens the run in a folder, or starts an empty one and removes the parts of an earlier run.
    pub(crate) fn open(folder: PathBuf, resume: bool) -> Result<Self> {
        if !resume {
            workspace::remove_folder(&folder)?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        Ok(Self { folder })
    }

    /// The folder of the run.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A finished part.
    pub(crate) fn part(&self, name: &str) -> Option<Part> {
        let text = fs::read_to_string(self.file(name)).ok()?;
        let (head, printed) = text.split_once('\n')?;
        let (seconds, load) = head.split_once(' ')?;
        let took = Duration::from_secs(seconds.parse().ok()?);
        Some(Part { printed: printed.to_owned(), took, load: load.to_owned() })
    }

    /// Stores a part atomically.
    pub(crate) fn keep(&self, name: &str, part: &Part) -> Result<()> {
        let (file, beside) = (self.file(name), self.file(&format!("{name}-new")));
        fs::write(&beside, format!("{} {}\n{}", part.took.as_secs(), part.load, part.printed))
            .and_then(|()| fs::rename(&beside, &file))
            .with_context(|| format!("cannot write `{}`", file.display()))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.txt"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Checkpoint, Part};

    #[test]
    fn parts_are_kept_until_the_next_run_begins() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("run");
        let part =
            Part { printed: "figures\n\nmore".into(), took: Duration::from_secs(7), load: "0.50".into() };
        let kept = Checkpoint::open(folder.clone(), false).unwrap();
        assert_eq!(kept.part("speed"), None);
        kept.keep("speed", &part).unwrap();
        let again = Checkpoint::open(folder.clone(), true).unwrap();
        assert_eq!(again.part("speed"), Some(part));
        assert_eq!(again.part("sessions"), None);
        assert_eq!(std::fs::read_dir(again.folder()).unwrap().count(), 1);
        assert_eq!(Checkpoint::open(folder, false).unwrap().part("speed"), None);
    }
}
