//! `cargo xtask deb`: the package for Debian and Ubuntu, with the command, its systemd unit and its settings.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::wheel;
use crate::workspace::{self, output, remove_folder, succeed};

/// Build the Debian package: the command, a systemd unit, settings, man page and completions
///
/// Writes the package to `target/debian`. The command is the one of `cargo xtask wheel`: it needs glibc 2.28
/// or later (Debian 11, Ubuntu 20.04). Needs dpkg-deb and dpkg-shlibdeps (package dpkg-dev).
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The command to package, instead of building it
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// The folder for the package
    #[arg(long, value_name = "FOLDER", default_value = "target/debian")]
    out: PathBuf,
}

/// Files of the workspace that are packaged unchanged, with their paths and modes.
const FILES: &[(&str, &str, u32)] = &[
    ("packaging/orgcache.service", "usr/lib/systemd/system/orgcache.service", 0o644),
    ("packaging/orgcache.env", "etc/orgcache/orgcache.env", 0o640),
    ("packaging/roles.sql", "usr/share/orgcache/roles.sql", 0o644),
    ("packaging/nginx.conf", "usr/share/doc/orgcache/examples/nginx.conf", 0o644),
    (
        "packaging/nginx-single-sign-on.conf",
        "usr/share/doc/orgcache/examples/nginx-single-sign-on.conf",
        0o644,
    ),
    ("examples/python/assertion.py", "usr/share/doc/orgcache/examples/assertion.py", 0o644),
    ("examples/python/single_sign_on.py", "usr/share/doc/orgcache/examples/single_sign_on.py", 0o644),
    ("packaging/Caddyfile", "usr/share/doc/orgcache/examples/Caddyfile", 0o644),
    ("packaging/prometheus.yml", "usr/share/doc/orgcache/examples/prometheus.yml", 0o644),
    ("packaging/grafana-dashboard.json", "usr/share/doc/orgcache/examples/grafana-dashboard.json", 0o644),
    ("docs/operations.md", "usr/share/doc/orgcache/operations.md", 0o644),
    ("packaging/debian/copyright", "usr/share/doc/orgcache/copyright", 0o644),
    ("packaging/debian/lintian-overrides", "usr/share/lintian/overrides/orgcache", 0o644),
    ("CHANGELOG.md", "usr/share/doc/orgcache/changelog", 0o644),
    ("THIRD_PARTY.md", "usr/share/doc/orgcache/THIRD_PARTY.md", 0o644),
    ("packaging/debian/postinst", "DEBIAN/postinst", 0o755),
    ("packaging/debian/prerm", "DEBIAN/prerm", 0o755),
    ("packaging/debian/postrm", "DEBIAN/postrm", 0o755),
];

/// The files that the command generates about itself, and their paths.
const WRITTEN: &[(&[&str], &str)] = &[
    (&["man"], "usr/share/man/man1/orgcache.1"),
    (&["completions", "bash"], "usr/share/bash-completion/completions/orgcache"),
    (&["completions", "zsh"], "usr/share/zsh/vendor-completions/_orgcache"),
    (&["completions", "fish"], "usr/share/fish/vendor_completions.d/orgcache.fish"),
];

/// The files that Debian's policy requires to be compressed, by `gzip -9n`.
const COMPRESSED: &[&str] = &["usr/share/man/man1/orgcache.1", "usr/share/doc/orgcache/changelog"];

/// Folders that other users may not read.
const PRIVATE: &[(&str, u32)] = &[("etc/orgcache", 0o750), ("var/lib/orgcache", 0o700)];

