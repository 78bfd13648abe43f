//! The same matcher behind Extism, in a process of its own: `xtask/extism` is a workspace of its own, built on demand.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use grimoire_plugin_sdk as sdk;

use super::Bench;

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
    pub(super) fn build(
        bench: &Bench,
        error: &sdk::Diagnostic,
        candidates: &[sdk::Candidate],
    ) -> anyhow::Result<Self> {
        let folder = crate::root().join("xtask").join("extism");
        let target = crate::root().join("target").join("extism");
        let (profile, output) = if bench.quick { ("dev", "debug") } else { ("release", "release") };
        cargo(&folder, &target, &["--package", "extism-plugin", "--profile", "plugin", "--target", WASM])?;
        cargo(&folder, &target, &["--package", "extism-host", "--profile", profile])?;
        let question = bench.world.path("question.json");
        std::fs::write(&question, serde_json::to_vec(&written(error, candidates))?)?;
        Ok(Self {
            host: target.join(output).join("extism-host"),
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

fn written(error: &sdk::Diagnostic, candidates: &[sdk::Candidate]) -> wire::Question {
    wire::Question {
        error: wire::Error {
            tool: error.tool.clone(),
            error_type: error.error_type.clone(),
            code: error.code.clone(),
            message: error.message.clone(),
            confidence: error.confidence as u8,
            context: error.context.clone(),
        },
        candidates: candidates.iter().map(candidate).collect(),
    }
}

fn candidate(candidate: &sdk::Candidate) -> wire::Candidate {
    let (spell, evidence) = (&candidate.spell, &candidate.evidence);
    wire::Candidate {
        id: spell.id,
        title: spell.title.clone(),
        description: spell.description.clone(),
        error_type: spell.error_type.clone(),
        error_pattern: spell.error_pattern.clone(),
        covers_code: spell.covers_code,
        solution_code: spell.solution_code.clone(),
        tags: spell.tags.clone(),
        keyword: evidence.keyword,
        pattern: match &evidence.pattern {
            sdk::PatternEvidence::Untried => wire::Pattern::Untried,
            sdk::PatternEvidence::Missed => wire::Pattern::Missed,
            sdk::PatternEvidence::Hit(hit) => wire::Pattern::Hit {
                text: hit.text.clone(),
                telling: hit.telling,
                in_message: hit.in_message,
            },
        },
        code: evidence.code as u8,
        language: evidence.language as u8,
    }
}
