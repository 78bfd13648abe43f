//! Reads components from files in a folder with arbitrary content.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use grimoire_ports::plugins::ComponentSource;

use crate::options::Options;
use crate::preflight::too_large;
use crate::rejection::Rejection;

/// The bytes of a component's file as the host would read them; else why it would not.
pub fn read_component(path: &Path, options: &Options) -> Result<Vec<u8>, String> {
    match read(&ComponentSource::File(path.to_owned()), options.max_component_bytes) {
        Ok(bytes) => Ok(bytes.into_owned()),
        Err(Rejection(reason)) => Err(reason),
    }
}

/// The bytes of a component, at most `limit`. Only a regular file is read: opening never waits for the other end of
/// a pipe, and a sparse file of any size costs nothing.
pub(crate) fn read(source: &ComponentSource, limit: usize) -> Result<Cow<'_, [u8]>, Rejection> {
    let path = match source {
        ComponentSource::Bytes(bytes) => return Ok(Cow::Borrowed(bytes)),
        ComponentSource::File(path) => path,
    };
    let unreadable = |error: io::Error| Rejection(format!("{} cannot be read: {error}", path.display()));
    let file = open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "no regular file" };
        return Err(Rejection(format!("{} is {what}; a plugin is a file", path.display())));
    }
    if metadata.len() > limit as u64 {
        return Err(too_large(metadata.len(), limit));
    }
    let mut bytes = Vec::new();
    // The file may grow meanwhile.
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Cow::Owned(bytes))
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}
