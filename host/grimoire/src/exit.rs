//! Exit codes.

use std::error::Error as _;
use std::path::Path;
use std::process::ExitCode;

use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::PipelineError;
use grimoire_ports::PortError;

use crate::config::ConfigErrors;

/// Exit codes: 0 to 3 are results of `match` and `analyze`; from 64 on they mean errors, with the
/// numbers of BSD's `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Success; for `match` and `analyze`: an error was found.
    Ok = 0,
    /// No known format in a log that looks red: the reported error is a guess.
    Guess = 1,
    /// No error was found.
    NoDiagnostic = 2,
    /// With `--require-fix`: errors were found, and no spell matches any of them.
    NoFix = 3,
    /// Wrong command line.
    Usage = 64,
    /// Invalid content of the input.
    Data = 65,
    /// The input cannot be opened.
    NoInput = 66,
    /// A required service or resource is unreachable.
    Unavailable = 69,
    /// A defect.
    Internal = 70,
    /// Reading or writing failed.
    InputOutput = 74,
    /// A later call may succeed.
    TemporaryFailure = 75,
    /// Permission denied.
    NoPermission = 77,
    /// Invalid configuration.
    Configuration = 78,
}

/// The table for `--help`.
pub const HELP: &str = "\
Exit codes:
  0   an error was found (match, analyze), it worked (others)
  1   nothing was recognised, and what is told is a guess
  2   no error was found
  3   errors were found and no spell fits any of them (match --require-fix)
  64  the command line is wrong          65  the input's content is wrong
  66  the input cannot be opened         69  something needed cannot be reached
  70  a defect of the program            74  reading or writing failed
  75  try again later                    77  not allowed
  78  the configuration is wrong";

impl Exit {
    /// The code for an error: that of the first known cause.
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(exit) = cause.downcast_ref::<Reported>() {
                return exit.0;
            }
            if cause.is::<ConfigErrors>() {
                return Self::Configuration;
            }
            if let Some(error) = cause.downcast_ref::<PipelineError>() {
                return Self::of_kind(error.kind());
            }
            if let Some(error) = cause.downcast_ref::<PortError>() {
                // A file that is not there, unlike a spell or a plugin that is not there.
                let file = error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
                return match error.kind() {
                    ErrorKind::NotFound if file => Self::NoInput,
                    kind => Self::of_kind(kind),
                };
            }
            if let Some(error) = cause.downcast_ref::<std::io::Error>() {
                return match error.kind() {
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::IsADirectory => Self::NoInput,
                    std::io::ErrorKind::PermissionDenied => Self::NoPermission,
                    _ => Self::InputOutput,
                };
            }
        }
        Self::Internal
    }

    fn of_kind(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::TooLarge => {
                Self::Data
            }
            ErrorKind::Unauthenticated | ErrorKind::Forbidden => Self::NoPermission,
            ErrorKind::TooManyRequests | ErrorKind::Busy => Self::TemporaryFailure,
            ErrorKind::Timeout | ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::Internal => Self::Internal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error with its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{1}")]
pub struct Reported(pub Exit, pub String);

impl Reported {
    /// A file that would be replaced, and need not be.
    pub fn exists(file: &Path) -> Self {
        Self(Exit::Usage, format!("{} exists already: --force replaces it", file.display()))
    }
}
