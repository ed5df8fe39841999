//! Signals, so that a run that is cut short still cleans up after itself.
//!
//! A signal ends the child that runs at that moment and is remembered; it never ends this process. The run
//! then winds up in its usual order, and what it owns is dropped.

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

/// The signals that ask a process to end.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<State>);

#[derive(Default)]
struct State {
    /// The first signal that came, 0 before.
    signal: AtomicI32,
    /// The process group of the child that runs, 0 when there is none.
    group: AtomicI32,
}

impl Interrupt {
    /// Starts to catch the signals, for the rest of the life of this process.
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

    /// An error once a signal has come.
    pub(crate) fn check(&self) -> Result<(), Interruption> {
        match self.0.signal.load(SeqCst) {
            0 => Ok(()),
            signal => Err(Interruption(signal)),
        }
    }

    /// Runs a command in a process group of its own to its end, and returns what it printed if that is piped.
    /// Its failure is an error, and so is a signal, which ends it.
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

    /// Starts a command in a process group of its own, which a signal will end.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Group<'_>> {
        let child = command.process_group(0).spawn()?;
        self.0.group.store(i32::try_from(child.id()).unwrap_or(0), SeqCst);
        if self.check().is_err() {
            // The signal may have come before the group was known.
            self.0.signal_group(Signal::TERM);
        }
        Ok(Group { child, state: &self.0 })
    }
}

impl State {
    fn interrupt(&self, signal: i32) {
        // Only the first is kept. A second one means impatience: what did not end then is killed now.
        let first = self.signal.compare_exchange(0, signal, SeqCst, SeqCst).is_ok();
        self.signal_group(if first { Signal::TERM } else { Signal::KILL });
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.group.load(SeqCst)) {
            // It fails where the group has just ended, which is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// A child with everything it started; dropped, it takes with it what is still running.
pub(crate) struct Group<'a> {
    pub(crate) child: Child,
    state: &'a State,
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        self.state.signal_group(Signal::KILL);
        self.state.group.store(0, SeqCst);
        // Reaps the child where the caller has not; killed, it cannot take long.
        let _ = self.child.wait();
    }
}

/// A signal ended the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interruption(i32);

impl Interruption {
    /// 128 and the number of the signal, as shells have it.
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
    fn a_signal_ends_the_child_and_is_remembered() {
        let interrupt = interrupt();
        let mut group = interrupt.spawn(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(interrupt.check(), Ok(()));
        interrupt.0.interrupt(SIGINT);
        assert_eq!(group.child.wait().unwrap().signal(), Some(SIGTERM));
        interrupt.0.interrupt(SIGTERM);
        assert_eq!(interrupt.check(), Err(Interruption(SIGINT)));
    }

    #[test]
    fn a_child_that_starts_after_the_signal_is_ended_too() {
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
    fn what_a_child_left_running_ends_with_it() {
        let interrupt = interrupt();
        let mut leaving = Command::new("sh");
        leaving.args(["-c", "sleep 600 & exit 0"]).stdout(Stdio::piped());
        let mut group = interrupt.spawn(&mut leaving).unwrap();
        assert!(group.child.wait().unwrap().success());
        let mut output = group.child.stdout.take().unwrap();
        drop(group);
        // The end of the output comes once no process holds its other end.
        assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    #[test]
    fn an_interruption_reads_and_exits_as_shells_have_it() {
        assert_eq!(Interruption(SIGINT).to_string(), "interrupted by SIGINT");
        assert_eq!(
            format!("{:?}", Interruption(SIGTERM).exit_code()),
            format!("{:?}", std::process::ExitCode::from(143))
        );
    }
}
