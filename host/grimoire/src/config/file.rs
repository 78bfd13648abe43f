//! Reads a configuration file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Maximum size of a configuration file in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// The text of a file of the working directory. It may have come with somebody else's checkout, where it may be a link
/// to a device that never ends, or a pipe that nobody writes to.
pub(super) fn found(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    named(path)
}

/// The text of a file that the user named, which may be a pipe.
pub(super) fn named(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("it has more than {MOST_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not valid UTF-8"))
}
