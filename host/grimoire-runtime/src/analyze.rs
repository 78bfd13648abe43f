//! Analyzers at work: all of them read one artifact side by side, each in an instance of its own. Those
//! that have probes sleep until one of them is found.

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

/// Bytes that a guest is fed at a time. Always the same, whatever pieces the content came in: what
/// an analyzer finds never depends on the timing of a connection.
const CHUNK: usize = 256 << 10;

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
            earlier: [Bytes::new(), Bytes::new()],
            bytes: 0,
        };
        reading.begin().await?;
        self.distribute(&mut content, &mut reading).await?;
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
    /// The two chunks before the present one, for those that wake late.
    earlier: [Bytes; 2],
    /// How many there were so far.
    bytes: u64,
}

impl Reading<'_> {
    /// Starts those that never sleep.
    async fn begin(&mut self) -> Result<(), PortError> {
        if self.artifact.kind == ArtifactKind::Report {
            return Ok(());
        }
        for lane in self.lanes.iter_mut().filter(|lane| !lane.may_sleep()) {
            lane.wake(&self.host.threads, self.artifact, 0, self.places.take().await?);
        }
        Ok(())
    }

    /// Gives a chunk to all that are awake, and wakes those that have to do with it.
    async fn give(&mut self, chunk: Bytes) -> Result<(), PortError> {
        for lane in &self.lanes {
            lane.feed(&chunk).await;
        }
        // Meanwhile the others read.
        for place in self.alarmed(&chunk) {
            let before = self.before();
            let left_out = self.bytes - before.iter().map(|piece| piece.len() as u64).sum::<u64>();
            let lane = &mut self.lanes[place];
            lane.wake(&self.host.threads, self.artifact, left_out, self.places.take().await?);
            for piece in before.iter().chain([&chunk]).filter(|piece| !piece.is_empty()) {
                lane.feed(piece).await;
            }
        }
        self.bytes += chunk.len() as u64;
        let [_, last] = std::mem::take(&mut self.earlier);
        self.earlier = [last, chunk];
        Ok(())
    }

    /// The places of the lanes that sleep and have a probe that ends in this chunk; of a report, that it begins
    /// with.
    fn alarmed(&mut self, chunk: &[u8]) -> Vec<usize> {
        if self.artifact.kind == ArtifactKind::Report {
            let reads = |lane: &Lane| self.bytes == 0 && lane.reads_report(chunk);
            return self
                .lanes
                .iter()
                .enumerate()
                .filter(|(_, lane)| reads(lane))
                .map(|(place, _)| place)
                .collect();
        }
        if self.lanes.iter().all(Lane::is_awake) {
            return Vec::new();
        }
        let mut found = Vec::new();
        self.watch.read(&mut self.pass, chunk, |number| {
            if !found.contains(&number) {
                found.push(number);
            }
        });
        let alarmed = |lane: &Lane| !lane.is_awake() && found.contains(&lane.number());
        self.lanes.iter().enumerate().filter(|(_, lane)| alarmed(lane)).map(|(place, _)| place).collect()
    }

    /// What a lane that wakes now reads before the present chunk: the chunk before it, from the
    /// beginning of the line with which that begins. A line of more than a chunk is given from its middle on.
    fn before(&self) -> [Bytes; 2] {
        let [first, last] = &self.earlier;
        let line = first.iter().rposition(|&byte| byte == b'\n').map_or(first.len(), |end| end + 1);
        [first.slice(line..), last.clone()]
    }
}
