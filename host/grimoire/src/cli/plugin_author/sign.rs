//! `grimoire plugin keygen` and `grimoire plugin sign`.

use std::io::Write as _;
use std::path::PathBuf;

use grimoire_authoring::keys;

use crate::console::{self, note};
use crate::exit::Exit;

/// The arguments of `grimoire plugin keygen`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct KeyArguments {
    /// The new file for the secret half of the key.
    file: PathBuf,
}

/// The arguments of `grimoire plugin sign`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SignArguments {
    /// The component, which is signed in place.
    file: PathBuf,
    /// The key that `grimoire plugin keygen` made.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Runs `grimoire plugin keygen`.
pub(super) fn generate(arguments: &KeyArguments) -> anyhow::Result<Exit> {
    let public = keys::generate(&arguments.file)?;
    let mut output = console::output();
    writeln!(output, "{public}")?;
    output.flush()?;
    note(format_args!(
        "{} is the secret half: keep it. Servers trust the public half above once plugins.trusted_keys names it: NAME:{public}",
        arguments.file.display()
    ));
    Ok(Exit::Ok)
}

/// Runs `grimoire plugin sign`.
pub(super) fn sign(arguments: &SignArguments) -> anyhow::Result<Exit> {
    let key = keys::read(&arguments.key)?;
    let description = keys::sign(&arguments.file, &key)?;
    note(format_args!(
        "{} is signed with {}; its digest is now {}",
        arguments.file.display(),
        key.public(),
        description.found.digest
    ));
    Ok(Exit::Ok)
}
