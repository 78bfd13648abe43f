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
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot_open(path, &error.into()))?;
    }
    match fs::metadata(path) {
        // An empty file, as `mktemp` makes them, becomes a store in its place.
        Ok(metadata) if metadata.len() == 0 => {}
        Ok(_) => look_first(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path, options)?,
        Err(error) => return Err(cannot_open(path, &error.into())),
    }
    builder(options, path.display().to_string()).create(path).map_err(|error| cannot_open(path, &error))
}

/// Makes a whole store beside `path` and moves it there, so that a crash leaves a whole store or none.
fn make(path: &Path, options: Options) -> Result<(), PortError> {
    let failed = |error: DatabaseError| cannot_open(path, &error);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    // Whatever an earlier process of this number left behind.
    let _ = fs::remove_file(&beside);
    let database = builder(options, beside.display().to_string()).create(&beside).map_err(failed)?;
    migrations::bring_up_to_date(&database)?;
    drop(database);
    // A link does not replace what another process has put there meanwhile; a rename would, and is
    // only for file systems without links.
    let moved = match fs::hard_link(&beside, path) {
        Ok(()) => fs::remove_file(&beside),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(&beside),
        Err(_) => fs::rename(&beside, path),
    };
    moved.map_err(|error| failed(error.into()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")));
    Ok(())
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
