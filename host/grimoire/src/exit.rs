//! What the program's exit code says.

use std::process::ExitCode;

use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::PipelineError;
use grimoire_ports::PortError;

use crate::config::ConfigErrors;

/// Exit codes: 0 to 3 answer the question of `match` and `analyze`; from 64 something went wrong,
/// with the numbers of BSD's `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It worked; for `match` and `analyze`: an error was found.
    Ok = 0,
    /// Nothing was recognised in a log that looks red: what is told is a guess.
    Guess = 1,
    /// No error was found.
    NoDiagnostic = 2,
    /// With `--require-fix`: errors were found, and no spell fits any of them.
    NoFix = 3,
    /// The command line is wrong.
    Usage = 64,
    /// The input's content is wrong.
    Data = 65,
    /// The input cannot be opened.
    NoInput = 66,
    /// Something that is needed cannot be reached.
    Unavailable = 69,
    /// A defect.
    Internal = 70,
    /// Reading or writing failed.
    InputOutput = 74,
    /// Later is fine.
    TemporaryFailure = 75,
    /// Not allowed.
    NoPermission = 77,
    /// The configuration is wrong.
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
    /// The code for an error: the first cause that is known decides.
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
                return Self::of_kind(error.kind());
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
            ErrorKind::TooManyRequests => Self::TemporaryFailure,
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

/// An error that brings its exit code along.
#[derive(Debug, thiserror::Error)]
#[error("{1}")]
pub struct Reported(pub Exit, pub String);
