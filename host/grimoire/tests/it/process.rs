//! Starts the program in a folder of its own, with nothing of this machine's environment.

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
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file there.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    /// The program, ready to be given arguments.
    pub(crate) fn grimoire(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grimoire"));
        // Plugins are compiled once for all tests.
        let cache = env!("CARGO_TARGET_TMPDIR");
        let command_line = command.current_dir(self.path()).env_clear().env("HOME", self.path());
        command_line.env("XDG_CACHE_HOME", cache).args(arguments);
        command
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
        // The program may end before it has read everything: that is its right.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("the input was written");
        Ended(output)
    }

    /// Starts a server on a free port and waits until it listens.
    pub(crate) fn serve(&self, environment: &[(&str, &str)]) -> Serving {
        let mut child = self
            .grimoire(&["serve", "--port", "0"])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
        let first = lines.next().expect("the server says where it listens").expect("its output is text");
        let base = first.rsplit(' ').next().expect("an address").to_owned();
        assert!(base.starts_with("http://127.0.0.1:"), "{first}");
        // Read on, so that the server never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Serving { child, base }
    }
}

/// How the program ended.
pub(crate) struct Ended(Output);

impl Ended {
    /// Its exit code.
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().expect("it ended by itself")
    }

    /// What it wrote.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// What it complained about.
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
    /// `http://127.0.0.1:PORT` with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Kills it as a power failure would: no warning, no clean-up.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }

    /// Asks it to stop and says whether it ended well.
    pub(crate) fn stop(mut self) -> bool {
        let id = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("it can be signalled");
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
