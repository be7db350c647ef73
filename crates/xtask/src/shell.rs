//! Starting other programs so that none of them outlives this one, Ctrl-C included.

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

/// Set once by Ctrl-C or SIGTERM; whoever waits for a program looks at it.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// Makes Ctrl-C end the programs in an orderly way instead of this one at once.
///
/// # Errors
/// When the handler cannot be set.
pub fn end_children_on_ctrl_c() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .context("cannot listen for Ctrl-C")
}

/// A started program with its whole process group; dropping it ends the group.
pub struct Running {
    child: Child,
    name: String,
    end_with: Signal,
}

impl Running {
    /// Starts `command` in a process group of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {name}: is it installed?"))?;
        Ok(Self { child, name, end_with: Signal::SIGTERM })
    }

    /// Ends it with another signal than SIGTERM.
    pub fn end_with(mut self, signal: Signal) -> Self {
        self.end_with = signal;
        self
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// On Ctrl-C, after which the program has ended too.
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

    /// The exit status, if it has ended by itself.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks the whole group to end, and makes it after a while.
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
            // Asked once; from then on only waited for, until the time is over.
            while signal != Signal::SIGKILL
                && asked_at.elapsed() <= GRACE
                && matches!(self.child.try_wait(), Ok(None))
            {
                thread::sleep(Duration::from_millis(20));
            }
        }
        // What the program left behind in its group.
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether Ctrl-C was pressed.
///
/// # Errors
/// When it was.
pub fn check_interrupted() -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    Ok(())
}

/// Prints and runs `command` to its end.
///
/// # Errors
/// When it fails, with the line to try by hand.
pub fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    println!("$ {line}");
    let status = Running::start(command)?.wait()?;
    if !status.success() {
        bail!("`{line}` failed ({status}); what it printed above says why");
    }
    Ok(())
}

/// Runs `command`, hands each line of its output to `each` while it is printed, and tells how it
/// ended.
///
/// # Errors
/// When it cannot be started, or on Ctrl-C.
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
        // Nothing may hold the pipe open once the program has ended.
        running.end();
        let _ = reader.join();
        status
    })
}

/// What `command` prints.
///
/// # Errors
/// When it fails.
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
