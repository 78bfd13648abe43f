//! Opening a file, and saying clearly why that cannot be done.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::{Builder, Database, DatabaseError, StorageBackend, StorageError};

use crate::Options;
use crate::migrations;

/// Opens or makes the database in the file at `path`.
pub(crate) fn file(path: &Path, options: Options) -> Result<Database, PortError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder).map_err(|error| cannot_open(path, &error.into()))?;
    }
    let is_new = match fs::metadata(path) {
        Ok(metadata) => metadata.len() == 0,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(cannot_open(path, &error.into())),
    };
    if !is_new {
        look_first(path)?;
    }
    let database = builder(options, path.display().to_string())
        .create(path)
        .map_err(|error| cannot_open(path, &error))?;
    if is_new {
        sync_folder(folder.unwrap_or(Path::new(".")));
    }
    Ok(database)
}

/// Opens or makes the database in a backend.
pub(crate) fn backend(backend: impl StorageBackend, options: Options) -> Result<Database, PortError> {
    builder(options, "the store".to_owned())
        .create_with_backend(backend)
        .map_err(|error| cannot_open(Path::new("the given storage"), &error))
}

fn builder(options: Options, name: String) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes).set_repair_callback(move |session| {
        let percent = session.progress() * 100.0;
        tracing::warn!("{name} was not closed cleanly and is being repaired: {percent:.0} % done");
    });
    builder
}

/// Looks at a file without the right to write it, so that a file that is refused stays as it is. A
/// file that was not closed cleanly cannot be read so; opening it repairs it first.
fn look_first(path: &Path) -> Result<(), PortError> {
    match Builder::new().set_cache_size(1 << 20).open_read_only(path) {
        Ok(database) => migrations::check(&database),
        Err(DatabaseError::RepairAborted) => Ok(()),
        Err(error) => Err(cannot_open(path, &error)),
    }
}

fn cannot_open(path: &Path, error: &DatabaseError) -> PortError {
    let path = path.display();
    let (kind, message) = match error {
        DatabaseError::DatabaseAlreadyOpen => (
            ErrorKind::Unavailable,
            format!(
                "{path} is in use by another process: stop the other Grimoire, or give this one another \
                 database"
            ),
        ),
        DatabaseError::UpgradeRequired(version) => (
            ErrorKind::Invalid,
            format!("{path} has the file format {version}, which this version does not read"),
        ),
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => (
                ErrorKind::Invalid,
                format!("{path} is not a Grimoire store: give another path, or move the file away"),
            ),
            _ => (ErrorKind::Unavailable, format!("{path} cannot be opened: {error}")),
        },
        DatabaseError::Storage(StorageError::Corrupted(_)) => (
            ErrorKind::Invalid,
            format!("{path} is damaged: restore it from a backup, or move it away to start anew"),
        ),
        _ => (ErrorKind::Internal, format!("{path} cannot be opened")),
    };
    PortError::new(kind, message).with_source(error.to_string())
}

/// Makes the new file's name as durable as its content. Not every system can; those that cannot lose
/// nothing but a store that was made a moment ago.
fn sync_folder(folder: &Path) {
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, folder = %folder.display(), "the folder could not be synced");
    }
}
