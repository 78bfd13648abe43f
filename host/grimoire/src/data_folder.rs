//! Whose data folder it is. A data folder brings a webhook secret and plugins, and it may have come with somebody else's
//! checkout or archive. So each has a random id, which the user's own folder knows if this user made the data folder,
//! named it, or allowed it. Any other data folder is refused.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use uuid::Uuid;

use crate::config::{Config, FolderTrust, STORE_FILE};
use crate::console::note;
use crate::exit::{Exit, Reported};
use crate::{secret_file, wiring};

/// The file with the id.
const ID: &str = "folder-id";
/// The length of an id in bytes: that of a UUID without hyphens.
const ID_BYTES: u64 = 32;

/// Takes the data folder into use, and creates it if it is missing. Fails if it is unknown and was not named.
pub(crate) fn take(config: &Config) -> anyhow::Result<()> {
    let (folder, trust) = (&config.data_folder, &config.data_folder_trust);
    require_known(config)?;
    wiring::make_folder(folder)?;
    if is_known(folder, trust)? {
        return Ok(());
    }
    match remember(folder, trust) {
        Ok(()) => {}
        // Whoever names the folder does so every time.
        Err(_) if trust.is_named() => {}
        Err(error) => note(format_args!(
            "{}: it cannot be remembered that this data folder is yours ({error}): name it with \
             GRIMOIRE_STORAGE_FOLDER, or the next start refuses it",
            folder.display()
        )),
    }
    Ok(())
}

/// Fails if [`take`] would refuse the data folder. Writes nothing.
pub(crate) fn require_known(config: &Config) -> anyhow::Result<()> {
    let (folder, trust) = (&config.data_folder, &config.data_folder_trust);
    if trust.is_named() || !is_in_use(folder) || is_known(folder, trust)? {
        return Ok(());
    }
    let message = format!(
        "{}: it is unknown who made this data folder, and it may have come with a checkout or an archive: its webhook \
         secret and its plugins are not used unasked; if you trust it, say so with `grimoire config allow`, or name it \
         with GRIMOIRE_STORAGE_FOLDER",
        folder.display()
    );
    Err(Reported(Exit::Configuration, message).into())
}

/// Allows a data folder that is in use. Returns false if there is none.
pub(crate) fn allow(folder: &Path, trust: &FolderTrust) -> anyhow::Result<bool> {
    if !is_in_use(folder) {
        return Ok(false);
    }
    remember(folder, trust).with_context(|| format!("{} cannot be allowed", folder.display()))?;
    Ok(true)
}

/// Returns true if the folder has anything that counts. Other programs have folders named `data` too.
fn is_in_use(folder: &Path) -> bool {
    // A link that leads nowhere is something too.
    let exists = |path: PathBuf| std::fs::symlink_metadata(path).is_ok();
    exists(folder.join(ID)) || exists(secret_file::path(folder)) || exists(folder.join(STORE_FILE))
}

fn is_known(folder: &Path, trust: &FolderTrust) -> anyhow::Result<bool> {
    let id = id(folder).with_context(|| format!("{} cannot be read", folder.join(ID).display()))?;
    Ok(id.is_some_and(|id| trust.knows(&id)))
}

/// Remembers that this user trusts the folder, which gets an id if it has none.
fn remember(folder: &Path, trust: &FolderTrust) -> io::Result<()> {
    let id = match id(folder)? {
        Some(id) => id,
        None => make_id(folder)?,
    };
    trust.remember(&id, folder)
}

/// The folder's id, if it has one.
fn id(folder: &Path) -> io::Result<Option<String>> {
    let path = folder.join(ID);
    let metadata = match std::fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Anybody may have put it there.
    if !metadata.is_file() || metadata.len() != ID_BYTES {
        return Err(io::Error::other("it is not the id of a data folder: delete it"));
    }
    let mut text = String::new();
    File::open(path)?.take(ID_BYTES).read_to_string(&mut text)?;
    Ok(Some(text))
}

fn make_id(folder: &Path) -> io::Result<String> {
    let made = Uuid::new_v4().simple().to_string();
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(made.as_bytes())?;
    match file.persist_noclobber(folder.join(ID)) {
        Ok(_) => Ok(made),
        // Another process takes the folder into use at the same time.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            id(folder)?.ok_or_else(|| io::Error::from(ErrorKind::NotFound))
        }
        Err(error) => Err(error.error),
    }
}
