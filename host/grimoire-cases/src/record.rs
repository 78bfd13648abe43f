//! Writes what a plugin was given as a case, with its answer as the expected one.

use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::secrets;
use grimoire_ports::PortError;
use grimoire_ports::plugins::PluginSet;

use crate::input::block;
use crate::{Input, MatcherInput, Outcome, World, parse, run};

/// A written case.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its blocks.
    pub text: String,
    /// The failure, if the plugin gave no answer; the expected answer is empty then.
    pub problem: Option<PluginProblem>,
}

/// Asks a plugin of a set, and writes the input and the answer. Secrets are masked before it is asked, so that the answer
/// is that to the case, to the last byte.
///
/// # Errors
///
/// `Invalid` if the input has no form as a case; and if the host cannot run the plugin.
pub async fn record(
    set: &dyn PluginSet,
    plugin: &str,
    world: World,
    input: &Input,
) -> Result<Recorded, PortError> {
    let invalid = |why: String| PortError::new(ErrorKind::Invalid, why);
    let given = masked(input).write().map_err(invalid)?;
    // Read again, because what an author will ask with is the text.
    let asked = format!("{given}\n{}", block("expected", ""));
    let case = parse(Path::new("recorded.md"), &asked, world).map_err(invalid)?.remove(0);
    let (expected, problem) = match run(set, plugin, &case).await? {
        Outcome::Same => (String::new(), None),
        Outcome::Different { found, .. } => (found, None),
        Outcome::Failed(problem) => (String::new(), Some(problem)),
    };
    Ok(Recorded { text: format!("{given}\n{}", block("expected", &expected)), problem })
}

fn masked(input: &Input) -> Input {
    match input {
        Input::Artifact { kind, text } => {
            Input::Artifact { kind: *kind, text: secrets::mask(text).into_owned() }
        }
        Input::Error(input) => {
            let MatcherInput { mut error, candidates } = input.as_ref().clone();
            error.mask_secrets();
            Input::Error(Box::new(MatcherInput { error, candidates }))
        }
        Input::Texts(texts) => {
            Input::Texts(texts.iter().map(|text| secrets::mask(text).into_owned()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use grimoire_domain::artifact::ArtifactKind;
    use grimoire_domain::diagnostic::{Diagnostic, Frame, Kind, Location, Position, Role, Severity, Span};
    use grimoire_domain::ranking::Candidate;
    use grimoire_domain::scope::Scope;
    use grimoire_domain::spell::{Outcomes, SpellFields, SpellSource};
    use grimoire_ports::fakes::ScriptedSet;

    use super::*;
    use crate::{candidate, spell};

    fn read(text: &str, world: World) -> Input {
        parse(Path::new("a.md"), text, world).expect("a case").remove(0).input
    }

    fn question() -> MatcherInput {
        let error = Diagnostic {
            tool: "pytest".to_owned(),
            error_type: "KeyError".to_owned(),
            code: Some("no".to_owned()),
            message: "KeyError: 'lid' # not a comment\n  null: ```".to_owned(),
            severity: Severity::Fatal,
            kind: Kind::Test,
            role: Role::Consequence,
            test: Some("tests/test_pot.py::test_lid[1.0]".to_owned()),
            location: Some(Location {
                path: "src/pot.py".to_owned(),
                start: Some(Position { line: 3, column: None }),
                end: None,
            }),
            stack_trace: vec![Frame {
                function: Some("<lambda>".to_owned()),
                location: None,
                text: "  ~".to_owned(),
            }],
            context: "\ttabs and trailing spaces  \n\n\u{1b}[31m\r\n".to_owned(),
            span: Span { start: 17, end: 99 },
            facts: vec![("exit-code".to_owned(), "1".to_owned())],
            ..Diagnostic::default()
        };
        let fields = SpellFields {
            title: "yes: no".to_owned(),
            description: "# heading\n```sh\nls\n```\n".to_owned(),
            error_type: "KeyError".to_owned(),
            error_pattern: r"KeyError: '(\w+)'".to_owned(),
            covers_code: true,
            solution_code: "````\nd.get(k)\n````".to_owned(),
            tags: ["python".to_owned(), "hint".to_owned()].into(),
            source: SpellSource::Mined,
            confidence: Some(0.1),
            scope: Scope::parse("octo/*").expect("a scope"),
            ..SpellFields::default()
        };
        let spell = spell(42, fields.validate().expect("a spell"));
        let outcomes = Outcomes { offered: 12, fixed: 7 };
        let known = Candidate { outcomes, ..candidate(&error, spell, 0.1 + 0.2) };
        MatcherInput { error, candidates: vec![known] }
    }

    #[tokio::test]
    async fn a_recorded_question_is_read_as_it_was() {
        let input = Input::Error(Box::new(question()));
        let set = ScriptedSet::default();
        let recorded = record(&set, "scripted-matcher", World::Matcher, &input).await.expect("a case");
        assert_eq!(recorded.problem, None);
        assert_eq!(read(&recorded.text, World::Matcher), input, "{}", recorded.text);
        let cases = parse(Path::new("a.md"), &recorded.text, World::Matcher).expect("cases");
        let outcome = run(&set, "scripted-matcher", &cases[0]).await.expect("an answer");
        assert_eq!(outcome, Outcome::Same);
        assert!(cases[0].expected.contains("| yes: no\n"), "{}", cases[0].expected);
    }

    #[tokio::test]
    async fn a_recorded_log_is_read_as_it_was() {
        let text = "\u{1b}[31merror\u{1b}[0m\r\n````\nfenced\n```expected\n\n  the end".to_owned();
        let input = Input::Artifact { kind: ArtifactKind::Log, text: text.clone() };
        let recorded = record(&ScriptedSet::default(), "scripted-analyzer", World::Analyzer, &input).await;
        let recorded = recorded.expect("a case").text;
        let Input::Artifact { text: read, .. } = read(&recorded, World::Analyzer) else { panic!("a log") };
        assert_eq!(read, text + "\n");
    }

    #[tokio::test]
    async fn secrets_are_masked_before_the_plugin_is_asked() {
        let token = format!("ghp_{}", "a1B2c3D4".repeat(5));
        let mut question = question();
        question.error.message = format!("denied: {token}");
        question.error.context = format!("Authorization: Bearer {token}");
        let log = Input::Artifact { kind: ArtifactKind::Log, text: format!("push with {token}\n") };
        let set = ScriptedSet::default();
        for (plugin, world, input) in [
            ("scripted-matcher", World::Matcher, Input::Error(Box::new(question))),
            ("scripted-analyzer", World::Analyzer, log),
        ] {
            let text = record(&set, plugin, world, &input).await.expect("a case").text;
            assert!(!text.contains(&token) && text.contains(secrets::MASK), "{text}");
        }
    }

    #[tokio::test]
    async fn what_has_no_form_as_a_case_is_refused() {
        let input = Input::Artifact { kind: ArtifactKind::Report, text: "<xml/>".to_owned() };
        let error = record(&ScriptedSet::default(), "scripted-analyzer", World::Analyzer, &input).await;
        assert_eq!(error.expect_err("no block").kind(), ErrorKind::Invalid);
    }
}
