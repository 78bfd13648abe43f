use super::*;
use crate::LineReader;
use proptest::prelude::*;

fn outline(log: &[u8]) -> Outline {
    let mut reader = LineReader::new(16 * 1024);
    let mut steps = Steps::default();
    reader.feed(log, &mut |line| steps.line(line));
    reader.finish(&mut |line| steps.line(line));
    steps.finish()
}

/// The outcome of each step, `+` passed, `-` failed, `?` unknown, and of the run.
fn outcomes(log: &str) -> String {
    let letter = |outcome| match outcome {
        Outcome::Passed => '+',
        Outcome::Failed => '-',
        Outcome::Unknown => '?',
    };
    let outline = outline(log.as_bytes());
    let steps: String = outline.steps.iter().map(|step| letter(step.outcome)).collect();
    format!("{steps} {}", letter(outline.run))
}

const LINT: &str = "##[group]Run lint\n\x1b[36;1mlint\x1b[0m\nshell: bash\n##[endgroup]\na.c:1: error: x\n##[error]a.c:1: error: x\nall good\n";
const TEST: &str = "##[group]Run test\n\x1b[36;1mtest\x1b[0m\nshell: bash\n##[endgroup]\nassertion failed\n";

#[test]
fn a_github_step_failed_when_the_runner_says_so_and_passed_when_the_job_went_on() {
    let failed =
        format!("Prepare\n{LINT}{TEST}##[error]Process completed with exit code 1.\nPost job cleanup.\n");
    assert_eq!(outcomes(&failed), "++-+ -");
    assert_eq!(outcomes(&format!("Prepare\n{LINT}{TEST}Post job cleanup.\n")), "++++ +");
    assert_eq!(outcomes(&format!("Prepare\n{LINT}{TEST}")), "++? ?", "cut off: nobody knows");
    let action = "##[group]Run some/action@v1\nwith:\n##[endgroup]\n##[error]no input\n";
    assert_eq!(outcomes(&format!("{TEST}{action}Post job cleanup.\n")), "++-+ -");
    assert_eq!(outcomes(&format!("{action}{TEST}##[error]Process completed with exit code 2.\n")), "+-- -");
}

#[test]
fn of_a_step_that_ended_it_is_known_at_once_whether_it_spoke_of_a_failure() {
    let log = format!("{LINT}{TEST}##[error]Process completed with exit code 1.\n{TEST}{TEST}");
    let mut reader = LineReader::new(16 * 1024);
    let mut steps = Steps::default();
    let mut bad = Vec::new();
    reader.feed(log.as_bytes(), &mut |line| {
        let before = steps.count();
        steps.line(line);
        if steps.count() > before {
            bad.extend(steps.ended_badly());
        }
    });
    let text = |step: &Span| {
        &log[usize::try_from(step.start).expect("small")..usize::try_from(step.end).expect("small")]
    };
    let bad: Vec<_> = bad.iter().map(text).collect();
    assert_eq!(bad, [LINT, &format!("{TEST}##[error]Process completed with exit code 1.\n")]);
}

#[test]
fn a_group_that_a_script_opens_is_no_step() {
    assert_eq!(outcomes("##[group]Run of the mill\ntext\n##[endgroup]\n"), "? ?");
}

#[test]
fn columns_tell_the_steps_of_a_printed_run() {
    let line = |step: &str, text: &str| format!("build\t{step}\t2024-09-15T07:40:01.7105816Z {text}\n");
    let log = line("Lint", "x")
        + &line("Test", "y")
        + &line("Test", "##[error]Process completed with exit code 1.")
        + &line("Post Lint", "z");
    assert_eq!(outcomes(&log), "++-? -");
}

#[test]
fn other_systems() {
    assert_eq!(
        outcomes(
            "##[section]Starting: Build\n##[section]Finishing: Build\n##[section]Starting: Test\n##[error]Bash exited with code '1'.\n##[section]Finishing: Test\n"
        ),
        "++- -"
    );
    assert_eq!(
        outcomes(
            "section_start:1:prepare_executor\nx\nsection_end:1:prepare_executor\nsection_start:1:step_script\nerror\nsection_end:1:step_script\nsection_start:1:cleanup_file_variables\nERROR: Job failed: exit code 1\n"
        ),
        "++-? -"
    );
    assert_eq!(outcomes("section_start:1:step_script\nerror\nJob succeeded\n"), "+? +");
    assert_eq!(
        outcomes(
            "travis_fold:start:install\ninstalled\nThe command \"install\" exited with 0.\nmake\nerror\nThe command \"make\" exited with 2.\nDone. Your build exited with 1.\n"
        ),
        "?+-? -"
    );
    assert_eq!(outcomes("[Pipeline] { (Test)\nx\nFinished: SUCCESS\n"), "?? +");
    assert_eq!(outcomes("~~~ Running command\nx\n🚨 Error: The command exited with status 1\n"), "+- -");
}

#[test]
fn an_offset_lies_in_the_step_that_began_before_it() {
    let log = format!("{LINT}{TEST}##[error]Process completed with exit code 1.\n");
    let outline = outline(log.as_bytes());
    let inside = |text: &str| log.find(text).map(|at| outline.outcome_at(at as u64));
    assert_eq!(inside("all good"), Some(Outcome::Passed));
    assert_eq!(inside("assertion failed"), Some(Outcome::Failed));
}

proptest! {
    #[test]
    fn any_lines_give_steps_in_order(pieces in proptest::collection::vec(prop::sample::select(vec![
        LINT, TEST, "x\n", "\n", "##[error]x\n", "##[error]Process completed with exit code 1.\n", "Post job cleanup.\n",
        "##[section]Starting: A\n", "section_start:1:a\n", "travis_fold:start:a\n", "The command \"a\" exited with 0.\n",
        "Finished: FAILURE\n", "a\tb\t2024-09-15T07:40:01Z c\n", "~~~ a\n", "[Pipeline] { (A)\n", "Job succeeded\n",
    ]), 0..30)) {
        let outline = outline(pieces.concat().as_bytes());
        prop_assert!(outline.steps.is_sorted_by_key(|step| step.start));
        prop_assert!(outline.steps.first().is_none_or(|step| step.start == 0));
    }
}
