//! Every link of every document leads to a file of this repository, and to a heading in it.

#![expect(clippy::unwrap_used, reason = "test code may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The heading ids and the link targets of one document.
#[derive(Default)]
struct Document {
    headings: BTreeSet<String>,
    targets: Vec<String>,
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut documents = BTreeMap::new();
    collect(root, Path::new(""), &mut documents);
    assert!(documents.contains_key(Path::new("README.md")) && documents.len() > 20, "{}", documents.len());

    let mut broken = Vec::new();
    for (path, document) in &documents {
        for target in &document.targets {
            if let Err(reason) = follow(root, path, target, &documents) {
                broken.push(format!("{}: ({target}) {reason}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

/// Addresses on other hosts are not checked.
fn follow(
    root: &Path,
    from: &Path,
    target: &str,
    documents: &BTreeMap<PathBuf, Document>,
) -> Result<(), &'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (file, heading) =
        target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let path = if file.is_empty() {
        from.to_owned()
    } else {
        normal(&from.parent().unwrap().join(file)).ok_or("leaves the repository")?
    };
    if !root.join(&path).exists() {
        return Err("no such file");
    }
    match (heading, documents.get(&path)) {
        (Some(heading), Some(document)) if !document.headings.contains(heading) => Err("no such heading"),
        _ => Ok(()),
    }
}

/// Normalizes a path; `None` if it leads out of the repository.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => normal.pop().then_some(())?,
            Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    Some(normal)
}

fn collect(root: &Path, folder: &Path, documents: &mut BTreeMap<PathBuf, Document>) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = folder.join(&name);
        let hidden = name.starts_with('.') && name != ".github";
        if entry.file_type().unwrap().is_dir() {
            if !hidden && name != "target" && name != "node_modules" {
                collect(root, &path, documents);
            }
        } else if name.ends_with(".md") {
            documents.insert(path, read(&fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

fn read(text: &str) -> Document {
    let mut document = Document::default();
    let mut heading = None::<String>;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let id = heading_id(&heading.take().unwrap());
                let repeated = (1..).map(|number| format!("{id}-{number}"));
                let id =
                    std::iter::once(id.clone()).chain(repeated).find(|id| !document.headings.contains(id));
                document.headings.extend(id);
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                document.targets.push(dest_url.into_string());
            }
            _ => {}
        }
    }
    document
}

/// The id that GitHub generates for a heading: lower case, without punctuation, a hyphen for each space.
fn heading_id(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}

#[test]
fn headings_get_the_ids_of_github() {
    let document = read("# A `b` c, d\n\n## Same\n\n## Same\n\n[x](#same-1)\n");
    assert_eq!(document.headings.iter().collect::<Vec<_>>(), ["a-b-c-d", "same", "same-1"]);
    assert_eq!(document.targets, ["#same-1"]);
}
