//! Caches compiled code on disk between starts.
//!
//! Machine code is trusted when it is executed, so it is only read from a folder that belongs to this user alone,
//! and only if a keyed digest over all of it proves that this user's host wrote it there. It is verified in memory
//! and used from the same buffer, so that nobody can change the file in between.
//!
//! The key is in the folder, and is bound to the very file that holds it ([`read_key`]). Somebody who packs such a
//! folder into an archive or a checkout knows the key's bytes, but still cannot sign anything for the place where
//! it is unpacked.

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
/// Maximum number of entries; the oldest ones are removed.
const MAX_ENTRIES: usize = 64;
/// Compiled code is a few times larger than its component.
const MAX_ENTRY_BYTES: u64 = 1 << 30;

/// The folder with its key.
pub(crate) struct DiskCache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    engine: Digest,
}

/// The cache's entry for a component.
pub(crate) enum CacheLookup {
    /// Verified code.
    Code(Vec<u8>),
    /// No entry.
    Nothing,
    /// An entry that this host did not write.
    Mismatch,
}

impl DiskCache {
    /// Opens the folder; creates it and its key if they are missing, and makes it private. `engine`
    /// identifies the version and the configuration that code is compiled for.
    pub(crate) fn open(folder: &Path, engine: Digest) -> io::Result<Self> {
        make_private_folder(folder)?;
        let key = private_key(folder)?;
        Ok(Self { folder: folder.to_owned(), key, engine })
    }

    /// Reads and verifies an entry.
    pub(crate) fn read(&self, component: Digest) -> CacheLookup {
        let mut entry = match read_entry(&self.path(component)) {
            Ok(entry) => entry,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return CacheLookup::Nothing,
            Err(_) => return CacheLookup::Mismatch,
        };
        let Some(signed) = entry.len().checked_sub(MAC_BYTES).filter(|&signed| signed >= HEADER_BYTES) else {
            return CacheLookup::Mismatch;
        };
        let (content, mac) = entry.split_at(signed);
        if self.mac(content).verify_slice(mac).is_err() || content[..HEADER_BYTES] != self.header(component) {
            return CacheLookup::Mismatch;
        }
        entry.truncate(signed);
        entry.drain(..HEADER_BYTES);
        CacheLookup::Code(entry)
    }

    /// Writes an entry atomically: a reader sees the old one, the new one or none.
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
        // Engines of several versions may share a folder without overwriting each other's entries.
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
            // Another process may have removed it first.
            let _ = fs::remove_file(path);
        }
    }
}

fn read_entry(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len().min(MAX_ENTRY_BYTES);
    // With one byte more, the end of the file is seen without growing.
    let mut entry = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    file.take(MAX_ENTRY_BYTES).read_to_end(&mut entry)?;
    Ok(entry)
}

/// Reads the folder's key; creates one if there is none.
fn private_key(folder: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let path = folder.join(KEY_FILE);
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    // A temporary file is created with access for its owner only, and gets its name when it is complete.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(&path) {
        Ok(_) => {}
        // Another process created one at the same time, which is used instead.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    read_key(&path)?.ok_or_else(|| io::Error::other(format!("{} was removed at once", path.display())))
}

/// Reads a key that only this user could read, bound to its file: a copy of the file is a different key. A key that
/// others could read, or that is damaged, proves nothing and is removed.
fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    let mut file = match open_plain(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // A symbolic link, which the system does not follow here.
        Err(_) if fs::symlink_metadata(path)?.is_symlink() => return remove_key(path),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() != KEY_BYTES as u64 || !belongs_to_user_alone(&metadata) {
        return remove_key(path);
    }
    let mut bytes = [0; KEY_BYTES];
    file.read_exact(&mut bytes)?;
    let mut bound = Hmac::<Sha256>::new_from_slice(&bytes).expect("a key of any length is a key");
    bound.update(&identity_of(&metadata));
    Ok(Some(bound.finalize().into_bytes().into()))
}

fn remove_key(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    tracing::warn!(path = %path.display(), "the key of compiled code is not this user's alone, or damaged: making a new one");
    fs::remove_file(path)?;
    Ok(None)
}

/// Opens a file without following symbolic links.
#[cfg(unix)]
fn open_plain(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

/// Distinguishes this file from every copy: nobody can choose both numbers for a file that they do not create here.
#[cfg(unix)]
fn identity_of(metadata: &fs::Metadata) -> Vec<u8> {
    use std::os::unix::fs::MetadataExt as _;
    let numbers =
        [metadata.ino().to_le_bytes(), metadata.ctime().to_le_bytes(), metadata.ctime_nsec().to_le_bytes()];
    numbers.concat()
}

/// Creates the folder if it is missing, and removes other users' access to it.
#[cfg(unix)]
fn make_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() {
        return Err(io::Error::other("it is a link, or no folder"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if !belongs_to_user_alone(&metadata) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(unix)]
fn belongs_to_user_alone(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let closed_to_others = metadata.permissions().mode().trailing_zeros() >= 6;
    closed_to_others && metadata.uid() == rustix::process::geteuid().as_raw()
}

/// Without such permissions, a user's folders are private by inheritance.
#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn belongs_to_user_alone(_metadata: &fs::Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn open_plain(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The creation time of the file: copies have a later one.
#[cfg(not(unix))]
fn identity_of(metadata: &fs::Metadata) -> Vec<u8> {
    let made = metadata.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    made.map(|made| made.as_nanos().to_le_bytes().to_vec()).unwrap_or_default()
}
