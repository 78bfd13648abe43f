//! Analyzers at work: all of them read one artifact side by side, each in an instance of its own.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::analyzer::{Analysis, Analyzers, Findings};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::task::AbortOnDropHandle;
use wasmtime::Store;

use crate::breaker::Attempt;
use crate::call::{Allowance, Call, Entry};
use crate::host::PluginHost;
use crate::plugin::{Code, Plugin};
use crate::problem::{Fault, Reason};
use crate::usage::{Usage, bytes_of_diagnostics};
use crate::validate::check_diagnostics;
use crate::worlds::analyzer::v0_1::{Analyzer, Said};
use crate::worlds::shared::v0_1::failure_in;

/// Bytes that a guest is fed at a time. Always the same, whatever pieces the content came in: what
/// an analyzer finds never depends on the timing of a connection.
const CHUNK: usize = 256 << 10;

/// Chunks that wait for an analyzer that is slower than the others.
const QUEUE: usize = 2;

#[async_trait]
impl Analyzers for PluginHost {
    async fn analyze(&self, artifact: &Artifact, mut content: ByteStream) -> Result<Analysis, PortError> {
        let generation = self.registry.current();
        let plugins = generation.analyzers(artifact.kind);
        let mut places = self.places(plugins.len()).await?;
        let lanes: Vec<_> =
            plugins.into_iter().map(|plugin| self.start_lane(plugin, artifact, &mut places)).collect();
        let bytes = self.distribute(&mut content, &lanes).await?;
        let mut findings = Vec::with_capacity(lanes.len());
        for lane in lanes {
            findings.push(lane.end().await);
        }
        Ok(Analysis { findings, generation: generation.number, bytes })
    }
}

impl PluginHost {
    /// Waits until as many scans may begin as there are analyzers: all at once, because two
    /// artifacts that each held half of what they need would wait for one another.
    async fn places(&self, count: usize) -> Result<OwnedSemaphorePermit, PortError> {
        let wanted = u32::try_from(count).unwrap_or(u32::MAX);
        let places = Arc::clone(&self.scans).acquire_many_owned(wanted);
        match tokio::time::timeout(self.options.admission_wait, places).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(PortError::new(ErrorKind::Unavailable, "all analyzers are busy, try again later")
                .with_retry_after(self.options.admission_wait)),
        }
    }

    fn start_lane(
        &self,
        plugin: Arc<Plugin>,
        artifact: &Artifact,
        places: &mut OwnedSemaphorePermit,
    ) -> Lane {
        let started = Instant::now();
        let place = places.split(1).expect("one was acquired for every analyzer");
        let code = match &plugin.code {
            Code::Analyzer { code, .. } => code.clone(),
            Code::Matcher(_) => unreachable!("only analyzers are asked"),
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        let work = plugin.admit().map(|attempt| {
            let scan = scan(Arc::clone(&plugin), code, artifact.clone(), receiver, place);
            (attempt, self.threads.spawn(scan))
        });
        Lane { plugin, sender, work, started }
    }

    /// Reads the content to its end and gives it to all lanes. The slowest sets the pace, within
    /// the time that it has.
    async fn distribute(&self, content: &mut ByteStream, lanes: &[Lane]) -> Result<u64, PortError> {
        let mut bytes = 0_u64;
        let mut buffer = BytesMut::with_capacity(CHUNK);
        loop {
            let Ok(piece) = tokio::time::timeout(self.options.content_wait, content.next()).await else {
                let seconds = self.options.content_wait.as_secs();
                let message = format!("the content stopped for {seconds} s before its end");
                return Err(PortError::new(ErrorKind::Timeout, message));
            };
            let Some(piece) = piece else { break };
            let mut piece = piece?;
            bytes += piece.len() as u64;
            while !piece.is_empty() {
                let taken = piece.split_to(piece.len().min(CHUNK - buffer.len()));
                buffer.extend_from_slice(&taken);
                if buffer.len() == CHUNK {
                    give(lanes, buffer.split().freeze()).await;
                    buffer.reserve(CHUNK);
                }
            }
        }
        if !buffer.is_empty() {
            give(lanes, buffer.freeze()).await;
        }
        Ok(bytes)
    }
}

