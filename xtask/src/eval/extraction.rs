//! `cargo xtask eval extraction`: measures what the shipped analyzers find in labelled logs, on the
//! same path as a user's log: the components in their sandbox, then the pipeline's merge.

mod score;
mod table;

use std::collections::BTreeMap;

use grimoire_pipeline::{CountedDiagnostic, Settings};
use serde::{Deserialize, Serialize};

use grimoire_search_tantivy::Options;

use super::Files;
use super::components::Components;
use super::data::{Output, print, rows};
use score::score_case;
use table::Totals;

/// A labelled log.
#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    tool: String,
    /// True if the labels are complete, so that anything else found is wrong.
    exhaustive: bool,
    log_text: String,
    expected: Vec<Expected>,
}

/// A labelled error in a log.
#[derive(Debug, Clone, Default, Deserialize)]
struct Expected {
    file: Option<String>,
    line: Option<i64>,
    column: Option<i64>,
    severity: Option<String>,
    code: Option<String>,
    message_substring: Option<String>,
}

/// A found error.
#[derive(Debug, Clone, Default, Serialize)]
struct Found {
    file: Option<String>,
    line: Option<i64>,
    column: Option<i64>,
    code: Option<String>,
    severity: String,
    message: String,
    tool: String,
}

/// The findings in one log.
#[derive(Debug, Serialize)]
struct Prediction<'c> {
    id: &'c str,
    errors: &'c [Found],
}

impl From<CountedDiagnostic> for Found {
    fn from(counted: CountedDiagnostic) -> Self {
        let diagnostic = counted.diagnostic;
        let start = diagnostic.location.as_ref().and_then(|location| location.start);
        Self {
            file: diagnostic.location.map(|location| location.path),
            line: start.map(|start| start.line.into()),
            column: start.and_then(|start| start.column).map(Into::into),
            code: diagnostic.code,
            severity: diagnostic.severity.as_str().to_owned(),
            message: diagnostic.message,
            tool: diagnostic.tool,
        }
    }
}

/// Analyzes every log of the data and prints the share of correct results.
pub(super) fn run(files: &Files) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(files))
}

async fn measure(files: &Files) -> anyhow::Result<()> {
    let components = Components::start(Settings::default(), Options::default()).await?;
    let mut output = Output::create(files.predictions.as_deref())?;
    let mut totals = Totals::default();
    let mut problems: BTreeMap<String, usize> = BTreeMap::new();
    for case in rows::<Case>(&files.data)? {
        let case = case?;
        let report = components.analyze(&case.id, case.log_text.clone()).await?;
        for problem in report.problems {
            *problems
                .entry(format!("{}: {} ({})", problem.plugin, problem.reason, problem.detail))
                .or_default() += 1;
        }
        let errors: Vec<Found> = report.diagnostics.into_iter().map(Found::from).collect();
        output.write(&Prediction { id: &case.id, errors: &errors })?;
        let row = score_case(&case, &errors);
        for name in [case.tool.as_str(), table::ALL] {
            totals.add(name, &row);
        }
    }
    output.finish()?;
    components.stop().await?;
    print(&totals.render())?;
    for (problem, count) in problems {
        print(&format!("{count} × {problem}\n"))?;
    }
    Ok(())
}
