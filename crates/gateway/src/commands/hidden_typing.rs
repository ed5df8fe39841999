//! `HiddenTyping`: turns off the echo of the terminal before the first prompt.
//!
//! The prompt library turns the echo off only after writing its prompt, which is too late for input that is
//! pasted or sent by a program. For Ctrl-C it raises SIGINT while the echo is still off, so SIGINT must not
//! terminate the process here.

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
    /// Turns the echo off until the value is dropped.
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
        // Fails only if the terminal is closed.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
