//! Turns artifacts into diagnostics with matching spells.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use futures::StreamExt as _;
use futures::stream;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::{Diagnostic, Location, Role, Span};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::{DiagnosedError, Diagnosis, PluginProblem};
use grimoire_ports::github::ByteStream;

use crate::judge::Judge;
use crate::merge::{Identity, identity};
use crate::{AnalysisReport, MatchReport, PipelineError};

impl Judge {
    /// Extracts the errors of an artifact and ranks the spells for each of them. Errors as for
    /// [`Judge::analyze`].
    #[tracing::instrument(skip_all, fields(artifact = artifact.name))]
    pub async fn diagnose(
        &self,
        artifact: &Artifact,
        content: ByteStream,
    ) -> Result<Diagnosis, PipelineError> {
        let report = self.analyze(artifact, content).await?;
        self.match_reports(vec![(artifact.name.clone(), report)]).await
    }

    /// Ranks the spells for all diagnostics of some artifacts. A defect in several of them is reported once,
    /// under the first, with the total count. Fails with `Conflict` if a report was made by another generation
    /// of plugins.
    pub async fn match_reports(
        &self,
        reports: Vec<(String, AnalysisReport)>,
    ) -> Result<Diagnosis, PipelineError> {
        let generation = self.generation();
        let mut diagnosis = Diagnosis { generation, ..Diagnosis::default() };
        let mut problems: Vec<PluginProblem> = Vec::new();
        let mut plugins = BTreeSet::new();
        let mut routes = BTreeSet::new();
        let mut first: HashMap<Identity, usize> = HashMap::new();
        for (name, report) in reports {
            if report.generation != generation {
                return Err(PipelineError::new(
                    ErrorKind::Conflict,
                    format!(
                        "{name:?} was analyzed by the plugins of generation {}, and is to be matched by those of generation {generation}: analyze it again",
                        report.generation
                    ),
                ));
            }
            problems.extend(report.problems);
            plugins.extend(report.plugins);
            routes.extend(report.routes);
            diagnosis.gaps.extend(report.gaps.into_iter().map(|gap| prefixed(&name, gap)));
            for found in report.diagnostics {
                match first.get(&identity(&found.diagnostic)) {
                    Some(&index) => {
                        let count = &mut diagnosis.errors[index].count;
                        *count = count.saturating_add(found.count);
                    }
                    None => {
                        first.insert(identity(&found.diagnostic), diagnosis.errors.len());
                        diagnosis.errors.push(DiagnosedError {
                            artifact: name.clone(),
                            diagnostic: found.diagnostic,
                            count: found.count,
                            spells: Vec::new(),
                        });
                    }
                }
            }
        }

        let groups = self.groups(&mut diagnosis);
        // The number of groups is bounded, and so is the number of concurrent calls.
        let matched: Vec<(Vec<usize>, Result<MatchReport, PipelineError>)> = stream::iter(groups)
            .map(|(diagnostic, members)| async move {
                let report = self.match_diagnostic(&diagnostic).await;
                (members, report)
            })
            .buffered(self.pipeline.settings().concurrency.max(1))
            .collect()
            .await;
        let mut sequence = None;
        for (members, report) in matched {
            let report = report?;
            diagnosis.degraded |= report.degraded;
            problems.extend(report.problems);
            plugins.extend(report.plugins);
            routes.extend(report.route);
            // The oldest state of the spellbook that any part of the answer is based on.
            sequence = Some(sequence.map_or(report.sequence, |known: _| report.sequence.min(known)));
            for index in members {
                diagnosis.errors[index].spells.clone_from(&report.spells);
            }
        }
        diagnosis.sequence = sequence.unwrap_or_else(|| self.pipeline.ports().search.progress().sequence).0;
        let mut told = BTreeSet::new();
        problems.retain(|problem| told.insert(problem.clone()));
        diagnosis.problems = problems;
        diagnosis.plugins = plugins.into_iter().collect();
        diagnosis.routes = routes.into_iter().collect();
        Ok(diagnosis)
    }

    /// The diagnostics to match: those that differ only in their position within a file share one call. For a
    /// failed run, only the causes are matched: nobody looks for the fix of a warning then.
    fn groups(&self, diagnosis: &mut Diagnosis) -> Vec<(Diagnostic, Vec<usize>)> {
        let mut known: HashMap<Diagnostic, usize> = HashMap::new();
        let mut groups: Vec<(Diagnostic, Vec<usize>)> = Vec::new();
        let wanted = most_telling(diagnosis.errors.iter().map(|error| error.diagnostic.role));
        let of_interest =
            diagnosis.errors.iter().enumerate().filter(|(_, error)| Some(error.diagnostic.role) == wanted);
        for (index, error) in of_interest {
            let placeless = placeless(&error.diagnostic);
            match known.get(&placeless) {
                Some(&group) => groups[group].1.push(index),
                None => {
                    known.insert(placeless.clone(), groups.len());
                    groups.push((placeless, vec![index]));
                }
            }
        }
        let most = self.pipeline.settings().errors_per_diagnosis;
        if groups.len() > most {
            groups.sort_by_key(|(diagnostic, _)| Reverse(diagnostic.severity));
            let left: usize = groups.drain(most..).map(|(_, members)| members.len()).sum();
            diagnosis.gaps.push(format!("{left} further errors were not matched with spells"));
        }
        groups
    }
}

/// The most important of the roles.
fn most_telling(roles: impl Iterator<Item = Role>) -> Option<Role> {
    roles.min()
}

fn placeless(diagnostic: &Diagnostic) -> Diagnostic {
    let location = diagnostic.location.as_ref().map(|location| Location {
        path: location.path.clone(),
        start: None,
        end: None,
    });
    Diagnostic { location, span: Span::default(), ..diagnostic.clone() }
}

fn prefixed(name: &str, gap: String) -> String {
    if name.is_empty() { gap } else { format!("{name}: {gap}") }
}
