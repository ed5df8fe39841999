//! `cargo xtask jar`: the library for the JVM, as a repository of jars takes it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::java::{Jdk, files_below};
use crate::workspace;

/// Build the jar of the Java library, with the jars of its sources and documentation and its pom.xml
///
/// The same sources and JDK make the same bytes. A JDK from 17 on is needed; the byte code is for Java 11.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The folder for the files
    #[arg(long, value_name = "FOLDER", default_value = "target/jar")]
    out: PathBuf,
    /// The repository's URL for pom.xml, which Maven Central requires
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
}

/// The time of every file in the jars: the earliest that `jar` takes for one.
const TIME: &str = "1980-01-01T00:00:02Z";

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn run(args: &Args) -> ExitCode {
    match build(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build(args: &Args) -> Result<()> {
    let jdk = Jdk::require()?;
    let out = workspace::root().join(&args.out);
    let work = out.join("work");
    remove(&work)?;
    let licences = work.join("licences");
    create_folder(&licences.join("META-INF"))?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let text = workspace::root().join(licence);
        fs::copy(&text, licences.join("META-INF").join(licence))
            .with_context(|| format!("cannot copy `{}`", text.display()))?;
    }
    let manifest = work.join("MANIFEST.MF");
    let attributes = format!(
        "Automatic-Module-Name: org.orgcache\nImplementation-Title: orgcache\nImplementation-Version: {VERSION}\n"
    );
    write(&manifest, &attributes)?;

    let sources = workspace::root().join("crates/jvm/java/orgcache");
    let (classes, documentation) = (work.join("classes"), work.join("documentation"));
    jdk.compile(&sources, &classes, None)?;
    jdk.document(&sources, &documentation)?;
    for (kind, content) in [("", &classes), ("-sources", &sources), ("-javadoc", &documentation)] {
        let jar = out.join(format!("orgcache-{VERSION}{kind}.jar"));
        pack(&jdk, &jar, &manifest, &[&licences, content])?;
        let bytes = fs::metadata(&jar).map_or(0, |metadata| metadata.len());
        eprintln!("{} ({bytes} bytes)", jar.display());
    }
    let pom = out.join(format!("orgcache-{VERSION}.pom"));
    write(&pom, &pom_xml(args.repository.as_deref())?)?;
    eprintln!("{}", pom.display());
    if args.repository.is_none() {
        eprintln!("note: Maven Central also requires the repository's URL: --repository");
    }
    remove(&work)
}

/// Puts what some folders hold into a jar, in the order of names.
fn pack(jdk: &Jdk, jar: &Path, manifest: &Path, folders: &[&Path]) -> Result<()> {
    let mut arguments: Vec<OsString> = vec!["--create".into(), "--date".into(), TIME.into()];
    arguments.extend(["--file".into(), jar.into(), "--manifest".into(), manifest.into()]);
    for folder in folders {
        for file in files_below(folder)? {
            arguments.extend(["-C".into(), OsString::from(folder), file.into()]);
        }
    }
    jdk.run("jdk.jartool/sun.tools.jar.Main", arguments)
}

fn pom_xml(repository: Option<&str>) -> Result<String> {
    let path = workspace::root().join("crates/jvm/java/pom.xml");
    let template = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let repository = repository.map_or_else(String::new, |url| {
        let url = url.replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "  <url>{url}</url>\n  <scm>\n    <connection>scm:git:{url}</connection>\n    <url>{url}</url>\n  </scm>\n"
        )
    });
    Ok(template.replace("@VERSION@", VERSION).replace("@REPOSITORY@", &repository))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

fn create_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    Ok(())
}
