//! `HiddenTyping`: nothing that is typed at the terminal is shown, from before the prompt on.
//!
//! The prompt library hides typing after its prompt: a fast program, or a person who pastes, could be
//! quicker. It also raises SIGINT for Ctrl-C while the terminal still hides, so SIGINT must not end the
//! process here.

use std::io;

#[cfg(unix)]
pub(crate) struct HiddenTyping {
    terminal: std::fs::File,
    before: rustix::termios::Termios,
    _interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl HiddenTyping {
    /// Hides what is typed as long as this value lives.
    pub(crate) fn begin() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        use tokio::signal::unix::{SignalKind, signal};

        let interrupt = signal(SignalKind::interrupt())?;
        let terminal = std::fs::File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
        Ok(HiddenTyping { terminal, before, _interrupt: interrupt })
    }
}

#[cfg(unix)]
impl Drop for HiddenTyping {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};

        // Where the terminal is gone there is nothing to restore.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(not(unix))]
pub(crate) struct HiddenTyping;

#[cfg(not(unix))]
impl HiddenTyping {
    pub(crate) fn begin() -> io::Result<Self> {
        Ok(HiddenTyping)
    }
}
