//! The input of commands: files, archives, standard input.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use clap::ValueEnum;
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_pipeline::Archive;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::console::{announced, note};
use crate::exit::{Exit, Reported};

/// The name of standard input on the command line.
const STANDARD_INPUT: &str = "-";

/// Number of bytes passed to the analyzers at once.
const CHUNK: usize = 256 << 10;

/// Maximum size of an archive in bytes: it is held in memory.
const LARGEST_ARCHIVE: u64 = 1 << 30;

/// The kind of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// By name: `.diff` and `.patch` are diffs, `.xml`, `.json`, `.jsonl`, `.ndjson`, `.sarif` and `.trx` are
    /// reports, everything else is a log.
    Auto,
    /// The log of a job or command.
    Log,
    /// A unified diff.
    Diff,
    /// Plain text.
    Text,
    /// A report of tests or findings in XML or JSON.
    Report,
}

/// The files to read.
#[derive(Debug, clap::Args)]
pub(super) struct Files {
    /// The logs and reports of a run, also in zip archives; `-` or no file reads standard input.
    #[arg(value_name = "FILE", default_value = STANDARD_INPUT, hide_default_value = true)]
    files: Vec<PathBuf>,
    /// The kind of all files.
    #[arg(long, value_enum, default_value = "auto")]
    kind: Kind,
}

impl Files {
    /// Opens all files.
    pub(super) async fn open(&self) -> anyhow::Result<Vec<Opened>> {
        let mut opened = Vec::with_capacity(self.files.len());
        for path in &self.files {
            opened.push(self.open_one(path).await?);
        }
        Ok(opened)
    }

    async fn open_one(&self, path: &Path) -> anyhow::Result<Opened> {
        let name = path.to_string_lossy().into_owned();
        let kind = match self.kind {
            Kind::Auto => ArtifactKind::of_file(&name),
            Kind::Log => ArtifactKind::Log,
            Kind::Diff => ArtifactKind::Diff,
            Kind::Text => ArtifactKind::Text,
            Kind::Report => ArtifactKind::Report,
        };
        if name == STANDARD_INPUT {
            if io::stdin().is_terminal() {
                note("reading standard input; end it with Ctrl-D, or name a file");
            }
            let artifact = Artifact::new(kind, "standard input", None);
            return Ok(Opened::File(Some((artifact, stream_of(tokio::io::stdin())))));
        }
        let file = open(path).await.with_context(|| format!("{name} cannot be opened"))?;
        let metadata = file.metadata().await.with_context(|| format!("{name} cannot be read"))?;
        if metadata.is_dir() {
            let message = format!("{name} is a folder: name the files in it, such as {name}/*.xml");
            anyhow::bail!(Reported(Exit::NoInput, message));
        }
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
            if metadata.len() > LARGEST_ARCHIVE {
                let message = format!("{name} has more than {LARGEST_ARCHIVE} bytes: unpack it");
                anyhow::bail!(Reported(Exit::Data, message));
            }
            let mut content = Vec::new();
            // A pipe has no size, and a file may grow meanwhile.
            let mut file = file.take(LARGEST_ARCHIVE);
            file.read_to_end(&mut content).await.with_context(|| format!("{name} cannot be read"))?;
            let content = Bytes::from(content);
            let archive = Archive::open(content, is_of_interest).with_context(|| name.clone())?;
            return Ok(Opened::Archive(name, Box::new(archive)));
        }
        let artifact = Artifact::new(kind, &name, Some(metadata.len()).filter(|_| metadata.is_file()));
        Ok(Opened::File(Some((artifact, stream_of(file)))))
    }
}

/// Opens a file. A named pipe opens as soon as another program opens it for writing, which may be never.
async fn open(path: &Path) -> io::Result<tokio::fs::File> {
    let opening = tokio::fs::File::open(path);
    if is_named_pipe(path) {
        let waits = format!("waiting for a program that writes to {}", path.display());
        announced(opening, &waits).await
    } else {
        opening.await
    }
}

#[cfg(unix)]
fn is_named_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_named_pipe(_: &Path) -> bool {
    false
}

/// Returns true if a file of an archive is read, that is, a report or a log. GitHub's archive of a run's logs
/// contains one file per job, and the steps once more in folders.
fn is_of_interest(path: &str) -> bool {
    let ends_with = |ending: &str| path.to_ascii_lowercase().ends_with(ending);
    ArtifactKind::of_file(path) == ArtifactKind::Report
        || ends_with(".log")
        || (ends_with(".txt") && !path.contains('/'))
}

/// An input being read.
pub(super) enum Opened {
    /// One file, or standard input; `None` after it was taken.
    File(Option<(Artifact, ByteStream)>),
    /// The files of an archive, with its name.
    Archive(String, Box<Archive>),
}

impl Opened {
    /// The next artifact of the input.
    pub(super) fn next_artifact(&mut self) -> Option<(Artifact, ByteStream)> {
        match self {
            Self::File(file) => file.take(),
            Self::Archive(name, archive) => {
                let file = archive.next_file()?;
                let kind = ArtifactKind::of_file(&file.name);
                let size = Some(file.content.len() as u64);
                let artifact = Artifact::new(kind, &format!("{name}: {}", file.name), size);
                Some((artifact, futures::stream::iter([Ok(file.content)]).boxed()))
            }
        }
    }

    /// Descriptions of the parts that were not read.
    pub(super) fn into_gaps(self) -> Vec<String> {
        match self {
            Self::File(_) => Vec::new(),
            Self::Archive(name, archive) => {
                archive.into_gaps().into_iter().map(|gap| format!("{name}: {gap}")).collect()
            }
        }
    }
}

/// Streams a reader's bytes as they arrive: analyzers see a pipe while it is written.
fn stream_of(reader: impl AsyncRead + Send + Unpin + 'static) -> ByteStream {
    futures::stream::try_unfold(reader, |mut reader| async move {
        let mut buffer = bytes::BytesMut::with_capacity(CHUNK);
        let read = reader.read_buf(&mut buffer).await.map_err(|error| {
            PortError::new(ErrorKind::Invalid, format!("the input cannot be read: {error}"))
        })?;
        Ok((read > 0).then(|| (buffer.freeze(), reader)))
    })
    .boxed()
}

/// A whole file, or standard input for `-`.
pub(super) fn read_whole(path: &Path) -> anyhow::Result<Bytes> {
    let mut content = Vec::new();
    if path == Path::new(STANDARD_INPUT) {
        io::stdin().lock().read_to_end(&mut content).context("standard input cannot be read")?;
    } else {
        content = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(content.into())
}
