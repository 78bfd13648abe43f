//! Measures what a call costs: time on this machine, instructions on any machine, and memory.

use std::path::PathBuf;
use std::time::Duration;

use grimoire_domain::artifact::ArtifactKind;
use grimoire_ports::PortError;
use grimoire_runtime::measure::CallFigures;

use crate::cases::{Case, Input};
use crate::component::Description;
use crate::conformance;
use crate::invalid;
use crate::manifest::World;
use crate::workbench::{MatcherInput, Workbench};

/// The candidates of one call of a matcher: as many as the service passes by default.
const CANDIDATES: usize = 64;
/// The size of the artifact for an analyzer: the cases are spread among other lines.
const ARTIFACT: usize = 1 << 20;

/// The cost of one call of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The median time to create an instance.
    pub instantiation: Duration,
    /// The median time of a call, instantiation included.
    pub median: Duration,
    /// The 95th percentile of the same.
    pub p95: Duration,
    /// Instructions of a call: the same on every machine and in every call.
    pub fuel: u64,
    /// Bytes of memories and tables at their largest.
    pub memory: usize,
}

/// Describes the measured task in a few words.
pub fn task(world: World) -> String {
    match world {
        World::Analyzer => format!("a log of {} MiB with its cases in it", ARTIFACT >> 20),
        World::Matcher => format!("{CANDIDATES} spells"),
        World::Embedder => "the texts of its first case".to_owned(),
    }
}

enum Work {
    Artifact(ArtifactKind, Vec<u8>),
    Question(Box<MatcherInput>),
    Texts(Vec<String>),
}

impl Work {
    fn of(world: World, cases: &[Case]) -> Result<Self, PortError> {
        let inputs = cases.iter().map(|case| &case.input);
        match world {
            World::Analyzer => {
                let mut kind = ArtifactKind::Log;
                let mut known = String::new();
                for input in inputs {
                    if let Input::Artifact { kind: of_case, text } = input {
                        kind = *of_case;
                        known.push_str(text);
                        known.push('\n');
                    }
                }
                // Most lines of a real log match nothing.
                let mut part = known;
                for line in 0..400 {
                    part += &format!("2026-01-02T03:04:05Z step {line} of many: nothing to report\n");
                }
                Ok(Self::Artifact(kind, part.bytes().cycle().take(ARTIFACT).collect()))
            }
            World::Matcher => {
                let known = inputs.filter_map(|input| match input {
                    Input::Error(input) if !input.candidates.is_empty() => Some(input.as_ref().clone()),
                    _ => None,
                });
                let spells = conformance::questions(cases).into_iter().map(|(_, question)| question);
                let mut question = known
                    .chain(spells)
                    .find(|question| !question.candidates.is_empty())
                    .ok_or_else(|| invalid("no case has a spell to measure with"))?;
                question.candidates = question.candidates.iter().cycle().take(CANDIDATES).cloned().collect();
                Ok(Self::Question(Box::new(question)))
            }
            World::Embedder => {
                let texts = conformance::texts(cases).into_iter().next();
                Ok(Self::Texts(texts.map(|(_, texts)| texts).unwrap_or_default()))
            }
        }
    }

    async fn call(&self, bench: &Workbench) -> Result<CallFigures, PortError> {
        let problem = match self {
            Self::Artifact(kind, bytes) => bench.analyze(*kind, bytes).await?.err(),
            Self::Question(question) => bench.score(question).await.err(),
            Self::Texts(texts) => bench.embed(texts).await.err(),
        };
        match (problem, bench.last_call()) {
            (Some(problem), _) => Err(invalid(format!(
                "it fails, so there is nothing to measure: {}: {}",
                problem.reason, problem.detail
            ))),
            (None, Some(figures)) => Ok(figures),
            (None, None) => Err(invalid("it was never called: its cases contain none of its probes")),
        }
    }
}

/// Measures a component over this many calls.
///
/// # Errors
///
/// If the component cannot be loaded, fails, or is never called.
pub async fn run(
    component: &[u8],
    description: &Description,
    cases: &[Case],
    calls: usize,
    cache: Option<PathBuf>,
) -> Result<Figures, PortError> {
    let counting = Workbench::start(component.to_vec(), description, cache.clone(), true)?;
    let work = Work::of(counting.world(), cases)?;
    let fuel = work.call(&counting).await?.fuel.unwrap_or_default();
    drop(counting);
    let bench = Workbench::start(component.to_vec(), description, cache, false)?;
    work.call(&bench).await?;
    let mut taken = Vec::with_capacity(calls);
    for _ in 0..calls.max(1) {
        taken.push(work.call(&bench).await?);
    }
    let sorted = |time: fn(&CallFigures) -> Duration| {
        let mut times: Vec<_> = taken.iter().map(time).collect();
        times.sort();
        times
    };
    let guest = sorted(|figures| figures.guest);
    let at = |times: &[Duration], percent: usize| times[(times.len() - 1) * percent / 100];
    Ok(Figures {
        instantiation: at(&sorted(|figures| figures.instantiation), 50),
        median: at(&guest, 50),
        p95: at(&guest, 95),
        fuel,
        memory: taken.iter().map(|figures| figures.memory_bytes).max().unwrap_or_default(),
    })
}
