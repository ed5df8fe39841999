//! Signal handling, so that an interrupted run cleans up.
//!
//! A signal ends the running child and is recorded; it does not end this process. The run then finishes in
//! its usual order, and drops what it owns.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// Catches the signals that ask a process to end.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<State>);

#[derive(Default)]
struct State {
    /// The first signal, or 0.
    signal: AtomicI32,
    /// The process group of the running child, or 0.
    group: AtomicI32,
}

impl Interrupt {
    /// Catches the signals, for the rest of the life of this process.
    pub(crate) fn catch() -> io::Result<Self> {
        let state = Arc::new(State::default());
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
        let shared = Arc::clone(&state);
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                shared.interrupt(signal);
            }
        })?;
        Ok(Self(state))
    }

    /// Fails if a signal has arrived.
    pub(crate) fn check(&self) -> Result<(), Interruption> {
        match self.0.signal.load(SeqCst) {
            0 => Ok(()),
            signal => Err(Interruption(signal)),
        }
    }

    /// Runs a command in its own process group to its end, and returns its output if that is piped. A failure
    /// of the command is an error, and so is a signal, which ends the command.
    pub(crate) fn run(&self, command: &mut Command) -> Result<String> {
        let mut group = self.spawn(command).with_context(|| format!("cannot run {command:?}"))?;
        let mut printed = String::new();
        let read = group.child.stdout.take().map(|mut output| output.read_to_string(&mut printed));
        let status = group.child.wait()?;
        drop(group);
        self.check()?;
        read.transpose().with_context(|| format!("cannot read the output of {command:?}"))?;
        ensure!(status.success(), "failed ({status}): {command:?}");
        Ok(printed)
    }

    /// Starts a command in its own process group, which a signal will end.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Group<'_>> {
        let child = command.process_group(0).spawn()?;
        self.0.group.store(i32::try_from(child.id()).unwrap_or(0), SeqCst);
        if self.check().is_err() {
            // The signal may have arrived before the group was known.
            self.0.signal_group(Signal::TERM);
        }
        Ok(Group { child, state: &self.0 })
    }
}

impl State {
    fn interrupt(&self, signal: i32) {
        // Only the first is recorded. A second one kills whatever ignored the first.
        let first = self.signal.compare_exchange(0, signal, SeqCst, SeqCst).is_ok();
        self.signal_group(if first { Signal::TERM } else { Signal::KILL });
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.group.load(SeqCst)) {
            // It fails if the group has just ended, which is the goal anyway.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// A child with everything it started. Dropping it kills what is still running.
pub(crate) struct Group<'a> {
    pub(crate) child: Child,
    state: &'a State,
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        self.state.signal_group(Signal::KILL);
        self.state.group.store(0, SeqCst);
        // Reaps the child if the caller has not. It was killed, so this does not block for long.
        let _ = self.child.wait();
    }
}

/// The run was interrupted by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interruption(i32);

impl Interruption {
    /// The exit code by the convention of shells: 128 plus the number of the signal.
    pub(crate) fn exit_code(&self) -> ExitCode {
        u8::try_from(128 + self.0).map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = signal_hook::low_level::signal_name(self.0).unwrap_or("a signal");
        write!(formatter, "interrupted by {name}")
    }
}

impl std::error::Error for Interruption {}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};
    use std::sync::Arc;

    use signal_hook::consts::{SIGINT, SIGTERM};

    use super::{Interrupt, Interruption, State};

    fn interrupt() -> Interrupt {
        Interrupt(Arc::new(State::default()))
    }

    #[test]
    fn a_signal_ends_the_child_and_is_recorded() {
        let interrupt = interrupt();
        let mut group = interrupt.spawn(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(interrupt.check(), Ok(()));
        interrupt.0.interrupt(SIGINT);
        assert_eq!(group.child.wait().unwrap().signal(), Some(SIGTERM));
        interrupt.0.interrupt(SIGTERM);
        assert_eq!(interrupt.check(), Err(Interruption(SIGINT)));
    }

    #[test]
    fn a_child_started_after_the_signal_is_ended_too() {
        let interrupt = interrupt();
        interrupt.0.interrupt(SIGTERM);
        let mut group = interrupt.spawn(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(group.child.wait().unwrap().signal(), Some(SIGTERM));
    }

    #[test]
    fn a_second_signal_kills_what_ignores_the_first() {
        let interrupt = interrupt();
        let mut stubborn = Command::new("sh");
        stubborn.args(["-c", "trap '' TERM; echo ready; sleep 600"]).stdout(Stdio::piped());
        let mut group = interrupt.spawn(&mut stubborn).unwrap();
        let mut ready = [0; 5];
        group.child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
        interrupt.0.interrupt(SIGTERM);
        assert_eq!(group.child.try_wait().unwrap(), None);
        interrupt.0.interrupt(SIGTERM);
        assert!(group.child.wait().unwrap().signal().is_some());
    }

    #[test]
    fn processes_left_by_a_child_are_killed() {
        let interrupt = interrupt();
        let mut leaving = Command::new("sh");
        leaving.args(["-c", "sleep 600 & exit 0"]).stdout(Stdio::piped());
        let mut group = interrupt.spawn(&mut leaving).unwrap();
        assert!(group.child.wait().unwrap().success());
        let mut output = group.child.stdout.take().unwrap();
        drop(group);
        // End of file arrives once no process holds the write end.
        assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    #[test]
    fn an_interruption_uses_the_exit_code_of_shells() {
        assert_eq!(Interruption(SIGINT).to_string(), "interrupted by SIGINT");
        assert_eq!(
            format!("{:?}", Interruption(SIGTERM).exit_code()),
            format!("{:?}", std::process::ExitCode::from(143))
        );
    }
}
