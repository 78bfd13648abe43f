//! Reports in a zip archive: unpacked in memory, file by file, within bounds.
//!
//! The author of a pull request decides what its runs upload, so an archive may be a bomb. Sizes in its
//! headers are not trusted, and no file is written under a name from the archive.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::DeflateDecoder;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::secrets;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use crate::PipelineError;

/// Maximum size of an archive in bytes. It is held in memory; reports compress well, so this is some hundred
/// megabytes unpacked.
pub(crate) const PACKED: u64 = 16 << 20;

/// Limits on reading an archive.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Maximum size of one unpacked file in bytes.
    file: u64,
    /// Maximum unpacked size in total in bytes.
    unpacked: u64,
    /// Maximum number of files.
    files: usize,
    /// Maximum ratio of unpacked to packed size of a file.
    ratio: u64,
    /// A file of up to this many bytes may have any ratio.
    small: u64,
}

const BOUNDS: Bounds = Bounds {
    // Analyzers hold a document in memory as well.
    file: 16 << 20,
    unpacked: 128 << 20,
    // A build writes one file per class with tests.
    files: 2_000,
    // XML of passed tests compresses by a factor of up to 50; a bomb by 1,000.
    ratio: 200,
    small: 1 << 20,
};

/// Maximum number of unreadable files mentioned by name.
const TOLD: usize = 3;

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Its path in the archive; hostile text.
    pub name: String,
    /// The unpacked content.
    pub content: Bytes,
}

/// An archive being read. Unpacking is CPU work: call this on a thread that may block.
pub struct Archive {
    zip: ZipSliceArchive<Bytes>,
    bounds: Bounds,
    /// The selected files still to be read, in reverse order.
    waiting: Vec<Listed>,
    /// Number of bytes that may still be unpacked.
    room: u64,
    unread: Vec<String>,
    /// Descriptions of gaps that concern the whole archive.
    gaps: Vec<String>,
}

/// A file as an archive lists it.
struct Listed {
    name: String,
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    encrypted: bool,
}

impl Archive {
    /// Opens an archive to read the files that `wanted` accepts by name. Fails with `Invalid` for other data.
    pub fn open(content: Bytes, wanted: impl Fn(&str) -> bool) -> Result<Self, PipelineError> {
        Self::open_within(BOUNDS, content, wanted)
    }

    fn open_within(
        bounds: Bounds,
        content: Bytes,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, PipelineError> {
        let damaged = |error: rawzip::Error| {
            let message = format!("it is no zip archive, or a damaged one: {error}");
            PipelineError::new(ErrorKind::Invalid, message)
        };
        let zip = ZipArchive::from_slice(content).map_err(damaged)?;
        let (mut waiting, mut further) = (Vec::new(), 0_u64);
        let mut entries = zip.entries();
        while let Some(entry) = entries.next_entry().map_err(damaged)? {
            let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            if entry.is_dir() || !wanted(&name) {
                continue;
            }
            if waiting.len() == bounds.files {
                further += 1;
                continue;
            }
            waiting.push(Listed {
                name,
                place: entry.wayfinder(),
                method: entry.compression_method(),
                encrypted: entry.flags().is_encrypted(),
            });
        }
        waiting.reverse();
        let gaps = (further > 0).then(|| format!("{further} further files were not read"));
        let gaps = gaps.into_iter().collect();
        Ok(Self { zip, bounds, waiting, room: bounds.unpacked, unread: Vec::new(), gaps })
    }

    /// The next readable file.
    pub fn next_file(&mut self) -> Option<ArchivedFile> {
        while let Some(file) = self.waiting.pop() {
            if self.room == 0 {
                let most = self.bounds.unpacked;
                self.gaps.push(format!("the rest was not read: the files before it have {most} bytes"));
                self.waiting.clear();
                return None;
            }
            match self.unpack(&file) {
                Ok(content) => return Some(ArchivedFile { name: file.name, content }),
                Err(reason) => self.unread.push(format!("{} could not be read: {reason}", file.name)),
            }
        }
        None
    }

    /// Descriptions of what was not read.
    pub fn into_gaps(mut self) -> Vec<String> {
        let further = self.unread.len().saturating_sub(TOLD);
        self.unread.truncate(TOLD);
        if further > 0 {
            self.unread.push(format!("{further} further files could not be read"));
        }
        self.unread.append(&mut self.gaps);
        // Names of files in them come from whoever packed the archive.
        self.unread.iter_mut().for_each(secrets::mask_in);
        self.unread
    }

    fn unpack(&mut self, file: &Listed) -> Result<Bytes, String> {
        if file.encrypted {
            return Err("it is encrypted".to_owned());
        }
        let entry = self.zip.get_entry(file.place).map_err(|error| format!("it is damaged: {error}"))?;
        let packed = entry.data();
        let unpacked: Box<dyn Read + '_> = match file.method {
            CompressionMethod::STORE => Box::new(packed),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed)),
            method => return Err(format!("it is packed with {method:?}, which is not supported")),
        };
        let Bounds { file: most, ratio, small, .. } = self.bounds;
        let honest = (packed.len() as u64).saturating_mul(ratio).max(small);
        let limit = most.min(honest).min(self.room);
        let mut content = Vec::new();
        let read = entry.verifying_reader(unpacked).take(limit + 1).read_to_end(&mut content);
        self.room = self.room.saturating_sub(content.len() as u64);
        read.map_err(|error| format!("it is damaged: {error}"))?;
        if content.len() as u64 > limit {
            if limit == honest {
                return Err(format!("it has more than {ratio} times its packed size"));
            }
            // Analyzers accept a truncated report.
            content.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            self.gaps.push(format!("of {} only the first {limit} bytes were read", file.name));
        }
        Ok(content.into())
    }
}

#[cfg(test)]
mod tests;
