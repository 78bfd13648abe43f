//! Compiled code on disk, between starts.
//!
//! Machine code is trusted when it is executed, so it is only read back from a private folder and
//! only when a keyed digest over all of it proves that this host wrote it. It is verified in memory
//! and used from that very buffer: nobody can change the file between the two.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::digest::Digest;

const MAGIC: &[u8; 16] = b"grimoire-code-01";
const KEY_FILE: &str = "host.key";
const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;
const HEADER_BYTES: usize = MAGIC.len() + 32 + 32;
/// Entries that are kept; the ones that were written longest ago go first.
const MAX_ENTRIES: usize = 64;
/// Compiled code is a few times its component.
const MAX_ENTRY_BYTES: u64 = 1 << 30;

/// The folder with its key.
pub(crate) struct DiskCache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    engine: Digest,
}

/// What the cache has for a component.
pub(crate) enum Found {
    /// Verified code.
    Code(Vec<u8>),
    /// No entry.
    Nothing,
    /// An entry that is not what this host wrote.
    Mismatch,
}

impl DiskCache {
    /// Opens the folder, makes it and its key where they are missing, and makes it private.
    /// `engine` identifies the version and the configuration that code is compiled for.
    pub(crate) fn open(folder: &Path, engine: Digest) -> io::Result<Self> {
        make_private_folder(folder)?;
        let key = read_or_make_key(folder)?;
        Ok(Self { folder: folder.to_owned(), key, engine })
    }

    /// Reads and verifies an entry.
    pub(crate) fn read(&self, component: Digest) -> Found {
        let mut entry = Vec::new();
        match File::open(self.path(component)) {
            Ok(file) => {
                if file.take(MAX_ENTRY_BYTES).read_to_end(&mut entry).is_err() {
                    return Found::Mismatch;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
            Err(_) => return Found::Mismatch,
        }
        let Some(signed) = entry.len().checked_sub(MAC_BYTES).filter(|&signed| signed >= HEADER_BYTES) else {
            return Found::Mismatch;
        };
        let (content, mac) = entry.split_at(signed);
        if self.mac(content).verify_slice(mac).is_err() || content[..HEADER_BYTES] != self.header(component) {
            return Found::Mismatch;
        }
        entry.truncate(signed);
        entry.drain(..HEADER_BYTES);
        Found::Code(entry)
    }

    /// Writes an entry in one step: a reader sees the old one, the new one or none.
    pub(crate) fn write(&self, component: Digest, code: &[u8]) -> io::Result<()> {
        let header = self.header(component);
        let mut mac = self.mac(&header);
        mac.update(code);
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&header)?;
        file.write_all(code)?;
        file.write_all(&mac.finalize().into_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.path(component)).map_err(|error| error.error)?;
        self.remove_old();
        Ok(())
    }

    fn path(&self, component: Digest) -> PathBuf {
        // Engines of several versions may share a folder without overwriting one another.
        let engine = self.engine.to_string();
        self.folder.join(format!("{component}-{}.code", &engine[..16]))
    }

    fn header(&self, component: Digest) -> Vec<u8> {
        [MAGIC.as_slice(), &self.engine.0, &component.0].concat()
    }

    fn mac(&self, content: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length is a key");
        mac.update(content);
        mac
    }

    fn remove_old(&self) {
        let Ok(folder) = fs::read_dir(&self.folder) else { return };
        let mut entries: Vec<_> = folder
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "code"))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        entries.sort();
        for (_, path) in entries.iter().rev().skip(MAX_ENTRIES) {
            // Another process may have been faster.
            let _ = fs::remove_file(path);
        }
    }
}

fn read_or_make_key(folder: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let path = folder.join(KEY_FILE);
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    // A temporary file is made for its owner alone, and appears under its name only when whole.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&key)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(key),
        // Another process made one at the same time: that one counts.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => read_key(&path)?
            .ok_or_else(|| io::Error::other(format!("{} is no key; remove it", path.display()))),
        Err(error) => Err(error.error),
    }
}

/// A key that only its owner could read. One that others could read proves nothing: it is removed.
fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if metadata.is_file()
        && is_private(&metadata)
        && let Ok(key) = fs::read(path)?.try_into()
    {
        return Ok(Some(key));
    }
    tracing::warn!(path = %path.display(), "the key of compiled code is not private or damaged: making a new one");
    fs::remove_file(path)?;
    Ok(None)
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if !is_private(&fs::metadata(folder)?) {
        // Only its owner may do this: a folder of somebody else is an error here.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode().trailing_zeros() >= 6
}

/// Where there are no such permissions, a user's folders are private by inheritance.
#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn is_private(_metadata: &fs::Metadata) -> bool {
    true
}
