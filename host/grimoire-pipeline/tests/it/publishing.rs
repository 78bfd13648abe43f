//! Reviews are published from an outbox by a separate job.

use grimoire_domain::actor::Actor;
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_jobs::Tick;
use grimoire_ports::PortError;
use grimoire_ports::store::{JobStore as _, ReviewStore as _};

use crate::world::{LOG, World, commit, pull_request, pull_request_payload, review_key};

fn unavailable() -> PortError {
    PortError::new(ErrorKind::Unavailable, "GitHub cannot be reached")
}

/// A review that is stored and not published yet.
async fn stored_review() -> World {
    let world = World::new();
    world.moved_value_spell().await;
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    let job = world.opened(7, &commit('a')).await;
    assert_eq!(world.runner.tick().await.expect("the store works"), Tick::Ran(job));
    assert_eq!(world.state(job).await, JobState::Succeeded);
    assert_eq!(world.publications().await, 1);
    world
}

#[tokio::test]
async fn a_review_can_be_read_before_it_is_told() {
    let world = stored_review().await;
    let review =
        world.pipeline.get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE).await.expect("written");
    assert_eq!((review.comment, review.diagnosis.errors.len()), (None, 2));
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new());
    world.run_due().await;
    let review =
        world.pipeline.get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE).await.expect("written");
    assert!(review.comment.is_some());
}

#[tokio::test]
async fn a_post_whose_end_was_not_noted_is_not_posted_twice() {
    let world = stored_review().await;
    // The publisher posts, and its process dies before it records that.
    let publisher = world.publisher().await;
    let publication = world.store.publications(&pull_request(7)).await.expect("read").remove(0);
    world.run_due().await;
    let review = world.pipeline.get_review(&publication.review, &Actor::COMMAND_LINE).await.expect("written");
    let job = world.job(publisher).await.spec;
    let again = world.store.put_review_and_publish(review, &[publication.channel], job).await;
    again.expect("written");
    world.run_due().await;
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1, "found by its marker");
    assert_eq!(world.publications().await, 0);
}

#[tokio::test]
async fn a_head_that_moves_before_the_post_is_not_spoken_of() {
    let world = stored_review().await;
    let publisher = world.publisher().await;
    world.put_pull_request(7, &commit('b'), true);
    world.run_due().await;
    assert_eq!(world.state(publisher).await, JobState::Superseded);
    assert_eq!(world.publications().await, 0);
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new());
}

#[tokio::test]
async fn newer_work_replaces_a_publication_that_waits() {
    let world = stored_review().await;
    let old = world.publisher().await;
    world.failing_pull_request(7, &commit('b'), Some(LOG));
    world.opened(7, &commit('b')).await;
    assert_eq!(world.state(old).await, JobState::Superseded);
    world.run_due().await;
    let comments = world.github.comments(&pull_request(7));
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("`bbbbbbb`"), "{}", comments[0]);
    assert_eq!(world.publications().await, 0, "nothing of the old head is left");
}

#[tokio::test]
async fn a_closed_pull_request_leaves_nothing_in_the_outbox() {
    let world = stored_review().await;
    world.github.fail_next("pull_request", unavailable());
    world.run_due().await;
    let publisher = world.publisher().await;
    assert_eq!(world.state(publisher).await, JobState::Queued, "it waits for its next attempt");
    world.put_pull_request(7, &commit('a'), false);
    let closed = pull_request_payload("closed", 7, &commit('a'));
    world.deliver("closing", "pull_request", &closed).await;
    world.run_all().await;
    assert_eq!(world.state(publisher).await, JobState::Cancelled);
    assert_eq!(world.publications().await, 0);
    assert_eq!(world.github.comments(&pull_request(7)), Vec::<String>::new());
}

#[tokio::test]
async fn a_post_that_fails_for_good_is_a_dead_letter_that_can_be_retried() {
    let world = stored_review().await;
    let refused = PortError::new(ErrorKind::Forbidden, "the token may not write comments");
    world.github.fail_next("upsert_comment", refused);
    world.run_due().await;
    let publisher = world.publisher().await;
    assert_eq!(world.state(publisher).await, JobState::Dead);
    assert_eq!(world.publications().await, 1, "it is still to be told");
    let counts = world.store.count_jobs().await.expect("counted");
    assert_eq!((counts.dead, counts.succeeded), (1, 1));
    world.pipeline.retry_job(publisher, &Actor::COMMAND_LINE).await.expect("dead jobs may be retried");
    world.run_due().await;
    assert_eq!(world.github.comments(&pull_request(7)).len(), 1);
    assert_eq!(world.publications().await, 0);
}
