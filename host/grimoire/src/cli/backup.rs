//! `grimoire backup`, `grimoire restore` and `grimoire verify`.

use std::fs;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_store_redb::Verification;
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempPath;
use url::Url;

use super::service;
use crate::config::{self, Config, Overrides, StorageUrl};
use crate::exit::{Exit, Reported};
use crate::wiring;

/// The arguments of `grimoire backup`.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArguments {
    /// The file to write.
    file: PathBuf,
    /// The address of a running service to ask for the backup. Without, the data folder is opened, which
    /// works only while no service runs.
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
    /// The environment variable with the API token, when it is not one of the settings.
    #[arg(long, value_name = "VARIABLE", requires = "server")]
    token_from: Option<String>,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

/// The arguments of `grimoire restore`.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// The backup.
    file: PathBuf,
    /// Put a store that is in the data folder aside; it is kept under another name.
    #[arg(long)]
    force: bool,
}

/// The arguments of `grimoire verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArguments {
    /// A store or a backup; by default the store of the data folder.
    file: Option<PathBuf>,
}

/// Runs `grimoire backup`.
pub(super) async fn back_up(arguments: BackupArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    let file = &arguments.file;
    if file.exists() && !arguments.force {
        bail!(exists(file));
    }
    let parent = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In the same folder, so that the finished file is only renamed.
    let folder = tempfile::Builder::new()
        .prefix(".grimoire-backup-")
        .tempdir_in(parent)
        .with_context(|| format!("nothing can be written to {}", parent.display()))?;
    let partial = TempPath::try_from_path(folder.path().join("partial"))?;
    match &arguments.server {
        Some(server) => download(server, token(&arguments, &config)?, &partial).await?,
        None => copy_data_folder(&config, &partial).await?,
    }
    let verification = verified(&partial).await?;
    fs::File::open(&partial).and_then(|partial| partial.sync_all())?;
    let moved = if arguments.force { partial.persist(file) } else { partial.persist_noclobber(file) };
    if let Err(error) = moved {
        if error.error.kind() == IoErrorKind::AlreadyExists {
            bail!(exists(file));
        }
        return Err(error.error).with_context(|| format!("{} cannot be written", file.display()));
    }
    sync_folder(parent);
    if verification.damage.is_empty() {
        anstream::eprintln!("{} records written to {}", verification.records, file.display());
        return Ok(Exit::Ok);
    }
    let message = format!("{} was written, but the store is damaged: run `grimoire verify`", file.display());
    bail!(Reported(Exit::Data, message))
}

fn exists(file: &Path) -> Reported {
    Reported(Exit::Usage, format!("{} exists already: --force replaces it", file.display()))
}

async fn copy_data_folder(config: &Config, partial: &Path) -> anyhow::Result<()> {
    let StorageUrl::Redb(path) = &config.storage;
    if !path.exists() {
        bail!(Reported(Exit::NoInput, format!("there is no store at {}", path.display())));
    }
    let store = match wiring::open_store(config) {
        Ok(store) => store,
        Err(error) => {
            let kind = error.downcast_ref::<PortError>().map(PortError::kind);
            if kind != Some(ErrorKind::Unavailable) {
                return Err(error);
            }
            let server = service::address(config)?;
            let message = format!("{error}; a running service makes the backup itself: --server {server}");
            bail!(Reported(Exit::Unavailable, message));
        }
    };
    let written = store.back_up(partial).await;
    store.close().await?;
    Ok(written?)
}

async fn download(server: &Url, token: Option<SecretString>, partial: &Path) -> anyhow::Result<()> {
    let url = server.join("/api/admin/backup")?;
    // No limit on the whole: a backup takes as long as it takes.
    let mut request = service::client_without_timeout()?.post(url.clone());
    if let Some(token) = token {
        request = request.bearer_auth(token.expose_secret());
    }
    let response = request.send().await.map_err(|error| service::unreachable(&url, error))?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => bail!(Reported(
            Exit::NoPermission,
            format!("{url} needs an API token: set GRIMOIRE_SERVER_API_TOKENS, or use --token-from"),
        )),
        status => {
            let body = response.text().await.unwrap_or_default();
            bail!(Reported(Exit::Unavailable, format!("{url} answers {status}: {body}")));
        }
    }
    let mut file = create_private(partial)?;
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        file.write_all(&chunk.context("the backup broke off")?)?;
    }
    Ok(())
}

/// Creates a file that only its owner may read: a backup holds payloads.
fn create_private(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn token(arguments: &BackupArguments, config: &Config) -> anyhow::Result<Option<SecretString>> {
    match &arguments.token_from {
        Some(name) => {
            let token = std::env::var(name).with_context(|| format!("{name} is not set"))?;
            Ok(Some(SecretString::from(token)))
        }
        None => Ok(config.api_tokens.first().map(|(_, token)| token.clone())),
    }
}

/// Runs `grimoire restore`.
pub(super) async fn restore(arguments: RestoreArguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    let StorageUrl::Redb(path) = config.storage;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        wiring::make_folder(folder)?;
    }
    let (backup, target) = (arguments.file.clone(), path.clone());
    let restored =
        tokio::task::spawn_blocking(move || grimoire_store_redb::restore(&backup, &target, arguments.force));
    let aside = restored.await?.map_err(|error| match error.kind() {
        ErrorKind::Conflict => anyhow::Error::new(Reported(
            Exit::Usage,
            format!("there is a store at {}: --force puts it aside", path.display()),
        )),
        _ => error.into(),
    })?;
    // It belongs to the store that was there; the next start builds a new one.
    let index = config.data_folder.join("index");
    if index.exists() {
        fs::remove_dir_all(&index).with_context(|| format!("{} cannot be removed", index.display()))?;
    }
    if let Some(aside) = aside {
        anstream::eprintln!("the store that was there is {} now", aside.display());
    }
    anstream::eprintln!("{} restored to {}", arguments.file.display(), path.display());
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
    let Verification { records, damage } = verified(&file).await?;
    if damage.is_empty() {
        anstream::println!("{}: {records} records, all right", file.display());
        return Ok(Exit::Ok);
    }
    for problem in &damage {
        anstream::println!("{}: {problem}", file.display());
    }
    let message = format!("{} is damaged: restore it from a backup", file.display());
    bail!(Reported(Exit::Data, message))
}

async fn verified(file: &Path) -> anyhow::Result<Verification> {
    let file = file.to_owned();
    Ok(tokio::task::spawn_blocking(move || grimoire_store_redb::verify(&file)).await??)
}

/// Makes the file's new name durable. Not every system can sync a folder.
fn sync_folder(folder: &Path) {
    if let Err(error) = fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, folder = %folder.display(), "the folder could not be synced");
    }
}
