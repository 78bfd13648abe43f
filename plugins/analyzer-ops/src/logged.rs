//! Lines that a program's logger marks as fatal or error, if no more specific recogniser knows
//! them: `FATA[0003] message`, `time="…" level=fatal msg="message"`.
//!
//! A program that logs an error often continues: only a fatal one is a reason of its own.

use crate::{kinds, text::Text};
use grimoire_plugin_sdk::{Confidence, Diagnostic, Kind, Role, Severity};

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    let level = line.level.filter(|&level| line.is_logged && level >= Severity::Error)?;
    if line.bare.len() < 4 {
        return None;
    }
    let is_fatal = level == Severity::Fatal;
    Some(Diagnostic {
        confidence: Confidence::Likely,
        role: if is_fatal { Role::Root } else { Role::Summary },
        ..line.found(
            "log",
            if is_fatal { "fatal" } else { "error" },
            kinds::of(line.bare, Kind::Unknown),
            line.bare,
        )
    })
}
