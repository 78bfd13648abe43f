//! The job that reviews a pull request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use grimoire_domain::actor::Actor;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::ranking::keyword_verdicts;
use grimoire_domain::repository::CommitSha;
use grimoire_pipeline::Settings;
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock as _;
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedMatchers, ScriptedPlugins};
use grimoire_ports::github::{FailedJob, GitHub as _, PullRequest};
use grimoire_ports::store::{JobFilter, JobStore as _};

use crate::world::{
    LOG, World, check_payload, commit, pull_request, pull_request_payload, repository, review_key,
};

fn unavailable() -> PortError {
    PortError::new(ErrorKind::Unavailable, "GitHub cannot be reached")
}

#[tokio::test]
async fn a_failing_pull_request_gets_one_comment_with_the_fix() {
    let world = World::new();
    let spell = world.moved_value_spell().await;
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    let job = world.opened(7, &head).await;
    world.run_due().await;

    let steps = ["queued", "started", "fetched", "analyzed", "matched", "stored", "succeeded"];
    assert_eq!(world.steps(job).await, steps);
    let publisher = world.publisher().await;
    assert_eq!(world.steps(publisher).await, ["queued", "started", "published", "succeeded"]);
    assert_eq!(world.publications().await, 0, "the outbox is empty");
    let review =
        world.pipeline.get_review(&review_key(7, &head), &Actor::COMMAND_LINE).await.expect("written");
    assert_eq!(review.job, job);
    assert_eq!(review.diagnosis.errors[0].spells[0].id, spell.id);
    let comments = world.github.comments(&pull_request(7));
    assert_eq!(comments.len(), 1);
    for part in
        ["a fix for 1 of 2 errors", "`E0382`", "use of moved value: `names`", "let copy = names.clone();"]
    {
        assert!(comments[0].contains(part), "{part}: {}", comments[0]);
    }
    assert!(!comments[0].contains("nobody knows"), "only what has a fix is told: {}", comments[0]);
    assert_eq!(review.comment.map(|comment| comment.id), Some(1));

    // Both artifacts were read, the diff as a diff.
    let seen: Vec<String> = world.analyzers.seen().into_iter().map(|artifact| artifact.name).collect();
    assert_eq!(seen, ["diff", "build"]);
}

#[tokio::test]
async fn where_nothing_is_known_nothing_is_said() {
    let world = World::new();
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    let job = world.opened(7, &head).await;
    world.run_due().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new());
    assert!(!world.github.calls().contains(&"upsert_comment"));
    let review = world
        .pipeline
        .latest_review(&pull_request(7), &Actor::COMMAND_LINE)
        .await
        .expect("read")
        .expect("written");
    assert_eq!((review.comment, review.diagnosis.errors.len()), (None, 2));
}

#[tokio::test]
async fn an_earlier_comment_stays_until_ci_has_passed_and_then_says_fixed() {
    let world = World::new();
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    world.opened(7, &commit('a')).await;
    world.run_due().await;
    let told = world.github.comments(&pull_request(7));

    world.put_pull_request(7, &commit('b'), true);
    world.opened(7, &commit('b')).await;
    world.run_due().await;
    assert_eq!(world.github.comments(&pull_request(7)), told, "nobody knows yet how the new commit does");

    world.github.pass(&repository(), &commit('b'));
    let passed = check_payload("success", &commit('b'), &[7]);
    let receipt = world.deliver("d-passed", "check_run", &passed).await;
    assert_eq!(receipt.status(), "success", "{receipt:?}");
    world.run_due().await;
    let comments = world.github.comments(&pull_request(7));
    assert_eq!(comments.len(), 1, "edited, not added");
    assert!(comments[0].contains("**Grimoire**: fixed at `bbbbbbb`"), "{}", comments[0]);
    assert!(comments[0].contains("use of moved value: `names`"), "{}", comments[0]);

    let again = world.deliver("d-again", "check_run", &passed).await;
    assert_eq!(again.reason(), Some("CI has not failed"), "it was told already");
}

#[tokio::test]
async fn the_label_silences_a_pull_request() {
    let world = World::new();
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let labelled = PullRequest {
        id: pull_request(7),
        head_sha: commit('a'),
        open: true,
        draft: false,
        title: String::new(),
        labels: vec!["no-grimoire".to_owned()],
    };
    world.github.put_pull_request(labelled, "");
    world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new());
}

