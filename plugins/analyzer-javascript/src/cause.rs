//! Finds the reason of a failed command in the command's output.

use grimoire_plugin_sdk::text::{cut, place_at_start, trim};

use crate::found::{exception, is_code};

/// Maximum number of bytes kept of a cause.
const LENGTH: usize = 1024;

/// How well a line explains a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Only says that a command failed.
    Command,
    /// `error …` without more.
    Error,
    /// An exception that ended a script.
    Exception,
    /// A message of a compiler or a build tool.
    Own,
}

/// Reads the output of a command line by line and keeps the best explanation.
#[derive(Debug, Default)]
pub(crate) struct Cause(Option<(Rank, String)>);

impl Cause {
    pub(crate) fn line(&mut self, text: &str) {
        let text = trim(text);
        let text = text.strip_prefix("gyp ERR! ").unwrap_or(text);
        let text = text.strip_prefix("node-pre-gyp ERR! ").unwrap_or(text);
        let text = text.strip_prefix("stack ").or_else(|| text.strip_prefix("find Python ")).unwrap_or(text);
        let Some(rank) = rank(text) else { return };
        if self.0.as_ref().is_none_or(|(known, _)| rank > *known) {
            self.0 = Some((rank, cut(text, LENGTH).to_owned()));
        }
    }

    pub(crate) fn take(&mut self) -> Option<String> {
        self.0.take().map(|(_, text)| text)
    }
}

fn rank(text: &str) -> Option<Rank> {
    if text.len() < 8 {
        return None;
    }
    let says_command = [
        "failed with exit code",
        "Command failed",
        "command failed",
        "exited with",
        "` failed",
        "Exit status",
    ]
    .iter()
    .any(|words| text.contains(words));
    if OWN.iter().any(|words| text.contains(words)) {
        return Some(Rank::Own);
    }
    if exception(text).is_some() {
        return Some(if says_command { Rank::Command } else { Rank::Exception });
    }
    // `spawn sh ENOENT`: the shell itself could not start.
    let is_spawn = text.starts_with("spawn ")
        && text.rsplit(' ').next().is_some_and(|code| code.starts_with('E') && is_code(code));
    // `sh: 1: husky: not found`
    if is_spawn
        || text.starts_with("sh: ") && text.ends_with("not found")
        || text.ends_with("is not recognized as an internal or external command,")
    {
        return Some(Rank::Own);
    }
    if let Some(place) = place_at_start(text)
        && ["error:", "fatal error:", "error "].iter().any(|word| place.rest.trim_start().starts_with(word))
    {
        return Some(Rank::Own);
    }
    if text.ends_with("Python is not set from environment variable PYTHON") {
        return Some(Rank::Error);
    }
    let is_error = ["error: ", "error ", "ERR! ", "Error: ", "fatal: ", "ERROR: "]
        .iter()
        .any(|word| text.starts_with(word));
    is_error.then_some(if says_command { Rank::Command } else { Rank::Error })
}

/// Words of lines that explain a failed build.
const OWN: &[&str] = &[
    "Could not find any Python installation",
    "Can't find Python executable",
    "Could not find any Visual Studio installation",
    "You need to install the latest version of Visual Studio",
    "not found: make",
    " was not found in the pkg-config search path",
    "pkg-config: not found",
    "pkg-config: command not found",
    "fatal error: ",
    "fatal error C",
    "error C2",
    "error C1",
    "error MSB",
    "No Xcode or CLT version detected",
    "ModuleNotFoundError: No module named 'distutils'",
    "undefined reference to",
    "install response status ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_line_is_kept() {
        let mut cause = Cause::default();
        for line in [
            "gyp info spawn make",
            "make: *** [printer.target.mk:1: x.o] Error 1",
            "../src/printer.cc:3:10: fatal error: cups/cups.h: No such file or directory",
            "gyp ERR! build error",
            "gyp ERR! stack Error: `make` failed with exit code: 2",
        ] {
            cause.line(line);
        }
        let expected = "../src/printer.cc:3:10: fatal error: cups/cups.h: No such file or directory";
        assert_eq!(cause.take().as_deref(), Some(expected));
    }
}
