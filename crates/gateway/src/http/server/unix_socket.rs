//! `UnixSocket`: a Unix domain socket, protected by file permissions.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::UnixListener;

/// The mode is 0660: only its user and group may connect.
const FORBIDDEN: Mode = Mode::XUSR.union(Mode::XGRP).union(Mode::RWXO);

/// A socket whose file is removed when it is dropped.
#[derive(Debug)]
pub(super) struct UnixSocket {
    pub(super) listener: UnixListener,
    pub(super) path: PathBuf,
    /// The device and inode of the file, which identify it.
    file: (u64, u64),
}

impl UnixSocket {
    /// Listens at a path. Replaces a stale socket, which a killed process leaves behind.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        remove_stale(path)?;
        // Set the mask before the socket is created, so that other users can never connect.
        let before = umask(FORBIDDEN);
        let bound = UnixListener::bind(path);
        umask(before);
        let listener = bound?;
        Ok(UnixSocket { listener, path: path.to_owned(), file: identity(path)? })
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // Another process may have replaced the file.
        if identity(&self.path).is_ok_and(|file| file == self.file)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "the socket could not be removed");
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Removes a socket that no process listens on. Anything else at the path is kept, and is an error.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the file exists and is not a socket"));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}
