//! Reports in a zip archive: unpacked in memory, file by file, within bounds.
//!
//! Whoever opens a pull request says what its runs keep, so that an archive may be a bomb. Nothing is believed
//! of what its headers say about sizes, and nothing is written under a name that it gives.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::DeflateDecoder;
use grimoire_domain::kind::ErrorKind;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use crate::PipelineError;

/// The largest archive that is read, in bytes. It is held in memory, and reports pack well: it has some hundred
/// megabytes of them.
pub(crate) const PACKED: u64 = 16 << 20;

/// How much of an archive is read.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// How many bytes of one file.
    file: u64,
    /// How many bytes in all.
    unpacked: u64,
    /// How many files.
    files: usize,
    /// How many times its packed size a file may have.
    ratio: u64,
    /// How many bytes every file may have, however well it packs.
    small: u64,
}

const BOUNDS: Bounds = Bounds {
    // Analyzers put a document together in memory as well.
    file: 16 << 20,
    unpacked: 128 << 20,
    // A build writes one for each class with tests.
    files: 2_000,
    // XML of passed tests has up to 50 times its packed size; a bomb has 1,000.
    ratio: 200,
    small: 1 << 20,
};

/// How many files that could not be read are told by name.
const TOLD: usize = 3;

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Its path in the archive; hostile text.
    pub name: String,
    /// What is in it.
    pub content: Bytes,
}

/// An archive that is being read. Unpacking is work: ask for files where a thread may be blocked.
pub struct Archive {
    zip: ZipSliceArchive<Bytes>,
    bounds: Bounds,
    /// The wanted files that are still to come, the next one last.
    waiting: Vec<Listed>,
    /// How many bytes may still be unpacked.
    room: u64,
    unread: Vec<String>,
    /// What holds for the whole.
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
    /// An archive of whose files those are read whose names are wanted. `Invalid` for what is no archive.
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

    /// The next file that can be read.
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

    /// What was not read, in words.
    pub fn into_gaps(mut self) -> Vec<String> {
        let further = self.unread.len().saturating_sub(TOLD);
        self.unread.truncate(TOLD);
        if further > 0 {
            self.unread.push(format!("{further} further files could not be read"));
        }
        self.unread.append(&mut self.gaps);
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
            // Reports are read as far as they go.
            content.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            self.gaps.push(format!("of {} only the first {limit} bytes were read", file.name));
        }
        Ok(content.into())
    }
}

#[cfg(test)]
mod tests;