#[tokio::test]
async fn who_wants_it_loud_hears_that_nothing_matched() {
    let world = World::with(Settings { quiet: false, ..Settings::default() }, |_| {});
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert!(world.github.comments(&pull_request(7))[0].contains("knows no fix for the 2 errors"));
}

#[tokio::test]
async fn a_log_that_is_gone_is_a_gap_and_the_others_are_read() {
    let world = World::new();
    world.moved_value_spell().await;
    let head = commit('a');
    world.failing_pull_request(7, &head, None);
    let second = FailedJob { id: 99, name: "test".to_owned(), page: None };
    world.github.put_failed_job(&repository(), &head, second, Some(LOG));
    let job = world.opened(7, &head).await;
    world.run_due().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
    let review =
        world.pipeline.get_review(&review_key(7, &head), &Actor::COMMAND_LINE).await.expect("written");
    assert_eq!(review.diagnosis.gaps.len(), 1);
    assert!(review.diagnosis.gaps[0].contains("the log of build"), "{:?}", review.diagnosis.gaps);
    assert!(world.github.comments(&pull_request(7))[0].contains("Not looked at: the log of build"));
}

/// A pull request with two failed jobs: the log of `build` fails this many times, that of `test` succeeds.
async fn two_failed_jobs(times: usize) -> (World, JobId) {
    let world = World::new();
    world.moved_value_spell().await;
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    let second = FailedJob { id: 99, name: "test".to_owned(), page: None };
    world.github.put_failed_job(&repository(), &head, second, Some(LOG));
    for _ in 0..times {
        world.github.fail_next("job_log", unavailable());
    }
    let job = world.opened(7, &head).await;
    (world, job)
}

#[tokio::test]
async fn a_log_that_fails_in_passing_is_waited_for() {
    let (world, job) = two_failed_jobs(3).await;
    world.run_due().await;
    let waiting = world.job(job).await;
    assert_eq!(waiting.state, JobState::Queued);
    let reason = "the log of build could not be read: GitHub cannot be reached";
    assert_eq!(waiting.last_error.as_deref(), Some(reason));
    world.run_all().await;
    assert_eq!((world.state(job).await, world.job(job).await.attempts), (JobState::Succeeded, 4));
    let review =
        world.pipeline.get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE).await.expect("written");
    assert_eq!(review.diagnosis.gaps, Vec::<String>::new());
    assert!(!world.steps(job).await.contains(&"missed".to_owned()));
}

#[tokio::test]
async fn a_log_that_goes_on_failing_does_not_silence_the_others() {
    let (world, job) = two_failed_jobs(4).await;
    world.run_all().await;
    assert_eq!((world.state(job).await, world.job(job).await.attempts), (JobState::Succeeded, 4));
    let reason = "the log of build could not be read: GitHub cannot be reached";
    let review =
        world.pipeline.get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE).await.expect("written");
    assert_eq!(review.diagnosis.gaps, [reason]);
    assert_eq!(review.diagnosis.errors[0].artifact, "test");
    let comments = world.github.comments(&pull_request(7));
    assert!(comments[0].contains("Use of a moved value"), "{}", comments[0]);
    assert!(comments[0].contains(&format!("Not looked at: {reason}")), "{}", comments[0]);
    let events = world.store.events_after(job, 0, 100).await.expect("read");
    let missed: Vec<_> = events.iter().filter(|event| event.step == "missed").collect();
    assert_eq!(missed.iter().map(|event| event.message.as_str()).collect::<Vec<_>>(), [reason]);
}

#[tokio::test]
async fn a_log_that_breaks_off_again_and_again_does_not_silence_the_others() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::analyzing(ScriptedAnalyzers::new(|artifact, _| {
            match artifact.name.as_str() {
                "build" => Err(PortError::new(ErrorKind::Timeout, "the log did not arrive in time")),
                _ => Ok(Vec::new()),
            }
        })));
    });
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    let job = world.opened(7, &head).await;
    world.run_all().await;
    assert_eq!((world.state(job).await, world.job(job).await.attempts), (JobState::Succeeded, 4));
    let review =
        world.pipeline.get_review(&review_key(7, &head), &Actor::COMMAND_LINE).await.expect("written");
    assert_eq!(review.diagnosis.gaps, ["the log of build could not be read: the log did not arrive in time"]);
}

#[tokio::test]
async fn the_last_attempt_waits_out_a_rate_limit_all_the_same() {
    let (world, job) = two_failed_jobs(3).await;
    world.github.fail_next("job_log", PortError::new(ErrorKind::TooManyRequests, "the limit is used up"));
    world.run_all().await;
    assert_eq!((world.state(job).await, world.job(job).await.attempts), (JobState::Succeeded, 5));
    let review =
        world.pipeline.get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE).await.expect("written");
    assert_eq!(review.diagnosis.gaps, Vec::<String>::new());
}

