use grimoire_domain::text::is_blank;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{World, about, block_on, changed};

fn text(most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 1..most)
        .prop_map(|characters| characters.into_iter().collect::<String>())
        .prop_filter("not blank", |text| !is_blank(text))
}

prop_compose! {
    fn spell()(
        title in text(255),
        description in text(300),
        error_type in text(100),
        pattern in "[a-zA-Z]{3,20}",
        solution_code in text(300),
        tags in proptest::collection::btree_set("[a-z0-9+-]{1,8}", 0..6),
        status in prop::sample::select(vec!["draft", "active", "retired"]),
        source in prop::sample::select(vec!["human", "generated", "mined", "imported"]),
        covers_code in any::<bool>(),
        auto_generated in any::<bool>(),
        confidence in proptest::option::of(0.0..=1.0),
    ) -> Value {
        json!({
            "title": title, "description": description, "error_type": error_type,
            "error_pattern": format!("text:{pattern}"), "solution_code": solution_code,
            "tags": (!tags.is_empty()).then(|| tags.into_iter().collect::<Vec<_>>().join(",")), "status": status, "source": source,
            "covers_code": covers_code, "auto_generated": auto_generated, "confidence": confidence, "key": null,
            "samples": { "must_match": [format!("see {pattern} here")], "must_not_match": ["1 2"] },
        })
    }
}

/// The part of the sent fields that a response contains.
fn sent_part(sent: &Value, answer: &Value) -> Value {
    let names = sent.as_object().expect("an object").keys();
    Value::Object(names.map(|name| (name.clone(), answer[name].clone())).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Property 3: all pages together contain every spell exactly once.
    #[test]
    fn following_the_links_meets_every_spell_once(count in 0_u64..30, skip in 0_u64..4, limit in 1_u64..12) {
        block_on(async {
            let world = World::new();
            for number in 0..count {
                world.spell(&about(&format!("word{number}"))).await;
            }
            let mut seen = Vec::new();
            let mut last = None;
            let mut next = Some(format!("/api/spells?skip={skip}&limit={limit}"));
            while let Some(path) = next {
                let page = world.get(&path).await.expect(200);
                assert_eq!(page.header("x-total-count"), Some(count.to_string().as_str()));
                seen.extend(page.json().as_array().expect("a list").iter().filter_map(|s| s["id"].as_u64()));
                next = page.link("next");
                last = Some(page);
            }
            assert_eq!(seen, (skip + 1..=count).collect::<Vec<_>>());
            // And backwards: no page before the start is left out.
            let mut back = Vec::new();
            while let Some(path) = last.as_ref().and_then(|page| page.link("prev")) {
                let page = world.get(&path).await.expect(200);
                back.extend(page.json().as_array().expect("a list").iter().filter_map(|s| s["id"].as_u64()));
                last = Some(page);
            }
            back.extend(seen);
            back.sort_unstable();
            back.dedup();
            assert_eq!(back, (1..=count).collect::<Vec<_>>());
        });
    }

    /// Property 4: a stored spell is returned with every field unchanged. Property 5: a get after a
    /// create or an update returns the written fields.
    #[test]
    fn what_was_written_is_read(first in spell(), second in spell()) {
        block_on(async {
            let world = World::new();
            let created = world.spell(&first).await;
            assert_eq!(sent_part(&first, &created), first);
            assert_eq!(world.get("/api/spells/1").await.expect(200).json(), created);
            let updated = world.put("/api/spells/1").json(&second).await.expect(200).json();
            assert_eq!(sent_part(&second, &updated), second);
            assert_eq!(world.get("/api/spells/1").await.expect(200).json(), updated);
            let restored = world.post("/api/spells/1/revisions/1/restore").await.expect(200).json();
            assert_eq!(sent_part(&first, &restored), first);
        });
    }

    /// Property 6: a deleted spell is gone from get, list, search and match.
    #[test]
    fn a_deleted_spell_is_nowhere(others in 0_usize..5, place in any::<prop::sample::Index>()) {
        block_on(async {
            let world = World::new();
            let place = place.index(others + 1);
            for number in 0..=others {
                let word = if number == place { "zebra" } else { "horse" };
                world.spell(&changed(&about(word), json!({ "tags": "shared" }))).await;
            }
            let id = place as u64 + 1;
            let found = |answer: Value| {
                answer.as_array().expect("a list").iter().any(|spell| spell["id"] == id)
            };
            let question = json!({ "error_type": "zebra", "message": "zebra shared" });
            let matched = || async {
                found(world.post("/api/match").json(&question).await.expect(200).json()["spells"].take())
            };
            assert!(found(world.get("/api/spells?q=zebra").await.expect(200).json()));
            assert!(matched().await);
            world.delete(&format!("/api/spells/{id}")).await.expect(204);
            world.get(&format!("/api/spells/{id}")).await.error(404, "SPELL_NOT_FOUND");
            assert!(!found(world.get("/api/spells").await.expect(200).json()));
            assert!(!found(world.get("/api/spells?q=zebra").await.expect(200).json()));
            assert!(!found(world.get("/api/spells?tag=shared").await.expect(200).json()));
            assert!(!matched().await);
        });
    }
}
