//! One analyzer's part of one artifact.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_ports::plugins::analyzer::Findings;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use wasmtime::Store;

use crate::admission::Place;
use crate::breaker::Attempt;
use crate::call::{Allowance, Call, Entry};
use crate::plugin::{Code, Plugin};
use crate::problem::{Fault, Reason};
use crate::threads::PluginThreads;
use crate::usage::{Usage, bytes_of_diagnostics};
use crate::validate::check_diagnostics;
use crate::window::{Offsets, Part, Window};
use crate::worlds::analyzer::v0_1::{Analyzer, Said};
use crate::worlds::shared::v0_1::failure_in;

/// Chunks that wait for an analyzer that is slower than the others.
const QUEUE: usize = 2;

/// One analyzer's part of one artifact. It sleeps until it is woken: then it has no instance and no place.
pub(crate) struct Lane {
    number: usize,
    plugin: Arc<Plugin>,
    /// What it reads if it has probes.
    pub(crate) window: Window,
    awake: Option<Awake>,
}

struct Awake {
    sender: mpsc::Sender<Part>,
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
    /// Of the analyzer that has this number in its generation; it sleeps.
    pub(crate) fn new(number: usize, plugin: Arc<Plugin>) -> Self {
        Self { number, plugin, window: Window::default(), awake: None }
    }

    /// The analyzer's number in its generation.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn is_awake(&self) -> bool {
        self.awake.is_some()
    }

    /// Whether it reads only what is around its probes.
    pub(crate) fn has_probes(&self) -> bool {
        matches!(&self.plugin.code, Code::Analyzer { probes, .. } if !probes.is_empty())
    }

    /// Whether the analyzer reads a report that begins like this: with one of its probes. Others would take for
    /// errors what a report quotes.
    pub(crate) fn reads_report(&self, beginning: &[u8]) -> bool {
        // A mark of the encoding, blanks, and the bracket of a list.
        let skipped = |byte: &u8| matches!(byte, 0xef | 0xbb | 0xbf | b'[') || byte.is_ascii_whitespace();
        let start = beginning.iter().position(|byte| !skipped(byte)).unwrap_or(beginning.len());
        matches!(&self.plugin.code, Code::Analyzer { probes, .. }
            if probes.iter().any(|probe| beginning[start..].starts_with(probe.as_bytes())))
    }

    /// Begins the scan.
    pub(crate) fn wake(&mut self, threads: &PluginThreads, artifact: &Artifact, place: Place) {
        let started = Instant::now();
        let code = match &self.plugin.code {
            Code::Analyzer { code, .. } => code.clone(),
            Code::Matcher(_) => unreachable!("only analyzers are asked"),
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        let work = self.plugin.admit().map(|attempt| {
            let scan = Scan { plugin: Arc::clone(&self.plugin), code, artifact: artifact.clone() };
            (attempt, threads.spawn(scan.run(receiver, place)))
        });
        self.awake = Some(Awake { sender, work, started });
    }

    /// Passes the next part, if it is awake.
    pub(crate) async fn feed(&self, part: Part) {
        if let Some(awake) = &self.awake {
            // A closed lane has failed or gave up; its findings say so.
            let _ = awake.sender.send(part).await;
        }
    }

    /// Tells the scan that the artifact has ended and waits for what it found. One that never woke found
    /// nothing.
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

/// One scan, on the plugins' threads.
struct Scan {
    plugin: Arc<Plugin>,
    code: Analyzer,
    artifact: Artifact,
}

impl Scan {
    /// The place is given back when the instance is gone.
    async fn run(self, receiver: mpsc::Receiver<Part>, place: Place) -> Scanned {
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
                let instance = self.code.instantiate(&mut *store).await?;
                let scan = instance.open(&mut *store, &self.artifact).await?;
                Ok((instance, scan))
            })
            .await;
        let (instance, scan) = entry.settle(store, &mut allowance, outcome)?;
        drop(turn);

        while let Some(part) = receiver.recv().await {
            let line_end = offsets.needs_line_end(&part).then(|| part.line_end());
            for part in line_end.into_iter().chain([part]) {
                let turn = plugin.turn().await?;
                let mut entry = Entry::arm(store, budget, &allowance);
                let outcome = entry.wait(instance.feed(&mut *store, scan, &part.bytes)).await;
                let said = entry.settle(store, &mut allowance, outcome)?;
                drop(turn);
                offsets.fed(&part);
                self.take(store, said, &offsets, diagnostics)?;
            }
        }
        let _turn = plugin.turn().await?;
        let mut entry = Entry::arm(store, budget, &allowance);
        let outcome = entry.wait(instance.finish(&mut *store, scan)).await;
        let said = entry.settle(store, &mut allowance, outcome)?;
        self.take(store, said, &offsets, diagnostics)
    }

    /// Checks what one call returned and keeps it; what came before stays valid either way.
    fn take(
        &self,
        store: &mut Store<Call>,
        said: Said,
        offsets: &Offsets,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), Fault> {
        let mut found = said.map_err(|failure| {
            let (fault, words) = failure_in(&failure);
            self.plugin.note(words);
            fault
        })?;
        store.data_mut().returned(bytes_of_diagnostics(&found));
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
