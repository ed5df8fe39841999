//! File descriptors: each connection takes one, and the usual soft limit of 1,024 is for programs of another
//! kind.

/// The descriptors that are not for connections: databases, files, the log, and what `/mcp` asks.
const RESERVED: usize = 256;

/// Raises the soft limit of descriptors to the hard one, and says how many connections fit, at most `most`.
pub(crate) fn connections(most: usize) -> usize {
    let Some(descriptors) = raise() else { return most };
    let connections = fitting(descriptors).min(most);
    if connections < most {
        tracing::warn!(
            descriptors,
            connections,
            "the limit of descriptors allows fewer connections than {most}"
        );
    } else {
        tracing::info!(descriptors, connections, "connections at a time");
    }
    connections
}

/// What is left for connections; half of a limit so low that little would be.
fn fitting(descriptors: usize) -> usize {
    descriptors.saturating_sub(RESERVED).max(descriptors / 2).max(1)
}

/// The number of descriptors once the limit is raised; none where there is no limit.
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
    fn connections_follow_from_descriptors() {
        assert_eq!(fitting(20_000), 19_744);
        assert_eq!(fitting(1_024), 768);
        assert_eq!(fitting(400), 200);
        assert_eq!(fitting(0), 1);
    }
}
