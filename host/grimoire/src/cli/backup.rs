//! `grimoire backup`, `grimoire restore` and `grimoire verify`.

use std::fs;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::store::Verification;
use reqwest::Method;
use tempfile::TempPath;

use super::access::is_in_use;
use super::service::{self, Service, Target};
use crate::config::{self, Config, Overrides, StorageUrl};
use crate::console::{self, note};
use crate::exit::{Exit, Reported};
use crate::{data_folder, wiring};

/// The arguments of `grimoire backup`.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArguments {
    /// The file to write.
    file: PathBuf,
    #[command(flatten)]
    target: Target,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

/// The arguments of `grimoire restore`.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// The backup.
    file: PathBuf,
    /// Set aside an existing store in the data folder; it is kept under another name.
    #[arg(long)]
    force: bool,
}

/// The arguments of `grimoire verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArguments {
    /// The store or backup to verify; by default the store in the data folder.
    file: Option<PathBuf>,
}

/// Runs `grimoire backup`.
pub(super) async fn back_up(arguments: BackupArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    let file = &arguments.file;
    if let Ok(metadata) = fs::metadata(file) {
        if !metadata.is_file() {
            let message =
                format!("{} is no regular file and is never replaced: name another", file.display());
            bail!(Reported(Exit::Usage, message));
        }
        if !arguments.force {
            bail!(Reported::exists(file));
        }
    }
    let parent = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In the same folder, so that the finished file only needs a rename.
    let folder = tempfile::Builder::new()
        .prefix(".grimoire-backup-")
        .tempdir_in(parent)
        .with_context(|| format!("nothing can be written to {}", parent.display()))?;
    let partial = TempPath::try_from_path(folder.path().join("partial"))?;
    match arguments.target.named(&config)? {
        Some(service) => download(&service, &partial).await?,
        None => copy_data_folder(&config, &partial).await?,
    }
    let verification = wiring::verify_store(partial.to_path_buf()).await?;
    fs::File::open(&partial).and_then(|partial| partial.sync_all())?;
    let moved = if arguments.force { partial.persist(file) } else { partial.persist_noclobber(file) };
    if let Err(error) = moved {
        if error.error.kind() == IoErrorKind::AlreadyExists {
            bail!(Reported::exists(file));
        }
        return Err(error.error).with_context(|| format!("{} cannot be written", file.display()));
    }
    sync_folder(parent);
    if verification.damage.is_empty() {
        note(format_args!("{} records written to {}", verification.records, file.display()));
        return Ok(Exit::Ok);
    }
    let message = format!("{} was written, but the store is damaged: run `grimoire verify`", file.display());
    bail!(Reported(Exit::Data, message))
}

async fn copy_data_folder(config: &Config, partial: &Path) -> anyhow::Result<()> {
    let StorageUrl::Redb(path) = &config.storage;
    if !path.exists() {
        bail!(Reported(Exit::NoInput, format!("there is no store at {}", path.display())));
    }
    let store = match wiring::open_store(config) {
        Ok(store) => store,
        Err(error) => {
            if !is_in_use(&error) {
                return Err(error);
            }
            let server = service::address(config)?;
            let message = format!("{error}; a running service makes the backup itself: --url {server}");
            bail!(Reported(Exit::Unavailable, message));
        }
    };
    let written = store.back_up(partial).await;
    store.close().await?;
    Ok(written?)
}

async fn download(service: &Service, partial: &Path) -> anyhow::Result<()> {
    let response = service.send(service.request(Method::POST, "/api/admin/backup")?).await?;
    let mut file = create_private(partial)?;
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        file.write_all(&chunk.context("the backup broke off")?)?;
    }
    Ok(())
}

/// Creates a file that only its owner may read: a backup contains payloads.
fn create_private(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Runs `grimoire restore`.
pub(super) async fn restore(arguments: RestoreArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    data_folder::take(&config)?;
    let index = wiring::index_folder(&config);
    let StorageUrl::Redb(path) = config.storage;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        wiring::make_folder(folder)?;
    }
    let restored = wiring::restore_store(arguments.file.clone(), path.clone(), arguments.force).await;
    let aside = restored.map_err(|error| match error.downcast_ref::<PortError>().map(PortError::kind) {
        Some(ErrorKind::Conflict) => anyhow::Error::new(Reported(
            Exit::Usage,
            format!("there is a store at {}: --force puts it aside", path.display()),
        )),
        _ => error,
    })?;
    // The index belongs to the previous store; the next start builds a new one.
    if index.exists() {
        fs::remove_dir_all(&index).with_context(|| format!("{} cannot be removed", index.display()))?;
    }
    if let Some(aside) = aside {
        note(format_args!("the store that was there is {} now", aside.display()));
    }
    note(format_args!("{} restored to {}", arguments.file.display(), path.display()));
    Ok(Exit::Ok)
}

/// Runs `grimoire verify`.
pub(super) async fn verify(arguments: VerifyArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let file = match arguments.file {
        Some(file) => file,
        None => {
            let StorageUrl::Redb(path) = config::load(overrides)?.0.storage;
            path
        }
    };
    let Verification { records, damage } = wiring::verify_store(file.clone()).await?;
    let mut output = console::output();
    if damage.is_empty() {
        writeln!(output, "{}: {records} records, all right", file.display())?;
        output.flush()?;
        return Ok(Exit::Ok);
    }
    for problem in &damage {
        writeln!(output, "{}: {problem}", file.display())?;
    }
    output.flush()?;
    let message = format!("{} is damaged: restore it from a backup", file.display());
    bail!(Reported(Exit::Data, message))
}

/// Makes the file's new name durable. Not every system can sync a folder.
fn sync_folder(folder: &Path) {
    if let Err(error) = fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, folder = %folder.display(), "the folder could not be synced");
    }
}
