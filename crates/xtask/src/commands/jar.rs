//! `cargo xtask jar`: the libraries for the JVM, in the form that repositories require.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::java::Jdk;
use crate::workspace::{self, copy, files_below, remove_folder, succeed, write};

/// Build the jars for the JVM, trees and sessions, each with its sources, documentation and pom.xml
///
/// Builds are reproducible: the same sources and JDK give the same bytes. Needs JDK 17 or later; the byte
/// code is for Java 11. The native library of sessions is built for Linux on x86-64, and needs the glibc of
/// this machine or a later one.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The folder for the output
    #[arg(long, value_name = "FOLDER", default_value = "target/jar")]
    out: PathBuf,
    /// The repository's URL for pom.xml, which Maven Central requires
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
    /// A prebuilt native library, instead of building it
    #[arg(long, value_name = "FILE")]
    native_library: Option<PathBuf>,
}

/// The timestamp of every file in the jars: the earliest that `jar` accepts.
const TIME: &str = "1980-01-01T00:00:02Z";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The content of one jar.
struct Library {
    /// Its name, and the name of its source folder.
    name: &'static str,
    module: &'static str,
    description: &'static str,
    /// Does it depend on the first one, and contain the native library?
    is_native: bool,
}

const LIBRARIES: [Library; 2] = [
    Library {
        name: "orgcache",
        module: "org.orgcache",
        description: "An ERP's organization tree, stored once: natural trees, ancestors, descendants and flags, \
                      without dependencies.",
        is_native: false,
    },
    Library {
        name: "orgcache-sessions",
        module: "org.orgcache.session",
        description: "ERP logins that pin one shared organization tree and one role's access each, in memory, \
                      SQLite or PostgreSQL.",
        is_native: true,
    },
];

/// The path of the native library in its jar, for the only supported platform.
const NATIVE_FOLDER: &str = "META-INF/native/linux-x86_64-gnu";
const NATIVE_LIBRARY: &str = "liborgcache_jvm.so";

pub(crate) fn run(args: &Args) -> Result<()> {
    let jdk = Jdk::require()?;
    let out = workspace::root().join(&args.out);
    let work = out.join("work");
    remove_folder(&work)?;
    let licences = work.join("licences");
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&workspace::root().join(licence), &licences.join("META-INF").join(licence))?;
    }
    let java = workspace::root().join("crates/jvm/java");
    let trees = work.join(LIBRARIES[0].name).join("classes");
    for library in &LIBRARIES {
        let sources = java.join(library.name);
        let folder = work.join(library.name);
        let (classes, documentation) = (folder.join("classes"), folder.join("documentation"));
        let stands_on = if library.is_native { &[trees.as_path()][..] } else { &[] };
        jdk.compile(&sources, &classes, stands_on)?;
        jdk.document(&sources, &documentation, stands_on)?;
        let mut content = vec![licences.as_path(), &classes];
        let native = folder.join("native");
        if library.is_native {
            put_native_library(&native, args.native_library.as_deref())?;
            content.push(&native);
        }
        let manifest = folder.join("MANIFEST.MF");
        write(
            &manifest,
            format!(
                "Automatic-Module-Name: {}\nImplementation-Title: {}\nImplementation-Version: {VERSION}\n",
                library.module, library.name
            ),
        )?;
        for (kind, content) in [
            ("", content),
            ("-sources", vec![&licences, &sources]),
            ("-javadoc", vec![&licences, &documentation]),
        ] {
            let jar = out.join(format!("{}-{VERSION}{kind}.jar", library.name));
            pack(&jdk, &jar, &manifest, &content)?;
            let bytes = fs::metadata(&jar).map_or(0, |metadata| metadata.len());
            eprintln!("{} ({bytes} bytes)", jar.display());
        }
        let pom = out.join(format!("{}-{VERSION}.pom", library.name));
        write(&pom, &pom_xml(library, args.repository.as_deref())?)?;
        eprintln!("{}", pom.display());
    }
    if args.repository.is_none() {
        eprintln!("note: Maven Central also requires the repository's URL: --repository");
    }
    remove_folder(&work)
}

/// The native library with the licences of its dependencies, for the jar.
pub(crate) fn put_native_library(folder: &Path, built: Option<&Path>) -> Result<()> {
    let target = folder.join(NATIVE_FOLDER);
    let built = match built {
        Some(built) => built.to_owned(),
        None => build_native_library()?,
    };
    copy(&built, &target.join(NATIVE_LIBRARY))?;
    copy(&workspace::root().join("crates/jvm/THIRD_PARTY.md"), &folder.join("META-INF/THIRD_PARTY.md"))
}

/// Builds the native library for shipping, for this machine's glibc and later ones.
fn build_native_library() -> Result<PathBuf> {
    let mut cargo = workspace::cargo();
    cargo.args(["rustc", "--release", "--package", "jvm", "--lib", "--crate-type", "cdylib"]);
    succeed(cargo.args(["--", "-C", "strip=symbols"]))?;
    Ok(workspace::target().join("release").join(NATIVE_LIBRARY))
}

/// Packs folders into a jar, in name order.
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

fn pom_xml(library: &Library, repository: Option<&str>) -> Result<String> {
    let path = workspace::root().join("crates/jvm/java/pom.xml");
    let template = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let repository = repository.map_or_else(String::new, |url| {
        let url = url.replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "  <url>{url}</url>\n  <scm>\n    <connection>scm:git:{url}</connection>\n    <url>{url}</url>\n  </scm>\n"
        )
    });
    let dependencies = if library.is_native {
        let Library { name, .. } = &LIBRARIES[0];
        format!(
            "  <dependencies>\n    <dependency>\n      <groupId>org.orgcache</groupId>\n      \
             <artifactId>{name}</artifactId>\n      <version>{VERSION}</version>\n    </dependency>\n  \
             </dependencies>\n"
        )
    } else {
        String::new()
    };
    Ok(template
        .replace("@ARTIFACT@", library.name)
        .replace("@VERSION@", VERSION)
        .replace("@DESCRIPTION@", library.description)
        .replace("@DEPENDENCIES@", &dependencies)
        .replace("@REPOSITORY@", &repository))
}
