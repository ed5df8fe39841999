//! The limit of file descriptors: raises the soft limit, which is usually 1,024, and derives the maximum
//! number of connections.

/// Descriptors that are reserved for databases, files, the log, and calls to Odoo.
const RESERVED: usize = 256;

/// Raises the soft limit of descriptors to the hard limit. Returns how many connections fit, at most `most`.
pub(crate) fn connections(most: usize) -> usize {
    let Some(descriptors) = raise() else { return most };
    let connections = available_for_connections(descriptors).min(most);
    if connections < most {
        tracing::warn!(
            descriptors,
            connections,
            "the limit of descriptors allows fewer connections than {most}"
        );
    } else {
        tracing::info!(descriptors, connections, "maximum number of connections");
    }
    connections
}

/// The descriptors for connections: all but the reserved ones, and at least half of a low limit.
fn available_for_connections(descriptors: usize) -> usize {
    descriptors.saturating_sub(RESERVED).max(descriptors / 2).max(1)
}

/// Raises the limit. Returns the number of descriptors, or `None` if it is unlimited.
#[cfg(unix)]
fn raise() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised,
        Err(error) => {
            tracing::warn!(%error, "the limit of descriptors could not be raised");
            limit
        }
    };
    now.current.map(|descriptors| usize::try_from(descriptors).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn raise() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_derived_from_the_limit() {
        assert_eq!(available_for_connections(20_000), 19_744);
        assert_eq!(available_for_connections(1_024), 768);
        assert_eq!(available_for_connections(400), 200);
        assert_eq!(available_for_connections(0), 1);
    }
}
