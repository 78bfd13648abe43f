//! Writes a file of the present schema version, to be kept under `tests/fixtures` from the next version on:
//! `cargo run -p grimoire-store-redb --example make_fixture -- FILE`. Run it before the version grows;
//! `tests/store/migrations.rs` says what every such file must hold.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use grimoire_ports::conformance::store::samples::{
    at, delivery, job, keyed, lane_job, review, review_key, spell, stamp, versioned,
};
use grimoire_ports::fakes::ManualClock;
use grimoire_ports::store::{AttemptEnd, DeliveryStore, JobStore, ReviewStore, SpellStore};
use grimoire_store_redb::{Options, RedbStore};
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("give the file to write")?;
    let clock = ManualClock::default();
    let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
    let store = RedbStore::open(Path::new(&path), options)?;
    let claim_at = async |seconds| {
        clock.set(at(seconds));
        store.claim_job(Duration::from_secs(60)).await?.context("a job is due")
    };
    store.create_spell(keyed("kept", "first title"), stamp(1)).await?;
    let kept = store.create_spell(spell("without a key"), stamp(2)).await?.value.id;
    let deleted = store.create_spell(keyed("deleted", "gone"), stamp(3)).await?.value.id;
    store.update_spell(kept, spell("without a key, changed"), None, stamp(4)).await?;
    store.delete_spell(deleted, None, stamp(5)).await?;

    store.record_delivery_and_enqueue(delivery("with-job", 10), Some(versioned("pull/1", "aaa"))).await?;
    store.record_delivery_and_enqueue(delivery("newer", 11), Some(versioned("pull/1", "bbb"))).await?;
    store.record_delivery_and_enqueue(delivery("ping", 12), None).await?;
    let (_, lease) = claim_at(13).await?;
    store.append_event(&lease, "fetched", "2 logs", json!({ "logs": 2 }), at(14)).await?;
    store
        .end_attempt(&lease, AttemptEnd::Retry { error: "no answer".to_owned(), at: at(100) }, at(15))
        .await?;
    store.enqueue_job(job("running"), at(16)).await?;
    claim_at(17).await?;
    store.enqueue_job(lane_job("pull/1"), at(18)).await?;
    store.enqueue_job(job("dead"), at(19)).await?;
    let (_, lease) = claim_at(20).await?;
    store.end_attempt(&lease, AttemptEnd::Dead { error: "not found".to_owned() }, at(21)).await?;

    store.put_review(review(review_key("octo/tools", 1, 'a'), 30)).await?;
    store.put_review(review(review_key("octo/tools", 1, 'b'), 31)).await?;
    store.close().await?;
    redb::Database::open(&path)?.compact()?;
    Ok(())
}
