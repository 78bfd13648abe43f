//! `grimoire plugin check` and `grimoire plugin inspect`.

use std::io::Write as _;
use std::path::PathBuf;

use grimoire_authoring::{Description, component};
use grimoire_domain::text::displayable;
use grimoire_ports::plugins::Signer;

use super::subject::Subject;
use crate::config::{self, Overrides};
use crate::console;
use crate::exit::Exit;

/// The arguments of `grimoire plugin check`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CheckArguments {
    /// A component, or a plugin's folder.
    #[arg(value_name = "FILE|FOLDER", default_value = ".", hide_default_value = true)]
    place: PathBuf,
}

/// The arguments of `grimoire plugin inspect`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct InspectArguments {
    /// A component.
    file: PathBuf,
}

/// Runs `grimoire plugin check`.
pub(super) async fn check(arguments: CheckArguments) -> anyhow::Result<Exit> {
    let subject = Subject::open(&arguments.place)?;
    // This creates its first instance.
    subject.start().await?;
    let mut output = console::output();
    writeln!(output, "{}: {}", subject.path.display(), summary(&subject.description))?;
    if subject.description.manifest.is_none() {
        writeln!(output, "it contains no manifest: it was not built with `grimoire plugin build`")?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}

/// Runs `grimoire plugin inspect`.
pub(super) fn inspect(arguments: &InspectArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (_, description) = component::read(&arguments.file)?;
    let trusted = config::load(overrides)?.0.trusted_keys;
    let mut output = console::output();
    let found = &description.found;
    let mut row = |name: &str, value: &str| writeln!(output, "{name:<12} {}", displayable(value));
    row("file", &arguments.file.display().to_string())?;
    row("digest", &format!("sha256:{}", found.digest))?;
    row("signature", &Signer::of(found.signed_with, &trusted).to_string())?;
    row("size", &format!("{} bytes", description.bytes))?;
    row("name", description.name.as_deref().unwrap_or("-"))?;
    row("version", description.version.as_deref().unwrap_or("-"))?;
    row("description", description.description.as_deref().unwrap_or("-"))?;
    row("language", description.manifest.as_ref().map_or("-", |manifest| manifest.language.as_str()))?;
    row("world", found.world)?;
    row(
        "cases",
        &match found.cases {
            0 => "none".to_owned(),
            1 => "1 file".to_owned(),
            files => format!("{files} files"),
        },
    )?;
    row("modules", &description.modules.to_string())?;
    for import in &found.imports {
        row("imports", import)?;
    }
    for export in &found.exports {
        row("exports", export)?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}

/// A summary of a component, in one line.
pub(super) fn summary(description: &Description) -> String {
    let found = &description.found;
    let of_wasi = found.imports.iter().filter(|import| import.starts_with("wasi:")).count();
    let wasi = match of_wasi {
        0 => "no WASI interfaces".to_owned(),
        1 => "1 WASI interface, which is inert here".to_owned(),
        count => format!("{count} WASI interfaces, which are inert here"),
    };
    let kib = description.bytes.div_ceil(1024);
    format!("{}, {kib} KiB, imports {wasi}", found.world)
}
