//! Opens a file, with a clear error if that is impossible.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, StorageBackend, StorageError};

use crate::last_commit::LastCommit;
use crate::migrations;

/// Opens or creates the store in the file at `path`, and migrates it.
pub(crate) fn file(path: &Path, cache_bytes: usize) -> Result<Database, PortError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot_open(path, &error.into()))?;
    }
    match fs::metadata(path) {
        // An empty file, as created by `mktemp`, becomes a store in place.
        Ok(metadata) if metadata.len() == 0 => {}
        Ok(_) => check_read_only(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, cache_bytes)?,
        Err(error) => return Err(cannot_open(path, &error.into())),
    }
    let file = open_file(path).map_err(|error| cannot_open(path, &error))?;
    backend(LastCommit(file), &path.display().to_string(), cache_bytes)
}

/// Opens the store in a file that this process wrote to.
pub(crate) fn file_again(path: &Path, cache_bytes: usize) -> Result<Database, PortError> {
    let file = open_file(path).map_err(|error| cannot_open(path, &error))?;
    backend(file, &path.display().to_string(), cache_bytes)
}

/// Opens or creates the store in a backend, and migrates it.
pub(crate) fn backend(
    backend: impl StorageBackend,
    name: &str,
    cache_bytes: usize,
) -> Result<Database, PortError> {
    let database = builder(name, cache_bytes)
        .create_with_backend(backend)
        .map_err(|error| cannot_open(Path::new(name), &error))?;
    migrations::bring_up_to_date(&database, name)?;
    Ok(database)
}

fn builder(name: &str, cache_bytes: usize) -> Builder {
    let mut builder = Builder::new();
    let name = name.to_owned();
    builder.set_cache_size(cache_bytes).set_repair_callback(move |session| {
        let percent = session.progress() * 100.0;
        tracing::warn!("{name} was not closed cleanly and is being repaired: {percent:.0} % done");
    });
    builder
}

fn open_file(path: &Path) -> Result<FileBackend, DatabaseError> {
    FileBackend::new(OpenOptions::new().read(true).write(true).open(path)?)
}

/// Opens a file for reading only.
pub(crate) fn open_read_only(path: &Path) -> Result<FileBackend, DatabaseError> {
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file").into());
    }
    FileBackend::new(File::open(path)?)
}

/// Opens or creates a file that only its owner may read, because it will contain payloads.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a complete store beside `path` and moves it there, so that a crash leaves a complete store or none.
fn create(path: &Path, cache_bytes: usize) -> Result<(), PortError> {
    let failed = |error: DatabaseError| cannot_open(path, &error);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    // Possibly left behind by an earlier process with the same id.
    let _ = fs::remove_file(&beside);
    let file = open_private(&beside).map_err(|error| failed(error.into()))?;
    drop(backend(FileBackend::new(file).map_err(failed)?, &beside.display().to_string(), cache_bytes)?);
    // A hard link does not replace a file that another process created meanwhile. A rename would, and
    // is the fallback for file systems without links.
    let moved = match fs::hard_link(&beside, path) {
        Ok(()) => fs::remove_file(&beside),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(&beside),
        Err(_) => fs::rename(&beside, path),
    };
    moved.map_err(|error| failed(error.into()))?;
    sync_folder_of(path);
    Ok(())
}

/// Rejects a file that is not a store, without write access, so that the file is not changed.
fn check_read_only(path: &Path) -> Result<(), PortError> {
    match Builder::new().set_cache_size(1 << 20).open_read_only(path) {
        Ok(database) => migrations::check(&database, &path.display().to_string()),
        // The file was not closed: only a repair, which writes, makes it readable.
        Err(DatabaseError::RepairAborted) => Ok(()),
        Err(error) => Err(cannot_open(path, &error)),
    }
}

pub(crate) fn cannot_open(path: &Path, error: &DatabaseError) -> PortError {
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

/// Makes the name of a new file as durable as its content. Not every system can sync a folder; then a
/// store that was just created may be lost.
pub(crate) fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, folder = %folder.display(), "the folder could not be synced");
    }
}
