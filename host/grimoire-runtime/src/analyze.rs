//! Analyzers at work: all of them read one artifact side by side, each in an instance of its own. Those
//! that have probes read what is around these, and sleep until the first is found.

use std::ops::Range;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::analyzer::{Analysis, Analyzers};

use crate::admission::Places;
use crate::host::PluginHost;
use crate::lane::Lane;
use crate::probes::{Pass, Watch};
use crate::window::{PAGE, Page, Part, Wanted};

/// Bytes that a guest is fed at a time. Always the same, whatever pieces the content came in: what
/// an analyzer finds never depends on the timing of a connection. Whole pages.
const CHUNK: usize = 32 * PAGE;

#[async_trait]
impl Analyzers for PluginHost {
    async fn analyze(&self, artifact: &Artifact, mut content: ByteStream) -> Result<Analysis, PortError> {
        let generation = self.registry.current();
        let lanes = generation.analyzers(artifact.kind).map(|(number, plugin)| Lane::new(number, plugin));
        let mut reading = Reading {
            host: self,
            artifact,
            places: self.admission.places(),
            lanes: lanes.collect(),
            watch: &generation.watch,
            pass: Pass::default(),
            earlier: Bytes::new(),
            bytes: 0,
        };
        reading.begin().await?;
        self.distribute(&mut content, &mut reading).await?;
        reading.end().await?;
        let Reading { lanes, bytes, .. } = reading;
        let mut findings = Vec::with_capacity(lanes.len());
        for lane in lanes {
            findings.push(lane.end().await);
        }
        Ok(Analysis { findings, generation: generation.number, bytes })
    }
}

impl PluginHost {
    /// Reads the content to its end and gives it to all lanes. The slowest sets the pace, within
    /// the time that it has.
    async fn distribute(&self, content: &mut ByteStream, reading: &mut Reading<'_>) -> Result<(), PortError> {
        let mut buffer = BytesMut::with_capacity(CHUNK);
        loop {
            let Ok(piece) = tokio::time::timeout(self.options.content_wait, content.next()).await else {
                let seconds = self.options.content_wait.as_secs();
                let message = format!("the content stopped for {seconds} s before its end");
                return Err(PortError::new(ErrorKind::Timeout, message));
            };
            let Some(piece) = piece else { break };
            let mut piece = piece?;
            while !piece.is_empty() {
                let taken = piece.split_to(piece.len().min(CHUNK - buffer.len()));
                buffer.extend_from_slice(&taken);
                if buffer.len() == CHUNK {
                    reading.give(buffer.split().freeze()).await?;
                    buffer.reserve(CHUNK);
                }
            }
        }
        if !buffer.is_empty() {
            reading.give(buffer.freeze()).await?;
        }
        Ok(())
    }
}

/// One pass over one artifact.
struct Reading<'a> {
    host: &'a PluginHost,
    artifact: &'a Artifact,
    places: Places<'a>,
    /// By plugin name.
    lanes: Vec<Lane>,
    watch: &'a Watch,
    pass: Pass,
    /// The chunk before the present one.
    earlier: Bytes,
    /// Bytes before the present chunk.
    bytes: u64,
}

