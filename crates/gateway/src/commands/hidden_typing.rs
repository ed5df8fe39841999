//! `HiddenTyping`: nothing that is typed at the terminal is shown, from before the prompt on.
//!
//! The prompt library hides typing after its prompt: a fast program, or a person who pastes, could be
//! quicker. It also raises SIGINT for Ctrl-C while the terminal still hides, so SIGINT must not end the
//! process here.

use std::fs::File;
use std::io;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) struct HiddenTyping {
    terminal: File,
    before: Termios,
    _interrupt: Signal,
}

impl HiddenTyping {
    /// Hides what is typed as long as this value lives.
    pub(crate) fn begin() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminal = File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
        Ok(HiddenTyping { terminal, before, _interrupt: interrupt })
    }
}

impl Drop for HiddenTyping {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to restore.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
