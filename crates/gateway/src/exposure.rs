//! Warnings about secrets that other users of the machine can read.

use std::ffi::OsStr;
use std::path::Path;

/// The warning about a file with secrets, if other users may read or write it.
pub(crate) fn file_warning(file: &Path) -> Option<String> {
    let may = match mode_of(file)? & 0o006 {
        0 => return None,
        0o004 => "read",
        _ => "write to",
    };
    let file = file.display();
    Some(format!("other users of this machine may {may} `{file}`, which holds secrets: chmod o= {file}"))
}

/// The warning about a key of assertions. Other users may read a public key, but not replace it.
pub(crate) fn key_warning(file: &Path) -> Option<String> {
    let is_public = std::fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"-----BEGIN PUBLIC KEY"));
    if !is_public {
        return file_warning(file);
    }
    let file = (mode_of(file)? & 0o002 != 0).then(|| file.display())?;
    Some(format!(
        "other users of this machine may replace the key in `{file}`, and sign in as anyone: chmod o-w {file}"
    ))
}

#[cfg(unix)]
fn mode_of(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    Some(std::fs::metadata(file).ok()?.permissions().mode())
}

#[cfg(not(unix))]
fn mode_of(_: &Path) -> Option<u32> {
    None
}

/// The warning about an option on the command line, if its value is a URL with a password.
pub(crate) fn argument_warning(option: &str, variable: &str, value: &OsStr) -> Option<String> {
    has_password(&value.to_string_lossy()).then(|| {
        format!(
            "other users of this machine see the password in `--{option}` (`ps` shows it): \
             set the variable {variable} instead"
        )
    })
}

/// Whether a URL contains a password, before its host or as a parameter.
pub(crate) fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split('/').next().unwrap_or_default();
    let login = authority.rsplit_once('@').map(|(login, _)| login);
    let before_host =
        login.and_then(|login| login.split_once(':')).is_some_and(|(_, password)| !password.is_empty());
    let as_parameter = parameters
        .split('&')
        .any(|parameter| parameter.strip_prefix("password=").is_some_and(|it| !it.is_empty()));
    before_host || as_parameter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn other_users_may_read_but_not_replace_a_public_key() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let warning = |text: &str, mode| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            key_warning(&file).unwrap_or_default()
        };
        let public = "-----BEGIN PUBLIC KEY-----\n";
        assert_eq!(warning(public, 0o644), "");
        assert!(warning(public, 0o646).contains("sign in as anyone"));
        assert_eq!(warning("secret", 0o640), "");
        assert!(warning("secret", 0o644).contains("may read"));
        assert!(warning("-----BEGIN PRIVATE KEY-----\n", 0o666).contains("may write to"));
    }

    #[test]
    fn passwords_in_urls_are_detected() {
        for url in [
            "postgres://reader:secret@db.example.org/openbravo",
            "postgresql://reader:s@db",
            "postgres://reader:p@ss@db/x",
            "postgres://db/openbravo?user=reader&password=secret",
        ] {
            assert!(has_password(url), "{url}");
        }
        for url in [
            "postgres://reader@db.example.org/openbravo",
            "postgres://reader:@db.example.org/openbravo",
            "postgres://db.example.org:5432/openbravo",
            "postgres:///openbravo?host=/run/postgresql&password=",
            "sqlite:a:b@c.db",
            "",
        ] {
            assert!(!has_password(url), "{url}");
        }
    }
}
