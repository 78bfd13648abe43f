//! The same matcher behind Extism, in a process of its own: `xtask/extism` is a workspace of its own, built on demand.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_plugin_sdk as sdk;
use grimoire_runtime::measure;

use super::Bench;
use crate::native;

#[allow(dead_code, reason = "the plugin and its host read the other half")]
#[path = "../../extism/wire.rs"]
mod wire;

use wire::Measured;

/// The built host and its plugin.
pub(super) struct Extism {
    host: PathBuf,
    plugin: PathBuf,
    question: PathBuf,
}

impl Extism {
    /// Builds both, and writes the question. Takes minutes the first time: Extism brings its own wasmtime.
    pub(super) fn build(bench: &Bench, error: &Diagnostic, candidates: &[Candidate]) -> anyhow::Result<Self> {
        let folder = crate::root().join("xtask").join("extism");
        let target = crate::root().join("target").join("extism");
        cargo(&folder, &target, &["--package", "extism-plugin", "--profile", "plugin", "--target", WASM])?;
        cargo(&folder, &target, &["--package", "extism-host", "--release"])?;
        let question = bench.world.path("question.json");
        std::fs::write(&question, serde_json::to_vec(&written(error, candidates))?)?;
        Ok(Self {
            host: target.join("release").join("extism-host"),
            plugin: target.join(WASM).join("plugin").join("extism_plugin.wasm"),
            question,
        })
    }

    /// Calls the plugin this often, each time in a fresh instance.
    pub(super) fn measure(&self, calls: usize) -> anyhow::Result<Measured> {
        let mut command = Command::new(&self.host);
        command.arg(&self.plugin).arg(&self.question).arg(calls.to_string());
        let output = command.output().with_context(|| format!("{} does not run", self.host.display()))?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

const WASM: &str = "wasm32-unknown-unknown";

fn cargo(folder: &Path, target: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).args(["build", "--quiet", "--locked"]).args(arguments);
    command.arg("--target-dir").arg(target).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let status = command.status().context("cargo does not run")?;
    ensure!(status.success(), "cargo could not build xtask/extism ({})", arguments.join(" "));
    Ok(())
}

/// The question with all that the component gets of it.
fn written(error: &Diagnostic, candidates: &[Candidate]) -> wire::Question {
    let error = native::diagnostic(error);
    wire::Question {
        error: wire::Error {
            tool: error.tool,
            error_type: error.error_type,
            code: error.code,
            message: error.message,
            severity: error.severity as u8,
            role: error.role as u8,
            confidence: error.confidence as u8,
            context: error.context,
        },
        candidates: candidates.iter().map(candidate).collect(),
    }
}

fn candidate(candidate: &Candidate) -> wire::Candidate {
    let sdk::Candidate { spell, evidence } = native::candidate(candidate);
    let (facts, evidence_facts) = measure::facts_of(candidate);
    wire::Candidate {
        id: spell.id,
        title: spell.title,
        description: spell.description,
        error_type: spell.error_type,
        error_pattern: spell.error_pattern,
        covers_code: spell.covers_code,
        solution_code: spell.solution_code,
        tags: spell.tags,
        facts,
        keyword: evidence.keyword,
        pattern: match evidence.pattern {
            sdk::PatternEvidence::Untried => wire::Pattern::Untried,
            sdk::PatternEvidence::Missed => wire::Pattern::Missed,
            sdk::PatternEvidence::Hit(hit) => {
                wire::Pattern::Hit { text: hit.text, telling: hit.telling, in_message: hit.in_message }
            }
        },
        code: evidence.code as u8,
        language: evidence.language as u8,
        evidence_facts,
    }
}

/// The answer in the host's form.
pub(super) fn verdict(verdict: wire::Verdict) -> Verdict {
    let reason = |reason: wire::Reason| sdk::Reason {
        signal: reason.signal,
        weight: reason.weight,
        detail: reason.detail,
    };
    native::verdict(sdk::Verdict {
        candidate: verdict.candidate,
        score: verdict.score,
        shown: verdict.shown,
        reasons: verdict.reasons.into_iter().map(reason).collect(),
    })
}
