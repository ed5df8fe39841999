//! The addresses of the service: which other machines can reach, why one cannot be bound, and the greeting
//! that names them.

use std::io::{self, Write};
use std::net::IpAddr;

use super::Subject;
use crate::failure::Failure;
use crate::http::{Demonstration, Gateway, ListenAddress, ListenError};

/// The first address that other machines can reach, if there is one. Fails for the demonstration, which must
/// not have any.
pub(crate) async fn beyond_loopback<'l>(
    listen: &'l [ListenAddress],
    subject: Subject<'_>,
) -> Result<Option<&'l ListenAddress>, Failure> {
    for address in listen {
        let resolved = address
            .resolve()
            .await
            .map_err(|cause| bind_failure(ListenError { address: address.clone(), cause }))?;
        if resolved.iter().all(|address| address.ip().is_loopback()) {
            continue;
        }
        if subject == Subject::Demonstration {
            return Err(Failure::nothing_done(format!(
                "the demonstration is for this machine alone, not for `{address}`: its password is public"
            ))
            .advise(
                "Name a database of your own with --database-url, or a loopback address with --listen.",
            ));
        }
        return Ok(Some(address));
    }
    Ok(None)
}

/// The failure of an address that cannot be bound, with advice.
pub(crate) fn bind_failure(error: ListenError) -> Failure {
    use io::ErrorKind;

    // Transient causes: another process is still stopping, the network or the name server is not up yet.
    let is_name =
        matches!(&error.address, ListenAddress::Tcp { host, .. } if host.parse::<IpAddr>().is_err());
    let passes = [ErrorKind::AddrInUse, ErrorKind::AddrNotAvailable].contains(&error.cause.kind());
    let failure = Failure::nothing_done(&error).if_transient(is_name || passes);
    let advice = match (error.cause.kind(), &error.address) {
        (ErrorKind::AddrInUse, ListenAddress::Tcp { .. }) => {
            "Something listens there already; choose another port with --listen."
        }
        (ErrorKind::AddrInUse, ListenAddress::Unix(_)) => {
            "A process listens there already; choose another path with --listen."
        }
        (ErrorKind::NotFound, ListenAddress::Unix(_)) => {
            "Make its folder first, and let the user of the service write to it."
        }
        (ErrorKind::AlreadyExists, ListenAddress::Unix(_)) => {
            "Remove the file if nothing needs it, or choose another path with --listen."
        }
        (ErrorKind::PermissionDenied, ListenAddress::Tcp { .. }) => {
            "Ports below 1024 are root's: choose another port with --listen, and put a proxy in front."
        }
        (ErrorKind::AddrNotAvailable, _) => {
            "This machine does not have the address; choose another one with --listen."
        }
        (ErrorKind::InvalidInput, ListenAddress::Unix(_)) => {
            "Choose a path of at most 107 bytes with --listen."
        }
        (ErrorKind::PermissionDenied, ListenAddress::Unix(_)) => {
            "Let the user of the service write to its folder."
        }
        _ if is_name => "Can this machine resolve that name? Otherwise write one of its addresses.",
        _ => return failure,
    };
    failure.advise(advice)
}

/// Writes the greeting, with the addresses and users.
pub(super) fn welcome(
    addresses: &[ListenAddress],
    demonstration: Option<&Demonstration>,
    gateway: &Gateway,
) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    for address in addresses {
        let scheme = if matches!(address, ListenAddress::Tcp { .. }) { "http://" } else { "" };
        writeln!(out, "orgcache listens on {scheme}{address}")?;
    }
    if let Some(Demonstration { users, password, .. }) = demonstration {
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        writeln!(out, "users: {}", names.join(", "))?;
        writeln!(out, "password of all of them: {password}")?;
    }
    if let Some(about) = gateway.about() {
        writeln!(out, "{about}")?;
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}
