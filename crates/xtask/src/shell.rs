//! Execution of other programs so that none of them outlives this one, even on Ctrl-C.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// Set once by Ctrl-C or SIGTERM; every function that waits for a program checks it.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Time for which a program may take to exit after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// Makes Ctrl-C end the child programs in an orderly way, instead of ending this one at once.
///
/// # Errors
/// If the handler can't be set.
pub fn end_children_on_ctrl_c() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .context("cannot listen for Ctrl-C")
}

/// A running program with its process group; dropping it ends the group.
pub struct Running {
    child: Child,
    name: String,
    end_with: Signal,
}

impl Running {
    /// Starts `command` in a process group of its own.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {name}: is it installed?"))?;
        Ok(Self { child, name, end_with: Signal::SIGTERM })
    }

    /// Ends the program with another signal than SIGTERM.
    pub fn end_with(mut self, signal: Signal) -> Self {
        self.end_with = signal;
        self
    }

    /// Waits until the program exits.
    ///
    /// # Errors
    /// On Ctrl-C, after which the program has exited too.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if INTERRUPTED.load(Ordering::Relaxed) {
                self.end();
                bail!("interrupted");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The exit status, if the program has exited.
    ///
    /// # Errors
    /// If the system call fails.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Sends the group its signal, and SIGKILL after the grace period.
    pub fn end(&mut self) {
        let group = Pid::from_raw(self.child.id().cast_signed());
        let asked_at = Instant::now();
        let mut signal = self.end_with;
        while let Ok(None) = self.child.try_wait() {
            if asked_at.elapsed() > GRACE {
                signal = Signal::SIGKILL;
            }
            if killpg(group, signal).is_err() {
                break;
            }
            // The signal is sent once; then the loop waits until the grace period ends.
            while signal != Signal::SIGKILL
                && asked_at.elapsed() <= GRACE
                && matches!(self.child.try_wait(), Ok(None))
            {
                thread::sleep(Duration::from_millis(20));
            }
        }
        // Processes that the program left behind in its group are killed.
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Checks whether Ctrl-C was pressed.
///
/// # Errors
/// If it was.
pub fn check_interrupted() -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    Ok(())
}

/// Prints `command` and runs it until it exits.
///
/// # Errors
/// If it fails; the error contains the command line.
pub fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    println!("$ {line}");
    let status = Running::start(command)?.wait()?;
    if !status.success() {
        bail!("`{line}` failed ({status}); what it printed above says why");
    }
    Ok(())
}

/// Runs `command`, passes each line of its output to `each` while printing it, and returns the exit
/// status.
///
/// # Errors
/// If it can't be started, or on Ctrl-C.
pub fn run_with_lines(
    command: &mut Command,
    mut each: impl FnMut(&str) + Send,
) -> Result<ExitStatus> {
    println!("$ {}", command_line(command));
    let mut running = Running::start(command.stdout(Stdio::piped()))?;
    let output = running.child.stdout.take();
    let output = output.with_context(|| format!("{} has no output", running.name))?;
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                println!("{line}");
                each(&line);
            }
        });
        let status = running.wait();
        // No process may keep the pipe open after the program has exited.
        running.end();
        let _ = reader.join();
        status
    })
}

/// The standard output of `command`.
///
/// # Errors
/// If it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let line = command_line(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn command_line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or_default().to_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}
