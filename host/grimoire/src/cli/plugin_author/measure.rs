//! `grimoire plugin bench` and `grimoire plugin conformance`.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anstyle::AnsiColor;
use comfy_table::{CellAlignment, Table, presets};
use grimoire_authoring::bench::{self, Figures};

use super::subject::{self, Subject};
use crate::console;
use crate::exit::{Exit, Reported};

/// The arguments of `grimoire plugin bench`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BenchArguments {
    /// A component or a plugin's folder; a second one is compared with the first.
    #[arg(value_name = "FILE|FOLDER", num_args = 1..=2, default_value = ".", hide_default_value = true)]
    places: Vec<PathBuf>,
    /// The cases that the input is made of, instead of those of the first plugin's folder.
    #[arg(long, value_name = "FILE|FOLDER")]
    cases: Option<PathBuf>,
    /// The number of calls.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    calls: u32,
}

/// The arguments of `grimoire plugin conformance`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConformanceArguments {
    /// A component, or a plugin's folder.
    #[arg(value_name = "FILE|FOLDER", default_value = ".", hide_default_value = true)]
    place: PathBuf,
    /// The cases that hostile inputs are made of, instead of those of the plugin's folder.
    #[arg(long, value_name = "FILE|FOLDER")]
    cases: Option<PathBuf>,
}

/// Runs `grimoire plugin bench`.
pub(super) async fn bench(arguments: BenchArguments) -> anyhow::Result<Exit> {
    let subjects =
        arguments.places.iter().map(|place| Subject::open(place)).collect::<anyhow::Result<Vec<_>>>()?;
    let first = &subjects[0];
    let (world, cases) = (first.world()?, first.cases(arguments.cases.as_deref())?);
    let mut measured = Vec::new();
    for subject in &subjects {
        if subject.world()? != world {
            let message = format!(
                "{} is of the world {}, {} of {world}: only plugins of one world can be compared",
                subject.path.display(),
                subject.world()?,
                first.path.display()
            );
            return Err(Reported(Exit::Usage, message).into());
        }
        let calls = usize::try_from(arguments.calls).unwrap_or(usize::MAX);
        let measuring = bench::run(&subject.bytes, &subject.description, &cases, calls, subject::cache());
        let figures = console::announced(measuring, "compiling and measuring…").await;
        measured.push(
            figures.map_err(|error| Reported(Exit::Data, format!("{}: {error}", subject.path.display())))?,
        );
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec![format!("ONE CALL: {}", bench::task(world))];
    header.extend(subjects.iter().map(|subject| subject.path.display().to_string()));
    if subjects.len() == 2 {
        header.push("RATIO".to_owned());
    }
    table.set_header(header);
    for row in rows(&measured) {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut output = console::output();
    writeln!(output, "{table}")?;
    output.flush()?;
    Ok(Exit::Ok)
}

fn rows(measured: &[Figures]) -> Vec<Vec<String>> {
    let row = |name: &str, value: &dyn Fn(&Figures) -> f64, shown: &dyn Fn(f64) -> String| {
        let values: Vec<f64> = measured.iter().map(value).collect();
        let mut row = vec![name.to_owned()];
        row.extend(values.iter().map(|value| shown(*value)));
        if let [first, second] = values[..] {
            row.push(format!("{:.2}", second / first));
        }
        row
    };
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let time = |value: f64| format!("{value:.3} ms");
    vec![
        row("computing, median", &|figures| milliseconds(figures.median), &time),
        row("computing, 95th percentile", &|figures| milliseconds(figures.p95), &time),
        row("of which instantiation", &|figures| milliseconds(figures.instantiation), &time),
        row("instructions (fuel)", &|figures| figures.fuel as f64, &|value| format!("{value:.0}")),
        row("memory", &|figures| figures.memory as f64, &|value| format!("{:.0} KiB", value / 1024.0)),
    ]
}

/// Runs `grimoire plugin conformance`.
pub(super) async fn conformance(arguments: ConformanceArguments) -> anyhow::Result<Exit> {
    let subject = Subject::open(&arguments.place)?;
    let cases = subject.cases(arguments.cases.as_deref())?;
    if cases.is_empty() {
        console::note(
            "without cases no input contains text that the plugin recognises: name some with --cases",
        );
    }
    let bench = subject.start().await?;
    let asking = grimoire_authoring::conformance::run(&bench, &cases);
    let findings = console::announced(asking, "asking…").await?;
    let mut output = console::output();
    let (good, bad) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default());
    for finding in &findings {
        let milliseconds = finding.took.as_secs_f64() * 1000.0;
        match &finding.problem {
            None => writeln!(output, "{good}ok    {good:#} {milliseconds:9.1} ms  {}", finding.input)?,
            Some(problem) => {
                writeln!(
                    output,
                    "{bad}FAILED{bad:#} {milliseconds:9.1} ms  {}\n         {problem}",
                    finding.input
                )?;
            }
        }
    }
    let failed = findings.iter().filter(|finding| finding.problem.is_some()).count();
    writeln!(output, "{} of {} inputs passed", findings.len() - failed, findings.len())?;
    output.flush()?;
    Ok(if failed == 0 { Exit::Ok } else { Exit::Data })
}