#[tokio::test]
async fn a_review_of_nothing_is_a_dead_letter_that_says_what_failed() {
    let world = World::new();
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    for _ in 0..4 {
        world.github.fail_next("diff", unavailable());
    }
    world.github.fail_next("job_log", unavailable());
    let job = world.opened(7, &head).await;
    world.run_all().await;
    let dead = world.job(job).await;
    assert_eq!((dead.state, dead.attempts), (JobState::Dead, 4));
    let reason = "given up after 4 failed attempts: the diff could not be read: GitHub cannot be reached";
    assert_eq!(dead.last_error.as_deref(), Some(reason));
    assert!(
        world.pipeline.latest_review(&pull_request(7), &Actor::COMMAND_LINE).await.expect("read").is_none()
    );
}

#[tokio::test]
async fn the_same_error_in_two_logs_is_told_once() {
    let (world, _) = two_failed_jobs(0).await;
    world.run_due().await;
    let head = commit('a');
    let review =
        world.pipeline.get_review(&review_key(7, &head), &Actor::COMMAND_LINE).await.expect("written");
    let told: Vec<_> =
        review.diagnosis.errors.iter().map(|error| (error.artifact.as_str(), error.count)).collect();
    assert_eq!(told, [("build", 2), ("build", 2)]);
}

#[tokio::test]
async fn without_a_token_the_dead_letter_names_the_setting() {
    let world = World::with(Settings::default(), |ports| ports.github = None);
    let job = world.opened(7, &commit('a')).await;
    world.run_due().await;
    let job = world.job(job).await;
    assert_eq!((job.state, job.attempts), (JobState::Dead, 1));
    assert!(job.last_error.expect("a reason").contains("GITHUB_API_TOKEN"));
}

#[tokio::test]
async fn a_pull_request_that_is_not_there_is_a_dead_letter_in_words() {
    let world = World::new();
    let job = world.opened(7, &commit('a')).await;
    world.run_due().await;
    let job = world.job(job).await;
    assert_eq!((job.state, job.attempts), (JobState::Dead, 1));
    assert!(job.last_error.expect("a reason").contains("octo/app#7 does not exist"));
}

#[tokio::test]
async fn a_closed_pull_request_cancels_and_a_draft_is_left_alone() {
    let world = World::new();
    world.put_pull_request(7, &commit('a'), false);
    let closed = world.opened(7, &commit('a')).await;
    let draft = PullRequest {
        id: pull_request(8),
        head_sha: commit('b'),
        open: true,
        draft: true,
        title: String::new(),
        labels: Vec::new(),
    };
    world.github.put_pull_request(draft, "");
    let check = world.deliver("d-1", "check_run", &check_payload("failure", &commit('b'), &[8])).await;
    world.run_due().await;
    assert_eq!(world.state(closed).await, JobState::Cancelled);
    let draft = check.receipt().job_id.expect("a job");
    assert_eq!(world.state(draft).await, JobState::Succeeded);
    assert_eq!(world.steps(draft).await, ["queued", "started", "skipped", "succeeded"]);
}

#[tokio::test]
async fn a_late_event_about_an_old_commit_leaves_the_work_to_the_head() {
    let world = World::new();
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('b'), Some(LOG));
    let late = world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert_eq!(world.state(late).await, JobState::Queued, "GitHub may lag: it is asked once more");
    world.run_all().await;
    assert_eq!(world.state(late).await, JobState::Superseded);
    let review = world
        .pipeline
        .latest_review(&pull_request(7), &Actor::COMMAND_LINE)
        .await
        .expect("read")
        .expect("written");
    assert_eq!(review.key.head_sha, commit('b'));
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1);
}