pub(crate) fn run(args: &Args) -> Result<()> {
    let binary = match &args.binary {
        Some(binary) => {
            binary.canonicalize().with_context(|| format!("there is no `{}`", binary.display()))?
        }
        None => wheel::portable_command()?,
    };
    let out = workspace::root().join(&args.out);
    let root = out.join("root");
    remove_folder(&root)?;
    stage(&root, &binary)?;
    let files = workspace::files_below(&root)?;
    let sums = files.iter().filter(|file| !file.starts_with("DEBIAN") && !file.starts_with("etc"));
    let sums = output(Command::new("md5sum").arg("--").args(sums).current_dir(&root))?;
    write(&root.join("DEBIAN/md5sums"), sums.as_bytes(), 0o644)?;
    let size: u64 = files.iter().filter_map(|file| root.join(file).metadata().ok()).map(|it| it.len()).sum();
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?;
    let version = env!("CARGO_PKG_VERSION");
    let control = fs::read_to_string(workspace::root().join("packaging/debian/control"))?
        .replace("@VERSION@", version)
        .replace("@ARCHITECTURE@", architecture.trim())
        .replace("@SIZE@", &size.div_ceil(1024).to_string())
        .replace("@DEPENDS@", &dependencies(&out, &root.join("usr/bin/orgcache"))?);
    write(&root.join("DEBIAN/control"), control.as_bytes(), 0o644)?;
    write(&root.join("DEBIAN/conffiles"), b"/etc/orgcache/orgcache.env\n", 0o644)?;
    let package = out.join(format!("orgcache_{version}_{}.deb", architecture.trim()));
    let mut build = Command::new("dpkg-deb");
    succeed(build.args(["--root-owner-group", "--build"]).arg(&root).arg(&package).stdout(Stdio::null()))?;
    remove_folder(&root)?;
    let bytes = fs::metadata(&package).map_or(0, |metadata| metadata.len());
    eprintln!("{} ({bytes} bytes)", package.display());
    Ok(())
}

/// Creates the file tree to be installed.
fn stage(root: &Path, binary: &Path) -> Result<()> {
    for (folder, mode) in PRIVATE {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        fs::set_permissions(&folder, Permissions::from_mode(*mode))?;
    }
    for (file, place, mode) in FILES {
        let file = workspace::root().join(file);
        let bytes = fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        write(&root.join(place), &bytes, *mode)?;
    }
    let command = root.join("usr/bin/orgcache");
    write(&command, &[], 0o755)?;
    let strip = ["--remove-section=.comment", "--remove-section=.note", "-o"];
    succeed(Command::new("strip").args(strip).arg(&command).arg(binary))?;
    for (arguments, place) in WRITTEN {
        let text = output(Command::new(&command).args(*arguments))?;
        write(&root.join(place), text.as_bytes(), 0o644)?;
    }
    succeed(Command::new("gzip").arg("-9n").args(COMPRESSED.iter().map(|file| root.join(file))))
}

/// The packages with the libraries that the command links.
fn dependencies(out: &Path, command: &Path) -> Result<String> {
    // dpkg-shlibdeps expects a source package.
    let source = out.join("debian");
    write(&source.join("control"), b"Source: orgcache\n\nPackage: orgcache\nArchitecture: any\n", 0o644)?;
    let found = output(Command::new("dpkg-shlibdeps").arg("-O").arg(command).current_dir(out));
    remove_folder(&source)?;
    let found = found.context("dpkg-shlibdeps of the package dpkg-dev is needed")?;
    let depends = found.trim().strip_prefix("shlibs:Depends=").map(str::to_owned);
    let depends = depends.with_context(|| format!("dpkg-shlibdeps says `{found}`"))?;
    let program = fs::read(command).with_context(|| format!("cannot read `{}`", command.display()))?;
    let glibc = newest_glibc(&program).context("the command references no version of glibc")?;
    // dpkg-shlibdeps requires the version in which this machine's glibc absorbed libpthread and libdl. The
    // command only needs the newest version that its symbols name.
    let packages = depends.split(", ").map(|package| match package.split_once(' ') {
        Some(("libc6", _)) => format!("libc6 (>= {}.{})", glibc.0, glibc.1),
        _ => package.to_owned(),
    });
    Ok(packages.collect::<Vec<_>>().join(", "))
}

/// The newest version of glibc that a program's symbols name, such as `GLIBC_2.28`.
fn newest_glibc(program: &[u8]) -> Option<(u32, u32)> {
    let text = String::from_utf8_lossy(program);
    let versions = text.split("GLIBC_").skip(1).filter_map(|rest| {
        let (major, minor) = rest.split('\0').next()?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    versions.max()
}

/// Writes a file with exactly this mode, in folders that all users can read.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    workspace::write(path, bytes)?;
    Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
}

#[cfg(test)]
mod tests {
    use super::newest_glibc;

    #[test]
    fn the_newest_glibc_version_of_symbols_is_found() {
        let program = b"\x7fELF\0GLIBC_2.9\0GLIBC_2.28\0GLIBC_2.2.5\0GLIBC_PRIVATE\0GLIBC_3";
        assert_eq!(newest_glibc(program), Some((2, 28)));
        assert_eq!(newest_glibc(b"GLIBC_"), None);
    }
}
