//! Starts the program in its own folder, with nothing of this machine's environment.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A folder in which the program runs.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// Creates an empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file to the folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    /// The program, ready for arguments.
    pub(crate) fn grimoire(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grimoire"));
        // Plugins are compiled once for all tests.
        let cache = env!("CARGO_TARGET_TMPDIR");
        let command_line = command.current_dir(self.path()).env_clear().env("HOME", self.path());
        command_line.env("XDG_CACHE_HOME", cache).args(arguments);
        command
    }

    /// Allows the configuration in the folder to choose everything.
    pub(crate) fn allow(&self) {
        let ended = self.run(&["config", "allow"], b"");
        assert_eq!(ended.code(), 0, "{}", ended.complaint());
    }

    /// Runs the program to its end with `input` on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child = self
            .grimoire(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        let input = input.to_vec();
        // The program may end before it has read everything.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("the input was written");
        Ended(output)
    }

    /// Starts a server on a free port and waits until it listens.
    pub(crate) fn serve(&self, environment: &[(&str, &str)]) -> Serving {
        Self::started(
            self.grimoire(&["serve", "--port", "0"]).envs(environment.iter().copied()),
            Stdio::null(),
        )
    }

    /// The same, with its log in a file.
    pub(crate) fn serve_with_log(&self, log: &Path) -> Serving {
        let log = std::fs::File::create(log).expect("a file can be made");
        Self::started(&mut self.grimoire(&["serve", "--port", "0"]), log.into())
    }

    fn started(server: &mut Command, log: Stdio) -> Serving {
        let mut child = server
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
        let first = lines.next().expect("the server says where it listens").expect("its output is text");
        let base = first.rsplit(' ').next().expect("an address").to_owned();
        assert!(base.starts_with("http://127.0.0.1:"), "{first}");
        // Keeps reading, so that the server never blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Serving { child, base }
    }
}

/// The result of a program that has ended.
pub(crate) struct Ended(Output);

impl Ended {
    /// Its exit code.
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().expect("it ended by itself")
    }

    /// Its standard output.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Its standard error.
    pub(crate) fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

/// A running server; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    base: String,
}

impl Serving {
    /// The URL of a path on `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the server as `kill` does, from beside requests that are waiting for it.
    pub(crate) fn signal_kill(&self) {
        kill(self.process(), Signal::SIGKILL).expect("it can be signalled");
    }

    fn process(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Kills the server like a power failure: no warning, no clean-up.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }

    /// Asks the server to stop and returns whether it exited successfully.
    pub(crate) fn stop(mut self) -> bool {
        kill(self.process(), Signal::SIGTERM).expect("it can be signalled");
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
