//! Documents with generated blocks, between HTML comments.
//!
//! ```text
//! <!-- begin NAME -->
//! …
//! <!-- end NAME -->
//! ```

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// A document in memory.
pub(crate) struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// Reads a document.
    pub(crate) fn read(path: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(Self { path, text })
    }

    /// The start and end of a block's content.
    fn block(&self, name: &str) -> Result<(usize, usize)> {
        let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
        for marker in [&begin, &end] {
            let count = self.text.matches(marker.as_str()).count();
            if count != 1 {
                bail!("`{}` has `{}` {count} times, not once", self.path.display(), marker.trim());
            }
        }
        let start = self.text.find(&begin).map(|at| at + begin.len());
        match start.zip(self.text.find(&end)) {
            Some((start, end)) if start <= end => Ok((start, end)),
            _ => bail!("in `{}` block `{name}` ends before it begins", self.path.display()),
        }
    }

    /// Fails if a block does not exist.
    pub(crate) fn expect_block(&self, name: &str) -> Result<()> {
        self.block(name).map(drop)
    }

    /// Replaces the content of a block.
    pub(crate) fn replace_block(&mut self, name: &str, content: &str) -> Result<()> {
        let (start, end) = self.block(name)?;
        if content.contains("<!--") {
            bail!("the new content of block `{name}` contains a marker");
        }
        self.text.replace_range(start..end, &format!("{}\n", content.trim_end()));
        Ok(())
    }

    /// The path of the file, and its new content.
    pub(crate) fn into_file(self) -> (PathBuf, Vec<u8>) {
        (self.path, self.text.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    const TEXT: &str = "before\n<!-- begin one -->\nold\nolder\n<!-- end one -->\nbetween\n\
        <!-- begin two -->\n<!-- end two -->\nafter\n";

    fn document(text: &str) -> Document {
        Document { path: "some.md".into(), text: text.to_owned() }
    }

    #[test]
    fn only_the_named_block_is_replaced() {
        let mut document = document(TEXT);
        document.replace_block("one", "new\n\n").unwrap();
        document.replace_block("two", "more").unwrap();
        let expected = "before\n<!-- begin one -->\nnew\n<!-- end one -->\nbetween\n\
            <!-- begin two -->\nmore\n<!-- end two -->\nafter\n";
        assert_eq!(document.text, expected);
        document.replace_block("one", "new").unwrap();
        assert_eq!(document.text, expected, "a second time changes nothing");
    }

    #[test]
    fn a_block_must_exist_once_and_in_order() {
        for (text, complaint) in [
            ("nothing", "`<!-- begin one -->` 0 times"),
            ("<!-- begin one -->\n", "`<!-- end one -->` 0 times"),
            ("<!-- end one -->\n<!-- begin one -->\n", "ends before it begins"),
            (&TEXT.repeat(2), "2 times"),
        ] {
            let error = document(text).expect_block("one").unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
        document(TEXT).expect_block("one").unwrap();
        assert!(document(TEXT).replace_block("one", "<!-- end one -->").is_err());
    }
}
