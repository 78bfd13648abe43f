//! The tools for authors of plugins: templates, builds, cases, measurements.
//!
//! A plugin is a folder with a manifest (`plugin.toml`), sources, cases and the contract. [`template`] creates one,
//! [`build`] runs the language's own toolchain and encodes a component, [`Workbench`] runs components as the service
//! does, [`cases`] compares answers with expectations, [`conformance`] tries hostile inputs, [`mod@bench`] measures
//! calls, [`keys`] signs components, and [`learn`] proposes an expression for a tool that has no plugin.
#![forbid(unsafe_code)]

pub mod bench;
pub mod build;
pub mod cases;
pub mod component;
pub mod conformance;
pub mod keys;
pub mod learn;
pub mod manifest;
pub mod template;
mod workbench;

pub use component::Description;
pub use manifest::{Language, Manifest, World};
pub use workbench::{Answer, MatcherInput, Workbench};

use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;

/// An error in what an author wrote or requested.
fn invalid(message: impl Into<String>) -> PortError {
    PortError::new(ErrorKind::Invalid, message)
}

/// The error for a file that cannot be read or written; its source is the system's error.
fn file_error(path: &Path, verb: &str, error: std::io::Error) -> PortError {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied => ErrorKind::Forbidden,
        _ => ErrorKind::Invalid,
    };
    PortError::new(kind, format!("{} cannot be {verb}", path.display())).with_source(error)
}

/// The text of a file.
fn read_text(path: &Path) -> Result<String, PortError> {
    std::fs::read_to_string(path).map_err(|error| file_error(path, "read", error))
}

/// Writes a file and creates the folders above it.
fn write(path: &Path, content: &[u8]) -> Result<(), PortError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| file_error(folder, "made", error))?;
    }
    std::fs::write(path, content).map_err(|error| file_error(path, "written", error))
}