async fn give(lanes: &[Lane], chunk: Bytes) {
    for lane in lanes {
        // A closed lane has failed or gave up; its findings say so.
        let _ = lane.sender.send(chunk.clone()).await;
    }
}

/// One analyzer's part of one artifact.
struct Lane {
    plugin: Arc<Plugin>,
    sender: mpsc::Sender<Bytes>,
    work: Result<(Attempt, AbortOnDropHandle<Scanned>), Fault>,
    started: Instant,
}

/// What a scan found, why it stopped early if it did, and what it used up.
struct Scanned {
    diagnostics: Vec<Diagnostic>,
    fault: Option<Fault>,
    usage: Usage,
}

impl Scanned {
    fn nothing(fault: Fault) -> Self {
        Self { diagnostics: Vec::new(), fault: Some(fault), usage: Usage::default() }
    }
}

impl Lane {
    /// Tells the scan that the artifact has ended and waits for what it found.
    async fn end(self) -> Findings {
        let Self { plugin, sender, work, started } = self;
        drop(sender);
        let (attempt, scanned) = match work {
            Ok((attempt, task)) => {
                let scanned = task.await.unwrap_or_else(|error| {
                    tracing::error!(plugin = %plugin.name, %error, "the plugin's task ended without an answer");
                    Scanned::nothing(Fault::new(Reason::Failed, "the host could not finish the scan"))
                });
                (Some(attempt), scanned)
            }
            Err(fault) => (None, Scanned::nothing(fault)),
        };
        let Scanned { diagnostics, fault, usage } = scanned;
        let problem = plugin.ended(started, &usage, attempt, fault);
        Findings { plugin: plugin.identity.clone(), diagnostics, problem }
    }
}

/// One scan, on the plugins' threads. The place is given back when the instance is gone.
async fn scan(
    plugin: Arc<Plugin>,
    code: Analyzer,
    artifact: Artifact,
    receiver: mpsc::Receiver<Bytes>,
    place: OwnedSemaphorePermit,
) -> Scanned {
    let mut diagnostics = Vec::new();
    let mut store = plugin.store();
    let fault = follow(&plugin, &code, &artifact, receiver, &mut store, &mut diagnostics).await.err();
    let usage = store.data().usage();
    drop(store);
    drop(place);
    Scanned { diagnostics, fault, usage }
}

async fn follow(
    plugin: &Plugin,
    code: &Analyzer,
    artifact: &Artifact,
    mut receiver: mpsc::Receiver<Bytes>,
    store: &mut Store<Call>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), Fault> {
    let budget = plugin.options().feed_budget;
    let mut allowance = Allowance::new(plugin.options().scan_computing);
    let mut fed = 0_u64;

    let turn = plugin.turn().await?;
    let mut entry = Entry::arm(store, budget, &allowance);
    let outcome = entry
        .wait(async {
            let instance = code.instantiate(&mut *store).await?;
            let scan = instance.open(&mut *store, artifact).await?;
            Ok((instance, scan))
        })
        .await;
    let (instance, scan) = entry.settle(store, &mut allowance, outcome)?;
    drop(turn);

    while let Some(chunk) = receiver.recv().await {
        let turn = plugin.turn().await?;
        let mut entry = Entry::arm(store, budget, &allowance);
        let outcome = entry.wait(instance.feed(&mut *store, scan, &chunk)).await;
        let said = entry.settle(store, &mut allowance, outcome)?;
        drop(turn);
        fed += chunk.len() as u64;
        take(plugin, store, said, fed, diagnostics)?;
    }
    let _turn = plugin.turn().await?;
    let mut entry = Entry::arm(store, budget, &allowance);
    let outcome = entry.wait(instance.finish(&mut *store, scan)).await;
    let said = entry.settle(store, &mut allowance, outcome)?;
    take(plugin, store, said, fed, diagnostics)
}

/// Checks what one call returned and keeps it; what came before stays valid either way.
fn take(
    plugin: &Plugin,
    store: &mut Store<Call>,
    said: Said,
    fed: u64,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), Fault> {
    let found = said.map_err(|failure| {
        let (fault, words) = failure_in(&failure);
        plugin.note(words);
        fault
    })?;
    store.data_mut().returned(bytes_of_diagnostics(&found));
    check_diagnostics(&found, diagnostics.len(), fed).map_err(Fault::invalid_output)?;
    diagnostics.extend(found);
    Ok(())
}
