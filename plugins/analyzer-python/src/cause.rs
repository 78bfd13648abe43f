//! Finds the line in a command's output that explains why the command failed.

use grimoire_plugin_sdk::text::{cut, extension, place_at_start, trim};

use crate::found::{exception_kind, is_surely_exception};

/// Maximum length of a cause, in bytes.
const LENGTH: usize = 1024;

/// How well a line explains a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A sentence that states a failure.
    Sentence,
    /// The line says that a command failed.
    Command,
    /// `error: …` without more.
    Error,
    /// An exception that ended a script.
    Exception,
    /// A message of a compiler, build tool or version control system.
    Own,
}

/// Reads the output of a command line by line and keeps the line that explains most.
#[derive(Debug, Default)]
pub(crate) struct Cause(Option<(Rank, String)>);

impl Cause {
    pub(crate) fn line(&mut self, text: &str) {
        let text = trim(text);
        let Some(rank) = rank(text) else { return };
        let better = match &self.0 {
            // Of chained exceptions, the last one ended the script.
            Some((known, _)) => rank > *known || rank == Rank::Exception && rank == *known,
            None => true,
        };
        if better {
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
    let says_command = text.contains("returned non-zero exit status")
        || text.contains("failed with exit")
        || text.contains("failed with error code")
        || text.contains("failed with code ")
        || text.contains("exited with")
        || text.starts_with("error: command '") && text.contains("' failed")
        || text.starts_with("error: Command '[");
    if let Some(kind) = exception_kind(text).filter(|kind| is_surely_exception(kind)) {
        let bare = text.len() == kind.len();
        return Some(if says_command || bare { Rank::Command } else { Rank::Exception });
    }
    // `error: command 'gcc' failed: No such file or directory`: there is no compiler.
    if says_command {
        return Some(if text.contains("No such file or directory") { Rank::Own } else { Rank::Command });
    }
    if OWN.iter().any(|start| text.starts_with(start)) {
        return Some(Rank::Own);
    }
    if let Some(place) = place_at_start(text)
        && (is_cython(place.path) && place.column.is_some()
            || ["error:", "fatal error:", "ERROR:"]
                .iter()
                .any(|word| place.rest.trim_start().starts_with(word)))
    {
        return Some(Rank::Own);
    }
    if ["error: ", "Error: ", "ERROR: ", "error:"].iter().any(|word| text.starts_with(word)) {
        return Some(Rank::Error);
    }
    if text.starts_with("fatal: ") {
        return Some(Rank::Own);
    }
    SENTENCES.iter().any(|start| text.starts_with(start)).then_some(Rank::Sentence)
}

/// Cython prints nothing but the message after the place.
fn is_cython(path: &str) -> bool {
    matches!(extension(path), "pyx" | "pxd" | "pxi")
}

/// Beginnings of sentences that state a failure; the advice that may follow them does not.
const SENTENCES: &[&str] = &["Failed to ", "Unable to ", "Could not ", "Cannot ", "Can't ", "Couldn't "];

/// Starts of lines that explain a failed build.
const OWN: &[&str] = &[
    "error: Microsoft Visual C++",
    "error: can't find Rust compiler",
    "error: linker `",
    "error[E",
    "fatal error",
    "CMake Error",
    "Error: pg_config executable not found",
    "Exception: Can not find valid pkg-config name",
    "ld: ",
    "/usr/bin/ld: cannot find",
    "cc: error",
    "Cargo, the Rust package manager, is not installed",
    "This package requires Rust",
    "unable to execute '",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_below_a_sentence_is_not_the_cause() {
        let mut cause = Cause::default();
        for line in ["Failed to import the 'lids' module.", "On this system run: jar install lids"] {
            cause.line(line);
        }
        assert_eq!(cause.take().as_deref(), Some("Failed to import the 'lids' module."));
    }

    #[test]
    fn the_best_line_is_kept() {
        let mut cause = Cause::default();
        for line in [
            "running build_ext",
            "  ModuleNotFoundError: No module named 'x'",
            "subprocess.CalledProcessError: Command '['gcc']' returned non-zero exit status 1.",
            "  lid.c:3:10: fatal error: jar.h: No such file or directory",
            "error: command '/usr/bin/gcc' failed with exit code 1",
        ] {
            cause.line(line);
        }
        assert_eq!(
            cause.take().as_deref(),
            Some("lid.c:3:10: fatal error: jar.h: No such file or directory")
        );
    }
}
