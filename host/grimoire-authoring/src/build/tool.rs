//! Finds and runs programs of other toolchains, and reads their output.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;

use super::Work;
use crate::invalid;
use crate::template;

/// Finds a program in one of the plugin's own folders, else on the path.
pub(super) fn find(work: &Work<'_>, folders: &[&str], name: &str) -> Option<PathBuf> {
    // Absolute, because the program is looked up before the working directory becomes the plugin's folder.
    let own = folders.iter().map(|folder| work.folder.join(folder).join(name));
    let on_path =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    own.chain(on_path.into_iter().map(|folder| folder.join(name)))
        .flat_map(|path| [path.clone(), path.with_extension("exe"), path.with_extension("cmd")])
        .find(|path| path.is_file())
        .and_then(|path| std::path::absolute(path).ok())
}

/// The error for a program that is not installed.
pub(super) fn missing(work: &Work<'_>, what: &str) -> PortError {
    let message = format!(
        "{what} is missing; in {}: {}",
        work.folder.display(),
        template::setup(work.manifest.language)
    );
    PortError::new(ErrorKind::NotFound, message)
}

/// Runs a program in the plugin's folder and returns its standard output.
pub(super) fn run(work: &mut Work<'_>, command: &mut Command) -> Result<Vec<u8>, PortError> {
    (work.say)(&shown(command));
    let Output { status, stdout, stderr } = command
        .current_dir(work.folder)
        .output()
        .map_err(|error| invalid(format!("{} cannot be run: {error}", command.get_program().display())))?;
    if status.success() {
        return Ok(stdout);
    }
    let mut said = String::from_utf8_lossy(&stderr).trim().to_owned();
    if said.is_empty() {
        String::from_utf8_lossy(&stdout).trim().clone_into(&mut said);
    }
    // Some tools append a backtrace of their own sources.
    let said = said.split("\nStack backtrace:").next().unwrap_or_default();
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().display();
    Err(invalid(format!("{program} failed ({status}):\n{said}")))
}

/// A command as one would type it in a shell.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let word = |word: &std::ffi::OsStr| {
        let word = word.to_string_lossy();
        if word.contains(' ') { format!("'{word}'") } else { word.into_owned() }
    };
    words.map(word).collect::<Vec<_>>().join(" ")
}

/// The absolute form of a path, which stays valid when the working directory changes.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, PortError> {
    std::path::absolute(path).map_err(|error| invalid(format!("{}: {error}", path.display())))
}
