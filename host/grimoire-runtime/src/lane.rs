//! One analyzer's part of one artifact.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::routing::AnalyzerRouting;
use grimoire_ports::plugins::analyzer::Findings;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use wasmtime::Store;

use crate::admission::ScanPermit;
use crate::breaker::Attempt;
use crate::call::{Allowance, Call, Entry};
use crate::plugin::{Code, Plugin};
use crate::problem::Fault;
use crate::threads::PluginThreads;
use crate::usage::Usage;
use crate::validate::check_diagnostics;
use crate::window::{Offsets, Part, Window};
use crate::worlds::analyzer::v0_1::{Analyzer, GuestResult};
use crate::worlds::shared::v0_1::{failure_in, types::Failure};

/// Number of chunks queued for an analyzer that is slower than the others.
const QUEUE: usize = 2;

/// One analyzer's part of one artifact. Until it is woken, it has neither an instance nor a permit.
pub(crate) struct Lane {
    number: usize,
    plugin: Arc<Plugin>,
    /// The part of the input to read, if the analyzer has probes.
    pub(crate) window: Window,
    awake: Option<Awake>,
    /// Number of bytes that all analyzers of the artifact may still return.
    output_left: Arc<AtomicUsize>,
}

struct Awake {
    sender: mpsc::Sender<Part>,
    work: Result<(Attempt, AbortOnDropHandle<Scanned>), Fault>,
    started: Instant,
}

