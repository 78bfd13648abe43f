//! Runs analyzers: all of them read one artifact in parallel, each in its own instance. Those with
//! probes read only the surroundings of these, and sleep until the first one is found.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::routing::AnalyzerRouting;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::analyzer::{Analysis, Analyzers, Excerpt, Findings};

use crate::admission::ArtifactPermits;
use crate::lane::Lane;
use crate::probes::Pass;
use crate::registry::Generation;
use crate::window::{PAGE, Page, Part, Wanted};

/// Number of bytes that a guest is fed at a time. Independent of the pieces in which the content
/// arrives, so that findings never depend on the timing of a connection. Whole pages; a guest keeps
/// the memory of its largest chunk, and with 64 KiB the cost of a call is a hundredth of the work.
const CHUNK: usize = 8 * PAGE;

#[async_trait]
impl Analyzers for Generation {
    async fn analyze_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        mut content: ByteStream,
    ) -> Result<Analysis, PortError> {
        let mut reading = Reading {
            generation: self,
            artifact,
            routing,
            places: self.resources.admission.places(),
            media_type: None,
            lanes: self.lanes(false),
            pass: Pass::default(),
            earlier: Bytes::new(),
            bytes: 0,
        };
        if let Some(media_type) = artifact.kind.media_type() {
            reading.begin(media_type).await?;
        }
        self.distribute(&mut content, &mut reading).await?;
        if reading.media_type.is_none() {
            reading.begin(artifact.media_type(b"")).await?;
        }
        reading.end().await?;
        let media_type = reading.media_type();
        let Reading { lanes, bytes, .. } = reading;
        Ok(Analysis { findings: end(lanes).await, media_type, bytes })
    }

    async fn guess_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        excerpt: Excerpt,
    ) -> Result<Analysis, PortError> {
        let Excerpt { start, bytes } = excerpt;
        let media_type = artifact.media_type(&bytes);
        let mut lanes = self.lanes(true);
        lanes.retain(|lane| lane.meets(media_type, routing));
        let mut places = self.resources.admission.places();
        for lane in &mut lanes {
            lane.wake(&self.resources.scan_threads, artifact, media_type, places.take().await?);
        }
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let chunk = rest.split_to(rest.len().min(CHUNK));
            let start = start + (bytes.len() - rest.len() - chunk.len()) as u64;
            for lane in &lanes {
                lane.feed(Part { start, bytes: chunk.clone() }).await;
            }
        }
        Ok(Analysis { findings: end(lanes).await, media_type, bytes: bytes.len() as u64 })
    }
}

/// Ends the lanes and collects their findings.
async fn end(lanes: Vec<Lane>) -> Vec<Findings> {
    let mut findings = Vec::with_capacity(lanes.len());
    for lane in lanes {
        findings.push(lane.end().await);
    }
    findings
}

impl Generation {
    /// One lane for each analyzer: either those of last resort or the others.
    fn lanes(&self, last_resort: bool) -> Vec<Lane> {
        let output_left = Arc::new(AtomicUsize::new(self.resources.options.output_bytes_per_artifact));
        let lane = |(number, plugin)| Lane::new(number, plugin, Arc::clone(&output_left));
        self.analyzers(last_resort).map(lane).collect()
    }

    /// Reads the content to its end and passes it to all lanes. The slowest lane sets the pace,
    /// within its time limit.
    async fn distribute(&self, content: &mut ByteStream, reading: &mut Reading<'_>) -> Result<(), PortError> {
        let patience = self.resources.options.content_wait;
        let mut buffer = BytesMut::with_capacity(CHUNK);
        loop {
            let Ok(piece) = tokio::time::timeout(patience, content.next()).await else {
                let seconds = patience.as_secs();
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
    generation: &'a Generation,
    artifact: &'a Artifact,
    routing: &'a AnalyzerRouting,
    /// Known from the start, for a report from its first bytes.
    media_type: Option<&'static str>,
    places: ArtifactPermits<'a>,
    /// Lanes by plugin name.
    lanes: Vec<Lane>,
    pass: Pass,
    /// The chunk before the current one.
    earlier: Bytes,
    /// Number of bytes before the current chunk.
    bytes: u64,
}

impl Reading<'_> {
    /// The artifact's media type, once reading has begun.
    fn media_type(&self) -> &'static str {
        self.media_type.expect("reading has begun")
    }

    /// Leaves the lanes that accept this media type and that a route admits, and starts those of them that never sleep. Reports only wake
    /// analyzers that recognise their beginning.
    async fn begin(&mut self, media_type: &'static str) -> Result<(), PortError> {
        self.media_type = Some(media_type);
        self.lanes.retain(|lane| lane.meets(media_type, self.routing));
        if self.artifact.kind == ArtifactKind::Report {
            return Ok(());
        }
        for number in 0..self.lanes.len() {
            if !self.lanes[number].has_probes() {
                self.wake(number).await?;
            }
        }
        Ok(())
    }

    /// Starts a lane.
    async fn wake(&mut self, number: usize) -> Result<(), PortError> {
        let media_type = self.media_type();
        let place = self.places.take().await?;
        self.lanes[number].wake(&self.generation.resources.scan_threads, self.artifact, media_type, place);
        Ok(())
    }

    /// Passes a chunk to all analyzers without probes, and the pages around probes to the others.
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

    /// Passes a chunk of a report to the analyzers that recognise its beginning.
    async fn give_report(&mut self, chunk: &Bytes) -> Result<(), PortError> {
        if self.media_type.is_none() {
            self.begin(self.artifact.media_type(chunk)).await?;
            for number in 0..self.lanes.len() {
                if self.lanes[number].reads_report(chunk) {
                    self.wake(number).await?;
                }
            }
        }
        for lane in &self.lanes {
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
            // Also reports probes of analyzers that do not accept the artifact's kind.
            self.generation.watch.read(&mut self.pass, page, |number| {
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

    /// Ends the artifact: nothing follows its last page.
    async fn end(&mut self) -> Result<(), PortError> {
        for lane in &mut self.lanes {
            lane.window.page(Page { start: self.bytes, has_probe: false, is_unbroken: false });
        }
        self.give_pages(&Bytes::new()).await
    }

    /// Passes the wanted pages of `chunk` and of the previous chunk, and wakes sleeping analyzers.
    async fn give_pages(&mut self, chunk: &Bytes) -> Result<(), PortError> {
        let earlier = self.earlier.clone();
        let recent = Recent { start: self.bytes - earlier.len() as u64, chunks: [&earlier, chunk] };
        for number in 0..self.lanes.len() {
            for Wanted { bytes, continues } in self.lanes[number].window.take_wanted() {
                if !self.lanes[number].is_awake() {
                    self.wake(number).await?;
                }
                let start = if continues { bytes.start } else { recent.line_start(bytes.start) };
                for part in recent.parts(start..bytes.end) {
                    self.lanes[number].feed(part).await;
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
    /// The start of the line that contains an offset, or the offset itself if that is more than a page before it.
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

    /// The bytes of a range within the two chunks.
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
