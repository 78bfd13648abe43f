//! Golden cases of plugins: an input, the expected answer and the reason for it, in Markdown.
//!
//! A case consists of fenced blocks between prose. For an analyzer: `log`, `text` or `diff`, then `expected`. For a
//! matcher: `error` and `spells` in YAML, then `expected`. For an embedder: `texts`, one on each line, then `expected` with
//! the similarity of every two. In an analyzer's input, `␛` stands for the escape character.
#![forbid(unsafe_code)]

mod ask;
mod input;
mod record;
mod render;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use grimoire_domain::review::PluginProblem;
use grimoire_ports::PortError;
use grimoire_ports::plugins::PluginSet;
use serde::Deserialize;
use similar::TextDiff;

pub use ask::{Answer, MatcherInput, analyze, embed, score};
pub use input::{Input, candidate, spell};
pub use record::{Recorded, record};

/// The world that a plugin implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// Extracts errors from logs, reports and diffs.
    Analyzer,
    /// Scores spells for one error.
    Matcher,
    /// Turns texts into vectors.
    Embedder,
}

impl World {
    /// The name in manifests and in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Analyzer => "analyzer",
            Self::Matcher => "matcher",
            Self::Embedder => "embedder",
        }
    }

    /// The world of a package such as `grimoire:matcher@0.1.0`.
    pub fn of_package(package: &str) -> Option<Self> {
        let name = package.strip_prefix("grimoire:")?.split('@').next()?;
        [Self::Analyzer, Self::Matcher, Self::Embedder].into_iter().find(|world| world.as_str() == name)
    }
}

impl fmt::Display for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The file.
    pub file: PathBuf,
    /// The line of its first block, from 1.
    pub line: usize,
    /// The plugin's input.
    pub input: Input,
    /// The expected answer.
    pub expected: String,
    /// The byte range of the expected answer in the file.
    pub place: Range<usize>,
}

/// The outcome of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Same,
    /// Another answer than expected.
    Different {
        /// A unified diff from the expected to the actual answer.
        diff: String,
        /// The actual answer, in the form of an expectation.
        found: String,
    },
    /// The plugin gave no answer.
    Failed(PluginProblem),
}

/// A fenced block.
struct Block<'t> {
    line: usize,
    info: &'t str,
    body: Range<usize>,
}

/// The fenced blocks of a text.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, Block<'_>)> = None;
    let mut offset = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let start = offset;
        offset += line.len();
        let line = line.trim_end();
        let info = line.trim_start_matches('`');
        let ticks = line.len() - info.len();
        match &mut open {
            None if ticks >= 3 && !info.contains('`') => {
                open = Some((ticks, Block { line: number, info, body: offset..offset }));
            }
            // A longer fence may have shorter ones inside.
            Some((opened, block)) if ticks >= *opened && info.is_empty() => {
                block.body.end = start;
                blocks.extend(open.take().map(|(_, block)| block));
            }
            _ => {}
        }
    }
    blocks
}

/// Reads the cases of a file's text.
///
/// # Errors
///
/// The first problem, with its file and line.
pub fn parse(file: &Path, text: &str, world: World) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let mut given: Vec<&Block<'_>> = Vec::new();
    let blocks = blocks(text);
    let at = |block: &Block<'_>, what: String| format!("{}:{}: {what}", file.display(), block.line);
    for block in &blocks {
        let is_input = match world {
            World::Analyzer => ["log", "text", "diff"].contains(&block.info),
            World::Matcher => ["error", "spells"].contains(&block.info),
            World::Embedder => block.info == "texts",
        };
        if is_input {
            given.push(block);
        } else if block.info == "expected" {
            let bodies: Vec<_> = given.iter().map(|block| (block.info, &text[block.body.clone()])).collect();
            let input = Input::read(world, &bodies).map_err(|why| at(block, why))?;
            cases.push(Case {
                file: file.to_owned(),
                line: given.first().map_or(block.line, |first| first.line),
                input,
                expected: text[block.body.clone()].to_owned(),
                place: block.body.clone(),
            });
            given.clear();
        }
    }
    match given.first() {
        Some(block) => Err(at(
            block,
            "no block `expected` follows: leave it empty and run `grimoire plugin test --bless`".to_owned(),
        )),
        None => Ok(cases),
    }
}

