//! Files with one JSON object per line, optionally compressed.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The rows of a file, read lazily. A file whose name ends in `.xz` is decompressed.
pub(super) fn rows<T: DeserializeOwned>(
    path: &Path,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<T>>> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let packed = path.extension().is_some_and(|extension| extension == "xz");
    let content: Box<dyn Read> =
        if packed { Box::new(liblzma::read::XzDecoder::new_multi_decoder(file)) } else { Box::new(file) };
    let name = path.display().to_string();
    let lines = BufReader::with_capacity(1 << 16, content).lines().enumerate();
    Ok(lines.filter(|(_, line)| !line.as_ref().is_ok_and(|line| line.trim().is_empty())).map(
        move |(index, line)| {
            let place = || format!("{name}, line {}", index + 1);
            serde_json::from_str(&line.with_context(place)?).with_context(place)
        },
    ))
}

/// Writes rows to a file, if one is given.
pub(super) struct Output(Option<BufWriter<File>>);

impl Output {
    pub(super) fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let create = |path: &Path| {
            File::create(path)
                .map(BufWriter::new)
                .with_context(|| format!("{} cannot be created", path.display()))
        };
        path.map(create).transpose().map(Self)
    }

    pub(super) fn write(&mut self, row: &impl Serialize) -> anyhow::Result<()> {
        if let Some(file) = &mut self.0 {
            serde_json::to_writer(&mut *file, row)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.0.map_or(Ok(()), |mut file| Ok(file.flush()?))
    }
}

/// Writes text to standard output. A closed output, as with `head`, is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