#[tokio::test]
async fn a_head_that_moves_while_it_is_reviewed_gets_no_comment_about_the_old_one() {
    let world = World::new();
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let slow = crate::world::SlowGitHub::new(world.github.clone());
    let world = World::over(&world, |ports| ports.github = Some(Arc::new(slow.clone())));
    let job = world.opened(7, &commit('a')).await;
    let ticking = tokio::spawn({
        let runner = world.runner.clone();
        async move { runner.tick().await }
    });
    slow.wait_until_called().await;
    world.put_pull_request(7, &commit('b'), true);
    slow.let_one_go();
    ticking.await.expect("no panic").expect("the store works");
    assert_eq!(world.state(job).await, JobState::Superseded);
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new());
    // Even if the webhook of the new head was lost, its job exists.
    let lane = JobFilter { lane: Some("octo/app#7".to_owned()), state: Some(JobState::Queued), kind: None };
    let queued =
        world.pipeline.list_jobs(&lane, PageRequest::default(), &Actor::COMMAND_LINE).await.expect("listed");
    assert_eq!(queued.items[0].spec.version.as_deref(), Some(commit('b').as_str()));
}

#[tokio::test]
async fn the_pull_request_of_a_fork_is_found_by_its_head() {
    let world = World::new();
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let taken = world.deliver("d-1", "check_run", &check_payload("failure", &commit('a'), &[])).await;
    world.run_due().await;
    let finder = taken.receipt().job_id.expect("a job");
    assert_eq!(world.steps(finder).await, ["queued", "started", "resolved", "succeeded"]);
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1);

    let nobody = world.deliver("d-2", "check_run", &check_payload("failure", &commit('c'), &[])).await;
    world.run_due().await;
    assert_eq!(world.state(nobody.receipt().job_id.expect("a job")).await, JobState::Succeeded);
}

#[tokio::test]
async fn a_failed_post_is_repeated_without_judging_anew() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::new(move |_, candidates| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(keyword_verdicts(candidates))
        })));
    });
    world.moved_value_spell().await;
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    world.github.fail_next("upsert_comment", unavailable());
    let job = world.opened(7, &head).await;
    world.run_due().await;
    assert_eq!(world.state(job).await, JobState::Succeeded, "what failed is another job");
    assert_eq!(world.publications().await, 1, "it is still to be told");
    world.run_all().await;
    assert_eq!(world.state(world.publisher().await).await, JobState::Succeeded);
    assert_eq!(world.publications().await, 0);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(world.github.calls().iter().filter(|call| **call == "job_log").count(), 1);
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_and_is_no_failure() {
    let world = World::new();
    world.moved_value_spell().await;
    let head = commit('a');
    world.failing_pull_request(7, &head, Some(LOG));
    for _ in 0..6 {
        let limited = PortError::new(ErrorKind::TooManyRequests, "the rate limit is used up");
        world.github.fail_next("diff", limited.with_retry_after(Duration::from_secs(600)));
    }
    let job = world.opened(7, &head).await;
    world.run_due().await;
    let waiting = world.job(job).await;
    assert_eq!(waiting.state, JobState::Queued);
    assert!(waiting.run_at >= world.clock.now() + Duration::from_secs(600), "never earlier than asked");
    world.run_all().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
    assert_eq!(world.job(job).await.attempts, 7);
}

#[tokio::test]
async fn advice_without_a_matcher_is_kept_and_not_posted() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::failing(FailureReason::Trap)));
    });
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert_eq!(world.state(job).await, JobState::Succeeded);
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new());
    assert!(
        world
            .pipeline
            .latest_review(&pull_request(7), &Actor::COMMAND_LINE)
            .await
            .expect("read")
            .expect("kept")
            .diagnosis
            .degraded
    );
}

#[tokio::test]
async fn a_second_report_on_the_same_commit_edits_the_comment_in_place() {
    let world = World::new();
    world.moved_value_spell().await;
    let head: CommitSha = commit('a');
    world.put_pull_request(7, &head, true);
    world.opened(7, &head).await;
    world.run_due().await;
    assert_eq!(world.github.comments(&pull_request(7)).len(), 0, "CI has not failed yet");
    world.failing_pull_request(7, &head, Some(LOG));
    for delivery in ["d-1", "d-2", "d-3"] {
        world.deliver(delivery, "check_run", &check_payload("failure", &head, &[7])).await;
    }
    world.run_due().await;
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1);
    let reviews = JobFilter { kind: Some("review_pull_request".to_owned()), ..JobFilter::default() };
    let jobs = world
        .pipeline
        .list_jobs(&reviews, PageRequest::default(), &Actor::COMMAND_LINE)
        .await
        .expect("listed");
    assert_eq!(jobs.total, 2, "reports that wait together share one job");
    let found = world.github.find_comment(&pull_request(7), "<!-- grimoire:review -->").await.expect("read");
    assert!(found.is_some(), "the marker is stable for ever");
    let closed = pull_request_payload("closed", 7, &head);
    world.deliver("d-4", "pull_request", &closed).await;
}