/// Runs a case with a plugin of a set and compares the answer.
///
/// # Errors
///
/// If the host cannot run the plugin. A failure of the plugin itself is an outcome.
pub async fn run(set: &dyn PluginSet, plugin: &str, case: &Case) -> Result<Outcome, PortError> {
    let found = match &case.input {
        Input::Artifact { kind, text } => analyze(set, plugin, *kind, text.as_bytes())
            .await?
            .map(|diagnostics| render::diagnostics(&diagnostics, text, &case.expected)),
        Input::Error(input) => {
            score(set, plugin, input).await.map(|verdicts| render::verdicts(&verdicts, &input.candidates))
        }
        Input::Texts(texts) => embed(set, plugin, texts).await.map(|vectors| render::similarities(&vectors)),
    };
    Ok(match found {
        Err(problem) => Outcome::Failed(problem),
        Ok(found) if found == case.expected => Outcome::Same,
        Ok(found) => {
            let diff = difference((&case.expected, "expected"), (&found, "found"));
            Outcome::Different { diff, found }
        }
    })
}

/// A unified diff of two answers, each with its name.
pub fn difference(before: (&str, &str), after: (&str, &str)) -> String {
    let diff = TextDiff::from_lines(before.0, after.0);
    diff.unified_diff().context_radius(3).header(before.1, after.1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_among_prose_are_cases() {
        let text = "# A\n\n```log\none\n```\n\nWhy.\n\n```expected\n- x\n```\n\n```sh\nls\n```\n";
        let cases = parse(Path::new("a.md"), text, World::Analyzer).expect("cases");
        assert_eq!(cases.len(), 1);
        assert_eq!((cases[0].line, cases[0].expected.as_str()), (3, "- x\n"));
        assert_eq!(&text[cases[0].place.clone()], "- x\n");
    }

    #[test]
    fn a_longer_fence_may_have_shorter_ones_inside() {
        let text = "````log\n```\nnot the end\n```\n````\n\n```expected\n```\n";
        let cases = parse(Path::new("a.md"), text, World::Analyzer).expect("cases");
        let Input::Artifact { text, .. } = &cases[0].input else { panic!("a log") };
        assert_eq!(text, "```\nnot the end\n```\n");
    }

    #[test]
    fn each_line_of_a_block_is_a_text_for_an_embedder() {
        let text = "```texts\none\n\ntwo\n```\n```expected\n1 | 2 | 0.5000\n```\n";
        let cases = parse(Path::new("a.md"), text, World::Embedder).expect("cases");
        assert_eq!(cases[0].input, Input::Texts(vec!["one".to_owned(), "two".to_owned()]));
        let refused = |text: &str| parse(Path::new("a.md"), text, World::Embedder).expect_err("refused");
        assert!(refused("```texts\n```\n```expected\n```\n").contains("needs a block of `texts`"));
        let many = format!("```texts\n{}```\n```expected\n```\n", "x\n".repeat(65));
        assert!(refused(&many).contains("has 65 texts, may have at most 64"));
    }

    #[test]
    fn what_is_not_whole_is_refused_with_its_place() {
        let refused = |text: &str, world| parse(Path::new("a.md"), text, world).expect_err("refused");
        assert!(refused("```log\na\n```\n", World::Analyzer).starts_with("a.md:1: no block `expected`"));
        assert!(refused("\n```expected\n```\n", World::Analyzer).starts_with("a.md:2: "));
        let broken = "```error\nmesage: x\n```\n```spells\n[]\n```\n```expected\n```\n";
        assert!(refused(broken, World::Matcher).contains("mesage"), "{}", refused(broken, World::Matcher));
    }
}