/// The findings of a scan, why it stopped early if it did, and the resources it used.
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
    /// A sleeping lane for the analyzer with this number in its generation.
    pub(crate) fn new(number: usize, plugin: Arc<Plugin>, output_left: Arc<AtomicUsize>) -> Self {
        Self { number, plugin, window: Window::default(), awake: None, output_left }
    }

    /// The analyzer's number in its generation.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn is_awake(&self) -> bool {
        self.awake.is_some()
    }

    /// Returns true if the analyzer reads only the surroundings of its probes.
    pub(crate) fn has_probes(&self) -> bool {
        matches!(&self.plugin.code, Code::Analyzer { probes, .. } if !probes.is_empty())
    }

    /// Returns true if the analyzer accepts artifacts of a media type, and a route admits it to them.
    pub(crate) fn meets(&self, media_type: &str, routing: &AnalyzerRouting) -> bool {
        let description = &self.plugin.description;
        description.accepts(media_type) && routing.admits(media_type, &self.plugin.name, &description.tools)
    }

    /// Returns true if the analyzer reads a report that begins like this, that is, with one of its probes.
    /// Other analyzers would mistake text quoted in a report for errors.
    pub(crate) fn reads_report(&self, beginning: &[u8]) -> bool {
        // A byte-order mark, white space, and the bracket of a list.
        let skipped = |byte: &u8| matches!(byte, 0xef | 0xbb | 0xbf | b'[') || byte.is_ascii_whitespace();
        let start = beginning.iter().position(|byte| !skipped(byte)).unwrap_or(beginning.len());
        matches!(&self.plugin.code, Code::Analyzer { probes, .. }
            if probes.iter().any(|probe| beginning[start..].starts_with(probe.as_bytes())))
    }

    /// Starts the scan.
    pub(crate) fn wake(
        &mut self,
        threads: &PluginThreads,
        artifact: &Artifact,
        media_type: &'static str,
        place: ScanPermit,
    ) {
        let started = Instant::now();
        let code = match &self.plugin.code {
            Code::Analyzer { code, .. } => code.clone(),
            Code::Matcher { .. } | Code::Embedder { .. } => unreachable!("only analyzers have lanes"),
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        let work = self.plugin.admit().map(|attempt| {
            let scan = Scan {
                plugin: Arc::clone(&self.plugin),
                code,
                artifact: artifact.clone(),
                media_type,
                output_left: Arc::clone(&self.output_left),
            };
            (attempt, threads.spawn(scan.run(receiver, place)))
        });
        self.awake = Some(Awake { sender, work, started });
    }

    /// Passes the next part, if awake.
    pub(crate) async fn feed(&self, part: Part) {
        if let Some(awake) = &self.awake {
            // The channel of a failed lane is closed; its findings state the failure.
            let _ = awake.sender.send(part).await;
        }
    }

    /// Ends the artifact and waits for the findings of the scan. A lane that never woke has none.
    pub(crate) async fn end(self) -> Findings {
        let Self { plugin, awake, .. } = self;
        let Some(Awake { sender, work, started }) = awake else {
            return Findings { plugin: plugin.identity.clone(), diagnostics: Vec::new(), problem: None };
        };
        drop(sender);
        let (attempt, scanned) = match work {
            Ok((attempt, task)) => {
                let scanned = task.await.unwrap_or_else(|error| {
                    tracing::error!(plugin = %plugin.name, %error, "the plugin's task ended without an answer");
                    Scanned::nothing(Fault::new(FailureReason::Failed, "the host could not finish the scan"))
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

/// One scan, on the plugin threads.
struct Scan {
    plugin: Arc<Plugin>,
    code: Analyzer,
    artifact: Artifact,
    media_type: &'static str,
    output_left: Arc<AtomicUsize>,
}

impl Scan {
    /// The permit is returned after the instance is gone.
    async fn run(self, receiver: mpsc::Receiver<Part>, place: ScanPermit) -> Scanned {
        let mut diagnostics = Vec::new();
        let mut store = self.plugin.store();
        let fault = self.follow(receiver, &mut store, &mut diagnostics).await.err();
        let usage = store.data().usage();
        drop(store);
        drop(place);
        Scanned { diagnostics, fault, usage }
    }

    async fn follow(
        &self,
        mut receiver: mpsc::Receiver<Part>,
        store: &mut Store<Call>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), Fault> {
        let plugin = &self.plugin;
        let budget = plugin.options().feed_budget;
        let mut allowance = Allowance::new(plugin.options().scan_computing);
        let mut offsets = Offsets::default();

        let turn = plugin.turn().await?;
        let mut entry = Entry::arm(store, budget, &allowance);
        let outcome = entry
            .wait(async {
                let instance =
                    self.code.instantiate_configured(&mut *store, plugin.settings.as_deref()).await?;
                let opened = instance.open(&mut *store, &self.artifact, self.media_type).await?;
                Ok((instance, opened))
            })
            .await;
        let (instance, opened) = entry.settle(store, &mut allowance, outcome)?;
        drop(turn);
        let scan = opened.map_err(|failure| self.failed(&failure))?;

        while let Some(part) = receiver.recv().await {
            let line_end = offsets.needs_line_end(&part).then(|| part.line_end());
            for part in line_end.into_iter().chain([part]) {
                let turn = plugin.turn().await?;
                allowance.earn(part.bytes.len(), plugin.options().scan_computing_per_mebibyte);
                let mut entry = Entry::arm(store, budget, &allowance);
                let outcome = entry.wait(instance.feed(&mut *store, scan, &part.bytes)).await;
                let returned = entry.settle(store, &mut allowance, outcome)?;
                drop(turn);
                offsets.fed(&part);
                self.take(store, returned, &offsets, diagnostics)?;
            }
        }
        let _turn = plugin.turn().await?;
        let mut entry = Entry::arm(store, budget, &allowance);
        let outcome = entry.wait(instance.finish(&mut *store, scan)).await;
        let returned = entry.settle(store, &mut allowance, outcome)?;
        self.take(store, returned, &offsets, diagnostics)
    }

    /// The failure that the analyzer reports; its words go to its log.
    fn failed(&self, failure: &Failure) -> Fault {
        let (fault, words) = failure_in(failure);
        self.plugin.note(words);
        fault
    }

    /// Counts the output of one call, and fails if it exceeds the limits.
    fn count_output(&self, store: &mut Store<Call>, bytes: usize) -> Result<(), Fault> {
        let options = self.plugin.options();
        let call = store.data_mut();
        call.returned(bytes);
        let above = |whose: &str, limit: usize| {
            let detail = format!("{whose} returned more than {} KiB for one artifact", limit >> 10);
            Err(Fault::new(FailureReason::Output, detail))
        };
        if call.usage().output > options.output_bytes_per_scan {
            return above("it", options.output_bytes_per_scan);
        }
        let taken = self
            .output_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        match taken {
            Ok(_) => Ok(()),
            Err(_) => above("all analyzers together", options.output_bytes_per_artifact),
        }
    }

    /// Checks and keeps the diagnostics of one call; earlier ones stay valid in any case.
    fn take(
        &self,
        store: &mut Store<Call>,
        returned: GuestResult,
        offsets: &Offsets,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), Fault> {
        let mut found = returned.map_err(|failure| self.failed(&failure))?;
        let bytes = found.iter().map(Diagnostic::size).sum();
        self.count_output(store, bytes)?;
        check_diagnostics(&found, diagnostics.len(), offsets.total()).map_err(Fault::invalid_output)?;
        for diagnostic in &mut found {
            let Span { start, end } = diagnostic.span;
            let Range { start, end } = offsets.in_artifact(start..end);
            diagnostic.span = Span { start, end };
        }
        diagnostics.append(&mut found);
        Ok(())
    }
}
