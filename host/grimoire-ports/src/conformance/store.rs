//! The promises in the doc comments of [`crate::store`], one function per promise.
//!
//! An adapter's test implements [`Subject`] and calls [`store_conformance!`](crate::store_conformance),
//! which generates one test per promise.

mod deliveries;
mod jobs;
mod lanes;
mod leases;
mod pages;
mod plugins;
mod properties;
mod reviews;
pub mod samples;
mod spells;
mod waiting;

pub use deliveries::*;
pub use jobs::*;
pub use lanes::*;
pub use leases::*;
pub use pages::*;
pub use plugins::*;
pub use properties::*;
pub use reviews::*;
pub use spells::*;
pub use waiting::*;

use std::fmt::Debug;
use std::ops::Deref;

use grimoire_domain::kind::ErrorKind;

use crate::PortError;
use crate::fakes::ManualClock;
use crate::store::Store;

/// A new, empty store of the kind under test, with the resources that it needs.
pub trait Subject: Send + 'static {
    /// The kind of store.
    type Store: Store + Clone + 'static;

    /// The store. Its clock is [`Subject::clock`].
    fn store(&self) -> Self::Store;

    /// The clock of the store's leases.
    fn clock(&self) -> &ManualClock;

    /// Closes the store and opens it again with the same content. Remaining clones of the store are
    /// not used any more.
    fn reopen(self) -> impl Future<Output = Self> + Send;
}

/// A store, and the clock of its leases.
struct Timed<S> {
    store: S,
    clock: ManualClock,
}

impl<S> Deref for Timed<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.store
    }
}

fn timed<S: Subject>(subject: &S) -> Timed<S::Store> {
    Timed { store: subject.store(), clock: subject.clock().clone() }
}

/// The kind of an expected error.
#[track_caller]
fn kind_of<T: Debug>(result: Result<T, PortError>) -> ErrorKind {
    result.expect_err("this must be refused").kind()
}

/// Generates a test for every promise of the store port. The argument is an expression that creates
/// a new [`Subject`](crate::conformance::store::Subject).
#[macro_export]
macro_rules! store_conformance {
    ($subject:expr) => {
        $crate::store_conformance!(@async $subject,
            spell_ids_count_from_one_and_are_never_reused,
            a_key_belongs_to_one_living_spell,
            a_spell_with_a_key_is_created_once,
            a_deleted_spell_comes_back_under_its_id,
            unknown_spells_are_not_found,
            an_update_makes_a_revision_even_without_a_difference,
            an_expected_revision_guards_against_lost_updates,
            a_refused_write_leaves_no_trace,
            revisions_tell_the_whole_story,
            the_change_log_is_dense_and_survives,
            filters_fold_case_and_combine,
            filters_follow_changes,
            get_spells_keeps_the_order_asked_for,
            an_import_creates_updates_and_leaves_alone,
            an_import_sees_its_own_batch,
            an_import_of_nothing_new_changes_nothing,
            a_large_import_can_be_repeated,
            the_store_id_lasts,
            a_delivery_is_accepted_once,
            sixteen_identical_deliveries_make_one_job,
            a_delivery_without_a_job_is_kept,
            a_delivery_of_a_failed_job_queues_it_again,
            a_delivery_of_superseded_work_stays_a_duplicate,
            a_delivery_joins_the_queued_job_of_its_lane,
            many_deliveries_at_once_are_all_kept,
            deliveries_keep_every_byte,
            deliveries_keep_every_fact,
            deliveries_are_listed_newest_first,
            a_delivery_is_handled_again_once_its_job_has_ended,
            old_deliveries_are_forgotten,
            a_job_goes_from_queued_to_succeeded,
            jobs_wait_for_their_moment,
            a_retry_waits_and_counts,
            a_dead_job_can_be_retried,
            only_ended_work_can_be_retried,
            a_postponed_attempt_is_no_failure,
            a_claim_takes_only_its_kinds,
            a_released_attempt_is_no_failure,
            an_expired_lease_is_claimed_again_and_fences_the_first,
            a_renewed_lease_holds,
            a_lost_worker_cannot_write_even_after_a_retry,
            a_queued_job_is_cancelled_at_once,
            a_running_job_is_asked_to_stop,
            a_stopped_job_does_not_run_again,
            a_job_asked_to_stop_whose_worker_died_ends,
            events_are_dense_and_told_by_every_change,
            events_are_paged,
            counts_follow_states,
            jobs_survive,
            job_payloads_come_back_equal,
            lanes_run_one_job_at_a_time_in_order,
            a_waiting_retry_holds_its_lane,
            a_lane_does_not_hold_another,
            newer_versions_supersede_older_ones,
            the_same_version_joins_only_what_has_not_started,
            jobs_without_a_version_are_not_superseded,
            superseded_work_that_runs_is_asked_to_stop,
            cancelling_a_lane_touches_its_open_jobs_only,
            an_older_job_that_is_retried_goes_first,
            two_lost_workers_of_a_lane_do_not_run_at_once,
            pages_of_jobs_show_each_once,
            job_filters_combine,
            pages_of_reviews_show_each_once,
            a_page_beyond_the_end_is_empty,
            a_review_is_written_by_its_key,
            the_latest_review_is_the_one_written_last,
            the_latest_commented_review_has_a_comment,
            reviews_are_listed_by_their_last_write,
            a_review_comes_back_equal,
            a_review_its_publications_and_their_job_are_one_step,
            a_settled_publication_is_gone_and_its_comment_noted,
            what_is_requested_again_outlives_the_settling_of_what_was,
            publications_belong_to_their_pull_request,
            an_installed_plugin_comes_back_equal,
            components_are_kept_as_long_as_their_versions,
            a_version_without_its_component_is_refused,
            receipts_are_numbered_and_kept_for_good,
            outcomes_follow_the_reviews,
            a_change_wakes_every_follower,
            a_change_that_has_happened_does_not_wait,
            a_job_wakes_every_worker,
            work_that_comes_between_asking_and_waiting_is_not_missed,
            an_event_wakes_every_reader,
            the_next_claim_is_foretold,
        );
        $crate::store_conformance!(@property $subject,
            property_3_pages_return_every_spell_once,
            property_4_a_stored_spell_is_returned_with_every_field_equal,
            property_5_create_and_update_round_trip,
            property_6_a_deleted_spell_is_gone,
        );
    };
    (@async $subject:expr, $($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $promise() {
                $crate::conformance::store::$promise($subject).await;
            }
        )+
    };
    (@property $subject:expr, $($promise:ident),+ $(,)?) => {
        $(
            #[test]
            fn $promise() {
                $crate::conformance::store::$promise(|| $subject);
            }
        )+
    };
}