impl Reading<'_> {
    /// Starts those that never sleep.
    async fn begin(&mut self) -> Result<(), PortError> {
        if self.artifact.kind == ArtifactKind::Report {
            return Ok(());
        }
        for lane in self.lanes.iter_mut().filter(|lane| !lane.has_probes()) {
            lane.wake(&self.host.threads, self.artifact, self.places.take().await?);
        }
        Ok(())
    }

    /// Gives a chunk to all that read everything, and pages of it to those that read what is around their probes.
    async fn give(&mut self, chunk: Bytes) -> Result<(), PortError> {
        if self.artifact.kind == ArtifactKind::Report {
            self.give_report(&chunk).await?;
        } else {
            for lane in self.lanes.iter().filter(|lane| !lane.has_probes()) {
                lane.feed(Part { start: self.bytes, bytes: chunk.clone() }).await;
            }
            // Meanwhile the others read.
            self.look_for_probes(&chunk);
            self.give_pages(&chunk).await?;
        }
        self.bytes += chunk.len() as u64;
        self.earlier = chunk;
        Ok(())
    }

    /// Gives a chunk of a report to those that know how it begins.
    async fn give_report(&mut self, chunk: &Bytes) -> Result<(), PortError> {
        for lane in &mut self.lanes {
            if self.bytes == 0 && lane.reads_report(chunk) {
                lane.wake(&self.host.threads, self.artifact, self.places.take().await?);
            }
            lane.feed(Part { start: self.bytes, bytes: chunk.clone() }).await;
        }
        Ok(())
    }

    fn look_for_probes(&mut self, chunk: &[u8]) {
        let Some(most) = self.lanes.iter().filter(|lane| lane.has_probes()).map(Lane::number).max() else {
            return;
        };
        for (page, start) in chunk.chunks(PAGE).zip((self.bytes..).step_by(PAGE)) {
            let mut found = vec![false; most + 1];
            // Also of analyzers that do not accept the artifact's kind.
            self.watch.read(&mut self.pass, page, |number| {
                if let Some(found) = found.get_mut(number) {
                    *found = true;
                }
            });
            let is_unbroken = !page.contains(&b'\n');
            for lane in self.lanes.iter_mut().filter(|lane| lane.has_probes()) {
                lane.window.page(Page { start, has_probe: found[lane.number()], is_unbroken });
            }
        }
    }

    /// The artifact has ended: nothing comes after its last page.
    async fn end(&mut self) -> Result<(), PortError> {
        for lane in &mut self.lanes {
            lane.window.page(Page { start: self.bytes, has_probe: false, is_unbroken: false });
        }
        self.give_pages(&Bytes::new()).await
    }

    /// Gives what is wanted of `chunk` and of the chunk before it, and wakes those that sleep.
    async fn give_pages(&mut self, chunk: &Bytes) -> Result<(), PortError> {
        let recent = Recent { start: self.bytes - self.earlier.len() as u64, chunks: [&self.earlier, chunk] };
        for lane in self.lanes.iter_mut().filter(|lane| lane.has_probes()) {
            for Wanted { bytes, continues } in lane.window.take_wanted() {
                if !lane.is_awake() {
                    lane.wake(&self.host.threads, self.artifact, self.places.take().await?);
                }
                let start = if continues { bytes.start } else { recent.line_start(bytes.start) };
                for part in recent.parts(start..bytes.end) {
                    lane.feed(part).await;
                }
            }
        }
        Ok(())
    }
}

/// The last two chunks of an artifact.
struct Recent<'a> {
    start: u64,
    chunks: [&'a Bytes; 2],
}

impl Recent<'_> {
    /// Where the line begins that an offset is in; the offset itself if that is more than a page before it.
    fn line_start(&self, offset: u64) -> u64 {
        let earliest = offset.saturating_sub(PAGE as u64);
        let mut end = offset;
        for part in self.parts(earliest..offset).rev() {
            if let Some(at) = part.bytes.iter().rposition(|&byte| byte == b'\n') {
                return part.start + at as u64 + 1;
            }
            end = part.start;
        }
        if end == 0 { 0 } else { offset }
    }

    /// The bytes of a range that lies within the two chunks.
    fn parts(&self, range: Range<u64>) -> impl DoubleEndedIterator<Item = Part> {
        let [first, second] = self.chunks;
        let middle = self.start + first.len() as u64;
        [(self.start, first), (middle, second)].into_iter().filter_map(move |(start, chunk)| {
            let end = start + chunk.len() as u64;
            let (from, to) = (range.start.clamp(start, end), range.end.clamp(start, end));
            let place = |offset: u64| usize::try_from(offset - start).expect("it is in the chunk");
            (from < to).then(|| Part { start: from, bytes: chunk.slice(place(from)..place(to)) })
        })
    }
}
