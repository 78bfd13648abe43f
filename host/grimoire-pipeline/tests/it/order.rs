//! The order in which events arrive does not affect the result.

use grimoire_domain::actor::Actor;
use proptest::prelude::*;
use serde_json::Value;

use crate::world::{
    LOG, World, block_on, check_payload, commit, pull_request, pull_request_payload, review_key,
};

/// The events of a pull request from its first commit to the failure of its second, closed and
/// reopened in between.
fn events() -> Vec<(&'static str, &'static str, Value)> {
    let (old, new) = (commit('a'), commit('b'));
    vec![
        ("d-1", "pull_request", pull_request_payload("opened", 7, &old)),
        ("d-2", "check_run", check_payload("failure", &old, &[7])),
        ("d-3", "pull_request", pull_request_payload("synchronize", 7, &new)),
        ("d-4", "check_run", check_payload("failure", &new, &[])),
        ("d-5", "check_run", check_payload("failure", &new, &[7])),
        ("d-5", "check_run", check_payload("failure", &new, &[7])),
        ("d-6", "check_run", check_payload("success", &new, &[7])),
        ("d-7", "pull_request", pull_request_payload("closed", 7, &old)),
        ("d-8", "pull_request", pull_request_payload("reopened", 7, &old)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_order_of_events_ends_in_the_same_state(
        order in Just((0..events().len()).collect::<Vec<_>>()).prop_shuffle(),
        worked_between in prop::collection::vec(any::<bool>(), events().len()),
    ) {
        block_on(async {
            let world = World::new();
            world.moved_value_spell().await;
            world.failing_pull_request(7, &commit('b'), Some(LOG));
            let events = events();
            for (index, work) in order.into_iter().zip(worked_between) {
                let (delivery, event, payload) = &events[index];
                world.deliver(delivery, event, payload).await;
                if work {
                    world.run_due().await;
                }
            }
            world.run_all().await;
            let comments = world.github.comments(&pull_request(7));
            prop_assert_eq!(comments.len(), 1);
            prop_assert!(comments[0].contains("`bbbbbbb`") && comments[0].contains("E0382"));
            let latest = world.pipeline.latest_review(&pull_request(7), &Actor::COMMAND_LINE).await.expect("read").expect("written");
            prop_assert_eq!(&latest.key, &review_key(7, &commit('b')));
            prop_assert!(latest.comment.is_some());
            prop_assert!(world.pipeline.get_review(&review_key(7, &commit('a')), &Actor::COMMAND_LINE).await.is_err());
            Ok(())
        })?;
    }
}
